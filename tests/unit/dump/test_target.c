/* SPDX-License-Identifier: BSD-3-Clause */
/* The program as a whole, on directories that the storage library wrote and that were then spoiled. */
#include "scratch.h"
#include <criterion/criterion.h>
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

/* The bytes of the batch that holds a record of `len` bytes, about. */
#define SOME_BYTES 3000

/* --- what is fine ---------------------------------------------------------------------------- */

Test(dump, a_partition_after_a_clean_stop_is_fine)
{
    struct scratch s;
    scratch_init(&s);
    for (int i = 0; i < 10; i++)
        scratch_put_bytes(&s, SOME_BYTES);
    scratch_close(&s);
    cr_assert_eq(scratch_dump(&s, "t-0", "--deep"), TARGET_FINE, "%s", s.said);
    cr_assert(scratch_said(&s, "partition path=t-0 segments=1 clean=true\n"));
    cr_assert(scratch_said(&s, "batches=10 records=10 first_offset=0 last_offset=9"));
    cr_assert(scratch_said(&s, "errors=0 notes=0\n"));
    cr_assert_eq(scratch_lines(&s, "marker"), 1);
    cr_assert_eq(scratch_lines(&s, "checkpoint"), 2);
    scratch_deinit(&s);
}

Test(dump, a_partition_that_is_being_written_to_is_fine)
{
    struct scratch s;
    scratch_init(&s);
    s.segment_bytes = 4 * SOME_BYTES;
    for (int i = 0; i < 10; i++)
        scratch_put_bytes(&s, SOME_BYTES);
    cr_assert_eq(scratch_dump(&s, "t-0", "--deep"), TARGET_FINE, "%s", s.said);
    cr_assert(scratch_said(&s, "clean=false\n"));
    cr_assert_gt(scratch_lines(&s, "segment"), 2);
    scratch_deinit(&s);
}

Test(dump, a_partition_without_records_is_fine)
{
    struct scratch s;
    scratch_init(&s);
    scratch_put(&s, NULL, "");
    scratch_close(&s);
    scratch_open(&s);
    cr_assert_eq(scratch_dump(&s, "", "--deep"), TARGET_FINE, "%s", s.said);
    scratch_deinit(&s);
}

Test(dump, the_gap_that_a_start_after_a_crash_leaves_is_fine)
{
    struct scratch s;
    scratch_init(&s);
    scratch_put(&s, NULL, "before");
    scratch_close(&s);
    scratch_remove(&s, "t-0/clean");
    scratch_append(&s, SCRATCH_LOG, "torn", 4);
    scratch_open(&s);
    cr_assert_gt(partition_next_offset(s.p), 1);
    cr_assert_eq(scratch_dump(&s, "", "--deep"), TARGET_FINE, "%s", s.said);
    scratch_put(&s, NULL, "behind");
    scratch_meta(&s, 1, "");
    cr_assert_eq(scratch_dump(&s, "", "--deep"), TARGET_FINE, "%s", s.said);
    scratch_close(&s);
    cr_assert_eq(scratch_dump(&s, "", "--deep"), TARGET_FINE, "%s", s.said);
    cr_assert(scratch_said(&s, "records=2 first_offset=0"));
    scratch_deinit(&s);
}

Test(dump, nothing_is_changed_by_looking)
{
    static const char *const files[] = {SCRATCH_LOG, SCRATCH_INDEX, SCRATCH_TIME_INDEX,
                                        "t-0/checkpoint", "t-0/clean"};
    struct scratch s;
    scratch_init(&s);
    scratch_put(&s, "k", "v");
    scratch_close(&s);
    scratch_append(&s, SCRATCH_LOG, "torn", 4);
    for (size_t i = 0; i < COUNT_OF(files); i++) {
        struct buf before = scratch_read(&s, files[i]);
        scratch_dump(&s, "", "--deep --records");
        struct buf after = scratch_read(&s, files[i]);
        cr_assert(bytes_equal(buf_bytes(&before), buf_bytes(&after)), "%s", files[i]);
        buf_deinit(&before);
        buf_deinit(&after);
    }
    scratch_deinit(&s);
}

Test(dump, to_be_allowed_to_read_is_enough)
{
    struct scratch s;
    scratch_init(&s);
    scratch_put(&s, "k", "v");
    scratch_close(&s);
    scratch_meta(&s, 1, "");
    scratch_forbid_writing(&s);
    cr_assert_eq(scratch_dump(&s, "", "--deep"), TARGET_FINE, "%s", s.said);
    cr_assert_eq(scratch_dump(&s, "t-0", "--deep"), TARGET_FINE, "%s", s.said);
    cr_assert_eq(scratch_dump(&s, SCRATCH_LOG, "--deep"), TARGET_FINE, "%s", s.said);
    scratch_allow_writing(&s);
    scratch_deinit(&s);
}

/* --- what is printed ------------------------------------------------------------------------- */

static void put_all_kinds(struct scratch *s)
{
    struct record_header headers[] = {{BYTES_LITERAL("trace"), BYTES_LITERAL("\x01")},
                                      {BYTES_LITERAL("none"), BYTES_NULL}};
    struct record r = {.timestamp_ms = SCRATCH_NOW_MS,
                       .key = BYTES_LITERAL("a \"key\"\n"),
                       .value = BYTES_LITERAL("\xff\0z"),
                       .headers = headers,
                       .header_count = COUNT_OF(headers)};
    scratch_put_record(s, &r);
    scratch_put(s, "gr\xc3\xbc\xc3\x9f", NULL);
}

Test(dump, records_are_quoted_as_redis_cli_does)
{
    struct scratch s;
    scratch_init(&s);
    put_all_kinds(&s);
    cr_assert_eq(scratch_dump(&s, "t-0", "--records"), TARGET_FINE);
    cr_assert(scratch_said(&s,
                           "      record offset=0 timestamp=1700000000000 key=\"a \\\"key\\\"\\n\" "
                           "value=\"\\xff\\x00z\" headers=[\"trace\":\"\\x01\",\"none\":(nil)]\n"),
              "%s", s.said);
    cr_assert(scratch_said(&s, "key=\"gr\\xc3\\xbc\\xc3\\x9f\" value=(nil) headers=[]\n"));
    cr_assert_eq(scratch_lines(&s, "batch"), 2);
    scratch_deinit(&s);
}

Test(dump, records_are_json)
{
    struct scratch s;
    scratch_init(&s);
    put_all_kinds(&s);
    cr_assert_eq(scratch_dump(&s, "t-0", "--records --json"), TARGET_FINE);
    cr_assert(scratch_said(&s, "{\"type\":\"record\",\"offset\":0,\"timestamp\":1700000000000,"
                               "\"key\":\"a \\\"key\\\"\\u000a\",\"value\":{\"hex\":\"ff007a\"},"
                               "\"headers\":[[\"trace\",\"\\u0001\"],[\"none\",null]]}\n"),
              "%s", s.said);
    cr_assert(scratch_said(&s, "\"key\":\"gr\xc3\xbc\xc3\x9f\",\"value\":null,\"headers\":[]}\n"));
    cr_assert_eq(scratch_lines(&s, "{\"type\":\"batch\",\"pos\":"), 2);
    scratch_deinit(&s);
}

Test(dump, of_a_directory_batches_are_printed_when_asked_for)
{
    struct scratch s;
    scratch_init(&s);
    for (int i = 0; i < 5; i++)
        scratch_put_bytes(&s, SOME_BYTES);
    scratch_close(&s);
    scratch_dump(&s, "t-0", "");
    cr_assert_eq(scratch_lines(&s, "batch"), 0);
    cr_assert_eq(scratch_lines(&s, "entry"), 0);
    scratch_dump(&s, "t-0", "--batches");
    cr_assert_eq(scratch_lines(&s, "batch"), 5);
    cr_assert_eq(scratch_lines(&s, "record"), 0);
    cr_assert_gt(scratch_lines(&s, "entry"), 0);
    scratch_deinit(&s);
}

Test(dump, a_file_is_shown_alone)
{
    struct scratch s;
    scratch_init(&s);
    for (int i = 0; i < 5; i++)
        scratch_put_bytes(&s, SOME_BYTES);
    scratch_close(&s);
    cr_assert_eq(scratch_dump(&s, SCRATCH_LOG, ""), TARGET_FINE);
    cr_assert_eq(scratch_lines(&s, "batch"), 5);
    cr_assert_eq(scratch_lines(&s, "index") + scratch_lines(&s, "checkpoint"), 0);
    cr_assert_eq(scratch_dump(&s, SCRATCH_INDEX, ""), TARGET_FINE);
    cr_assert_eq(scratch_lines(&s, "index path=t-0/00000000000000000000.index entries="), 1);
    cr_assert_eq(scratch_lines(&s, "batch") + scratch_lines(&s, "segment"), 0);
    cr_assert_gt(scratch_lines(&s, "entry offset="), 0);
    cr_assert_eq(scratch_dump(&s, SCRATCH_TIME_INDEX, ""), TARGET_FINE);
    cr_assert_gt(scratch_lines(&s, "entry timestamp="), 0);
    cr_assert_eq(scratch_dump(&s, "t-0/checkpoint", ""), TARGET_FINE);
    cr_assert_eq(scratch_lines(&s, "checkpoint"), 2);
    cr_assert_eq(scratch_dump(&s, "t-0/clean", ""), TARGET_FINE);
    cr_assert_eq(scratch_lines(&s, "marker"), 1);
    scratch_deinit(&s);
}

Test(dump, a_log_under_another_name_is_read_as_far_as_it_goes)
{
    struct scratch s;
    scratch_init(&s);
    scratch_put(&s, NULL, "a");
    scratch_put(&s, NULL, "b");
    struct buf log = scratch_read(&s, SCRATCH_LOG);
    scratch_write(&s, "backup.log", log.data, log.len);
    cr_assert_eq(scratch_dump(&s, "backup.log", "--records"), TARGET_FINE);
    cr_assert_eq(scratch_lines(&s, "record"), 2);
    scratch_flip(&s, "backup.log", log.len / 2 - 1);
    cr_assert_eq(scratch_dump(&s, "backup.log", "--records"), TARGET_WRONG);
    cr_assert_eq(scratch_lines(&s, "record"), 1);
    buf_deinit(&log);
    scratch_deinit(&s);
}

/* --- what cannot be looked at ---------------------------------------------------------------- */

Test(dump, what_is_not_there_cannot_be_looked_at)
{
    struct scratch s;
    scratch_init(&s);
    cr_assert_eq(scratch_dump(&s, "nosuch", ""), TARGET_NOT_LOOKED);
    cr_assert_not_null(strstr(s.complained, strerror(ENOENT)));
    scratch_deinit(&s);
}

Test(dump, what_may_not_be_read_cannot_be_looked_at)
{
    struct scratch s;
    char log[128];
    scratch_init(&s);
    scratch_put(&s, "k", "v");
    scratch_close(&s);
    snprintf(log, sizeof(log), "%s/%s", s.dir, SCRATCH_LOG);
    scratch_forbid_writing(&s);
    scratch_allow_writing(&s);
    cr_assert_eq(chmod(log, 0200), 0);
    if (geteuid() == 0)
        cr_assert_eq(seteuid(65534), 0);
    cr_assert_eq(scratch_dump(&s, "", ""), TARGET_NOT_LOOKED);
    cr_assert(scratch_said(&s, "error " SCRATCH_LOG ": cannot be read: permission denied"), "%s",
              s.said);
    scratch_allow_writing(&s);
    scratch_deinit(&s);
}

Test(dump, what_is_not_of_this_project_is_refused)
{
    struct scratch s;
    scratch_init(&s);
    scratch_put(&s, NULL, "a");
    scratch_write(&s, "notes.txt", "hello", 5);
    cr_assert_eq(scratch_dump(&s, "notes.txt", ""), TARGET_NOT_LOOKED);
    cr_assert_not_null(strstr(s.complained, "this is no file of Echolog's"));
    scratch_close(&s);
    scratch_meta(&s, 1, "");
    cr_assert_eq(scratch_dump(&s, "topics", ""), TARGET_NOT_LOOKED);
    scratch_deinit(&s);
}

/* --- every byte counts ----------------------------------------------------------------------- */

/* Flips a bit of each byte in turn and asks for an error each time. */
static void assert_every_byte_counts(struct scratch *s, const char *path, size_t len)
{
    for (size_t pos = 0; pos < len; pos++) {
        scratch_flip(s, path, pos);
        cr_assert_eq(scratch_dump(s, "", "--deep"), TARGET_WRONG, "byte %zu of %s: %s", pos, path,
                     s->said);
        scratch_flip(s, path, pos);
    }
    cr_assert_eq(scratch_dump(s, "", "--deep"), TARGET_FINE, "%s", s->said);
}

static void make_small(struct scratch *s)
{
    scratch_init(s);
    scratch_put(s, "key", "value");
    scratch_put(s, NULL, "another");
    scratch_put(s, "k", NULL);
    scratch_close(s);
    scratch_meta(s, 1, "");
}

static void make_indexed(struct scratch *s)
{
    scratch_init(s);
    for (int i = 0; i < 8; i++)
        scratch_put_bytes(s, SOME_BYTES);
    scratch_close(s);
    scratch_meta(s, 1, "");
}

static size_t len_of(struct scratch *s, const char *path)
{
    struct buf content = scratch_read(s, path);
    size_t len = content.len;
    buf_deinit(&content);
    return len;
}

Test(dump, a_flipped_bit_anywhere_in_a_log_is_found)
{
    struct scratch s;
    make_small(&s);
    assert_every_byte_counts(&s, SCRATCH_LOG, len_of(&s, SCRATCH_LOG));
    scratch_deinit(&s);
}

Test(dump, a_flipped_bit_anywhere_in_an_index_is_found)
{
    struct scratch s;
    make_indexed(&s);
    cr_assert_gt(len_of(&s, SCRATCH_INDEX), 0);
    assert_every_byte_counts(&s, SCRATCH_INDEX, len_of(&s, SCRATCH_INDEX));
    assert_every_byte_counts(&s, SCRATCH_TIME_INDEX, len_of(&s, SCRATCH_TIME_INDEX));
    scratch_deinit(&s);
}

Test(dump, a_flipped_bit_anywhere_in_the_marker_is_found)
{
    struct scratch s;
    make_small(&s);
    assert_every_byte_counts(&s, "t-0/clean", len_of(&s, "t-0/clean"));
    scratch_deinit(&s);
}

Test(dump, a_flipped_bit_in_either_slot_of_the_checkpoint_is_found_after_a_clean_stop)
{
    const size_t slot_used = 164; /* with one epoch */
    struct scratch s;
    make_small(&s);
    assert_every_byte_counts(&s, "t-0/checkpoint", slot_used);
    scratch_flip(&s, "t-0/checkpoint", 4096 + 20);
    cr_assert_eq(scratch_dump(&s, "", ""), TARGET_WRONG);
    scratch_deinit(&s);
}

Test(dump, a_flipped_bit_anywhere_in_the_meta_file_is_found)
{
    struct scratch s;
    make_small(&s);
    assert_every_byte_counts(&s, "topics/t.meta", len_of(&s, "topics/t.meta"));
    scratch_deinit(&s);
}

Test(dump, a_file_cut_short_is_found_after_a_clean_stop)
{
    static const char *const files[] = {SCRATCH_LOG,      SCRATCH_INDEX, SCRATCH_TIME_INDEX,
                                        "t-0/checkpoint", "t-0/clean",   "topics/t.meta"};
    struct scratch s;
    make_indexed(&s);
    for (size_t i = 0; i < COUNT_OF(files); i++) {
        struct buf content = scratch_read(&s, files[i]);
        for (size_t len = 0; len < content.len; len += 1 + content.len / 10) {
            scratch_truncate(&s, files[i], len);
            cr_assert_eq(scratch_dump(&s, "", ""), TARGET_WRONG, "%zu bytes of %s: %s", len,
                         files[i], s.said);
            scratch_write(&s, files[i], content.data, content.len);
        }
        buf_deinit(&content);
    }
    cr_assert_eq(scratch_dump(&s, "", ""), TARGET_FINE);
    scratch_deinit(&s);
}

/* --- options --------------------------------------------------------------------------------- */

Test(options, name_one_path)
{
    char why[OPTIONS_WHY_BYTES];
    struct options o;
    char *none[] = {NULL};
    cr_assert_not(options_parse(&o, 0, none, why));
    char *two[] = {"a", "b"};
    cr_assert_not(options_parse(&o, 2, two, why));
    char *unknown[] = {"--depp", "a"};
    cr_assert_not(options_parse(&o, 2, unknown, why));
    cr_assert_str_eq(why, "unknown option '--depp'");
    char *dashed[] = {"--deep", "--", "--json"};
    cr_assert(options_parse(&o, 3, dashed, why));
    cr_assert(o.deep && !o.json);
    cr_assert_str_eq(o.path, "--json");
    char *help[] = {"--help"};
    cr_assert(options_parse(&o, 1, help, why));
    cr_assert(o.help);
}
