/* SPDX-License-Identifier: BSD-3-Clause */
/* Sealed batches in memory. Each partition has a ring of them in offset order: at its back those that
 * wait to be written, before them the recent ones that are in the file too and are kept for readers.
 * The kept ones of all partitions share one budget; the oldest leave first. */
#ifndef ECHOLOG_STORAGE_TAIL_H
#define ECHOLOG_STORAGE_TAIL_H

#include "base/buf.h"
#include "base/bytes.h"
#include "base/list.h"
#include <stddef.h>
#include <stdint.h>

struct tail_log;

struct tail_batch {
    struct list link;     /* in tail.oldest_first while kept */
    struct tail_log *log; /* borrowed; NULL once it left the ring */
    unsigned refs;        /* the ring's and readers' */
    struct buf buf;       /* the whole batch; owned, or in `bytes` */
    int64_t base_offset;
    int64_t last_offset;
    int64_t first_timestamp_ms;
    int64_t max_timestamp_ms;
    uint64_t total_pos; /* bytes of batches that this run wrote before it */
    uint64_t number;    /* see partition.h */
    char bytes[];
};

/* The ring of one partition. Zero-initialised is valid and empty. */
struct tail_log {
    struct tail_batch **ring; /* owned array of counted batches */
    size_t cap;               /* a power of two, or 0 */
    size_t first;
    size_t count;
    size_t waiting; /* of those, at the back: not written yet */
};

/* The budget. */
struct tail {
    struct list oldest_first;
    size_t *bytes; /* what is kept costs; the counter is borrowed */
    size_t bytes_max;
    struct buf *spare; /* owned array of empty buffers, to be used again */
    size_t spare_count;
};

void tail_init(struct tail *t, size_t bytes_max, size_t *bytes);
void tail_deinit(struct tail *t); /* all rings must be empty */
void tail_set_bytes_max(struct tail *t, size_t bytes_max);

/* An empty buffer with room from an earlier batch, if there is one. */
struct buf tail_take_buf(struct tail *t);
void tail_give_buf(struct tail *t, struct buf *b); /* takes it over; *b is then empty */

/* Puts a sealed batch at the back. Takes the content of `b` over. */
struct tail_batch *tail_push(struct tail *t, struct tail_log *log, struct buf *b);
static inline struct tail_batch *tail_at(const struct tail_log *log, size_t i)
{
    ASSERT(i < log->count);
    return log->ring[(log->first + i) & (log->cap - 1)];
}
/* The `i`-th of those that wait. */
static inline struct tail_batch *tail_waiting(const struct tail_log *log, size_t i)
{
    return tail_at(log, log->count - log->waiting + i);
}
/* The oldest `count` waiting ones are written: they are kept as far as the budget goes. */
void tail_written(struct tail *t, struct tail_log *log, size_t count);
/* Drops all that wait; returns how many bytes they had. */
size_t tail_drop_waiting(struct tail_log *log);
/* Kept batches wholly before `offset` leave. */
void tail_drop_before(struct tail *t, struct tail_log *log, int64_t offset);
/* Drops everything and frees the ring. */
void tail_log_deinit(struct tail *t, struct tail_log *log);

/* The place of the written batch before which this run wrote `total_pos` bytes, where one of those kept begins there. */
bool tail_find_pos(const struct tail_log *log, uint64_t total_pos, size_t *i);
/* The place of the written batch that holds `offset` or, in a gap, of the first one behind it. False
 * when the kept ones begin later than `offset` or there is none. */
bool tail_find(const struct tail_log *log, int64_t offset, size_t *i);
void tail_batch_ref(struct tail_batch *batch);
void tail_batch_unref(struct tail_batch *batch);

#endif
