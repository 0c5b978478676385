/* SPDX-License-Identifier: BSD-3-Clause */
/* Reading the sync journal (journal.h): which files there are, and the rounds in one of them. All of this blocks. */
#ifndef ECHOLOG_STORAGE_JOURNAL_SCAN_H
#define ECHOLOG_STORAGE_JOURNAL_SCAN_H

#include "base/buf.h"
#include "base/check.h"
#include "base/err.h"
#include "disk/disk.h"
#include "storage/journal.h"
#include <stdint.h>

/* The first sequences that files are named by, ascending; *files is the caller's (mem_free). Without the directory
 * there are none. The errors of names; then there is no *files. */
MUST_CHECK
enum err journal_list(struct disk *disk, uint64_t **files, size_t *count);

struct journal_scan {
    struct disk_file *file; /* borrowed */
    uint64_t len;           /* of the file */
    uint64_t pos;           /* from where on the next round is looked for */
    /* Of the next round, unless some are damaged; 0: any. One that is further on than those before it have blocks
     * for is none: it may be what a client wrote, laid bare by a round that did not end. */
    uint64_t sequence_due;
    struct buf image; /* owned; of the last round */
};

struct journal_found {
    struct journal_round round;
    uint64_t pos;
    struct bytes image; /* until the next call; without what fills the last block */
};

/* From the front of the file, which is `len` bytes long. */
void journal_scan_init(struct journal_scan *s, struct disk_file *file, uint64_t len);
void journal_scan_deinit(struct journal_scan *s);

/* The next good round, wherever it is: if not where the last one ended, what is between is damaged. ERR_NOT_FOUND there
 * is none any more, and `pos` has not moved; ERR_UNSUPPORTED it is of a later version; ERR_IO. */
MUST_CHECK
enum err journal_scan_next(struct journal_scan *s, struct journal_found *found);

#endif
