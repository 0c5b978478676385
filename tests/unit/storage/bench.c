/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench.h"

#include "base/mem.h"
#include <criterion/criterion.h>
#include <stdio.h>

#define VALUE_BYTES_MAX 256

static void on_written(struct partition *p, void *ctx, uint64_t batch)
{
    struct bench *b = ctx;
    cr_assert_gt(batch, b->written);
    cr_assert(b->p == NULL || partition_batch_written(p) == batch);
    b->written = batch;
    if (b->on_written != NULL)
        b->on_written(b, batch);
}

static void on_synced(struct partition *p, void *ctx, uint64_t batch)
{
    struct bench *b = ctx;
    (void)p;
    cr_assert_gt(batch, b->synced);
    cr_assert_leq(batch, b->written);
    b->synced = batch;
}

static void on_refused(struct partition *p, void *ctx, uint64_t first, uint64_t last, enum err why)
{
    struct bench *b = ctx;
    (void)p;
    b->refusals++;
    b->refused_first = first;
    b->refused_last = last;
    b->refused_why = why;
}

static void on_trimmed(struct partition *p, void *ctx)
{
    struct bench *b = ctx;
    (void)p;
    b->trimmed++;
}

const struct partition_events bench_events = {
    .written = on_written, .synced = on_synced, .refused = on_refused, .trimmed = on_trimmed};

static void sink(struct trace *trace, enum trace_level level, const char *line)
{
    struct bench *b = CONTAINER_OF(trace, struct bench, trace);
    if (level != TRACE_WARNING)
        return;
    b->warnings++;
    snprintf(b->warned, sizeof(b->warned), "%s", line);
}

static void no_update(struct clock *clock)
{
    (void)clock;
}

void bench_start(struct bench *b)
{
    struct storage_options options = {
        .disk = &b->disk->disk,
        .clock = &b->clock,
        .timers = &b->timers,
        .trace = &b->trace,
        .tail_bytes_max = b->tail_bytes_max,
        .files_max = b->files_max,
        .journal_bytes_max = b->journal_bytes_max,
        .journal_group_min = b->journal_group_min,
    };
    b->st = storage_create(&options);
    if (b->with_journal)
        cr_assert_eq(storage_load_journal(b->st), ERR_OK);
    b->written = b->synced = 0;
    b->refusals = 0;
}

void bench_init_alone(struct bench *b)
{
    *b = (struct bench){
        .clock = {.wall_ms = 1700000000000, .mono_us = 1000000, .update = no_update},
        .trace = {.level = TRACE_WARNING, .sink = sink},
        .config = {.segment_bytes = 1 << 30,
                   .segment_ms = 7 * 86400000LL,
                   .retention_ms = -1,
                   .retention_bytes = -1,
                   .batch_bytes_max = 1 << 20,
                   .flush_ms = 1000},
        .tail_bytes_max = 1 << 20,
        .files_max = 30,
    };
    b->disk = fake_disk_create();
    timers_init(&b->timers);
}

void bench_init(struct bench *b)
{
    bench_init_alone(b);
    bench_start(b);
    b->p = partition_create(b->st, "orders-0", &b->config, &bench_events, b);
}

void bench_stop(struct bench *b)
{
    if (b->p != NULL) {
        enum err err = partition_close(b->p);
        (void)err;
    }
    b->p = NULL;
    storage_destroy(b->st);
    b->st = NULL;
}

void bench_deinit(struct bench *b)
{
    b->disk->hold = false;
    bench_stop(b);
    fake_disk_destroy(b->disk);
    timers_deinit(&b->timers);
}

enum err bench_open(struct bench *b)
{
    return partition_open(b->st, "orders-0", &b->config, &bench_events, b, &b->recovery, &b->p);
}

void bench_reopen(struct bench *b)
{
    bench_stop(b);
    bench_start(b);
    cr_assert_eq(bench_open(b), ERR_OK);
}

void bench_crash(struct bench *b, enum fake_kept kept, uint64_t seed)
{
    fake_disk_power_off(b->disk);
    bench_stop(b);
    fake_disk_power_on(b->disk, kept, seed);
    bench_start(b);
}

void bench_settle(struct bench *b)
{
    fake_disk_settle(b->disk);
}

void bench_pass(struct bench *b, int64_t ms)
{
    b->clock.wall_ms += ms;
    b->clock.mono_us += ms * 1000;
    timers_run(&b->timers, b->clock.mono_us);
    if (!b->disk->hold)
        bench_settle(b);
}

int64_t bench_append_at(struct bench *b, const char *value, int64_t timestamp_ms)
{
    struct record r = {.timestamp_ms = timestamp_ms, .value = bytes_of_string(value)};
    int64_t offset;
    uint64_t batch;
    cr_assert_eq(partition_append(b->p, &r, 1, &offset, &batch), ERR_OK);
    cr_assert_eq(batch, partition_batch_last(b->p));
    return offset;
}

int64_t bench_append(struct bench *b, const char *value)
{
    return bench_append_at(b, value, b->clock.wall_ms);
}

int64_t bench_append_bytes(struct bench *b, size_t len)
{
    char *bytes = mem_alloc(len);
    memset(bytes, 'x', len);
    struct record r = {.timestamp_ms = b->clock.wall_ms, .value = bytes_of(bytes, len)};
    int64_t offset;
    uint64_t batch;
    cr_assert_eq(partition_append(b->p, &r, 1, &offset, &batch), ERR_OK);
    mem_free(bytes);
    return offset;
}

int64_t bench_put(struct bench *b, const char *value)
{
    int64_t offset = bench_append(b, value);
    partition_want_sync(b->p);
    partition_commit(b->p);
    bench_settle(b);
    cr_assert_eq(partition_batch_synced(b->p), partition_batch_last(b->p));
    return offset;
}

void bench_set_done(struct partition_read *read)
{
    bool *done = read->ctx;
    *done = true;
}

void bench_read(struct bench *b, struct partition_read *read)
{
    bool done = false;
    read->done = bench_set_done;
    read->ctx = &done;
    if (partition_read(b->p, read) == ERR_OK)
        return;
    bench_settle(b);
    cr_assert(done, "a read that was handed to a worker must end");
}

static void seek_done(struct partition_seek *seek)
{
    bool *done = seek->ctx;
    *done = true;
}

void bench_seek(struct bench *b, struct partition_seek *seek)
{
    bool done = false;
    seek->done = seek_done;
    seek->ctx = &done;
    if (partition_seek(b->p, seek) == ERR_AGAIN) {
        bench_settle(b);
        cr_assert(done, "a search that was handed to a worker must end");
    }
    partition_seek_end(seek);
}

/* Takes one whole batch off the front. */
static bool take_batch(struct bytes *batches, struct bytes *batch)
{
    struct batch_header h;
    if (batches->len == 0)
        return false;
    cr_assert_eq(batch_header_read(*batches, INT32_MAX, &h), ERR_OK);
    cr_assert_leq(batch_header_len(&h), batches->len);
    *batch = bytes_of(batches->data, batch_header_len(&h));
    cr_assert(batch_crc_holds(*batch));
    batches->data += batch->len;
    batches->len -= batch->len;
    return true;
}

const char *bench_get(struct bench *b, int64_t offset, enum err *err)
{
    static char value[VALUE_BYTES_MAX];
    struct partition_read read = {.offset = offset, .bytes_max = 1};
    struct bytes batch;
    struct batch_iter it;
    struct record_view r;
    const char *found = NULL;
    bench_read(b, &read);
    if (err != NULL)
        *err = read.err;
    while (read.err == ERR_OK && take_batch(&read.batches, &batch)) {
        cr_assert_eq(batch_iter_init(&it, batch), ERR_OK);
        while (batch_iter_next(&it, &r) == ERR_OK)
            if (r.offset == offset) {
                size_t len = r.value.len < VALUE_BYTES_MAX ? r.value.len : VALUE_BYTES_MAX - 1;
                if (len > 0) /* null has none */
                    memcpy(value, r.value.data, len);
                value[len] = '\0';
                found = value;
            }
    }
    partition_read_end(&read);
    return found;
}

size_t bench_count(struct bench *b, int64_t offset, size_t bytes_max)
{
    size_t count = 0;
    while (offset < partition_next_offset(b->p)) {
        struct partition_read read = {.offset = offset, .bytes_max = bytes_max};
        struct bytes batch;
        struct batch_iter it;
        struct record_view r;
        bench_read(b, &read);
        cr_assert_eq(read.err, ERR_OK);
        if (read.batches.len == 0) /* a gap at the end */
            cr_assert_eq(read.next_offset, partition_next_offset(b->p));
        int64_t next = read.next_offset;
        while (take_batch(&read.batches, &batch)) {
            cr_assert_eq(batch_iter_init(&it, batch), ERR_OK);
            while (batch_iter_next(&it, &r) == ERR_OK) {
                if (r.offset < offset)
                    continue;
                offset = r.offset + 1;
                count++;
            }
        }
        partition_read_end(&read);
        cr_assert_geq(next, offset);
        offset = next;
    }
    return count;
}
