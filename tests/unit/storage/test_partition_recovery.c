/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench.h"
#include "storage/checkpoint.h"
#include <criterion/criterion.h>
#include <stdio.h>

#define FIRST_LOG "orders-0/00000000000000000000.log"

static void open_again(struct bench *b)
{
    cr_assert_eq(bench_open(b), ERR_OK);
}

static int32_t epoch_of(struct bench *b)
{
    struct partition_info info;
    partition_describe(b->p, &info);
    return info.leader_epoch;
}

/* Appends and writes, without a sync. */
static int64_t write_one(struct bench *b, const char *value)
{
    int64_t offset = bench_append(b, value);
    partition_commit(b->p);
    return offset;
}

Test(recovery, clean_stop_scans_nothing_and_goes_on_where_it_was)
{
    struct bench b;
    bench_init(&b);
    for (int i = 0; i < 10; i++)
        bench_put(&b, "a");
    bench_stop(&b);
    cr_assert(fake_disk_exists(b.disk, "orders-0/clean"));
    bench_start(&b);
    uint64_t reads = b.disk->calls[FAKE_READ];
    open_again(&b);
    cr_assert(b.recovery.clean);
    cr_assert_eq(b.recovery.bytes_scanned, 0);
    cr_assert_leq(b.disk->calls[FAKE_READ] - reads, 2, "only the marker is read");
    cr_assert_eq(partition_next_offset(b.p), 10);
    cr_assert_eq(epoch_of(&b), 0);
    cr_assert_eq(bench_put(&b, "b"), 10);
    bench_deinit(&b);
}

Test(recovery, clean_stop_is_clean_in_another_boot_too)
{
    struct bench b;
    bench_init(&b);
    bench_put(&b, "a");
    bench_stop(&b);
    fake_disk_power_off(b.disk);
    fake_disk_power_on(b.disk, FAKE_KEEP_SYNCED, 3);
    bench_start(&b);
    open_again(&b);
    cr_assert(b.recovery.clean);
    cr_assert_eq(bench_put(&b, "b"), 1);
    bench_deinit(&b);
}

Test(recovery, marker_is_gone_for_good_before_the_first_write)
{
    struct bench b;
    bench_init(&b);
    bench_put(&b, "a");
    bench_reopen(&b);
    cr_assert(fake_disk_exists(b.disk, "orders-0/clean"));
    write_one(&b, "b");
    while (b.written == 0) {
        bool seen = fake_disk_exists(b.disk, "orders-0/clean");
        cr_assert(fake_disk_run_one(b.disk));
        b.disk->hold = true;
        disk_reap(&b.disk->disk);
        cr_assert(seen || b.written > 0);
    }
    b.disk->hold = false;
    bench_crash(&b, FAKE_KEEP_SYNCED, 5);
    cr_assert_not(fake_disk_exists(b.disk, "orders-0/clean"));
    open_again(&b);
    cr_assert_not(b.recovery.clean);
    bench_deinit(&b);
}

Test(recovery, marker_that_does_not_fit_the_files_is_not_believed)
{
    struct bench b;
    bench_init(&b);
    bench_put(&b, "a");
    bench_put(&b, "b");
    bench_stop(&b);
    fake_disk_bytes(b.disk, FIRST_LOG)->len -= 5;
    bench_start(&b);
    open_again(&b);
    cr_assert_not(b.recovery.clean);
    cr_assert_gt(b.recovery.corrupt_ranges + b.recovery.bytes_cut, 0);
    cr_assert_str_eq(bench_get(&b, 0, NULL), "a");
    bench_deinit(&b);
}

Test(recovery, spoiled_marker_means_a_scan_and_nothing_worse)
{
    struct bench b;
    bench_init(&b);
    bench_put(&b, "a");
    bench_stop(&b);
    struct buf *marker = fake_disk_bytes(b.disk, "orders-0/clean");
    for (size_t i = 0; i < marker->len; i++) {
        marker->data[i] = (char)(marker->data[i] ^ 0x40);
        bench_start(&b);
        open_again(&b);
        cr_assert_not(b.recovery.clean, "byte %zu", i);
        cr_assert_str_eq(bench_get(&b, 0, NULL), "a");
        bench_stop(&b);
        marker = fake_disk_bytes(b.disk, "orders-0/clean");
    }
    bench_start(&b);
    bench_deinit(&b);
}

Test(recovery, only_what_the_checkpoint_does_not_cover_is_scanned)
{
    struct bench b;
    bench_init(&b);
    bench_settle(&b);
    for (int i = 0; i < 100; i++)
        bench_append_bytes(&b, 60000);
    partition_commit(b.p);
    bench_pass(&b, 2000);
    cr_assert_eq(b.synced, 100);
    write_one(&b, "last");
    bench_crash(&b, FAKE_KEEP_ALL, 1);
    open_again(&b);
    cr_assert_gt(b.recovery.bytes_scanned, 0);
    cr_assert_lt(b.recovery.bytes_scanned, 1000);
    cr_assert_eq(bench_count(&b, 0, 1 << 20), 101);
    bench_deinit(&b);
}

Test(recovery, death_of_the_process_leaves_no_gap)
{
    struct bench b;
    bench_init(&b);
    bench_settle(&b);
    write_one(&b, "a");
    bench_crash(&b, FAKE_KEEP_ALL, 1);
    open_again(&b);
    cr_assert_eq(partition_next_offset(b.p), 1);
    cr_assert_eq(epoch_of(&b), 0);
    cr_assert_eq(bench_put(&b, "b"), 1);
    bench_deinit(&b);
}

Test(recovery, power_cut_never_gives_out_an_offset_twice)
{
    struct bench b;
    bench_init(&b);
    bench_put(&b, "synced");
    cr_assert_eq(write_one(&b, "seen and lost"), 1);
    cr_assert_str_eq(bench_get(&b, 1, NULL), "seen and lost");
    bench_crash(&b, FAKE_KEEP_SYNCED, 1);
    open_again(&b);
    cr_assert_gt(partition_next_offset(b.p), 1);
    cr_assert_eq(epoch_of(&b), 1);
    int64_t next = bench_put(&b, "after");
    cr_assert_gt(next, 1);
    /* Positions inside the gap are valid and read on at its end. */
    enum err err;
    cr_assert_null(bench_get(&b, 1, &err));
    cr_assert_eq(err, ERR_OK);
    cr_assert_eq(bench_count(&b, 1, 1), 1);
    cr_assert_eq(bench_count(&b, 0, 1 << 20), 2);
    storage_set_tail_bytes_max(b.st, 0);
    cr_assert_eq(bench_count(&b, 1, 1), 1);
    bench_reopen(&b);
    cr_assert_eq(bench_count(&b, 0, 1 << 20), 2);
    bench_deinit(&b);
}

Test(recovery, log_whose_first_records_a_power_cut_took_begins_where_it_began)
{
    struct bench b;
    bench_init(&b);
    b.config.retention_ms = 1000;
    bench_settle(&b);
    cr_assert_eq(write_one(&b, "seen and lost"), 0);
    bench_crash(&b, FAKE_KEEP_SYNCED, 1);
    open_again(&b);
    /* Neither an empty log nor its first record makes a reader at the beginning miss anything. */
    partition_retain(b.p);
    bench_settle(&b);
    cr_expect_eq(partition_log_start(b.p), 0);
    int64_t next = bench_put(&b, "after");
    cr_assert_gt(next, 0);
    partition_retain(b.p);
    bench_settle(&b);
    cr_expect_eq(partition_log_start(b.p), 0);
    cr_expect_eq(bench_count(&b, 0, 1), 1);
    bench_reopen(&b);
    cr_expect_eq(bench_count(&b, 0, 1), 1);
    bench_pass(&b, 2000);
    partition_retain(b.p);
    bench_settle(&b);
    cr_expect_eq(partition_log_start(b.p), next + 1, "its only record has expired");
    bench_deinit(&b);
}

Test(recovery, offsets_beyond_the_reserved_bound_are_not_shown_before_it_is_durable)
{
    struct bench b;
    bench_init(&b);
    bench_settle(&b);
    for (int i = 0; i < 100000; i++)
        bench_append(&b, "x");
    partition_commit(b.p);
    bench_settle(&b);
    int64_t seen = partition_next_offset(b.p);
    cr_assert_eq(seen, 100000);
    bench_crash(&b, FAKE_KEEP_SYNCED, 1);
    open_again(&b);
    cr_assert_geq(partition_next_offset(b.p), seen);
    bench_deinit(&b);
}

Test(recovery, failed_sync_makes_the_next_start_write_the_doubtful_range_anew)
{
    struct bench b;
    bench_init(&b);
    bench_put(&b, "a");
    fake_disk_fail(b.disk, FAKE_SYNC, 0, 1, ERR_IO);
    bench_append(&b, "b");
    partition_want_sync(b.p);
    partition_commit(b.p);
    bench_settle(&b);
    cr_assert_eq(b.refused_why, ERR_IO);
    bench_reopen(&b);
    cr_assert_not(b.recovery.clean);
    cr_assert_eq(epoch_of(&b), 1);
    cr_assert_str_eq(bench_get(&b, 1, NULL), "b");
    bench_crash(&b, FAKE_KEEP_SYNCED, 9);
    open_again(&b);
    cr_assert_str_eq(bench_get(&b, 0, NULL), "a");
    cr_assert_str_eq(bench_get(&b, 1, NULL), "b");
    bench_deinit(&b);
}

Test(recovery, damage_with_a_good_batch_behind_it_is_kept_and_named)
{
    struct bench b;
    bench_init(&b);
    for (int i = 0; i < 5; i++)
        bench_put(&b, "record");
    struct buf *log = fake_disk_bytes(b.disk, FIRST_LOG);
    size_t batch_len = log->len / 5;
    log->data[batch_len * 2 + 70] ^= 1;
    bench_crash(&b, FAKE_KEEP_ALL, 1);
    open_again(&b);
    enum err err;
    cr_assert_str_eq(bench_get(&b, 1, NULL), "record");
    cr_assert_str_eq(bench_get(&b, 3, NULL), "record");
    struct partition_read read = {.offset = 2, .bytes_max = 1};
    bench_read(&b, &read);
    cr_assert_eq(read.err, ERR_CORRUPT);
    cr_assert_eq(read.corrupt_from, 2);
    cr_assert_eq(read.corrupt_to, 3);
    partition_read_end(&read);
    cr_assert_null(bench_get(&b, 2, &err));
    cr_assert_eq(fake_disk_bytes(b.disk, FIRST_LOG)->len, batch_len * 5, "nothing was cut");
    bench_deinit(&b);
}

Test(recovery, damage_in_what_is_scanned_is_reported_at_start)
{
    struct bench b;
    bench_init(&b);
    bench_settle(&b);
    for (int i = 0; i < 5; i++)
        write_one(&b, "record");
    struct buf *log = fake_disk_bytes(b.disk, FIRST_LOG);
    log->data[log->len / 5 * 2 + 70] ^= 1;
    bench_crash(&b, FAKE_KEEP_ALL, 1);
    open_again(&b);
    cr_assert_eq(b.recovery.corrupt_ranges, 1);
    cr_assert_eq(b.recovery.bytes_cut, 0);
    cr_assert_eq(partition_next_offset(b.p), 5);
    cr_assert_gt(b.warnings, 0);
    cr_assert_str_eq(bench_get(&b, 4, NULL), "record");
    bench_deinit(&b);
}

/* What a read of every offset says, in one letter each. */
static void letters(struct bench *b, char *out, int64_t count)
{
    for (int64_t i = 0; i < count; i++) {
        enum err err;
        bool there = bench_get(b, i, &err) != NULL;
        out[i] = there ? '.' : err == ERR_CORRUPT ? 'C' : err == ERR_OK ? '-' : '?';
    }
    out[count] = '\0';
}

Test(recovery, fields_outside_the_checksum_are_checked_too)
{
    static const size_t fields[] = {0, 3, 7, 8, 10, 11, 12, 15, 16};
    for (size_t i = 0; i < COUNT_OF(fields); i++) {
        struct bench b;
        char seen[8];
        bench_init(&b);
        for (int n = 0; n < 5; n++)
            bench_put(&b, "record");
        struct buf *log = fake_disk_bytes(b.disk, FIRST_LOG);
        log->data[log->len / 5 * 2 + fields[i]] ^= 1;
        storage_set_tail_bytes_max(b.st, 0);
        letters(&b, seen, 5);
        cr_assert_str_eq(seen, "..C..", "byte %zu: %s", fields[i], seen);
        bench_reopen(&b);
        letters(&b, seen, 5);
        cr_assert_str_eq(seen, "..C..", "byte %zu, after a restart: %s", fields[i], seen);
        bench_deinit(&b);
    }
}

Test(recovery, sealed_segment_that_lost_its_end_is_damaged_and_not_silently_shorter)
{
    struct bench b;
    bench_init(&b);
    char seen[16];
    b.config.segment_bytes = 300;
    partition_configure(b.p, &b.config);
    for (int n = 0; n < 10; n++)
        bench_put(&b, "a record of some bytes");
    storage_set_tail_bytes_max(b.st, 0);
    fake_disk_bytes(b.disk, FIRST_LOG)->len -= 20;
    bench_reopen(&b);
    letters(&b, seen, 10);
    cr_assert_str_eq(seen, "..C.......", "%s", seen);
    bench_deinit(&b);
}

Test(recovery, both_checkpoint_slots_lost_means_a_full_scan_and_no_offset_twice)
{
    struct bench b;
    bench_init(&b);
    for (int n = 0; n < 5; n++)
        bench_put(&b, "record");
    fake_disk_bytes(b.disk, "orders-0/checkpoint")->len = 0;
    bench_crash(&b, FAKE_KEEP_ALL, 1);
    open_again(&b);
    cr_assert_gt(b.recovery.bytes_scanned, 0);
    cr_assert_eq(bench_count(&b, 0, 1 << 20), 5);
    cr_assert_gt(bench_put(&b, "next"), 4);
    cr_assert_eq(bench_count(&b, 0, 1 << 20), 6);
    bench_crash(&b, FAKE_KEEP_SYNCED, 1);
    open_again(&b);
    cr_assert_eq(bench_count(&b, 0, 1 << 20), 6);
    bench_deinit(&b);
}

/* The slot of the checkpoint that was written last rots: one of a pair that is in the page cache and on the device. */
static void rot_newest_slot(struct bench *b)
{
    char *slots = fake_disk_bytes(b->disk, "orders-0/checkpoint")->data;
    int newer = memcmp(slots + 16, slots + CHECKPOINT_SLOT_BYTES + 16, 8) < 0; /* the sequence */
    slots[newer * CHECKPOINT_SLOT_BYTES + 60] ^= 1;
}

/* Appends and syncs so many that the first slot reserves far fewer offsets. */
static int64_t put_many(struct bench *b, int count)
{
    for (int i = 0; i < count; i++)
        bench_append(b, "x");
    return bench_put(b, "the last");
}

Test(recovery, newest_checkpoint_slot_that_rots_costs_no_synced_batch_and_no_offset_comes_twice)
{
    for (int n = 0; n < 2; n++) {
        struct bench b;
        bench_init(&b);
        bench_put(&b, "first");
        int64_t last = put_many(&b, 5000);
        bench_crash(&b, n ? FAKE_KEEP_SYNCED : FAKE_KEEP_ALL, 1);
        rot_newest_slot(&b);
        open_again(&b);
        cr_expect_eq(b.recovery.corrupt_ranges, 0);
        cr_expect_eq(b.recovery.bytes_cut, 0);
        cr_expect_eq(bench_count(&b, 0, 1 << 20), (size_t)last + 1);
        cr_expect_gt(bench_put(&b, "next"), last);
        cr_expect_str_eq(bench_get(&b, last, NULL), "the last");
        bench_deinit(&b);
    }
}

Test(recovery, offsets_that_only_the_rotten_slot_reserved_are_not_given_out_again)
{
    struct bench b;
    bench_init(&b);
    bench_put(&b, "first");
    for (int i = 0; i < 100000; i++)
        bench_append(&b, "x");
    partition_commit(b.p);
    bench_settle(&b);
    int64_t seen = partition_next_offset(b.p);
    bench_crash(&b, FAKE_KEEP_SYNCED, 1);
    rot_newest_slot(&b);
    open_again(&b);
    int64_t next = bench_append(&b, "next");
    cr_assert_geq(next, seen);
    partition_commit(b.p);
    bench_crash(&b, FAKE_KEEP_SYNCED, 2); /* and what the start wrote rots as well */
    rot_newest_slot(&b);
    open_again(&b);
    cr_assert_gt(partition_next_offset(b.p), next);
    bench_deinit(&b);
}

Test(recovery, leader_epochs_that_only_the_rotten_slot_knew_are_learnt_from_the_batches)
{
    struct bench b;
    bench_init(&b);
    bench_put(&b, "first");
    bench_crash(&b, FAKE_KEEP_SYNCED, 1);
    open_again(&b);
    int64_t second = bench_put(&b, "second");
    cr_assert_eq(epoch_of(&b), 1);
    bench_crash(&b, FAKE_KEEP_SYNCED, 1);
    rot_newest_slot(&b);
    open_again(&b);
    cr_expect_eq(b.recovery.corrupt_ranges, 0);
    cr_expect_eq(epoch_of(&b), 2);
    storage_set_tail_bytes_max(b.st, 0);
    cr_expect_str_eq(bench_get(&b, second, NULL), "second");
    cr_expect_eq(bench_count(&b, 0, 1 << 20), 2);
    bench_deinit(&b);
}

/* No checksum covers it. */
Test(recovery, leader_epoch_that_the_next_batch_denies_is_not_learnt)
{
    struct bench b;
    bench_init(&b);
    for (int n = 0; n < 4; n++)
        bench_put(&b, "record");
    struct buf *log = fake_disk_bytes(b.disk, FIRST_LOG);
    log->data[log->len / 4 + 12] ^= 1; /* the second batch's */
    fake_disk_bytes(b.disk, "orders-0/checkpoint")->len = 0;
    bench_crash(&b, FAKE_KEEP_ALL, 1);
    open_again(&b);
    cr_expect_eq(b.recovery.corrupt_ranges, 1);
    cr_expect_eq(epoch_of(&b), 1);
    storage_set_tail_bytes_max(b.st, 0);
    cr_expect_null(bench_get(&b, 1, NULL));
    cr_expect_str_eq(bench_get(&b, 2, NULL), "record");
    cr_expect_str_eq(bench_get(&b, 3, NULL), "record");
    bench_deinit(&b);
}

/* The history in one slot is true as far as it goes: what is before the last epoch that it knows is of an earlier one. */
Test(recovery, leader_epoch_that_one_checkpoint_slot_denies_is_not_learnt)
{
    struct bench b;
    char seen[8];
    bench_init(&b);
    for (int n = 0; n < 4; n++)
        bench_put(&b, "record");
    bench_crash(&b, FAKE_KEEP_SYNCED, 1);
    open_again(&b);
    cr_assert_eq(epoch_of(&b), 1);
    b.config.segment_bytes =
        100; /* so that the segment is sealed, and is scanned for the rotten slot's sake */
    partition_configure(b.p, &b.config);
    write_one(&b, "never synced, so that no batch behind tells");
    bench_settle(&b);
    bench_crash(&b, FAKE_KEEP_SYNCED, 1);
    struct buf *log = fake_disk_bytes(b.disk, FIRST_LOG);
    log->data[log->len / 4 * 3 + 14] ^= 1; /* the last batch's */
    rot_newest_slot(&b);
    open_again(&b);
    cr_expect_eq(b.recovery.corrupt_ranges, 1);
    cr_expect_eq(epoch_of(&b), 2);
    storage_set_tail_bytes_max(b.st, 0);
    letters(&b, seen, 4);
    cr_expect_str_eq(seen, "...C", "%s", seen);
    int64_t next = bench_put(&b, "next");
    bench_crash(&b, FAKE_KEEP_ALL, 1);
    open_again(&b);
    cr_expect_eq(epoch_of(&b), 2, "both slots are good");
    cr_expect_eq(bench_put(&b, "next"), next + 1);
    bench_deinit(&b);
}

Test(recovery, first_segment_that_is_empty_beside_rotten_slots_is_no_creation_that_ended_early)
{
    struct bench b;
    bench_init(&b);
    bench_settle(&b);
    cr_assert_eq(write_one(&b, "seen and lost"), 0);
    bench_crash(&b, FAKE_KEEP_SYNCED, 1);
    memset(fake_disk_bytes(b.disk, "orders-0/checkpoint")->data, 0, 2 * CHECKPOINT_SLOT_BYTES);
    open_again(&b);
    cr_assert_gt(bench_put(&b, "next"), 0);
    bench_deinit(&b);
}

Test(recovery, file_that_is_no_log_at_all_is_refused_and_left_alone)
{
    struct bench b;
    bench_init(&b);
    for (int n = 0; n < 5; n++)
        bench_put(&b, "record");
    bench_stop(&b);
    struct buf *log = fake_disk_bytes(b.disk, FIRST_LOG);
    size_t len = log->len;
    memset(log->data, 'x', len);
    fake_disk_bytes(b.disk, "orders-0/checkpoint")->len = 0;
    fake_disk_bytes(b.disk, "orders-0/clean")->len = 0;
    bench_start(&b);
    cr_assert_eq(bench_open(&b), ERR_CORRUPT);
    cr_assert_eq(fake_disk_bytes(b.disk, FIRST_LOG)->len, len);
    bench_deinit(&b);
}

Test(recovery, creation_that_a_crash_ended_is_made_again)
{
    for (uint64_t calls = 0; calls < 12; calls++) {
        struct bench b;
        bench_init(&b);
        fake_disk_fail(b.disk, FAKE_SYNC_DIR, (int)calls, 1, ERR_IO);
        fake_disk_fail(b.disk, FAKE_OPEN, (int)calls, 1, ERR_IO);
        bench_settle(&b);
        bench_crash(&b, calls % 2 ? FAKE_KEEP_SYNCED : FAKE_KEEP_ALL, calls);
        enum err err = bench_open(&b);
        if (err == ERR_NOT_FOUND)
            b.p = partition_create(b.st, "orders-0", &b.config, &bench_events, &b);
        else
            cr_assert_eq(err, ERR_OK, "%s", err_text(err));
        int64_t offset = bench_put(&b, "a");
        cr_assert_str_eq(bench_get(&b, offset, NULL), "a");
        bench_deinit(&b);
    }
}

Test(recovery, log_start_survives_a_crash_once_files_are_gone)
{
    struct bench b;
    bench_init(&b);
    b.config.segment_bytes = 300;
    b.config.retention_ms = 1000;
    partition_configure(b.p, &b.config);
    for (int n = 0; n < 10; n++)
        bench_put(&b, "a record of some bytes");
    bench_pass(&b, 5000);
    bench_put(&b, "young");
    partition_retain(b.p);
    bench_settle(&b);
    cr_assert_eq(partition_log_start(b.p), 10);
    cr_assert_not(fake_disk_exists(b.disk, FIRST_LOG));
    b.clock.wall_ms -= 5000; /* a clock that was set back brings nothing back */
    bench_crash(&b, FAKE_KEEP_SYNCED, 1);
    unsigned warnings = b.warnings;
    open_again(&b);
    cr_assert_eq(b.recovery.corrupt_ranges, 0);
    cr_assert_eq(b.warnings, warnings);
    cr_assert_eq(partition_log_start(b.p), 10);
    bench_deinit(&b);
}

Test(recovery, process_that_died_between_a_failed_sync_and_its_note_loses_nothing_more)
{
    struct bench b;
    bench_init(&b);
    bench_put(&b, "a");
    write_one(&b, "b");
    b.disk->hold = true;
    partition_want_sync(b.p);
    fake_disk_fail(b.disk, FAKE_SYNC, 0, 1, ERR_IO);
    cr_assert(fake_disk_run_one(b.disk)); /* the sync fails, and nobody hears of it */
    bench_crash(&b, FAKE_KEEP_ALL, 1);
    open_again(&b);
    cr_assert_str_eq(bench_get(&b, 1, NULL), "b");
    bench_crash(&b, FAKE_KEEP_SYNCED, 2);
    open_again(&b);
    cr_assert_str_eq(bench_get(&b, 1, NULL), "b");
    bench_deinit(&b);
}

/* The slot that said in which boot that was is not there any more. */
Test(recovery, what_a_failed_sync_forgot_is_written_anew_beside_rotten_slots_too)
{
    for (int slots = 1; slots <= 2; slots++) {
        struct bench b;
        bench_init(&b);
        bench_put(&b, "a");
        bench_crash(&b, FAKE_KEEP_SYNCED, 7); /* into another boot */
        open_again(&b);
        int64_t offset = write_one(&b, "b");
        bench_settle(&b);
        partition_want_sync(b.p);
        b.disk->hold = true;
        fake_disk_fail(b.disk, FAKE_SYNC, 0, 1, ERR_IO);
        while (b.disk->faults[FAKE_SYNC].times > 0)
            cr_assert(fake_disk_run_one(b.disk)); /* the sync fails, and nobody hears of it */
        bench_crash(&b, FAKE_KEEP_ALL, 7);
        if (slots == 1)
            rot_newest_slot(&b);
        else
            fake_disk_bytes(b.disk, "orders-0/checkpoint")->len = 0;
        open_again(&b);
        cr_assert_str_eq(bench_get(&b, offset, NULL), "b");
        bench_crash(&b, FAKE_KEEP_SYNCED, 8);
        open_again(&b);
        const char *value = bench_get(&b, offset, NULL);
        cr_expect(value != NULL && strcmp(value, "b") == 0, "%d slots", slots);
        bench_deinit(&b);
    }
}

Test(recovery, log_whose_base_offset_is_far_off_beside_damage_is_opened)
{
    struct bench b;
    bench_init(&b);
    bench_put(&b, "a");
    bench_put(&b, "b");
    bench_put(&b, "c");
    bench_stop(&b);
    struct buf *log = fake_disk_bytes(b.disk, FIRST_LOG);
    size_t len = log->len / 3;
    log->data[len + 65] ^= 1; /* of the second, in its record */
    log->data[2 * len] = 1;   /* of the third, in the base offset */
    cr_assert_eq(disk_unlink(&b.disk->disk, "orders-0/clean"), ERR_OK);
    cr_assert_eq(disk_unlink(&b.disk->disk, "orders-0/checkpoint"), ERR_OK);
    bench_start(&b);
    open_again(&b);
    cr_assert_str_eq(bench_get(&b, 0, NULL), "a");
    cr_assert_lt(partition_next_offset(b.p), INT32_MAX);
    bench_deinit(&b);
}

Test(recovery, segment_whose_first_record_is_from_before_all_time_is_an_old_one)
{
    struct bench b;
    struct partition_info info;
    bench_init(&b);
    bench_append_at(&b, "a", INT64_MIN + 1);
    partition_want_sync(b.p);
    partition_commit(b.p);
    bench_settle(&b);
    bench_crash(&b, FAKE_KEEP_ALL, 1);
    cr_assert_eq(disk_unlink(&b.disk->disk, "orders-0/checkpoint"), ERR_OK);
    open_again(&b);
    bench_put(&b, "b");
    partition_describe(b.p, &info);
    cr_assert_eq(info.segment_count, 2);
    bench_deinit(&b);
}

Test(recovery, whole_batch_whose_base_offset_is_wrong_is_no_torn_tail)
{
    for (int more = 0; more < 2; more++) { /* the batch before it may be damaged too */
        struct bench b;
        enum err err;
        char seen[8];
        bench_init(&b);
        bench_settle(&b);
        for (int i = 0; i < 5; i++)
            write_one(&b, "record");
        struct buf *log = fake_disk_bytes(b.disk, FIRST_LOG);
        size_t len = log->len, each = len / 5;
        log->data[4 * each + 7] ^= 64;
        if (more)
            log->data[3 * each + 70] ^= 1;
        bench_crash(&b, FAKE_KEEP_ALL, 1);
        open_again(&b);
        cr_assert_eq(fake_disk_bytes(b.disk, FIRST_LOG)->len, len, "nothing was cut");
        cr_assert_eq(b.recovery.bytes_cut, 0);
        cr_assert_eq(b.recovery.corrupt_ranges, 1);
        letters(&b, seen, 5);
        cr_assert_str_eq(seen, more ? "...CC" : "....C", "%s", seen);
        int64_t next = bench_put(&b, "next");
        cr_assert_gt(next, 4);
        storage_set_tail_bytes_max(b.st, 0);
        cr_assert_null(bench_get(&b, 3 + !more, &err));
        cr_assert_eq(err, ERR_CORRUPT);
        cr_assert_str_eq(bench_get(&b, next, NULL), "next");
        bench_deinit(&b);
    }
}

Test(recovery, sealed_segment_that_lost_its_end_is_reported_at_start)
{
    struct bench b;
    bench_init(&b);
    b.config.segment_bytes = 300;
    partition_configure(b.p, &b.config);
    for (int n = 0; n < 10; n++)
        bench_put(&b, "a record of some bytes");
    fake_disk_bytes(b.disk, FIRST_LOG)->len -= 20;
    cr_assert_eq(disk_unlink(&b.disk->disk, "orders-0/checkpoint"), ERR_OK);
    bench_crash(&b, FAKE_KEEP_ALL, 1);
    open_again(&b);
    cr_assert_eq(b.recovery.corrupt_ranges, 1);
    cr_assert_eq(b.recovery.bytes_cut, 0);
    bench_deinit(&b);
}

/* A few pages of the active segment cannot be read. */
Test(recovery, unreadable_stretch_is_damage_up_to_the_next_good_batch_and_no_more)
{
    struct bench b;
    bench_init(&b);
    bench_settle(&b);
    for (int i = 0; i < 30; i++) {
        bench_append_bytes(&b, 1000);
        partition_commit(b.p);
    }
    storage_set_tail_bytes_max(b.st, 0);
    uint64_t each = fake_disk_bytes(b.disk, FIRST_LOG)->len / 30;
    b.disk->bad_from = 4 * 4096; /* behind what the checkpoint has */
    b.disk->bad_to = 6 * 4096;
    int64_t first = (int64_t)(b.disk->bad_from / each),
            last = (int64_t)((b.disk->bad_to - 1) / each);
    for (int round = 0; round < 2; round++) {
        struct partition_read read = {.offset = first, .bytes_max = 1};
        bench_read(&b, &read);
        cr_assert_eq(read.err, ERR_CORRUPT);
        cr_assert_eq(read.corrupt_from, first);
        cr_assert_eq(read.corrupt_to, last + 1);
        partition_read_end(&read);
        cr_assert_not_null(bench_get(&b, first - 1, NULL));
        cr_assert_not_null(bench_get(&b, last + 1, NULL));
        if (round > 0)
            break;
        bench_crash(&b, FAKE_KEEP_ALL, 1);
        open_again(&b);
        cr_assert_eq(b.recovery.corrupt_ranges, 1);
        storage_set_tail_bytes_max(b.st, 0);
    }
    b.disk->bad_to = 0;
    bench_deinit(&b);
}

Test(recovery, damage_with_nothing_readable_behind_it_expires_by_the_greatest_timestamp_there_was)
{
    for (int again = 0; again < 2; again++) { /* also after a start */
        struct bench b;
        enum err err;
        bench_init(&b);
        b.config.retention_ms = 10000;
        partition_configure(b.p, &b.config);
        storage_set_tail_bytes_max(b.st, 0);
        bench_put(&b, "a");
        bench_pass(&b, 2000);
        bench_put(&b, "b");
        struct buf *log = fake_disk_bytes(b.disk, FIRST_LOG);
        log->data[log->len - 1] ^= 1;
        if (again)
            bench_reopen(&b);
        storage_set_tail_bytes_max(b.st, 0);
        bench_pass(&b, 9000); /* "a" has expired */
        partition_retain(b.p);
        bench_settle(&b);
        cr_assert_eq(partition_log_start(b.p), 1);
        cr_assert_null(bench_get(&b, 1, &err));
        cr_assert_eq(err, ERR_CORRUPT);
        bench_pass(&b, 2000); /* and so has "b" */
        partition_retain(b.p);
        bench_settle(&b);
        cr_assert_eq(partition_log_start(b.p), 2);
        bench_deinit(&b);
    }
}

/* --- what is missing --------------------------------------------------------------------------- */

Test(recovery, synced_bytes_that_are_missing_are_damage_and_no_gap)
{
    for (int how = 0; how < 3; how++) {
        struct bench b;
        char seen[8];
        bench_init(&b);
        for (int n = 0; n < 5; n++)
            bench_put(&b, "record");
        bench_pass(&b, 2000);
        struct buf *log = fake_disk_bytes(b.disk, FIRST_LOG);
        size_t len = log->len;
        if (how == 2) /* a clean stop before */
            bench_stop(&b);
        log->len = len / 5 * 3 + 20;
        if (how == 2)
            bench_start(&b);
        else
            bench_crash(&b, FAKE_KEEP_ALL, 1);
        open_again(&b);
        cr_assert_eq(b.recovery.corrupt_ranges, 1);
        int64_t next = how == 1 ? -1 : bench_put(&b, "next");
        for (int again = 0; again < 3; again++) {
            storage_set_tail_bytes_max(b.st, 0);
            letters(&b, seen, 5);
            cr_assert_str_eq(seen, "...CC", "%d %d: %s", how, again, seen);
            if (again == 0)
                bench_reopen(&b);
            else if (again == 1)
                bench_crash(&b, FAKE_KEEP_SYNCED, 1);
            if (again == 1)
                open_again(&b);
            cr_assert_eq(b.recovery.corrupt_ranges, again == 0 && how > 2);
        }
        if (next >= 0)
            cr_assert_str_eq(bench_get(&b, next, NULL), "next");
        cr_assert_gt(bench_put(&b, "last"), 4);
        bench_deinit(&b);
    }
}

Test(recovery, segment_that_was_synced_and_is_missing_is_damage_and_no_gap)
{
    struct bench b;
    enum err err;
    bench_init(&b);
    b.config.segment_bytes = 300;
    partition_configure(b.p, &b.config);
    for (int n = 0; n < 10; n++)
        bench_put(&b, "a record of some bytes");
    bench_pass(&b, 2000);
    cr_assert_eq(disk_unlink(&b.disk->disk, "orders-0/00000000000000000009.log"), ERR_OK);
    bench_crash(&b, FAKE_KEEP_ALL, 1);
    open_again(&b);
    cr_assert_eq(b.recovery.corrupt_ranges, 1);
    int64_t next = bench_put(&b, "next");
    storage_set_tail_bytes_max(b.st, 0);
    cr_assert_str_eq(bench_get(&b, 8, NULL), "a record of some bytes");
    cr_assert_null(bench_get(&b, 9, &err));
    cr_assert_eq(err, ERR_CORRUPT);
    cr_assert_str_eq(bench_get(&b, next, NULL), "next");
    bench_deinit(&b);
}

Test(recovery, file_named_by_an_offset_that_no_log_reaches_is_refused_and_left_alone)
{
    static const char *const names[] = {"orders-0/09223372036854775807.log",
                                        "orders-0/04611686018427387905.log"};
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        struct bench b;
        struct disk_file *file;
        bench_init(&b);
        bench_put(&b, "a");
        bench_stop(&b);
        cr_assert_eq(disk_open(&b.disk->disk, names[i], DISK_WRITE | DISK_CREATE, &file), ERR_OK);
        disk_close(file);
        bench_start(&b);
        unsigned warnings = b.warnings;
        cr_assert_eq(bench_open(&b), ERR_CORRUPT);
        cr_assert_eq(b.warnings, warnings + 1);
        cr_assert(fake_disk_exists(b.disk, names[i]));
        cr_assert_eq(disk_unlink(&b.disk->disk, names[i]), ERR_OK);
        open_again(&b);
        cr_assert_str_eq(bench_get(&b, 0, NULL), "a");
        bench_deinit(&b);
    }
}

Test(recovery, fault_is_given_back_as_it_is_and_the_next_start_finds_all)
{
    static const enum fake_call calls[] = {FAKE_OPEN,     FAKE_WRITE,  FAKE_READ,    FAKE_SYNC,
                                           FAKE_TRUNCATE, FAKE_UNLINK, FAKE_SYNC_DIR};
    static const enum err faults[] = {ERR_IO, ERR_LIMIT};
    for (size_t i = 0; i < COUNT_OF(calls) * COUNT_OF(faults); i++) {
        enum fake_call call = calls[i / COUNT_OF(faults)];
        enum err fault = faults[i % COUNT_OF(faults)], err = ERR_IO;
        for (int after = 0; err != ERR_OK; after++) {
            struct bench b;
            bench_init(&b);
            b.config.segment_bytes = 300;
            partition_configure(b.p, &b.config);
            for (int n = 0; n < 9; n++)
                bench_put(&b, "a record of some bytes");
            write_one(&b, "b");
            bench_settle(&b); /* when it has rolled */
            bench_crash(&b, FAKE_KEEP_ALL, 1);
            fake_disk_fail(b.disk, call, after, 1000, fault);
            err = bench_open(&b);
            fake_disk_fail(b.disk, call, 0, 0, ERR_OK);
            cr_assert_lt(after, 100);
            if (err != ERR_OK) {
                cr_assert_eq(err, fault, "%d: %s", (int)call, err_text(err));
                open_again(&b);
            }
            cr_assert_eq(bench_count(&b, 0, 1 << 20), 10);
            bench_deinit(&b);
        }
    }
}

Test(recovery, log_that_ends_in_doubt_goes_on_in_a_segment_of_its_own)
{
    struct bench b;
    enum err err;
    bench_init(&b);
    b.config.segment_bytes = 300;
    b.config.segment_ms = 1;
    partition_configure(b.p, &b.config);
    for (int n = 0; n < 4; n++)
        bench_put(&b, "a record of some bytes");
    bench_settle(&b);
    char path[64];
    int64_t base = 0;
    for (int64_t i = 1; i < 4; i++) {
        snprintf(path, sizeof(path), "orders-0/%020lld.log", (long long)i);
        base = fake_disk_exists(b.disk, path) ? i : base;
    }
    cr_assert_gt(base, 0);
    snprintf(path, sizeof(path), "orders-0/%020lld.log", (long long)base);
    fake_disk_bytes(b.disk, path)->data[4] ^= 1; /* its first batch, in the base offset */
    cr_assert_eq(disk_unlink(&b.disk->disk, "orders-0/checkpoint"), ERR_OK);
    bench_crash(&b, FAKE_KEEP_ALL, 1);
    open_again(&b);
    int64_t next = bench_put(&b, "next");
    cr_assert_gt(next, base);
    storage_set_tail_bytes_max(b.st, 0);
    cr_assert_null(bench_get(&b, base, &err));
    cr_assert_eq(err, ERR_CORRUPT);
    cr_assert_str_eq(bench_get(&b, next, NULL), "next");
    bench_deinit(&b);
}

Test(recovery, log_start_that_moved_without_a_write_survives_a_clean_stop)
{
    struct bench b;
    bench_init(&b);
    for (int n = 0; n < 5; n++)
        bench_put(&b, "record");
    bench_reopen(&b);
    b.config.retention_bytes = 0;
    partition_configure(b.p, &b.config);
    partition_retain(b.p);
    bench_settle(&b);
    int64_t start = partition_log_start(b.p);
    cr_assert_gt(start, 0);
    bench_stop(&b);
    b.config.retention_bytes = -1;
    bench_start(&b);
    open_again(&b);
    cr_assert(b.recovery.clean);
    cr_assert_eq(partition_log_start(b.p), start);
    bench_deinit(&b);
}

Test(recovery, start_that_dies_before_it_has_filled_in_what_is_missing_is_made_again)
{
    for (int after = 0; after < 12; after++) {
        struct bench b;
        char seen[8];
        bench_init(&b);
        for (int n = 0; n < 5; n++)
            bench_put(&b, "record");
        bench_pass(&b, 2000);
        write_one(&b, "record");
        cr_assert_str_eq(bench_get(&b, 5, NULL), "record");
        struct buf *log = fake_disk_bytes(b.disk, FIRST_LOG);
        log->len = log->len / 6 * 3;
        bench_crash(&b, FAKE_KEEP_ALL, 1);
        fake_disk_fail(b.disk, after % 2 ? FAKE_TRUNCATE : FAKE_SYNC, after / 2, 1000, ERR_IO);
        enum err err = bench_open(&b);
        fake_disk_fail(b.disk, FAKE_TRUNCATE, 0, 0, ERR_OK);
        fake_disk_fail(b.disk, FAKE_SYNC, 0, 0, ERR_OK);
        if (err != ERR_OK) {
            fake_disk_power_off(b.disk);
            fake_disk_power_on(b.disk, FAKE_KEEP_ALL, 1);
            open_again(&b);
        }
        cr_assert_gt(bench_put(&b, "next"), 5, "%d: no offset is given out twice", after);
        storage_set_tail_bytes_max(b.st, 0);
        letters(&b, seen, 5);
        cr_assert_str_eq(seen, "...CC", "%d: %s", after, seen);
        bench_deinit(&b);
    }
}

Test(recovery, start_that_dies_beside_the_cut_of_a_torn_tail_is_made_again)
{
    static const enum fake_call calls[] = {FAKE_TRUNCATE, FAKE_SYNC, FAKE_WRITE, FAKE_OPEN};
    for (int i = 0; i < 60; i++) {
        struct bench b;
        bench_init(&b);
        for (int n = 0; n < 3; n++)
            bench_put(&b, "record");
        write_one(&b, "record");
        cr_assert_str_eq(bench_get(&b, 3, NULL), "record"); /* a reader has seen it */
        struct buf *log = fake_disk_bytes(b.disk, FIRST_LOG);
        log->data[log->len - 2] ^= 1;
        bench_crash(&b, FAKE_KEEP_ALL, 1);
        enum fake_call call = calls[i % 4];
        fake_disk_fail(b.disk, call, i / 4, 1000, ERR_IO);
        enum err err = bench_open(&b);
        fake_disk_fail(b.disk, call, 0, 0, ERR_OK);
        if (err != ERR_OK) {
            fake_disk_power_off(b.disk);
            fake_disk_power_on(b.disk, FAKE_KEEP_ALL, 1);
            open_again(&b);
        }
        cr_assert_eq(bench_count(&b, 0, 1 << 20), 3);
        cr_assert_gt(bench_put(&b, "next"), 3, "%d: no offset is given out twice", i);
        bench_crash(&b, FAKE_KEEP_SYNCED, 1);
        open_again(&b);
        cr_assert_eq(bench_count(&b, 0, 1 << 20), 4);
        cr_assert_eq(b.recovery.corrupt_ranges + b.recovery.bytes_cut, 0);
        bench_deinit(&b);
    }
}

/* What a roll that failed leaves when the removal of its file was not durable. */
static void leave_empty_segment(struct bench *b, const char *path)
{
    struct disk_file *file;
    cr_assert_eq(disk_open(&b->disk->disk, path, DISK_WRITE | DISK_CREATE, &file), ERR_OK);
    disk_close(file);
}

Test(recovery, rolls_that_failed_one_after_the_other_hide_no_record)
{
    static const char *const empty[] = {"orders-0/00000000000000000002.log",
                                        "orders-0/00000000000000000004.log"};
    for (int rotten = -1; rotten < 2; rotten++) {
        struct bench b;
        bench_init(&b);
        for (int n = 0; n < 4; n++)
            bench_put(&b, "record");
        for (size_t i = 0; i < 2; i++)
            leave_empty_segment(&b, empty[i]);
        bench_crash(&b, FAKE_KEEP_ALL, 1);
        if (rotten >= 0)
            fake_disk_bytes(b.disk, "orders-0/checkpoint")
                ->data[rotten * CHECKPOINT_SLOT_BYTES + 60] ^= 1;
        open_again(&b);
        cr_expect_eq(bench_count(&b, 0, 1 << 20), 4, "slot %d", rotten);
        cr_expect_eq(b.recovery.corrupt_ranges, 0);
        for (size_t i = 0; i < 2; i++)
            cr_expect_not(fake_disk_exists(b.disk, empty[i]));
        bench_deinit(&b);
    }
}

Test(recovery, marker_that_cannot_be_read_now_is_not_taken_for_none)
{
    for (int kind = 0; kind < FAKE_CALL_COUNT; kind++) {
        struct bench b;
        if (kind != FAKE_OPEN && kind != FAKE_READ)
            continue;
        bench_init(&b);
        bench_put(&b, "a");
        bench_stop(&b);
        bench_start(&b);
        for (int after = 0; after < 10; after++) {
            fake_disk_fail(b.disk, (enum fake_call)kind, after, 1, ERR_IO);
            enum err err = bench_open(&b);
            memset(b.disk->faults, 0, sizeof(b.disk->faults));
            if (err == ERR_OK)
                break;
            cr_assert_eq(err, ERR_IO);
        }
        cr_assert(b.recovery.clean);
        cr_assert_eq(b.recovery.bytes_scanned, 0);
        bench_deinit(&b);
    }
}

Test(recovery, marker_that_may_not_be_durable_is_not_left)
{
    struct bench b;
    bench_init(&b);
    bench_put(&b, "a");
    fake_disk_fail(b.disk, FAKE_SYNC_DIR, 0, 1, ERR_IO);
    bench_stop(&b);
    cr_assert_not(fake_disk_exists(b.disk, "orders-0/clean"));
    bench_start(&b);
    cr_assert_eq(bench_open(&b), ERR_OK);
    cr_assert_not(b.recovery.clean);
    cr_assert_str_eq(bench_get(&b, 0, NULL), "a");
    bench_deinit(&b);
}

Test(recovery, log_start_that_moves_during_the_stop_is_not_in_the_marker_alone)
{
    struct bench b;
    bench_init(&b);
    b.config.retention_ms = 1000;
    partition_configure(b.p, &b.config);
    bench_put(&b, "a");
    bench_pass(&b, 900);
    bench_put(&b, "b");
    storage_set_tail_bytes_max(b.st, 0);
    b.disk->cold = b.disk->hold = true;
    b.clock.wall_ms += 500;
    partition_retain(b.p);
    cr_assert_eq(partition_log_start(b.p), 0, "it is being looked for");
    b.disk->hold = false;
    fake_disk_fail(b.disk, FAKE_SYNC_DIR, 0, 10, ERR_IO);
    bench_stop(&b);
    fake_disk_power_off(b.disk);
    fake_disk_power_on(b.disk, FAKE_KEEP_SYNCED, 1);
    bench_start(&b);
    cr_assert_eq(bench_open(&b), ERR_OK);
    cr_assert_eq(partition_log_start(b.p), 1);
    bench_deinit(&b);
}
