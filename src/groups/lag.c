/* SPDX-License-Identifier: BSD-3-Clause */
/* Lag. The query works in two rounds: first the oldest uncommitted record of each partition that lags is
 * looked up, which may take workers and turns; then, in one go, the group as it is by then is measured, so
 * all figures of an answer are of one moment. */
#include "groups/lag.h"

#include "base/mem.h"

/* Where what is not committed begins. */
static int64_t uncommitted_from(const struct group_partition *gp, const struct partition *log)
{
    return gp->committed >= 0 ? gp->committed : partition_log_start(log);
}

void lag_of_partition(const struct group_partition *gp, struct lag_part *part)
{
    struct topic_partition *tp = group_partition_log(gp);
    if (tp != NULL && tp->log != NULL)
        partition_retain(tp->log);
    lag_estimate(gp, part);
}

void lag_estimate(const struct group_partition *gp, struct lag_part *part)
{
    /* Only looked at. */
    struct group_partition *mine = (struct group_partition *)(uintptr_t)gp;
    *part = (struct lag_part){.gp = mine, .records = -1, .ms = -1};
    struct topic_partition *tp = group_partition_log(gp);
    if (tp == NULL || tp->log == NULL)
        return;
    part->log_start = partition_log_start(tp->log);
    part->end = partition_next_offset(tp->log);
    int64_t from = uncommitted_from(gp, tp->log);
    part->records = part->end > from ? part->end - from : 0;
    if (part->records == 0)
        part->ms = 0;
}

static void each_partition(const struct group *g, void (*fn)(void *, struct group_partition *),
                           void *ctx)
{
    LIST_EACH (it, &g->topics) {
        const struct group_topic *gt = CONTAINER_OF(it, struct group_topic, in_group);
        for (int32_t i = 0; i < gt->partition_count; i++)
            fn(ctx, gt->partitions[i]);
    }
}

static size_t count_partitions(const struct group *g)
{
    size_t count = 0;
    LIST_EACH (it, &g->topics)
        count += (size_t)CONTAINER_OF(it, struct group_topic, in_group)->partition_count;
    return count;
}

/* --- the oldest records ----------------------------------------------------------------------- */

static void add_probe(void *ctx, struct group_partition *gp)
{
    struct lag_query *q = ctx;
    struct topic_partition *tp = group_partition_log(gp);
    if (tp == NULL || tp->log == NULL)
        return;
    partition_retain(tp->log);
    int64_t from = uncommitted_from(gp, tp->log);
    if (partition_append_offset(tp->log) <= from)
        return;
    int64_t start = partition_log_start(tp->log);
    topic_ref(tp->topic);
    q->probes[q->probe_count++] = (struct lag_probe){
        .tp = tp, .from = from, .at = from > start ? from : start, .timestamp_ms = -1};
}

/* The first record at or behind `at` among the batches, which is its offset then; false: there is none, and *at is
 * behind them. */
static bool find_record(struct bytes batches, int64_t *at, int64_t *timestamp_ms)
{
    struct batch_header header;
    while (batches.len > 0 && batch_header_read(batches, INT32_MAX, &header) == ERR_OK &&
           batch_header_len(&header) <= batches.len) {
        struct bytes batch = bytes_of(batches.data, batch_header_len(&header));
        struct batch_iter it;
        struct record_view r;
        if (batch_iter_init(&it, batch) != ERR_OK)
            return false;
        while (batch_iter_next(&it, &r) == ERR_OK) {
            if (r.offset >= *at) {
                *at = r.offset;
                *timestamp_ms = r.timestamp_ms;
                return true;
            }
        }
        if (batch_header_last_offset(&header) >= *at)
            *at = batch_header_last_offset(&header) + 1;
        batches = bytes_of(batches.data + batch.len, batches.len - batch.len);
    }
    return false;
}

/* Whether the probe is to be asked again, further on. */
static bool take_probe(struct lag_query *q)
{
    struct lag_probe *probe = &q->probes[q->cursor];
    const struct fetch_part *part = &q->fetch_part;
    int64_t before = probe->at;
    if (part->err != ERR_OK)
        return false;
    if (part->batches.len == 0) {
        probe->nothing = true;
        probe->at = part->next_offset;
    } else if (!find_record(part->batches, &probe->at, &probe->timestamp_ms))
        return probe->at > before;
    return false;
}

static void on_fetched(struct fetch *f);

static enum err start_probe(struct lag_query *q)
{
    const struct lag_probe *probe = &q->probes[q->cursor];
    q->fetch_part =
        (struct fetch_part){.tp = probe->tp, .from = FETCH_FROM_OFFSET, .value = probe->at};
    q->fetch = (struct fetch){.parts = &q->fetch_part,
                              .part_count = 1,
                              .count_max = 1,
                              .bytes_max = 1,
                              .bytes_min = 1,
                              .timers = q->groups->timers,
                              .clock = q->groups->clock,
                              .done = on_fetched};
    return fetch_start(&q->fetch);
}

static void next_probe(struct lag_query *q)
{
    if (!take_probe(q))
        q->cursor++;
    fetch_end(&q->fetch);
}

/* ERR_AGAIN: on_fetched goes on. */
static enum err probe_all(struct lag_query *q)
{
    while (q->cursor < q->probe_count) {
        if (start_probe(q) == ERR_AGAIN)
            return ERR_AGAIN;
        next_probe(q);
    }
    return ERR_OK;
}

/* --- measuring ------------------------------------------------------------------------------ */

static int compare_places(const struct topic_partition *a, const struct topic_partition *b)
{
    int order = a == b ? 0 : bytes_compare(a->topic->name, b->topic->name);
    return order != 0 ? order : (a->number > b->number) - (a->number < b->number);
}

/* The probe of a partition; they and the partitions come in one order. */
static const struct lag_probe *probe_of(struct lag_query *q, const struct topic_partition *tp)
{
    while (q->cursor < q->probe_count && compare_places(q->probes[q->cursor].tp, tp) < 0)
        q->cursor++;
    if (q->cursor < q->probe_count && q->probes[q->cursor].tp == tp)
        return &q->probes[q->cursor];
    return NULL;
}

static void measure(void *ctx, struct group_partition *gp)
{
    struct lag_query *q = ctx;
    struct lag_part *part = &q->parts[q->part_count++];
    lag_of_partition(gp, part);
    const struct topic_partition *tp = group_partition_log(gp);
    const struct lag_probe *probe = tp == NULL ? NULL : probe_of(q, tp);
    if (part->records > 0 && probe != NULL && probe->from == uncommitted_from(gp, tp->log)) {
        int64_t now_ms = q->groups->clock->wall_ms;
        /* Offsets that no record has (a gap after a loss of power, compaction) do not wait; those of records
         * that were lost to the group count until it is told where to go on. */
        if ((probe->nothing || probe->timestamp_ms >= 0) && probe->from >= part->log_start)
            part->records = part->end - probe->at;
        if (probe->nothing)
            part->ms = 0;
        else if (probe->timestamp_ms >= 0)
            part->ms = now_ms > probe->timestamp_ms ? now_ms - probe->timestamp_ms : 0;
    }
    if (part->records > 0)
        q->records += part->records;
    if (part->records > q->records_max)
        q->records_max = part->records;
    if (part->ms > q->ms_max)
        q->ms_max = part->ms;
}

static void finish(struct lag_query *q)
{
    const struct group *g = groups_find(q->groups, bytes_of(q->name, q->name_len));
    q->gone = g == NULL;
    if (g == NULL)
        return;
    q->parts = mem_alloc((count_partitions(g) + 1) * sizeof(*q->parts));
    q->ms_max = -1;
    q->cursor = 0;
    each_partition(g, measure, q);
}

static void on_fetched(struct fetch *f)
{
    struct lag_query *q = CONTAINER_OF(f, struct lag_query, fetch);
    next_probe(q);
    if (probe_all(q) == ERR_AGAIN)
        return;
    finish(q);
    q->done(q);
}

enum err lag_query_start(struct lag_query *q)
{
    const struct group *g = q->group;
    q->name = mem_strndup(g->name.data, g->name.len);
    q->name_len = g->name.len;
    q->probes = mem_alloc((count_partitions(g) + 1) * sizeof(*q->probes));
    each_partition(g, add_probe, q);
    if (probe_all(q) == ERR_AGAIN)
        return ERR_AGAIN;
    finish(q);
    return ERR_OK;
}

void lag_query_end(struct lag_query *q)
{
    fetch_end(&q->fetch);
    for (size_t i = 0; i < q->probe_count; i++)
        topic_unref(q->probes[i].tp->topic);
    mem_free(q->probes);
    mem_free(q->parts);
    mem_free(q->name);
    *q = (struct lag_query){0};
}
