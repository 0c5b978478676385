/* SPDX-License-Identifier: BSD-3-Clause */
/* Compaction of a partition, seen from the reactor: one job after the other, each at one segment, while
 * appends and reads go on. Before the first file is replaced both slots of the checkpoint say, synced, up to
 * where records may be missing from now on: no further than all was there until then. At the end segments that
 * fit in one file together become one, some at a time: so their number goes by what is live, and not by what
 * there ever was.
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
/* Their files are open while they become one. */
#define MERGED_MAX 8

enum stage {
    STAGE_MAPPING,
    STAGE_NOTING, /* waits for the checkpoint */
    STAGE_CLEANING,
    STAGE_MERGING,
    STAGE_WAITING, /* for jobs that open the segments' files */
    STAGE_SWAPPING,
};

/* Adjacent segments. */
struct group {
    size_t count;                          /* 0 between jobs */
    struct segment *segments[MERGED_MAX];  /* counted */
    struct segment_view views[MERGED_MAX]; /* their files are the job's */
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
    int64_t next_base; /* of the next segment to clean or to merge, at least */
    bool merged_any;   /* since the last time that began with the first segment */

    /* What the job is at. */
    struct group group;
    struct compaction_rules rules;
    struct compacted result;
    bool remove;
    bool swapped;
    int64_t mapped;
    enum err err;
    bool settle; /* the job sees first that the last merge is at its end */

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
    enum err err = ERR_OK;
    for (size_t i = 0; i < c->group.count && err == ERR_OK; i++) {
        struct segment_view *v = &c->group.views[i];
        err = segment_files_open(p->st->options.disk, p->dir, v->base_offset, DISK_READ, &v->files);
    }
    return err == ERR_NOT_FOUND ? ERR_IO : err;
}

static void run_map(struct disk_job *job)
{
    struct partition_compaction *c = compaction_of(job);
    if (c->settle)
        c->err = merge_settle(c->p->st->options.disk, c->p->dir);
    if (c->err == ERR_OK)
        c->err = open_files(c);
    if (c->err == ERR_OK)
        c->err = compaction_map(&c->group.views[0], c->mapped_to, c->keys_max, &c->map, &c->mapped);
}

static void run_clean(struct disk_job *job)
{
    struct partition_compaction *c = compaction_of(job);
    struct disk *disk = c->p->st->options.disk;
    const struct segment_view *v = &c->group.views[0];
    c->err = open_files(c);
    if (c->err != ERR_OK)
        return;
    c->err = compaction_clean(disk, c->p->dir, v, &c->rules, &c->result);
    if (c->err != ERR_OK)
        compaction_drop(disk, c->p->dir, v->base_offset);
}

static void run_merge(struct disk_job *job)
{
    struct partition_compaction *c = compaction_of(job);
    struct disk *disk = c->p->st->options.disk;
    const struct group *g = &c->group;
    c->err = open_files(c);
    if (c->err != ERR_OK)
        return;
    c->err = compaction_merge(disk, c->p->dir, g->views, g->count, &c->result);
    if (c->err != ERR_OK || !c->result.changed)
        compaction_drop(disk, c->p->dir, g->views[0].base_offset);
}

static void run_swap(struct disk_job *job)
{
    struct partition_compaction *c = compaction_of(job);
    c->err = compaction_swap(c->p->st->options.disk, c->p->dir, c->group.views[0].base_offset,
                             c->remove, &c->swapped);
}

static void run_swap_merged(struct disk_job *job)
{
    struct partition_compaction *c = compaction_of(job);
    const struct group *g = &c->group;
    struct merge_note note = {.base_offset = g->views[0].base_offset,
                              .end_offset = g->views[g->count - 1].end_offset,
                              .bytes = c->result.bytes};
    c->err = compaction_swap_merged(c->p->st->options.disk, c->p->dir, &note, &c->swapped);
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
    go_on(p);
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
    struct group *g = &c->group;
    for (size_t i = 0; i < g->count; i++) {
        struct segment *s = g->segments[i];
        segment_files_unref(g->views[i].files);
        if (s->pinned && s->files != NULL)
            files_rest(&c->p->st->files, s->files);
        s->pinned = false;
        segment_unref(s);
    }
    g->count = 0;
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
            compaction_drop(p->st->options.disk, p->dir, c->group.views[0].base_offset);
        end(p);
    }
}

/* --- one segment ----------------------------------------------------------------------------- */

static void take(struct partition *p, size_t i)
{
    struct group *g = &p->compaction->group;
    ASSERT(g->count < MERGED_MAX);
    segment_ref(p->segments[i]);
    partition_view_of(p, i, p->segments[i]->base_offset, INT64_MIN, &g->views[g->count]);
    g->views[g->count].files = NULL;
    g->segments[g->count++] = p->segments[i];
}

/* Takes the first segment before the limit that ends behind `offset` and begins at `base_min` or later. */
static bool take_segment(struct partition *p, int64_t offset, int64_t base_min, int64_t base_end)
{
    for (size_t i = 0; i + 1 < p->segment_count && p->segments[i]->base_offset < base_end; i++) {
        if (partition_segment_end(p, i) <= offset || p->segments[i]->base_offset < base_min)
            continue;
        take(p, i);
        return true;
    }
    return false;
}

static void map_next(struct partition *p)
{
    struct partition_compaction *c = p->compaction;
    bool full = c->map.count >= c->keys_max;
    if (!full && take_segment(p, c->mapped_to, 0, c->limit)) {
        c->settle = p->merge_unsettled;
        submit(c, STAGE_MAPPING, run_map);
        return;
    }
    if (!full)
        c->mapped_to = c->limit;
    /* Not before: where something is damaged no hole is allowed that would hide it. */
    if (p->compacted_to < c->mapped_to)
        p->compacted_to = c->mapped_to;
    c->next_base = 0;
    c->stage = STAGE_NOTING;
    go_on(p);
    partition_advance(p);
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
    c->next_base = 0;
    c->stage = STAGE_MERGING;
    go_on(p);
}

/* How many segments from `i` on fit in one: in bytes, and in the offsets that its indexes can tell. */
static size_t fit_together(const struct partition *p, size_t i)
{
    uint64_t bytes = 0;
    size_t n = 0;
    while (n < MERGED_MAX && i + n + 1 < p->segment_count) {
        const struct segment *s = p->segments[i + n];
        bytes += s->bytes;
        if (s->base_offset >= p->compaction->limit || bytes > partition_segment_bytes_max(p) ||
            partition_segment_end(p, i + n) - p->segments[i]->base_offset > INT32_MAX)
            break;
        n++;
    }
    return n;
}

/* Takes the first segments from next_base on that fit together. What is before the log start goes anyway. */
static bool take_group(struct partition *p)
{
    for (size_t i = 0; i + 1 < p->segment_count; i++) {
        if (p->segments[i]->base_offset < p->compaction->next_base ||
            partition_segment_end(p, i) <= p->log_start)
            continue;
        size_t n = fit_together(p, i);
        for (size_t k = 0; k < n && n > 1; k++)
            take(p, i + k);
        if (n > 1)
            return true;
    }
    return false;
}

static void merge_next(struct partition *p)
{
    struct partition_compaction *c = p->compaction;
    if (!take_group(p) && c->merged_any) { /* there may be more that fits now */
        c->merged_any = false;
        c->next_base = 0;
        take_group(p);
    }
    if (c->group.count > 0)
        submit(c, STAGE_MERGING, run_merge);
    else
        end(p);
}

/* Readers that come now find the old files open. */
static void pin(struct partition *p)
{
    struct group *g = &p->compaction->group;
    for (size_t i = 0; i < g->count; i++) {
        struct segment *s = g->segments[i];
        files_drop(&s->files);
        files_adopt(&p->st->files, &s->files, g->views[i].files, true);
        g->views[i].files = NULL;
        s->pinned = true;
    }
}

static void swap(struct partition *p)
{
    struct partition_compaction *c = p->compaction;
    const struct group *g = &c->group;
    for (size_t i = 0; i < g->count; i++)
        if (g->segments[i]->opening > 0) {
            c->stage = STAGE_WAITING;
            return;
        }
    if (g->count > 1) {
        c->remove = false;
        p->merge_unsettled = true;
        submit(c, STAGE_SWAPPING, run_swap_merged);
        return;
    }
    /* The first one stays, however empty: where the log begins is never missing. */
    c->remove = c->result.bytes == 0 && g->segments[0] != p->segments[0];
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
    const struct group *g = &c->group;
    size_t i = partition_segment_of(p, g->segments[0]->base_offset);
    int64_t base_offset = g->segments[0]->base_offset,
            end_offset = g->views[g->count - 1].end_offset;
    ASSERT(i + g->count < p->segment_count);
    if (p->last_batch_base >= base_offset && p->last_batch_base < end_offset)
        p->last_batch_len = c->result.last_base == p->last_batch_base ? c->result.last_len : 0;
    p->bytes += c->result.bytes;
    struct segment *fresh = c->remove ? NULL : segment_from(p, &c->result, g->segments[0]);
    for (size_t k = 0; k < g->count; k++) {
        struct segment *old = g->segments[k];
        ASSERT(p->segments[i + k] == old);
        p->bytes -= old->bytes;
        files_drop(&old->files);
        segment_unref(old); /* the partition's */
    }
    size_t stay = 0;
    if (fresh != NULL)
        p->segments[i + stay++] = fresh;
    memmove(p->segments + i + stay, p->segments + i + g->count,
            (p->segment_count - i - g->count) * sizeof(p->segments[0]));
    p->segment_count -= g->count - stay;
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
        c->stage = STAGE_CLEANING;
        clean_next(p);
        break;
    case STAGE_MAPPING:
        map_next(p);
        break;
    case STAGE_CLEANING:
        clean_next(p);
        break;
    case STAGE_MERGING:
        merge_next(p);
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
           (p->durable_compacted_to < p->compacted_to || p->marker);
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
    return p->compaction != NULL && p->compaction->group.count > 0;
}

static void mapped(struct partition *p)
{
    struct partition_compaction *c = p->compaction;
    let_go(c);
    if (c->err != ERR_OK)
        return;
    p->merge_unsettled = false;
    c->mapped_to = c->mapped < c->limit ? c->mapped : c->limit;
}

/* There are no new files. */
static void left_as_is(struct partition_compaction *c)
{
    c->result.changed = false;
    let_go(c);
}

static void cleaned(struct partition *p)
{
    struct partition_compaction *c = p->compaction;
    uint64_t bytes = c->group.views[0].bytes;
    c->next_base = c->group.views[0].base_offset + 1;
    if (c->err != ERR_OK || !c->result.changed) {
        left_as_is(c);
        c->bytes_before += c->err == ERR_OK ? bytes : 0;
        c->bytes_after += c->err == ERR_OK ? bytes : 0;
        return;
    }
    pin(p);
    c->stage = STAGE_WAITING;
}

static void merged(struct partition *p)
{
    struct partition_compaction *c = p->compaction;
    const struct group *g = &c->group;
    if (c->err == ERR_OK && c->result.changed) {
        c->next_base = g->views[g->count - 1].end_offset;
        pin(p);
        c->stage = STAGE_WAITING;
        return;
    }
    if (c->err == ERR_CORRUPT) /* what is damaged stays by itself */
        c->err = ERR_OK;
    c->next_base = g->views[1].base_offset;
    left_as_is(c);
}

static void swapped(struct partition *p)
{
    struct partition_compaction *c = p->compaction;
    bool merge = c->group.count > 1;
    if (merge && c->err == ERR_OK)
        p->merge_unsettled = false;
    c->stage = merge ? STAGE_MERGING : STAGE_CLEANING;
    if (c->swapped) {
        if (!merge) {
            c->bytes_before += c->group.views[0].bytes;
            c->bytes_after += c->result.bytes;
        }
        c->dropped += c->result.dropped;
        c->merged_any |= merge;
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
    else if (c->stage == STAGE_MERGING)
        merged(p);
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
