/* SPDX-License-Identifier: BSD-3-Clause */
/* The sync journal's files. A sync is one of a file, and where many partitions wait for one at the same time that is
 * many. So their bytes are also written one behind another to a file of the journal, which is synced once; each log
 * is synced later, in its own time, and then what the journal says of it is not needed any more. After a crash
 * what is there is put into the logs before they are looked at (journal_replay.h). BookKeeper does the same, with a
 * journal before its ledgers.
 *
 * A file is journal/<sequence of its first round, 20 digits>.journal: rounds, each begun at a multiple of
 * JOURNAL_BLOCK_BYTES, so that writing one never touches a block of those before it. Big-endian:
 *
 *    0  magic "ECJR"           16  sequence   u64
 *    4  CRC-32C of 8…len u32   24  entries    u32
 *    8  length          u32    28  0          u32
 *   12  version         u32    32  the entries, each
 *                                   0  length of the id     u16      8  base of the segment  i64
 *                                   2  length of directory  u16     16  position in it       u64
 *                                   4  length of the bytes  u32     24  its leader epoch     i32
 *                                                                   28  id, directory, bytes of its log
 *
 * Sequences rise by one from round to round, and by more over restarts. A file ends where no good round follows: the
 * last one may have been under way. */
#ifndef ECHOLOG_STORAGE_JOURNAL_H
#define ECHOLOG_STORAGE_JOURNAL_H

#include "base/buf.h"
#include "base/check.h"
#include "base/err.h"
#include "disk/disk.h"
#include <stdint.h>

#define JOURNAL_DIR "journal"
#define JOURNAL_SUFFIX ".journal"
#define JOURNAL_BLOCK_BYTES 4096
#define JOURNAL_ROUND_HEADER_BYTES 32
#define JOURNAL_SEQUENCE_MAX \
    ((uint64_t)1 << 62) /* nobody gets so far; a file that says so is none of ours */
#define JOURNAL_ROUND_BYTES_MAX ((size_t)64 * 1024 * 1024) /* what claims to be longer is none */

struct journal_entry {
    struct bytes id;  /* of the log: another one in the same directory has another */
    struct bytes dir; /* of the partition */
    int64_t segment_base;
    uint64_t pos;         /* in the segment's log file */
    int32_t leader_epoch; /* of the partition when these were written */
    struct bytes bytes;
};

struct journal_round {
    size_t len; /* without what fills its last block */
    uint64_t sequence;
    uint32_t entry_count;
};

/* The path of a file into `path` (DISK_PATH_BYTES_MAX + 1 bytes). */
void journal_path(char *path, uint64_t first_sequence);
/* The first sequence that a file's name tells. False: no such name. */
bool journal_name_parse(const char *name, uint64_t *first_sequence);
/* How much of a file a round takes. */
static inline uint64_t journal_round_span(size_t len)
{
    return ((uint64_t)len + JOURNAL_BLOCK_BYTES - 1) / JOURNAL_BLOCK_BYTES * JOURNAL_BLOCK_BYTES;
}

/* Building a round: begin, entries, end. An entry's bytes may come in pieces: `entry->bytes.data` NULL, and the
 * caller appends as many to the image before it goes on. */
void journal_round_begin(struct buf *image);
void journal_round_add(struct buf *image, const struct journal_entry *entry);
/* Seals it, and fills its last block. */
void journal_round_end(struct buf *image, uint64_t sequence);

/* What a header says, as far as that can be true. ERR_CORRUPT it is none; ERR_UNSUPPORTED of a later version. */
MUST_CHECK
enum err journal_round_header(const char header[JOURNAL_ROUND_HEADER_BYTES],
                              struct journal_round *round);
/* Whether a whole round of the length that its header says is as it was written. */
bool journal_round_whole(struct bytes image);
/* Takes the next entry from what is left behind the header of a whole round. ERR_NOT_FOUND at the end; ERR_CORRUPT. */
MUST_CHECK
enum err journal_entry_next(struct bytes *rest, struct journal_entry *entry);

#endif
