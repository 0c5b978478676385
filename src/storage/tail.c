/* SPDX-License-Identifier: BSD-3-Clause */
/* The in-memory tail. A batch that is small against its buffer is copied behind its struct, into room of its own size,
 * so that the budget is spent on bytes that readers want; a large one keeps the buffer it was built in. */
#include "storage/tail.h"

#include "base/check.h"
#include "base/mem.h"

#define SPARE_MAX 16
#define SPARE_BYTES_MAX ((size_t)256 * 1024) /* larger buffers are given back to the allocator */
#define RING_CAP_MIN 8

void tail_init(struct tail *t, size_t bytes_max, size_t *bytes)
{
    *t = (struct tail){.bytes_max = bytes_max, .bytes = bytes};
    list_init(&t->oldest_first);
    t->spare = mem_zalloc(SPARE_MAX, sizeof(struct buf));
}

void tail_deinit(struct tail *t)
{
    ASSERT(list_empty(&t->oldest_first));
    while (t->spare_count > 0)
        buf_deinit(&t->spare[--t->spare_count]);
    mem_free(t->spare);
}

struct buf tail_take_buf(struct tail *t)
{
    if (t->spare_count == 0)
        return (struct buf){0};
    return t->spare[--t->spare_count];
}

void tail_give_buf(struct tail *t, struct buf *b)
{
    if (b->cap > 0 && b->cap <= SPARE_BYTES_MAX && t->spare_count < SPARE_MAX) {
        buf_clear(b);
        t->spare[t->spare_count++] = *b;
        *b = (struct buf){0};
    } else {
        buf_deinit(b);
    }
}

/* What a kept batch costs. */
static size_t batch_cost(const struct tail_batch *batch)
{
    return batch->buf.cap + sizeof(struct tail_batch);
}

static void ring_grow(struct tail_log *log)
{
    size_t cap = log->cap == 0 ? RING_CAP_MIN : log->cap * 2;
    struct tail_batch **ring = mem_alloc(cap * sizeof(struct tail_batch *));
    for (size_t i = 0; i < log->count; i++)
        ring[i] = tail_at(log, i);
    mem_free(log->ring);
    log->ring = ring;
    log->cap = cap;
    log->first = 0;
}

static struct tail_batch *batch_new(struct tail_log *log, size_t room)
{
    struct tail_batch *batch = mem_alloc(sizeof(*batch) + room);
    *batch = (struct tail_batch){.log = log, .refs = 1};
    list_init(&batch->link);
    return batch;
}

struct tail_batch *tail_push(struct tail *t, struct tail_log *log, struct buf *b)
{
    ASSERT(b->len > 0);
    if (log->count == log->cap)
        ring_grow(log);
    struct tail_batch *batch;
    if (b->len < b->cap - b->cap / 4) {
        batch = batch_new(log, b->len);
        batch->buf = (struct buf){.data = batch->bytes, .len = b->len, .cap = b->len};
        memcpy(batch->bytes, b->data, b->len);
        tail_give_buf(t, b);
    } else {
        batch = batch_new(log, 0);
        batch->buf = *b;
        *b = (struct buf){0};
    }
    log->ring[(log->first + log->count) & (log->cap - 1)] = batch;
    log->count++;
    log->waiting++;
    return batch;
}

void tail_batch_ref(struct tail_batch *batch)
{
    ASSERT(batch->refs > 0);
    batch->refs++;
}

void tail_batch_unref(struct tail_batch *batch)
{
    ASSERT(batch->refs > 0);
    if (--batch->refs > 0)
        return;
    if (batch->buf.data != batch->bytes)
        buf_deinit(&batch->buf);
    mem_free(batch);
}

static struct tail_batch *oldest(const struct tail *t)
{
    return CONTAINER_OF(t->oldest_first.next, struct tail_batch, link);
}

/* Takes a batch out of memory which is kept, and the first of its ring. What leaves next has long been in no cache:
 * it is fetched while others are written. */
static void evict(struct tail *t, struct tail_batch *batch)
{
    struct tail_log *log = batch->log;
    ASSERT(log->count > log->waiting);
    __builtin_prefetch(oldest(t)->link.next->next, 1);
    log->first = (log->first + 1) & (log->cap - 1);
    log->count--;
    list_remove(&batch->link);
    ASSERT(*t->bytes >= batch_cost(batch));
    *t->bytes -= batch_cost(batch);
    batch->log = NULL;
    tail_batch_unref(batch);
}

static void evict_over_budget(struct tail *t)
{
    while (*t->bytes > t->bytes_max)
        evict(t, oldest(t));
}

void tail_set_bytes_max(struct tail *t, size_t bytes_max)
{
    t->bytes_max = bytes_max;
    evict_over_budget(t);
}

void tail_written(struct tail *t, struct tail_log *log, size_t count)
{
    ASSERT(count <= log->waiting);
    for (; count > 0; count--) {
        struct tail_batch *batch = tail_waiting(log, 0);
        log->waiting--;
        list_push_back(&t->oldest_first, &batch->link);
        *t->bytes += batch_cost(batch);
    }
    evict_over_budget(t);
}

size_t tail_drop_waiting(struct tail_log *log)
{
    size_t bytes = 0;
    for (; log->waiting > 0; log->waiting--, log->count--) {
        struct tail_batch *batch = tail_at(log, log->count - 1);
        bytes += batch->buf.len;
        batch->log = NULL;
        tail_batch_unref(batch);
    }
    return bytes;
}

void tail_drop_before(struct tail *t, struct tail_log *log, int64_t offset)
{
    while (log->count > log->waiting && tail_at(log, 0)->last_offset < offset)
        evict(t, tail_at(log, 0));
}

void tail_log_deinit(struct tail *t, struct tail_log *log)
{
    tail_drop_waiting(log);
    while (log->count > 0)
        evict(t, tail_at(log, 0));
    mem_free(log->ring);
    *log = (struct tail_log){0};
}

/* From the back: it is one of the newest. */
bool tail_find_pos(const struct tail_log *log, uint64_t total_pos, size_t *i)
{
    size_t at = log->count - log->waiting;
    while (at > 0 && tail_at(log, at - 1)->total_pos >= total_pos)
        at--;
    *i = at;
    return at < log->count - log->waiting && tail_at(log, at)->total_pos == total_pos;
}

bool tail_find(const struct tail_log *log, int64_t offset, size_t *i)
{
    size_t low = 0, high = log->count - log->waiting;
    if (high == 0 || offset < tail_at(log, 0)->base_offset ||
        offset > tail_at(log, high - 1)->last_offset)
        return false;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (tail_at(log, middle)->last_offset < offset)
            low = middle + 1;
        else
            high = middle;
    }
    *i = low;
    return true;
}
