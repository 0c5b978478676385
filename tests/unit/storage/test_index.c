/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/random.h"
#include "bench.h"
#include "storage/bigendian.h"
#include "storage/index.h"
#include <criterion/criterion.h>
#include <stdio.h>

#define BATCHES 5000
#define BATCH_BYTES 3000

/* An index of batches of 10 records each, entry or not as it comes, with files. */
struct shelf {
    struct fake_disk *disk;
    struct disk_file *file, *time_file;
    struct index x;
};

static void shelf_init(struct shelf *s)
{
    s->disk = fake_disk_create();
    unsigned flags = DISK_WRITE | DISK_CREATE;
    cr_assert_eq(disk_open(&s->disk->disk, "index", flags, &s->file), ERR_OK);
    cr_assert_eq(disk_open(&s->disk->disk, "timeindex", flags, &s->time_file), ERR_OK);
    index_init(&s->x);
    for (int64_t i = 0; i < BATCHES; i++) {
        index_add(&s->x, 1000, 1000 + i * 10 + 9, (uint64_t)i * BATCH_BYTES, BATCH_BYTES, i);
        if (i % 777 == 776) {
            cr_assert_eq(index_flush(&s->x, s->file, s->time_file), ERR_OK);
            index_flushed(&s->x);
        }
    }
}

static void shelf_deinit(struct shelf *s)
{
    index_deinit(&s->x);
    disk_close(s->file);
    disk_close(s->time_file);
    fake_disk_destroy(s->disk);
}

static struct index_view view_of(const struct shelf *s)
{
    return (struct index_view){.file = s->file,
                               .time_file = s->time_file,
                               .entries = s->x.entries,
                               .time_entries = s->x.time_entries,
                               .time_crc = s->x.time_crc,
                               .time_crc_known = s->x.time_crc_known,
                               .base_offset = 1000};
}

Test(index, lookup_gives_the_last_entry_at_or_before_an_offset_for_every_offset)
{
    struct shelf s;
    shelf_init(&s);
    struct index_view v = view_of(&s);
    struct index_entry entry, pending;
    int64_t before = -1;
    for (int64_t offset = 1000; offset < 1000 + BATCHES * 10; offset += 3) {
        enum err err = index_lookup(&v, offset, &entry);
        if (index_lookup_pending(&s.x, 1000, offset, &pending) == ERR_OK)
            entry = pending;
        if (err == ERR_NOT_FOUND) {
            cr_assert_lt(offset, 1000 + 30);
            continue;
        }
        cr_assert_leq(entry.offset, offset);
        cr_assert_gt(entry.offset, offset - 40, "an entry at least every %d bytes and a batch",
                     INDEX_INTERVAL_BYTES);
        cr_assert_eq(entry.pos, (uint64_t)(entry.offset - 1009) / 10 * BATCH_BYTES);
        cr_assert_geq(entry.offset, before);
        before = entry.offset;
    }
    shelf_deinit(&s);
}

Test(index, time_lookup_gives_the_last_entry_before_a_timestamp)
{
    struct shelf s;
    shelf_init(&s);
    struct index_view v = view_of(&s);
    struct time_index_entry entry;
    for (int64_t t = 20; t < 4000; t++) {
        cr_assert_eq(time_index_lookup(&v, t, &entry), ERR_OK);
        cr_assert_lt(entry.timestamp_ms, t);
        cr_assert_gt(entry.timestamp_ms, t - 6);
        cr_assert_eq(entry.offset, 1000 + entry.timestamp_ms * 10 + 9);
    }
    cr_assert_eq(time_index_lookup(&v, 0, &entry), ERR_NOT_FOUND);
    cr_assert_eq(time_index_lookup(&v, INT64_MIN, &entry), ERR_NOT_FOUND);
    shelf_deinit(&s);
}

Test(index, memory_does_not_grow_with_what_was_flushed)
{
    struct shelf s;
    shelf_init(&s);
    cr_assert_lt(s.x.pending.cap + s.x.time_pending.cap, 32 * 1024);
    cr_assert_gt(s.x.entries, 2000);
    shelf_deinit(&s);
}

Test(index, load_keeps_only_entries_for_what_is_before_a_position)
{
    struct shelf s;
    struct index x;
    shelf_init(&s);
    index_init(&x);
    cr_assert_eq(index_load(&x, s.file, s.time_file, 1000, 300 * BATCH_BYTES, 4000), ERR_OK);
    cr_assert_lt(x.entries, 200);
    struct index_view v = view_of(&s);
    struct index_entry entry;
    v.entries = x.entries;
    cr_assert_eq(index_lookup(&v, INT32_MAX, &entry), ERR_OK);
    cr_assert_lt(entry.pos, 300 * BATCH_BYTES);
    cr_assert_gt(entry.pos, 295 * BATCH_BYTES);
    index_deinit(&x);
    shelf_deinit(&s);
}

/* --- as hints --------------------------------------------------------------------------------- */

#define RECORDS 400
#define FIRST_TIME_INDEX "orders-0/00000000000000000000.timeindex"

static void fill(struct bench *b)
{
    bench_init(b);
    b->config.segment_bytes = 100000;
    partition_configure(b->p, &b->config);
    for (int i = 0; i < RECORDS; i++) {
        bench_append_bytes(b, 1000);
        partition_commit(b->p);
        bench_pass(b, 10);
    }
    bench_stop(b);
}

static void check(struct bench *b, const char *what)
{
    storage_set_tail_bytes_max(b->st, 0);
    for (int64_t offset = RECORDS - 1; offset >= 0; offset -= 7) {
        enum err err;
        cr_assert_not_null(bench_get(b, offset, &err), "%s: offset %lld: %s", what,
                           (long long)offset, err_text(err));
        struct partition_seek seek = {.timestamp_ms = 1700000000000 + offset * 10};
        bench_seek(b, &seek);
        cr_assert_eq(seek.offset, offset, "%s: found %lld for %lld", what, (long long)seek.offset,
                     (long long)offset);
    }
    cr_assert_eq(bench_count(b, 0, 5000), RECORDS);
}

static void spoil(struct bench *b, int how, struct random *random)
{
    static const int64_t bases[] = {0, 93, 186, 279, 372};
    static const char *const suffixes[] = {"index", "timeindex"};
    char path[100];
    for (size_t i = 0; i < COUNT_OF(bases) * 2; i++) {
        snprintf(path, sizeof(path), "orders-0/%020lld.%s", (long long)bases[i / 2],
                 suffixes[i % 2]);
        struct buf *file = fake_disk_bytes(b->disk, path);
        cr_assert_not_null(file, "%s", path);
        if (how == 0)
            cr_assert_eq(disk_unlink(&b->disk->disk, path), ERR_OK);
        else if (file->len == 0)
            continue; /* a stop may leave the newest entries out */
        else if (how == 1)
            file->len = file->len / 2 - 1;
        else if (how == 2)
            memset(file->data, 0, file->len);
        else
            for (size_t n = 0; n < file->len; n++)
                if (how == 3 || random_below(random, 10) == 0)
                    file->data[n] = (char)random_next(random);
    }
}

Test(index, deleted_cut_zeroed_or_spoiled_files_change_no_answer)
{
    static const char *const names[] = {"deleted", "cut", "zeroed", "garbage", "spoiled"};
    struct random random;
    random_seed(&random, 5);
    for (int how = 0; how < 30; how++) {
        struct bench b;
        int kind = how < 4 ? how : how % 2 ? 3 : 4;
        fill(&b);
        spoil(&b, kind, &random);
        bench_start(&b);
        cr_assert_eq(bench_open(&b), ERR_OK);
        b.disk->cold = how % 3 == 0;
        check(&b, names[kind]);
        if (how % 2)
            bench_reopen(&b);
        bench_append_bytes(&b, 1000);
        partition_commit(b.p);
        bench_settle(&b);
        cr_assert_eq(bench_count(&b, 0, 5000), RECORDS + 1);
        bench_deinit(&b);
    }
}

Test(index, spoiled_index_of_a_sealed_segment_is_made_anew)
{
    struct bench b;
    struct random random;
    random_seed(&random, 6);
    fill(&b);
    struct buf *file = fake_disk_bytes(b.disk, "orders-0/00000000000000000093.index");
    struct buf copy = {0};
    buf_append_bytes(&copy, buf_bytes(file));
    spoil(&b, 3, &random);
    bench_start(&b);
    cr_assert_eq(bench_open(&b), ERR_OK);
    check(&b, "garbage");
    bench_settle(&b);
    file = fake_disk_bytes(b.disk, "orders-0/00000000000000000093.index");
    cr_assert_eq(file->len, copy.len);
    cr_assert_arr_eq(file->data, copy.data, copy.len);
    check(&b, "rebuilt");
    buf_deinit(&copy);
    bench_deinit(&b);
}

/* Three records of two segments: the first one is the latest. */
static void fill_out_of_order(struct bench *b)
{
    bench_init(b);
    bench_append_at(b, "late", 2000);
    partition_commit(b->p);
    bench_settle(b);
    bench_append_at(b, "early", 1000);
    partition_commit(b->p);
    bench_settle(b);
    b->config.segment_bytes = 1;
    partition_configure(b->p, &b->config);
    bench_append_at(b, "last", 3000);
    partition_want_sync(b->p);
    partition_commit(b->p);
    bench_settle(b);
}

/* True of its batch: but what is before that is later. */
static void put_misleading_entry(struct bench *b)
{
    struct buf *file = fake_disk_bytes(b->disk, FIRST_TIME_INDEX);
    cr_assert_not_null(file);
    cr_assert_geq(file->len, TIME_INDEX_ENTRY_BYTES);
    put_u64(file->data, 1000);
    put_u32(file->data + 8, 1);
}

static void check_by_time(struct bench *b)
{
    static const struct {
        int64_t ms, offset;
    } cases[] = {{1000, 0}, {1001, 0}, {1500, 0}, {2000, 0}, {2001, 2}};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct partition_seek seek = {.timestamp_ms = cases[i].ms};
        bench_seek(b, &seek);
        cr_assert_eq(seek.err, ERR_OK);
        cr_assert_eq(seek.offset, cases[i].offset, "at %lld: %lld", (long long)cases[i].ms,
                     (long long)seek.offset);
        bench_settle(b);
    }
}

Test(index, time_entry_that_is_true_of_its_batch_only_misleads_nobody)
{
    for (int how = 0; how < 4; how++) {
        struct bench b;
        fill_out_of_order(&b);
        if (how == 1)
            bench_reopen(&b);
        if (how == 2)
            bench_crash(&b, FAKE_KEEP_ALL, 1);
        if (how == 3)
            bench_crash(&b, FAKE_KEEP_SYNCED, 1);
        if (how >= 2)
            cr_assert_eq(bench_open(&b), ERR_OK);
        put_misleading_entry(&b);
        check_by_time(&b);
        bench_reopen(&b);
        check_by_time(&b);
        bench_deinit(&b);
    }
}

Test(index, time_index_that_was_not_as_written_is_made_anew)
{
    struct bench b;
    struct buf copy = {0};
    fill_out_of_order(&b);
    buf_append_bytes(&copy, buf_bytes(fake_disk_bytes(b.disk, FIRST_TIME_INDEX)));
    put_misleading_entry(&b);
    bench_crash(&b, FAKE_KEEP_ALL, 1);
    cr_assert_eq(bench_open(&b), ERR_OK);
    check_by_time(&b);
    bench_settle(&b);
    const struct buf *file = fake_disk_bytes(b.disk, FIRST_TIME_INDEX);
    cr_assert_eq(file->len, copy.len);
    cr_assert_arr_eq(file->data, copy.data, copy.len);
    buf_deinit(&copy);
    bench_deinit(&b);
}

Test(index, time_index_goes_on_under_one_seal_after_a_crash_and_after_a_clean_stop)
{
    for (int how = 0; how < 2; how++) {
        struct bench b;
        bench_init(&b);
        for (int i = 0; i < 60; i++) {
            bench_append_bytes(&b, 2000);
            partition_want_sync(b.p);
            partition_commit(b.p);
            bench_pass(&b, 2000);
            if (i % 20 != 19)
                continue;
            if (how == 0)
                bench_reopen(&b);
            else
                bench_crash(&b, FAKE_KEEP_ALL, 1);
            if (how == 1)
                cr_assert_eq(bench_open(&b), ERR_OK);
        }
        struct buf *file = fake_disk_bytes(b.disk, FIRST_TIME_INDEX);
        struct disk_file *time_file;
        struct time_index_entry entry;
        cr_assert_eq(file->len % TIME_INDEX_ENTRY_BYTES, TIME_INDEX_SEAL_BYTES);
        cr_assert_eq(disk_open(&b.disk->disk, FIRST_TIME_INDEX, DISK_READ, &time_file), ERR_OK);
        struct index_view v = {.time_file = time_file,
                               .time_entries = (uint32_t)(file->len / TIME_INDEX_ENTRY_BYTES)};
        cr_assert_gt(v.time_entries, 15);
        cr_assert_eq(time_index_lookup(&v, INT64_MAX, &entry), ERR_OK);
        file->data[5] ^= 1;
        cr_assert_eq(time_index_lookup(&v, INT64_MAX, &entry), ERR_CORRUPT);
        file->data[5] ^= 1;
        v.base_offset = 1;
        cr_assert_eq(time_index_lookup(&v, INT64_MAX, &entry), ERR_CORRUPT, "of another segment");
        disk_close(time_file);
        bench_deinit(&b);
    }
}
