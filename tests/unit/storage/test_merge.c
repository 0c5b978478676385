/* SPDX-License-Identifier: BSD-3-Clause */
/* Segments that compaction left small become one: at every moment, and after a crash at any call of the disk or
 * an error there, each record is there once, at its offset. */
#include "base/mem.h"
#include "bench.h"
#include "storage/merge.h"
#include <criterion/criterion.h>
#include <stdio.h>

#define LOG "orders-0/%020lld.log"
#define FILLED 12 /* keys that stay, one in each segment at first */

static void setup(struct bench *b)
{
    bench_init(b);
    b->config.segment_bytes = 800;
    b->config.compact = true;
    b->config.delete_retention_ms = 60000;
    b->config.min_dirty_ratio = 0;
    partition_configure(b->p, &b->config);
    bench_settle(b);
}

static void put(struct bench *b, const char *key, const char *value)
{
    struct record r = {.timestamp_ms = b->clock.wall_ms,
                       .key = bytes_of_string(key),
                       .value = bytes_of_string(value)};
    int64_t offset;
    uint64_t batch;
    cr_assert_eq(partition_append(b->p, &r, 1, &offset, &batch), ERR_OK);
    partition_want_sync(b->p);
    partition_commit(b->p);
    bench_settle(b);
}

/* Segments with one record each that stays, and others that do not. */
static void fill(struct bench *b)
{
    char key[16];
    for (int i = 0; i < FILLED; i++) {
        snprintf(key, sizeof(key), "key-%d", i);
        put(b, key, key);
        for (int k = 0; k < 6; k++)
            put(b, "filler", "a value of some length, so that files get full");
    }
}

static void compact(struct bench *b)
{
    partition_retain(b->p);
    bench_settle(b);
}

static uint32_t segments(const struct bench *b)
{
    struct partition_info info;
    partition_describe(b->p, &info);
    return info.segment_count;
}

static unsigned logs_on_disk(struct bench *b)
{
    char path[64];
    unsigned n = 0;
    for (int64_t i = 0; i <= partition_next_offset(b->p); i++) {
        snprintf(path, sizeof(path), LOG, (long long)i);
        n += fake_disk_exists(b->disk, path);
    }
    return n;
}

/* Each key that stays is there once, with its value; reading from the start meets no damage. */
static void check(struct bench *b, const char *when)
{
    int seen[FILLED] = {0};
    int64_t offset = 0, last = -1;
    while (offset < partition_next_offset(b->p)) {
        struct partition_read read = {.offset = offset, .bytes_max = 300};
        struct batch_iter it;
        struct record_view r;
        bench_read(b, &read);
        cr_assert_eq(read.err, ERR_OK, "%s: offset %lld: %s", when, (long long)offset,
                     err_text(read.err));
        while (read.batches.len > 0) {
            struct batch_header h;
            cr_assert_eq(batch_header_read(read.batches, INT32_MAX, &h), ERR_OK);
            size_t len = batch_header_len(&h);
            cr_assert_eq(batch_iter_init(&it, bytes_of(read.batches.data, len)), ERR_OK);
            while (batch_iter_next(&it, &r) == ERR_OK) {
                int key;
                char text[16];
                cr_assert(r.offset > last, "%s: %lld behind %lld", when, (long long)r.offset,
                          (long long)last);
                last = r.offset;
                snprintf(text, sizeof(text), "%.*s", (int)r.key.len, r.key.data);
                if (sscanf(text, "key-%d", &key) == 1) {
                    cr_assert(bytes_equal(r.key, r.value));
                    cr_assert_eq(r.offset, key * 7);
                    seen[key]++;
                }
            }
            read.batches.data += len;
            read.batches.len -= len;
        }
        cr_assert_gt(read.next_offset, offset);
        offset = read.next_offset;
        partition_read_end(&read);
    }
    for (int i = 0; i < FILLED; i++)
        cr_assert_eq(seen[i], 1, "%s: key %d is there %d times", when, i, seen[i]);
    cr_assert_eq(storage_stats(b->st)->corrupt_ranges, 0, "%s", when);
}

Test(merge, segments_that_fit_in_one_file_become_one)
{
    struct bench b;
    setup(&b);
    fill(&b);
    cr_assert_geq(segments(&b), FILLED);
    compact(&b);
    cr_assert_leq(segments(&b), 4);
    cr_assert_eq(logs_on_disk(&b), segments(&b));
    cr_assert_not(fake_disk_exists(b.disk, "orders-0/merge"));
    cr_assert_eq(b.warnings, 0);
    check(&b, "after it");
    storage_set_tail_bytes_max(b.st, 0);
    check(&b, "from the files");
    bench_reopen(&b);
    cr_assert(b.recovery.clean);
    check(&b, "after a clean stop");
    bench_crash(&b, FAKE_KEEP_SYNCED, 1);
    cr_assert_eq(bench_open(&b), ERR_OK);
    check(&b, "after a power cut");
    struct partition_seek seek = {.timestamp_ms = b.clock.wall_ms};
    bench_seek(&b, &seek);
    cr_assert_eq(seek.offset, 0);
    bench_deinit(&b);
}

static void crash_at(uint64_t call, enum fake_kept kept, uint64_t seed, bool *reached)
{
    struct bench b;
    char when[64];
    snprintf(when, sizeof(when), "call %llu, kept %d, seed %llu", (unsigned long long)call,
             (int)kept, (unsigned long long)seed);
    setup(&b);
    fill(&b);
    storage_set_tail_bytes_max(b.st, 0);
    b.disk->off_after = call;
    compact(&b);
    *reached = b.disk->off;
    bench_crash(&b, kept, seed);
    cr_assert_eq(bench_open(&b), ERR_OK, "%s", when);
    cr_assert_eq(b.recovery.corrupt_ranges, 0, "%s", when);
    cr_assert_not(fake_disk_exists(b.disk, "orders-0/merge"), "%s", when);
    cr_assert_eq(logs_on_disk(&b), segments(&b), "%s", when);
    check(&b, when);
    put(&b, "filler", "x");
    bench_pass(&b, b.config.segment_ms);
    compact(&b); /* rolls */
    compact(&b);
    check(&b, when);
    cr_assert_leq(segments(&b), 5, "%s: %u", when, segments(&b));
    bench_deinit(&b);
}

Test(merge, crash_at_any_call_leaves_each_record_once)
{
    bool reached = true;
    for (uint64_t call = 1; reached; call++)
        for (uint64_t seed = 0; seed < 5; seed++)
            crash_at(call, seed < 2 ? (enum fake_kept)seed : FAKE_KEEP_SOME, seed, &reached);
}

static void fail_at(enum fake_call kind, int after, int times, bool clean, bool *reached)
{
    struct bench b;
    struct partition_info info;
    char when[64];
    snprintf(when, sizeof(when), "kind %d, after %d, %d times", (int)kind, after, times);
    setup(&b);
    fill(&b);
    storage_set_tail_bytes_max(b.st, 0);
    fake_disk_fail(b.disk, kind, after, times, ERR_IO);
    compact(&b);
    *reached = b.disk->faults[kind].times < times;
    memset(b.disk->faults, 0, sizeof(b.disk->faults));
    check(&b, when);
    partition_describe(b.p, &info);
    if (info.failed != ERR_OK) { /* it could not write the checkpoint that goes before */
        bench_crash(&b, FAKE_KEEP_SYNCED, 1);
        cr_assert_eq(bench_open(&b), ERR_OK, "%s", when);
    } else if (clean) {
        bench_reopen(&b);
        cr_assert(b.recovery.clean, "%s", when);
        check(&b, when);
    }
    bench_pass(&b, 300 * 60000LL);
    put(&b, "filler", "x");
    bench_pass(&b, b.config.segment_ms);
    compact(&b);
    compact(&b);
    check(&b, when);
    cr_assert_leq(segments(&b), 5, "%s: %u", when, segments(&b));
    cr_assert_eq(logs_on_disk(&b), segments(&b), "%s", when);
    bench_crash(&b, FAKE_KEEP_SYNCED, 1);
    cr_assert_eq(bench_open(&b), ERR_OK);
    cr_assert_eq(b.recovery.corrupt_ranges, 0);
    check(&b, when);
    bench_deinit(&b);
}

Test(merge, error_at_any_call_leaves_each_record_once)
{
    for (int kind = 0; kind < FAKE_CALL_COUNT; kind++) {
        bool reached = true;
        for (int after = 0; reached; after++)
            for (int k = 0; k < 4; k++)
                fail_at((enum fake_call)kind, after, k / 2 ? 1000 : 1, k % 2, &reached);
    }
}

Test(merge, number_of_segments_goes_by_what_is_live)
{
    struct bench b;
    char key[16];
    setup(&b);
    storage_set_tail_bytes_max(b.st, 0);
    for (int i = 0; i < 20000; i++) {
        snprintf(key, sizeof(key), "key-%d", i % 5);
        put(&b, key, "a value of some length, so that files get full");
        if (i % 50 == 0)
            compact(&b);
    }
    bench_pass(&b, b.config.segment_ms);
    compact(&b);
    compact(&b);
    cr_assert_leq(segments(&b), 4, "%u", segments(&b));
    cr_assert_eq(logs_on_disk(&b), segments(&b));
    cr_assert_eq(bench_count(&b, 0, 1000), 5);
    struct partition_info info;
    partition_describe(b.p, &info);
    cr_assert_lt(info.bytes, 3 * 800);
    bench_reopen(&b);
    uint64_t reads = b.disk->calls[FAKE_READ];
    cr_assert_eq(bench_count(&b, 0, 1000), 5);
    cr_assert_lt(b.disk->calls[FAKE_READ] - reads, 40);
    bench_deinit(&b);
}

Test(merge, reader_gets_what_was_there_or_what_is)
{
    for (int run = 0; run < 200; run++) {
        struct bench b;
        bool done = false;
        setup(&b);
        fill(&b);
        if (run % 2)
            bench_reopen(&b); /* no file is open */
        storage_set_tail_bytes_max(b.st, 0);
        b.disk->cold = b.disk->hold = true;
        partition_retain(b.p);
        struct partition_read read = {
            .offset = 7 * (run % FILLED), .bytes_max = 1, .done = bench_set_done, .ctx = &done};
        for (int i = 0; i < run / 2; i++) {
            (void)fake_disk_run_one(b.disk);
            disk_reap(&b.disk->disk);
        }
        enum err err = partition_read(b.p, &read);
        b.disk->hold = false;
        bench_settle(&b);
        cr_assert(done || err == ERR_OK);
        cr_assert_eq(read.err, ERR_OK, "run %d: %s", run, err_text(read.err));
        struct batch_iter it;
        struct record_view r;
        cr_assert_eq(batch_iter_init(&it, read.batches), ERR_OK, "run %d", run);
        cr_assert_eq(batch_iter_next(&it, &r), ERR_OK);
        cr_assert_eq(r.offset, read.offset, "run %d", run);
        partition_read_end(&read);
        check(&b, "behind it");
        bench_deinit(&b);
    }
}

Test(merge, partition_can_be_deleted_or_closed_in_the_middle_of_it)
{
    for (int run = 0; run < 200; run++) {
        struct bench b;
        setup(&b);
        fill(&b);
        b.disk->hold = true;
        partition_retain(b.p);
        for (int i = 0; i < run / 2; i++) {
            (void)fake_disk_run_one(b.disk);
            disk_reap(&b.disk->disk);
        }
        b.disk->hold = false;
        if (run % 2 == 0) {
            partition_delete(b.p);
            b.p = NULL;
        } else {
            bench_reopen(&b);
            cr_assert(b.recovery.clean);
            check(&b, "after the stop");
        }
        bench_deinit(&b);
    }
}

/* Leaves a gap of millions of offsets: without a checkpoint nobody knows which were given out. */
static void skip_offsets(struct bench *b)
{
    bench_crash(b, FAKE_KEEP_SYNCED, 1);
    cr_assert_eq(disk_unlink(&b->disk->disk, "orders-0/checkpoint"), ERR_OK);
    cr_assert_eq(bench_open(b), ERR_OK);
}

Test(merge, segment_holds_no_more_offsets_than_its_indexes_can_tell)
{
    struct bench b;
    setup(&b);
    put(&b, "first", "1");
    while (partition_next_offset(b.p) <= INT32_MAX) {
        skip_offsets(&b);
        put(&b, "gap", "");
    }
    put(&b, "second", "2");
    bench_pass(&b, b.config.segment_ms);
    compact(&b);
    put(&b, "third", "3");
    bench_pass(&b, b.config.segment_ms);
    compact(&b);
    compact(&b);
    cr_assert_geq(segments(&b), 3);
    storage_set_tail_bytes_max(b.st, 0);
    cr_assert_eq(bench_count(&b, 0, 1000), 4);
    bench_deinit(&b);
}

Test(merge, note_of_what_did_not_take_place_removes_nothing)
{
    struct bench b;
    setup(&b);
    fill(&b);
    uint32_t before = segments(&b);
    struct merge_note note = {.base_offset = 0, .end_offset = 50, .bytes = 12345};
    cr_assert_eq(merge_note_write(&b.disk->disk, "orders-0", &note), ERR_OK);
    bench_reopen(&b);
    cr_assert(b.recovery.clean);
    cr_assert_eq(segments(&b), before);
    cr_assert_not(fake_disk_exists(b.disk, "orders-0/merge"));
    bench_deinit(&b);
}

Test(merge, note_that_is_rotten_removes_nothing)
{
    struct bench b;
    setup(&b);
    fill(&b);
    uint32_t before = segments(&b);
    struct merge_note note = {.base_offset = 0, .end_offset = 50};
    note.bytes = fake_disk_bytes(b.disk, "orders-0/00000000000000000000.log")->len;
    cr_assert_eq(merge_note_write(&b.disk->disk, "orders-0", &note), ERR_OK);
    fake_disk_bytes(b.disk, "orders-0/merge")->data[20] ^= 1;
    bench_reopen(&b);
    cr_assert_eq(segments(&b), before);
    check(&b, "after it");
    bench_deinit(&b);
}
