/* SPDX-License-Identifier: BSD-3-Clause */
/* Appending and committing. Everything that may have to happen to the files is decided in one place,
 * `step`: whoever changes something calls partition_advance, and the end of every job does.
 *
 * Events may call back into the partition. So each function that calls one does it last, when the state
 * is whole, and looks at the state anew if it goes on. */
#include "storage/partition_internal.h"

#include "base/mem.h"

/* An estimate of a record's bytes is above them by less than this. */
#define RECORD_BYTES_SLACK 32
/* What one write takes at most: more than ever wait in a turn, few enough to stand on one page of the stack. */
#define WRITE_BATCHES_MAX 64

int64_t partition_flush_due_us(const struct partition *p)
{
    int64_t now_us = p->st->options.clock->mono_us;
    if (p->config.flush_ms > (INT64_MAX - now_us) / 2000)
        return INT64_MAX / 2;
    return now_us + p->config.flush_ms * 1000;
}

static void arm_flush_timer(struct partition *p)
{
    p->flush_from = p->batch_written;
    timers_set(p->st->options.timers, &p->flush_timer, partition_flush_due_us(p));
}

/* What is in the journal is on the device; then the log's own sync has time for as long as more is written, or until the
 * journal asks for it. */
static void flush_timer_fired(struct timer *timer)
{
    struct partition *p = CONTAINER_OF(timer, struct partition, flush_timer);
    if (p->batch_synced == p->batch_written && p->flush_from == p->batch_written)
        group_sync_settle(p);
    else if (p->sync_wanted < p->batch_written)
        p->sync_wanted = p->batch_written;
    arm_flush_timer(p);
    partition_advance(p);
}

/* --- life ----------------------------------------------------------------------------------- */

struct partition *partition_new(struct storage *st, const char *dir,
                                const struct partition_config *config,
                                const struct partition_events *events, void *ctx)
{
    struct partition *p = mem_zalloc(1, sizeof(*p));
    p->st = st;
    p->dir = mem_strdup(dir);
    p->id = mem_strdup(config->id == NULL ? "" : config->id);
    p->config = *config;
    p->config.id = NULL;
    p->events = events;
    p->ctx = ctx;
    p->max_timestamp_ms = -1;
    p->start_age_ms = p->dropped_max_ms = INT64_MIN;
    p->last_batch_base = -1;
    list_init(&p->retention_waiters);
    list_init(&p->trims);
    list_init(&p->room_link);
    list_init(&p->holder_link);
    list_init(&p->sync_link);
    list_init(&p->unsynced_link);
    list_init(&p->settle_link);
    p->reserve_ahead = RESERVE_AHEAD_MIN;
    p->checkpoint.segment_began_ms = -1;
    p->checkpoint.segment_max_timestamp_ms = INT64_MIN;
    list_init(&p->reads);
    timer_init(&p->flush_timer, flush_timer_fired);
    timer_init(&p->start_timer, partition_start_timer_fired);
    list_push_back(&st->partitions, &p->link);
    for (size_t i = 0; i < PLACES_MAX; i++)
        p->places[i].offset = p->places[i].next_offset = -1;
    return p;
}

bool partition_dir_busy(const struct partition *p)
{
    LIST_EACH (it, &p->st->deleted) {
        struct partition *other = CONTAINER_OF(it, struct partition, link);
        if (other != p && strcmp(other->dir, p->dir) == 0)
            return true;
    }
    return false;
}

struct partition *partition_create(struct storage *st, const char *dir,
                                   const struct partition_config *config,
                                   const struct partition_events *events, void *ctx)
{
    struct partition *p = partition_new(st, dir, config, events, ctx);
    partition_add_segment(p, segment_create(0));
    partition_begin_epoch(p, 0, 0);
    if (!partition_dir_busy(p))
        work_start_create(p);
    return p;
}

void partition_free(struct partition *p)
{
    struct storage *st = p->st;
    ASSERT(p->work.kind == WORK_NONE && list_empty(&p->reads));
    ASSERT(list_empty(&p->retention_waiters) && !p->removal.under_way);
    ASSERT(list_empty(&p->trims) && p->compaction == NULL);
    timers_cancel(st->options.timers, &p->flush_timer);
    timers_cancel(st->options.timers, &p->start_timer);
    if (p->open.count > 0)
        st->stats.pending_bytes -= p->open.buf.len;
    batch_builder_deinit(&p->open);
    st->stats.pending_bytes -= tail_drop_waiting(&p->tail);
    tail_log_deinit(&st->tail, &p->tail);
    for (size_t i = 0; i < p->segment_count; i++)
        segment_unref(p->segments[i]);
    mem_free(p->segments);
    mem_free(p->checkpoint.epochs);
    st->stats.partitions_failed -= p->failed != ERR_OK;
    list_remove(&p->link);
    list_remove(&p->room_link);
    list_remove(&p->holder_link);
    group_sync_leave(p);
    mem_free(p->dir);
    mem_free(p->id);
    mem_free(p);
    partition_room_made(st);
}

/* A creation that waited for the directory can begin. */
static void start_waiting_creation(struct storage *st)
{
    LIST_EACH (it, &st->partitions) {
        struct partition *p = CONTAINER_OF(it, struct partition, link);
        if (!p->created && !p->deleted && p->failed == ERR_OK && p->work.kind == WORK_NONE &&
            !partition_dir_busy(p))
            work_start_create(p);
    }
}

void partition_free_if_done(struct partition *p)
{
    struct storage *st = p->st;
    if (!p->deleted || p->work.kind != WORK_NONE || p->removal.under_way ||
        !list_empty(&p->reads) || p->compaction != NULL)
        return;
    partition_free(p);
    start_waiting_creation(st);
}

/* Not later than the limit as it is now. */
static void bring_forward(struct partition *p, struct timer *timer)
{
    if (timer_armed(timer) && partition_flush_due_us(p) < timer->at_us)
        timers_set(p->st->options.timers, timer, partition_flush_due_us(p));
}

void partition_configure(struct partition *p, const struct partition_config *config)
{
    p->config = *config;
    p->config.id = NULL;
    bring_forward(p, &p->flush_timer);
    bring_forward(p, &p->start_timer);
}

/* Drops the open batch and all that wait. */
static void drop_unwritten(struct partition *p)
{
    struct storage *st = p->st;
    if (p->open.count > 0) {
        st->stats.pending_bytes -= p->open.buf.len;
        p->open.count = 0;
    }
    st->stats.pending_bytes -= tail_drop_waiting(&p->tail);
    p->append_offset = p->next_offset;
}

static void refuse(struct partition *p, uint64_t first, enum err why)
{
    if (first > p->batch_last)
        return;
    p->refused_last = why;
    if (why == ERR_NOSPACE)
        p->st->stats.no_space_us = p->st->options.clock->mono_us;
    p->st->stats.batches_refused += p->batch_last - first + 1;
    if (p->events != NULL)
        p->events->refused(p, p->ctx, first, p->batch_last, why);
}

void partition_fail(struct partition *p, enum err why)
{
    ASSERT(why != ERR_OK);
    if (p->failed != ERR_OK)
        return;
    if (why == ERR_NOSPACE || why == ERR_LIMIT)
        why = ERR_IO; /* of a sync: it is not that later appends may succeed */
    p->failed = why;
    p->st->stats.partitions_failed++;
    TRACE_WARN(p->st->options.trace,
               "%s: takes no more writes (%s); what was written stays readable", p->dir,
               err_text(why));
    timers_cancel(p->st->options.timers, &p->flush_timer);
    timers_cancel(p->st->options.timers, &p->start_timer);
    list_remove(&p->room_link);
    group_sync_forget(p);
    drop_unwritten(p);
    partition_compaction_abort(p);
    if (p->created && !p->marker && p->work.kind == WORK_NONE)
        work_start_checkpoint(p); /* the next start must know */
    refuse(p, p->batch_synced + 1, why);
    partition_trims_end(p, why);
}

void partition_refuse_waiting(struct partition *p, enum err why)
{
    uint64_t first = p->batch_last + 1;
    if (p->tail.waiting > 0)
        first = tail_waiting(&p->tail, 0)->number;
    else if (p->open.count > 0)
        first = p->batch_last;
    TRACE_WARN(p->st->options.trace, "%s: cannot write: %s", p->dir, err_text(why));
    drop_unwritten(p);
    refuse(p, first, why);
}

void partition_delete(struct partition *p)
{
    struct partition_deletion nobody = {0};
    partition_delete_then(p, &nobody);
    partition_deletion_end(&nobody);
}

void partition_deletion_end(struct partition_deletion *d)
{
    if (d->p != NULL)
        d->p->deletion = NULL;
    d->p = NULL;
}

void partition_delete_then(struct partition *p, struct partition_deletion *d)
{
    ASSERT(!p->deleted);
    const struct partition_events *events = p->events;
    uint64_t first = p->batch_synced + 1;
    p->deleted = true;
    p->deletion = d;
    d->p = p;
    list_remove(&p->link);
    list_push_back(&p->st->deleted, &p->link);
    p->events = NULL;
    timers_cancel(p->st->options.timers, &p->flush_timer);
    timers_cancel(p->st->options.timers, &p->start_timer);
    list_remove(&p->room_link);
    list_remove(&p->holder_link);
    group_sync_leave(p);
    drop_unwritten(p);
    tail_log_deinit(&p->st->tail, &p->tail);
    partition_compaction_abort(p);
    if (p->work.kind == WORK_NONE && !p->removal.under_way && p->compaction == NULL)
        work_start_delete(p);
    if (events != NULL && p->failed == ERR_OK && first <= p->batch_last)
        events->refused(p, p->ctx, first, p->batch_last, ERR_NOT_FOUND);
    partition_trims_end(p, ERR_NOT_FOUND);
}

/* --- segments ------------------------------------------------------------------------------- */

void partition_add_segment(struct partition *p, struct segment *s)
{
    ASSERT(p->segment_count == 0 || s->base_offset > partition_active(p)->base_offset);
    if (p->segment_count == p->segment_cap) {
        p->segment_cap = p->segment_cap == 0 ? 2 : p->segment_cap * 2;
        p->segments = mem_realloc(p->segments, p->segment_cap * sizeof(p->segments[0]));
    }
    p->segments[p->segment_count++] = s;
}

size_t partition_segment_of(const struct partition *p, int64_t offset)
{
    size_t low = 0, high = p->segment_count; /* the first with a greater base is in [low, high] */
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (p->segments[middle]->base_offset <= offset)
            low = middle + 1;
        else
            high = middle;
    }
    return low == 0 ? 0 : low - 1;
}

int64_t partition_segment_end(const struct partition *p, size_t i)
{
    return i + 1 < p->segment_count ? p->segments[i + 1]->base_offset : p->next_offset;
}

/* --- appending ------------------------------------------------------------------------------ */

static void seal(struct partition *p)
{
    if (p->open.count == 0)
        return;
    struct batch_builder *b = &p->open;
    batch_builder_seal(b, p->leader_epoch, p->config.append_time);
    int64_t last_offset = b->base_offset + b->count - 1;
    struct tail_batch *batch = tail_push(&p->st->tail, &p->tail, &b->buf);
    batch->base_offset = b->base_offset;
    batch->last_offset = last_offset;
    batch->first_timestamp_ms = p->config.append_time ? b->max_timestamp_ms : b->base_timestamp_ms;
    batch->max_timestamp_ms = b->max_timestamp_ms;
    batch->number = p->batch_last;
    b->count = 0;
}

static void begin(struct partition *p)
{
    ASSERT(p->open.count == 0);
    if (p->open.buf.cap == 0)
        p->open.buf = tail_take_buf(&p->st->tail);
    /* As long as the one before, for a start. */
    if (p->open.buf.cap < BATCH_BYTES_TARGET && p->last_batch_len <= BATCH_BYTES_TARGET)
        buf_reserve(&p->open.buf, (size_t)p->last_batch_len);
    batch_builder_begin(&p->open, p->append_offset);
    p->batch_last++;
    p->st->stats.pending_bytes += p->open.buf.len;
}

static void add(struct partition *p, const struct record *record)
{
    struct batch_builder *b = &p->open;
    size_t before = b->buf.len;
    if (p->config.append_time) {
        struct record stamped = *record;
        stamped.timestamp_ms = p->st->options.clock->wall_ms;
        batch_builder_add(b, &stamped);
    } else {
        batch_builder_add(b, record);
    }
    p->append_offset++;
    p->st->stats.records_appended++;
    p->st->stats.pending_bytes += b->buf.len - before;
}

/* Whether the records fit in a batch of their own; only asked when a quick estimate says they may not. */
static bool fit_alone(const struct partition *p, const struct record *records, size_t count)
{
    struct batch_builder b = {0};
    bool fit = true;
    batch_builder_begin(&b, 0);
    for (size_t i = 0; i < count && fit; i++) {
        size_t len = b.buf.len + record_bytes_max(&records[i]);
        if (len > (size_t)p->config.batch_bytes_max + RECORD_BYTES_SLACK)
            fit = false;
        else
            batch_builder_add(&b, &records[i]);
    }
    fit = fit && b.buf.len <= (size_t)p->config.batch_bytes_max;
    batch_builder_deinit(&b);
    return fit;
}

/* At most: of many records as closely as it can be said before they are encoded. */
static size_t records_len(const struct record *records, size_t count)
{
    size_t len = 0;
    if (LIKELY(count == 1))
        return record_bytes_bound(records);
    for (size_t i = 0; i < count; i++)
        len += record_bytes_max(&records[i]);
    return len;
}

enum err partition_append(struct partition *p, const struct record *records, size_t count,
                          int64_t *offset, uint64_t *batch)
{
    ASSERT(count >= 1);
    ASSERT(!p->deleted);
    if (UNLIKELY(p->failed != ERR_OK))
        return ERR_FAILED;
    size_t len = BATCH_HEADER_BYTES + records_len(records, count);
    size_t max = (size_t)p->config.batch_bytes_max;
    if (UNLIKELY(len > max) && !fit_alone(p, records, count))
        return ERR_TOO_LARGE;

    size_t target = max < BATCH_BYTES_TARGET ? max : BATCH_BYTES_TARGET;
    if (p->open.count > 0 && p->open.buf.len + len - BATCH_HEADER_BYTES > target)
        seal(p);
    if (p->open.count == 0)
        begin(p);
    *offset = p->append_offset;
    *batch = p->batch_last;
    for (size_t i = 0; i < count; i++)
        add(p, &records[i]);
    return ERR_OK;
}

bool partition_dirty(const struct partition *p)
{
    return p->open.count > 0 || p->tail.waiting > 0;
}

uint64_t partition_batch_written(const struct partition *p)
{
    return p->batch_written;
}

uint64_t partition_batch_synced(const struct partition *p)
{
    return p->batch_synced;
}

uint64_t partition_batch_last(const struct partition *p)
{
    return p->batch_last;
}

int64_t partition_log_start(const struct partition *p)
{
    return p->log_start;
}

int64_t partition_next_offset(const struct partition *p)
{
    return p->next_offset;
}

int64_t partition_append_offset(const struct partition *p)
{
    return p->append_offset;
}

uint64_t partition_bytes_total(const struct partition *p)
{
    return p->bytes_total;
}

size_t partition_memory(const struct partition *p)
{
    size_t bytes = sizeof(*p) + strlen(p->dir) + 1 + p->segment_cap * sizeof(*p->segments) +
                   p->open.buf.cap + p->tail.cap * sizeof(*p->tail.ring);
    for (size_t i = 0; i < p->segment_count; i++)
        bytes += sizeof(*p->segments[i]) + p->segments[i]->index.pending.cap +
                 p->segments[i]->index.time_pending.cap;
    for (size_t i = 0; i < p->tail.count; i++)
        bytes += sizeof(struct tail_batch) + tail_at(&p->tail, i)->buf.cap;
    return bytes;
}

void partition_describe(const struct partition *p, struct partition_info *info)
{
    *info = (struct partition_info){
        .log_start = p->log_start,
        .next_offset = p->next_offset,
        .synced_offset = p->synced_offset,
        .bytes = (int64_t)p->bytes,
        .segment_count = (uint32_t)p->segment_count,
        .leader_epoch = p->leader_epoch,
        .max_timestamp_ms = p->max_timestamp_ms,
        .failed = p->failed,
    };
}

/* --- writing -------------------------------------------------------------------------------- */

static bool segment_has_room(const struct partition *p, const struct segment *s, uint64_t bytes,
                             const struct tail_batch *batch)
{
    if (bytes == 0)
        return true;
    return bytes + batch->buf.len <= partition_segment_bytes_max(p) &&
           batch->last_offset - s->base_offset <= INT32_MAX;
}

bool partition_segment_old(const struct partition *p, const struct segment *s)
{
    int64_t now_ms = p->st->options.clock->wall_ms;
    return p->config.segment_ms > 0 && s->bytes > 0 && now_ms - s->began_ms >= p->config.segment_ms;
}

/* The first batch after nothing, or after everything was dropped, is where the log begins. */
static void begin_log(struct partition *p, const struct tail_batch *batch)
{
    p->start_age_ms = batch->first_timestamp_ms > p->dropped_max_ms ? batch->first_timestamp_ms
                                                                    : p->dropped_max_ms;
    p->start_skip = p->bytes;
}

/* The oldest `count` waiting batches are in the file. */
static void account_written(struct partition *p, size_t count)
{
    struct storage *st = p->st;
    struct segment *s = partition_active(p);
    if (s->bytes == 0 && count > 0)
        s->began_ms = st->options.clock->wall_ms;
    for (size_t i = 0; i < count; i++) {
        struct tail_batch *batch = tail_waiting(&p->tail, i);
        ASSERT(batch->base_offset == p->next_offset);
        batch->total_pos = p->bytes_total;
        if (p->log_start == p->next_offset)
            begin_log(p, batch);
        index_add(&s->index, s->base_offset, batch->last_offset, s->bytes, batch->buf.len,
                  batch->max_timestamp_ms);
        s->bytes += batch->buf.len;
        p->bytes += batch->buf.len;
        p->bytes_total += batch->buf.len;
        st->stats.bytes_written += batch->buf.len;
        st->stats.pending_bytes -= batch->buf.len;
        if (batch->max_timestamp_ms > s->max_timestamp_ms)
            s->max_timestamp_ms = batch->max_timestamp_ms;
        if (batch->max_timestamp_ms > p->max_timestamp_ms)
            p->max_timestamp_ms = batch->max_timestamp_ms;
        p->next_offset = batch->last_offset + 1;
        p->last_batch_base = batch->base_offset;
        p->last_batch_len = batch->buf.len;
        p->batch_written = batch->number;
    }
    st->stats.batches_written += count;
    if (count > 0)
        st->stats.no_space_us = 0;
    if (count == 0)
        return;
    if (list_empty(&p->holder_link))
        list_push_back(&st->holders, &p->holder_link);
    tail_written(&st->tail, &p->tail, count);
    if (!timer_armed(&p->flush_timer))
        arm_flush_timer(p);
    if (index_pending_full(&s->index))
        p->log_sync_wanted = p->batch_written;
}

static void tell_written(struct partition *p, uint64_t batch)
{
    if (p->events != NULL)
        p->events->written(p, p->ctx, batch);
}

/* How many of the `count` waiting batches are in the first `put` bytes of them. */
static size_t whole_batches(const struct partition *p, size_t count, size_t put)
{
    size_t n = 0;
    while (n < count && tail_waiting(&p->tail, n)->buf.len <= put)
        put -= tail_waiting(&p->tail, n++)->buf.len;
    return n;
}

/* Cuts off what a failed write left behind the last whole batch. */
static enum err cut_torn_tail(struct partition *p)
{
    struct segment *s = partition_active(p);
    enum err err = disk_truncate(s->files->log, s->bytes);
    p->tail_torn = err != ERR_OK;
    return err;
}

static void write_failed(struct partition *p, enum err err, size_t count, size_t put)
{
    p->st->stats.write_errors++;
    if (err != ERR_NOSPACE) {
        partition_fail(p, err);
        return;
    }
    size_t whole = whole_batches(p, count, put);
    account_written(p, whole);
    /* If it cannot be cut now it is before the next write. */
    if (cut_torn_tail(p) != ERR_OK)
        TRACE_WARN(p->st->options.trace, "%s: cannot cut off a batch that did not fit", p->dir);
    uint64_t written = p->batch_written;
    if (whole > 0)
        tell_written(p, written);
    partition_refuse_waiting(p, err);
}

static enum err timed_write(struct storage *st, struct disk_file *file, const struct iovec *iov,
                            int count, uint64_t pos, size_t *put)
{
    int64_t from_ns = clock_now_ns(st->options.clock);
    enum err err = disk_write(file, iov, count, pos, put);
    int64_t took_ns = clock_now_ns(st->options.clock) - from_ns;
    if (took_ns < 0)
        took_ns = 0;
    st->stats.write_ns += (uint64_t)took_ns;
    if (st->options.timed != NULL)
        st->options.timed(st->options.ctx, STORAGE_WRITE, took_ns);
    return err;
}

/* Writes what waits and fits in the active segment. False: the partition has failed. */
static bool write_waiting(struct partition *p)
{
    struct segment *s = partition_active(p);
    struct iovec iov[WRITE_BATCHES_MAX];
    uint64_t bytes = s->bytes;
    size_t count = 0, put = 0;
    static_assert(WRITE_BATCHES_MAX <= DISK_IOV_MAX, "one write takes them");
    ASSERT((p->work.kind == WORK_NONE || p->work.kind == WORK_CHECKPOINT) && partition_ready(p));
    files_use(s->files);
    while (count < p->tail.waiting && count < WRITE_BATCHES_MAX) {
        struct tail_batch *batch = tail_waiting(&p->tail, count);
        if (!segment_has_room(p, s, bytes, batch) || batch->last_offset >= p->reserved)
            break;
        iov[count++] = (struct iovec){.iov_base = batch->buf.data, .iov_len = batch->buf.len};
        bytes += batch->buf.len;
    }
    ASSERT(count > 0);
    p->st->stats.writes++;
    enum err err = p->tail_torn ? cut_torn_tail(p) : ERR_OK;
    if (err == ERR_OK)
        err = timed_write(p->st, s->files->log, iov, (int)count, s->bytes, &put);
    if (err != ERR_OK) {
        write_failed(p, err, count, put);
        return p->failed == ERR_OK; /* what was written before may still have to be synced */
    }
    account_written(p, count);
    tell_written(p, p->batch_written);
    return true;
}

void partition_set_synced(struct partition *p, uint64_t batch, int64_t offset, uint64_t bytes_total)
{
    ASSERT(batch <= p->batch_written);
    bool moved = batch > p->batch_synced;
    p->synced_offset = offset;
    p->durable_bytes_total = bytes_total;
    if (!moved)
        return;
    p->batch_synced = batch;
    if (p->events != NULL)
        p->events->synced(p, p->ctx, batch);
}

void partition_set_log_synced(struct partition *p, uint64_t batch, int64_t offset,
                              uint64_t bytes_total)
{
    p->batch_log_synced = batch;
    if (batch == p->batch_written)
        timers_cancel(p->st->options.timers, &p->flush_timer);
    group_sync_log_synced(p);
    partition_set_synced(p, batch, offset, bytes_total);
}

static bool log_sync_due(const struct partition *p)
{
    bool wanted = p->batch_log_synced < p->log_sync_wanted || p->sync_alone || p->closing ||
                  !list_empty(&p->st->room_waiters);
    return p->batch_log_synced < p->batch_written && wanted;
}

static bool sync_due(const struct partition *p)
{
    return p->batch_synced < p->batch_written && p->batch_synced < p->sync_wanted;
}

/* Whether what is to be done has to wait for something that is under way. */
static bool busy(const struct partition *p)
{
    return p->work.kind != WORK_NONE || group_sync_waits(p);
}

/* Whether what is appended can be written now though a checkpoint is under way, which is another file. */
static bool may_write_beside(const struct partition *p)
{
    return p->work.kind == WORK_CHECKPOINT && !p->work.marker && p->created &&
           !group_sync_waits(p) && partition_ready(p) && p->append_offset <= p->reserved &&
           !partition_segment_old(p, partition_active(p));
}

static bool write_beside(struct partition *p)
{
    const struct segment *s = partition_active(p);
    return p->tail.waiting > 0 && may_write_beside(p) &&
           segment_has_room(p, s, s->bytes, tail_waiting(&p->tail, 0)) && write_waiting(p);
}

/* Before the reserved offsets come to an end and everyone waits for more. A sync brings them along. */
static bool reserve_due(const struct partition *p)
{
    return partition_reserve_low(p) && p->batch_log_synced < p->batch_written &&
           !p->reserve_put_off && !p->closing;
}

/* One step of what is to be done; whether another may follow at once. */
static bool step(struct partition *p)
{
    if (p->failed != ERR_OK || p->deleted)
        return false;
    if (busy(p))
        return write_beside(p);
    if (!p->created) {
        if ((p->tail.waiting > 0 || p->work.retried) && !partition_dir_busy(p))
            work_start_create(p);
        return false;
    }
    bool must_wait = p->tail.waiting > 0 && !partition_ready(p) && partition_waits_for_room(p);
    if (p->tail.waiting > 0 && !must_wait) {
        const struct segment *s = partition_active(p);
        if (!partition_ready(p))
            work_start_open(p);
        else if (tail_waiting(&p->tail, 0)->last_offset >= p->reserved)
            work_start_checkpoint(p);
        else if (partition_segment_old(p, s) ||
                 !segment_has_room(p, s, s->bytes, tail_waiting(&p->tail, 0)))
            work_start_roll(p);
        else
            return write_waiting(p);
        return false;
    }
    if (!list_empty(&p->trims) || p->start_due)
        partition_save_start(p);
    else if (partition_compaction_noting(p))
        work_start_checkpoint(p);
    else if (log_sync_due(p))
        work_start_sync(p);
    else if (sync_due(p))
        group_sync_add(p);
    else if (reserve_due(p))
        work_start_checkpoint(p);
    else if (p->roll_wanted && partition_ready(p) && partition_active(p)->bytes > 0)
        work_start_roll(p);
    else if (p->roll_wanted && partition_active(p)->bytes > 0)
        work_start_open(p);
    else
        partition_remove_old(p);
    return false;
}

/* With nothing unwritten or unsynced the active segment's files may be closed as well: so partitions that
 * nobody writes to cost no descriptors. The next append has a job open them again. */
static void rest(struct partition *p)
{
    bool idle = !busy(p) && !partition_dirty(p) &&
                (p->batch_log_synced == p->batch_written || p->failed != ERR_OK);
    if (!idle || p->deleted)
        return;
    list_remove(&p->holder_link);
    if (partition_ready(p))
        files_rest(&p->st->files, partition_active(p)->files);
}

void partition_advance(struct partition *p)
{
    while (step(p)) {
    }
    rest(p);
    partition_room_made(p->st);
}

void partition_commit(struct partition *p)
{
    if (!partition_dirty(p) || (busy(p) && !may_write_beside(p)) || p->failed != ERR_OK)
        return; /* with a job under way the open batch goes on gathering */
    if (p->sync_wanted > p->batch_written && group_sync_gathers(p))
        return; /* so it does until the round that it may go with is formed */
    seal(p);
    partition_advance(p);
}

void partition_want_sync(struct partition *p)
{
    if (p->failed != ERR_OK || p->deleted)
        return;
    p->sync_wanted = p->batch_last;
    if (!partition_dirty(p))
        partition_advance(p);
}
