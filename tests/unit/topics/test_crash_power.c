/* SPDX-License-Identifier: BSD-3-Clause */
/* The power fails at each call of the disk while a topic is created, written to, grown, deleted and created
 * again; what a start then finds is what was answered, and no directory that is nobody's. */
#include "base/mem.h"
#include "storage/journal.h"
#include "topics/ack.h"
#include "topics/catalog.h"
#include "unit/storage/fake_disk.h"
#include <criterion/criterion.h>

#define WALL_MS 1700000000000
#define TURNS_MAX 1000

enum answered { NOTHING, WRITTEN, GROWING, GROWN, DELETING, DELETED, CREATED_AGAIN };

static const struct bytes name = BYTES_LITERAL("t");

struct bench {
    struct fake_disk *fake;
    bool journal; /* each sync goes by way of it */
    const struct disk_ops *plain;
    struct disk_ops counting;
    uint64_t calls_left; /* until the power fails */
    bool
        renaming; /* a rename of a topic's file is not durable: this disk may lose both its names, as none
                      with a journal does */
    struct clock clock;
    struct timers timers;
    struct trace trace;
    struct random random;
    struct hash_key key;
    struct config config;
    struct buf why;
    struct storage *storage;
    struct catalog *catalog;
    struct catalog_recovery recovery;
    char ids[2][TOPIC_ID_TEXT_BYTES + 1];
    enum answered answered;
};

/* --- the power ------------------------------------------------------------------------------- */

static struct bench *bench_of(struct disk *d)
{
    return CONTAINER_OF((uintptr_t)d->ops, struct bench, counting);
}

static struct bench *count(struct disk *d)
{
    struct bench *b = bench_of(d);

    if (b->calls_left > 0 && --b->calls_left == 0)
        fake_disk_power_off(b->fake);
    return b;
}

static enum err count_open(struct disk *d, const char *path, unsigned flags,
                           struct disk_file **file)
{
    return count(d)->plain->open(d, path, flags, file);
}

static enum err count_write(struct disk_file *file, const struct iovec *iov, int n, uint64_t pos,
                            size_t *put)
{
    return count(file->disk)->plain->write(file, iov, n, pos, put);
}

static enum err count_sync(struct disk_file *file)
{
    return count(file->disk)->plain->sync(file);
}

static enum err count_rename(struct disk *d, const char *from, const char *to)
{
    struct bench *b = count(d);

    if (!b->fake->off)
        b->renaming = true;
    return b->plain->rename(d, from, to);
}

static enum err count_unlink(struct disk *d, const char *path)
{
    return count(d)->plain->unlink(d, path);
}

static enum err count_mkdir(struct disk *d, const char *path)
{
    return count(d)->plain->mkdir(d, path);
}

static enum err count_rmdir(struct disk *d, const char *path)
{
    return count(d)->plain->rmdir(d, path);
}

static enum err count_sync_dir(struct disk *d, const char *path)
{
    struct bench *b = count(d);

    if (!b->fake->off && strcmp(path, "topics") == 0)
        b->renaming = false;
    return b->plain->sync_dir(d, path);
}

static void count_calls(struct bench *b)
{
    b->plain = b->fake->disk.ops;
    b->counting = *b->plain;
    b->counting.open = count_open;
    b->counting.write = count_write;
    b->counting.sync = count_sync;
    b->counting.rename = count_rename;
    b->counting.unlink = count_unlink;
    b->counting.mkdir = count_mkdir;
    b->counting.rmdir = count_rmdir;
    b->counting.sync_dir = count_sync_dir;
    b->fake->disk.ops = &b->counting;
}

/* --- the server ------------------------------------------------------------------------------ */

static void stand_still(struct clock *clock)
{
    (void)clock;
}

static void silence(struct trace *trace, enum trace_level level, const char *line)
{
    (void)trace, (void)level, (void)line;
}

static void start(struct bench *b)
{
    struct storage_options storage = {.disk = &b->fake->disk,
                                      .clock = &b->clock,
                                      .timers = &b->timers,
                                      .trace = &b->trace,
                                      .tail_bytes_max = 1 << 20,
                                      .files_max = 16,
                                      .journal_bytes_max = b->journal ? 16384 : 0,
                                      .journal_group_min = 1};
    struct catalog_options catalog = {.disk = &b->fake->disk,
                                      .clock = &b->clock,
                                      .timers = &b->timers,
                                      .trace = &b->trace,
                                      .random = &b->random,
                                      .hash_key = &b->key,
                                      .config = &b->config};

    timers_init(&b->timers);
    b->storage = catalog.storage = storage_create(&storage);
    cr_assert_eq(storage_load_journal(b->storage), ERR_OK);
    cr_assert_eq(catalog_open(&catalog, &b->recovery, &b->catalog), ERR_OK);
    storage_opened(b->storage);
}

static void stop(struct bench *b)
{
    enum err ignored = catalog_close(b->catalog);

    (void)ignored; /* the power may be off */
    storage_destroy(b->storage);
    timers_deinit(&b->timers);
}

/* Whether *done came before the power went. */
static bool until(struct bench *b, const bool *done)
{
    for (int i = 0; i < TURNS_MAX && !*done && !b->fake->off; i++) {
        catalog_begin_turn(b->catalog);
        disk_reap(&b->fake->disk);
        b->clock.mono_us += 1000;
        timers_run(&b->timers, b->clock.mono_us);
        catalog_commit(b->catalog);
    }
    cr_assert(*done || b->fake->off);
    return !b->fake->off;
}

struct waiter {
    struct topic_change change;
    struct ack_wait ack;
    bool done;
};

static void change_done(struct topic_change *change, enum err err)
{
    struct waiter *w = CONTAINER_OF(change, struct waiter, change);

    (void)err; /* told when the power is off, and the scene over */
    w->done = true;
}

static void ack_done(struct ack_wait *ack, enum err err)
{
    (void)err;
    CONTAINER_OF(ack, struct waiter, ack)->done = true;
}

/* --- the scene ------------------------------------------------------------------------------- */

static struct topic *create(struct bench *b, int partitions, char id[TOPIC_ID_TEXT_BYTES + 1])
{
    struct topic *t;

    cr_assert_eq(catalog_create_topic(b->catalog, name, partitions, NULL, 0, NULL, &b->why, &t),
                 ERR_OK);
    memcpy(id, t->id, TOPIC_ID_TEXT_BYTES + 1);
    return t;
}

static bool append(struct bench *b, struct topic_partition *tp)
{
    struct waiter w = {.ack.done = ack_done};
    struct record record = {
        .timestamp_ms = WALL_MS, .key = BYTES_LITERAL("k"), .value = BYTES_LITERAL("v")};
    struct appended appended;
    bool there;

    cr_assert_eq(topic_append(tp, &record, 1, ACK_SYNCED, &appended), ERR_OK);
    ack_wait_start(&w.ack, tp, appended.batch, ACK_SYNCED);
    there = until(b, &w.done);
    if (!w.done)
        ack_wait_cancel(&w.ack);
    return there;
}

static bool grow(struct bench *b, struct topic *t)
{
    static struct waiter w;

    w = (struct waiter){.change.done = change_done};
    cr_assert_eq(catalog_grow_topic(b->catalog, t, 4, true, &w.change, &b->why), ERR_OK);
    return until(b, &w.done);
}

static bool delete (struct bench *b, struct topic *t)
{
    static struct waiter w;

    w = (struct waiter){.change.done = change_done};
    catalog_delete_topic(b->catalog, t, &w.change);
    return until(b, &w.done);
}

static void play(struct bench *b)
{
    struct topic *t = create(b, 2, b->ids[0]);

    if (!append(b, topic_partition(t, 0))) /* before the topic is durable */
        return;
    b->answered = GROWING;
    if (!grow(b, t))
        return;
    b->answered = GROWN;
    if (!append(b, topic_partition(t, 3)))
        return;
    b->answered = DELETING;
    if (!delete (b, t))
        return;
    b->answered = DELETED;
    t = create(b, 1, b->ids[1]);
    if (append(b, topic_partition(t, 0)))
        b->answered = CREATED_AGAIN;
}

/* --- afterwards ------------------------------------------------------------------------------ */

static bool count_entry(void *ctx, const char *entry, enum disk_entry_kind kind)
{
    (void)entry, (void)kind;
    ++*(size_t *)ctx;
    return true;
}

static size_t entries(struct bench *b, const char *path)
{
    size_t n = 0;

    cr_assert_eq(disk_list(&b->fake->disk, path, count_entry, &n), ERR_OK);
    return n;
}

static void check_first(const struct bench *b, const struct topic *t)
{
    int32_t least = b->answered >= GROWN ? 4 : 2, most = b->answered >= GROWING ? 4 : 2;

    cr_assert_lt(b->answered, DELETED);
    cr_assert(t->partition_count == least || t->partition_count == most);
    if (b->answered >= GROWING)
        cr_assert_geq(partition_next_offset(t->partitions[0]->log), 1);
    if (b->answered >= DELETING)
        cr_assert_geq(partition_next_offset(t->partitions[3]->log), 1);
}

static void check(struct bench *b, enum fake_kept kept, bool renaming)
{
    struct topic *t = catalog_find(b->catalog, name);
    size_t partitions = t == NULL ? 0 : (size_t)t->partition_count;

    cr_assert_eq(b->recovery.partitions_failed, 0);
    if (t == NULL) {
        cr_assert(b->answered == NOTHING || b->answered == DELETING || b->answered == DELETED);
    } else if (strcmp(t->id, b->ids[0]) == 0) {
        check_first(b, t);
    } else {
        cr_assert_str_eq(t->id, b->ids[1]);
        cr_assert_geq(b->answered, DELETED);
        if (b->answered == CREATED_AGAIN)
            cr_assert_geq(partition_next_offset(t->partitions[0]->log), 1);
    }
    if (renaming && kept == FAKE_KEEP_SOME)
        return;
    cr_assert_eq(entries(b, ""), 1 + partitions + fake_disk_exists(b->fake, JOURNAL_DIR));
    cr_assert_eq(entries(b, "topics"), t == NULL ? 0 : 1);
}

/* What a start has found a power cut does not take back, though it was not durable when the process died. */
static void cut_the_power_again(struct bench *b)
{
    struct topic *t = catalog_find(b->catalog, name);
    int32_t partitions = t == NULL ? 0 : t->partition_count;

    fake_disk_power_off(b->fake);
    stop(b);
    fake_disk_power_on(b->fake, FAKE_KEEP_SYNCED, 1);
    start(b);
    t = catalog_find(b->catalog, name);
    cr_assert_eq(t == NULL ? 0 : t->partition_count, partitions);
    cr_assert_eq(b->recovery.partitions_failed, 0);
}

/* A start on a new directory. */
static void set_up(struct bench *b, bool journal)
{
    *b = (struct bench){
        .fake = fake_disk_create(),
        .journal = journal,
        .clock = {.wall_ms = WALL_MS, .wall_us = WALL_MS * 1000, .mono_us = 1000000},
    };
    b->clock.update = stand_still;
    b->trace.sink = silence;
    random_seed(&b->random, 1);
    config_init(&b->config);
    count_calls(b);
    start(b);
}

static void tear_down(struct bench *b)
{
    stop(b);
    buf_deinit(&b->why);
    config_deinit(&b->config);
    fake_disk_destroy(b->fake);
}

/* Whether the power failed before the scene was over. */
static bool power_fails_at(uint64_t call, bool journal, enum fake_kept kept, uint64_t seed)
{
    static struct bench b;
    bool failed, renaming;

    set_up(&b, journal);
    b.calls_left = call;
    play(&b);
    failed = b.fake->off;
    cr_assert(failed || (storage_stats(b.storage)->journal_syncs > 0) == journal);
    fake_disk_power_off(b.fake);
    stop(&b);
    b.calls_left = 0;
    renaming = b.renaming;
    fake_disk_power_on(b.fake, kept, seed);
    start(&b);
    check(&b, kept, renaming);
    cut_the_power_again(&b);
    tear_down(&b);
    return failed;
}

static void fail_everywhere(enum fake_kept kept, uint64_t seed)
{
    for (int journal = 0; journal < 2; journal++) {
        uint64_t call = 1;

        while (power_fails_at(call, journal, kept, seed))
            call++;
        cr_assert_gt(call, 100);
    }
}

Test(crash_power, a_kill_at_any_call_of_the_disk_leaves_what_was_answered, .timeout = 120)
{
    fail_everywhere(FAKE_KEEP_ALL, 1);
}

Test(crash_power, a_power_cut_that_takes_all_unsynced_leaves_what_was_answered, .timeout = 120)
{
    fail_everywhere(FAKE_KEEP_SYNCED, 1);
}

Test(crash_power, a_power_cut_that_takes_some_of_it_leaves_what_was_answered, .timeout = 120)
{
    for (uint64_t seed = 1; seed <= 5; seed++)
        fail_everywhere(FAKE_KEEP_SOME, seed);
}

/* The first acknowledgement needs the names above it, not the start. */
Test(crash_power, a_start_on_a_new_directory_waits_for_no_device_and_the_first_record_does)
{
    static struct bench b;

    set_up(&b, false);
    cr_assert_eq(b.fake->calls[FAKE_SYNC_DIR] + b.fake->calls[FAKE_SYNC], 0);
    cr_assert(append(&b, topic_partition(create(&b, 1, b.ids[0]), 0)));
    fake_disk_power_off(b.fake);
    stop(&b);
    fake_disk_power_on(b.fake, FAKE_KEEP_SYNCED, 1);
    start(&b);
    struct topic *t = catalog_find(b.catalog, name);
    cr_assert_not_null(t);
    cr_assert_geq(partition_next_offset(t->partitions[0]->log), 1);
    cr_assert_eq(b.recovery.partitions_failed, 0);
    tear_down(&b);
}
