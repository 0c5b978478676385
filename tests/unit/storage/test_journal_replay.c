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

static struct {
    struct bench b; /* its disk and trace */
    struct journal_replay *r;
} s;

static void setup(void)
{
    bench_init_alone(&s.b);
    cr_assert_eq(disk_mkdir(&s.b.disk->disk, JOURNAL_DIR), ERR_OK);
    cr_assert_eq(disk_mkdir(&s.b.disk->disk, DIR), ERR_OK);
}

static void teardown(void)
{
    if (s.r != NULL)
        journal_replay_destroy(s.r);
    cr_assert_eq(s.b.disk->open_handles, 0);
    fake_disk_destroy(s.b.disk);
    timers_deinit(&s.b.timers);
}

TestSuite(journal_replay, .init = setup, .fini = teardown);

static void make_file(const char *path)
{
    struct disk_file *file;
    cr_assert_eq(disk_open(&s.b.disk->disk, path, DISK_WRITE | DISK_CREATE, &file), ERR_OK);
    disk_close(file);
}

static struct buf *bytes_at(uint64_t first)
{
    char path[DISK_PATH_BYTES_MAX + 1];
    journal_path(path, first);
    return fake_disk_bytes(s.b.disk, path);
}

static bool there(uint64_t first)
{
    return bytes_at(first) != NULL;
}

/* One round with one entry, behind those that the file has. Returns where it begins. */
static size_t put_round(uint64_t first, uint64_t sequence, const struct journal_entry *entry)
{
    struct buf image = {0};
    char path[DISK_PATH_BYTES_MAX + 1];
    journal_path(path, first);
    if (!there(first))
        make_file(path);
    journal_round_begin(&image);
    journal_round_add(&image, entry);
    journal_round_end(&image, sequence);
    size_t at = bytes_at(first)->len;
    buf_append_bytes(bytes_at(first), buf_bytes(&image));
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

static size_t put(uint64_t first, uint64_t sequence, uint64_t pos, const char *bytes)
{
    struct journal_entry e = entry_of(0, pos, bytes);
    return put_round(first, sequence, &e);
}

static void load(void)
{
    if (s.r != NULL)
        journal_replay_destroy(s.r);
    s.r = NULL;
    cr_assert_eq(journal_replay_load(&s.b.disk->disk, &s.b.trace, &s.r), ERR_OK);
}

static const struct journal_log orders = {.dir = DIR, .id = ID, .leader_epoch = EPOCH};

static void end(void)
{
    journal_replay_end(s.r);
    s.r = NULL;
}

static void apply(int64_t base, uint64_t expected)
{
    uint64_t bytes = 77;
    cr_assert_eq(journal_replay_apply(s.r, &orders, base, &bytes), ERR_OK);
    cr_assert_eq(bytes, expected);
}

static void expect_log(const char *path, const char *bytes)
{
    const struct buf *b = fake_disk_bytes(s.b.disk, path);
    cr_assert_not_null(b);
    cr_assert_eq(b->len, strlen(bytes));
    cr_assert(b->len == 0 || memcmp(b->data, bytes, b->len) == 0, "%.*s", (int)b->len, b->data);
}

static void warned(unsigned times, const char *of)
{
    cr_assert_eq(s.b.warnings, times, "%u warnings: %s", s.b.warnings, s.b.warned);
    if (times > 0)
        cr_assert_not_null(strstr(s.b.warned, of), "%s", s.b.warned);
}

/* Three rounds, the last in file `last`, of which the second one's byte `at` is not as it was. */
static void load_damaged(uint64_t last, size_t at)
{
    put(1, 1, 0, "aa");
    size_t begin = put(1, 2, 2, "bb");
    put(last, 3, 4, "cc");
    bytes_at(1)->data[begin + at] ^= 8;
    load();
    warned(1, "rounds 2 to 2 cannot be read");
}

/* --- reading and applying -------------------------------------------------------------------------- */

Test(journal_replay, without_a_journal_there_is_nothing)
{
    int64_t base;
    cr_assert_eq(disk_rmdir(&s.b.disk->disk, JOURNAL_DIR), ERR_OK);
    load();
    cr_assert_eq(journal_replay_next_sequence(s.r), 1);
    cr_assert_not(journal_replay_newest(s.r, &orders, &base));
    apply(0, 0);
    end();
    warned(0, "");
}

Test(journal_replay, files_are_applied_in_the_order_of_their_rounds)
{
    int64_t base = -1;
    make_file(FIRST_LOG);
    put(12, 12, 4, "EFGH");
    put(9, 9, 0, "abcdef");
    put(9, 10, 6, "gh");
    put(9, 11, 1, "B");
    put(13, 13, 8, "i");
    load();
    cr_assert(journal_replay_newest(s.r, &orders, &base));
    cr_assert_eq(base, 0);
    apply(0, 14);
    expect_log(FIRST_LOG, "aBcdEFGHi");
    cr_assert_eq(journal_replay_next_sequence(s.r), 14);
    warned(0, "");
    cr_assert(there(9) && there(12) && there(13));
}

Test(journal_replay, a_torn_last_round_is_none_and_its_sequence_is_given_again)
{
    make_file(FIRST_LOG);
    put(1, 1, 0, "good");
    size_t at = put(1, 2, 4, "torn");
    bytes_at(1)->data[at + 50] ^= 1;
    load();
    cr_assert_eq(journal_replay_next_sequence(s.r), 2);
    apply(0, 4);
    expect_log(FIRST_LOG, "good");
    warned(0, "");
}

Test(journal_replay, a_file_may_end_anywhere_in_a_round)
{
    make_file(FIRST_LOG);
    put(1, 1, 0, "good");
    size_t at = put(1, 2, 4, "torn"), len = bytes_at(1)->len;
    for (size_t cut = at; cut < len; cut += cut < at + 100 ? 1 : 997) {
        bytes_at(1)->len = cut;
        load();
        uint64_t next = journal_replay_next_sequence(s.r);
        cr_assert(next == 2 || (next == 3 && cut > at + 60), "%zu", cut - at);
    }
    warned(0, "");
}

Test(journal_replay, a_damaged_round_is_reported_and_those_behind_it_are_applied)
{
    make_file(FIRST_LOG);
    load_damaged(1, 0);
    apply(0, 4);
    cr_assert_eq(memcmp(fake_disk_bytes(s.b.disk, FIRST_LOG)->data, "aa\0\0cc", 6), 0);
}

Test(journal_replay, rounds_damaged_at_the_end_of_a_file_before_the_last_are_reported)
{
    load_damaged(3, 5);
}

/* Files between two that a start kept, or that came back after a power cut, were removed when nobody needed them. */
Test(journal_replay, files_that_were_removed_between_others_are_no_damage)
{
    make_file(FIRST_LOG);
    put(1, 1, 0, "aa");
    put(20, 20, 2, "bb");
    load();
    warned(0, "");
    apply(0, 4);
    expect_log(FIRST_LOG, "aabb");
    cr_assert_eq(journal_replay_next_sequence(s.r), 21);
}

/* A file that was begun anew may have old blocks behind its end. */
Test(journal_replay, a_round_of_an_earlier_sequence_is_none)
{
    make_file(FIRST_LOG);
    put(7, 7, 0, "new");
    put(7, 3, 0, "old");
    load();
    apply(0, 3);
    expect_log(FIRST_LOG, "new");
    cr_assert_eq(journal_replay_next_sequence(s.r), 8);
    warned(0, "");
}

/* --- whose they are --------------------------------------------------------------------------------- */

/* A client may have written it, and a round that did not end may have left it in the file without its own header. */
Test(journal_replay, what_looks_like_a_round_is_none_where_its_sequence_cannot_be)
{
    make_file(FIRST_LOG);
    put(1000, 1000, 0, "aa");
    size_t torn = put(1000, 1001, 2, "bb");
    memset(bytes_at(1000)->data + torn, 0, JOURNAL_BLOCK_BYTES);
    put(1000, 1003, 0, "xx");
    load();
    apply(0, 2);
    expect_log(FIRST_LOG, "aa");
    warned(0, NULL);
}

/* What the journal has is not for this log. */
static void load_for_nothing(void)
{
    int64_t base;
    load();
    cr_assert_not(journal_replay_newest(s.r, &orders, &base));
    apply(0, 0);
    expect_log(FIRST_LOG, "");
}

Test(journal_replay, what_is_of_another_log_or_directory_is_not_applied)
{
    make_file(FIRST_LOG);
    struct journal_entry other = entry_of(0, 0, "other log");
    other.id = BYTES_LITERAL("the topic before");
    put_round(1, 1, &other);
    other = entry_of(0, 0, "other directory");
    other.dir = BYTES_LITERAL("orders-00");
    put_round(1, 2, &other);
    load_for_nothing();
}

Test(journal_replay, what_is_of_an_earlier_epoch_is_not_applied)
{
    make_file(FIRST_LOG);
    struct journal_entry early = entry_of(0, 0, "before a recovery");
    early.leader_epoch = EPOCH - 1;
    put_round(1, 1, &early);
    load_for_nothing();
}

Test(journal_replay, what_is_of_an_older_segment_is_not_applied)
{
    int64_t base;
    make_file(FIRST_LOG);
    make_file(DIR "/00000000000000000100.log");
    struct journal_entry newer = entry_of(100, 0, "newer");
    put(1, 1, 0, "older");
    put_round(1, 2, &newer);
    load();
    cr_assert(journal_replay_newest(s.r, &orders, &base));
    cr_assert_eq(base, 100);
    apply(100, 5);
    expect_log(FIRST_LOG, "");
    expect_log(DIR "/00000000000000000100.log", "newer");
    warned(0, "");
}

Test(journal_replay, what_is_of_a_segment_that_is_not_there_is_reported)
{
    make_file(FIRST_LOG);
    struct journal_entry gone = entry_of(100, 0, "five!"), more = entry_of(100, 5, "and more");
    put(1, 1, 0, "here");
    put_round(1, 2, &gone);
    put_round(1, 3, &more);
    load();
    apply(0, 4);
    warned(1, "13 bytes of segment 00000000000000000100, which is not there");
}

Test(journal_replay, an_error_of_the_log_is_told)
{
    uint64_t bytes;
    make_file(FIRST_LOG);
    put(1, 1, 0, "here");
    load();
    fake_disk_fail(s.b.disk, FAKE_WRITE, 0, 1, ERR_IO);
    cr_assert_eq(journal_replay_apply(s.r, &orders, 0, &bytes), ERR_IO);
    fake_disk_fail(s.b.disk, FAKE_READ, 0, 1, ERR_IO);
    cr_assert_eq(journal_replay_apply(s.r, &orders, 0, &bytes), ERR_IO);
    apply(0, 4);
}

/* --- sequences and versions -------------------------------------------------------------------------- */

Test(journal_replay, a_file_without_rounds_keeps_its_name_for_itself)
{
    char path[DISK_PATH_BYTES_MAX + 1];
    put(1, 1, 0, "aa");
    journal_path(path, 2);
    make_file(path);
    load();
    cr_assert_eq(journal_replay_next_sequence(s.r), 3);
}

/* As its checksum tells: it is as it was written. */
Test(journal_replay, a_later_version_refuses_the_start_with_a_sentence)
{
    put(1, 1, 0, "aa");
    char *p = bytes_at(1)->data;
    put_u32(p + 12, get_u32(p + 12) + 1);
    put_u32(p + 4, crc32c(p + 8, get_u32(p + 8) - 8));
    cr_assert_eq(journal_replay_load(&s.b.disk->disk, &s.b.trace, &s.r), ERR_UNSUPPORTED);
    warned(1, "it was written by a later version");
}

Test(journal_replay, a_version_that_is_damaged_refuses_nothing)
{
    load_damaged(1, 15); /* in the version */
}

Test(journal_replay, what_cannot_be_read_refuses_the_start)
{
    put(1, 1, 0, "aa");
    fake_disk_fail(s.b.disk, FAKE_READ, 0, 1, ERR_IO);
    cr_assert_eq(journal_replay_load(&s.b.disk->disk, &s.b.trace, &s.r), ERR_IO);
    warned(1, "cannot be read");
}

/* --- the end of the start ------------------------------------------------------------------------------ */

Test(journal_replay, files_are_removed_when_all_is_settled)
{
    make_file(FIRST_LOG);
    put(1, 1, 0, "aa");
    put(2, 2, 2, "bb");
    cr_assert_eq(disk_sync_dir(&s.b.disk->disk, ""), ERR_OK);
    cr_assert_eq(disk_sync_dir(&s.b.disk->disk, JOURNAL_DIR), ERR_OK);
    load();
    journal_replay_settled(s.r, DIR);
    end();
    cr_assert_not(there(1) || there(2));
    warned(0, "");
    /* And durably. */
    fake_disk_power_off(s.b.disk);
    fake_disk_power_on(s.b.disk, FAKE_KEEP_SYNCED, 1);
    cr_assert_not(there(1) || there(2));
}

Test(journal_replay, files_are_kept_for_a_log_that_was_not_opened)
{
    make_file(FIRST_LOG);
    put(1, 1, 0, "aa");
    load();
    end();
    cr_assert(there(1));
    warned(1, DIR ": was not opened");
}

/* Or they would be more after each crash. */
Test(journal_replay, only_the_files_that_it_needs_are_kept)
{
    make_file(FIRST_LOG);
    struct journal_entry other = entry_of(0, 0, "of another");
    other.dir = BYTES_LITERAL("another-0");
    put_round(1, 1, &other);
    put(2, 2, 0, "aa");
    put_round(2, 3, &other);
    put_round(4, 4, &other);
    put(5, 5, 2, "bb");
    load();
    journal_replay_settled(s.r, "another-0");
    end();
    cr_assert_not(there(1) || there(4));
    cr_assert(there(2) && there(5));
    warned(1, DIR ": was not opened");
}

Test(journal_replay, files_of_a_log_that_is_gone_are_removed)
{
    put(1, 1, 0, "aa");
    load();
    end();
    cr_assert_not(there(1));
    warned(0, "");
}
