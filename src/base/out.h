/* SPDX-License-Identifier: BSD-3-Clause */
/* An output queue: bytes waiting for a socket, in chunks. Small writes are copied into the last chunk;
 * a shared frame (base/frame.h) is linked in without a copy. Every byte has a position, counted
 * from the beginning of the connection, so that a part of the output can be held back, and replaced,
 * until its commit. */
#ifndef ECHOLOG_BASE_OUT_H
#define ECHOLOG_BASE_OUT_H

#include "base/bytes.h"
#include "base/list.h"
#include <stdint.h>
#include <sys/uio.h>

struct frame;
struct out_chunk;

/* Empty chunks that wait for their next use; shared by all queues of a thread. */
struct out_pool {
    struct out_chunk *free; /* owned, singly linked */
    size_t count;
    size_t count_max;
};

void out_pool_init(struct out_pool *pool, size_t count_max);
void out_pool_deinit(struct out_pool *pool);

#define OUT_CHUNK_BYTES 16384  /* what one chunk holds */
#define OUT_RESERVE_BYTES_MAX 512

struct out {
    struct out_pool *pool; /* borrowed */
    struct list chunks;
    uint64_t pos_start;  /* position of the first byte still here */
    uint64_t pos_end;    /* position behind the last one */
    size_t memory_bytes; /* held by this queue; a shared frame counts its full length */
};

void out_init(struct out *o, struct out_pool *pool);
void out_deinit(struct out *o);

static inline size_t out_len(const struct out *o)
{
    return (size_t)(o->pos_end - o->pos_start);
}

/* Room for `len` <= OUT_RESERVE_BYTES_MAX contiguous bytes at the end; then say how many were used. */
char *out_reserve(struct out *o, size_t len);
void out_commit(struct out *o, size_t used);
void out_append(struct out *o, const void *data, size_t len);
/* Appends a whole frame and takes a reference of its own; small frames are copied instead. */
void out_append_frame(struct out *o, struct frame *frame);

/* Fills `iov` with what is queued up to position `pos_limit`; returns how many entries. */
int out_peek(const struct out *o, uint64_t pos_limit, struct iovec *iov, int iov_max);
/* Drops the first `len` bytes: they were sent. */
void out_consume(struct out *o, size_t len);
/* Replaces the bytes [from, to) by `data`; what follows moves, so the caller adjusts the positions it
 * keeps behind `from` by data.len - (to - from). Costs a copy of what follows inside the chunks
 * concerned: this is the rare path of failed and late replies. */
void out_replace(struct out *o, uint64_t from, uint64_t to, struct bytes data);
/* Drops everything from position `from` on. */
void out_truncate(struct out *o, uint64_t from);

#endif
