/* SPDX-License-Identifier: BSD-3-Clause */
/* What the simulator (tests/sim) found, in few steps. */
#include "bench.h"
#include <criterion/criterion.h>

Test(faults, close_waits_for_a_deletion_that_holds_its_directory)
{
    struct bench b;
    enum err err;
    bench_init(&b);
    bench_put(&b, "old");
    partition_delete(b.p);
    b.p = partition_create(b.st, "orders-0", &b.config, &bench_events, &b);
    b.written = b.synced = 0;
    cr_assert_eq(bench_append(&b, "new"), 0);
    cr_assert_eq(partition_close(b.p), ERR_OK);
    b.p = NULL;
    bench_settle(&b);
    cr_assert_eq(bench_open(&b), ERR_OK);
    cr_assert_str_eq(bench_get(&b, 0, &err), "new");
    bench_deinit(&b);
}

Test(faults, full_disk_at_a_sync_is_no_promise_that_appends_may_succeed_again)
{
    struct bench b;
    struct partition_info info;
    bench_init(&b);
    bench_put(&b, "a");
    fake_disk_fail(b.disk, FAKE_SYNC, 0, 1, ERR_NOSPACE);
    bench_append(&b, "b");
    partition_commit(b.p);
    partition_want_sync(b.p);
    bench_settle(&b);
    partition_describe(b.p, &info);
    cr_assert_eq(info.failed, ERR_IO);
    cr_assert_eq(b.refused_why, ERR_IO);
    bench_deinit(&b);
}

static void fill_segments(struct bench *b)
{
    b->config.segment_bytes = 1000;
    partition_configure(b->p, &b->config);
    for (int i = 0; i < 20; i++) {
        bench_append_bytes(b, 200);
        partition_commit(b->p);
        bench_pass(b, 1000);
    }
}

Test(faults, removal_is_not_tried_without_end_while_descriptors_are_missing)
{
    struct bench b;
    bench_init(&b);
    fill_segments(&b);
    b.config.retention_bytes = 1000;
    partition_configure(b.p, &b.config);
    fake_disk_fail(b.disk, FAKE_OPEN, 0, 1000, ERR_LIMIT);
    uint64_t before = b.disk->calls[FAKE_OPEN];
    partition_retain(b.p);
    bench_settle(&b);
    cr_assert_lt(b.disk->calls[FAKE_OPEN] - before, 20);
    fake_disk_fail(b.disk, FAKE_OPEN, 0, 0, ERR_OK);
    partition_retain(b.p);
    bench_settle(&b);
    cr_assert_not(fake_disk_exists(b.disk, "orders-0/00000000000000000000.log"));
    bench_deinit(&b);
}

Test(faults, search_does_not_pass_over_what_the_device_does_not_give)
{
    struct bench b;
    bench_init(&b);
    storage_set_tail_bytes_max(b.st, 0);
    fill_segments(&b);
    struct partition_seek seek = {.timestamp_ms = 0};
    fake_disk_fail(b.disk, FAKE_READ, 0, 100000, ERR_IO);
    bench_seek(&b, &seek);
    cr_assert_eq(seek.err, ERR_IO);
    partition_seek_end(&seek);
    fake_disk_fail(b.disk, FAKE_READ, 0, 0, ERR_OK);
    bench_deinit(&b);
}

Test(faults, retention_does_not_drop_what_it_could_not_read)
{
    struct bench b;
    bench_init(&b);
    storage_set_tail_bytes_max(b.st, 0);
    fill_segments(&b);
    b.config.retention_ms = 15500;
    partition_configure(b.p, &b.config);
    fake_disk_fail(b.disk, FAKE_READ, 0, 100000, ERR_IO);
    partition_retain(b.p);
    bench_settle(&b);
    cr_assert_leq(partition_log_start(b.p), 5);
    fake_disk_fail(b.disk, FAKE_READ, 0, 0, ERR_OK);
    partition_retain(b.p);
    bench_settle(&b);
    cr_assert_eq(partition_log_start(b.p), 5);
    bench_deinit(&b);
}

Test(faults, sync_that_was_asked_for_is_made_although_a_later_batch_did_not_fit)
{
    struct bench b;
    bench_init(&b);
    bench_put(&b, "a");
    bench_append(&b, "b");
    partition_commit(b.p);
    bench_append(&b, "c");
    partition_want_sync(b.p);
    b.disk->space_left = 0;
    partition_commit(b.p);
    bench_settle(&b);
    cr_assert_eq(b.refused_why, ERR_NOSPACE);
    cr_assert_eq(b.refused_first, 3);
    cr_assert_eq(b.synced, 2);
    b.disk->space_left = FAKE_SPACE_ENDLESS;
    bench_deinit(&b);
}

Test(faults, retention_by_size_works_after_a_start_that_scanned_nothing)
{
    struct bench b;
    bench_init(&b);
    fill_segments(&b);
    partition_want_sync(b.p);
    bench_settle(&b);
    bench_crash(&b, FAKE_KEEP_ALL, 0);
    cr_assert_eq(bench_open(&b), ERR_OK);
    cr_assert_eq(b.recovery.bytes_scanned, 0);
    b.config.retention_bytes = 300; /* one batch */
    partition_configure(b.p, &b.config);
    partition_retain(b.p);
    bench_settle(&b);
    cr_assert_eq(partition_log_start(b.p), 19);
    b.config.retention_bytes = 0; /* the newest stays */
    partition_configure(b.p, &b.config);
    partition_retain(b.p);
    bench_settle(&b);
    cr_assert_eq(partition_log_start(b.p), 19);
    bench_deinit(&b);
}

Test(faults, removal_waits_for_a_checkpoint_that_reaches_as_far)
{
    struct bench b;
    bench_init(&b);
    b.config.segment_bytes = 1000;
    partition_configure(b.p, &b.config);
    for (int i = 0; i < 3; i++) {
        bench_append_bytes(&b, 250);
        partition_commit(b.p);
        bench_settle(&b);
    }
    fake_disk_fail(b.disk, FAKE_OPEN, 3, 1, ERR_LIMIT); /* the checkpoint of the roll */
    bench_append_bytes(&b, 250);
    partition_commit(b.p);
    bench_settle(&b);
    cr_assert(fake_disk_exists(b.disk, "orders-0/00000000000000000003.log"));
    b.config.retention_bytes = 0;
    partition_configure(b.p, &b.config);
    uint64_t before = b.disk->calls[FAKE_SYNC];
    partition_retain(b.p);
    bench_settle(&b); /* ends */
    cr_assert_eq(partition_log_start(b.p), 3);
    cr_assert_lt(b.disk->calls[FAKE_SYNC] - before, 10);
    bench_put(&b, "more");
    cr_assert_not(fake_disk_exists(b.disk, "orders-0/00000000000000000000.log"));
    bench_deinit(&b);
}

Test(faults, search_that_began_before_the_clock_went_on_does_not_keep_records_too_long)
{
    struct bench b;
    bool done = false;
    bench_init(&b);
    bench_put(&b, "a");
    bench_crash(&b, FAKE_KEEP_ALL, 0);
    cr_assert_eq(bench_open(&b), ERR_OK);
    b.config.retention_ms = 10000;
    partition_configure(b.p, &b.config);
    b.disk->cold = b.disk->hold = true;
    partition_retain(b.p); /* the search is under way */
    b.clock.wall_ms += 20000;
    struct partition_read read = {
        .offset = 0, .bytes_max = 100, .done = bench_set_done, .ctx = &done};
    cr_assert_eq(partition_read(b.p, &read), ERR_AGAIN);
    b.disk->hold = false;
    bench_settle(&b);
    cr_assert(done);
    cr_assert_eq(read.err, ERR_RANGE);
    partition_read_end(&read);
    bench_deinit(&b);
}

Test(faults, log_whose_records_all_expired_can_be_rolled_after_a_restart)
{
    struct bench b;
    bench_init(&b);
    bench_put(&b, "a");
    b.config.retention_ms = 1000;
    partition_configure(b.p, &b.config);
    b.clock.wall_ms += 5000;
    fake_disk_fail(b.disk, FAKE_OPEN, 0, 10, ERR_LIMIT); /* the roll fails */
    partition_retain(b.p);
    bench_settle(&b);
    fake_disk_fail(b.disk, FAKE_OPEN, 0, 0, ERR_OK);
    bench_reopen(&b);
    partition_retain(b.p);
    bench_settle(&b);
    cr_assert_eq(partition_log_start(b.p), 1);
    cr_assert_not(fake_disk_exists(b.disk, "orders-0/00000000000000000000.log"));
    bench_deinit(&b);
}

Test(faults, roll_that_cannot_take_back_the_file_it_made_is_the_last)
{
    struct bench b;
    struct partition_info info;
    bench_init(&b);
    b.config.segment_bytes = 1000;
    partition_configure(b.p, &b.config);
    bench_append_bytes(&b, 900);
    partition_commit(b.p);
    bench_settle(&b);
    fake_disk_fail(b.disk, FAKE_OPEN, 1, 100, ERR_NOSPACE); /* the log is made, its index is not */
    fake_disk_fail(b.disk, FAKE_UNLINK, 0, 100, ERR_IO);
    bench_append_bytes(&b, 900);
    partition_commit(b.p);
    bench_settle(&b);
    memset(b.disk->faults, 0, sizeof(b.disk->faults));
    cr_assert(fake_disk_exists(b.disk, "orders-0/00000000000000000001.log"));
    partition_describe(b.p, &info);
    cr_assert_eq(info.failed, ERR_IO, "else the next record would be behind that file's base");
    bench_crash(&b, FAKE_KEEP_ALL, 1);
    cr_assert_eq(bench_open(&b), ERR_OK);
    cr_assert_eq(b.recovery.corrupt_ranges, 0);
    bench_put(&b, "next");
    cr_assert_eq(bench_count(&b, 0, 1 << 20), 2);
    bench_deinit(&b);
}

/* The device fails for good in the first batch, and once where it had given what is behind. */
Test(faults, read_that_meets_one_failure_after_the_other_leaves_nothing_out_without_a_word)
{
    for (int after = 0; after < 40; after++) {
        struct bench b;
        struct partition_read read = {.offset = 0, .bytes_max = 100};
        bench_init(&b);
        storage_set_tail_bytes_max(b.st, 0);
        for (int i = 0; i < 3; i++) {
            bench_append_bytes(&b, 70000);
            partition_commit(b.p);
            bench_settle(&b);
        }
        b.disk->cold = true;
        b.disk->bad_from = 100;
        b.disk->bad_to = 101;
        fake_disk_fail(b.disk, FAKE_READ, after, 1, ERR_IO);
        bench_read(&b, &read);
        cr_assert_eq(read.err, ERR_CORRUPT, "after %d: %s", after, err_text(read.err));
        cr_assert_eq(read.corrupt_from, 0);
        partition_read_end(&read);
        bench_deinit(&b);
    }
}
