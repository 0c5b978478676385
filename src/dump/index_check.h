/* SPDX-License-Identifier: BSD-3-Clause */
/* The two indexes of a segment against its log: their entries are met one by one while the log is walked.
 * Of each index the first wrong entry is told; behind it no entry is looked at. */
#ifndef ECHOLOG_DUMP_INDEX_CHECK_H
#define ECHOLOG_DUMP_INDEX_CHECK_H

#include "dump/dump.h"
#include "dump/log_walk.h"
#include "storage/index.h"

struct index_check {
    struct dump *dump;    /* borrowed */
    const char *path;     /* borrowed */
    struct window window; /* owned */
    bool is_time;
    bool missing;        /* there is no such file */
    bool done;           /* nothing more to look at: at the end, or something is wrong */
    int64_t base_offset; /* of the segment */
    uint64_t count;      /* of whole entries */
    uint64_t next;       /* the entry below */
    int64_t offset;      /* absolute */
    uint64_t pos;        /* of an offset entry */
    int64_t timestamp_ms;
    int64_t max_timestamp_ms; /* of the batches so far */
};

/* Opens the file. `path` has to stay. False: it is missing, or cannot be read (which was said). */
bool index_check_open(struct index_check *x, struct dump *d, const char *path, bool is_time,
                      int64_t base_offset);
void index_check_close(struct index_check *x);
/* The next good batch of the log. */
void index_check_batch(struct index_check *x, const struct walk_batch *b);
/* The log could not be read between these places; the upper ones are where the next good batch begins. */
void index_check_skip(struct index_check *x, uint64_t pos_to, int64_t offset_to);
/* The log is at its end. `loose`: entries behind it are no damage, since a crash may leave them. */
void index_check_end(struct index_check *x, bool loose);
/* Then: says what is in the file. */
void index_check_print(struct index_check *x);

#endif
