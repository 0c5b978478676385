/* SPDX-License-Identifier: BSD-3-Clause */
/* Many partitions that wait for a sync: who has it alone, who with others, and what a crash leaves. */
#include "crowd.h"
#include "storage/journal.h"
#include <criterion/criterion.h>
#include <stdio.h>

#define SEEDS 40
#define MINUTE_MS 60000

static struct crowd c;

/* Ends the one before. */
static void begin(size_t partitions, uint64_t journal_bytes_max, unsigned group_min)
{
    if (c.count > 0)
        crowd_deinit(&c);
    crowd_init(&c, partitions, journal_bytes_max, group_min);
}

static void teardown(void)
{
    crowd_deinit(&c);
}

TestSuite(group_sync, .fini = teardown);

/* What was acknowledged is there afterwards. */
static void crash(enum fake_kept kept, uint64_t seed)
{
    crowd_crash(&c, kept, seed);
    crowd_open(&c);
}

/* All that was not synced is gone. */
static void cut_power(void)
{
    crash(FAKE_KEEP_SYNCED, 1);
}

static void append_all(void)
{
    for (size_t i = 0; i < c.count; i++)
        crowd_append(&c, i);
}

static void put_all(int times)
{
    for (; times > 0; times--)
        crowd_put_all(&c);
}

/* The same records for all, in a round that is under way. */
static void hold_a_round(void)
{
    c.b.disk->hold = true;
    append_all();
    crowd_sync(&c);
}

static void go_on(void)
{
    c.b.disk->hold = false;
    crowd_settle(&c);
}

/* The oldest job, and what comes of it. */
static void run_one(void)
{
    fake_disk_run_one(c.b.disk);
    disk_reap(&c.b.disk->disk);
}

static uint64_t device_syncs(void)
{
    return c.b.disk->calls[FAKE_SYNC];
}

/* So many of the journal, and of logs. */
static void expect_syncs(uint64_t rounds, uint64_t alone)
{
    cr_assert_eq(crowd_stats(&c)->journal_syncs, rounds);
    cr_assert_eq(crowd_stats(&c)->syncs, alone);
}

/* One round, so that the journal's file is there. */
static void warm_up(void)
{
    crowd_put_all(&c);
    cr_assert_eq(crowd_stats(&c)->journal_syncs, 1);
}

static void expect_all_acknowledged(int64_t records)
{
    for (size_t i = 0; i < c.count; i++)
        cr_assert_eq(c.members[i].acknowledged, records, "partition %zu: %lld", i,
                     (long long)c.members[i].acknowledged);
}

/* The first records of all but one. */
static void expect_acknowledged_but(size_t one)
{
    for (size_t i = 0; i < c.count; i++)
        cr_assert_eq(c.members[i].acknowledged, i != one);
}

static void expect_had(int64_t records)
{
    for (size_t i = 0; i < c.count; i++)
        cr_assert_eq(c.members[i].had, records);
}

Test(group_sync, many_partitions_are_synced_by_one_sync)
{
    begin(20, CROWD_JOURNAL_BYTES, 2);
    warm_up();
    uint64_t syncs = device_syncs(), alone = crowd_stats(&c)->syncs;
    crowd_put_all(&c);
    cr_assert_eq(device_syncs() - syncs, 1);
    expect_syncs(2, alone);
    expect_all_acknowledged(2);
}

Test(group_sync, nothing_is_acknowledged_before_the_sync_is_over)
{
    begin(5, CROWD_JOURNAL_BYTES, 2);
    hold_a_round();
    cr_assert_eq(fake_disk_waiting(c.b.disk), 1);
    expect_all_acknowledged(0);
    cr_assert(fake_disk_run_one(c.b.disk));
    expect_all_acknowledged(0);
    disk_reap(&c.b.disk->disk);
    expect_all_acknowledged(1);
    c.b.disk->hold = false;
}

Test(group_sync, fewer_than_the_least_are_synced_alone)
{
    begin(4, CROWD_JOURNAL_BYTES, 5);
    crowd_put_all(&c);
    expect_syncs(0, 4);
    expect_all_acknowledged(1);
    cr_assert_eq(crowd_journal_files(&c), 0);
}

Test(group_sync, without_a_journal_each_is_synced_alone)
{
    begin(4, 0, 2);
    crowd_put_all(&c);
    expect_syncs(0, 4);
    expect_all_acknowledged(1);
}

Test(group_sync, a_log_without_an_id_is_synced_alone)
{
    begin(3, CROWD_JOURNAL_BYTES, 2);
    partition_delete(c.members[1].p);
    crowd_settle(&c);
    crowd_make(&c, 1, "");
    crowd_settle(&c);
    crowd_put_all(&c);
    expect_syncs(1, 1);
    expect_all_acknowledged(1);
}

/* What is appended while a round is under way is not written before it goes with the next: in one write. */
Test(group_sync, what_gathers_during_a_round_is_written_once_and_goes_with_the_next)
{
    begin(6, CROWD_JOURNAL_BYTES, 2);
    warm_up();
    c.b.disk->hold = true;
    for (size_t i = 0; i < 3; i++)
        crowd_append(&c, i);
    crowd_sync(&c);
    uint64_t writes = crowd_stats(&c)->writes;
    for (int n = 0; n < 10; n++)
        for (size_t i = 0; i < c.count; i++) {
            crowd_append(&c, i);
            crowd_sync(&c);
        }
    cr_assert_eq(crowd_stats(&c)->writes, writes);
    go_on();
    cr_assert_eq(crowd_stats(&c)->writes - writes, c.count);
    expect_syncs(3, 0);
    for (size_t i = 0; i < c.count; i++)
        cr_assert_eq(c.members[i].acknowledged, i < 3 ? 12 : 11);
    crowd_check_acknowledged(&c);
}

/* --- crashes ----------------------------------------------------------------------------------- */

static void expect_replayed(bool all)
{
    for (size_t i = 0; i < c.count; i++)
        if (all)
            cr_assert_gt(c.members[i].recovery.bytes_replayed, 0, "partition %zu", i);
        else
            cr_assert_eq(c.members[i].recovery.bytes_replayed, 0, "partition %zu", i);
}

Test(group_sync, a_power_cut_keeps_what_only_the_journal_had)
{
    begin(10, CROWD_JOURNAL_BYTES, 2);
    put_all(5);
    cr_assert_eq(crowd_stats(&c)->syncs, 0);
    crowd_crash(&c, FAKE_KEEP_SYNCED, 1);
    /* The logs have lost all, and their length. */
    cr_assert_eq(fake_disk_bytes(c.b.disk, "many-3/00000000000000000000.log")->len, 0);
    crowd_open(&c);
    expect_replayed(true);
    cr_assert_eq(crowd_journal_files(&c), 0);
    expect_had(5);
    /* And again, when the journal is gone. */
    crash(FAKE_KEEP_SYNCED, 2);
    expect_replayed(false);
}

Test(group_sync, power_cuts_that_keep_some_of_it_lose_nothing_acknowledged)
{
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        begin(6, 16384, 2); /* several files of the journal */
        for (int run = 0; run < 3; run++) {
            put_all(3 + (int)(seed % 5));
            hold_a_round();
            if (seed % 2 == 0)
                fake_disk_run_one(c.b.disk);
            crash(FAKE_KEEP_SOME, seed * 3 + (uint64_t)run);
        }
    }
}

Test(group_sync, a_process_that_dies_leaves_all_that_was_written)
{
    begin(6, CROWD_JOURNAL_BYTES, 2);
    for (int n = 0; n < 4; n++) {
        crowd_put_all(&c);
        crowd_append_written(&c, 2);
        crash(FAKE_KEEP_ALL, 1);
        cr_assert_eq(c.members[2].had, 2 * n + 2);
    }
}

/* Some logs are synced by themselves between the rounds: the bytes of the journal have holes there. */
Test(group_sync, rounds_with_syncs_of_logs_between_them_are_put_together)
{
    begin(8, CROWD_JOURNAL_BYTES, 3);
    for (int n = 0; n < 12; n++) {
        for (size_t i = 0; i < (n % 2 == 0 ? c.count : 2); i++)
            crowd_append(&c, i);
        crowd_settle(&c);
    }
    expect_syncs(6, 12);
    cut_power();
    for (size_t i = 0; i < c.count; i++)
        cr_assert_eq(c.members[i].had, i < 2 ? 12 : 6);
}

Test(group_sync, what_was_rolled_is_not_touched_and_what_came_behind_it_is_there)
{
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        begin(4, CROWD_JOURNAL_BYTES, 2);
        for (size_t i = 0; i < c.count; i++) {
            c.members[i].config.segment_bytes = 400;
            partition_configure(c.members[i].p, &c.members[i].config);
        }
        put_all(10);
        cr_assert_gt(c.members[0].p->segment_count, 3);
        crash(FAKE_KEEP_SOME, seed);
        expect_had(10);
    }
}

/* A log whose files somebody removed is not begun anew: its offsets were given already. */
Test(group_sync, a_log_that_is_gone_is_not_begun_anew_while_the_journal_has_something_of_it)
{
    begin(3, CROWD_JOURNAL_BYTES, 2);
    crowd_put_all(&c);
    crowd_crash(&c, FAKE_KEEP_SYNCED, 1);
    cr_assert_eq(disk_unlink(&c.b.disk->disk, "many-1/00000000000000000000.log"), ERR_OK);
    cr_assert_eq(crowd_open_one(&c, 0), ERR_OK);
    cr_assert_eq(crowd_open_one(&c, 1), ERR_CORRUPT);
    cr_assert_eq(crowd_open_one(&c, 2), ERR_OK);
    cr_assert_not_null(strstr(c.b.warned, "which is not there any more: they are lost"));
    c.members[1].p = NULL;
    storage_opened(c.b.st);
}

/* --- logs that have time ------------------------------------------------------------------------ */

Test(group_sync, an_idle_log_is_synced_within_two_flush_ms)
{
    begin(10, CROWD_JOURNAL_BYTES, 2);
    warm_up();
    crowd_pass(&c, c.b.config.flush_ms - 1);
    cr_assert_eq(crowd_stats(&c)->syncs, 0);
    crowd_pass(&c, c.b.config.flush_ms + 1);
    cr_assert_eq(crowd_stats(&c)->syncs, c.count);
    cut_power();
}

/* Those that are written to all the time are not, for as long as the journal has room. */
Test(group_sync, a_busy_log_is_not_synced_while_the_journal_has_it)
{
    begin(4, CROWD_JOURNAL_BYTES, 2);
    for (int n = 0; n < 40; n++) {
        crowd_put_all(&c);
        crowd_pass(&c, c.b.config.flush_ms / 4);
    }
    expect_syncs(40, 0);
}

Test(group_sync, written_bytes_are_synced_within_flush_ms_with_others_or_alone)
{
    for (unsigned group_min = 2; group_min <= 10; group_min += 8) {
        begin(5, CROWD_JOURNAL_BYTES, group_min);
        for (size_t i = 0; i < c.count; i++)
            crowd_append_written(&c, i);
        crowd_settle(&c);
        expect_all_acknowledged(0);
        crowd_pass(&c, c.b.config.flush_ms + 1);
        expect_all_acknowledged(1);
    }
}

/* Also when the journal had something newer before: the time counts from the oldest byte that is not synced. */
Test(group_sync, written_bytes_behind_a_round_are_synced_within_flush_ms)
{
    begin(3, CROWD_JOURNAL_BYTES, 2);
    crowd_put_all(&c);
    for (int n = 0; n < 8; n++) {
        crowd_pass(&c, c.b.config.flush_ms / 2 + 10 * n);
        crowd_append_written(&c, 1);
        crowd_settle(&c);
        int64_t before = c.members[1].acknowledged;
        crowd_pass(&c, c.b.config.flush_ms + 1);
        cr_assert_gt(c.members[1].acknowledged, before);
    }
}

Test(group_sync, a_clean_stop_leaves_no_journal)
{
    begin(5, 16384, 2);
    put_all(5);
    cr_assert_gt(crowd_journal_files(&c), 0);
    crowd_close(&c);
    cr_assert_eq(crowd_journal_files(&c), 0);
    crowd_start(&c);
    crowd_open(&c);
    for (size_t i = 0; i < c.count; i++)
        cr_assert(c.members[i].recovery.clean);
}

/* --- full ----------------------------------------------------------------------------------------- */

Test(group_sync, the_journal_goes_on_to_another_file_and_the_old_one_is_removed)
{
    begin(4, 65536, 2);
    size_t files_max = 0;
    for (int n = 0; n < 200; n++) {
        crowd_put_all(&c);
        files_max = crowd_journal_files(&c) > files_max ? crowd_journal_files(&c) : files_max;
    }
    cr_assert_gt(crowd_stats(&c)->journal_bytes, 2 * 65536);
    cr_assert_leq(files_max, 2);
    cr_assert_gt(crowd_stats(&c)->syncs, 0);
    expect_all_acknowledged(200);
    cut_power();
}

/* The power fails after each job in turn, while the journal goes on to its next file. */
Test(group_sync, an_old_file_is_not_removed_before_all_its_logs_are_synced)
{
    for (int jobs = 0; jobs < 60; jobs++) {
        begin(20, 8192, 2); /* a round in each file */
        c.b.disk->hold = true;
        for (int n = 0; n < jobs; n++) {
            for (size_t i = 0; i < c.count && n % 6 == 0; i++)
                crowd_append(&c, i);
            crowd_sync(&c);
            run_one();
        }
        cut_power();
    }
}

/* While one log's sync does not end the old file stays; the others are synced by themselves then. */
Test(group_sync, a_full_journal_acknowledges_by_syncs_of_the_logs)
{
    begin(4, 8192, 2); /* a round in each file */
    c.b.config.flush_ms = 3600 * 1000;
    crowd_put_all(&c);
    uint64_t rounds = crowd_stats(&c)->journal_syncs;
    put_all(50);
    cr_assert_gt(crowd_stats(&c)->journal_syncs, rounds);
    cr_assert_gt(crowd_stats(&c)->syncs, 0);
    cr_assert_leq(crowd_journal_files(&c), 2);
    expect_all_acknowledged(51);
}

/* Logs that nobody writes to any more keep a full journal only until they are synced, however busy others are. */
Test(group_sync, a_full_journal_is_free_again_while_others_are_busy)
{
    begin(CROWD_MAX, 32768, 2);
    warm_up();
    c.b.disk->hold = true;
    /* Thirty are always waiting for a sync, so that one is under way at all times. */
    int rounds = 0;
    for (int n = 0; n < 3000 && rounds < 40; n++) {
        for (size_t i = 0; i < 30; i++)
            if (!partition_dirty(c.members[i].p) &&
                partition_batch_synced(c.members[i].p) == partition_batch_last(c.members[i].p))
                crowd_append(&c, i);
        crowd_sync(&c);
        uint64_t before = crowd_stats(&c)->journal_syncs;
        run_one();
        rounds += crowd_stats(&c)->journal_syncs > before;
    }
    cr_assert_eq(rounds, 40, "only %d rounds", rounds);
    go_on();
}

/* --- alone for a reason --------------------------------------------------------------------------- */

Test(group_sync, large_bytes_go_alone)
{
    begin(4, CROWD_JOURNAL_BYTES, 2);
    warm_up();
    crowd_append_bytes(&c, 0, 300 * 1024);
    for (size_t i = 1; i < c.count; i++)
        crowd_append(&c, i);
    crowd_settle(&c);
    expect_syncs(2, 1);
    cr_assert_lt(crowd_stats(&c)->journal_bytes, 50000);
    expect_all_acknowledged(2);
}

/* A round acknowledges only what is below the offsets that are reserved durably, and asks for more in time. */
Test(group_sync, offsets_are_reserved_by_a_sync_of_the_log)
{
    begin(2, 8 * CROWD_JOURNAL_BYTES, 2);
    for (int n = 0; n < 1500; n++) {
        crowd_put_all(&c);
        for (size_t i = 0; i < c.count; i++)
            cr_assert_lt(c.members[i].p->next_offset, c.members[i].p->reserved + 1);
    }
    cr_assert_geq(crowd_stats(&c)->syncs, 2);
    cr_assert_gt(crowd_stats(&c)->journal_syncs, 1000);
    int64_t seen = c.members[0].p->next_offset;
    cut_power();
    cr_assert_geq(c.members[0].p->next_offset, seen);
}

Test(group_sync, what_is_in_memory_no_more_goes_alone)
{
    begin(4, CROWD_JOURNAL_BYTES, 2);
    storage_set_tail_bytes_max(c.b.st, 0);
    crowd_put_all(&c);
    expect_syncs(0, 4);
    expect_all_acknowledged(1);
}

/* --- errors --------------------------------------------------------------------------------------- */

static void fail_a_round(enum fake_call call, enum err err)
{
    begin(6, CROWD_JOURNAL_BYTES, 2);
    warm_up();
    hold_a_round();
    fake_disk_fail(c.b.disk, call, 0, 1, err);
    unsigned warnings = c.b.warnings;
    cr_assert(fake_disk_run_one(c.b.disk));
    disk_reap(&c.b.disk->disk);
    expect_all_acknowledged(1);
    cr_assert_eq(c.b.warnings, warnings + 1);
    go_on();
    expect_all_acknowledged(2);
    cr_assert_geq(crowd_stats(&c)->syncs, c.count);
    cr_assert_eq(crowd_stats(&c)->partitions_failed, 0);
    put_all(3);
    cr_assert_eq(crowd_stats(&c)->journal_syncs, 1);
    cr_assert_eq(c.b.warnings, warnings + 1, "it is said once");
    crowd_pass(&c, MINUTE_MS);
    put_all(3);
    cr_assert_gt(crowd_stats(&c)->journal_syncs, 1);
    cr_assert_leq(crowd_journal_files(&c), 1);
    cr_assert_eq(c.b.warnings, warnings + 1);
    cut_power();
}

Test(group_sync, a_write_of_the_journal_that_fails_acknowledges_nothing_and_logs_are_synced)
{
    fail_a_round(FAKE_WRITE, ERR_IO);
    fail_a_round(FAKE_WRITE, ERR_NOSPACE);
}

Test(group_sync, a_sync_of_the_journal_that_fails_acknowledges_nothing_and_logs_are_synced)
{
    fail_a_round(FAKE_SYNC, ERR_IO);
    fail_a_round(FAKE_SYNC, ERR_NOSPACE);
}

Test(group_sync, a_journal_that_cannot_be_made_is_tried_again_later)
{
    static const enum fake_call calls[] = {FAKE_MKDIR, FAKE_OPEN, FAKE_SYNC_DIR};
    for (size_t n = 0; n < COUNT_OF(calls); n++) {
        begin(6, CROWD_JOURNAL_BYTES, 2);
        fake_disk_fail(c.b.disk, calls[n], 0, 1, ERR_IO);
        crowd_put_all(&c);
        expect_syncs(0, 6);
        expect_all_acknowledged(1);
        crowd_pass(&c, MINUTE_MS);
        crowd_put_all(&c);
        crowd_put_all(&c);
        cr_assert_gt(crowd_stats(&c)->journal_syncs, 0);
        cut_power();
    }
}

/* What the failed round wrote may be there after all, or half of it. */
Test(group_sync, a_failed_round_does_no_harm_to_a_start)
{
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        begin(5, CROWD_JOURNAL_BYTES, 2);
        warm_up();
        c.b.disk->hold = true;
        append_all();
        fake_disk_fail(c.b.disk, seed % 2 == 0 ? FAKE_SYNC : FAKE_WRITE, 0, 1, ERR_IO);
        crowd_sync(&c);
        run_one();
        for (uint64_t n = 0; n < seed % 7; n++)
            run_one();
        crash(FAKE_KEEP_SOME, seed);
    }
}

/* --- ends ------------------------------------------------------------------------------------------ */

static void delete_one(size_t i)
{
    partition_delete(c.members[i].p);
    c.members[i].p = NULL;
}

Test(group_sync, one_that_is_deleted_while_it_waits_leaves_the_others)
{
    begin(5, CROWD_JOURNAL_BYTES, 5);
    append_all();
    cr_assert(group_sync_waits(c.members[2].p));
    delete_one(2);
    crowd_settle(&c);
    cr_assert_eq(crowd_stats(&c)->journal_syncs, 0); /* they are too few now */
    expect_acknowledged_but(2);
    cr_assert_eq(c.members[2].refused_why, ERR_NOT_FOUND);
}

Test(group_sync, one_that_is_deleted_while_it_is_in_a_round_leaves_the_others)
{
    begin(5, CROWD_JOURNAL_BYTES, 2);
    hold_a_round();
    delete_one(2);
    go_on();
    expect_acknowledged_but(2);
    cr_assert_eq(c.members[2].refused_why, ERR_NOT_FOUND);
    cr_assert_not(fake_disk_exists(c.b.disk, "many-2"));
}

static void delete_next(struct crowd_member *m)
{
    struct crowd_member *next = m + 1;
    m->on_synced = NULL;
    partition_delete(next->p);
    next->p = NULL;
}

/* An acknowledgement may be what makes somebody delete another of the same round. */
Test(group_sync, one_may_be_deleted_when_another_of_its_round_is_told)
{
    begin(5, CROWD_JOURNAL_BYTES, 2);
    c.members[1].on_synced = delete_next;
    crowd_put_all(&c);
    cr_assert_null(c.members[2].p);
    expect_acknowledged_but(2);
}

/* The entries of the old one are of no concern to what is made anew in the same directory. */
Test(group_sync, one_that_is_made_anew_gets_nothing_of_the_one_before)
{
    for (int kept = FAKE_KEEP_ALL; kept <= FAKE_KEEP_SYNCED; kept++) {
        begin(4, CROWD_JOURNAL_BYTES, 2);
        put_all(5);
        partition_delete(c.members[1].p);
        crowd_settle(&c);
        crowd_make(&c, 1, "another topic");
        crowd_settle(&c);
        crowd_put_all(&c);
        crash((enum fake_kept)kept, 1);
        cr_assert_eq(c.members[1].had, 1);
        cr_assert_eq(c.members[2].had, 6);
    }
}

Test(group_sync, one_whose_log_cannot_be_synced_keeps_its_acknowledged_records_in_the_journal)
{
    begin(4, CROWD_JOURNAL_BYTES, 2);
    put_all(2);
    fake_disk_fail(c.b.disk, FAKE_SYNC, 0, 1, ERR_IO); /* the first log's, when it is idle */
    crowd_pass(&c, c.b.config.flush_ms + 1);
    crowd_pass(&c, c.b.config.flush_ms + 1);
    cr_assert_eq(crowd_stats(&c)->partitions_failed, 1);
    crowd_close(&c);
    cr_assert_gt(crowd_journal_files(&c), 0, "a log that is not synced needs it");
    fake_disk_power_off(c.b.disk);
    fake_disk_power_on(c.b.disk, FAKE_KEEP_SYNCED, 1);
    crowd_start(&c);
    crowd_open(&c);
    expect_had(2);
    cr_assert_eq(crowd_journal_files(&c), 0);
}

/* A log fails while its newest bytes are in a round that is under way: they are refused, the others acknowledged. */
Test(group_sync, one_that_fails_while_it_is_in_a_round_is_refused_alone)
{
    begin(4, CROWD_JOURNAL_BYTES, 2);
    warm_up();
    hold_a_round();
    partition_fail(c.members[1].p, ERR_IO);
    go_on();
    for (size_t i = 0; i < c.count; i++) {
        cr_assert_eq(c.members[i].acknowledged, i == 1 ? 1 : 2);
        cr_assert_eq(c.members[i].refusals, i == 1);
    }
    cut_power();
}

Test(group_sync, one_that_fails_while_it_waits_is_refused_alone)
{
    begin(4, CROWD_JOURNAL_BYTES, 2);
    append_all();
    partition_fail(c.members[1].p, ERR_IO);
    crowd_settle(&c);
    expect_acknowledged_but(1);
}

/* In each of its states one can be closed. */
Test(group_sync, a_clean_stop_syncs_those_that_wait_and_those_in_a_round)
{
    for (int state = 0; state < 3; state++) {
        begin(5, CROWD_JOURNAL_BYTES, 2);
        warm_up();
        c.b.disk->hold = true;
        append_all();
        if (state > 0)
            crowd_sync(&c);
        for (size_t i = 0; i < c.count && state > 1; i++)
            crowd_append(&c, i); /* gathers */
        crowd_close(&c);
        cr_assert_eq(crowd_journal_files(&c), 0);
        crowd_start(&c);
        crowd_open(&c);
        expect_had(state > 1 ? 3 : 2);
    }
}

Test(group_sync, a_journal_whose_directory_is_removed_is_made_again)
{
    char path[DISK_PATH_BYTES_MAX + 1];
    begin(4, 8192, 2); /* a round in each file */
    warm_up();
    crowd_pass(&c, 10 * c.b.config.flush_ms);
    journal_path(path, 1);
    cr_assert_eq(disk_unlink(&c.b.disk->disk, path), ERR_OK);
    cr_assert_eq(disk_rmdir(&c.b.disk->disk, JOURNAL_DIR), ERR_OK);
    for (int n = 0; n < 5; n++) {
        crowd_put_all(&c);
        crowd_pass(&c, 2 * MINUTE_MS);
    }
    cr_assert_gt(crowd_stats(&c)->journal_syncs, 2);
    crowd_put_all(&c);
    cut_power();
}
