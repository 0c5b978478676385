/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench.h"
#include <criterion/criterion.h>
#include <stdio.h>

#define FIRST_LOG "orders-0/00000000000000000000.log"

/* Ten records in segments of a few each. */
static void setup(struct bench *b)
{
    bench_init(b);
    b->config.segment_bytes = 300;
    partition_configure(b->p, &b->config);
    for (int i = 0; i < 10; i++) {
        char value[32];
        snprintf(value, sizeof(value), "record number %d", i);
        cr_assert_eq(bench_put(b, value), i);
    }
}

static void on_done(struct partition_trim *t)
{
    bool *done = t->ctx;
    *done = true;
}

/* Trims and waits; the log start that was answered. */
static int64_t trim(struct bench *b, int64_t offset, enum err *err)
{
    bool done = false;
    struct partition_trim t = {.done = on_done, .ctx = &done};
    if (partition_trim(b->p, offset, &t) == ERR_AGAIN) {
        cr_assert_not(done);
        bench_settle(b);
        cr_assert(done, "a trim must end");
    }
    *err = t.err;
    return t.log_start;
}

static void open_again(struct bench *b)
{
    b->disk->space_left = FAKE_SPACE_ENDLESS;
    cr_assert_eq(bench_open(b), ERR_OK);
}

Test(trim, records_before_the_offset_are_gone_and_those_behind_it_stay)
{
    struct bench b;
    enum err err;
    setup(&b);
    cr_assert_eq(trim(&b, 5, &err), 5);
    cr_assert_eq(err, ERR_OK);
    cr_assert_eq(partition_log_start(b.p), 5);
    cr_assert_eq(b.trimmed, 1);
    cr_assert_null(bench_get(&b, 4, &err));
    cr_assert_eq(err, ERR_RANGE);
    cr_assert_str_eq(bench_get(&b, 5, NULL), "record number 5");
    cr_assert_eq(bench_count(&b, 5, 100), 5);
    cr_assert_not(fake_disk_exists(b.disk, FIRST_LOG));
    bench_deinit(&b);
}

Test(trim, offset_beyond_the_end_is_refused_and_nothing_happens)
{
    struct bench b;
    enum err err;
    setup(&b);
    trim(&b, 11, &err);
    cr_assert_eq(err, ERR_RANGE);
    trim(&b, -1, &err);
    cr_assert_eq(err, ERR_RANGE);
    cr_assert_eq(partition_log_start(b.p), 0);
    cr_assert_eq(b.trimmed, 0);
    bench_deinit(&b);
}

Test(trim, log_start_never_moves_back)
{
    struct bench b;
    enum err err;
    setup(&b);
    trim(&b, 5, &err);
    cr_assert_eq(trim(&b, 3, &err), 5);
    cr_assert_eq(err, ERR_OK);
    cr_assert_eq(partition_log_start(b.p), 5);
    bench_deinit(&b);
}

Test(trim, of_everything_leaves_an_empty_log_that_goes_on_where_it_was)
{
    struct bench b;
    enum err err;
    struct partition_info info;
    setup(&b);
    cr_assert_eq(trim(&b, 10, &err), 10);
    cr_assert_eq(err, ERR_OK);
    partition_describe(b.p, &info);
    cr_assert_eq(info.bytes, 0);
    cr_assert_eq(info.segment_count, 1);
    cr_assert_eq(bench_put(&b, "next"), 10);
    bench_reopen(&b);
    cr_assert_eq(partition_log_start(b.p), 10);
    cr_assert_str_eq(bench_get(&b, 10, NULL), "next");
    bench_deinit(&b);
}

Test(trim, is_durable_when_it_is_done_and_not_told_before)
{
    for (int run = 0; run < 8; run++) { /* so many pieces of work before the power goes */
        struct bench b;
        bool done = false;
        setup(&b);
        struct partition_trim t = {.done = on_done, .ctx = &done};
        bench_append(&b, "written, not synced");
        partition_commit(b.p);
        b.disk->hold = true;
        cr_assert_eq(partition_trim(b.p, 11, &t), ERR_AGAIN);
        for (int i = 0; i < run / 2; i++)
            (void)fake_disk_run_one(b.disk);
        if (run % 2 == 1)
            disk_reap(&b.disk->disk);
        if (!done)
            partition_trim_end(&t);
        b.disk->hold = false;
        bench_crash(&b, FAKE_KEEP_SYNCED, 1);
        open_again(&b);
        if (done)
            cr_assert_eq(partition_log_start(b.p), 11, "run %d", run);
        else
            cr_assert(partition_log_start(b.p) == 0 || partition_log_start(b.p) == 11);
        cr_assert_eq(b.recovery.corrupt_ranges, 0);
        cr_assert_geq(partition_next_offset(b.p), 11);
        int64_t offset = bench_put(&b, "after");
        cr_assert_str_eq(bench_get(&b, offset, NULL), "after");
        bench_deinit(&b);
    }
}

Test(trim, is_not_told_by_a_job_that_began_before_it)
{
    struct bench b;
    bool done = false;
    setup(&b);
    struct partition_trim t = {.done = on_done, .ctx = &done};
    b.disk->hold = true;
    bench_append(&b, "to be synced");
    partition_want_sync(b.p);
    partition_commit(b.p);
    cr_assert_eq(fake_disk_waiting(b.disk), 1);
    cr_assert_eq(partition_trim(b.p, 5, &t), ERR_AGAIN);
    cr_assert(fake_disk_run_one(b.disk));
    disk_reap(&b.disk->disk);
    cr_assert_not(done);
    b.disk->hold = false;
    bench_settle(&b);
    cr_assert(done);
    cr_assert_eq(t.err, ERR_OK);
    bench_deinit(&b);
}

Test(trim, survives_a_crash_before_the_files_are_removed)
{
    struct bench b;
    bool done = false;
    setup(&b);
    struct partition_trim t = {.done = on_done, .ctx = &done};
    b.disk->hold = true;
    cr_assert_eq(partition_trim(b.p, 7, &t), ERR_AGAIN);
    while (!done) {
        cr_assert(fake_disk_run_one(b.disk));
        disk_reap(&b.disk->disk);
    }
    cr_assert(fake_disk_exists(b.disk, FIRST_LOG));
    b.disk->hold = false;
    bench_crash(&b, FAKE_KEEP_ALL, 1);
    open_again(&b);
    cr_assert_eq(partition_log_start(b.p), 7);
    cr_assert_eq(bench_count(&b, 7, 100), 3);
    partition_retain(b.p);
    bench_settle(&b);
    cr_assert_not(fake_disk_exists(b.disk, FIRST_LOG));
    bench_deinit(&b);
}

Test(trim, works_on_a_full_disk_and_makes_room)
{
    struct bench b;
    enum err err;
    setup(&b);
    b.disk->space_left = 0;
    cr_assert_eq(trim(&b, 9, &err), 9);
    cr_assert_eq(err, ERR_OK);
    cr_assert_not(fake_disk_exists(b.disk, FIRST_LOG));
    bench_crash(&b, FAKE_KEEP_SYNCED, 1);
    open_again(&b);
    cr_assert_eq(partition_log_start(b.p), 9);
    bench_deinit(&b);
}

Test(trim, after_a_clean_start_takes_the_marker_away_first)
{
    struct bench b;
    enum err err;
    setup(&b);
    bench_reopen(&b);
    cr_assert(b.recovery.clean);
    cr_assert_eq(trim(&b, 6, &err), 6);
    cr_assert_eq(err, ERR_OK);
    bench_crash(&b, FAKE_KEEP_SYNCED, 1);
    open_again(&b);
    cr_assert_not(b.recovery.clean);
    cr_assert_eq(partition_log_start(b.p), 6);
    cr_assert_eq(b.recovery.corrupt_ranges, 0);
    bench_deinit(&b);
}

Test(trim, that_cannot_be_made_durable_is_told_why)
{
    struct bench b;
    enum err err;
    setup(&b);
    bench_append(&b, "doubtful");
    partition_commit(b.p);
    fake_disk_fail(b.disk, FAKE_SYNC, 0, 1, ERR_IO);
    trim(&b, 11, &err);
    cr_assert_eq(err, ERR_IO);
    trim(&b, 11, &err);
    cr_assert_eq(err, ERR_FAILED);
    bench_deinit(&b);
}

Test(trim, waits_end_when_the_partition_is_deleted)
{
    struct bench b;
    bool done = false;
    setup(&b);
    struct partition_trim t = {.done = on_done, .ctx = &done};
    b.disk->hold = true;
    cr_assert_eq(partition_trim(b.p, 7, &t), ERR_AGAIN);
    partition_delete(b.p);
    b.p = NULL;
    cr_assert(done);
    cr_assert_eq(t.err, ERR_NOT_FOUND);
    b.disk->hold = false;
    bench_deinit(&b);
}

Test(trim, that_was_given_up_still_happens_and_is_not_told)
{
    struct bench b;
    bool done = false;
    setup(&b);
    struct partition_trim t = {.done = on_done, .ctx = &done};
    b.disk->hold = true;
    cr_assert_eq(partition_trim(b.p, 7, &t), ERR_AGAIN);
    partition_trim_end(&t);
    b.disk->hold = false;
    bench_settle(&b);
    cr_assert_not(done);
    cr_assert_eq(partition_log_start(b.p), 7);
    bench_deinit(&b);
}

Test(trim, size_limit_counts_what_the_trim_left)
{
    struct bench b;
    enum err err;
    setup(&b);
    struct partition_info info;
    partition_describe(b.p, &info);
    trim(&b, 4, &err);
    b.config.retention_bytes = info.bytes / 2;
    partition_configure(b.p, &b.config);
    partition_retain(b.p);
    bench_settle(&b);
    cr_assert_eq(partition_log_start(b.p), 5);
    bench_deinit(&b);
}

/* Five records in one segment, and a log start that just moved to the last of them. */
static void move_start(struct bench *b)
{
    bench_init(b);
    for (int i = 0; i < 5; i++)
        bench_put(b, "a record");
    b->config.retention_bytes = 0;
    partition_configure(b->p, &b->config);
    partition_retain(b->p);
    bench_settle(b);
    cr_assert_eq(partition_log_start(b->p), 4);
}

Test(trim, log_start_that_moved_before_a_clean_stop_stays_when_the_marker_is_spoiled)
{
    struct bench b;
    move_start(&b);
    bench_stop(&b);
    fake_disk_bytes(b.disk, "orders-0/clean")->data[60] ^= 1;
    bench_start(&b);
    b.config.retention_bytes = -1;
    cr_assert_eq(bench_open(&b), ERR_OK);
    cr_assert_not(b.recovery.clean);
    cr_assert_eq(partition_log_start(b.p), 4);
    bench_deinit(&b);
}

Test(trim, log_start_that_only_the_marker_knows_outlives_a_failure_to_remove_it)
{
    struct bench b;
    move_start(&b);
    fake_disk_fail(b.disk, FAKE_OPEN, 0, 1, ERR_LIMIT); /* of the checkpoint */
    bench_stop(&b);
    bench_start(&b);
    b.config.retention_bytes = -1;
    cr_assert_eq(bench_open(&b), ERR_OK);
    cr_assert(b.recovery.clean);
    fake_disk_fail(b.disk, FAKE_SYNC_DIR, 0, 100, ERR_IO); /* it is gone, and perhaps it is not */
    bench_append(&b, "a record");
    partition_commit(b.p);
    bench_settle(&b);
    fake_disk_fail(b.disk, FAKE_SYNC_DIR, 0, 0, ERR_OK);
    cr_assert_not(fake_disk_exists(b.disk, "orders-0/clean"));
    bench_crash(&b, FAKE_KEEP_ALL, 1);
    open_again(&b);
    cr_assert_not(b.recovery.clean);
    cr_assert_eq(partition_log_start(b.p), 4);
    bench_deinit(&b);
}
