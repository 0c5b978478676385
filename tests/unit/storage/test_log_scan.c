/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/random.h"
#include "fake_disk.h"
#include "storage/bigendian.h"
#include "storage/log_scan.h"
#include <criterion/criterion.h>

#define BATCHES 40

struct tape {
    struct fake_disk *disk;
    struct disk_file *file;
    uint64_t pos[BATCHES + 1]; /* where each batch begins */
};

/* Batches of ten records each; `len` is about what each record takes. */
static void tape_init(struct tape *t, size_t len)
{
    struct batch_builder b = {0};
    static char value[300000];
    t->disk = fake_disk_create();
    cr_assert_eq(disk_open(&t->disk->disk, "log", DISK_WRITE | DISK_CREATE, &t->file), ERR_OK);
    t->pos[0] = 0;
    for (size_t i = 0; i < BATCHES; i++) {
        batch_builder_begin(&b, (int64_t)i * 10);
        for (int n = 0; n < 10; n++)
            batch_builder_add(&b, &(struct record){.value = bytes_of(value, len)});
        batch_builder_seal(&b, 3, false);
        cr_assert_eq(disk_write_all(t->file, b.buf.data, b.buf.len, t->pos[i]), ERR_OK);
        t->pos[i + 1] = t->pos[i] + b.buf.len;
    }
    batch_builder_deinit(&b);
}

static void tape_deinit(struct tape *t)
{
    disk_close(t->file);
    fake_disk_destroy(t->disk);
}

static size_t count_good(struct log_scan *s, size_t *damaged)
{
    struct batch_header h;
    struct bytes batch;
    size_t count = 0;
    *damaged = 0;
    for (;;) {
        enum err err = log_scan_next(s, &h, &batch);
        if (err == ERR_OK) {
            count++;
            continue;
        }
        if (err == ERR_NOT_FOUND)
            return count;
        cr_assert_eq(err, ERR_CORRUPT);
        ++*damaged;
        if (log_scan_resync(s) != ERR_OK)
            return count;
    }
}

Test(log_scan, walks_all_batches_whatever_is_read_at_once)
{
    static const size_t chunks[] = {1, 61, 100, 1000, 4096, 1 << 20};
    struct tape t;
    tape_init(&t, 30);
    for (size_t i = 0; i < COUNT_OF(chunks); i++) {
        struct log_scan s;
        size_t damaged;
        log_scan_init(&s, t.file, 0, t.pos[BATCHES]);
        s.chunk = chunks[i];
        cr_assert_eq(count_good(&s, &damaged), BATCHES);
        cr_assert_eq(damaged, 0);
        cr_assert_eq(s.expected, BATCHES * 10);
        log_scan_deinit(&s);
    }
    tape_deinit(&t);
}

Test(log_scan, finds_the_batches_behind_any_damage)
{
    static struct checkpoint_epoch history = {.epoch = 3, .first_offset = 0};
    struct tape t;
    struct random random;
    random_seed(&random, 3);
    tape_init(&t, 30);
    for (int round = 0; round < 300; round++) {
        char spoiled[200], before[200];
        size_t len = 1 + random_below(&random, sizeof(spoiled) - 1), got, damaged;
        uint64_t pos = random_below(&random, t.pos[BATCHES] - len);
        cr_assert_eq(disk_read(t.file, before, len, pos, &got), ERR_OK);
        for (size_t i = 0; i < len; i++)
            spoiled[i] = (char)(before[i] ^ (1 + random_below(&random, 255)));
        cr_assert_eq(disk_write_all(t.file, spoiled, len, pos), ERR_OK);
        size_t hit = 0;
        for (size_t i = 0; i < BATCHES; i++)
            hit += t.pos[i] < pos + len && t.pos[i + 1] > pos;
        struct log_scan s;
        log_scan_init(&s, t.file, 0, t.pos[BATCHES]);
        s.chunk = 1 + random_below(&random, 5000);
        s.epochs = &history;
        s.epoch_count = 1;
        size_t good = count_good(&s, &damaged);
        cr_assert_eq(good, BATCHES - hit, "round %d: %zu good, %zu hit, bytes %llu+%zu of %llu",
                     round, good, hit, (unsigned long long)pos, len,
                     (unsigned long long)t.pos[BATCHES]);
        cr_assert_eq(damaged, 1);
        log_scan_deinit(&s);
        cr_assert_eq(disk_write_all(t.file, before, len, pos), ERR_OK);
    }
    tape_deinit(&t);
}

Test(log_scan, wild_length_of_a_large_batch_is_not_read_in_good_faith)
{
    struct tape t;
    size_t damaged;
    tape_init(&t, 150000);
    struct buf *log = fake_disk_bytes(t.disk, "log");
    log->data[t.pos[3] + 8] = 3; /* says 50 MiB more */
    struct log_scan s;
    log_scan_init(&s, t.file, 0, t.pos[BATCHES]);
    cr_assert_eq(count_good(&s, &damaged), BATCHES - 1);
    cr_assert_lt(s.window.cap, 16 * 1024 * 1024);
    log_scan_deinit(&s);
    tape_deinit(&t);
}

Test(log_scan, gap_is_one_only_where_the_history_has_an_epoch_begin)
{
    static struct checkpoint_epoch with[] = {{3, 0}, {4, 1000}}, without[] = {{3, 0}, {4, 900}};
    struct tape t;
    struct batch_builder b = {0};
    size_t damaged;
    tape_init(&t, 10);
    batch_builder_begin(&b, 1000);
    batch_builder_add(&b, &(struct record){0});
    batch_builder_seal(&b, 4, false);
    cr_assert_eq(disk_write_all(t.file, b.buf.data, b.buf.len, t.pos[BATCHES]), ERR_OK);
    for (int i = 0; i < 2; i++) {
        struct log_scan s;
        log_scan_init(&s, t.file, 0, t.pos[BATCHES] + b.buf.len);
        s.epochs = i == 0 ? with : without;
        s.epoch_count = 2;
        cr_assert_eq(count_good(&s, &damaged), BATCHES + (i == 0));
        cr_assert_eq(damaged, (size_t)i);
        log_scan_deinit(&s);
    }
    batch_builder_deinit(&b);
    tape_deinit(&t);
}

Test(log_scan, base_offset_that_no_index_could_hold_is_damage)
{
    struct tape t;
    struct log_scan s;
    struct batch_header h;
    struct bytes batch;
    tape_init(&t, 30);
    /* The second batch is damaged, and so is the base offset of the third, which its checksum does not
     * cover; the fourth, which would tell, is damaged too. */
    cr_assert_eq(disk_write_all(t.file, "x", 1, t.pos[1] + 100), ERR_OK);
    cr_assert_eq(disk_write_all(t.file, "\x01", 1, t.pos[2]), ERR_OK);
    cr_assert_eq(disk_write_all(t.file, "x", 1, t.pos[3] + 100), ERR_OK);
    log_scan_init(&s, t.file, 0, t.pos[BATCHES]);
    log_scan_set_limit(&s, 0, INT64_MAX);
    s.expected = 0;
    cr_assert_eq(log_scan_next(&s, &h, &batch), ERR_OK);
    cr_assert_eq(log_scan_next(&s, &h, &batch), ERR_CORRUPT);
    cr_assert_eq(log_scan_resync(&s), ERR_OK);
    cr_assert_eq(log_scan_next(&s, &h, &batch), ERR_OK);
    cr_assert_eq(h.base_offset, 40);
    log_scan_deinit(&s);
    tape_deinit(&t);
}

Test(log_scan, limit_is_where_the_next_file_begins_or_indexes_end)
{
    struct log_scan s;
    log_scan_set_limit(&s, 100, 200);
    cr_assert_eq(s.limit, 200);
    log_scan_set_limit(&s, 100, INT64_MAX);
    cr_assert_eq(s.limit, 100 + (int64_t)INT32_MAX + 1);
}

/* --- what a wrong base offset can do ----------------------------------------------------------- */

/* Batches of ten records; what is spoiled of each, by its place in the string:
 *   .  nothing          x  its content
 *   +  its base offset, which is too high by 1,000        ^  by 3        -  too low by 3 */
static void tape_spoil(struct tape *t, const char *how)
{
    struct buf *log = fake_disk_bytes(t->disk, "log");
    for (size_t i = 0; how[i] != '\0'; i++) {
        char *base = log->data + t->pos[i];
        int64_t shift = how[i] == '+' ? 1000 : how[i] == '^' ? 3 : how[i] == '-' ? -3 : 0;
        put_u64(base, (uint64_t)((int64_t)i * 10 + shift));
        if (how[i] == 'x')
            base[BATCH_HEADER_BYTES + 3] ^= 1;
    }
}

/* Which batches a scan gives, as in tape_spoil, and '#' for one that it passes over; to the end of `how`. */
static void tape_read(struct tape *t, const char *how, char *seen)
{
    static const struct checkpoint_epoch history = {.epoch = 3, .first_offset = 0};
    struct log_scan s;
    struct batch_header h;
    struct bytes batch;
    size_t count = strlen(how);
    memset(seen, '#', count);
    seen[count] = '\0';
    log_scan_init(&s, t->file, 0, t->pos[count]);
    log_scan_set_limit(&s, 0, 100000);
    s.expected = 0;
    s.epochs = &history;
    s.epoch_count = 1;
    for (enum err err = ERR_OK; err != ERR_NOT_FOUND;) {
        err = log_scan_next(&s, &h, &batch);
        if (err == ERR_CORRUPT) {
            err = log_scan_resync(&s);
            continue;
        }
        size_t i = 0;
        while (err == ERR_OK && t->pos[i + 1] < s.pos)
            i++;
        if (err == ERR_OK)
            seen[i] = h.base_offset == (int64_t)i * 10 ? '.' : '!';
    }
    log_scan_deinit(&s);
}

Test(log_scan, wrong_base_offset_between_damaged_batches_hides_no_good_batch)
{
    static const struct {
        const char *how, *seen;
    } cases[] = {
        {"..x....", "..#...."},     {"..+....", "..#...."},     {"..-....", "..#...."},
        {"..x+x...", "..###..."},   {"..x^x...", "..#!#..."},   {"..x-x...", "..#!#..."},
        {"..x+...", "..##..."},     {"..x-...", "..##..."},     {"..x.+...", "..#.#..."},
        {"..x.-...", "..#.#..."},   {"..x+x.", "..###."},       {"..x+xx..", "..####.."},
        {"..x+x.x", "..###.#"},     {"..x+x+x..", "..#####.."}, {"..x.x+x..", "..#.###.."},
        {"..x+x.x..", "..###.#.."}, {"..x.^xx", "..#.###"},     {"..x.^x.", "..#.##."},
        {"..x+.xx", "..##.##"},     {"..xx.", "..##."},         {"..x.x", "..#.#"},
    };
    struct tape t;
    tape_init(&t, 30);
    struct buf copy = {0};
    buf_append_bytes(&copy, buf_bytes(fake_disk_bytes(t.disk, "log")));
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char seen[BATCHES + 1];
        tape_spoil(&t, cases[i].how);
        tape_read(&t, cases[i].how, seen);
        cr_expect_str_eq(seen, cases[i].seen, "%s: %s, not %s", cases[i].how, seen, cases[i].seen);
        cr_assert_eq(disk_write_all(t.file, copy.data, copy.len, 0), ERR_OK);
    }
    buf_deinit(&copy);
    tape_deinit(&t);
}

/* The batches numbered in `which`, back to back: those between them are gone without a trace. */
static void tape_splice(struct tape *t, const size_t *which, size_t count)
{
    struct buf log = {0};
    const struct buf *all = fake_disk_bytes(t->disk, "log");
    for (size_t i = 0; i < count; i++)
        buf_append(&log, all->data + t->pos[which[i]], t->pos[which[i] + 1] - t->pos[which[i]]);
    cr_assert_eq(disk_write_all(t->file, log.data, log.len, 0), ERR_OK);
    t->pos[BATCHES] = log.len;
    buf_deinit(&log);
}

Test(log_scan, batch_right_behind_missing_ones_is_found)
{
    static const size_t which[] = {0, 1, 4, 5, 6};
    static const int64_t bases[] = {0, 10, -1, 40, 50, 60};
    struct tape t;
    struct log_scan s;
    struct batch_header h;
    struct bytes batch;
    tape_init(&t, 30);
    tape_splice(&t, which, COUNT_OF(which));
    log_scan_init(&s, t.file, 0, t.pos[BATCHES]);
    s.expected = 0;
    for (size_t i = 0; i < COUNT_OF(bases); i++) {
        enum err err = log_scan_next(&s, &h, &batch);
        if (bases[i] >= 0) {
            cr_assert_eq(err, ERR_OK);
            cr_assert_eq(h.base_offset, bases[i]);
            continue;
        }
        cr_assert_eq(err, ERR_CORRUPT);
        cr_assert_eq(log_scan_resync(&s), ERR_OK);
        cr_assert_eq(s.expected, 40);
    }
    log_scan_deinit(&s);
    tape_deinit(&t);
}

/* --- what the device cannot read ---------------------------------------------------------------- */

/* A sector that a power cut took may end within the base offset, which no checksum covers. */
Test(log_scan, base_offset_that_leaves_no_record_to_the_damage_before_it_is_no_good)
{
    for (int right = 0; right < 2; right++) {
        struct tape t;
        struct log_scan s;
        size_t damaged;
        tape_init(&t, 30);
        struct buf *bytes = fake_disk_bytes(t.disk, "log");
        memset(bytes->data, 0, t.pos[1] + (right ? 0 : 8));
        log_scan_init(&s, t.file, 0, t.pos[2]);
        s.expected = 0;
        cr_assert_eq(count_good(&s, &damaged), (size_t)right);
        cr_assert_eq(damaged, 1);
        cr_assert_eq(s.doubtful, !right, "it is whole, and no torn tail");
        log_scan_deinit(&s);
        tape_deinit(&t);
    }
}

Test(log_scan, unreadable_bytes_hide_only_the_batches_they_are_in)
{
    struct tape t;
    struct random random;
    random_seed(&random, 4);
    tape_init(&t, 600); /* so that a page holds less than a batch */
    for (int round = 0; round < 100; round++) {
        struct log_scan s;
        size_t damaged, hit = 0;
        uint64_t pos = random_below(&random, t.pos[BATCHES] - 10);
        uint64_t page = pos / 4096 * 4096;
        t.disk->bad_from = page;
        t.disk->bad_to = page + 4096;
        for (size_t i = 0; i < BATCHES; i++)
            hit += t.pos[i] < page + 4096 && t.pos[i + 1] > page;
        log_scan_init(&s, t.file, 0, t.pos[BATCHES]);
        s.chunk = 1 + random_below(&random, 20000);
        size_t good = 0;
        damaged = 0;
        struct batch_header h;
        struct bytes batch;
        for (enum err err = ERR_OK; err != ERR_NOT_FOUND;) {
            err = log_scan_next(&s, &h, &batch);
            good += err == ERR_OK;
            if (err == ERR_OK || err == ERR_NOT_FOUND)
                continue;
            cr_assert(err == ERR_IO || err == ERR_CORRUPT);
            err = log_scan_resync(&s);
            damaged++;
        }
        cr_assert_eq(good, BATCHES - hit, "round %d: %zu good, %zu hit", round, good, hit);
        cr_assert_geq(damaged, 1);
        cr_assert_gt(s.unreadable, 0);
        log_scan_deinit(&s);
    }
    tape_deinit(&t);
}
