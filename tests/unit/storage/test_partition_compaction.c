/* SPDX-License-Identifier: BSD-3-Clause */
/* Compaction against a model of random histories: after it, and after a crash at any disk call of it, the last
 * value of every key is there, nothing that was superseded comes back as the newest, and offsets stay. */
#include "base/mem.h"
#include "base/random.h"
#include "bench.h"
#include "storage/checkpoint.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#define KEYS 12
#define RECORDS_MAX 400
#define SEEDS 400
#define DELETE_RETENTION_MS 60000

struct appended {
    int key;
    int value; /* -1: a tombstone */
    int64_t timestamp_ms;
};

struct model {
    struct bench b;
    struct random random;
    uint64_t seed;
    struct appended records[RECORDS_MAX]; /* by offset */
    int64_t tombstone_ms[RECORDS_MAX]; /* when it was first compacted at the earliest; 0: not yet */
    int64_t count;
};

static void setup(struct bench *b)
{
    bench_init(b);
    b->config.segment_bytes = 400;
    b->config.compact = true;
    b->config.delete_retention_ms = DELETE_RETENTION_MS;
    b->config.min_dirty_ratio = 0;
    partition_configure(b->p, &b->config);
    bench_settle(b);
}

static int64_t put(struct bench *b, const char *key, const char *value)
{
    struct record r = {.timestamp_ms = b->clock.wall_ms,
                       .key = bytes_of_string(key),
                       .value = value == NULL ? BYTES_NULL : bytes_of_string(value)};
    int64_t offset;
    uint64_t batch;
    cr_assert_eq(partition_append(b->p, &r, 1, &offset, &batch), ERR_OK);
    partition_want_sync(b->p);
    partition_commit(b->p);
    bench_settle(b);
    return offset;
}

/* So many records of a key of their own that what came before is sealed. */
static void seal(struct bench *b)
{
    for (int i = 0; i < 6; i++)
        put(b, "filler", "a value of some length, so that files get full");
}

static void compact(struct bench *b)
{
    partition_retain(b->p);
    bench_settle(b);
}

/* Whether a record is at that offset; its value. */
static bool has(struct bench *b, int64_t offset, const char *value)
{
    enum err err;
    const char *got = bench_get(b, offset, &err);
    cr_assert_eq(err, ERR_OK, "offset %lld: %s", (long long)offset, err_text(err));
    if (got != NULL && value != NULL)
        cr_assert_str_eq(got, value);
    return got != NULL;
}

Test(compaction, of_each_key_the_last_record_stays_at_its_offset)
{
    struct bench b;
    setup(&b);
    put(&b, "a", "a1");
    put(&b, "b", "b1");
    put(&b, "a", "a2");
    seal(&b);
    compact(&b);
    cr_assert_not(has(&b, 0, NULL));
    cr_assert(has(&b, 1, "b1"));
    cr_assert(has(&b, 2, "a2"));
    cr_assert_eq(storage_stats(b.st)->compactions, 1);
    cr_assert_lt(storage_stats(b.st)->compaction_bytes_after,
                 storage_stats(b.st)->compaction_bytes_before);
    cr_assert_eq(partition_log_start(b.p), 0);
    cr_assert_eq(b.warnings, 0);
    bench_deinit(&b);
}

Test(compaction, what_is_gone_is_no_damage_after_a_clean_stop_or_a_crash)
{
    struct bench b;
    setup(&b);
    for (int i = 0; i < 20; i++)
        put(&b, i % 2 ? "a" : "b", "a value of some length, so that files get full");
    seal(&b);
    compact(&b);
    size_t left = bench_count(&b, 0, 100);
    cr_assert_lt(left, 16);
    bench_reopen(&b);
    cr_assert(b.recovery.clean);
    cr_assert_eq(bench_count(&b, 0, 100), left);
    put(&b, "c", "c");
    bench_crash(&b, FAKE_KEEP_SYNCED, 1);
    b.config.compact = false; /* which does not bring anything back */
    cr_assert_eq(bench_open(&b), ERR_OK);
    cr_assert_eq(b.recovery.corrupt_ranges, 0);
    cr_assert_eq(bench_count(&b, 0, 100), left + 1);
    cr_assert(has(&b, 18, NULL));
    cr_assert(has(&b, 19, NULL));
    cr_assert_eq(storage_stats(b.st)->corrupt_ranges, 0);
    bench_deinit(&b);
}

Test(compaction, holes_that_only_a_rotten_checkpoint_slot_knew_of_are_no_damage)
{
    struct bench b;
    setup(&b);
    seal(&b);
    for (int i = 0; i < 20; i++)
        put(&b, i % 2 ? "a" : "b", "a value of some length, so that files get full");
    struct buf *file = fake_disk_bytes(b.disk, "orders-0/checkpoint");
    char before[2 * CHECKPOINT_SLOT_BYTES];
    memcpy(before, file->data, sizeof(before));
    compact(&b);
    seal(&b);
    compact(&b);
    size_t left = bench_count(&b, 0, 100);
    bench_crash(&b, FAKE_KEEP_ALL, 1);
    file = fake_disk_bytes(b.disk, "orders-0/checkpoint"); /* of all that only the older is left */
    memcpy(file->data, before, sizeof(before));
    bool newer = memcmp(before + 16, before + CHECKPOINT_SLOT_BYTES + 16, 8) < 0;
    file->data[(newer ? CHECKPOINT_SLOT_BYTES : 0) + 60] ^= 1;
    cr_assert_eq(bench_open(&b), ERR_OK);
    cr_expect_eq(b.recovery.corrupt_ranges, 0);
    cr_expect_eq(bench_count(&b, 0, 100), left);
    cr_expect_eq(storage_stats(b.st)->corrupt_ranges, 0);
    bench_deinit(&b);
}

Test(compaction, either_checkpoint_slot_knows_of_holes_before_the_first_is_made)
{
    for (int slot = 0; slot < 2; slot++) {
        struct bench b;
        setup(&b);
        put(&b, "a", "a1"); /* what is left of the first segment begins behind a hole */
        put(&b, "b", "b1");
        put(&b, "a", "a2");
        seal(&b);
        compact(&b);
        size_t left = bench_count(&b, 0, 100);
        bench_crash(&b, FAKE_KEEP_ALL, 1);
        fake_disk_bytes(b.disk, "orders-0/checkpoint")->data[slot * CHECKPOINT_SLOT_BYTES + 60] ^=
            1;
        b.config.compact = false; /* so that nothing else tells */
        cr_assert_eq(bench_open(&b), ERR_OK);
        cr_expect_eq(bench_count(&b, 0, 100), left);
        cr_expect_eq(storage_stats(b.st)->corrupt_ranges, 0);
        bench_deinit(&b);
    }
}

Test(compaction, tombstone_stays_for_its_time_after_it_was_first_compacted)
{
    struct bench b;
    setup(&b);
    put(&b, "a", "a1");
    put(&b, "a", NULL);
    seal(&b);
    bench_pass(&b, 10 * DELETE_RETENTION_MS); /* its own age does not matter */
    compact(&b);
    cr_assert_not(has(&b, 0, NULL));
    cr_assert(has(&b, 1, ""));
    bench_pass(&b, DELETE_RETENTION_MS - 1);
    seal(&b);
    compact(&b);
    cr_assert(has(&b, 1, ""));
    bench_pass(&b, 1);
    seal(&b);
    compact(&b);
    cr_assert_not(has(&b, 1, NULL));
    bench_deinit(&b);
}

Test(compaction, record_keeps_its_time_when_its_batch_gets_a_delete_horizon)
{
    struct bench b;
    setup(&b);
    int64_t then = b.clock.wall_ms;
    struct record r[] = {
        {.timestamp_ms = then - 5, .key = BYTES_LITERAL("a"), .value = BYTES_LITERAL("x")},
        {.timestamp_ms = then - 7, .key = BYTES_LITERAL("b"), .value = BYTES_NULL},
    };
    int64_t offset;
    uint64_t batch;
    cr_assert_eq(partition_append(b.p, r, 2, &offset, &batch), ERR_OK);
    partition_commit(b.p);
    seal(&b);
    bench_pass(&b, 1000);
    compact(&b);
    struct partition_seek seek = {.timestamp_ms = then - 5};
    bench_seek(&b, &seek);
    cr_assert_eq(seek.offset, 0);
    cr_assert_eq(seek.found_timestamp_ms, then - 5);
    struct partition_read read = {.offset = 0, .bytes_max = 1};
    struct batch_iter it;
    struct record_view v;
    bench_read(&b, &read);
    cr_assert_eq(read.err, ERR_OK);
    cr_assert_eq(batch_iter_init(&it, read.batches), ERR_OK);
    cr_assert(it.header.attributes & BATCH_DELETE_HORIZON);
    cr_assert_eq(it.header.base_timestamp_ms, b.clock.wall_ms + DELETE_RETENTION_MS);
    cr_assert_eq(batch_iter_next(&it, &v), ERR_OK);
    cr_assert_eq(v.timestamp_ms, then - 5);
    cr_assert_eq(batch_iter_next(&it, &v), ERR_OK);
    cr_assert_eq(v.timestamp_ms, then - 7);
    partition_read_end(&read);
    bench_deinit(&b);
}

Test(compaction, nothing_is_done_before_enough_is_new)
{
    struct bench b;
    setup(&b);
    b.config.min_dirty_ratio = 0.5;
    partition_configure(b.p, &b.config);
    for (int i = 0; i < 6; i++)
        seal(&b); /* all new */
    put(&b, "a", "a");
    compact(&b);
    cr_assert_eq(storage_stats(b.st)->compactions, 1);
    compact(&b);
    cr_assert_eq(storage_stats(b.st)->compactions, 1);
    bench_reopen(&b); /* which does not make it new again */
    compact(&b);
    cr_assert_eq(storage_stats(b.st)->compactions, 0);
    bench_deinit(&b);
}

Test(compaction, records_that_no_one_gave_a_key_stay)
{
    struct bench b;
    setup(&b);
    bench_put(&b, "no key");
    bench_put(&b, "none either");
    seal(&b);
    compact(&b);
    cr_assert(has(&b, 0, "no key"));
    cr_assert(has(&b, 1, "none either"));
    bench_deinit(&b);
}

Test(compaction, active_segment_is_left_alone_until_it_is_old)
{
    struct bench b;
    setup(&b);
    put(&b, "a", "a1");
    put(&b, "a", "a2");
    compact(&b);
    cr_assert(has(&b, 0, "a1"));
    bench_pass(&b, b.config.segment_ms);
    compact(&b); /* rolls */
    compact(&b);
    cr_assert_not(has(&b, 0, NULL));
    cr_assert(has(&b, 1, "a2"));
    bench_deinit(&b);
}

Test(compaction, damaged_segment_is_not_touched_nor_what_is_behind_it)
{
    struct bench b;
    setup(&b);
    for (int i = 0; i < 10; i++)
        put(&b, "a", "a value of some length, so that files get full");
    seal(&b);
    storage_set_tail_bytes_max(b.st, 0);
    struct buf *bytes = fake_disk_bytes(b.disk, "orders-0/00000000000000000000.log");
    bytes->data[100] ^= 1;
    compact(&b);
    compact(&b);
    cr_assert_eq(b.warnings, 1);
    cr_assert_eq(storage_stats(b.st)->compactions, 0);
    cr_assert(has(&b, 8, NULL));
    cr_assert(has(&b, 9, NULL));
    bytes = fake_disk_bytes(b.disk, "orders-0/00000000000000000000.log");
    bytes->data[100] ^= 1; /* as if it had expired */
    bench_pass(&b, 60000);
    compact(&b);
    cr_assert_eq(storage_stats(b.st)->compactions, 1, "not only after the next start");
    bench_deinit(&b);
}

Test(compaction, damage_stays_damage_when_a_topic_with_it_becomes_compacted)
{
    struct bench b;
    enum err err;
    setup(&b);
    b.config.compact = false;
    partition_configure(b.p, &b.config);
    put(&b, "a", "a1");
    bench_crash(&b, FAKE_KEEP_SYNCED, 1); /* a gap follows */
    cr_assert_eq(bench_open(&b), ERR_OK);
    seal(&b);
    storage_set_tail_bytes_max(b.st, 0);
    fake_disk_bytes(b.disk, "orders-0/00000000000000000000.log")->data[7] = 2;
    cr_assert_null(bench_get(&b, 0, &err));
    cr_assert_eq(err, ERR_CORRUPT);
    b.config.compact = true;
    partition_configure(b.p, &b.config);
    compact(&b);
    cr_assert_eq(b.warnings, 1);
    cr_assert_null(bench_get(&b, 0, &err));
    cr_assert_eq(err, ERR_CORRUPT);
    bench_deinit(&b);
}

Test(compaction, full_disk_is_tried_again_ever_more_seldom)
{
    struct bench b;
    setup(&b);
    for (int i = 0; i < 10; i++)
        put(&b, i % 2 ? "a" : "b", "a value of some length, so that files get full");
    seal(&b);
    unsigned warnings = b.warnings;
    for (int i = 0; i < 10 * 60; i++) { /* ten minutes */
        fake_disk_fail(b.disk, FAKE_RENAME, 0, 1, ERR_NOSPACE);
        compact(&b);
        bench_pass(&b, 1000);
    }
    cr_assert_eq(b.warnings - warnings, 3, "after 0, 1 and 5 minutes");
    fake_disk_fail(b.disk, FAKE_RENAME, 0, 0, ERR_OK);
    bench_pass(&b, 16 * 60000);
    compact(&b);
    cr_assert_eq(storage_stats(b.st)->compactions, 1);
    bench_deinit(&b);
}

static void read_done(struct partition_read *read)
{
    *(bool *)read->ctx = true;
}

Test(compaction, reader_at_a_replaced_segment_gets_what_was_there_or_what_is)
{
    for (int run = 0; run < 12; run++) {
        struct bench b;
        bool done = false;
        setup(&b);
        for (int i = 0; i < 10; i++)
            put(&b, "a", "a value of some length, so that files get full");
        seal(&b);
        storage_set_tail_bytes_max(b.st, 0);
        b.disk->cold = b.disk->hold = true;
        partition_retain(b.p);
        struct partition_read read = {
            .offset = 0, .bytes_max = 1000, .done = read_done, .ctx = &done};
        for (int i = 0; i < run; i++) {
            (void)fake_disk_run_one(b.disk);
            disk_reap(&b.disk->disk);
        }
        cr_assert_eq(partition_read(b.p, &read), ERR_AGAIN);
        b.disk->hold = false;
        bench_settle(&b);
        cr_assert(done, "run %d", run);
        cr_assert_eq(read.err, ERR_OK, "run %d: %s", run, err_text(read.err));
        cr_assert_gt(read.batches.len, 0);
        cr_assert(batch_crc_holds(
            bytes_of(read.batches.data, 12 + (size_t)(unsigned char)read.batches.data[11])));
        partition_read_end(&read);
        cr_assert_eq(storage_stats(b.st)->compactions, 1);
        cr_assert_not(has(&b, 8, NULL));
        cr_assert_eq(storage_stats(b.st)->corrupt_ranges, 0);
        bench_deinit(&b);
    }
}

Test(compaction, segment_is_not_replaced_while_a_job_is_about_to_open_its_file)
{
    struct bench b;
    bool done = false;
    setup(&b);
    for (int i = 0; i < 10; i++)
        put(&b, "a", "a value of some length, so that files get full");
    seal(&b);
    bench_reopen(&b); /* no file is open */
    b.disk->hold = true;
    partition_retain(b.p);
    struct partition_read read = {.offset = 0, .bytes_max = 1000, .done = read_done, .ctx = &done};
    /* Up to where the new file is there and the reactor has not heard of it. */
    while (fake_disk_run_one(b.disk) &&
           !fake_disk_exists(b.disk, "orders-0/00000000000000000000.log.cleaned"))
        disk_reap(&b.disk->disk);
    cr_assert_eq(partition_read(b.p, &read), ERR_AGAIN);
    disk_reap(&b.disk->disk);
    cr_assert_eq(fake_disk_waiting(b.disk), 1, "the reader, and no swap");
    b.disk->hold = false;
    bench_settle(&b);
    cr_assert(done);
    cr_assert_eq(read.err, ERR_OK);
    partition_read_end(&read);
    cr_assert_not(has(&b, 0, NULL));
    bench_deinit(&b);
}

Test(compaction, is_durable_segment_by_segment)
{
    struct bench b;
    setup(&b);
    for (int i = 0; i < 20; i++)
        put(&b, "a", "a value of some length, so that files get full");
    seal(&b);
    compact(&b);
    size_t left = bench_count(&b, 0, 100);
    bench_crash(&b, FAKE_KEEP_SYNCED, 1);
    cr_assert_eq(bench_open(&b), ERR_OK);
    cr_assert_eq(bench_count(&b, 0, 100), left);
    bench_deinit(&b);
}

Test(compaction, partition_can_be_deleted_or_closed_in_the_middle_of_it)
{
    for (int run = 0; run < 40; run++) {
        struct bench b;
        setup(&b);
        for (int i = 0; i < 10; i++)
            put(&b, "a", "a value of some length, so that files get full");
        seal(&b);
        b.disk->hold = true;
        partition_retain(b.p);
        for (int i = 0; i < run / 2; i++) {
            (void)fake_disk_run_one(b.disk);
            disk_reap(&b.disk->disk);
        }
        b.disk->hold = false;
        if (run % 2 == 0) {
            partition_delete(b.p);
            b.p = NULL;
        } else {
            bench_reopen(&b);
            cr_assert(b.recovery.clean);
            cr_assert(has(&b, 9, NULL));
            compact(&b);
            cr_assert_not(has(&b, 8, NULL));
        }
        bench_deinit(&b);
    }
}

/* --- random histories ------------------------------------------------------------------------- */

static uint64_t chance(struct model *m, uint64_t bound)
{
    return random_below(&m->random, bound);
}

static void append(struct model *m)
{
    struct record records[4];
    char keys[4][16], values[4][64];
    size_t n = 1 + chance(m, 4);
    int64_t offset;
    uint64_t batch;
    if (m->count + (int64_t)n > RECORDS_MAX)
        return;
    for (size_t i = 0; i < n; i++) {
        struct appended *a = &m->records[m->count + (int64_t)i];
        a->key = (int)chance(m, KEYS);
        a->value = chance(m, 4) == 0 ? -1 : (int)(m->count + (int64_t)i);
        a->timestamp_ms = m->b.clock.wall_ms - (int64_t)chance(m, 100);
        m->tombstone_ms[m->count + (int64_t)i] = 0;
        snprintf(keys[i], sizeof(keys[i]), "key-%d", a->key);
        snprintf(values[i], sizeof(values[i]), "value %d of some length or other", a->value);
        records[i] =
            (struct record){.timestamp_ms = a->timestamp_ms,
                            .key = bytes_of_string(keys[i]),
                            .value = a->value < 0 ? BYTES_NULL : bytes_of_string(values[i])};
    }
    cr_assert_eq(partition_append(m->b.p, records, n, &offset, &batch), ERR_OK);
    cr_assert_eq(offset, m->count, "seed %llu", (unsigned long long)m->seed);
    m->count += (int64_t)n;
    partition_want_sync(m->b.p);
    partition_commit(m->b.p);
    bench_settle(&m->b);
}

static int64_t last_of(const struct model *m, int key)
{
    for (int64_t i = m->count; i-- > 0;)
        if (m->records[i].key == key)
            return i;
    return -1;
}

static void check_record(struct model *m, const struct record_view *r, bool *seen)
{
    char text[64];
    cr_assert_lt(r->offset, m->count);
    const struct appended *a = &m->records[r->offset];
    snprintf(text, sizeof(text), "key-%d", a->key);
    cr_assert(bytes_equal(r->key, bytes_of_string(text)), "seed %llu: offset %lld",
              (unsigned long long)m->seed, (long long)r->offset);
    cr_assert_eq(bytes_is_null(r->value), a->value < 0);
    snprintf(text, sizeof(text), "value %d of some length or other", a->value);
    cr_assert(a->value < 0 || bytes_equal(r->value, bytes_of_string(text)));
    cr_assert_eq(r->timestamp_ms, a->timestamp_ms, "seed %llu: offset %lld",
                 (unsigned long long)m->seed, (long long)r->offset);
    seen[r->offset] = true;
}

/* Reads all there is. */
static void read_all(struct model *m, bool *seen)
{
    int64_t offset = partition_log_start(m->b.p);
    memset(seen, 0, RECORDS_MAX);
    while (offset < partition_next_offset(m->b.p)) {
        struct partition_read read = {.offset = offset, .bytes_max = 1 + chance(m, 1000)};
        struct batch_header h;
        struct batch_iter it;
        struct record_view r;
        bench_read(&m->b, &read);
        cr_assert_eq(read.err, ERR_OK, "seed %llu: offset %lld: %s", (unsigned long long)m->seed,
                     (long long)offset, err_text(read.err));
        while (read.batches.len > 0) {
            cr_assert_eq(batch_header_read(read.batches, INT32_MAX, &h), ERR_OK);
            size_t len = batch_header_len(&h);
            cr_assert(batch_crc_holds(bytes_of(read.batches.data, len)));
            cr_assert_eq(batch_iter_init(&it, bytes_of(read.batches.data, len)), ERR_OK);
            while (batch_iter_next(&it, &r) == ERR_OK)
                check_record(m, &r, seen);
            read.batches.data += len;
            read.batches.len -= len;
        }
        cr_assert_gt(read.next_offset, offset);
        offset = read.next_offset;
        partition_read_end(&read);
    }
}

/* Compaction has come to its end for everything before `sealed`. */
static void check(struct model *m, int64_t sealed)
{
    bool seen[RECORDS_MAX];
    read_all(m, seen);
    for (int key = 0; key < KEYS; key++) {
        int64_t last = last_of(m, key);
        bool tombstone = last >= 0 && m->records[last].value < 0;
        if (last < partition_log_start(m->b.p))
            continue; /* trimmed */
        if (last >= 0 && !tombstone)
            cr_assert(seen[last], "seed %llu: the last of key %d, offset %lld, is missing",
                      (unsigned long long)m->seed, key, (long long)last);
        if (tombstone && !seen[last]) {
            cr_assert(m->tombstone_ms[last] > 0 && m->b.clock.wall_ms >= m->tombstone_ms[last],
                      "seed %llu: tombstone at %lld went too early", (unsigned long long)m->seed,
                      (long long)last);
            for (int64_t i = 0; i < last; i++)
                cr_assert(!seen[i] || m->records[i].key != key,
                          "seed %llu: offset %lld of key %d came back", (unsigned long long)m->seed,
                          (long long)i, key);
        }
        int64_t newest_sealed = -1;
        for (int64_t i = 0; i < sealed; i++)
            newest_sealed = m->records[i].key == key ? i : newest_sealed;
        for (int64_t i = 0; i < newest_sealed; i++)
            cr_assert(!seen[i] || m->records[i].key != key,
                      "seed %llu: offset %lld of key %d was superseded by %lld",
                      (unsigned long long)m->seed, (long long)i, key, (long long)newest_sealed);
    }
}

/* Tombstones in sealed segments may get their horizon from now on. */
static void note_tombstones(struct model *m)
{
    for (int64_t i = 0; i < m->count; i++)
        if (m->records[i].value < 0 && m->tombstone_ms[i] == 0)
            m->tombstone_ms[i] = m->b.clock.wall_ms + DELETE_RETENTION_MS;
}

static int64_t sealed_to(struct model *m)
{
    char path[64];
    int64_t base = m->count;
    for (; base > 0; base--) {
        snprintf(path, sizeof(path), "orders-0/%020lld.log", (long long)base);
        if (fake_disk_exists(m->b.disk, path))
            break;
    }
    return base;
}

/* Compaction with a crash at some call of the disk, or an error there. */
static void compact_with_trouble(struct model *m)
{
    struct bench *b = &m->b;
    bool crash = chance(m, 2) == 0;
    note_tombstones(m);
    if (!crash) {
        enum fake_call call = (enum fake_call)chance(m, FAKE_CALL_COUNT);
        fake_disk_fail(b->disk, call, (int)chance(m, 12), 1,
                       chance(m, 2) == 0 ? ERR_NOSPACE : ERR_IO);
        partition_retain(b->p);
        bench_settle(b);
        memset(b->disk->faults, 0, sizeof(b->disk->faults));
    } else { /* everything fails from some call on */
        for (int call = 0; call < FAKE_CALL_COUNT; call++)
            if (chance(m, 2) == 0)
                fake_disk_fail(b->disk, (enum fake_call)call, (int)chance(m, 12), 1000000, ERR_IO);
        partition_retain(b->p);
        bench_settle(b);
        memset(b->disk->faults, 0, sizeof(b->disk->faults));
    }
    bench_crash(b, (enum fake_kept)chance(m, 3), chance(m, 1 << 30));
    cr_assert_eq(bench_open(b), ERR_OK, "seed %llu", (unsigned long long)m->seed);
    cr_assert_eq(b->recovery.corrupt_ranges, 0, "seed %llu", (unsigned long long)m->seed);
}

static void trim_done(struct partition_trim *t)
{
    (void)t;
}

/* While compaction is under way, or between. */
static void trim(struct model *m)
{
    struct partition_trim t = {.done = trim_done};
    int64_t offset = partition_log_start(m->b.p);
    offset += (int64_t)chance(m, (uint64_t)(m->count - offset) / 2 + 1);
    m->b.disk->hold = true;
    note_tombstones(m);
    partition_retain(m->b.p);
    for (uint64_t n = chance(m, 12); n > 0; n--) {
        (void)fake_disk_run_one(m->b.disk);
        disk_reap(&m->b.disk->disk);
    }
    enum err err = partition_trim(m->b.p, offset, &t);
    cr_assert(err == ERR_AGAIN || t.err == ERR_OK);
    m->b.disk->hold = false;
    bench_settle(&m->b);
    cr_assert_eq(t.err, ERR_OK);
    cr_assert_eq(partition_log_start(m->b.p), offset);
}

static void run(uint64_t seed)
{
    struct model *m = mem_zalloc(1, sizeof(*m));
    struct bench *b = &m->b;
    m->seed = seed;
    random_seed(&m->random, seed);
    setup(b);
    for (int round = 0; round < 12; round++) {
        for (uint64_t n = chance(m, 20); n > 0; n--)
            append(m);
        bench_pass(b, (int64_t)chance(m, DELETE_RETENTION_MS));
        b->disk->cold = chance(m, 2) == 0;
        storage_set_tail_bytes_max(b->st, chance(m, 2) * 100000);
        storage_set_compaction_keys_max(b->st, 1 + chance(m, 2 * KEYS));
        if (chance(m, 3) == 0) {
            compact_with_trouble(m);
            check(m, 0);
            int64_t sealed_after = sealed_to(m);
            partition_retain(b->p); /* what was begun is brought to its end */
            bench_settle(b);
            check(m, storage_stats(b->st)->compactions > 0 ? sealed_after : 0);
            if (partition_next_offset(b->p) != m->count)
                break; /* a gap: the model counts without one */
            continue;
        }
        if (chance(m, 6) == 0)
            trim(m);
        if (chance(m, 6) == 0)
            bench_reopen(b);
        note_tombstones(m);
        int64_t sealed = sealed_to(m);
        uint64_t before = storage_stats(b->st)->compactions;
        partition_retain(b->p);
        bench_settle(b);
        check(m, storage_stats(b->st)->compactions > before ? sealed : 0);
    }
    bench_deinit(b);
    mem_free(m);
}

Test(compaction, random_histories_keep_the_last_of_each_key_and_bring_nothing_back)
{
    const char *given = getenv("SEED");
    if (given != NULL) {
        run(strtoull(given, NULL, 10));
        return;
    }
    for (uint64_t seed = 1; seed <= SEEDS; seed++)
        run(seed);
}
