/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench.h"
#include "storage/storage_internal.h"
#include <criterion/criterion.h>

static void setup(struct bench *b, int64_t retention_ms, int64_t retention_bytes)
{
    bench_init(b);
    b->config.retention_ms = retention_ms;
    b->config.retention_bytes = retention_bytes;
    b->config.segment_bytes = 1000;
    partition_configure(b->p, &b->config);
    bench_settle(b);
}

/* `count` records, one a second, each its own batch of 200 bytes and some. */
static void fill(struct bench *b, int count)
{
    for (int i = 0; i < count; i++) {
        bench_append_bytes(b, 200);
        partition_commit(b->p);
        bench_pass(b, 1000);
    }
}

Test(retention, log_start_moves_by_record_and_not_by_segment)
{
    struct bench b;
    setup(&b, 10000, -1);
    fill(&b, 20); /* record i was made 20 - i seconds ago */
    partition_retain(b.p);
    bench_settle(&b);
    cr_assert_eq(partition_log_start(b.p), 10);
    bench_pass(&b, 1);
    partition_retain(b.p);
    bench_settle(&b);
    cr_assert_eq(partition_log_start(b.p), 11);
    cr_assert_geq(b.trimmed, 2);
    enum err err;
    cr_assert_null(bench_get(&b, 10, &err));
    cr_assert_eq(err, ERR_RANGE);
    cr_assert_not_null(bench_get(&b, 11, &err));
    bench_deinit(&b);
}

Test(retention, no_read_returns_an_expired_record_even_if_nobody_called_retain)
{
    struct bench b;
    setup(&b, 10000, -1);
    fill(&b, 20);
    enum err err;
    cr_assert_null(bench_get(&b, 9, &err));
    cr_assert_eq(err, ERR_RANGE);
    cr_assert_not_null(bench_get(&b, 10, &err));
    b.clock.wall_ms++;
    cr_assert_null(bench_get(&b, 10, &err));
    cr_assert_eq(err, ERR_RANGE);
    bench_deinit(&b);
}

Test(retention, read_from_a_cold_disk_waits_for_the_log_start)
{
    struct bench b;
    setup(&b, 10000, -1);
    fill(&b, 20);
    storage_set_tail_bytes_max(b.st, 0);
    b.disk->cold = true;
    enum err err;
    cr_assert_null(bench_get(&b, 9, &err));
    cr_assert_eq(err, ERR_RANGE);
    cr_assert_not_null(bench_get(&b, 10, &err));
    bench_deinit(&b);
}

Test(retention, read_that_waits_for_the_log_start_can_be_cancelled)
{
    struct bench b;
    setup(&b, 10000, -1);
    fill(&b, 20);
    storage_set_tail_bytes_max(b.st, 0);
    b.disk->cold = b.disk->hold = true;
    struct partition_read first = {.offset = 15, .bytes_max = 1}, second = first;
    cr_assert_eq(partition_read(b.p, &first), ERR_AGAIN);
    cr_assert_eq(partition_read(b.p, &second), ERR_AGAIN);
    partition_read_end(&first);
    partition_read_end(&second);
    b.disk->hold = false;
    bench_settle(&b);
    cr_assert_eq(partition_log_start(b.p), 10);
    bench_deinit(&b);
}

Test(retention, files_go_when_a_whole_segment_is_past_the_limit_and_the_last_one_too)
{
    struct bench b;
    setup(&b, 10000, -1);
    fill(&b, 20);
    cr_assert(fake_disk_exists(b.disk, "orders-0/00000000000000000000.log"));
    partition_retain(b.p);
    bench_settle(&b);
    cr_assert_not(fake_disk_exists(b.disk, "orders-0/00000000000000000000.log"));
    cr_assert_not(fake_disk_exists(b.disk, "orders-0/00000000000000000000.index"));
    bench_pass(&b, 100000);
    partition_retain(b.p);
    bench_settle(&b);
    struct partition_info info;
    partition_describe(b.p, &info);
    cr_assert_eq(info.log_start, 20);
    cr_assert_eq(info.next_offset, 20);
    cr_assert_eq(info.bytes, 0);
    cr_assert_eq(info.segment_count, 1);
    cr_assert(fake_disk_exists(b.disk, "orders-0/00000000000000000020.log"));
    cr_assert_eq(bench_put(&b, "next"), 20);
    cr_assert_str_eq(bench_get(&b, 20, NULL), "next");
    bench_reopen(&b);
    cr_assert_eq(partition_log_start(b.p), 20);
    cr_assert_str_eq(bench_get(&b, 20, NULL), "next");
    bench_deinit(&b);
}

Test(retention, old_timestamp_behind_a_young_one_ages_by_the_young_one)
{
    struct bench b;
    setup(&b, 10000, -1);
    int64_t now = b.clock.wall_ms;
    bench_append_at(&b, "young", now);
    bench_append_at(&b, "old", now - 1000000);
    partition_commit(b.p);
    bench_settle(&b);
    partition_retain(b.p);
    cr_assert_eq(partition_log_start(b.p), 0);
    cr_assert_str_eq(bench_get(&b, 1, NULL), "old");
    bench_pass(&b, 10001);
    partition_retain(b.p);
    cr_assert_eq(partition_log_start(b.p), 2);
    bench_deinit(&b);
}

/* Damages one of the first three records that `fill` made: so many are in a segment. */
static void damage(struct bench *b, size_t number)
{
    struct buf *log = fake_disk_bytes(b->disk, "orders-0/00000000000000000000.log");
    log->data[log->len / 3 * number + 70] ^= 1;
    bench_reopen(b);
}

Test(retention, what_is_damaged_has_not_expired)
{
    struct bench b;
    enum err err;
    setup(&b, 10000, -1);
    fill(&b, 4);
    damage(&b, 0);
    partition_retain(b.p);
    bench_settle(&b);
    cr_assert_eq(partition_log_start(b.p), 0);
    cr_assert_null(bench_get(&b, 0, &err));
    cr_assert_eq(err, ERR_CORRUPT);
    cr_assert_not_null(bench_get(&b, 1, &err));
    bench_deinit(&b);
}

Test(retention, damage_expires_with_the_record_behind_it)
{
    struct bench b;
    setup(&b, 10000, -1);
    fill(&b, 4);
    damage(&b, 1);
    bench_pass(&b, 8000); /* the records are 12 to 9 seconds old */
    partition_retain(b.p);
    bench_settle(&b);
    cr_assert_eq(partition_log_start(b.p), 1, "record 2, which is in time, is right behind");
    bench_pass(&b, 1);
    partition_retain(b.p);
    bench_settle(&b);
    cr_assert_eq(partition_log_start(b.p), 3);
    bench_deinit(&b);
}

Test(retention, so_does_damage_that_goes_on_over_segments)
{
    struct bench b;
    setup(&b, 10000, -1);
    fill(&b, 9);
    struct buf *log = fake_disk_bytes(b.disk, "orders-0/00000000000000000000.log");
    memset(log->data + log->len / 3 * 2, 0xff, log->len / 3);
    log = fake_disk_bytes(b.disk, "orders-0/00000000000000000003.log");
    memset(log->data, 0xff, log->len);
    bench_reopen(&b);
    bench_pass(&b, 3000); /* record i is 12 - i seconds old */
    partition_retain(b.p);
    bench_settle(&b);
    cr_assert_eq(partition_log_start(b.p), 2);
    bench_deinit(&b);
}

Test(retention, size_limit_drops_whole_batches_until_what_stays_fits)
{
    struct bench b;
    setup(&b, -1, 2000);
    fill(&b, 20);
    struct partition_info info;
    partition_retain(b.p);
    bench_settle(&b);
    partition_describe(b.p, &info);
    size_t batch_len = storage_stats(b.st)->bytes_written / 20;
    cr_assert_eq(info.log_start, 20 - (int64_t)(2000 / batch_len));
    cr_assert_lt(info.bytes, 2000 + 1000, "older segments are gone");
    bench_deinit(&b);
}

Test(retention, size_limit_is_exact_for_reads_without_a_call_of_retain)
{
    struct bench b;
    setup(&b, -1, 2000);
    fill(&b, 20);
    int64_t start = 20 - 2000 / (int64_t)(storage_stats(b.st)->bytes_written / 20);
    enum err err;
    cr_assert_null(bench_get(&b, start - 1, &err));
    cr_assert_eq(err, ERR_RANGE);
    cr_assert_not_null(bench_get(&b, start, &err));
    bench_append_bytes(&b, 200);
    partition_commit(b.p);
    bench_settle(&b);
    cr_assert_null(bench_get(&b, start, &err));
    bench_deinit(&b);
}

Test(retention, newest_batch_stays_even_if_it_is_larger_than_the_limit)
{
    struct bench b;
    setup(&b, -1, 10);
    fill(&b, 5);
    partition_retain(b.p);
    bench_settle(&b);
    cr_assert_eq(partition_log_start(b.p), 4);
    cr_assert_not_null(bench_get(&b, 4, NULL));
    bench_deinit(&b);
}

Test(retention, reader_inside_a_removed_segment_is_told_that_its_offset_is_gone)
{
    struct bench b;
    setup(&b, 10000, -1);
    fill(&b, 8);
    storage_set_tail_bytes_max(b.st, 0);
    b.disk->cold = b.disk->hold = true;
    bool done = false;
    struct partition_read read = {.offset = 0, .bytes_max = 1, .ctx = &done};
    read.done = bench_set_done;
    cr_assert_eq(partition_read(b.p, &read), ERR_AGAIN);
    b.clock.wall_ms += 1000000;
    b.disk->hold = false;
    partition_retain(b.p);
    bench_settle(&b);
    cr_assert(done);
    cr_assert_eq(read.err, ERR_RANGE);
    partition_read_end(&read);
    bench_deinit(&b);
}

Test(seek, finds_the_first_record_in_offset_order_with_timestamps_out_of_order)
{
    struct bench b;
    setup(&b, -1, -1);
    static const int64_t times[] = {100, 300, 200, 50, 400, 10, 399, 500};
    for (int round = 0; round < 40; round++)
        for (size_t i = 0; i < COUNT_OF(times); i++) {
            bench_append_at(&b, "0123456789012345678901234567890123456789", times[i] + round * 50);
            if (i % 3 == 0) {
                partition_commit(b.p);
                bench_settle(&b);
            }
        }
    partition_commit(b.p);
    bench_settle(&b);
    for (int cold = 0; cold < 3; cold++) {
        for (int64_t t = 0; t < 2600; t += 7) {
            int64_t expected = 40 * COUNT_OF(times);
            for (int64_t i = (int64_t)(40 * COUNT_OF(times)) - 1; i >= 0; i--)
                if (times[i % 8] + i / 8 * 50 >= t)
                    expected = i;
            struct partition_seek seek = {.timestamp_ms = t};
            bench_seek(&b, &seek);
            cr_assert_eq(seek.err, ERR_OK);
            cr_assert_eq(seek.offset, expected, "time %lld", (long long)t);
        }
        b.disk->cold = cold == 0;
        if (cold == 1)
            bench_reopen(&b);
    }
    bench_deinit(&b);
}

Test(seek, past_the_last_timestamp_gives_the_next_offset)
{
    struct bench b;
    setup(&b, -1, -1);
    struct partition_seek seek = {.timestamp_ms = 5};
    bench_seek(&b, &seek);
    cr_assert_eq(seek.offset, 0);
    cr_assert_eq(seek.found_timestamp_ms, -1);
    bench_append_at(&b, "a", 4);
    partition_commit(b.p);
    bench_settle(&b);
    bench_seek(&b, &seek);
    cr_assert_eq(seek.offset, 1);
    cr_assert_eq(seek.found_timestamp_ms, -1);
    bench_deinit(&b);
}

/* --- a log start is durable within flush_ms, also when nobody appends -------------------------- */

/* After a power cut, with limits that would not move it again. */
static int64_t start_after_power_cut(struct bench *b)
{
    bench_crash(b, FAKE_KEEP_SYNCED, 1);
    b->config.retention_ms = b->config.retention_bytes = -1;
    cr_assert_eq(bench_open(b), ERR_OK);
    return partition_log_start(b->p);
}

Test(retention, log_start_is_durable_within_flush_ms_though_nothing_is_appended)
{
    struct bench b;
    setup(&b, 10000, -1);
    b.config.segment_bytes = 1 << 20; /* no file goes, so nothing else asks for a checkpoint */
    partition_configure(b.p, &b.config);
    fill(&b, 20);
    partition_retain(b.p);
    cr_assert_eq(partition_log_start(b.p), 10);
    bench_pass(&b, b.config.flush_ms);
    cr_assert_eq(start_after_power_cut(&b), 10);
    bench_deinit(&b);
}

Test(retention, log_start_before_unsynced_records_is_durable_within_flush_ms)
{
    struct bench b;
    setup(&b, -1, 300);
    b.config.segment_bytes = 1 << 20;
    partition_configure(b.p, &b.config);
    bench_settle(&b);
    for (int i = 0; i < 5; i++) {
        bench_append_bytes(&b, 200);
        partition_commit(b.p);
    }
    partition_retain(b.p);
    cr_assert_eq(partition_log_start(b.p), 4);
    bench_pass(&b, b.config.flush_ms);
    cr_assert_eq(start_after_power_cut(&b), 4);
    bench_deinit(&b);
}

Test(retention, log_start_after_a_clean_stop_is_durable_within_flush_ms)
{
    struct bench b;
    setup(&b, 10000, -1);
    b.config.segment_bytes = 1 << 20;
    partition_configure(b.p, &b.config);
    fill(&b, 20);
    bench_reopen(&b);
    partition_retain(b.p);
    bench_settle(&b);
    cr_assert_eq(partition_log_start(b.p), 10);
    bench_pass(&b, b.config.flush_ms);
    cr_assert_eq(start_after_power_cut(&b), 10);
    bench_deinit(&b);
}

Test(retention, log_start_costs_one_sync_per_flush_ms_and_none_while_it_stands_still)
{
    struct bench b;
    setup(&b, 10000, -1);
    b.config.segment_bytes = 1 << 20;
    partition_configure(b.p, &b.config);
    for (int i = 0; i < 100; i++) {
        bench_append_bytes(&b, 20);
        partition_commit(b.p);
        bench_pass(&b, 100);
    }
    bench_pass(&b, b.config.flush_ms);
    uint64_t before = b.disk->calls[FAKE_SYNC];
    for (int i = 0; i < 50; i++) { /* 5 s in which it moves every time */
        partition_retain(b.p);
        bench_pass(&b, 100);
    }
    cr_assert_eq(partition_log_start(b.p), 59);
    cr_assert_leq(b.disk->calls[FAKE_SYNC] - before, 5);
    cr_assert_geq(b.disk->calls[FAKE_SYNC] - before, 4);
    bench_pass(&b, b.config.flush_ms);
    b.config.retention_ms = -1;
    partition_configure(b.p, &b.config);
    before = b.disk->calls[FAKE_SYNC];
    for (int i = 0; i < 50; i++) {
        partition_retain(b.p);
        bench_pass(&b, 1000);
    }
    cr_assert_eq(b.disk->calls[FAKE_SYNC], before);
    bench_deinit(&b);
}

Test(retention, log_start_that_could_not_be_noted_is_tried_again_after_flush_ms)
{
    struct bench b;
    setup(&b, 10000, -1);
    b.config.segment_bytes = 1 << 20;
    partition_configure(b.p, &b.config);
    fill(&b, 20);
    partition_retain(b.p);
    fake_disk_fail(b.disk, FAKE_OPEN, 0, 1, ERR_LIMIT);
    bench_pass(&b, b.config.flush_ms);
    cr_assert_eq(b.disk->faults[FAKE_OPEN].times, 0, "the checkpoint was tried");
    bench_pass(&b, b.config.flush_ms);
    cr_assert_eq(start_after_power_cut(&b), 10);
    bench_deinit(&b);
}

Test(retention, records_are_not_refused_because_a_log_start_cannot_be_noted)
{
    struct bench b;
    setup(&b, 10000, -1);
    b.config.segment_bytes = 1 << 20;
    partition_configure(b.p, &b.config);
    fill(&b, 20);
    partition_retain(b.p);
    b.disk->hold = true;
    bench_pass(&b, b.config.flush_ms);
    fake_disk_fail(b.disk, FAKE_OPEN, 0, 100, ERR_LIMIT);
    cr_assert_eq(bench_append(&b, "next"), 20);
    partition_commit(b.p);
    b.disk->hold = false;
    bench_settle(&b);
    cr_assert_eq(b.refusals, 0);
    cr_assert_eq(partition_next_offset(b.p), 21);
    fake_disk_fail(b.disk, FAKE_OPEN, 0, 0, ERR_OK);
    bench_deinit(&b);
}

static void put_at(struct bench *b, int64_t timestamp_ms)
{
    bench_append_at(b, "a record of some length", timestamp_ms);
    partition_commit(b->p);
    bench_settle(b);
    partition_retain(b->p);
    bench_settle(b);
}

Test(retention, log_start_that_goes_back_in_a_crash_does_not_age_by_what_is_behind_it)
{
    struct bench b;
    int64_t len = BATCH_HEADER_BYTES + 30;
    setup(&b, 10000, 2 * len + 30);
    b.config.segment_bytes = 1 << 20;
    partition_configure(b.p, &b.config);
    int64_t then = b.clock.wall_ms;
    bench_put(&b, "synced");
    put_at(&b, then - 1000);
    put_at(&b, then + 5000);
    put_at(&b, then + 5000); /* the third is the first now */
    cr_assert_eq(partition_log_start(b.p), 2);
    put_at(&b, then + 5000);
    cr_assert_eq(partition_log_start(b.p), 3);
    for (int i = 0; i < 2000;
         i++) /* more than are reserved: a checkpoint of the log as it is synced */
        bench_append(&b, "");
    partition_commit(b.p);
    bench_settle(&b);
    bench_crash(&b, FAKE_KEEP_ALL, 1);
    b.config.retention_bytes = -1;
    cr_assert_eq(bench_open(&b), ERR_OK);
    cr_assert_leq(partition_log_start(b.p), 1);
    bench_pass(&b, 5000);
    partition_retain(b.p);
    bench_settle(&b);
    bench_pass(&b, 6000);
    enum err err;
    cr_assert_null(bench_get(&b, 1, &err), "it is 12 seconds old");
    cr_assert_eq(err, ERR_RANGE);
    bench_deinit(&b);
}

/* --- what the search for the log start cannot tell ---------------------------------------------- */

/* Those before `young` have expired. */
static void check_reads_without_a_search(struct bench *b, int64_t young, enum err expected)
{
    enum err err;
    cr_assert_null(bench_get(b, young - 10, &err), "it has expired, whatever the search says");
    cr_assert_eq(err, expected);
    cr_assert_null(bench_get(b, young - 1, &err));
    cr_assert_eq(err, expected);
    cr_assert_not_null(bench_get(b, young, &err), "its own time says that it is young enough");
    cr_assert_not_null(bench_get(b, young + 5, &err));
}

Test(retention, read_gives_no_expired_record_when_descriptors_are_missing_for_the_search)
{
    struct bench b;
    enum err err;
    setup(&b, 10000, -1);
    fill(&b, 60);
    files_close_idle(&b.st->files);
    fake_disk_fail(b.disk, FAKE_OPEN, 0, 1000, ERR_LIMIT);
    check_reads_without_a_search(&b, 50, ERR_LIMIT);
    fake_disk_fail(b.disk, FAKE_OPEN, 0, 0, ERR_OK);
    cr_assert_null(bench_get(&b, 49, &err));
    cr_assert_eq(err, ERR_RANGE, "now it is known");
    bench_deinit(&b);
}

Test(retention, read_gives_no_expired_record_when_the_device_fails_the_search)
{
    struct bench b;
    setup(&b, 10000, -1);
    b.config.segment_bytes = 1 << 20;
    partition_configure(b.p, &b.config);
    fill(&b, 60);
    bench_reopen(&b);
    b.disk->bad_from = 0;
    b.disk->bad_to = 100; /* of the first record: all up to the next one with an index entry */
    check_reads_without_a_search(&b, 50, ERR_IO);
    struct partition_seek seek = {.timestamp_ms = b.clock.wall_ms - 20000};
    bench_seek(&b, &seek);
    cr_assert_eq(seek.err, ERR_IO);
    b.disk->bad_to = 0;
    bench_deinit(&b);
}

Test(retention, damaged_batch_that_is_still_in_memory_has_a_time_and_expires)
{
    struct bench b;
    enum err err;
    setup(&b, 10000, -1);
    fill(&b, 5);
    struct buf *log = fake_disk_bytes(b.disk, "orders-0/00000000000000000000.log");
    log->data[70] ^= 1; /* of the first record, which memory still has as it was */
    cr_assert_not_null(bench_get(&b, 0, NULL));
    bench_pass(&b, 6000); /* the next one is just young enough */
    partition_retain(b.p);
    bench_settle(&b);
    cr_assert_null(bench_get(&b, 0, &err));
    cr_assert_eq(err, ERR_CORRUPT);
    cr_assert_not_null(bench_get(&b, 3, NULL));
    bench_deinit(&b);
}

Test(retention, log_start_that_moved_after_a_clean_stop_stays_through_the_next)
{
    struct bench b;
    setup(&b, 10000, -1);
    b.config.segment_bytes = 1 << 20;
    partition_configure(b.p, &b.config);
    fill(&b, 20);
    bench_reopen(&b);
    partition_retain(b.p);
    bench_settle(&b);
    cr_assert_eq(partition_log_start(b.p), 10);
    bench_stop(&b); /* before a checkpoint has said so */
    bench_start(&b);
    b.config.retention_ms = -1;
    cr_assert_eq(bench_open(&b), ERR_OK);
    cr_assert(b.recovery.clean);
    cr_assert_eq(partition_log_start(b.p), 10);
    bench_deinit(&b);
}

Test(retention, read_does_not_fail_for_a_search_that_failed_before_it_began)
{
    struct bench b;
    enum err err;
    setup(&b, 10000, -1);
    fill(&b, 60);
    files_close_idle(&b.st->files);
    fake_disk_fail(b.disk, FAKE_OPEN, 0, 1000, ERR_LIMIT);
    cr_assert_null(bench_get(&b, 40, &err));
    cr_assert_eq(err, ERR_LIMIT);
    fake_disk_fail(b.disk, FAKE_OPEN, 0, 0, ERR_OK);
    b.config.retention_ms = 100000;
    partition_configure(b.p, &b.config);
    storage_set_tail_bytes_max(b.st, 0);
    b.disk->hold = true;
    bool done = false;
    struct partition_read read = {
        .offset = 40, .bytes_max = 1, .done = bench_set_done, .ctx = &done};
    cr_assert_eq(partition_read(b.p, &read), ERR_AGAIN);
    b.clock.wall_ms += 90000; /* only now is the limit reached */
    b.disk->hold = false;
    bench_settle(&b);
    cr_assert(done);
    cr_assert_eq(read.err, ERR_OK);
    partition_read_end(&read);
    bench_deinit(&b);
}
