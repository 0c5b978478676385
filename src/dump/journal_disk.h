/* SPDX-License-Identifier: BSD-3-Clause */
/* A disk on which the log of one segment is as the next start will find it, once it has taken over what is in the
 * journal (storage/journal_replay.h); all else is as on the disk below. For looking only, like that. */
#ifndef ECHOLOG_DUMP_JOURNAL_DISK_H
#define ECHOLOG_DUMP_JOURNAL_DISK_H

#include "disk/disk.h"
#include "storage/journal_replay.h"

struct journal_disk {
    struct disk disk;

    /* What the caller knows; all borrowed. */
    struct disk *below;
    const struct journal_replay *journal;
    struct journal_log log;
    int64_t segment_base; /* the segment that a start writes to */
    int64_t newest_base; /* a newer one than this: a server is writing, and the log needs nothing */

    /* What was found when the log was opened. */
    uint64_t brought; /* bytes that are not in the log as the journal has them */
    uint64_t brought_from;
};

/* `d` has what the caller knows. */
void journal_disk_init(struct journal_disk *d);

#endif
