/* SPDX-License-Identifier: BSD-3-Clause */
/* What those are told who wait for a partition to be made or to be gone. */
#include "bench.h"
#include "storage/partition_internal.h"
#include <criterion/criterion.h>
#include <stdio.h>

struct watch {
    struct partition_events events;
    unsigned created;
    enum err why;
};

static void on_created(struct partition *p, void *ctx, enum err err)
{
    struct watch *w = ctx;
    (void)p;
    w->created++;
    w->why = err;
}

static void on_batch(struct partition *p, void *ctx, uint64_t batch)
{
    (void)p, (void)ctx, (void)batch;
}

static void on_refused(struct partition *p, void *ctx, uint64_t first, uint64_t last, enum err why)
{
    (void)p, (void)ctx, (void)first, (void)last, (void)why;
}

static void on_trimmed(struct partition *p, void *ctx)
{
    (void)p, (void)ctx;
}

static struct watch watch_of(void)
{
    return (struct watch){.events = {.written = on_batch,
                                     .synced = on_batch,
                                     .refused = on_refused,
                                     .trimmed = on_trimmed,
                                     .created = on_created}};
}

/* Another partition than the bench's. */
static struct partition *create(struct bench *b, struct watch *w)
{
    return partition_create(b->st, "stock-0", &b->config, &w->events, w);
}

static void close_other(struct partition *p)
{
    enum err err = partition_close(p);
    (void)err;
}

Test(life, creation_is_told_once_when_it_is_durable)
{
    struct bench b;
    struct watch w = watch_of();
    bench_init(&b);
    b.disk->hold = true;
    struct partition *p = create(&b, &w);
    cr_assert_eq(w.created, 0);
    b.disk->hold = false;
    bench_settle(&b);
    cr_assert_eq(w.created, 1);
    cr_assert_eq(w.why, ERR_OK);
    close_other(p);
    bench_crash(&b, FAKE_KEEP_SYNCED, 1);
    cr_assert(fake_disk_exists(b.disk, "stock-0/00000000000000000000.log"));
    bench_deinit(&b);
}

Test(life, creation_that_failed_is_told_and_the_next_append_tries_again)
{
    struct bench b;
    struct watch w = watch_of();
    bench_init(&b);
    bench_settle(&b);
    fake_disk_fail(b.disk, FAKE_MKDIR, 0, 1, ERR_NOSPACE);
    struct partition *p = create(&b, &w);
    bench_settle(&b);
    cr_assert_eq(w.created, 1);
    cr_assert_eq(w.why, ERR_NOSPACE);
    struct record r = {.value = bytes_of_string("a")};
    int64_t offset;
    uint64_t batch;
    cr_assert_eq(partition_append(p, &r, 1, &offset, &batch), ERR_OK);
    partition_commit(p);
    bench_settle(&b);
    cr_assert_eq(w.created, 2);
    cr_assert_eq(w.why, ERR_OK);
    close_other(p);
    bench_deinit(&b);
}

Test(life, creation_without_descriptors_is_tried_again_though_nobody_appends)
{
    struct bench b;
    struct watch w = watch_of();
    bench_init(&b);
    b.config.segment_bytes = 100;
    partition_configure(b.p, &b.config);
    for (int i = 0; i < 3; i++) /* so that there are files to close */
        bench_put(&b, "a record that is long enough to have a segment of its own");
    fake_disk_fail(b.disk, FAKE_OPEN, 0, 1, ERR_LIMIT);
    struct partition *p = create(&b, &w);
    bench_settle(&b);
    cr_assert_eq(w.created, 1);
    cr_assert_eq(w.why, ERR_OK);
    close_other(p);
    bench_deinit(&b);
}

struct end {
    struct partition_deletion deletion;
    unsigned count;
};

static void on_deleted(struct partition_deletion *d)
{
    struct end *e = d->ctx;
    e->count++;
}

Test(life, deletion_is_told_when_the_directory_is_gone_for_good)
{
    struct bench b;
    struct end e = {.deletion = {.done = on_deleted, .ctx = &e}};
    bench_init(&b);
    bench_put(&b, "a");
    b.disk->hold = true;
    partition_delete_then(b.p, &e.deletion);
    b.p = NULL;
    cr_assert_eq(e.count, 0);
    b.disk->hold = false;
    bench_settle(&b);
    cr_assert_eq(e.count, 1);
    cr_assert_eq(e.deletion.err, ERR_OK);
    bench_crash(&b, FAKE_KEEP_SYNCED, 1);
    cr_assert_not(fake_disk_exists(b.disk, "orders-0"));
    cr_assert_not(fake_disk_exists(b.disk, "orders-0.deleted"));
    bench_deinit(&b);
}

Test(life, deletion_that_failed_is_told_with_the_cause)
{
    struct bench b;
    struct end e = {.deletion = {.done = on_deleted, .ctx = &e}};
    bench_init(&b);
    bench_put(&b, "a");
    fake_disk_fail(b.disk, FAKE_RENAME, 0, 1, ERR_ACCESS);
    partition_delete_then(b.p, &e.deletion);
    b.p = NULL;
    bench_settle(&b);
    cr_assert_eq(e.count, 1);
    cr_assert_eq(e.deletion.err, ERR_ACCESS);
    cr_assert(fake_disk_exists(b.disk, "orders-0"));
    bench_deinit(&b);
}

Test(life, who_does_not_wait_for_a_deletion_any_more_is_not_told)
{
    struct bench b;
    struct end e = {.deletion = {.done = on_deleted, .ctx = &e}};
    bench_init(&b);
    bench_put(&b, "a");
    partition_delete_then(b.p, &e.deletion);
    b.p = NULL;
    partition_deletion_end(&e.deletion);
    bench_settle(&b);
    cr_assert_eq(e.count, 0);
    cr_assert_not(fake_disk_exists(b.disk, "orders-0"));
    partition_deletion_end(&e.deletion);
    bench_deinit(&b);
}

/* --- descriptors ------------------------------------------------------------------------------- */

#define MANY 1000

static struct partition *many_create(struct bench *b, int i)
{
    static const struct partition_events events = {
        .written = on_batch, .synced = on_batch, .refused = on_refused, .trimmed = on_trimmed};
    char dir[32];
    snprintf(dir, sizeof(dir), "many-%d", i);
    return partition_create(b->st, dir, &b->config, &events, NULL);
}

static void many_put(struct bench *b, struct partition *p)
{
    struct record r = {.timestamp_ms = b->clock.wall_ms, .value = bytes_of_string("a")};
    int64_t offset;
    uint64_t batch;
    cr_assert_eq(partition_append(p, &r, 1, &offset, &batch), ERR_OK);
    partition_commit(p);
    partition_want_sync(p);
    bench_settle(b);
    cr_assert_eq(partition_batch_synced(p), batch);
}

Test(life, partitions_that_nobody_writes_to_hold_no_descriptors_beyond_the_bound)
{
    struct bench b;
    struct partition *many[MANY];
    bench_init(&b); /* with a bound of 30 */
    for (int i = 0; i < MANY; i++) {
        many[i] = many_create(&b, i);
        bench_settle(&b);
        cr_assert_leq(b.disk->open_handles, 30);
    }
    for (int round = 0; round < 2; round++)
        for (int i = 0; i < MANY; i++) {
            many_put(&b, many[i]);
            cr_assert_leq(b.disk->open_handles, 30);
        }
    cr_assert_leq(storage_stats(b.st)->open_files, 30);
    for (int i = 0; i < MANY; i++) {
        cr_assert_eq(partition_next_offset(many[i]), 2);
        close_other(many[i]);
    }
    bench_deinit(&b);
}

Test(life, segment_that_was_closed_while_idle_goes_on_where_it_was)
{
    struct bench b;
    bench_init(&b);
    for (int i = 0; i < 50; i++) {
        bench_append_bytes(&b, 200);
        partition_want_sync(b.p);
        partition_commit(b.p);
        bench_settle(&b);
        if (i % 3 == 0)
            files_close_idle(&b.st->files);
    }
    cr_assert_eq(b.disk->open_handles, FILES_PER_WRITABLE_SEGMENT);
    files_close_idle(&b.st->files);
    cr_assert_eq(b.disk->open_handles, 0);
    storage_set_tail_bytes_max(b.st, 0);
    cr_assert_eq(bench_count(&b, 0, 1000), 50); /* a reader's files are not for writing */
    cr_assert_eq(bench_put(&b, "more"), 50);
    bench_crash(&b, FAKE_KEEP_SYNCED, 1);
    cr_assert_eq(bench_open(&b), ERR_OK);
    cr_assert_eq(bench_count(&b, 0, 1000), 51);
    bench_deinit(&b);
}

Test(life, files_with_bytes_that_are_not_synced_stay_open)
{
    struct bench b;
    bench_init(&b);
    bench_settle(&b);
    bench_append(&b, "a");
    partition_commit(b.p);
    files_close_idle(&b.st->files);
    cr_assert_eq(b.disk->open_handles, 3);
    bench_pass(&b, b.config.flush_ms);
    files_close_idle(&b.st->files);
    cr_assert_eq(b.disk->open_handles, 0);
    bench_deinit(&b);
}

Test(life, a_clean_stop_leaves_the_whole_index)
{
    struct bench b;
    bench_init(&b);
    for (int i = 0; i < 10; i++) { /* each is a batch, and has its place in the index */
        bench_append_bytes(&b, 5000);
        partition_commit(b.p);
        bench_settle(&b);
    }
    bench_put(&b, "last");
    bench_stop(&b);
    bench_start(&b);
    cr_assert_eq(bench_open(&b), ERR_OK);
    cr_assert_geq(partition_active(b.p)->index.entries, 9);
    cr_assert_eq(b.recovery.bytes_scanned, 0);
    bench_deinit(&b);
}

#define CLOSED 5

static const struct partition_events deaf = {
    .written = on_batch, .synced = on_batch, .refused = on_refused, .trimmed = on_trimmed};

/* Partitions with a record each that is not synced. */
static void make_many(struct bench *b, struct partition **partitions)
{
    char name[32];
    for (size_t i = 0; i < CLOSED; i++) {
        struct record record = {.value = BYTES_LITERAL("x"), .timestamp_ms = b->clock.wall_ms};
        int64_t offset;
        uint64_t batch;
        snprintf(name, sizeof(name), "many-%zu", i);
        partitions[i] = partition_create(b->st, name, &b->config, &deaf, NULL);
        cr_assert_eq(partition_append(partitions[i], &record, 1, &offset, &batch), ERR_OK);
        partition_commit(partitions[i]);
    }
    bench_settle(b);
}

Test(life, many_that_are_closed_at_once_are_each_as_if_closed_alone)
{
    for (int fails = 0; fails < 2; fails++) {
        struct bench b;
        struct partition *partitions[CLOSED];
        char name[32];
        bench_init(&b);
        make_many(&b, partitions);
        if (fails)
            fake_disk_fail(b.disk, FAKE_SYNC, 0, 1, ERR_IO); /* the first one's */
        cr_assert_eq(partition_close_all(partitions, CLOSED), fails ? ERR_IO : ERR_OK);
        bench_stop(&b);
        fake_disk_power_off(b.disk);
        fake_disk_power_on(b.disk, FAKE_KEEP_SYNCED, 1);
        bench_start(&b);
        for (size_t i = 0; i < CLOSED; i++) {
            snprintf(name, sizeof(name), "many-%zu", i);
            cr_assert_eq(
                partition_open(b.st, name, &b.config, &deaf, NULL, &b.recovery, &partitions[i]),
                ERR_OK);
            cr_expect_eq(b.recovery.clean, !fails || i > 0, "%zu", i);
            if (!fails || i > 0)
                cr_expect_eq(partition_next_offset(partitions[i]), 1);
        }
        cr_assert_eq(partition_close_all(partitions, CLOSED), ERR_OK);
        cr_assert_eq(partition_close_all(partitions, 0), ERR_OK);
        bench_deinit(&b);
    }
}
