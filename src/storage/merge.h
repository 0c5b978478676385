/* SPDX-License-Identifier: BSD-3-Clause */
/* Adjacent segments that become one: their batches are in one new file, which takes the place of the first
 * of them, and the others go. That is two steps on the disk, so a note says beforehand what they
 * will be, a file `merge` in the partition's directory. All numbers are big-endian:
 *
 *    0  magic "ECMG"   4  CRC-32C of 8…  u32   8  base i64, end i64, bytes u64 of the new log
 *
 * A crash before the new log is in place leaves the old segments, one after it the new one, with others that
 * are to be removed. Which of the two it is the length of the log tells: the new one's is never that of the one
 * it replaces. */
#ifndef ECHOLOG_STORAGE_MERGE_H
#define ECHOLOG_STORAGE_MERGE_H

#include "base/check.h"
#include "base/err.h"
#include "disk/disk.h"
#include <stdint.h>

struct merge_note {
    int64_t base_offset; /* of the first segment, and of the new one */
    int64_t end_offset;  /* of the last */
    uint64_t bytes;      /* of the new log */
};

/* Leaves the note, durably. After a failure it may be there all the same. */
MUST_CHECK
enum err merge_note_write(struct disk *disk, const char *dir, const struct merge_note *note);
/* Removes it, durably. Fine when there is none. */
MUST_CHECK
enum err merge_note_remove(struct disk *disk, const char *dir);

/* Brings to its end what a note speaks of, durably: the segments that the new one holds go if it is in
 * place. Fine when there is none. After an error it is to be tried again before anything else happens to
 * those files: at the latest by the next opening, before it looks at them. */
MUST_CHECK
enum err merge_finish(struct disk *disk, const char *dir);
/* The same, and one that is not there does not come back after a power cut. */
MUST_CHECK
enum err merge_settle(struct disk *disk, const char *dir);

#endif
