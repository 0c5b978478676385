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
