/* SPDX-License-Identifier: BSD-3-Clause */
/* The checkpoint of a partition: what recovery has to know without reading the log. The file has two slots
 * of CHECKPOINT_SLOT_BYTES, each
 *
 *    0  magic "ECKP"           28  log start          i64     76  segment's first append ms     i64
 *    4  CRC-32C of 8…len u32   36  segment base       i64     84  segment's max timestamp       i64
 *    8  length          u32    44  synced position    u64     92  offset of that                i64
 *   12  version         u32    52  synced offset      i64    100  max timestamp before the log start i64
 *   16  sequence        u64    60  reserved bound     i64    108  boot id, NUL-padded       40 bytes
 *   24  flags           u32    68  max timestamp      i64    148  epoch count u32, {epoch i32, first offset i64}…
 *
 * and, in version 2, behind the epochs: compacted bound i64, cleaned bound i64. Version 1 is a partition that
 * was never compacted, and is still written for one.
 *
 * The valid slot with the greater sequence counts. One slot is written again and again until it has been
 * synced; only then does the other have its turn. So a crash at any time leaves the last synced one.
 *
 * Both are written at creation: one that is not valid was being written in a power cut, or has rotted, and may
 * have been the newer. What the other says was true once. */
#ifndef ECHOLOG_STORAGE_CHECKPOINT_H
#define ECHOLOG_STORAGE_CHECKPOINT_H

#include "base/buf.h"
#include "base/check.h"
#include "base/err.h"
#include "disk/disk.h"
#include <stdint.h>

#define CHECKPOINT_SLOT_BYTES 4096
#define CHECKPOINT_EPOCHS_MAX 300 /* the newest are kept */
#define CHECKPOINT_BOOT_ID_BYTES 40

struct checkpoint_epoch {
    int32_t epoch;
    int64_t first_offset;
};

struct checkpoint {
    int64_t log_start;
    int64_t segment_base; /* the segment that was active */
    uint64_t synced_pos;  /* in it */
    int64_t synced_offset;
    int64_t reserved;         /* no reader has seen this offset or a later one */
    int64_t max_timestamp_ms; /* of the partition */
    int64_t segment_began_ms;
    int64_t segment_max_timestamp_ms; /* up to the synced position */
    int64_t segment_max_timestamp_offset;
    int64_t dropped_max_ms;
    int64_t compacted_to; /* below this records may be missing; 0: never compacted */
    int64_t cleaned_to;   /* up to here compaction has looked at every key */
    bool failed; /* a sync or write failed: what is behind the synced position is doubtful */
    char boot_id[CHECKPOINT_BOOT_ID_BYTES];
    struct checkpoint_epoch *epochs; /* ascending; borrowed when written, the caller's when read */
    size_t epoch_count;
};

/* Where the next one goes. */
struct checkpoint_place {
    uint64_t sequence;
    unsigned slot;
};

/* Replaces the content of `image`. */
void checkpoint_encode(const struct checkpoint *c, uint64_t sequence, struct buf *image);
/* ERR_CORRUPT it is not a checkpoint; ERR_UNSUPPORTED it is one of a later version. The epochs are the
 * caller's (mem_free). */
MUST_CHECK
enum err checkpoint_decode(struct bytes image, struct checkpoint *c, uint64_t *sequence);

/* Makes the file, with this image in both slots, synced. */
MUST_CHECK
enum err checkpoint_create(struct disk *disk, const char *dir, struct bytes image);
/* Writes the image to its slot. After one that was synced the caller moves to the other slot. */
MUST_CHECK
enum err checkpoint_write(struct disk *disk, const char *dir, const struct checkpoint_place *place,
                          struct bytes image, bool sync);
/* The same into the open file, for who writes it often. */
MUST_CHECK
enum err checkpoint_open(struct disk *disk, const char *dir, struct disk_file **file);
MUST_CHECK
enum err checkpoint_write_to(struct disk_file *file, const struct checkpoint_place *place,
                             struct bytes image, bool sync);
/* Reads the newest valid one, makes it durable, and says where the next goes. *alone: the other slot is not
 * valid, so this may not be the last word. ERR_NOT_FOUND no file; ERR_CORRUPT no valid slot; ERR_UNSUPPORTED. */
MUST_CHECK
enum err checkpoint_read(struct disk *disk, const char *dir, struct checkpoint *c,
                         struct checkpoint_place *place, bool *alone);
/* The place after one that was synced. */
void checkpoint_advance(struct checkpoint_place *place);

#endif
