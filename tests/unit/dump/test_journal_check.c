/* SPDX-License-Identifier: BSD-3-Clause */
/* Journals, built round by round: what is printed of them, what damage is and what is none; and logs that lack what the
 * next start takes over from one. */
#include "scratch.h"

#include "storage/journal.h"
#include <criterion/criterion.h>
#include <sys/stat.h>

#define ID "5mYkPqzHSQCjdNNz3kQ0Ug" /* of the topic that scratch_meta makes */
#define OTHER_ID "0000000000000000000000"
#define FIRST_FILE "journal/00000000000000000001.journal"
#define SOME_BYTES 3000

static void make_directory(struct scratch *s)
{
    char name[128];
    snprintf(name, sizeof(name), "%s/" JOURNAL_DIR, s->dir);
    mkdir(name, 0700);
}

/* Appends a round with these entries; how long it is, without what fills its last block. */
static size_t put_round(struct scratch *s, const char *path, uint64_t sequence,
                        const struct journal_entry *entries, size_t count)
{
    struct buf image = {0};
    make_directory(s);
    journal_round_begin(&image);
    for (size_t i = 0; i < count; i++)
        journal_round_add(&image, &entries[i]);
    size_t len = image.len;
    journal_round_end(&image, sequence);
    if (scratch_has(s, path))
        scratch_append(s, path, image.data, image.len);
    else
        scratch_write(s, path, image.data, image.len);
    buf_deinit(&image);
    return len;
}

static struct journal_entry entry_of(const char *id, uint64_t pos, struct bytes bytes)
{
    return (struct journal_entry){.id = bytes_of_string(id),
                                  .dir = BYTES_LITERAL("t-0"),
                                  .segment_base = 0,
                                  .pos = pos,
                                  .bytes = bytes};
}

/* A log of three batches that was not stopped cleanly, and what is in it. */
static struct buf make_log(struct scratch *s)
{
    scratch_init(s);
    scratch_meta(s, 1, "");
    for (int i = 0; i < 3; i++)
        scratch_put_bytes(s, SOME_BYTES);
    scratch_close(s);
    scratch_remove(s, "t-0/clean");
    return scratch_read(s, SCRATCH_LOG);
}

/* The same, of no further interest. */
static void make(struct scratch *s)
{
    struct buf log = make_log(s);
    buf_deinit(&log);
}

/* Two rounds: the first batch and the second, the third. */
static struct buf make_journal(struct scratch *s)
{
    struct buf log = make_log(s);
    size_t batch = log.len / 3;
    struct journal_entry first[] = {
        entry_of(ID, 0, bytes_of(log.data, batch)),
        entry_of(ID, batch, bytes_of(log.data + batch, batch)),
    };
    struct journal_entry second =
        entry_of(ID, 2 * batch, bytes_of(log.data + 2 * batch, log.len - 2 * batch));
    put_round(s, FIRST_FILE, 1, first, 2);
    put_round(s, FIRST_FILE, 2, &second, 1);
    return log;
}

/* --- what is printed ------------------------------------------------------------------------- */

Test(journal_check, rounds_and_entries_are_printed)
{
    struct scratch s;
    char expected[256];
    struct buf log = make_journal(&s);
    size_t batch = log.len / 3;
    cr_assert_eq(scratch_dump(&s, FIRST_FILE, ""), TARGET_FINE, "%s", s.said);
    cr_assert(scratch_said(&s, "  round pos=0 bytes="), "%s", s.said);
    cr_assert(scratch_said(&s, " sequence=1 entries=2\n"));
    cr_assert(scratch_said(&s, "  round pos=8192 bytes="), "%s", s.said);
    cr_assert(scratch_said(&s, " sequence=2 entries=1\n"));
    snprintf(expected, sizeof(expected),
             "    journal_entry pos=%d bytes=%zu directory=t-0 id=" ID
             " leader_epoch=0 segment=0 segment_pos=0\n",
             JOURNAL_ROUND_HEADER_BYTES + 28 + 22 + 3, batch);
    cr_assert(scratch_said(&s, expected), "%s", s.said);
    snprintf(expected, sizeof(expected), " segment=0 segment_pos=%zu\n", 2 * batch);
    cr_assert(scratch_said(&s, expected), "%s", s.said);
    cr_assert(scratch_said(&s, "journal path=" FIRST_FILE " bytes=12288 rounds=2 entries=3 "
                               "first_sequence=1 last_sequence=2\n"),
              "%s", s.said);
    cr_assert_eq(scratch_lines(&s, "batch "), 0);
    buf_deinit(&log);
    scratch_deinit(&s);
}

Test(journal_check, the_batches_in_an_entry_are_printed_when_all_is_looked_at)
{
    struct scratch s;
    struct buf log = make_journal(&s);
    cr_assert_eq(scratch_dump(&s, FIRST_FILE, "--deep"), TARGET_FINE, "%s", s.said);
    cr_assert_eq(scratch_lines(&s, "batch "), 3, "%s", s.said);
    cr_assert(scratch_said(&s, "      batch pos=85 "), "%s", s.said);
    cr_assert(scratch_said(&s, " crc_is=right\n"));
    cr_assert_eq(scratch_lines(&s, "record "), 0);
    cr_assert_eq(scratch_dump(&s, FIRST_FILE, "--records"), TARGET_FINE, "%s", s.said);
    cr_assert_eq(scratch_lines(&s, "batch "), 3);
    cr_assert_eq(scratch_lines(&s, "record "), 3);
    buf_deinit(&log);
    scratch_deinit(&s);
}

Test(journal_check, a_journal_is_json)
{
    struct scratch s;
    struct buf log = make_journal(&s);
    cr_assert_eq(scratch_dump(&s, FIRST_FILE, "--json"), TARGET_FINE, "%s", s.said);
    cr_assert_eq(scratch_lines(&s, "{\"type\":\"round\",\"pos\":"), 2, "%s", s.said);
    cr_assert_eq(scratch_lines(&s, "{\"type\":\"journal_entry\",\"pos\":85,"), 1, "%s", s.said);
    cr_assert(scratch_said(&s, "\"directory\":\"t-0\",\"id\":\"" ID
                               "\",\"leader_epoch\":0,\"segment\":0,"));
    cr_assert_eq(scratch_lines(&s, "{\"type\":\"journal\",\"path\":\"" FIRST_FILE "\","), 1);
    buf_deinit(&log);
    scratch_deinit(&s);
}

Test(journal_check, a_data_directory_says_what_there_is)
{
    struct scratch s;
    struct buf log = make_journal(&s);
    for (int i = 0; i < 2; i++) {
        cr_assert_eq(scratch_dump(&s, "", "--deep"), TARGET_FINE, "%s", s.said);
        cr_assert_eq(scratch_lines(&s, "journal path="), 1, "%s", s.said);
        cr_assert_eq(scratch_lines(&s, "round") + scratch_lines(&s, "batch"), 0);
        cr_assert(scratch_said(&s, " journal_files=1 journal_rounds=2 journal_bytes=12288 "
                                   "errors=0 notes=0\n"),
                  "%s", s.said);
    }
    cr_assert_eq(scratch_dump(&s, "", "--batches"), TARGET_FINE);
    cr_assert_eq(scratch_lines(&s, "round"), 2);
    cr_assert_eq(scratch_dump(&s, "journal", ""), TARGET_FINE);
    cr_assert_eq(scratch_lines(&s, "journal path="), 1);
    cr_assert_eq(scratch_lines(&s, "segment"), 0);
    scratch_remove(&s, FIRST_FILE);
    cr_assert_eq(scratch_dump(&s, "", ""), TARGET_FINE);
    cr_assert_not(scratch_said(&s, "journal"), "%s", s.said);
    buf_deinit(&log);
    scratch_deinit(&s);
}

/* --- damage ---------------------------------------------------------------------------------- */

static struct journal_entry small_entry(const char *text)
{
    return entry_of(OTHER_ID, 0, bytes_of_string(text));
}

Test(journal_check, a_flipped_bit_anywhere_in_a_round_is_damage_when_others_follow)
{
    struct scratch s;
    struct journal_entry e = small_entry("abc");
    make(&s);
    put_round(&s, FIRST_FILE, 1, &e, 1);
    size_t len = put_round(&s, FIRST_FILE, 2, &e, 1);
    put_round(&s, FIRST_FILE, 3, &e, 1);
    for (size_t pos = 0; pos < len; pos++) {
        scratch_flip(&s, FIRST_FILE, JOURNAL_BLOCK_BYTES + pos);
        cr_assert_eq(scratch_dump(&s, FIRST_FILE, ""), TARGET_WRONG, "byte %zu: %s", pos, s.said);
        if (pos < 12 || pos >= 16) /* not the version */
            cr_assert(scratch_said(&s, "error " FIRST_FILE ": byte 4096: no good round up to byte "
                                       "8192 (rounds 2 to 2): "),
                      "byte %zu: %s", pos, s.said);
        cr_assert_eq(scratch_dump(&s, "", ""), TARGET_WRONG, "byte %zu: %s", pos, s.said);
        scratch_flip(&s, FIRST_FILE, JOURNAL_BLOCK_BYTES + pos);
    }
    cr_assert_eq(scratch_dump(&s, FIRST_FILE, ""), TARGET_FINE, "%s", s.said);
    scratch_deinit(&s);
}

Test(journal_check, a_last_round_that_is_not_whole_is_a_note)
{
    struct scratch s;
    struct journal_entry e = small_entry("abc");
    make(&s);
    put_round(&s, FIRST_FILE, 1, &e, 1);
    size_t len = put_round(&s, FIRST_FILE, 2, &e, 1);
    for (size_t left = 1; left < len; left += 7) {
        scratch_truncate(&s, FIRST_FILE, JOURNAL_BLOCK_BYTES + left);
        cr_assert_eq(scratch_dump(&s, FIRST_FILE, ""), TARGET_FINE, "%zu: %s", left, s.said);
        cr_assert_eq(scratch_lines(&s, "note " FIRST_FILE ": byte 4096: the last "), 1, "%s",
                     s.said);
        cr_assert(scratch_said(&s, " rounds=1 entries=1 first_sequence=1 last_sequence=1\n"));
    }
    scratch_truncate(&s, FIRST_FILE, 0);
    cr_assert_eq(scratch_dump(&s, "", ""), TARGET_FINE, "%s", s.said);
    cr_assert(scratch_said(&s, " rounds=0 entries=0\n"));
    scratch_deinit(&s);
}

Test(journal_check, a_damaged_end_is_damage_where_the_next_file_goes_on_behind_it)
{
    struct scratch s;
    struct journal_entry e = small_entry("abc");
    make(&s);
    put_round(&s, FIRST_FILE, 1, &e, 1);
    put_round(&s, FIRST_FILE, 2, &e, 1);
    put_round(&s, "journal/00000000000000000003.journal", 3, &e, 1);
    cr_assert_eq(scratch_dump(&s, "", ""), TARGET_FINE, "%s", s.said);
    scratch_flip(&s, FIRST_FILE, JOURNAL_BLOCK_BYTES + 40);
    for (int alone = 0; alone < 2; alone++) {
        cr_assert_eq(scratch_dump(&s, alone ? FIRST_FILE : "", ""), TARGET_WRONG, "%s", s.said);
        cr_assert(scratch_said(&s, "byte 4096: no good round in the last 4096 bytes (rounds 2 to "
                                   "2): its checksum does not match"),
                  "%s", s.said);
    }
    scratch_truncate(&s, FIRST_FILE, JOURNAL_BLOCK_BYTES);
    cr_assert_eq(scratch_dump(&s, "", ""), TARGET_FINE, "files between may be gone: %s", s.said);
    cr_assert(scratch_said(&s, "note " FIRST_FILE ": ends before round 2, and the next file begins "
                               "with 3\n"),
              "%s", s.said);
    scratch_deinit(&s);
}

Test(journal_check, a_file_that_was_being_made_leaves_no_gap)
{
    struct scratch s;
    struct journal_entry e = small_entry("abc");
    make(&s);
    make_directory(&s);
    scratch_write(&s, FIRST_FILE, "", 0);
    put_round(&s, "journal/00000000000000000002.journal", 2, &e, 1);
    cr_assert_eq(scratch_dump(&s, "", ""), TARGET_FINE, "%s", s.said);
    scratch_deinit(&s);
}

Test(journal_check, what_is_written_wrong_is_found_behind_a_right_checksum)
{
    struct scratch s;
    struct journal_entry e = small_entry("no batch"), beyond = e;
    scratch_init(&s);
    put_round(&s, FIRST_FILE, 1, &e, 1);
    cr_assert_eq(scratch_dump(&s, FIRST_FILE, ""), TARGET_FINE, "%s", s.said);
    cr_assert_eq(scratch_dump(&s, FIRST_FILE, "--deep"), TARGET_WRONG);
    cr_assert(scratch_said(&s, "byte 85: no good batch in the entry: "), "%s", s.said);
    beyond.pos = UINT64_MAX - 1;
    put_round(&s, FIRST_FILE, 2, &beyond, 1);
    cr_assert_eq(scratch_dump(&s, FIRST_FILE, ""), TARGET_WRONG);
    cr_assert(scratch_said(&s, "the entry is for no place in a segment"), "%s", s.said);
    scratch_deinit(&s);
}

/* --- logs that lack something ------------------------------------------------------------------ */

Test(journal_check, a_log_that_is_shorter_than_the_journal_has_it_is_fine)
{
    struct scratch s;
    char expected[160];
    struct buf log = make_journal(&s);
    size_t batch = log.len / 3;
    scratch_truncate(&s, SCRATCH_LOG, batch + 100);
    snprintf(expected, sizeof(expected),
             "note " SCRATCH_LOG ": %zu bytes from byte %zu on are in the journal only: "
             "the next start takes them over\n",
             log.len - batch - 100, batch + 100);
    static const char *const targets[] = {"", "t-0", SCRATCH_LOG};
    for (size_t i = 0; i < COUNT_OF(targets); i++) {
        cr_assert_eq(scratch_dump(&s, targets[i], "--deep"), TARGET_FINE, "%s", s.said);
        cr_assert(scratch_said(&s, expected), "%s: %s", targets[i], s.said);
        cr_assert(scratch_said(&s, " records=3 first_offset=0 last_offset=2"), "%s", s.said);
    }
    scratch_remove(&s, FIRST_FILE);
    cr_assert_eq(scratch_dump(&s, "", "--deep"), TARGET_WRONG);
    cr_assert(scratch_said(&s, "were on the device"), "%s", s.said);
    buf_deinit(&log);
    scratch_deinit(&s);
}

Test(journal_check, a_log_with_other_bytes_than_the_journal_is_looked_at_with_those_of_the_journal)
{
    struct scratch s;
    struct buf log = make_journal(&s);
    for (size_t pos = 0; pos < log.len; pos += 97) {
        scratch_flip(&s, SCRATCH_LOG, pos);
        cr_assert_eq(scratch_dump(&s, "", "--deep"), TARGET_FINE, "byte %zu: %s", pos, s.said);
        cr_assert(scratch_said(&s, ": 1 bytes from byte "), "%s", s.said);
        scratch_flip(&s, SCRATCH_LOG, pos);
    }
    scratch_append(&s, SCRATCH_LOG, "torn", 4);
    cr_assert_eq(scratch_dump(&s, "", "--deep"), TARGET_FINE, "%s", s.said);
    cr_assert_not(scratch_said(&s, "in the journal only"), "%s", s.said);
    cr_assert(scratch_said(&s, "the last 4 bytes are an unfinished write"), "%s", s.said);
    buf_deinit(&log);
    scratch_deinit(&s);
}

Test(journal_check, what_the_journal_has_of_another_log_or_from_before_a_recovery_brings_nothing)
{
    struct scratch s;
    struct buf log = make_log(&s);
    struct journal_entry entries[] = {
        entry_of(OTHER_ID, 0, bytes_of(log.data, log.len)),
        entry_of(ID, 0, bytes_of(log.data, log.len)),
    };
    entries[1].leader_epoch = -1; /* the log is at 0 */
    put_round(&s, FIRST_FILE, 1, entries, 2);
    scratch_truncate(&s, SCRATCH_LOG, 100);
    cr_assert_eq(scratch_dump(&s, "", "--deep"), TARGET_WRONG, "%s", s.said);
    cr_assert_not(scratch_said(&s, "in the journal only"), "%s", s.said);
    buf_deinit(&log);
    scratch_deinit(&s);
}

Test(journal_check, after_a_clean_stop_the_journal_brings_nothing)
{
    struct scratch s;
    scratch_init(&s);
    scratch_meta(&s, 1, "");
    scratch_put_bytes(&s, SOME_BYTES);
    scratch_close(&s);
    struct buf log = scratch_read(&s, SCRATCH_LOG);
    struct journal_entry e = entry_of(ID, 0, buf_bytes(&log));
    put_round(&s, FIRST_FILE, 1, &e, 1);
    scratch_truncate(&s, SCRATCH_LOG, 100);
    cr_assert_eq(scratch_dump(&s, "", "--deep"), TARGET_WRONG, "%s", s.said);
    cr_assert_not(scratch_said(&s, "in the journal only"), "%s", s.said);
    buf_deinit(&log);
    scratch_deinit(&s);
}

Test(journal_check, a_damaged_round_brings_nothing)
{
    struct scratch s;
    struct buf log = make_journal(&s);
    scratch_flip(&s, FIRST_FILE, 8192 + 500); /* the third batch */
    scratch_truncate(&s, SCRATCH_LOG, 2 * (log.len / 3));
    cr_assert_eq(scratch_dump(&s, "", "--deep"), TARGET_WRONG, "%s", s.said);
    cr_assert_not(scratch_said(&s, "in the journal only"), "%s", s.said);
    buf_deinit(&log);
    scratch_deinit(&s);
}

Test(journal_check, a_segment_that_only_the_journal_knows_is_missing)
{
    struct scratch s;
    struct buf log = make_journal(&s);
    struct journal_entry e = small_entry("abc");
    e.id = bytes_of_string(ID);
    e.segment_base = 3;
    put_round(&s, FIRST_FILE, 3, &e, 1);
    cr_assert_eq(scratch_dump(&s, "", ""), TARGET_WRONG);
    cr_assert(scratch_said(&s, "error t-0/00000000000000000003.log: is missing, and the journal "
                               "has bytes of it\n"),
              "%s", s.said);
    buf_deinit(&log);
    scratch_deinit(&s);
}

/* An empty file behind it, which the checkpoint does not speak of, is what a roll left that did not end. */
Test(journal_check, bytes_of_the_segment_before_an_unfinished_roll_are_brought)
{
    struct scratch s;
    struct buf log = make_journal(&s);
    scratch_truncate(&s, SCRATCH_LOG, 2 * (log.len / 3));
    scratch_write(&s, "t-0/00000000000000000003.log", "", 0);
    cr_assert_eq(scratch_dump(&s, "", "--deep"), TARGET_FINE, "%s", s.said);
    cr_assert(scratch_said(&s, "in the journal only"), "%s", s.said);
    buf_deinit(&log);
    scratch_deinit(&s);
}

Test(journal_check, nothing_is_changed_by_looking)
{
    static const char *const files[] = {SCRATCH_LOG, SCRATCH_INDEX, "t-0/checkpoint", FIRST_FILE};
    struct buf before[COUNT_OF(files)];
    struct scratch s;
    struct buf log = make_journal(&s);
    scratch_truncate(&s, SCRATCH_LOG, 100);
    scratch_append(&s, FIRST_FILE, "torn", 4);
    for (size_t i = 0; i < COUNT_OF(files); i++)
        before[i] = scratch_read(&s, files[i]);
    scratch_forbid_writing(&s);
    cr_assert_eq(scratch_dump(&s, "", "--deep --records"), TARGET_FINE, "%s", s.said);
    cr_assert_eq(scratch_dump(&s, FIRST_FILE, "--deep --records"), TARGET_FINE, "%s", s.said);
    scratch_allow_writing(&s);
    for (size_t i = 0; i < COUNT_OF(files); i++) {
        struct buf after = scratch_read(&s, files[i]);
        cr_assert(bytes_equal(buf_bytes(&before[i]), buf_bytes(&after)), "%s", files[i]);
        buf_deinit(&before[i]);
        buf_deinit(&after);
    }
    buf_deinit(&log);
    scratch_deinit(&s);
}
