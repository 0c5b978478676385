/* SPDX-License-Identifier: BSD-3-Clause */
/* Walks the batches of one log file, as storage/log_scan.h does, but says why a batch is no good, can do
 * with the headers alone, and can be told that offsets may be missing (in compacted segments). */
#ifndef ECHOLOG_DUMP_LOG_WALK_H
#define ECHOLOG_DUMP_LOG_WALK_H

#include "dump/window.h"
#include "storage/batch.h"
#include "storage/checkpoint.h"

struct log_walk {
    struct window window;                  /* owned */
    bool whole;                            /* read all batches as a whole, not a sample */
    bool holes;                            /* offsets may be missing */
    uint64_t pos;                          /* of the next batch */
    uint64_t batches;                      /* good ones so far */
    int64_t expected;                      /* the offset that comes next; -1 any */
    int32_t epoch;                         /* of the batch before; -1 unknown */
    const struct checkpoint_epoch *epochs; /* borrowed; the history, as far back as it is known */
    size_t epoch_count;
};

struct walk_batch {
    struct batch_header header;
    uint64_t pos;
    size_t len;
    int64_t missing;    /* offsets before it that belong to no batch */
    struct bytes bytes; /* all of it, its checksum is right; null when only the header was read */
};

/* Opens the file. The caller sets what it knows before the first step. */
MUST_CHECK
enum err log_walk_open(struct log_walk *w, struct disk *disk, const char *path, bool whole);
void log_walk_close(struct log_walk *w);

/* The next batch, which stays valid until the next call. ERR_NOT_FOUND at the end; ERR_CORRUPT none begins
 * at `pos`, `why` says it and nothing has moved; ERR_IO. */
MUST_CHECK
enum err log_walk_next(struct log_walk *w, struct walk_batch *batch, struct buf *why);
/* After ERR_CORRUPT: goes to the next good batch. ERR_NOT_FOUND there is none. */
MUST_CHECK
enum err log_walk_resync(struct log_walk *w);

/* Whether a leader epoch begins at the offset: what is before it may be a gap that a crash left. */
bool log_walk_epoch_begins(const struct checkpoint_epoch *epochs, size_t count, int64_t offset);

#endif
