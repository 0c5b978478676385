/* SPDX-License-Identifier: BSD-3-Clause */
/* An output queue: bytes waiting for a socket, in chunks. Small writes are copied into the last chunk;
 * a shared frame (base/frame.h) is linked in without a copy, and what is added to it later is only counted. Every
 * byte has a position, counted
 * from the beginning of the connection, so that a part of the output can be held back, and replaced,
 * until its commit. */
#ifndef ECHOLOG_BASE_OUT_H
#define ECHOLOG_BASE_OUT_H

#include "base/bytes.h"
#include "base/check.h"
#include "base/frame.h"
#include "base/list.h"
#include <stdint.h>
#include <sys/uio.h>

/* The memory of a chunk, with its header. An empty queue begins with a small one if that will do: most replies and
 * messages go out before there are more of them. */
#define OUT_CHUNK_BYTES 16384
#define OUT_SMALL_CHUNK_BYTES 1024
#define OUT_RESERVE_BYTES_MAX 512

/* One stretch of the queue. It stands here for the inline functions below; others leave it alone. */
struct out_chunk {
    struct list link;    /* in out.chunks; next: in out_pool */
    struct frame *frame; /* counted; NULL when the bytes are in `room` */
    size_t begin, end;   /* the bytes that count, in the frame or in `room` */
    size_t origin;       /* where they began before some of them were sent */
    size_t messages;     /* that end in it, those that were sent included */
    size_t cap;          /* of `room`; 0 with a frame */
    char room[];
};

#define OUT_ROOM_BYTES (OUT_CHUNK_BYTES - sizeof(struct out_chunk))
#define OUT_SMALL_ROOM_BYTES (OUT_SMALL_CHUNK_BYTES - sizeof(struct out_chunk))

/* Empty chunks that wait for their next use; shared by all queues of a thread. */
struct out_pool_part {
    struct list *free; /* owned, singly linked; NULL at the end */
    size_t count;
};

struct out_pool {
    struct out_pool_part large, small;
    size_t count_max; /* of each */
};

void out_pool_init(struct out_pool *pool, size_t count_max);
void out_pool_deinit(struct out_pool *pool);

/* A place in a queue that keeps its meaning when what stands before it is replaced. Embedded; its owner
 * drops it before it goes. */
struct out_mark {
    uint64_t pos;     /* OUT_MARK_NOWHERE: not set, or its queue has ended */
    struct list link; /* in out.marks */
};

#define OUT_MARK_NOWHERE UINT64_MAX

struct out {
    struct out_chunk *tail;  /* the last chunk when it has room of its own, else NULL */
    struct out_chunk *shown; /* the last chunk when it shows a frame, else NULL */
    uint64_t pos_start;      /* position of the first byte still here */
    uint64_t pos_end;        /* position behind the last one */
    size_t messages;         /* of all chunks */
    size_t memory_bytes;     /* held by this queue; a shared frame counts as if it were its own */
    size_t chunk_count;
    const char
        *copied_end;       /* where in a frame the part ended that was copied last; only compared */
    struct out_pool *pool; /* borrowed */
    struct list chunks;    /* owned; empty only when the queue is */
    struct list marks;     /* of struct out_mark */
};

void out_init(struct out *o, struct out_pool *pool);
void out_deinit(struct out *o); /* gives back all it holds */

static inline size_t out_len(const struct out *o)
{
    return (size_t)(o->pos_end - o->pos_start);
}

/* The way past the inline functions: a new chunk becomes the tail; a run of bytes crosses chunks. */
char *out_reserve_in_new_chunk(struct out *o, size_t len);
void out_append_across(struct out *o, const void *data, size_t len);

/* Room for contiguous bytes at the end, `len` <= OUT_RESERVE_BYTES_MAX or <= out_room; then say how many were
 * used. */
static inline char *out_reserve(struct out *o, size_t len)
{
    struct out_chunk *tail = o->tail;

    if (LIKELY(tail != NULL && len <= tail->cap - tail->end))
        return tail->room + tail->end;
    return out_reserve_in_new_chunk(o, len);
}

/* So much can be reserved without leaving room unused, also beyond OUT_RESERVE_BYTES_MAX. */
static inline size_t out_room(const struct out *o)
{
    return o->tail != NULL ? o->tail->cap - o->tail->end : 0;
}

static inline void out_commit(struct out *o, size_t used)
{
    ASSERT(o->tail != NULL && used <= o->tail->cap - o->tail->end);
    o->tail->end += used;
    o->pos_end += used;
}

static inline void out_append(struct out *o, const void *data, size_t len)
{
    struct out_chunk *tail = o->tail;

    if (UNLIKELY(tail == NULL || len > tail->cap - tail->end)) {
        out_append_across(o, data, len);
    } else if (LIKELY(len > 0)) {
        memcpy(tail->room + tail->end, data, len);
        tail->end += len;
        o->pos_end += len;
    }
}

/* The way past the next function. */
void out_append_part_anew(struct out *o, struct frame *frame, size_t begin);

/* Appends what is in the frame from `begin` on. It takes a reference of its own, or it copies: what is in a small
 * frame, and small parts of large ones where others stand between them. */
static inline void out_append_part(struct out *o, struct frame *frame, size_t begin)
{
    struct out_chunk *shown = o->shown;

    if (LIKELY(shown != NULL && shown->frame == frame && shown->end == begin)) {
        shown->end = frame->len;
        o->pos_end += frame->len - begin;
    } else {
        out_append_part_anew(o, frame, begin);
    }
}

static inline void out_append_frame(struct out *o, struct frame *frame)
{
    out_append_part(o, frame, 0);
}

/* A whole message (a reply, a push) ends with what was appended last. */
static inline void out_end_message(struct out *o)
{
    struct out_chunk *last = o->tail != NULL ? o->tail : o->shown;

    if (UNLIKELY(last == NULL))
        return;
    last->messages++;
    o->messages++;
}

/* How many of them are still here, the one that is partly sent included. Of the first chunk, when a part of it was sent,
 * it takes them to be of one length. */
size_t out_messages(const struct out *o);

/* Fills `iov` with what is queued up to position `pos_limit`; returns how many entries. */
int out_peek(const struct out *o, uint64_t pos_limit, struct iovec *iov, int iov_max);
/* Drops the first `len` bytes: they were sent. */
void out_consume(struct out *o, size_t len);
/* Replaces the bytes [from, to) by `data`; what follows moves, so the caller adjusts the positions it
 * keeps behind `from` by data.len - (to - from) (marks move along by themselves). Costs a copy of what follows inside the chunks
 * concerned: this is the rare path of failed and late replies. */
void out_replace(struct out *o, uint64_t from, uint64_t to, struct bytes data);
/* Drops everything from position `from` on. */
void out_truncate(struct out *o, uint64_t from);

void out_mark_init(struct out_mark *m); /* nowhere */
/* Puts it behind what is queued now; it may have been set before. */
void out_mark_set(struct out *o, struct out_mark *m);
void out_mark_drop(struct out_mark *m); /* nowhere again */
/* Moves the marks behind `from` to the end of the queue: they stand in a reply that ends only here. */
void out_marks_to_end(struct out *o, uint64_t from);

#endif
