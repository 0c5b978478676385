/* SPDX-License-Identifier: BSD-3-Clause */
/* Syncs that no record depends on, but that a power cut shows: what is left to scan, what was removed, what
 * was made beside the log. Leaving one out loses nothing, and so nothing else notices. */
#include "base/mem.h"
#include "bench.h"
#include <criterion/criterion.h>
#include <stdio.h>

#define DIR "orders-0"
#define FIRST DIR "/00000000000000000000"
#define SEEDS 40

static void setup(struct bench *b, int64_t segment_bytes)
{
    bench_init(b);
    b->config.segment_bytes = segment_bytes;
    partition_configure(b->p, &b->config);
}

static uint64_t bytes_scanned(struct bench *b)
{
    bench_crash(b, FAKE_KEEP_SYNCED, 1);
    cr_assert_eq(bench_open(b), ERR_OK);
    return b->recovery.bytes_scanned;
}

Test(promises, a_roll_leaves_no_older_segment_to_scan)
{
    struct bench b;
    setup(&b, 300);
    for (int i = 0; i < 20; i++)
        bench_put(&b, "a record of some length");
    cr_assert_leq(bytes_scanned(&b), 300);
    cr_assert_eq(bench_count(&b, 0, 100), 20);
    bench_deinit(&b);
}

Test(promises, a_checkpoint_is_on_the_device_every_flush_ms)
{
    struct bench b;
    for (int passed = 0; passed < 2; passed++) {
        setup(&b, 1 << 20);
        for (int i = 0; i < 20; i++)
            bench_put(&b, "a record of some length");
        bench_pass(&b, passed ? b.config.flush_ms : 1);
        bench_put(&b, "the last");
        if (passed)
            cr_assert_eq(bytes_scanned(&b), 0);
        else
            cr_assert_gt(bytes_scanned(&b), 0);
        bench_deinit(&b);
    }
}

Test(promises, a_roll_leaves_the_indexes_of_its_segment_on_the_device)
{
    struct bench b;
    setup(&b, 20000);
    for (int i = 0; i < 10; i++) {
        bench_append_bytes(&b, 3000);
        partition_want_sync(b.p);
        partition_commit(b.p);
        bench_settle(&b);
    }
    bench_crash(&b, FAKE_KEEP_SYNCED, 1);
    cr_assert_gt(fake_disk_bytes(b.disk, FIRST ".index")->len, 0);
    cr_assert_gt(fake_disk_bytes(b.disk, FIRST ".timeindex")->len, 0);
    bench_deinit(&b);
}

static void not_told(struct partition_trim *t)
{
    (void)t;
}

Test(promises, a_trim_needs_no_more_than_the_sync_that_is_due_and_one_checkpoint)
{
    struct bench b;
    struct partition_trim t = {.done = not_told};
    setup(&b, 300);
    for (int i = 0; i < 10; i++)
        bench_put(&b, "a record of some length");
    bench_append(&b, "written, not synced");
    partition_commit(b.p);
    bench_settle(&b);
    uint64_t syncs = b.disk->calls[FAKE_SYNC], writes = b.disk->calls[FAKE_WRITE];
    cr_assert_eq(partition_trim(b.p, 5, &t), ERR_AGAIN);
    bench_settle(&b);
    cr_assert_eq(t.err, ERR_OK);
    cr_assert_eq(b.disk->calls[FAKE_SYNC] - syncs, 2);
    cr_assert_eq(b.disk->calls[FAKE_WRITE] - writes, 1);
    bench_deinit(&b);
}

Test(promises, removed_segments_do_not_come_back)
{
    struct bench b;
    struct partition_trim t = {.done = not_told};
    setup(&b, 300);
    for (int i = 0; i < 10; i++)
        bench_put(&b, "a record of some length");
    cr_assert(fake_disk_exists(b.disk, FIRST ".log"));
    cr_assert_eq(partition_trim(b.p, 9, &t), ERR_AGAIN);
    bench_settle(&b);
    cr_assert_gt(storage_stats(b.st)->segments_removed, 0);
    bench_crash(&b, FAKE_KEEP_SYNCED, 1);
    cr_assert_not(fake_disk_exists(b.disk, FIRST ".log"));
    bench_deinit(&b);
}

/* Under its own name a directory that lacks files would be taken for a damaged partition. */
Test(promises, power_loss_in_a_deletion_does_not_bring_the_name_back_once_files_are_removed)
{
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct bench b;
        setup(&b, 1 << 20);
        bench_put(&b, "a");
        fake_disk_fail(b.disk, FAKE_UNLINK, 1 + (int)(seed % 3), 1000, ERR_IO);
        partition_delete(b.p);
        b.p = NULL;
        bench_settle(&b);
        bench_crash(&b, FAKE_KEEP_SOME, seed);
        cr_assert_not(fake_disk_exists(b.disk, DIR), "seed %d", (int)seed);
        bench_deinit(&b);
    }
}

static void append_many(struct bench *b, size_t count)
{
    struct record *records = mem_zalloc(count, sizeof(records[0]));
    int64_t offset;
    uint64_t batch;
    for (size_t i = 0; i < count; i++)
        records[i] = (struct record){.timestamp_ms = b->clock.wall_ms, .value = BYTES_LITERAL("v")};
    cr_assert_eq(partition_append(b->p, records, count, &offset, &batch), ERR_OK);
    mem_free(records);
}

/* The checkpoint that goes with a sync may raise the bound, without being synced for anything else. */
Test(promises, a_bound_that_a_sync_has_raised_is_durable_before_offsets_behind_the_old_one_are_seen)
{
    struct bench b;
    setup(&b, 1 << 20);
    bench_put(&b, "a");
    for (uint64_t life = 0; life < 5; life++) {
        static const size_t counts[] = {300, 300,
                                        700}; /* the second raises it, the third goes on */
        for (size_t i = 0; i < COUNT_OF(counts); i++) {
            append_many(&b, counts[i]);
            if (i + 1 < COUNT_OF(counts))
                partition_want_sync(b.p);
            partition_commit(b.p);
            bench_settle(&b);
        }
        int64_t seen = partition_next_offset(b.p);
        bench_crash(&b, FAKE_KEEP_SYNCED, life);
        cr_assert_eq(bench_open(&b), ERR_OK);
        cr_assert_geq(partition_next_offset(b.p), seen);
    }
    bench_deinit(&b);
}

Test(promises, a_batch_that_lacks_one_byte_on_a_full_disk_is_not_written)
{
    struct bench b;
    struct partition_info info;
    setup(&b, 1 << 20);
    bench_put(&b, "one");
    partition_describe(b.p, &info);
    b.disk->space_left = (uint64_t)info.bytes - 1; /* the next one is as long */
    bench_append(&b, "two");
    partition_commit(b.p);
    bench_settle(&b);
    cr_assert_eq(b.refusals, 1);
    cr_assert_eq(b.refused_why, ERR_NOSPACE);
    cr_assert_eq(partition_next_offset(b.p), 1);
    b.disk->space_left = FAKE_SPACE_ENDLESS;
    cr_assert_eq(bench_put(&b, "six"), 1);
    bench_crash(&b, FAKE_KEEP_SYNCED, 1);
    cr_assert_eq(bench_open(&b), ERR_OK);
    cr_assert_eq(b.recovery.bytes_cut, 0);
    cr_assert_str_eq(bench_get(&b, 1, NULL), "six");
    bench_deinit(&b);
}
