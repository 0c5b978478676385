/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/mem.h"
#include "bench.h"
#include "storage/checkpoint.h"
#include <criterion/criterion.h>
#include <stdio.h>

#define WITH_BENCH(name) \
    struct bench name;   \
    bench_init(&name)

Test(partition, appended_records_are_numbered_from_zero_before_anything_is_on_disk)
{
    WITH_BENCH(b);
    cr_assert_eq(bench_append(&b, "a"), 0);
    cr_assert_eq(bench_append(&b, "b"), 1);
    cr_assert_eq(partition_next_offset(b.p), 0, "readers do not see them yet");
    cr_assert(partition_dirty(b.p));
    bench_deinit(&b);
}

Test(partition, nothing_counts_as_written_before_the_directory_is_made)
{
    WITH_BENCH(b);
    b.disk->hold = true;
    bench_append(&b, "a");
    partition_commit(b.p);
    cr_assert_eq(b.written, 0);
    b.disk->hold = false;
    bench_settle(&b);
    cr_assert_eq(b.written, 1);
    cr_assert_str_eq(bench_get(&b, 0, NULL), "a");
    bench_deinit(&b);
}

Test(partition, commit_writes_and_sync_follows_only_when_asked_for)
{
    WITH_BENCH(b);
    bench_settle(&b);
    bench_append(&b, "a");
    partition_commit(b.p);
    bench_settle(&b);
    cr_assert_eq(b.written, 1);
    cr_assert_eq(b.synced, 0);
    partition_want_sync(b.p);
    bench_settle(&b);
    cr_assert_eq(b.synced, 1);
    bench_deinit(&b);
}

Test(partition, written_bytes_are_synced_within_flush_ms_without_being_asked)
{
    WITH_BENCH(b);
    bench_settle(&b);
    bench_append(&b, "a");
    partition_commit(b.p);
    bench_pass(&b, 999);
    cr_assert_eq(b.synced, 0);
    bench_append(&b, "b");
    partition_commit(b.p);
    bench_pass(&b, 1);
    cr_assert_eq(b.synced, 2, "counted from the first unsynced write");
    bench_deinit(&b);
}

/* Appends to the bound where more offsets are reserved, with the job that does it held back. */
static void use_up_half_of_the_reserved(struct bench *b)
{
    bench_settle(b);
    b->disk->hold = true;
    for (int i = 0; i < 600; i++) {
        bench_append(b, "a");
        partition_commit(b->p);
    }
    cr_assert_eq(fake_disk_waiting(b->disk), 1, "offsets are reserved before they are used up");
    cr_assert_eq(b->written, 600);
}

Test(partition, writes_go_on_while_more_offsets_are_reserved)
{
    WITH_BENCH(b);
    use_up_half_of_the_reserved(&b);
    for (int i = 600; i < 2000; i++) {
        bench_append(&b, "b");
        partition_commit(b.p);
        cr_assert_eq(b.written, i < 1024 ? i + 1 : 1024, "up to the bound that is durable");
    }
    b.disk->hold = false;
    bench_settle(&b);
    cr_assert_eq(partition_next_offset(b.p), 2000);
    bench_crash(&b, FAKE_KEEP_SYNCED, 1);
    cr_assert_eq(bench_open(&b), ERR_OK);
    cr_assert_geq(partition_next_offset(b.p), 2000, "none of them is given out again");
    bench_deinit(&b);
}

Test(partition, a_write_that_fails_beside_a_checkpoint_is_in_the_next_one)
{
    WITH_BENCH(b);
    use_up_half_of_the_reserved(&b);
    fake_disk_fail(b.disk, FAKE_WRITE, 0, 1, ERR_IO);
    bench_append(&b, "b");
    partition_commit(b.p);
    cr_assert_eq(b.refused_why, ERR_IO);
    b.disk->hold = false;
    bench_settle(&b);
    struct checkpoint c;
    struct checkpoint_place place;
    bool alone;
    cr_assert_eq(checkpoint_read(&b.disk->disk, "orders-0", &c, &place, &alone), ERR_OK);
    cr_assert(c.failed);
    mem_free(c.epochs);
    bench_deinit(&b);
}

Test(partition, offsets_that_cannot_be_reserved_early_are_tried_again_when_they_are_needed)
{
    WITH_BENCH(b);
    use_up_half_of_the_reserved(&b);
    fake_disk_fail(b.disk, FAKE_SYNC, 0, 1, ERR_NOSPACE);
    b.disk->hold = false;
    bench_settle(&b);
    size_t syncs = b.disk->calls[FAKE_SYNC];
    for (int i = 600; i < 1024; i++) {
        bench_append(&b, "b");
        partition_commit(b.p);
        bench_settle(&b);
    }
    cr_assert_eq(b.disk->calls[FAKE_SYNC], syncs, "once was enough");
    cr_assert_eq(bench_put(&b, "c"), 1024);
    cr_assert_gt(b.disk->calls[FAKE_SYNC], syncs);
    bench_deinit(&b);
}

Test(partition, batches_gather_while_a_sync_is_under_way_and_ride_on_the_next)
{
    WITH_BENCH(b);
    bench_settle(&b);
    b.disk->hold = true;
    bench_append(&b, "a");
    partition_want_sync(b.p);
    partition_commit(b.p);
    cr_assert_eq(b.written, 1);
    uint64_t writes = b.disk->calls[FAKE_WRITE];
    for (int i = 0; i < 10; i++) {
        bench_append(&b, "b");
        partition_want_sync(b.p);
        partition_commit(b.p);
    }
    cr_assert_eq(b.disk->calls[FAKE_WRITE], writes, "no write beside a sync");
    uint64_t syncs = storage_stats(b.st)->syncs;
    b.disk->hold = false;
    bench_settle(&b);
    cr_assert_eq(partition_next_offset(b.p), 11);
    cr_assert_eq(b.synced, partition_batch_last(b.p));
    cr_assert_eq(storage_stats(b.st)->syncs, syncs + 1, "one sync for all that gathered");
    bench_deinit(&b);
}

Test(partition, records_of_one_append_stay_in_one_batch)
{
    WITH_BENCH(b);
    static char bytes[40000];
    struct record r[3];
    int64_t offset;
    uint64_t batch;
    bench_settle(&b);
    for (int i = 0; i < 3; i++)
        r[i] = (struct record){.timestamp_ms = 1, .value = bytes_of(bytes, sizeof(bytes))};
    cr_assert_eq(partition_append(b.p, r, 1, &offset, &batch), ERR_OK);
    cr_assert_eq(batch, 1);
    cr_assert_eq(partition_append(b.p, r, 3, &offset, &batch), ERR_OK);
    cr_assert_eq(offset, 1);
    cr_assert_eq(batch, 2, "a new batch, past the target");
    partition_commit(b.p);
    cr_assert_eq(b.written, 2);
    cr_assert_eq(storage_stats(b.st)->batches_written, 2);
    bench_deinit(&b);
}

Test(partition, more_batches_than_one_write_takes_are_written_in_order_by_several)
{
    WITH_BENCH(b);
    struct partition_config config = b.config;
    char value[16];
    bench_settle(&b);
    config.batch_bytes_max = BATCH_HEADER_BYTES + 16; /* one record each */
    partition_configure(b.p, &config);
    for (int i = 0; i < 150; i++) {
        snprintf(value, sizeof(value), "%d", i);
        bench_append(&b, value);
    }
    uint64_t batches = partition_batch_last(b.p), writes = storage_stats(b.st)->writes;
    cr_assert_eq(batches, 150);
    partition_commit(b.p);
    cr_assert_eq(b.written, batches);
    cr_assert_gt(storage_stats(b.st)->writes, writes + 1);
    bench_reopen(&b);
    for (int i = 0; i < 150; i++) {
        snprintf(value, sizeof(value), "%d", i);
        cr_assert_str_eq(bench_get(&b, i, NULL), value);
    }
    bench_deinit(&b);
}

Test(partition, append_over_the_batch_limit_is_refused_and_changes_nothing)
{
    WITH_BENCH(b);
    static char bytes[5000];
    struct partition_config config = b.config;
    int64_t offset;
    uint64_t batch;
    config.batch_bytes_max = 1000;
    partition_configure(b.p, &config);
    struct record large = {.value = bytes_of(bytes, 1000)};
    struct record small = {.value = bytes_of(bytes, 1000 - BATCH_HEADER_BYTES - 9)};
    cr_assert_eq(partition_append(b.p, &large, 1, &offset, &batch), ERR_TOO_LARGE);
    cr_assert_not(partition_dirty(b.p));
    cr_assert_eq(partition_append(b.p, &small, 1, &offset, &batch), ERR_OK, "exactly the limit");
    cr_assert_eq(offset, 0);
    cr_assert_eq(storage_stats(b.st)->pending_bytes, 1000);
    bench_deinit(&b);
}

Test(partition, records_survive_a_clean_restart)
{
    WITH_BENCH(b);
    bench_put(&b, "a");
    bench_put(&b, "b");
    bench_reopen(&b);
    cr_assert_eq(partition_next_offset(b.p), 2);
    cr_assert_str_eq(bench_get(&b, 0, NULL), "a");
    cr_assert_str_eq(bench_get(&b, 1, NULL), "b");
    cr_assert_eq(bench_put(&b, "c"), 2);
    cr_assert_str_eq(bench_get(&b, 2, NULL), "c");
    bench_deinit(&b);
}

Test(partition, close_writes_and_syncs_what_was_only_appended)
{
    WITH_BENCH(b);
    bench_append(&b, "a");
    bench_stop(&b);
    fake_disk_power_off(b.disk);
    fake_disk_power_on(b.disk, FAKE_KEEP_SYNCED, 1);
    bench_start(&b);
    cr_assert_eq(bench_open(&b), ERR_OK);
    cr_assert_str_eq(bench_get(&b, 0, NULL), "a");
    bench_deinit(&b);
}

Test(partition, synced_records_survive_a_power_cut)
{
    WITH_BENCH(b);
    bench_put(&b, "a");
    bench_put(&b, "b");
    bench_crash(&b, FAKE_KEEP_SYNCED, 1);
    cr_assert_eq(bench_open(&b), ERR_OK);
    cr_assert_str_eq(bench_get(&b, 0, NULL), "a");
    cr_assert_str_eq(bench_get(&b, 1, NULL), "b");
    bench_deinit(&b);
}

Test(partition, written_records_survive_the_death_of_the_process)
{
    WITH_BENCH(b);
    bench_settle(&b);
    bench_append(&b, "a");
    partition_commit(b.p);
    bench_crash(&b, FAKE_KEEP_ALL, 1);
    cr_assert_eq(bench_open(&b), ERR_OK);
    cr_assert_eq(partition_next_offset(b.p), 1);
    cr_assert_str_eq(bench_get(&b, 0, NULL), "a");
    bench_deinit(&b);
}

Test(partition, torn_tail_is_cut_and_what_precedes_it_kept)
{
    WITH_BENCH(b);
    bench_put(&b, "a");
    bench_append(&b, "b");
    partition_commit(b.p);
    struct buf *log = fake_disk_bytes(b.disk, "orders-0/00000000000000000000.log");
    log->len -= 3;
    bench_crash(&b, FAKE_KEEP_ALL, 1);
    cr_assert_eq(bench_open(&b), ERR_OK);
    cr_assert_gt(b.recovery.bytes_cut, 0);
    cr_assert_str_eq(bench_get(&b, 0, NULL), "a");
    cr_assert_null(bench_get(&b, 1, NULL));
    int64_t next = bench_put(&b, "c");
    cr_assert_str_eq(bench_get(&b, next, NULL), "c");
    bench_deinit(&b);
}

Test(partition, segments_roll_by_size_and_all_of_them_are_read)
{
    WITH_BENCH(b);
    struct partition_info info;
    b.config.segment_bytes = 1000;
    partition_configure(b.p, &b.config);
    for (int i = 0; i < 50; i++) {
        bench_append_bytes(&b, 200);
        partition_commit(b.p);
        bench_settle(&b);
    }
    partition_describe(b.p, &info);
    cr_assert_eq(info.segment_count, 17);
    cr_assert_eq(info.next_offset, 50);
    cr_assert(fake_disk_exists(b.disk, "orders-0/00000000000000000003.log"));
    cr_assert_eq(bench_count(&b, 0, 700), 50);
    storage_set_tail_bytes_max(b.st, 0);
    cr_assert_eq(bench_count(&b, 0, 700), 50);
    bench_reopen(&b);
    cr_assert_eq(bench_count(&b, 0, 700), 50);
    bench_deinit(&b);
}

Test(partition, segment_rolls_when_it_is_old)
{
    WITH_BENCH(b);
    struct partition_info info;
    b.config.segment_ms = 60000;
    partition_configure(b.p, &b.config);
    bench_put(&b, "a");
    bench_pass(&b, 60000);
    bench_put(&b, "b");
    partition_describe(b.p, &info);
    cr_assert_eq(info.segment_count, 2);
    bench_deinit(&b);
}

Test(partition, full_disk_refuses_what_waits_and_gives_its_offsets_again)
{
    WITH_BENCH(b);
    bench_put(&b, "a");
    b.disk->space_left = 50;
    cr_assert_eq(bench_append(&b, "b"), 1);
    partition_commit(b.p);
    cr_assert_eq(b.refusals, 1);
    cr_assert_eq(b.refused_why, ERR_NOSPACE);
    cr_assert_eq(b.refused_first, 2);
    cr_assert_eq(b.refused_last, 2);
    cr_assert_str_eq(bench_get(&b, 0, NULL), "a");
    b.disk->space_left = FAKE_SPACE_ENDLESS;
    cr_assert_eq(bench_put(&b, "c"), 1);
    cr_assert_str_eq(bench_get(&b, 1, NULL), "c");
    bench_reopen(&b);
    cr_assert_eq(b.recovery.bytes_cut, 0);
    cr_assert_str_eq(bench_get(&b, 1, NULL), "c");
    bench_deinit(&b);
}

Test(partition, full_disk_keeps_the_batches_that_fitted_whole)
{
    WITH_BENCH(b);
    bench_settle(&b);
    for (int i = 0; i < 3; i++)
        bench_append_bytes(&b, 60000);
    b.disk->space_left = 150000;
    partition_commit(b.p);
    cr_assert_eq(b.written, 2);
    cr_assert_eq(b.refused_first, 3);
    cr_assert_eq(partition_next_offset(b.p), 2);
    cr_assert_eq(fake_disk_bytes(b.disk, "orders-0/00000000000000000000.log")->len,
                 storage_stats(b.st)->bytes_written);
    bench_deinit(&b);
}

Test(partition, failed_sync_sticks_and_reads_go_on)
{
    WITH_BENCH(b);
    bench_put(&b, "a");
    fake_disk_fail(b.disk, FAKE_SYNC, 0, 1, ERR_IO);
    bench_append(&b, "b");
    partition_want_sync(b.p);
    partition_commit(b.p);
    bench_settle(&b);
    cr_assert_eq(b.refused_first, 2);
    cr_assert_eq(b.refused_why, ERR_IO);
    int64_t offset;
    uint64_t batch;
    cr_assert_eq(partition_append(b.p, &(struct record){0}, 1, &offset, &batch), ERR_FAILED);
    cr_assert_str_eq(bench_get(&b, 0, NULL), "a");
    struct partition_info info;
    partition_describe(b.p, &info);
    cr_assert_eq(info.failed, ERR_IO);
    cr_assert_eq(info.synced_offset, 1);
    bench_deinit(&b);
}

Test(partition, failed_write_sticks_and_refuses_what_is_not_synced)
{
    WITH_BENCH(b);
    bench_put(&b, "a");
    fake_disk_fail(b.disk, FAKE_WRITE, 0, 1, ERR_IO);
    bench_append(&b, "b");
    partition_commit(b.p);
    cr_assert_eq(b.refusals, 1);
    cr_assert_eq(b.refused_why, ERR_IO);
    cr_assert_not(partition_dirty(b.p));
    cr_assert_str_eq(bench_get(&b, 0, NULL), "a");
    bench_deinit(&b);
}

Test(partition, creation_that_fails_refuses_everything_with_its_cause)
{
    struct bench b;
    bench_init(&b);
    fake_disk_fail(b.disk, FAKE_MKDIR, 0, 1, ERR_ACCESS);
    bench_append(&b, "a");
    partition_commit(b.p);
    bench_settle(&b);
    cr_assert_eq(b.refused_why, ERR_ACCESS);
    cr_assert_eq(b.refused_first, 1);
    bench_deinit(&b);
}

Test(partition, creation_on_a_full_disk_is_tried_again_with_the_next_append)
{
    struct bench b;
    bench_init(&b);
    fake_disk_fail(b.disk, FAKE_MKDIR, 0, 1, ERR_NOSPACE);
    bench_append(&b, "a");
    partition_commit(b.p);
    bench_settle(&b);
    cr_assert_eq(b.refused_why, ERR_NOSPACE);
    cr_assert_eq(bench_put(&b, "b"), 0);
    cr_assert_str_eq(bench_get(&b, 0, NULL), "b");
    bench_deinit(&b);
}

static void append_again(struct bench *b, uint64_t batch)
{
    if (batch < 5) {
        bench_append(b, "more");
        partition_commit(b->p);
    }
}

Test(partition, events_may_append_and_commit)
{
    WITH_BENCH(b);
    b.on_written = append_again;
    bench_put(&b, "a");
    cr_assert_eq(partition_next_offset(b.p), 5);
    cr_assert_eq(bench_count(&b, 0, 1), 5);
    bench_deinit(&b);
}

Test(partition, server_time_replaces_the_timestamps_of_records)
{
    WITH_BENCH(b);
    b.config.append_time = true;
    partition_configure(b.p, &b.config);
    bench_append_at(&b, "a", 5);
    partition_commit(b.p);
    bench_settle(&b);
    struct partition_seek seek = {.timestamp_ms = 6};
    bench_seek(&b, &seek);
    cr_assert_eq(seek.found_timestamp_ms, b.clock.wall_ms);
    bench_deinit(&b);
}

Test(partition, delete_refuses_what_is_not_acknowledged_and_removes_the_directory)
{
    WITH_BENCH(b);
    bench_put(&b, "a");
    bench_append(&b, "b");
    partition_delete(b.p);
    b.p = NULL;
    cr_assert_eq(b.refused_why, ERR_NOT_FOUND);
    cr_assert_eq(b.refused_first, 2);
    bench_settle(&b);
    cr_assert_not(fake_disk_exists(b.disk, "orders-0"));
    cr_assert_not(fake_disk_exists(b.disk, "orders-0.deleted"));
    bench_deinit(&b);
}

Test(partition, created_again_while_it_is_being_deleted_it_inherits_nothing)
{
    WITH_BENCH(b);
    bench_put(&b, "old");
    b.disk->hold = true;
    partition_delete(b.p);
    b.written = b.synced = 0;
    b.p = partition_create(b.st, "orders-0", &b.config, &bench_events, &b);
    cr_assert_eq(bench_append(&b, "new"), 0);
    partition_commit(b.p);
    b.disk->hold = false;
    bench_settle(&b);
    cr_assert_eq(partition_next_offset(b.p), 1);
    cr_assert_str_eq(bench_get(&b, 0, NULL), "new");
    bench_deinit(&b);
}

Test(partition, out_of_descriptors_closes_idle_files_and_tries_again)
{
    WITH_BENCH(b);
    b.config.segment_bytes = 1000;
    partition_configure(b.p, &b.config);
    for (int i = 0; i < 20; i++)
        bench_put(&b, "a value of some length, so that segments roll now and then");
    fake_disk_fail(b.disk, FAKE_OPEN, 0, 1, ERR_LIMIT);
    for (int i = 0; i < 20; i++)
        bench_put(&b, "a value of some length, so that segments roll now and then");
    cr_assert_eq(b.refusals, 0);
    cr_assert_eq(partition_next_offset(b.p), 40);
    bench_deinit(&b);
}

Test(partition, open_files_stay_within_their_bound_however_many_segments_are_read)
{
    WITH_BENCH(b);
    b.config.segment_bytes = 500;
    partition_configure(b.p, &b.config);
    for (int i = 0; i < 100; i++)
        bench_put(&b, "a value of some length, so that segments roll now and then");
    storage_set_tail_bytes_max(b.st, 0);
    b.disk->cold = true;
    cr_assert_eq(bench_count(&b, 0, 100), 100);
    cr_assert_leq(storage_stats(b.st)->open_files, 30);
    cr_assert_leq(b.disk->open_handles, 30);
    cr_assert_gt(storage_stats(b.st)->reads_cold, 0);
    bench_deinit(&b);
}

Test(partition, bytes_the_device_cannot_read_are_damage_and_not_the_end_of_the_log)
{
    WITH_BENCH(b);
    for (int i = 0; i < 20; i++)
        bench_append_bytes(&b, 60000);
    bench_put(&b, "synced, so that the index is in its file");
    storage_set_tail_bytes_max(b.st, 0);
    b.disk->bad_from = 60100 * 4;
    b.disk->bad_to = b.disk->bad_from + 10;
    struct partition_read read = {.offset = 4, .bytes_max = 1};
    bench_read(&b, &read);
    cr_assert_eq(read.err, ERR_CORRUPT);
    cr_assert_eq(read.corrupt_from, 4);
    cr_assert_gt(read.corrupt_to, 4);
    cr_assert_leq(read.corrupt_to, 6);
    int64_t next = read.corrupt_to;
    partition_read_end(&read);
    cr_assert_not_null(bench_get(&b, 3, NULL));
    cr_assert_not_null(bench_get(&b, next, NULL));
    cr_assert_eq(bench_count(&b, next, 1 << 20), (size_t)(21 - next));
    bench_deinit(&b);
}

Test(partition, vanished_directory_fails_that_partition_alone)
{
    WITH_BENCH(b);
    struct bench *other = &b;
    struct partition *second = partition_create(b.st, "orders-1", &b.config, &bench_events, other);
    bench_put(&b, "a");
    cr_assert_eq(disk_rename(&b.disk->disk, "orders-0", "elsewhere"), ERR_OK);
    bench_append(&b, "b");
    partition_commit(b.p);
    bench_pass(&b, b.config.flush_ms);
    struct partition_info info;
    partition_describe(b.p, &info);
    cr_assert_neq(info.failed, ERR_OK);
    cr_assert_str_eq(bench_get(&b, 0, NULL), "a");
    partition_describe(second, &info);
    cr_assert_eq(info.failed, ERR_OK);
    cr_assert_eq(partition_close(second), ERR_OK);
    bench_deinit(&b);
}

Test(partition, tail_reads_touch_no_disk_and_the_budget_holds)
{
    WITH_BENCH(b);
    storage_set_tail_bytes_max(b.st, 50000);
    bench_settle(&b);
    for (int i = 0; i < 1000; i++) {
        bench_append_bytes(&b, 500);
        partition_commit(b.p);
    }
    uint64_t reads = b.disk->calls[FAKE_READ];
    cr_assert_not_null(bench_get(&b, 999, NULL));
    cr_assert_not_null(bench_get(&b, 950, NULL));
    cr_assert_eq(b.disk->calls[FAKE_READ], reads);
    cr_assert_leq(storage_stats(b.st)->tail_bytes, 50000);
    cr_assert_gt(storage_stats(b.st)->tail_bytes, 40000);
    cr_assert_not_null(bench_get(&b, 0, NULL));
    cr_assert_gt(b.disk->calls[FAKE_READ], reads);
    bench_deinit(&b);
}

/* Ten batches of three records. */
static void put_threes(struct bench *b)
{
    bench_settle(b);
    for (int i = 0; i < 10; i++) {
        for (int k = 0; k < 3; k++)
            bench_append(b, "x");
        partition_commit(b->p);
    }
}

/* Where a read that wants `records_max` records ends. */
static int64_t read_records(struct bench *b, int64_t offset, size_t records_max)
{
    struct partition_read read = {
        .offset = offset, .bytes_max = 1 << 20, .records_max = records_max};
    bench_read(b, &read);
    cr_assert_eq(read.err, ERR_OK);
    int64_t next = read.next_offset;
    partition_read_end(&read);
    return next;
}

Test(partition, read_ends_with_the_batch_that_holds_the_last_record_wanted)
{
    WITH_BENCH(b);
    put_threes(&b);
    for (int in_memory = 1; in_memory >= 0; in_memory--) {
        if (!in_memory)
            storage_set_tail_bytes_max(b.st, 0);
        cr_assert_eq(read_records(&b, 0, 3), 3);
        cr_assert_eq(read_records(&b, 0, 4), 6);
        cr_assert_eq(read_records(&b, 1, 4), 6, "only those from the offset on count");
        cr_assert_eq(read_records(&b, 2, 5), 9);
        cr_assert_eq(read_records(&b, 29, 100), 30);
        cr_assert_eq(read_records(&b, 0, 0), 30, "no limit");
    }
    bench_deinit(&b);
}

Test(partition, read_gets_the_records_it_wants_also_where_they_are_larger_than_most)
{
    WITH_BENCH(b);
    bench_settle(&b);
    for (int i = 0; i < 5000; i++)
        bench_append(&b, "x");
    partition_commit(b.p);
    for (int i = 0; i < 10; i++) {
        bench_append_bytes(&b, 50000);
        partition_commit(b.p);
    }
    bench_settle(&b); /* offsets have to be reserved first */
    storage_set_tail_bytes_max(b.st, 0);
    cr_assert_eq(read_records(&b, 5000, 7), 5007);
    cr_assert_eq(read_records(&b, 4999, 7), 5006);
    struct partition_read read = {.offset = 5000, .bytes_max = 120000, .records_max = 7};
    bench_read(&b, &read);
    cr_assert_eq(read.next_offset, 5002, "the limit of bytes holds");
    partition_read_end(&read);
    bench_deinit(&b);
}

Test(partition, read_goes_on_where_the_last_one_ended_with_one_call)
{
    WITH_BENCH(b);
    put_threes(&b);
    storage_set_tail_bytes_max(b.st, 0);
    read_records(&b, 0, 4);
    uint64_t reads = b.disk->calls[FAKE_READ];
    cr_assert_eq(read_records(&b, 4, 4), 9, "inside of its last batch");
    cr_assert_eq(b.disk->calls[FAKE_READ], reads + 1);
    cr_assert_eq(read_records(&b, 9, 4), 15, "or right behind it");
    cr_assert_eq(b.disk->calls[FAKE_READ], reads + 2);
    cr_assert_eq(read_records(&b, 15, 3), 18);
    cr_assert_eq(b.disk->calls[FAKE_READ], reads + 3);
    bench_deinit(&b);
}

Test(partition, batch_in_memory_stays_valid_while_a_read_holds_it)
{
    WITH_BENCH(b);
    bench_put(&b, "held");
    struct partition_read read = {.offset = 0, .bytes_max = 1};
    cr_assert_eq(partition_read(b.p, &read), ERR_OK);
    storage_set_tail_bytes_max(b.st, 0);
    cr_assert(batch_crc_holds(read.batches));
    partition_read_end(&read);
    bench_deinit(&b);
}

Test(partition, deletion_that_a_crash_interrupted_is_finished_by_a_sweep)
{
    WITH_BENCH(b);
    bench_put(&b, "a");
    fake_disk_fail(b.disk, FAKE_UNLINK, 1, 1, ERR_IO);
    partition_delete(b.p);
    b.p = NULL;
    bench_settle(&b);
    cr_assert(fake_disk_exists(b.disk, "orders-0.deleted"));
    cr_assert_eq(disk_mkdir(&b.disk->disk, "mine.deleted"), ERR_OK);
    storage_sweep(b.st);
    bench_settle(&b);
    cr_assert_not(fake_disk_exists(b.disk, "orders-0.deleted"));
    cr_assert(fake_disk_exists(b.disk, "mine.deleted"), "not one of ours");
    bench_deinit(&b);
}

Test(partition, records_that_are_there_already_are_moved_aside_and_not_lost)
{
    WITH_BENCH(b);
    bench_put(&b, "old");
    bench_stop(&b);
    bench_start(&b);
    unsigned warnings = b.warnings;
    b.p = partition_create(b.st, "orders-0", &b.config, &bench_events, &b);
    cr_assert_eq(bench_put(&b, "new"), 0);
    cr_assert_str_eq(bench_get(&b, 0, NULL), "new");
    cr_assert_gt(b.warnings, warnings);
    cr_assert(fake_disk_exists(b.disk, "orders-0.orphan1/00000000000000000000.log"));
    bench_deinit(&b);
}
