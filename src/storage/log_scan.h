/* SPDX-License-Identifier: BSD-3-Clause */
/* Walks the batches of one log file and trusts nothing: a batch is good when its checksum holds and the
 * fields outside the checksum fit what came before it. Without a history leader epochs are learnt from the
 * batches; then one that is higher than that of the next batch does not fit either. Used for reads, searches and recovery, on the
 * reactor (without waiting for the device) and on workers. */
#ifndef ECHOLOG_STORAGE_LOG_SCAN_H
#define ECHOLOG_STORAGE_LOG_SCAN_H

#include "base/buf.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"
#include "disk/disk.h"
#include "storage/batch.h"
#include "storage/checkpoint.h"
#include <stdint.h>

struct log_scan {
    /* Set by the caller. */
    struct disk_file *file; /* borrowed */
    bool cached;            /* ERR_AGAIN rather than wait for the device */
    uint64_t pos;           /* where the next batch begins */
    uint64_t end;           /* of the bytes that count */
    size_t chunk; /* how much to read at once; 0 once the device has failed: page by page */
    /* The offset the next batch begins at, -1 for any. It may begin later only under a higher leader epoch: that is
     * a gap left by a start after a crash. */
    int64_t expected;
    int64_t holes_below; /* before this offset records may be missing: it was compacted */
    int64_t limit;       /* no offset is this high */
    int32_t epoch;       /* of the batch before, -1 when unknown */
    const struct checkpoint_epoch *epochs; /* borrowed; the history, as far back as it is known */
    size_t epoch_count;
    bool epochs_open;     /* others may have begun at or behind the last of them */
    int32_t epoch_behind; /* of the first batch behind the end; INT32_MAX when unknown */

    unsigned unreadable; /* pages that searches behind damage did not get from the device */
    bool doubtful;       /* the last one met whole batches that do not fit in where they are */

    /* Private. */
    struct buf window; /* owned */
    uint64_t window_pos;
};

void log_scan_init(struct log_scan *s, struct disk_file *file, uint64_t pos, uint64_t end);
void log_scan_deinit(struct log_scan *s);
/* The limit in a log file that begins at `base_offset`, when the next one begins at `end_offset`. No file
 * goes on further than its indexes can say: what claims to is damaged. */
void log_scan_set_limit(struct log_scan *s, int64_t base_offset, int64_t end_offset);
/* Goes to another place; `expected` and `epoch` are the caller's to set. */
void log_scan_seek(struct log_scan *s, uint64_t pos);

/* The next batch, which stays valid until the next call; `pos` and `expected` move behind it.
 * ERR_NOT_FOUND at the end; ERR_CORRUPT no good batch begins at `pos`, which has not moved; ERR_AGAIN;
 * ERR_IO. */
MUST_CHECK
enum err log_scan_next(struct log_scan *s, struct batch_header *header, struct bytes *batch);
/* After ERR_CORRUPT or ERR_IO: moves to the next good batch, wherever it begins, and sets `expected` to its
 * base offset. It may be the one at `pos`, when those before it are missing. The base offset is outside the
 * checksum: where a batch cannot be right because of those behind it, it counts as damaged. ERR_NOT_FOUND
 * there is none, nothing has moved; ERR_IO the device gives too little to go on; ERR_AGAIN. */
MUST_CHECK
enum err log_scan_resync(struct log_scan *s);

/* Bytes [from, to) of the file, which have been scanned and are still in the window. */
struct bytes log_scan_kept(const struct log_scan *s, uint64_t from, uint64_t to);
/* Makes the batch at `pos` be in the window beside all from `from` on, which has been scanned and stays
 * there. ERR_NOT_FOUND it ends more than `len_max` bytes behind `from`, or no header is there: nothing was read
 * for it; ERR_AGAIN; ERR_IO; ERR_CORRUPT. */
MUST_CHECK
enum err log_scan_reach(struct log_scan *s, uint64_t from, size_t len_max);

#endif
