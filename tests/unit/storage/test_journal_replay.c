/* SPDX-License-Identifier: BSD-3-Clause */
/* What a start makes of the journal's files, written here round by round. */
#include "base/crc32c.h"
#include "bench.h"
#include "storage/bigendian.h"
#include "storage/files.h"
#include "storage/journal.h"
#include "storage/journal_replay.h"
#include <criterion/criterion.h>
#include <stdio.h>

#define DIR "orders-0"
#define ID "the topic"
#define EPOCH 3
#define FIRST_LOG DIR "/00000000000000000000.log"

struct shelf {
    struct bench b; /* its disk and trace */
    struct journal_replay *r;
};

static void shelf_init(struct shelf *s)
{
    *s = (struct shelf){0};
    bench_init_alone(&s->b);
    cr_assert_eq(disk_mkdir(&s->b.disk->disk, JOURNAL_DIR), ERR_OK);
    cr_assert_eq(disk_mkdir(&s->b.disk->disk, DIR), ERR_OK);
}

static void shelf_deinit(struct shelf *s)
{
    cr_assert_eq(s->b.disk->open_handles, 0);
    fake_disk_destroy(s->b.disk);
    timers_deinit(&s->b.timers);
}

static void make_file(struct shelf *s, const char *path)
{
    struct disk_file *file;
    cr_assert_eq(disk_open(&s->b.disk->disk, path, DISK_WRITE | DISK_CREATE, &file), ERR_OK);
    disk_close(file);
}

static struct buf *bytes_at(struct shelf *s, uint64_t first)
{
    char path[DISK_PATH_BYTES_MAX + 1];
    journal_path(path, first);
    return fake_disk_bytes(s->b.disk, path);
}

static bool there(struct shelf *s, uint64_t first)
{
    return bytes_at(s, first) != NULL;
}

/* One round with one entry, behind those that the file has. Returns where it begins. */
static size_t put_round(struct shelf *s, uint64_t first, uint64_t sequence,
                        const struct journal_entry *entry)
{
    struct buf image = {0};
    char path[DISK_PATH_BYTES_MAX + 1];
    journal_path(path, first);
    if (!there(s, first))
        make_file(s, path);
    journal_round_begin(&image);
    journal_round_add(&image, entry);
    journal_round_end(&image, sequence);
    size_t at = bytes_at(s, first)->len;
    buf_append_bytes(bytes_at(s, first), buf_bytes(&image));
    buf_deinit(&image);
    return at;
}

static struct journal_entry entry_of(int64_t base, uint64_t pos, const char *bytes)
{
    return (struct journal_entry){.id = BYTES_LITERAL(ID),
                                  .dir = BYTES_LITERAL(DIR),
                                  .segment_base = base,
                                  .leader_epoch = EPOCH,
                                  .pos = pos,
                                  .bytes = bytes_of_string(bytes)};
}

static size_t put(struct shelf *s, uint64_t first, uint64_t sequence, uint64_t pos,
                  const char *bytes)
{
    struct journal_entry e = entry_of(0, pos, bytes);
    return put_round(s, first, sequence, &e);
}

static void load(struct shelf *s)
{
    cr_assert_eq(journal_replay_load(&s->b.disk->disk, &s->b.trace, &s->r), ERR_OK);
}

static const struct journal_log orders = {.dir = DIR, .id = ID, .leader_epoch = EPOCH};

static void apply(struct shelf *s, int64_t base, uint64_t expected)
{
    uint64_t bytes = 77;
    cr_assert_eq(journal_replay_apply(s->r, &orders, base, &bytes), ERR_OK);
    cr_assert_eq(bytes, expected);
}

static void expect_log(struct shelf *s, const char *path, const char *bytes)
{
    const struct buf *b = fake_disk_bytes(s->b.disk, path);
    cr_assert_not_null(b);
    cr_assert_eq(b->len, strlen(bytes));
    cr_assert(b->len == 0 || memcmp(b->data, bytes, b->len) == 0, "%.*s", (int)b->len, b->data);
}

static void warned(const struct shelf *s, unsigned times, const char *of)
{
    cr_assert_eq(s->b.warnings, times, "%u warnings: %s", s->b.warnings, s->b.warned);
    if (times > 0)
        cr_assert_not_null(strstr(s->b.warned, of), "%s", s->b.warned);
}

/* --- reading and applying -------------------------------------------------------------------------- */

Test(journal_replay, without_a_journal_there_is_nothing)
{
    struct shelf s;
    int64_t base;
    shelf_init(&s);
    cr_assert_eq(disk_rmdir(&s.b.disk->disk, JOURNAL_DIR), ERR_OK);
    load(&s);
    cr_assert_eq(journal_replay_next_sequence(s.r), 1);
    cr_assert_not(journal_replay_newest(s.r, &orders, &base));
    apply(&s, 0, 0);
    journal_replay_end(s.r);
    warned(&s, 0, "");
    shelf_deinit(&s);
}

Test(journal_replay, files_are_applied_in_the_order_of_their_rounds)
{
    struct shelf s;
    int64_t base = -1;
    shelf_init(&s);
    make_file(&s, FIRST_LOG);
    put(&s, 12, 12, 4, "EFGH");
    put(&s, 9, 9, 0, "abcdef");
    put(&s, 9, 10, 6, "gh");
    put(&s, 9, 11, 1, "B");
    put(&s, 13, 13, 8, "i");
    load(&s);
    cr_assert(journal_replay_newest(s.r, &orders, &base));
    cr_assert_eq(base, 0);
    apply(&s, 0, 14);
    expect_log(&s, FIRST_LOG, "aBcdEFGHi");
    cr_assert_eq(journal_replay_next_sequence(s.r), 14);
    journal_replay_destroy(s.r);
    warned(&s, 0, "");
    cr_assert(there(&s, 9) && there(&s, 12) && there(&s, 13));
    shelf_deinit(&s);
}

Test(journal_replay, a_torn_last_round_is_none_and_its_sequence_is_given_again)
{
    struct shelf s;
    shelf_init(&s);
    make_file(&s, FIRST_LOG);
    put(&s, 1, 1, 0, "good");
    size_t at = put(&s, 1, 2, 4, "torn");
    bytes_at(&s, 1)->data[at + 50] ^= 1;
    load(&s);
    cr_assert_eq(journal_replay_next_sequence(s.r), 2);
    apply(&s, 0, 4);
    expect_log(&s, FIRST_LOG, "good");
    journal_replay_destroy(s.r);
    warned(&s, 0, "");
    shelf_deinit(&s);
}

Test(journal_replay, a_file_may_end_anywhere_in_a_round)
{
    struct shelf s;
    shelf_init(&s);
    make_file(&s, FIRST_LOG);
    put(&s, 1, 1, 0, "good");
    size_t at = put(&s, 1, 2, 4, "torn"), len = bytes_at(&s, 1)->len;
    for (size_t cut = at; cut < len; cut += cut < at + 100 ? 1 : 997) {
        bytes_at(&s, 1)->len = cut;
        load(&s);
        uint64_t next = journal_replay_next_sequence(s.r);
        cr_assert(next == 2 || (next == 3 && cut > at + 60), "%zu", cut - at);
        journal_replay_destroy(s.r);
    }
    warned(&s, 0, "");
    shelf_deinit(&s);
}

Test(journal_replay, a_damaged_round_is_reported_and_those_behind_it_are_applied)
{
    struct shelf s;
    shelf_init(&s);
    make_file(&s, FIRST_LOG);
    put(&s, 1, 1, 0, "aa");
    size_t at = put(&s, 1, 2, 2, "bb");
    put(&s, 1, 3, 4, "cc");
    bytes_at(&s, 1)->data[at] = 'x';
    load(&s);
    warned(&s, 1, "rounds 2 to 2 cannot be read");
    apply(&s, 0, 4);
    cr_assert_eq(memcmp(fake_disk_bytes(s.b.disk, FIRST_LOG)->data, "aa\0\0cc", 6), 0);
    journal_replay_destroy(s.r);
    shelf_deinit(&s);
}

Test(journal_replay, rounds_damaged_at_the_end_of_a_file_before_the_last_are_reported)
{
    struct shelf s;
    shelf_init(&s);
    put(&s, 1, 1, 0, "aa");
    size_t at = put(&s, 1, 2, 2, "bb");
    put(&s, 3, 3, 4, "cc");
    bytes_at(&s, 1)->data[at + 5] ^= 1;
    load(&s);
    warned(&s, 1, "rounds 2 to 2 cannot be read");
    journal_replay_destroy(s.r);
    shelf_deinit(&s);
}

/* Files between two that a start kept, or that came back after a power cut, were removed when nobody needed them. */
Test(journal_replay, files_that_were_removed_between_others_are_no_damage)
{
    struct shelf s;
    shelf_init(&s);
    make_file(&s, FIRST_LOG);
    put(&s, 1, 1, 0, "aa");
    put(&s, 20, 20, 2, "bb");
    load(&s);
    warned(&s, 0, "");
    apply(&s, 0, 4);
    expect_log(&s, FIRST_LOG, "aabb");
    cr_assert_eq(journal_replay_next_sequence(s.r), 21);
    journal_replay_destroy(s.r);
    shelf_deinit(&s);
}

/* A file that was begun anew may have old blocks behind its end. */
Test(journal_replay, a_round_of_an_earlier_sequence_is_none)
{
    struct shelf s;
    shelf_init(&s);
    make_file(&s, FIRST_LOG);
    put(&s, 7, 7, 0, "new");
    put(&s, 7, 3, 0, "old");
    load(&s);
    apply(&s, 0, 3);
    expect_log(&s, FIRST_LOG, "new");
    cr_assert_eq(journal_replay_next_sequence(s.r), 8);
    journal_replay_destroy(s.r);
    warned(&s, 0, "");
    shelf_deinit(&s);
}

/* --- whose they are --------------------------------------------------------------------------------- */

Test(journal_replay, what_is_of_another_log_or_directory_is_not_applied)
{
    struct shelf s;
    int64_t base;
    shelf_init(&s);
    make_file(&s, FIRST_LOG);
    struct journal_entry other = entry_of(0, 0, "other log");
    other.id = BYTES_LITERAL("the topic before");
    put_round(&s, 1, 1, &other);
    other = entry_of(0, 0, "other directory");
    other.dir = BYTES_LITERAL("orders-00");
    put_round(&s, 1, 2, &other);
    load(&s);
    cr_assert_not(journal_replay_newest(s.r, &orders, &base));
    apply(&s, 0, 0);
    expect_log(&s, FIRST_LOG, "");
    journal_replay_destroy(s.r);
    shelf_deinit(&s);
}

Test(journal_replay, what_is_of_an_earlier_epoch_is_not_applied)
{
    struct shelf s;
    int64_t base;
    shelf_init(&s);
    make_file(&s, FIRST_LOG);
    struct journal_entry early = entry_of(0, 0, "before a recovery");
    early.leader_epoch = EPOCH - 1;
    put_round(&s, 1, 1, &early);
    load(&s);
    cr_assert_not(journal_replay_newest(s.r, &orders, &base));
    apply(&s, 0, 0);
    expect_log(&s, FIRST_LOG, "");
    journal_replay_destroy(s.r);
    shelf_deinit(&s);
}

Test(journal_replay, what_is_of_an_older_segment_is_not_applied)
{
    struct shelf s;
    int64_t base;
    shelf_init(&s);
    make_file(&s, FIRST_LOG);
    make_file(&s, DIR "/00000000000000000100.log");
    struct journal_entry newer = entry_of(100, 0, "newer");
    put(&s, 1, 1, 0, "older");
    put_round(&s, 1, 2, &newer);
    load(&s);
    cr_assert(journal_replay_newest(s.r, &orders, &base));
    cr_assert_eq(base, 100);
    apply(&s, 100, 5);
    expect_log(&s, FIRST_LOG, "");
    expect_log(&s, DIR "/00000000000000000100.log", "newer");
    warned(&s, 0, "");
    journal_replay_destroy(s.r);
    shelf_deinit(&s);
}

Test(journal_replay, what_is_of_a_segment_that_is_not_there_is_reported)
{
    struct shelf s;
    shelf_init(&s);
    make_file(&s, FIRST_LOG);
    struct journal_entry gone = entry_of(100, 0, "five!"), more = entry_of(100, 5, "and more");
    put(&s, 1, 1, 0, "here");
    put_round(&s, 1, 2, &gone);
    put_round(&s, 1, 3, &more);
    load(&s);
    apply(&s, 0, 4);
    warned(&s, 1, "13 bytes of segment 00000000000000000100, which is not there");
    journal_replay_destroy(s.r);
    shelf_deinit(&s);
}

Test(journal_replay, an_error_of_the_log_is_told)
{
    struct shelf s;
    uint64_t bytes;
    shelf_init(&s);
    make_file(&s, FIRST_LOG);
    put(&s, 1, 1, 0, "here");
    load(&s);
    fake_disk_fail(s.b.disk, FAKE_WRITE, 0, 1, ERR_IO);
    cr_assert_eq(journal_replay_apply(s.r, &orders, 0, &bytes), ERR_IO);
    fake_disk_fail(s.b.disk, FAKE_READ, 0, 1, ERR_IO);
    cr_assert_eq(journal_replay_apply(s.r, &orders, 0, &bytes), ERR_IO);
    apply(&s, 0, 4);
    journal_replay_destroy(s.r);
    shelf_deinit(&s);
}

/* --- sequences and versions -------------------------------------------------------------------------- */

Test(journal_replay, a_file_without_rounds_keeps_its_name_for_itself)
{
    struct shelf s;
    char path[DISK_PATH_BYTES_MAX + 1];
    shelf_init(&s);
    put(&s, 1, 1, 0, "aa");
    journal_path(path, 2);
    make_file(&s, path);
    load(&s);
    cr_assert_eq(journal_replay_next_sequence(s.r), 3);
    journal_replay_destroy(s.r);
    shelf_deinit(&s);
}

/* As its checksum tells: it is as it was written. */
Test(journal_replay, a_later_version_refuses_the_start_with_a_sentence)
{
    struct shelf s;
    shelf_init(&s);
    put(&s, 1, 1, 0, "aa");
    char *p = bytes_at(&s, 1)->data;
    put_u32(p + 12, get_u32(p + 12) + 1);
    put_u32(p + 4, crc32c(p + 8, get_u32(p + 8) - 8));
    cr_assert_eq(journal_replay_load(&s.b.disk->disk, &s.b.trace, &s.r), ERR_UNSUPPORTED);
    warned(&s, 1, "it was written by a later version");
    shelf_deinit(&s);
}

Test(journal_replay, a_version_that_is_damaged_refuses_nothing)
{
    struct shelf s;
    shelf_init(&s);
    put(&s, 1, 1, 0, "aa");
    size_t at = put(&s, 1, 2, 2, "bb");
    put(&s, 1, 3, 4, "cc");
    bytes_at(&s, 1)->data[at + 15] ^= 8;
    load(&s);
    warned(&s, 1, "rounds 2 to 2 cannot be read");
    journal_replay_destroy(s.r);
    shelf_deinit(&s);
}

Test(journal_replay, what_cannot_be_read_refuses_the_start)
{
    struct shelf s;
    shelf_init(&s);
    put(&s, 1, 1, 0, "aa");
    fake_disk_fail(s.b.disk, FAKE_READ, 0, 1, ERR_IO);
    cr_assert_eq(journal_replay_load(&s.b.disk->disk, &s.b.trace, &s.r), ERR_IO);
    warned(&s, 1, "cannot be read");
    shelf_deinit(&s);
}

/* --- the end of the start ------------------------------------------------------------------------------ */

Test(journal_replay, files_are_removed_when_all_is_settled)
{
    struct shelf s;
    shelf_init(&s);
    make_file(&s, FIRST_LOG);
    put(&s, 1, 1, 0, "aa");
    put(&s, 2, 2, 2, "bb");
    cr_assert_eq(disk_sync_dir(&s.b.disk->disk, ""), ERR_OK);
    cr_assert_eq(disk_sync_dir(&s.b.disk->disk, JOURNAL_DIR), ERR_OK);
    load(&s);
    journal_replay_settled(s.r, DIR);
    journal_replay_end(s.r);
    cr_assert_not(there(&s, 1) || there(&s, 2));
    warned(&s, 0, "");
    /* And durably. */
    fake_disk_power_off(s.b.disk);
    fake_disk_power_on(s.b.disk, FAKE_KEEP_SYNCED, 1);
    cr_assert_not(there(&s, 1) || there(&s, 2));
    shelf_deinit(&s);
}

Test(journal_replay, files_are_kept_for_a_log_that_was_not_opened)
{
    struct shelf s;
    shelf_init(&s);
    make_file(&s, FIRST_LOG);
    put(&s, 1, 1, 0, "aa");
    load(&s);
    journal_replay_end(s.r);
    cr_assert(there(&s, 1));
    warned(&s, 1, DIR ": was not opened");
    shelf_deinit(&s);
}

/* Or they would be more after each crash. */
Test(journal_replay, only_the_files_that_it_needs_are_kept)
{
    struct shelf s;
    shelf_init(&s);
    make_file(&s, FIRST_LOG);
    struct journal_entry other = entry_of(0, 0, "of another");
    other.dir = BYTES_LITERAL("another-0");
    put_round(&s, 1, 1, &other);
    put(&s, 2, 2, 0, "aa");
    put_round(&s, 2, 3, &other);
    put_round(&s, 4, 4, &other);
    put(&s, 5, 5, 2, "bb");
    load(&s);
    journal_replay_settled(s.r, "another-0");
    journal_replay_end(s.r);
    cr_assert_not(there(&s, 1) || there(&s, 4));
    cr_assert(there(&s, 2) && there(&s, 5));
    warned(&s, 1, DIR ": was not opened");
    shelf_deinit(&s);
}

Test(journal_replay, files_of_a_log_that_is_gone_are_removed)
{
    struct shelf s;
    shelf_init(&s);
    put(&s, 1, 1, 0, "aa");
    load(&s);
    journal_replay_end(s.r);
    cr_assert_not(there(&s, 1));
    warned(&s, 0, "");
    shelf_deinit(&s);
}
