/* SPDX-License-Identifier: BSD-3-Clause */
/* The workload. What is right is the model's business; here things are only done, and answers passed on. */
#include "sim/sim_log.h"

#include "base/mem.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define PARTS_MAX 3
#define FLIGHTS_MAX 8
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
    [DEED_TRIMMED] = "log starts moved",
    [DEED_SEGMENT_REMOVED] = "segments removed",
    [DEED_DELETED] = "partitions deleted",
    [DEED_CLEAN_STOP] = "clean stops",
    [DEED_KILLED] = "processes killed",
    [DEED_POWER_CUT] = "power cuts",
    [DEED_OPENED] = "partitions opened",
    [DEED_OPENED_CLEAN] = "opened without a scan",
    [DEED_TAIL_CUT] = "torn tails cut",
    [DEED_DAMAGE_FOUND] = "damaged ranges found at start",
    [DEED_BATCH_LOST] = "unacknowledged batches lost",
    [DEED_INDEX_SPOILED] = "index files spoiled",
};

struct world;

struct part {
    struct world *w;
    char dir[32];
    struct partition *p; /* NULL between runs */
    struct partition_config config;
    struct model model;
    bool made; /* it was told to be on the disk */
    struct list flights;
    unsigned flight_count;
    uint64_t sync_wanted; /* the batch up to which a sync was asked for */
    bool cut_told;        /* by the last opening */
    int64_t configured_us;
    uint32_t segments_seen;
    bool failed_seen;
    enum model_end end; /* the worst since the last audit */
    int64_t start_max;  /* retention may have moved the log start so far since the last event */
};

/* A read or search under way. */
struct flight {
    struct list link;
    struct part *part;
    struct model_moment began;
    bool is_seek;
    union {
        struct partition_read read;
        struct partition_seek seek;
    };
};

struct world {
    const struct sim_options *options;
    struct sim_report *report;
    struct random random;
    struct sim_disk *disk;
    struct clock clock;
    struct timers timers;
    struct trace trace;
    struct storage *st;
    struct part parts[PARTS_MAX];
    size_t part_count;
    uint64_t id_next;
    uint64_t step;
    bool stormy;   /* the disk may answer with errors */
    bool suffered; /* reads may have failed, and what that led to may not be over */
    uint64_t sync_errors_heard;
    bool muted; /* events are of a run that has ended */
};

static uint64_t below(struct world *w, uint64_t bound)
{
    return random_below(&w->random, bound);
}

static bool one_in(struct world *w, uint64_t n)
{
    return below(w, n) == 0;
}

/* A number in [low, high], evenly over its magnitude. */
static int64_t spread(struct world *w, int64_t low, int64_t high)
{
    int64_t span = high - low + 1;
    int64_t top = span;
    unsigned halvings = 0;
    while (top > 1) {
        top /= 2;
        halvings++;
    }
    int64_t bound = span >> below(w, halvings + 1);
    return low + (int64_t)below(w, (uint64_t)(bound < 1 ? 1 : bound));
}

static void deed(struct world *w, enum sim_deed what)
{
    w->report->deeds[what]++;
}

static void tell(struct world *w, const char *format, ...) PRINTF_LIKE(2, 3);
static void tell(struct world *w, const char *format, ...)
{
    if (!w->options->verbose)
        return;
    va_list args;
    va_start(args, format);
    printf("%6llu  ", (unsigned long long)w->step);
    vprintf(format, args);
    printf("\n");
    fflush(stdout);
    va_end(args);
}

static void trace_sink(struct trace *trace, enum trace_level level, const char *line)
{
    struct world *w = CONTAINER_OF(trace, struct world, trace);
    (void)level;
    tell(w, "    trace: %s", line);
}

static void clock_stands(struct clock *clock)
{
    (void)clock;
}

static int64_t cutoff_ms(const struct part *part)
{
    if (part->config.retention_ms < 0)
        return INT64_MIN;
    return part->w->clock.wall_ms - part->config.retention_ms;
}

/* Whether reads may fail. */
static bool reads_suffer(const struct world *w)
{
    return w->suffered || w->disk->odds[SIM_READ_EIO] > 0 || w->disk->odds[SIM_OPEN_LIMIT] > 0;
}

static bool gone(const struct world *w)
{
    return w->muted || w->disk->dead;
}

/* --- events --------------------------------------------------------------------------------- */

static void on_written(struct partition *p, void *ctx, uint64_t batch)
{
    struct part *part = ctx;
    if (gone(part->w))
        return;
    ASSERT(part->p == p);
    part->made = true;
    deed(part->w, DEED_WRITTEN);
    tell(part->w, "%s: written %llu", part->dir, (unsigned long long)batch);
    model_written(&part->model, batch, part->w->clock.mono_us);
}

static void on_synced(struct partition *p, void *ctx, uint64_t batch)
{
    struct part *part = ctx;
    if (gone(part->w))
        return;
    ASSERT(part->p == p);
    deed(part->w, DEED_SYNCED);
    tell(part->w, "%s: synced %llu", part->dir, (unsigned long long)batch);
    model_synced(&part->model, batch);
}

static void on_refused(struct partition *p, void *ctx, uint64_t first, uint64_t last, enum err why)
{
    struct part *part = ctx;
    if (gone(part->w))
        return;
    (void)p;
    deed(part->w, DEED_REFUSED);
    tell(part->w, "%s: refused %llu..%llu: %s", part->dir, (unsigned long long)first,
         (unsigned long long)last, err_text(why));
    model_refused(&part->model, first, last, why);
}

static void on_trimmed(struct partition *p, void *ctx)
{
    struct part *part = ctx;
    if (gone(part->w))
        return;
    deed(part->w, DEED_TRIMMED);
    tell(part->w, "%s: log start %lld", part->dir, (long long)partition_log_start(p));
    model_trimmed(&part->model, partition_log_start(p), cutoff_ms(part),
                  part->config.retention_bytes);
}

static const struct partition_events events = {
    .written = on_written, .synced = on_synced, .refused = on_refused, .trimmed = on_trimmed};

/* --- reads ---------------------------------------------------------------------------------- */

static void flight_free(struct flight *f)
{
    f->part->flight_count--;
    list_remove(&f->link);
    if (f->is_seek)
        partition_seek_end(&f->seek);
    else
        partition_read_end(&f->read);
    mem_free(f);
}

static void flight_check(struct flight *f)
{
    struct part *part = f->part;
    struct world *w = part->w;
    int64_t now_ms = cutoff_ms(part);
    if (gone(w))
        return;
    if (now_ms < f->began.cutoff_ms)
        f->began.cutoff_ms = now_ms;
    f->began.trouble |= reads_suffer(w);
    if (f->is_seek) {
        tell(w, "%s: search for %lld: %s, %lld", part->dir, (long long)f->seek.timestamp_ms,
             err_text(f->seek.err), (long long)f->seek.offset);
        model_check_seek(&part->model, &f->began, &f->seek);
        return;
    }
    tell(w, "%s: read at %lld: %s, %zu bytes, %lld..%lld", part->dir, (long long)f->read.offset,
         err_text(f->read.err), f->read.batches.len, (long long)f->read.corrupt_from,
         (long long)f->read.corrupt_to);
    if (f->read.err == ERR_CORRUPT)
        deed(w, DEED_READ_CORRUPT);
    if (f->read.err == ERR_RANGE)
        deed(w, DEED_READ_OUT_OF_RANGE);
    model_check_read(&part->model, &f->began, &f->read);
}

static void read_done(struct partition_read *read)
{
    struct flight *f = CONTAINER_OF(read, struct flight, read);
    flight_check(f);
    flight_free(f);
}

static void seek_done(struct partition_seek *seek)
{
    struct flight *f = CONTAINER_OF(seek, struct flight, seek);
    flight_check(f);
    flight_free(f);
}

static struct flight *flight_new(struct part *part)
{
    struct flight *f = mem_zalloc(1, sizeof(*f));
    f->part = part;
    list_push_back(&part->flights, &f->link);
    part->flight_count++;
    f->began = model_now(&part->model, cutoff_ms(part), reads_suffer(part->w));
    return f;
}

static void flight_begun(struct flight *f, enum err err)
{
    if (err == ERR_AGAIN) {
        deed(f->part->w, DEED_READ_WAITED);
        return;
    }
    ASSERT(err == ERR_OK);
    flight_check(f);
    flight_free(f);
}

static int64_t some_offset(struct world *w, const struct part *part)
{
    int64_t start = partition_log_start(part->p), next = partition_next_offset(part->p);
    switch (below(w, 8)) {
    case 0:
        return start;
    case 1:
        return next;
    case 2:
        return next + (int64_t)below(w, 3);
    case 3:
        return start - (int64_t)below(w, 3) < 0 ? 0 : start - (int64_t)below(w, 3);
    case 4: /* near the end */
        return next - start > 20 ? next - 1 - (int64_t)below(w, 20) : start;
    default:
        return start + (int64_t)below(w, (uint64_t)(next - start) + 1);
    }
}

static void do_read(struct world *w, struct part *part)
{
    if (part->flight_count >= FLIGHTS_MAX)
        return;
    struct flight *f = flight_new(part);
    deed(w, DEED_READ);
    f->read.offset = some_offset(w, part);
    if (f->read.offset < 0)
        f->read.offset = 0;
    f->read.bytes_max = (size_t)spread(w, 1, 32768);
    f->read.done = read_done;
    flight_begun(f, partition_read(part->p, &f->read));
}

static void do_seek(struct world *w, struct part *part)
{
    if (part->flight_count >= FLIGHTS_MAX)
        return;
    struct flight *f = flight_new(part);
    deed(w, DEED_SEEK);
    f->is_seek = true;
    f->seek.timestamp_ms = w->clock.wall_ms - spread(w, 0, 4000000) + (int64_t)below(w, 1000);
    f->seek.done = seek_done;
    flight_begun(f, partition_seek(part->p, &f->seek));
}

static void cancel_flights(struct part *part)
{
    LIST_EACH (it, &part->flights) {
        flight_free(CONTAINER_OF(it, struct flight, link));
    }
}

static void do_cancel(struct world *w, struct part *part)
{
    if (list_empty(&part->flights))
        return;
    deed(w, DEED_READ_CANCELLED);
    flight_free(CONTAINER_OF(part->flights.next, struct flight, link));
}

/* --- appends -------------------------------------------------------------------------------- */

static int64_t some_timestamp(struct world *w)
{
    int64_t now_ms = w->clock.wall_ms;
    switch (below(w, 8)) {
    case 0:
        return now_ms - spread(w, 0, 4000000);
    case 1:
        return now_ms + (int64_t)below(w, 60000);
    default:
        return now_ms;
    }
}

static void do_append(struct world *w, struct part *part)
{
    struct model_scratch scratch[APPEND_COUNT_MAX];
    struct record records[APPEND_COUNT_MAX];
    int64_t timestamps_ms[APPEND_COUNT_MAX], offset;
    uint64_t number;
    size_t count = 1 + below(w, one_in(w, 3) ? APPEND_COUNT_MAX : 2), len = BATCH_HEADER_BYTES;
    if (model_records(&part->model) > RECORDS_PER_PART_MAX)
        return;
    for (size_t i = 0; i < count; i++) {
        timestamps_ms[i] = some_timestamp(w);
        model_make(w->id_next + i, timestamps_ms[i], &scratch[i], &records[i]);
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
    model_appended(&part->model, offset, number, w->id_next, timestamps_ms, count,
                   part->config.append_time);
    tell(w, "%s: append %zu at %lld, batch %llu", part->dir, count, (long long)offset,
         (unsigned long long)number);
    w->id_next += count;
    w->report->deeds[DEED_RECORDS] += count;
}

static void do_commit(struct world *w, struct part *part, bool sync)
{
    partition_commit(part->p);
    if (!sync || gone(w))
        return;
    part->sync_wanted = partition_batch_last(part->p);
    partition_want_sync(part->p);
}

static void do_produce(struct world *w, struct part *part)
{
    for (uint64_t n = 1 + below(w, one_in(w, 8) ? 20 : 3); n > 0 && !gone(w); n--)
        do_append(w, part);
    if (!one_in(w, 10) && !gone(w))
        do_commit(w, part, one_in(w, 2));
}

/* --- the disk's mood ------------------------------------------------------------------------ */

static void set_odds(struct world *w, enum sim_fault fault, uint32_t one_in_max)
{
    w->disk->odds[fault] = one_in(w, 2) ? 0 : SIM_ODDS_ONE / (1 + (uint32_t)below(w, one_in_max));
}

static void calm(struct world *w)
{
    uint32_t cold = w->disk->odds[SIM_COLD_READ];
    sim_disk_fair(w->disk);
    w->disk->odds[SIM_COLD_READ] = cold;
    w->stormy = false;
}

static void do_weather(struct world *w)
{
    static const uint32_t colds[] = {0, SIM_ODDS_ONE / 20, SIM_ODDS_ONE / 2, SIM_ODDS_ONE};
    calm(w);
    w->disk->odds[SIM_COLD_READ] = colds[below(w, COUNT_OF(colds))];
    if (!one_in(w, 3))
        return;
    w->stormy = true;
    switch (below(w, 5)) {
    case 0: /* full */
        w->disk->capacity = sim_disk_used(w->disk) + (uint64_t)spread(w, 0, 20000);
        break;
    case 1:
        set_odds(w, SIM_SYNC_EIO, 30);
        break;
    case 2:
        set_odds(w, SIM_READ_EIO, 30);
        set_odds(w, SIM_OPEN_LIMIT, 10);
        break;
    case 3:
        set_odds(w, SIM_WRITE_EIO, 60);
        set_odds(w, SIM_NAME_EIO, 20);
        break;
    default:
        set_odds(w, SIM_OPEN_LIMIT, 4);
        set_odds(w, SIM_SYNC_DIR_EIO, 10);
        if (one_in(w, 2))
            w->disk->capacity = sim_disk_used(w->disk) + (uint64_t)spread(w, 0, 20000);
    }
    w->suffered = reads_suffer(w);
    for (size_t i = 0; i < w->part_count; i++)
        LIST_EACH (it, &w->parts[i].flights) {
            CONTAINER_OF(it, struct flight, link)->began.trouble |= reads_suffer(w);
        }
    tell(w, "the disk: %llu bytes left; read %u, write %u, sync %u, name %u, dir %u, open %u",
         (unsigned long long)w->disk->capacity, w->disk->odds[SIM_READ_EIO],
         w->disk->odds[SIM_WRITE_EIO], w->disk->odds[SIM_SYNC_EIO], w->disk->odds[SIM_NAME_EIO],
         w->disk->odds[SIM_SYNC_DIR_EIO], w->disk->odds[SIM_OPEN_LIMIT]);
}

/* --- time ----------------------------------------------------------------------------------- */

static void settle(struct world *w)
{
    w->disk->eager = true;
    while (sim_disk_busy(w->disk))
        disk_reap(&w->disk->disk);
    w->disk->eager = false;
}

static void pass(struct world *w, int64_t ms)
{
    w->clock.mono_us += ms * 1000 + (int64_t)below(w, 1000);
    w->clock.wall_ms += ms;
    w->clock.wall_us = w->clock.wall_ms * 1000;
    timers_run(&w->timers, w->clock.mono_us);
}

static void check_settled(struct world *w, struct part *part)
{
    struct partition_info info;
    partition_describe(part->p, &info);
    if (info.failed != ERR_OK) {
        model_failed(&part->model, info.failed);
        return;
    }
    if (w->clock.mono_us - part->configured_us > part->config.flush_ms * 1000)
        model_check_flushed(&part->model, w->clock.mono_us - part->config.flush_ms * 1000);
    if (w->stormy)
        return;
    model_quiet(&part->model, info.synced_offset);
    if (partition_batch_synced(part->p) < part->sync_wanted &&
        part->sync_wanted <= partition_batch_written(part->p))
        model_fail(&part->model, "a sync was asked for batch %llu; it is written and not synced",
                   (unsigned long long)part->sync_wanted);
}

/* All is quiet: what was asked for has happened. */
static void do_settle(struct world *w)
{
    settle(w);
    if (gone(w))
        return;
    timers_run(&w->timers, w->clock.mono_us);
    settle(w);
    w->suffered = false;
    for (size_t i = 0; i < w->part_count && !gone(w); i++) {
        check_settled(w, &w->parts[i]);
        if (!list_empty(&w->parts[i].flights))
            model_fail(&w->parts[i].model, "a read has not ended, and nothing is under way");
    }
}

static void do_time(struct world *w)
{
    switch (below(w, 10)) {
    case 0:
        pass(w, spread(w, 1000, 100000000));
        break;
    case 1:
        settle(w); /* the wall clock goes back */
        if (!gone(w))
            w->clock.wall_ms -= spread(w, 1, 100000);
        break;
    default:
        pass(w, (int64_t)below(w, 300));
    }
}

/* --- configuration, retention, deletion ----------------------------------------------------- */

static void configure(struct world *w, struct partition_config *c, bool may_change_time)
{
    c->segment_bytes = spread(w, 512, 65536);
    c->segment_ms = one_in(w, 2) ? 0 : spread(w, 1000, 1000000);
    c->retention_ms = one_in(w, 2) ? -1 : spread(w, 1000, 10000000);
    c->retention_bytes = one_in(w, 2) ? -1 : spread(w, 0, 60000);
    c->batch_bytes_max = spread(w, 8000, 65536);
    c->flush_ms = spread(w, 1, 5000);
    if (may_change_time)
        c->append_time = one_in(w, 4);
}

static void do_configure(struct world *w, struct part *part)
{
    settle(w); /* so that it is clear by which limits retention goes */
    if (gone(w))
        return;
    configure(w, &part->config, !partition_dirty(part->p));
    partition_configure(part->p, &part->config);
    part->configured_us = w->clock.mono_us;
    tell(w, "%s: configured: retention %lld ms, %lld bytes; segments %lld", part->dir,
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
    partition_retain(part->p);
    if (gone(w) || w->stormy || one_in(w, 2))
        return;
    settle(w);
    if (gone(w) || !whole(&part->model))
        return;
    /* Clocks that went back and records that aged while the search ran are for the next time. */
    partition_retain(part->p);
    settle(w);
    if (gone(w))
        return;
    model_start_bounds(&part->model, cutoff_ms(part), part->config.retention_bytes, &low, &high);
    int64_t start = partition_log_start(part->p);
    tell(w, "%s: retained: %lld, by the limits %lld to %lld (cutoff %lld, bytes %lld)", part->dir,
         (long long)start, (long long)low, (long long)high, (long long)cutoff_ms(part),
         (long long)part->config.retention_bytes);
    if (start < low)
        model_fail(&part->model, "the log start is %lld; by the limits it is at least %lld",
                   (long long)start, (long long)low);
}

static void do_delete(struct world *w, struct part *part)
{
    deed(w, DEED_DELETED);
    tell(w, "%s: deleted", part->dir);
    cancel_flights(part);
    partition_delete(part->p);
    part->p = NULL;
    part->made = false;
    part->sync_wanted = 0;
    model_deinit(&part->model);
    model_init(&part->model, part->dir, &w->options->rules);
    if (gone(w))
        return;
    configure(w, &part->config, true);
    part->p = partition_create(w->st, part->dir, &part->config, &events, part);
}

/* --- spoiling ------------------------------------------------------------------------------- */

struct file_seen {
    char name[64];
    char *data; /* owned */
    size_t len;
};

struct files_seen {
    struct file_seen items[512];
    size_t count;
};

static void see_file(void *ctx, const char *name, struct bytes content)
{
    struct files_seen *seen = ctx;
    if (seen->count == COUNT_OF(seen->items) || strlen(name) >= sizeof(seen->items[0].name))
        return;
    struct file_seen *f = &seen->items[seen->count++];
    snprintf(f->name, sizeof(f->name), "%s", name);
    f->data = mem_alloc(content.len + 1);
    memcpy(f->data, content.data, content.len);
    f->len = content.len;
}

static void forget_files(struct files_seen *seen)
{
    for (size_t i = 0; i < seen->count; i++)
        mem_free(seen->items[i].data);
    seen->count = 0;
}

static bool is_log(const struct file_seen *f)
{
    size_t len = strlen(f->name);
    return len == 24 && strcmp(f->name + 20, ".log") == 0;
}

static bool is_index(const struct file_seen *f)
{
    const char *dot = strchr(f->name, '.');
    return dot != NULL && (strcmp(dot, ".index") == 0 || strcmp(dot, ".timeindex") == 0);
}

/* The base offset of the good batch that the byte is in, or -1. */
static int64_t batch_over(const struct file_seen *f, size_t pos)
{
    for (size_t at = pos < 80000 ? 0 : pos - 80000; at <= pos; at++) {
        struct bytes rest = bytes_of(f->data + at, f->len - at);
        struct batch_header h;
        if (rest.len < BATCH_HEADER_BYTES || rest.data[16] != BATCH_MAGIC ||
            batch_header_read(rest, (int64_t)rest.len, &h) != ERR_OK ||
            batch_header_len(&h) > rest.len || at + batch_header_len(&h) <= pos ||
            !batch_crc_holds(bytes_of(rest.data, batch_header_len(&h))))
            continue;
        return h.base_offset;
    }
    return -1;
}

static void rot_log(struct world *w, struct part *part, const struct file_seen *f)
{
    char path[128];
    if (f->len == 0)
        return;
    size_t pos = (size_t)below(w, f->len);
    int64_t base = batch_over(f, pos);
    if (base < 0)
        return;
    if (one_in(w, 3)) { /* its header, some of which no checksum covers */
        size_t back = 0;
        while (back < pos && batch_over(f, pos - back - 1) == base)
            back++;
        pos = pos - back + (size_t)below(w, BATCH_HEADER_BYTES);
    }
    snprintf(path, sizeof(path), "%s/%s", part->dir, f->name);
    if (!sim_disk_flip(w->disk, path, pos, (unsigned)below(w, 8)))
        return;
    tell(w, "%s: a bit of byte %zu of %s has changed, in the batch at %lld", part->dir, pos,
         f->name, (long long)base);
    model_rotted(&part->model, base);
}

static void do_rot(struct world *w, struct part *part)
{
    static struct files_seen seen;
    sim_disk_each_file(w->disk, part->dir, see_file, &seen);
    if (seen.count > 0) {
        const struct file_seen *f = &seen.items[below(w, seen.count)];
        char path[128];
        snprintf(path, sizeof(path), "%s/%s", part->dir, f->name);
        if (is_log(f))
            rot_log(w, part, f);
        else if (is_index(f) && f->len > 0)
            (void)sim_disk_flip(w->disk, path, below(w, f->len), (unsigned)below(w, 8));
    }
    forget_files(&seen);
}

/* Nothing runs: an index is removed, shortened or filled with anything. */
static void spoil_index(struct world *w, struct part *part)
{
    static struct files_seen seen;
    sim_disk_each_file(w->disk, part->dir, see_file, &seen);
    if (seen.count > 0) {
        const struct file_seen *f = &seen.items[below(w, seen.count)];
        char path[128];
        struct disk_file *file;
        enum err err = ERR_OK;
        snprintf(path, sizeof(path), "%s/%s", part->dir, f->name);
        if (!is_index(f)) {
            forget_files(&seen);
            return;
        }
        deed(w, DEED_INDEX_SPOILED);
        tell(w, "%s is spoiled", path);
        if (one_in(w, 3)) {
            err = disk_unlink(&w->disk->disk, path);
            if (err == ERR_OK)
                err = disk_sync_dir(&w->disk->disk, part->dir);
        } else if (disk_open(&w->disk->disk, path, DISK_WRITE, &file) == ERR_OK) {
            uint64_t garbage[16];
            for (size_t i = 0; i < COUNT_OF(garbage); i++)
                garbage[i] = one_in(w, 3) ? below(w, 4000) << 32 : random_next(&w->random);
            if (one_in(w, 2))
                err = disk_truncate(file, below(w, f->len + 1));
            else
                err = disk_write_all(file, garbage, sizeof(garbage), below(w, f->len + 1));
            if (err == ERR_OK)
                err = disk_sync(file);
            disk_close(file);
        }
        ASSERT(err == ERR_OK);
    }
    forget_files(&seen);
}

/* --- ends and beginnings -------------------------------------------------------------------- */

/* A sync that failed may end unheard with the run. */
static bool sync_failed(const struct world *w)
{
    return w->disk->hits[SIM_SYNC_EIO] > w->sync_errors_heard;
}

static void end_part(struct world *w, struct part *part, enum model_end wanted)
{
    bool failed = part->model.failed;
    cancel_flights(part);
    part->sync_wanted = 0;
    if (part->p == NULL)
        return;
    enum err err = partition_close(part->p);
    part->p = NULL;
    if (w->disk->dead && sync_failed(w))
        model_doubt_unheard(&part->model);
    int64_t low;
    model_start_bounds(&part->model, cutoff_ms(part), part->config.retention_bytes, &low,
                       &part->start_max);
    if (wanted == MODEL_END_CLEAN && err == ERR_OK && !w->disk->dead) {
        if (failed)
            model_fail(&part->model, "it closed without an error after it had failed");
        part->made |= part->model.count > 0;
        model_closed(&part->model);
        model_start_bounds(&part->model, cutoff_ms(part), part->config.retention_bytes, &low,
                           &part->start_max);
        return;
    }
    if (!w->disk->dead) {
        tell(w, "%s: closed with an error: %s", part->dir, err_text(err));
        model_doubt(&part->model); /* what failed while it closed is not told apart */
    }
    /* While it closed, more may have been written and more dropped. */
    if (wanted == MODEL_END_CLEAN &&
        (part->config.retention_ms >= 0 || part->config.retention_bytes >= 0))
        part->start_max = INT64_MAX;
    if (part->end < MODEL_END_KILL)
        part->end = MODEL_END_KILL;
}

static void restart_disk(struct world *w, bool power)
{
    if (!power) {
        sim_disk_process_restart(w->disk);
        return;
    }
    deed(w, DEED_POWER_CUT);
    tell(w, "the power is cut");
    sim_disk_power_cycle(w->disk);
    for (size_t i = 0; i < w->part_count; i++)
        w->parts[i].end = MODEL_END_POWER;
}

/* Ends the run; the disk may have died before, or does so in here. */
static void end_run(struct world *w, enum model_end wanted)
{
    tell(w, "the run ends: %d", (int)wanted);
    if (wanted != MODEL_END_CLEAN)
        sim_disk_die(w->disk);
    w->muted = true;
    for (size_t i = 0; i < w->part_count; i++)
        end_part(w, &w->parts[i], wanted);
    settle(w);
    w->report->deeds[DEED_SEGMENT_REMOVED] += storage_stats(w->st)->segments_removed;
    storage_destroy(w->st);
    w->st = NULL;
    if (timers_next(&w->timers) != TIMERS_NONE)
        model_fail(&w->parts[0].model, "a timer is left when all is closed");
    if (w->disk->open_handles > 0)
        model_fail(&w->parts[0].model, "%u files are left open when all is closed",
                   w->disk->open_handles);
    deed(w, w->disk->dead ? DEED_KILLED : DEED_CLEAN_STOP);
    restart_disk(w, wanted == MODEL_END_POWER || one_in(w, 3));
    calm(w);
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
    tell(w, "%s: %lld to %lld after a restart; the start may be up to %lld", part->dir,
         (long long)info.log_start, (long long)info.next_offset, (long long)part->start_max);
    model_audit_begin(&part->model, part->end, &info, part->start_max, part->cut_told);
    for (int64_t at = info.log_start; at < info.next_offset;) {
        bool done = false;
        struct partition_read read = {.offset = at,
                                      .bytes_max = (size_t)spread(w, 1, 100000),
                                      .done = audit_read_done,
                                      .ctx = &done};
        enum err err = partition_read(part->p, &read);
        while (err == ERR_AGAIN && !done)
            disk_reap(&w->disk->disk);
        tell(w, "%s: audit at %lld: %s, %zu bytes, %lld..%lld", part->dir, (long long)at,
             err_text(read.err), read.batches.len, (long long)read.corrupt_from,
             (long long)read.corrupt_to);
        at = model_audit_read(&part->model, &read);
        partition_read_end(&read);
    }
    model_audit_end(&part->model, part->end, &info);
    part->end = MODEL_END_CLEAN;
    part->cut_told = false;
    w->report->deeds[DEED_BATCH_LOST] += before - part->model.count;
}

static void create_part(struct world *w, struct part *part)
{
    model_deinit(&part->model);
    model_init(&part->model, part->dir, &w->options->rules);
    part->end = MODEL_END_CLEAN;
    part->p = partition_create(w->st, part->dir, &part->config, &events, part);
}

/* False: the disk died. */
static bool open_part(struct world *w, struct part *part)
{
    struct partition_recovery recovery;
    struct partition_config kept_all = part->config;
    kept_all.retention_ms = kept_all.retention_bytes = -1; /* the audit comes first */
    if (!part->made) {
        create_part(w, part);
        return true;
    }
    enum err err = partition_open(w->st, part->dir, &kept_all, &events, part, &recovery, &part->p);
    part->cut_told |= recovery.bytes_cut > 0 || recovery.corrupt_ranges > 0;
    if (w->disk->dead) {
        if (err != ERR_OK)
            part->p = NULL;
        return false;
    }
    if (err != ERR_OK && w->stormy) {
        tell(w, "%s: open failed: %s", part->dir, err_text(err));
        calm(w);
        return open_part(w, part);
    }
    if (err != ERR_OK)
        model_fail(&part->model, "it cannot be opened: %s", err_text(err));
    tell(w, "%s: opened%s, %llu bytes scanned, %llu cut, %llu ranges damaged", part->dir,
         recovery.clean ? " clean" : "", (unsigned long long)recovery.bytes_scanned,
         (unsigned long long)recovery.bytes_cut, (unsigned long long)recovery.corrupt_ranges);
    deed(w, DEED_OPENED);
    w->report->deeds[DEED_OPENED_CLEAN] += recovery.clean;
    w->report->deeds[DEED_TAIL_CUT] += recovery.bytes_cut > 0;
    w->report->deeds[DEED_DAMAGE_FOUND] += recovery.corrupt_ranges;
    return true;
}

static void make_storage(struct world *w)
{
    struct storage_options options = {.disk = &w->disk->disk,
                                      .clock = &w->clock,
                                      .timers = &w->timers,
                                      .trace = &w->trace,
                                      .tail_bytes_max = (size_t)spread(w, 0, 100000),
                                      .files_max = (unsigned)spread(w, 1, 40)};
    w->st = storage_create(&options);
}

static void start_run(struct world *w)
{
    for (;;) {
        bool opened = true;
        make_storage(w);
        if (one_in(w, 4))
            sim_disk_die_after(w->disk, spread(w, 0, 300));
        else if (one_in(w, 4))
            do_weather(w);
        for (size_t i = 0; i < w->part_count && opened; i++)
            opened = open_part(w, &w->parts[i]);
        if (opened && !w->disk->dead)
            break;
        end_run(w, MODEL_END_KILL);
    }
    sim_disk_die_after(w->disk, -1);
    calm(w);
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

static void restart(struct world *w, enum model_end end)
{
    end_run(w, end);
    for (size_t i = 0; i < w->part_count; i++) {
        if (w->parts[i].made && one_in(w, 4))
            do_rot(w, &w->parts[i]);
        if (w->parts[i].made && one_in(w, 4))
            spoil_index(w, &w->parts[i]);
    }
    start_run(w);
}

/* --- steps ---------------------------------------------------------------------------------- */

static void do_end(struct world *w)
{
    switch (below(w, 4)) {
    case 0:
        if (one_in(w, 4))
            sim_disk_die_after(w->disk, spread(w, 0, 30));
        restart(w, MODEL_END_CLEAN);
        break;
    case 1:
        restart(w, MODEL_END_KILL);
        break;
    case 2:
        restart(w, MODEL_END_POWER);
        break;
    default: /* somewhere in the midst of what comes */
        sim_disk_die_after(w->disk, spread(w, 0, 200));
    }
}

static void do_step(struct world *w, struct part *part)
{
    uint64_t n = below(w, 100);
    if (n < 36)
        do_produce(w, part);
    else if (n < 56)
        do_read(w, part);
    else if (n < 62)
        do_seek(w, part);
    else if (n < 64)
        do_cancel(w, part);
    else if (n < 76)
        disk_reap(&w->disk->disk);
    else if (n < 82)
        do_time(w);
    else if (n < 86)
        do_settle(w);
    else if (n < 88)
        do_retain(w, part);
    else if (n < 90)
        do_configure(w, part);
    else if (n < 94)
        do_weather(w);
    else if (n < 96)
        do_rot(w, part);
    else if (n < 97 && one_in(w, 3))
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
            deed(w, DEED_PARTITION_FAILED);
        part->failed_seen = info.failed != ERR_OK;
    }
}

static void world_init(struct world *w, const struct sim_options *options,
                       struct sim_report *report)
{
    *w = (struct world){.options = options, .report = report};
    random_seed(&w->random, options->seed);
    w->disk = sim_disk_create(random_next(&w->random));
    w->clock = (struct clock){.wall_ms = 1700000000000, .mono_us = 5000000, .update = clock_stands};
    w->trace =
        (struct trace){.level = options->verbose ? TRACE_DEBUG : TRACE_WARNING, .sink = trace_sink};
    timers_init(&w->timers);
    w->part_count = 1 + below(w, PARTS_MAX);
    w->id_next = 1;
    for (size_t i = 0; i < w->part_count; i++) {
        struct part *part = &w->parts[i];
        part->w = w;
        snprintf(part->dir, sizeof(part->dir), "topic-%zu", i);
        list_init(&part->flights);
        configure(w, &part->config, true);
        model_init(&part->model, part->dir, &options->rules);
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
    start_run(w);
    for (w->step = 1; w->step <= options->steps; w->step++) {
        report->step = w->step;
        do_step(w, &w->parts[below(w, w->part_count)]);
        if (w->disk->dead)
            restart(w, one_in(w, 2) ? MODEL_END_KILL : MODEL_END_POWER);
        check_all(w);
    }
    sim_disk_die_after(w->disk, -1);
    calm(w);
    restart(w, MODEL_END_CLEAN);
    end_run(w, MODEL_END_CLEAN);
    world_deinit(w);
}
