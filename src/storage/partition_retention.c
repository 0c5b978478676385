/* SPDX-License-Identifier: BSD-3-Clause */
/* Moving the log start by time and size. The log start is exact whenever somebody looks: a read that could
 * see a record past its limit first brings it up to date. Files go later, a segment at a time, when
 * all of it is before the log start.
 *
 * By time: a record ages by the greatest timestamp at or before it, so the log start is the first record,
 * in offset order, whose own timestamp is inside the limit. That is a search by time.
 * By size: the first batch from which on there are no more bytes than the limit; the newest batch stays. */
#include "storage/partition_internal.h"

/* A time before which records are too old; INT64_MIN when they may get as old as they like. */
static int64_t cutoff_ms(const struct partition *p)
{
    if (p->config.retention_ms < 0)
        return INT64_MIN;
    return p->st->options.clock->wall_ms - p->config.retention_ms;
}

static bool time_due(const struct partition *p)
{
    return p->log_start < p->next_offset && p->bytes > p->start_skip &&
           p->config.retention_ms >= 0 && p->start_age_ms < cutoff_ms(p);
}

static bool bytes_due(const struct partition *p)
{
    return p->config.retention_bytes >= 0 && p->log_start < p->last_batch_base &&
           p->bytes - p->start_skip > (uint64_t)p->config.retention_bytes;
}

enum err partition_start_doubt(const struct partition *p)
{
    return time_due(p) ? p->retain_err : ERR_OK;
}

enum err partition_vouch(const struct partition *p, enum err doubt, int64_t offset,
                         int64_t timestamp_ms)
{
    if ((doubt == ERR_OK && offset >= p->sure_from) || timestamp_ms >= cutoff_ms(p))
        return ERR_OK;
    return doubt == ERR_OK ? ERR_CORRUPT : doubt;
}

bool partition_retains(const struct partition *p, const struct tail_batch *batch)
{
    if (p->config.retention_ms >= 0 && batch->first_timestamp_ms < cutoff_ms(p) && time_due(p))
        return false;
    return !bytes_due(p) ||
           p->bytes_total - batch->total_pos <= (uint64_t)p->config.retention_bytes;
}

void partition_move_start(struct partition *p, int64_t offset, int64_t age_ms, uint64_t skip)
{
    ASSERT(offset <= p->next_offset);
    if (offset <
        p->log_start) { /* it is further on than this, so at least this much is before it */
        if (skip > p->start_skip)
            p->start_skip = skip;
        return;
    }
    bool moved = offset > p->log_start;
    p->log_start = offset;
    p->start_skip = skip;
    if (p->sure_from < offset)
        p->sure_from = offset;
    p->start_age_ms = age_ms > p->dropped_max_ms ? age_ms : p->dropped_max_ms;
    if (offset == p->next_offset && partition_active(p)->bytes > 0)
        p->roll_wanted = true; /* so that the last file can go too */
    partition_watch_start(p);
    if (moved && p->events != NULL)
        p->events->trimmed(p, p->ctx);
}

void partition_note_dropped(struct partition *p, int64_t offset)
{
    for (size_t i = 0; i < p->segment_count && p->segments[i]->base_offset < offset; i++) {
        const struct segment *s = p->segments[i];
        if (partition_segment_end(p, i) <= offset && s->max_timestamp_known &&
            s->max_timestamp_ms > p->dropped_max_ms)
            p->dropped_max_ms = s->max_timestamp_ms;
    }
    bool sure = p->log_start >= p->sure_from; /* else that time is one of a record behind damage */
    if (sure && p->start_age_ms > p->dropped_max_ms && offset > p->log_start)
        p->dropped_max_ms = p->start_age_ms;
}

/* At least so much is before an offset: whole segments, or what was before the log start already. */
static uint64_t skip_before(const struct partition *p, int64_t offset)
{
    uint64_t skip = 0;
    for (size_t i = 0; i < p->segment_count && partition_segment_end(p, i) <= offset; i++)
        skip += p->segments[i]->bytes;
    return skip > p->start_skip ? skip : p->start_skip;
}

/* Nothing was ever stored between the log start and `offset`: there is the gap that a power cut left, where
 * nothing can expire. Positions in it stay good, so that nobody is told of records that were lost. */
static bool only_gap_before(const struct partition *p, int64_t offset, uint64_t skip)
{
    const struct checkpoint *c = &p->checkpoint;
    for (size_t i = 0; i < c->epoch_count; i++)
        if (c->epochs[i].first_offset == offset)
            return skip <= p->start_skip;
    return false;
}

/* What is damaged has no time: it is as old as the first record behind it that can be read, so that nobody
 * is told that it expired when it is only unreadable. With nothing behind, its age is that of the greatest
 * timestamp there was, which is at or before its last record. */
static void take_time(struct partition *p)
{
    const struct partition_seek *seek = &p->retention_seek;
    int64_t damage = partition_seek_damage(seek);
    bool found = seek->offset < p->next_offset;
    p->sure_from = seek->offset;
    int64_t damage_ms = found ? seek->found_timestamp_ms : p->max_timestamp_ms;
    if (damage >= 0 && damage < seek->offset && damage_ms >= seek->timestamp_ms) {
        partition_move_start(p, damage, damage_ms, skip_before(p, damage));
        return;
    }
    int64_t age_ms = found ? seek->found_timestamp_ms : INT64_MIN;
    uint64_t skip = partition_seek_skip(p, seek);
    int64_t offset = found && only_gap_before(p, seek->offset, skip) ? p->log_start : seek->offset;
    partition_move_start(p, offset, age_ms, skip);
}

static void take_bytes(struct partition *p)
{
    const struct partition_seek *seek = &p->retention_seek;
    int64_t offset = seek->offset, age_ms = seek->found_timestamp_ms;
    uint64_t skip = partition_seek_skip(p, seek);
    if (offset > p->last_batch_base) { /* the newest stays, whatever its size */
        offset = p->last_batch_base;
        age_ms = INT64_MIN;
        skip = p->bytes - p->last_batch_len;
    }
    partition_note_dropped(p, offset);
    partition_move_start(p, offset, age_ms, skip);
}

static void retention_found(struct partition_seek *seek);

/* One search and the move it leads to. */
static enum err retain_step(struct partition *p)
{
    struct partition_seek *seek = &p->retention_seek;
    *seek = (struct partition_seek){.done = retention_found, .ctx = p};
    p->retaining_bytes = !time_due(p);
    p->retaining = true;
    if (!p->retaining_bytes) {
        seek->timestamp_ms = cutoff_ms(p);
        return partition_seek_stored(p, seek);
    }
    return partition_seek_pos(p, p->bytes - (uint64_t)p->config.retention_bytes, seek);
}

/* Takes the result. False: it is no use going on now. */
static bool retain_take(struct partition *p)
{
    struct partition_seek *seek = &p->retention_seek;
    bool fine = seek->err == ERR_OK;
    p->retain_err = seek->err;
    if (fine && p->retaining_bytes)
        take_bytes(p);
    else if (fine)
        take_time(p);
    partition_seek_end(seek);
    p->retaining = false;
    return fine;
}

/* After a search: whether the log start moved, or the next search would be another one, since the clock
 * has gone on or the other limit is due. Otherwise it is no use searching again. */
static bool more_to_do(const struct partition *p, int64_t start_before)
{
    if (p->log_start > start_before)
        return true;
    if (p->retaining_bytes)
        return time_due(p);
    return time_due(p) ? p->retention_seek.timestamp_ms < cutoff_ms(p) : bytes_due(p);
}

/* False: a worker was asked, or is at it. */
static bool retain_run(struct partition *p)
{
    if (p->retaining)
        return false;
    while (!p->deleted && (time_due(p) || bytes_due(p))) {
        int64_t before = p->log_start;
        if (retain_step(p) == ERR_AGAIN)
            return false;
        if (!retain_take(p) || !more_to_do(p, before))
            break;
    }
    return true;
}

static void retention_found(struct partition_seek *seek)
{
    struct partition *p = seek->ctx;
    int64_t before = p->log_start;
    if (retain_take(p) && more_to_do(p, before) && !retain_run(p))
        return;
    partition_wake_readers(p);
    partition_advance(p);
}

bool partition_retain_now(struct partition *p)
{
    return retain_run(p);
}

void partition_retain(struct partition *p)
{
    if (p->deleted)
        return;
    p->removal_put_off = false;
    if (p->log_start == p->next_offset && partition_active(p)->bytes > 0)
        p->roll_wanted = true; /* also if it failed before */
    if (p->config.compact && partition_segment_old(p, partition_active(p)))
        p->roll_wanted = true; /* only what is sealed is compacted */
    if (retain_run(p))
        partition_advance(p);
    partition_compact(p);
}

void partition_remove_old(struct partition *p)
{
    size_t count = 0;
    while (count + 1 < p->segment_count && p->segments[count + 1]->base_offset <= p->log_start)
        count++;
    if (count == 0 || p->removal.under_way || p->removal_put_off || partition_compaction_busy(p))
        return;
    /* A start that found files missing before its log start would not know why. */
    int64_t base = p->segments[count]->base_offset;
    if (p->durable_start >= base && !p->marker)
        partition_start_removal(p, count);
    else if (p->batch_log_synced == p->batch_written || p->checkpoint.synced_offset >= p->log_start)
        work_start_checkpoint(p); /* else it would not reach that far before the next sync */
}
