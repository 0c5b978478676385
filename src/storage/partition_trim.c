/* SPDX-License-Identifier: BSD-3-Clause */
/* Moving the log start by hand, and making it durable, whoever moved it. It moves at once; who asked is told
 * when that is on the device, which takes a synced checkpoint, and before that a sync of what is before
 * the new log start. When nobody asked, a timer sees to it within flush_ms, so that the log start does not
 * go back when the power is cut. */
#include "storage/partition_internal.h"

uint64_t partition_bytes_before(const struct partition *p, int64_t offset)
{
    uint64_t bytes = 0;
    if (offset == p->next_offset)
        return p->bytes;
    for (size_t i = 0; i + 1 < p->segment_count && p->segments[i + 1]->base_offset <= offset; i++)
        bytes += p->segments[i]->bytes;
    return bytes;
}

static void trim_end(struct partition_trim *t, enum err err)
{
    list_remove(&t->link);
    t->err = err;
    if (t->told_later)
        t->done(t);
}

enum err partition_trim(struct partition *p, int64_t offset, struct partition_trim *t)
{
    ASSERT(!p->deleted);
    list_init(&t->link);
    t->told_later = false;
    t->err = p->failed != ERR_OK ? ERR_FAILED : ERR_OK;
    if (offset < 0 || offset > p->next_offset)
        t->err = ERR_RANGE;
    if (t->err != ERR_OK)
        return ERR_OK;
    t->log_start = offset > p->log_start ? offset : p->log_start;
    if (p->durable_start < t->log_start)
        list_push_back(&p->trims, &t->link); /* an event may end the partition, and with it this */
    p->removal_put_off = false;
    if (offset > p->log_start) {
        partition_note_dropped(p, offset);
        partition_move_start(p, offset, INT64_MIN, partition_bytes_before(p, offset));
    }
    partition_advance(p);
    if (list_empty(&t->link))
        return ERR_OK;
    t->told_later = true;
    return ERR_AGAIN;
}

void partition_trim_end(struct partition_trim *t)
{
    list_remove(&t->link);
}

void partition_save_start(struct partition *p)
{
    if (p->batch_log_synced < p->batch_written)
        work_start_sync(p); /* its checkpoint is synced too */
    else
        work_start_checkpoint(p);
    p->start_due = false;
}

void partition_watch_start(struct partition *p)
{
    if (p->durable_start >= p->log_start) {
        timers_cancel(p->st->options.timers, &p->start_timer);
        p->start_due = false;
    } else if (!p->start_due && !timer_armed(&p->start_timer) && p->failed == ERR_OK) {
        timers_set(p->st->options.timers, &p->start_timer, partition_flush_due_us(p));
    }
}

void partition_start_timer_fired(struct timer *timer)
{
    struct partition *p = CONTAINER_OF(timer, struct partition, start_timer);
    p->start_due = true;
    partition_advance(p);
}

void partition_trims_end(struct partition *p, enum err err)
{
    struct list over;
    list_init(&over);
    LIST_EACH (it, &p->trims) {
        struct partition_trim *t = CONTAINER_OF(it, struct partition_trim, link);
        if (err == ERR_OK && t->log_start > p->durable_start)
            continue;
        t->err = t->log_start > p->durable_start ? err : ERR_OK;
        list_remove(it);
        list_push_back(&over, it);
    }
    while (!list_empty(&over)) {
        struct partition_trim *t = CONTAINER_OF(over.next, struct partition_trim, link);
        trim_end(t, t->err);
    }
}
