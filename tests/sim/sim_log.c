/* SPDX-License-Identifier: BSD-3-Clause */
/* The workload. What is right is the model's business; here things are only done, and answers passed on. */
#include "sim/sim_log.h"

#include "sim/flights.h"
#include "sim/runs.h"
#include "sim/spoil.h"
#include "sim/trims.h"
#include <stdio.h>

#define RECORDS_PER_PART_MAX 3000
#define APPEND_COUNT_MAX 12

const char *const sim_deed_names[DEED_COUNT] = {
    [DEED_RECORDS] = "records appended",
    [DEED_WRITTEN] = "batches written",
    [DEED_SYNCED] = "batches synced",
    [DEED_REFUSED] = "batches refused",
    [DEED_PARTITION_FAILED] = "partitions failed",
    [DEED_READ] = "reads",
    [DEED_READ_WAITED] = "reads by a worker",
    [DEED_READ_CANCELLED] = "reads cancelled",
    [DEED_READ_CORRUPT] = "reads that told damage",
    [DEED_READ_OUT_OF_RANGE] = "reads out of range",
    [DEED_SEEK] = "searches by time",
    [DEED_ROLLED] = "segments rolled",
    [DEED_START_MOVED] = "log starts moved",
    [DEED_TRIM] = "trims",
    [DEED_TRIM_ANSWERED] = "trims answered",
    [DEED_TRIM_FAILED] = "trims failed",
    [DEED_TRIM_CANCELLED] = "trims cancelled",
    [DEED_SEGMENT_REMOVED] = "segments removed",
    [DEED_COMPACTED] = "partitions compacted",
    [DEED_COMPACTION_DIED] = "compactions ended by a crash",
    [DEED_RECORD_COMPACTED] = "records gone by compaction, at audits",
    [DEED_DELETED] = "partitions deleted",
    [DEED_CLEAN_STOP] = "clean stops",
    [DEED_KILLED] = "processes killed",
    [DEED_POWER_CUT] = "power cuts",
    [DEED_OPENED] = "partitions opened",
    [DEED_OPENED_CLEAN] = "opened without a scan",
    [DEED_TAIL_CUT] = "torn tails cut",
    [DEED_DAMAGE_FOUND] = "damaged ranges found at start",
    [DEED_ROUND] = "rounds of the journal written",
    [DEED_REPLAYED] = "logs that took bytes over from the journal",
    [DEED_BATCH_LOST] = "unacknowledged batches lost",
    [DEED_INDEX_SPOILED] = "index files spoiled",
    [DEED_CHECKPOINT_SPOILED] = "checkpoints spoiled",
    [DEED_MARKER_SPOILED] = "markers of clean stops spoiled",
    [DEED_LOG_GIVEN_UP] = "logs that could not be opened then",
};

/* --- appends -------------------------------------------------------------------------------- */

static int64_t some_timestamp(struct world *w)
{
    int64_t now_ms = w->clock.wall_ms;
    switch (world_below(w, 8)) {
    case 0:
        return now_ms - world_spread(w, 0, 4000000);
    case 1:
        return now_ms + (int64_t)world_below(w, 60000);
    default:
        return now_ms;
    }
}

static void do_append(struct world *w, struct part *part)
{
    struct model_scratch scratch[APPEND_COUNT_MAX];
    struct record records[APPEND_COUNT_MAX];
    int64_t timestamps_ms[APPEND_COUNT_MAX], offset;
    uint64_t ids[APPEND_COUNT_MAX], number;
    size_t count = 1 + world_below(w, world_one_in(w, 3) ? APPEND_COUNT_MAX : 2),
           len = BATCH_HEADER_BYTES;
    if (model_records(&part->model) > RECORDS_PER_PART_MAX)
        return;
    for (size_t i = 0; i < count; i++) {
        timestamps_ms[i] = some_timestamp(w);
        ids[i] = w->id_next + MODEL_ID_STEP * i;
        if (part->keys > 0 && !world_one_in(w, 5))
            ids[i] += 1 + world_below(w, part->keys);
        model_make(ids[i], timestamps_ms[i], &scratch[i], &records[i]);
        len += record_bytes_max(&records[i]);
        if (part->config.append_time)
            timestamps_ms[i] = w->clock.wall_ms;
    }
    enum err err = partition_append(part->p, records, count, &offset, &number);
    if (err == ERR_FAILED) {
        struct partition_info info;
        partition_describe(part->p, &info);
        if (info.failed == ERR_OK)
            model_fail(&part->model, "it refuses appends as if it had failed");
        model_failed(&part->model, info.failed);
        return;
    }
    if (err == ERR_TOO_LARGE && (int64_t)len > part->config.batch_bytes_max)
        return;
    if (err != ERR_OK)
        model_fail(&part->model, "an append failed: %s", err_text(err));
    model_appended(&part->model, offset, number, ids, timestamps_ms, count,
                   part->config.append_time);
    world_tell(w, "%s: append %zu at %lld, batch %llu", part->dir, count, (long long)offset,
               (unsigned long long)number);
    w->id_next += MODEL_ID_STEP * count;
    w->report->deeds[DEED_RECORDS] += count;
}

static void do_commit(struct world *w, struct part *part, bool sync)
{
    partition_commit(part->p);
    if (!sync || world_gone(w))
        return;
    part->sync_wanted = partition_batch_last(part->p);
    partition_want_sync(part->p);
}

static void do_produce(struct world *w, struct part *part)
{
    for (uint64_t n = 1 + world_below(w, world_one_in(w, 8) ? 20 : 3); n > 0 && !world_gone(w); n--)
        do_append(w, part);
    if (!world_one_in(w, 10) && !world_gone(w))
        do_commit(w, part, world_one_in(w, 2));
}

/* --- time ----------------------------------------------------------------------------------- */

static void check_settled(struct world *w, struct part *part)
{
    struct partition_info info;
    partition_describe(part->p, &info);
    if (info.failed != ERR_OK) {
        model_failed(&part->model, info.failed);
        return;
    }
    int64_t quiet_us = w->clock.mono_us, flush_us = part->config.flush_ms * 1000;
    if (quiet_us - part->configured_us > flush_us)
        model_check_flushed(&part->model, quiet_us - flush_us);
    if (w->stormy)
        return;
    if (quiet_us - part->configured_us > flush_us && quiet_us - w->storm_us > flush_us)
        model_quiet(&part->model, quiet_us - flush_us);
    if (partition_batch_synced(part->p) < part->sync_wanted &&
        part->sync_wanted <= partition_batch_written(part->p))
        model_fail(&part->model, "a sync was asked for batch %llu; it is written and not synced",
                   (unsigned long long)part->sync_wanted);
}

/* All is quiet: what was asked for has happened. */
static void do_settle(struct world *w)
{
    world_settle(w);
    if (world_gone(w))
        return;
    timers_run(&w->timers, w->clock.mono_us);
    world_settle(w);
    w->unsettled = false;
    w->suffered = false;
    for (size_t i = 0; i < w->part_count && !world_gone(w); i++) {
        check_settled(w, &w->parts[i]);
        if (!list_empty(&w->parts[i].flights))
            model_fail(&w->parts[i].model, "a read has not ended, and nothing is under way");
        if (!list_empty(&w->parts[i].trims))
            model_fail(&w->parts[i].model, "a trim has not ended, and nothing is under way");
    }
}

static void set_back(struct world *w, int64_t ms)
{
    int64_t before_ms = w->clock.wall_ms;
    w->clock.wall_ms -= ms;
    for (size_t i = 0; i < w->part_count; i++)
        model_time_back(&w->parts[i].model, before_ms);
}

static void do_time(struct world *w)
{
    switch (world_below(w, 10)) {
    case 0:
        world_pass(w, world_spread(w, 1000, 100000000));
        break;
    case 1:
        world_settle(w); /* the wall clock goes back */
        if (!world_gone(w))
            set_back(w, world_spread(w, 1, 100000));
        break;
    default:
        world_pass(w, (int64_t)world_below(w, 300));
    }
}

/* --- configuration, retention, deletion ----------------------------------------------------- */

static void configure(struct world *w, struct partition_config *c, bool may_change_time)
{
    c->segment_bytes = world_spread(w, 512, 65536);
    c->segment_ms = world_one_in(w, 2) ? 0 : world_spread(w, 1000, 1000000);
    c->retention_ms = world_one_in(w, 2) ? -1 : world_spread(w, 1000, 10000000);
    c->retention_bytes = world_one_in(w, 2) ? -1 : world_spread(w, 0, 60000);
    c->batch_bytes_max = world_spread(w, 8000, 65536);
    c->flush_ms = world_spread(w, 1, 5000);
    c->delete_retention_ms = world_spread(w, 0, 1000000);
    c->min_dirty_ratio = (double)world_below(w, 4) / 4;
    if (may_change_time)
        c->append_time = world_one_in(w, 4);
}

/* What a new partition is like. */
static void begin(struct world *w, struct part *part)
{
    configure(w, &part->config, true);
    part->config.compact = world_one_in(w, 3);
    part->keys = part->config.compact || world_one_in(w, 3) ? world_below(w, MODEL_KEYS_MAX) : 0;
    if (part->config.compact && !world_one_in(w, 3)) { /* or both */
        part->config.retention_ms = part->config.retention_bytes = -1;
        part->config.segment_bytes = world_spread(w, 512, 8192);
    }
}

static void do_configure(struct world *w, struct part *part)
{
    world_settle(w); /* so that it is clear by which limits retention goes */
    if (world_gone(w))
        return;
    configure(w, &part->config, !partition_dirty(part->p));
    if (world_one_in(w, 6) && model_knows_bases(&part->model))
        part->config.compact = !part->config.compact;
    model_configured(&part->model, &part->config);
    partition_configure(part->p, &part->config);
    part->configured_us = w->clock.mono_us;
    world_tell(w, "%s: configured: retention %lld ms, %lld bytes; segments %lld", part->dir,
               (long long)part->config.retention_ms, (long long)part->config.retention_bytes,
               (long long)part->config.segment_bytes);
}

static bool whole(const struct model *m)
{
    for (size_t i = 0; i < m->count; i++)
        if (m->batches[i].damaged || m->batches[i].doubtful)
            return false;
    return m->bytes_known;
}

static void do_retain(struct world *w, struct part *part)
{
    int64_t low, high;
    if (part->config.compact && world_one_in(w, 5)) /* in the midst of compaction, most likely */
        sim_disk_die_after(w->disk, world_spread(w, 0, 200));
    partition_retain(part->p);
    if (part->config.compact && world_one_in(w, 2))
        world_settle(w);
    if (world_gone(w) || w->stormy || world_one_in(w, 2))
        return;
    world_settle(w);
    if (world_gone(w) || !whole(&part->model))
        return;
    /* Clocks that went back and records that aged while the search ran are for the next time. */
    partition_retain(part->p);
    world_settle(w);
    if (world_gone(w))
        return;
    model_start_bounds(&part->model, part_cutoff_ms(part), part->config.retention_bytes, &low,
                       &high);
    int64_t start = partition_log_start(part->p);
    world_tell(w, "%s: retained: %lld, by the limits %lld to %lld (cutoff %lld, bytes %lld)",
               part->dir, (long long)start, (long long)low, (long long)high,
               (long long)part_cutoff_ms(part), (long long)part->config.retention_bytes);
    if (start < low && model_keeps_any(&part->model, start, low))
        model_fail(&part->model, "the log start is %lld; by the limits it is at least %lld",
                   (long long)start, (long long)low);
}

static void do_delete(struct world *w, struct part *part)
{
    world_deed(w, DEED_DELETED);
    world_tell(w, "%s: deleted", part->dir);
    flights_cancel(part);
    if (world_one_in(w, 2))
        trims_cancel(part); /* else it ends them */
    partition_delete(part->p);
    part->p = NULL;
    part->made = false;
    part->sync_wanted = 0;
    model_deinit(&part->model);
    if (world_gone(w)) {
        model_init(&part->model, part->dir, &w->options->rules, &w->clock);
        return;
    }
    begin(w, part);
    run_create_part(w, part);
}

/* --- steps ---------------------------------------------------------------------------------- */

static void do_end(struct world *w)
{
    switch (world_below(w, 4)) {
    case 0:
        if (world_one_in(w, 4))
            sim_disk_die_after(w->disk, world_spread(w, 0, 30));
        run_restart(w, MODEL_END_CLEAN);
        break;
    case 1:
        run_restart(w, MODEL_END_KILL);
        break;
    case 2:
        run_restart(w, MODEL_END_POWER);
        break;
    default: /* somewhere in the midst of what comes */
        sim_disk_die_after(w->disk, world_spread(w, 0, 200));
    }
}

static void do_step(struct world *w, struct part *part)
{
    uint64_t n = world_below(w, 100);
    if (n < 36)
        do_produce(w, part);
    else if (n < 56)
        flights_read(w, part);
    else if (n < 62)
        flights_seek(w, part);
    else if (n < 64)
        world_one_in(w, 6) ? trims_cancel_one(w, part) : flights_cancel_one(w, part);
    else if (n < 68 && part->config.compact)
        do_retain(w, part);
    else if (n < 76)
        disk_reap(&w->disk->disk);
    else if (n < 82)
        do_time(w);
    else if (n < 86)
        do_settle(w);
    else if (n < 87)
        do_retain(w, part);
    else if (n < 88)
        trims_ask(w, part);
    else if (n < 90)
        do_configure(w, part);
    else if (n < 94)
        world_weather(w);
    else if (n < 96)
        spoil_rot(w, part);
    else if (n < 97 && world_one_in(w, 3))
        do_delete(w, part);
    else if (n >= 97)
        do_end(w);
}

static void check_all(struct world *w)
{
    for (size_t i = 0; i < w->part_count; i++) {
        struct part *part = &w->parts[i];
        struct partition_info info;
        partition_describe(part->p, &info);
        model_check_info(&part->model, &info);
        if (info.segment_count > part->segments_seen && part->segments_seen > 0)
            w->report->deeds[DEED_ROLLED] += info.segment_count - part->segments_seen;
        part->segments_seen = info.segment_count;
        if (info.failed != ERR_OK && !part->failed_seen)
            world_deed(w, DEED_PARTITION_FAILED);
        part->failed_seen = info.failed != ERR_OK;
    }
}

static void clock_stands(struct clock *clock)
{
    (void)clock;
}

static void world_init(struct world *w, const struct sim_options *options,
                       struct sim_report *report)
{
    *w = (struct world){.options = options, .report = report};
    random_seed(&w->random, options->seed);
    w->disk = sim_disk_create(random_next(&w->random));
    w->clock = (struct clock){.wall_ms = 1700000000000, .mono_us = 5000000, .update = clock_stands};
    w->trace = (struct trace){.level = options->verbose ? TRACE_DEBUG : TRACE_WARNING,
                              .sink = world_trace_sink};
    timers_init(&w->timers);
    w->part_count = 1 + world_below(w, PARTS_MAX);
    w->id_next = 1;
    for (size_t i = 0; i < w->part_count; i++) {
        struct part *part = &w->parts[i];
        part->w = w;
        snprintf(part->dir, sizeof(part->dir), "topic-%zu", i);
        list_init(&part->flights);
        list_init(&part->trims);
        begin(w, part);
        model_init(&part->model, part->dir, &options->rules, &w->clock);
    }
}

static void world_deinit(struct world *w)
{
    for (size_t i = 0; i < w->part_count; i++)
        model_deinit(&w->parts[i].model);
    for (size_t i = 0; i < SIM_FAULT_COUNT; i++)
        w->report->faults[i] += w->disk->hits[i];
    timers_deinit(&w->timers);
    sim_disk_destroy(w->disk);
}

void sim_log_run(const struct sim_options *options, struct sim_report *report)
{
    static struct world world;
    struct world *w = &world;
    world_init(w, options, report);
    run_start(w);
    for (w->step = 1; w->step <= options->steps; w->step++) {
        report->step = w->step;
        do_step(w, &w->parts[world_below(w, w->part_count)]);
        if (world_below(w, 3) > 0)
            storage_sync(w->st);
        if (w->disk->dead)
            run_restart(w, world_one_in(w, 2) ? MODEL_END_KILL : MODEL_END_POWER);
        check_all(w);
    }
    sim_disk_die_after(w->disk, -1);
    world_calm(w);
    run_restart(w, MODEL_END_CLEAN);
    run_end(w, MODEL_END_CLEAN);
    world_deinit(w);
}
