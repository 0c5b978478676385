/* SPDX-License-Identifier: BSD-3-Clause */
/* Compaction of a partition, seen from the reactor: one job after the other, each at one segment, while
 * appends and reads go on. Before the first file is replaced a synced checkpoint says up to where records may
 * be missing from now on.
 *
 * Readers that are at a segment go on in its old files until they are done: those stay open from before
 * the swap until after it, and a segment is not swapped while a job is about to open its files by name. */
#include "storage/partition_internal.h"

#include "base/mem.h"
#include "storage/compaction.h"
#include <inttypes.h>

#define MINUTE_US (60 * 1000000LL)
#define WAIT_US_MIN MINUTE_US
#define WAIT_US_MAX (240 * MINUTE_US)

enum stage {
    STAGE_NOTING, /* waits for the checkpoint */
    STAGE_MAPPING,
    STAGE_CLEANING,
    STAGE_WAITING, /* for jobs that open the segment's files */
    STAGE_SWAPPING,
};

struct partition_compaction {
    struct disk_job job;
    struct partition *p; /* borrowed */
    enum stage stage;
    bool under_way; /* the job */
    bool aborted;
    int64_t limit; /* base of the first segment that is left alone */

    struct key_map map;
    size_t keys_max;
    int64_t mapped_to;
    int64_t next_base; /* of the next segment to clean, at least */

    /* What the job is at. */
    struct segment *segment;  /* counted; NULL between jobs */
    struct segment_view view; /* its files are the job's */
    struct compaction_rules rules;
    struct compacted result;
    bool remove;
    bool swapped;
    int64_t mapped;
    enum err err;

    /* For the trace. */
    uint64_t bytes_before, bytes_after, dropped;
};

static void go_on(struct partition *p);
static void job_done(struct disk_job *job);

/* --- on the worker --------------------------------------------------------------------------- */

static struct partition_compaction *compaction_of(struct disk_job *job)
{
    return CONTAINER_OF(job, struct partition_compaction, job);
}

static enum err open_files(struct partition_compaction *c)
{
    struct partition *p = c->p; /* its directory and disk do not change */
    enum err err = segment_files_open(p->st->options.disk, p->dir, c->view.base_offset, DISK_READ,
                                      &c->view.files);
    return err == ERR_NOT_FOUND ? ERR_IO : err;
}

static void run_map(struct disk_job *job)
{
    struct partition_compaction *c = compaction_of(job);
    c->err = open_files(c);
    if (c->err == ERR_OK)
        c->err = compaction_map(&c->view, c->mapped_to, c->keys_max, &c->map, &c->mapped);
}

static void run_clean(struct disk_job *job)
{
    struct partition_compaction *c = compaction_of(job);
    struct disk *disk = c->p->st->options.disk;
    c->err = open_files(c);
    if (c->err != ERR_OK)
        return;
    c->err = compaction_clean(disk, c->p->dir, &c->view, &c->rules, &c->result);
    if (c->err != ERR_OK)
        compaction_drop(disk, c->p->dir, c->view.base_offset);
}

static void run_swap(struct disk_job *job)
{
    struct partition_compaction *c = compaction_of(job);
    c->err = compaction_swap(c->p->st->options.disk, c->p->dir, c->view.base_offset, c->remove,
                             &c->swapped);
}

/* --- starting -------------------------------------------------------------------------------- */

static void submit(struct partition_compaction *c, enum stage stage, void (*run)(struct disk_job *))
{
    c->stage = stage;
    c->under_way = true;
    c->err = ERR_OK;
    c->job = (struct disk_job){.run = run, .done = job_done};
    list_init(&c->job.link);
    disk_submit(c->p->st->options.disk, DISK_LANE_BULK, &c->job);
}

/* Segments before this may be compacted: the active one is not, nor one that a checkpoint points into. */
static int64_t limit_of(const struct partition *p)
{
    int64_t base = partition_active(p)->base_offset;
    return base < p->checkpoint.segment_base ? base : p->checkpoint.segment_base;
}

/* Whether there is enough that was never looked at. */
static bool dirty_enough(const struct partition *p, int64_t limit)
{
    uint64_t dirty = 0, all = 0;
    for (size_t i = 0; i + 1 < p->segment_count && p->segments[i]->base_offset < limit; i++) {
        all += p->segments[i]->bytes;
        if (partition_segment_end(p, i) > p->cleaned_to)
            dirty += p->segments[i]->bytes;
    }
    return dirty > 0 && (double)dirty >= p->config.min_dirty_ratio * (double)all;
}

static bool due(const struct partition *p)
{
    if (!p->config.compact || p->failed != ERR_OK || p->deleted || p->events == NULL ||
        !p->created || p->compaction != NULL ||
        p->st->options.clock->mono_us < p->compaction_not_before_us)
        return false;
    return dirty_enough(p, limit_of(p));
}

static void begin(struct partition *p)
{
    struct partition_compaction *c = mem_zalloc(1, sizeof(*c));
    c->p = p;
    c->limit = limit_of(p);
    c->keys_max = p->st->compaction_keys_max;
    c->mapped_to = p->cleaned_to;
    key_map_init(&c->map);
    p->compaction = c;
    p->st->compacting = p;
    if (p->compacted_to < c->limit)
        p->compacted_to = c->limit;
    go_on(p);
    partition_advance(p);
}

/* The next partition that waits for its turn. */
static void begin_another(struct storage *st)
{
    LIST_EACH (it, &st->partitions) {
        struct partition *p = CONTAINER_OF(it, struct partition, link);
        if (!p->compaction_wanted)
            continue;
        p->compaction_wanted = false;
        if (due(p)) {
            begin(p);
            return;
        }
    }
}

void partition_compact(struct partition *p)
{
    if (!due(p))
        return;
    if (p->st->compacting != NULL)
        p->compaction_wanted = true;
    else
        begin(p);
}

/* --- ending ---------------------------------------------------------------------------------- */

static void let_go(struct partition_compaction *c)
{
    struct segment *s = c->segment;
    segment_files_unref(c->view.files);
    c->view.files = NULL;
    if (s == NULL)
        return;
    if (s->pinned && s->files != NULL)
        files_rest(&c->p->st->files, s->files);
    s->pinned = false;
    segment_unref(s);
    c->segment = NULL;
}

static void drop_result(struct partition_compaction *c)
{
    if (!c->result.changed)
        return;
    segment_files_unref(c->result.files);
    index_deinit(&c->result.index);
    c->result = (struct compacted){0};
}

static void end(struct partition *p)
{
    struct partition_compaction *c = p->compaction;
    struct storage *st = p->st;
    ASSERT(!c->under_way && st->compacting == p);
    drop_result(c);
    let_go(c);
    key_map_deinit(&c->map);
    mem_free(c);
    p->compaction = NULL;
    st->compacting = NULL;
    begin_another(st);
}

/* It is tried again, but what went wrong may do so for long: a full disk, damage until it has expired. */
static void give_up(struct partition *p, enum err why)
{
    int64_t wait_us = p->compaction_wait_us * 4;
    if (wait_us < WAIT_US_MIN)
        wait_us = WAIT_US_MIN;
    if (wait_us > WAIT_US_MAX)
        wait_us = WAIT_US_MAX;
    p->compaction_wait_us = wait_us;
    p->compaction_not_before_us = p->st->options.clock->mono_us + wait_us;
    TRACE_WARN(p->st->options.trace, "%s: cannot be compacted: %s; it is tried again in %d minutes",
               p->dir, err_text(why), (int)(wait_us / MINUTE_US));
    p->compaction->aborted = true;
}

void partition_compaction_abort(struct partition *p)
{
    struct partition_compaction *c = p->compaction;
    p->compaction_wanted = false;
    if (c == NULL)
        return;
    c->aborted = true;
    if (!c->under_way) {
        if (c->result.changed && p->events == NULL && !p->deleted) /* the program stops */
            compaction_drop(p->st->options.disk, p->dir, c->view.base_offset);
        end(p);
    }
}

/* --- one segment ----------------------------------------------------------------------------- */

/* Takes the first segment before the limit that ends behind `offset` and begins at `base_min` or later. */
static bool take_segment(struct partition *p, int64_t offset, int64_t base_min, int64_t base_end)
{
    struct partition_compaction *c = p->compaction;
    for (size_t i = 0; i + 1 < p->segment_count && p->segments[i]->base_offset < base_end; i++) {
        struct segment *s = p->segments[i];
        if (partition_segment_end(p, i) <= offset || s->base_offset < base_min)
            continue;
        c->segment = s;
        segment_ref(s);
        partition_view_of(p, i, s->base_offset, INT64_MIN, &c->view);
        c->view.files = NULL;
        return true;
    }
    return false;
}

static void map_next(struct partition *p)
{
    struct partition_compaction *c = p->compaction;
    bool full = c->map.count >= c->keys_max;
    if (!full && take_segment(p, c->mapped_to, 0, c->limit)) {
        submit(c, STAGE_MAPPING, run_map);
        return;
    }
    if (!full)
        c->mapped_to = c->limit;
    c->next_base = 0;
    c->stage = STAGE_CLEANING;
    go_on(p);
}

static void report(struct partition *p)
{
    struct partition_compaction *c = p->compaction;
    struct storage_stats *stats = &p->st->stats;
    p->compaction_wait_us = 0;
    stats->compactions++;
    stats->compaction_bytes_before += c->bytes_before;
    stats->compaction_bytes_after += c->bytes_after;
    TRACE_NOTE(p->st->options.trace,
               "%s: compacted up to offset %" PRId64 ": %" PRIu64 " bytes are %" PRIu64
               " now, without %" PRIu64 " superseded records",
               p->dir, c->limit, c->bytes_before, c->bytes_after, c->dropped);
}

static void clean_next(struct partition *p)
{
    struct partition_compaction *c = p->compaction;
    if (take_segment(p, -1, c->next_base, c->mapped_to)) {
        c->rules = (struct compaction_rules){.map = &c->map,
                                             .mapped_to = c->mapped_to,
                                             .now_ms = p->st->options.clock->wall_ms,
                                             .delete_retention_ms = p->config.delete_retention_ms};
        submit(c, STAGE_CLEANING, run_clean);
        return;
    }
    p->cleaned_to = c->mapped_to;
    if (c->mapped_to < c->limit) { /* there were more keys than fit at once */
        key_map_clear(&c->map);
        c->stage = STAGE_MAPPING;
        go_on(p);
        return;
    }
    report(p);
    end(p);
}

/* Readers that come now find the old files open. */
static void pin(struct partition *p)
{
    struct partition_compaction *c = p->compaction;
    struct segment *s = c->segment;
    files_drop(&s->files);
    files_adopt(&p->st->files, &s->files, c->view.files, true);
    c->view.files = NULL;
    s->pinned = true;
}

static void swap(struct partition *p)
{
    struct partition_compaction *c = p->compaction;
    if (c->segment->opening > 0) {
        c->stage = STAGE_WAITING;
        return;
    }
    /* The first one stays, however empty: where the log begins is never missing. */
    c->remove = c->result.bytes == 0 && c->segment != p->segments[0];
    submit(c, STAGE_SWAPPING, run_swap);
}

static struct segment *segment_from(struct partition *p, struct compacted *result,
                                    const struct segment *old)
{
    struct segment *s = segment_create(old->base_offset);
    s->bytes = result->bytes;
    s->began_ms = old->began_ms;
    s->max_timestamp_ms = result->max_timestamp_ms;
    s->version = old->version + 1;
    s->index = result->index;
    files_adopt(&p->st->files, &s->files, result->files, false);
    *result = (struct compacted){0};
    return s;
}

/* The new files are in place. */
static void take_result(struct partition *p)
{
    struct partition_compaction *c = p->compaction;
    struct segment *old = c->segment;
    size_t i = partition_segment_of(p, old->base_offset);
    ASSERT(p->segments[i] == old && i + 1 < p->segment_count);
    int64_t end_offset = partition_segment_end(p, i);
    if (p->last_batch_base >= old->base_offset && p->last_batch_base < end_offset) {
        p->last_batch_len = c->result.last_base == p->last_batch_base ? c->result.last_len : 0;
    }
    p->bytes -= old->bytes - c->result.bytes;
    files_drop(&old->files);
    if (c->remove) {
        memmove(p->segments + i, p->segments + i + 1,
                (p->segment_count - i - 1) * sizeof(p->segments[0]));
        p->segment_count--;
    } else {
        p->segments[i] = segment_from(p, &c->result, old);
    }
    segment_unref(old); /* the partition's */
    p->start_skip = partition_bytes_before(p, p->log_start);
    tail_drop_before(&p->st->tail, &p->tail, end_offset);
}

/* --- going on -------------------------------------------------------------------------------- */

static void go_on(struct partition *p)
{
    struct partition_compaction *c = p->compaction;
    if (c->under_way)
        return;
    if (c->aborted) {
        end(p);
        return;
    }
    switch (c->stage) {
    case STAGE_NOTING:
        if (partition_compaction_noting(p))
            return; /* the partition's next step */
        c->stage = STAGE_MAPPING;
        map_next(p);
        break;
    case STAGE_MAPPING:
        map_next(p);
        break;
    case STAGE_CLEANING:
        clean_next(p);
        break;
    case STAGE_WAITING:
        swap(p);
        break;
    case STAGE_SWAPPING:
        ASSERT(false);
    }
}

bool partition_compaction_noting(const struct partition *p)
{
    const struct partition_compaction *c = p->compaction;
    return c != NULL && c->stage == STAGE_NOTING && !c->aborted &&
           (p->durable_compacted_to < c->limit || p->marker);
}

void partition_compaction_noted(struct partition *p, enum err err)
{
    struct partition_compaction *c = p->compaction;
    if (c == NULL || c->stage != STAGE_NOTING)
        return;
    if (err != ERR_OK && partition_compaction_noting(p))
        give_up(p, err);
    if (c->aborted || !partition_compaction_noting(p))
        go_on(p);
}

void partition_compaction_opened(struct partition *p)
{
    if (p->compaction != NULL && p->compaction->stage == STAGE_WAITING)
        go_on(p);
}

bool partition_compaction_busy(const struct partition *p)
{
    return p->compaction != NULL && p->compaction->segment != NULL;
}

static void mapped(struct partition *p)
{
    struct partition_compaction *c = p->compaction;
    let_go(c);
    if (c->err == ERR_OK)
        c->mapped_to = c->mapped < c->limit ? c->mapped : c->limit;
}

static void cleaned(struct partition *p)
{
    struct partition_compaction *c = p->compaction;
    c->next_base = c->view.base_offset + 1;
    if (c->err != ERR_OK || !c->result.changed) {
        if (c->err == ERR_OK) {
            c->bytes_before += c->view.bytes;
            c->bytes_after += c->view.bytes;
        } else {
            c->result.changed = false;
        }
        let_go(c);
        return;
    }
    pin(p);
    c->stage = STAGE_WAITING;
}

static void swapped(struct partition *p)
{
    struct partition_compaction *c = p->compaction;
    c->stage = STAGE_CLEANING;
    if (c->swapped) {
        c->bytes_before += c->view.bytes;
        c->bytes_after += c->result.bytes;
        c->dropped += c->result.dropped;
        take_result(p);
    }
    drop_result(c);
    let_go(c);
}

static void job_done(struct disk_job *job)
{
    struct partition_compaction *c = compaction_of(job);
    struct partition *p = c->p;
    c->under_way = false;
    if (p->deleted) {
        end(p);
        if (p->work.kind == WORK_NONE && !p->removal.under_way)
            work_start_delete(p);
        return;
    }
    if (c->stage == STAGE_MAPPING)
        mapped(p);
    else if (c->stage == STAGE_CLEANING)
        cleaned(p);
    else
        swapped(p);
    if (c->err != ERR_OK && !c->aborted)
        give_up(p, c->err);
    if (c->aborted && c->stage == STAGE_WAITING)
        partition_compaction_abort(p); /* removes what is not in place */
    else if (!c->aborted && c->stage != STAGE_WAITING)
        partition_advance(p); /* segments that are to be removed go between jobs */
    if (p->compaction != NULL)
        go_on(p);
}
