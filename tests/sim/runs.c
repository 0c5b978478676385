/* SPDX-License-Identifier: BSD-3-Clause */
#include "sim/runs.h"

#include "sim/flights.h"
#include "sim/spoil.h"
#include "sim/trims.h"
#include "storage/compaction.h"
#include <stdio.h>

/* --- events --------------------------------------------------------------------------------- */

static void on_written(struct partition *p, void *ctx, uint64_t batch)
{
    struct part *part = ctx;
    if (world_gone(part->w))
        return;
    ASSERT(part->p == p);
    part->made = true;
    world_deed(part->w, DEED_WRITTEN);
    world_tell(part->w, "%s: written %llu", part->dir, (unsigned long long)batch);
    model_written(&part->model, batch, part->w->clock.mono_us);
}

static void on_synced(struct partition *p, void *ctx, uint64_t batch)
{
    struct part *part = ctx;
    if (world_gone(part->w))
        return;
    ASSERT(part->p == p);
    world_deed(part->w, DEED_SYNCED);
    world_tell(part->w, "%s: synced %llu", part->dir, (unsigned long long)batch);
    model_synced(&part->model, batch);
}

static void on_refused(struct partition *p, void *ctx, uint64_t first, uint64_t last, enum err why)
{
    struct part *part = ctx;
    if (world_gone(part->w))
        return;
    (void)p;
    world_deed(part->w, DEED_REFUSED);
    world_tell(part->w, "%s: refused %llu..%llu: %s", part->dir, (unsigned long long)first,
               (unsigned long long)last, err_text(why));
    model_refused(&part->model, first, last, why);
}

static void on_trimmed(struct partition *p, void *ctx)
{
    struct part *part = ctx;
    if (world_gone(part->w))
        return;
    world_deed(part->w, DEED_START_MOVED);
    world_tell(part->w, "%s: log start %lld", part->dir, (long long)partition_log_start(p));
    model_trimmed(&part->model, partition_log_start(p), part_cutoff_ms(part),
                  part->config.retention_bytes, part->w->clock.mono_us);
}

static const struct partition_events events = {
    .written = on_written, .synced = on_synced, .refused = on_refused, .trimmed = on_trimmed};

/* --- ends and beginnings -------------------------------------------------------------------- */

/* A sync that failed may end unheard with the run. */
static bool sync_failed(const struct world *w)
{
    return w->disk->hits[SIM_SYNC_EIO] > w->sync_errors_heard;
}

/* Runs may end one after the other before anybody looks. */
static void raise_start_max(struct part *part)
{
    int64_t low, high;
    model_start_bounds(&part->model, part_cutoff_ms(part), part->config.retention_bytes, &low,
                       &high);
    if (high > part->start_max)
        part->start_max = high;
}

static void end_part(struct world *w, struct part *part, enum model_end wanted)
{
    bool failed = part->model.failed;
    flights_cancel(part);
    trims_cancel(part);
    part->sync_wanted = 0;
    if (part->p == NULL)
        return;
    enum err err = partition_close(part->p);
    part->p = NULL;
    if (w->disk->dead && sync_failed(w))
        model_doubt_unheard(&part->model);
    raise_start_max(part);
    if (wanted == MODEL_END_CLEAN && err == ERR_OK && !w->disk->dead) {
        if (failed)
            model_fail(&part->model, "it closed without an error after it had failed");
        part->made |= part->model.count > 0;
        model_closed(&part->model);
        raise_start_max(part);
        return;
    }
    if (!w->disk->dead) {
        world_tell(w, "%s: closed with an error: %s", part->dir, err_text(err));
        model_doubt(&part->model); /* what failed while it closed is not told apart */
    }
    /* While it closed, more may have been written and more dropped. */
    if (wanted == MODEL_END_CLEAN &&
        (part->config.retention_ms >= 0 || part->config.retention_bytes >= 0))
        part->start_max = INT64_MAX;
    if (part->end < MODEL_END_KILL)
        part->end = MODEL_END_KILL;
}

static void see_cleaned(void *ctx, const char *name, struct bytes content)
{
    bool *seen = ctx;
    (void)content;
    *seen |= strstr(name, COMPACTION_SUFFIX) != NULL;
}

static void note_compaction(struct world *w, const struct part *part)
{
    bool seen = false;
    sim_disk_each_file(w->disk, part->dir, see_cleaned, &seen);
    w->report->deeds[DEED_COMPACTION_DIED] += seen;
}

static void restart_disk(struct world *w, bool power)
{
    if (!power) {
        sim_disk_process_restart(w->disk);
        return;
    }
    world_deed(w, DEED_POWER_CUT);
    world_tell(w, "the power is cut");
    sim_disk_power_cycle(w->disk);
    for (size_t i = 0; i < w->part_count; i++)
        w->parts[i].end = MODEL_END_POWER;
}

void run_end(struct world *w, enum model_end wanted)
{
    world_tell(w, "the run ends: %d", (int)wanted);
    if (wanted != MODEL_END_CLEAN)
        sim_disk_die(w->disk);
    w->muted = true;
    for (size_t i = 0; i < w->part_count; i++)
        end_part(w, &w->parts[i], wanted);
    world_settle(w);
    for (size_t i = 0; i < w->part_count && w->disk->dead; i++)
        note_compaction(w, &w->parts[i]);
    w->report->deeds[DEED_SEGMENT_REMOVED] += storage_stats(w->st)->segments_removed;
    w->report->deeds[DEED_COMPACTED] += storage_stats(w->st)->compactions;
    w->report->deeds[DEED_ROUND] += storage_stats(w->st)->journal_syncs;
    storage_destroy(w->st);
    w->st = NULL;
    w->st = NULL;
    if (timers_next(&w->timers) != TIMERS_NONE)
        model_fail(&w->parts[0].model, "a timer is left when all is closed");
    if (w->disk->open_handles > 0)
        model_fail(&w->parts[0].model, "%u files are left open when all is closed",
                   w->disk->open_handles);
    world_deed(w, w->disk->dead ? DEED_KILLED : DEED_CLEAN_STOP);
    restart_disk(w, wanted == MODEL_END_POWER || world_one_in(w, 3));
    world_calm(w);
    w->sync_errors_heard = w->disk->hits[SIM_SYNC_EIO];
    w->muted = false;
}

static void audit_read_done(struct partition_read *read)
{
    *(bool *)read->ctx = true;
}

/* Reads all there is. */
static void audit(struct world *w, struct part *part)
{
    struct partition_info info;
    size_t before = part->model.count;
    partition_describe(part->p, &info);
    world_tell(w, "%s: %lld to %lld after a restart; the start may be up to %lld", part->dir,
               (long long)info.log_start, (long long)info.next_offset, (long long)part->start_max);
    const struct model_restart restart = {.end = part->end,
                                          .start_max = part->start_max,
                                          .cut_told = part->cut_told,
                                          .clean = part->opened_clean};
    model_audit_begin(&part->model, &restart, &info);
    for (int64_t at = info.log_start; at < info.next_offset;) {
        bool done = false;
        struct partition_read read = {.offset = at,
                                      .bytes_max = (size_t)world_spread(w, 1, 100000),
                                      .done = audit_read_done,
                                      .ctx = &done};
        enum err err = partition_read(part->p, &read);
        while (err == ERR_AGAIN && !done)
            disk_reap(&w->disk->disk);
        world_tell(w, "%s: audit at %lld: %s, %zu bytes, %lld..%lld", part->dir, (long long)at,
                   err_text(read.err), read.batches.len, (long long)read.corrupt_from,
                   (long long)read.corrupt_to);
        at = model_audit_read(&part->model, &read);
        partition_read_end(&read);
    }
    w->report->deeds[DEED_RECORD_COMPACTED] += model_audit_end(&part->model, part->end, &info);
    part->end = MODEL_END_CLEAN;
    part->cut_told = false;
    part->start_max = 0;
    w->report->deeds[DEED_BATCH_LOST] += before - part->model.count;
}

void run_create_part(struct world *w, struct part *part)
{
    model_deinit(&part->model);
    model_init(&part->model, part->dir, &w->options->rules, &w->clock);
    model_configured(&part->model, &part->config);
    part->end = MODEL_END_CLEAN;
    part->start_max = 0;
    snprintf(part->id, sizeof(part->id), "%llu", (unsigned long long)w->log_next++);
    part->config.id = part->id;
    part->p = partition_create(w->st, part->dir, &part->config, &events, part);
}

/* False: the disk died. */
static bool open_part(struct world *w, struct part *part)
{
    struct partition_recovery recovery;
    struct partition_config kept_all = part->config;
    kept_all.id = part->id;
    kept_all.retention_ms = kept_all.retention_bytes = -1; /* the audit comes first */
    if (!part->made) {
        run_create_part(w, part);
        return true;
    }
    enum err err = partition_open(w->st, part->dir, &kept_all, &events, part, &recovery, &part->p);
    part->opened_clean = recovery.clean;
    part->cut_told |= recovery.bytes_cut > 0 || recovery.corrupt_ranges > 0;
    if (w->disk->dead) {
        if (err != ERR_OK)
            part->p = NULL;
        return false;
    }
    if (err != ERR_OK && w->stormy) {
        world_tell(w, "%s: open failed: %s", part->dir, err_text(err));
        world_calm(w);
        return open_part(w, part);
    }
    if (err == ERR_CORRUPT && part->model.checkpoint_spoiled) {
        world_deed(w, DEED_LOG_GIVEN_UP);
        world_tell(w, "%s: given up: %s", part->dir, err_text(err));
        part->made = false;
        run_create_part(w, part);
        return true;
    }
    if (err != ERR_OK)
        model_fail(&part->model, "it cannot be opened: %s", err_text(err));
    world_tell(w, "%s: opened%s, %llu bytes scanned, %llu cut, %llu ranges damaged", part->dir,
               recovery.clean ? " clean" : "", (unsigned long long)recovery.bytes_scanned,
               (unsigned long long)recovery.bytes_cut, (unsigned long long)recovery.corrupt_ranges);
    world_deed(w, DEED_OPENED);
    w->report->deeds[DEED_OPENED_CLEAN] += recovery.clean;
    w->report->deeds[DEED_TAIL_CUT] += recovery.bytes_cut > 0;
    w->report->deeds[DEED_REPLAYED] += recovery.bytes_replayed > 0;
    w->report->deeds[DEED_DAMAGE_FOUND] += recovery.corrupt_ranges;
    return true;
}

static void make_storage(struct world *w)
{
    struct storage_options options = {
        .disk = &w->disk->disk,
        .clock = &w->clock,
        .timers = &w->timers,
        .trace = &w->trace,
        .tail_bytes_max = (size_t)world_spread(w, 0, 100000),
        .files_max = (unsigned)world_spread(w, 1, 40),
        .files_written_max = world_one_in(w, 2) ? 0 : (unsigned)world_spread(w, 1, 12)};
    if (world_one_in(w, 2)) {
        options.journal_bytes_max = (uint64_t)world_spread(w, 4096, 200000);
        options.journal_group_min = (unsigned)world_spread(w, 1, PARTS_MAX);
        options.journal_skip = world_below(w, (uint64_t)1 << 40);
    }
    w->st = storage_create(&options);
    storage_set_compaction_keys_max(w->st, (size_t)world_spread(w, 1, 64));
}

/* False: the disk died. */
static bool load_journal(struct world *w)
{
    enum err err = storage_load_journal(w->st);
    if (err != ERR_OK && w->stormy && !w->disk->dead) {
        world_tell(w, "the journal: %s", err_text(err));
        world_calm(w);
        err = storage_load_journal(w->st);
    }
    ASSERT(err == ERR_OK || w->disk->dead);
    return err == ERR_OK;
}

void run_start(struct world *w)
{
    for (;;) {
        bool opened = true;
        make_storage(w);
        if (world_one_in(w, 4))
            sim_disk_die_after(w->disk, world_spread(w, 0, 300));
        else if (world_one_in(w, 4))
            world_weather(w);
        opened = load_journal(w);
        for (size_t i = 0; i < w->part_count && opened; i++)
            opened = open_part(w, &w->parts[i]);
        if (opened && !w->disk->dead)
            storage_opened(w->st);
        if (opened && !w->disk->dead)
            break;
        run_end(w, MODEL_END_KILL);
    }
    sim_disk_die_after(w->disk, -1);
    world_calm(w);
    w->disk->odds[SIM_COLD_READ] = 0;
    for (size_t i = 0; i < w->part_count; i++) {
        struct part *part = &w->parts[i];
        if (!part->made)
            continue;
        audit(w, part);
        partition_configure(part->p, &part->config);
        part->configured_us = w->clock.mono_us;
    }
}

void run_restart(struct world *w, enum model_end end)
{
    run_end(w, end);
    for (size_t i = 0; i < w->part_count; i++) {
        if (w->parts[i].made && world_one_in(w, 4))
            spoil_rot(w, &w->parts[i]);
        if (w->parts[i].made && world_one_in(w, 4))
            spoil_at_rest(w, &w->parts[i]);
    }
    run_start(w);
}
