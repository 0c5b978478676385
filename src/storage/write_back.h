/* SPDX-License-Identifier: BSD-3-Clause */
/* Writes bytes of a file that are there already to where they are. A process may die between a sync that failed
 * and the note of it: the page cache then takes for written what the device never got, and only writing the same
 * bytes again makes the next sync mean something. The device is asked early to begin, so that the sync has
 * less to wait for. Blocks: for start-up only. */
#ifndef ECHOLOG_STORAGE_WRITE_BACK_H
#define ECHOLOG_STORAGE_WRITE_BACK_H

#include "base/buf.h"
#include "base/check.h"
#include "base/err.h"
#include "disk/disk.h"

struct write_back {
    struct disk_file *file; /* borrowed; NULL: there is nothing to write */

    /* Private. */
    struct buf gathered;   /* owned; small pieces, of which each would cost a call */
    uint64_t gathered_pos; /* where they belong */
    uint64_t begun;        /* the device was asked for what is before */
};

/* For pieces from `pos` on. */
void write_back_init(struct write_back *w, struct disk_file *file, uint64_t pos);
/* The piece is borrowed for the call. Each stands behind the one before, not always close. An error may be that of one
 * before. */
MUST_CHECK
enum err write_back_add(struct write_back *w, struct bytes piece, uint64_t pos);
/* Writes what is left of them. */
MUST_CHECK
enum err write_back_end(struct write_back *w);
void write_back_deinit(struct write_back *w);

#endif
