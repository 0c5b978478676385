/* SPDX-License-Identifier: BSD-3-Clause */
/* Kinds of damage, and what is said of each. */
#include "scratch.h"

#include "base/crc32c.h"
#include "storage/bigendian.h"
#include <criterion/criterion.h>

#define SOME_BYTES 3000

static void make(struct scratch *s, int batches)
{
    scratch_init(s);
    for (int i = 0; i < batches; i++)
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

/* --- the end of the log ---------------------------------------------------------------------- */

Test(partition_check, a_torn_tail_without_a_marker_is_a_note)
{
    struct scratch s;
    make(&s, 3);
    struct buf log = scratch_read(&s, SCRATCH_LOG);
    scratch_append(&s, SCRATCH_LOG, log.data, 1000);
    cr_assert_eq(scratch_dump(&s, "t-0", ""), TARGET_WRONG);
    scratch_remove(&s, "t-0/clean");
    cr_assert_eq(scratch_dump(&s, "t-0", "--deep"), TARGET_FINE, "%s", s.said);
    cr_assert_eq(scratch_lines(&s, "note"), 1);
    cr_assert(scratch_said(&s, "the last 1000 bytes are an unfinished write"));
    cr_assert(scratch_said(&s, "records=3"));
    buf_deinit(&log);
    scratch_deinit(&s);
}

Test(partition_check, a_last_batch_that_was_synced_and_is_damaged_is_an_error)
{
    struct scratch s;
    make(&s, 3);
    scratch_remove(&s, "t-0/clean");
    scratch_flip(&s, SCRATCH_LOG, len_of(&s, SCRATCH_LOG) - 10);
    cr_assert_eq(scratch_dump(&s, "t-0", ""), TARGET_WRONG);
    cr_assert(scratch_said(&s, "no good batch in the last"), "%s", s.said);
    cr_assert(scratch_said(&s, "(from offset 2 on): its checksum is"));
    scratch_deinit(&s);
}

Test(partition_check, synced_bytes_that_are_gone_are_an_error)
{
    struct scratch s;
    make(&s, 3);
    scratch_remove(&s, "t-0/clean");
    scratch_truncate(&s, SCRATCH_LOG, len_of(&s, SCRATCH_LOG) / 3);
    cr_assert_eq(scratch_dump(&s, "t-0", ""), TARGET_WRONG);
    cr_assert(scratch_said(&s, "were on the device"), "%s", s.said);
    scratch_deinit(&s);
}

/* --- inside the log -------------------------------------------------------------------------- */

Test(partition_check, damage_in_the_middle_is_named_by_bytes_and_offsets)
{
    struct scratch s;
    make(&s, 5);
    size_t batch = len_of(&s, SCRATCH_LOG) / 5;
    char expected[128];
    scratch_flip(&s, SCRATCH_LOG, batch * 2 + 100);
    cr_assert_eq(scratch_dump(&s, "t-0", ""), TARGET_FINE, "only the sample is looked at: %s",
                 s.said);
    cr_assert_eq(scratch_dump(&s, "t-0", "--deep"), TARGET_WRONG);
    snprintf(expected, sizeof(expected),
             "byte %zu: no good batch up to byte %zu (offsets 2 to 2): its checksum is", batch * 2,
             batch * 3);
    cr_assert(scratch_said(&s, expected), "%s", s.said);
    cr_assert_eq(scratch_lines(&s, "error"), 1, "%s", s.said);
    scratch_deinit(&s);
}

Test(partition_check, a_header_that_the_checksum_does_not_cover_is_checked_without_deep)
{
    static const size_t places[] = {7, 11, 15, 16}; /* base offset, length, epoch, magic */
    struct scratch s;
    make(&s, 5);
    size_t batch = len_of(&s, SCRATCH_LOG) / 5;
    for (size_t i = 0; i < COUNT_OF(places); i++) {
        scratch_flip(&s, SCRATCH_LOG, batch * 3 + places[i]);
        cr_assert_eq(scratch_dump(&s, "t-0", ""), TARGET_WRONG, "byte %zu", places[i]);
        cr_assert(scratch_said(&s, "(offsets 3 to 3)"), "%s", s.said);
        scratch_flip(&s, SCRATCH_LOG, batch * 3 + places[i]);
    }
    scratch_deinit(&s);
}

/* Spoils a byte of the log's last batch and makes its checksum fit. */
static void forge(struct scratch *s, size_t from, size_t pos, char value)
{
    struct buf log = scratch_read(s, SCRATCH_LOG);
    log.data[pos] = value;
    put_u32(log.data + from + 17, crc32c(log.data + from + 21, log.len - from - 21));
    scratch_write(s, SCRATCH_LOG, log.data, log.len);
    buf_deinit(&log);
}

Test(partition_check, records_that_do_not_add_up_are_found_behind_a_right_checksum)
{
    struct scratch s;
    scratch_init(&s);
    scratch_put(&s, "a", "1");
    size_t from = len_of(&s, SCRATCH_LOG);
    scratch_put(&s, "b", "2");
    scratch_close(&s);
    size_t record = from + 61;
    forge(&s, from, record + 3, 2); /* the offset delta is 1 */
    cr_assert_eq(scratch_dump(&s, "t-0", ""), TARGET_FINE);
    cr_assert_eq(scratch_dump(&s, "t-0", "--deep"), TARGET_WRONG, "%s", s.said);
    forge(&s, from, record + 3, 0);
    cr_assert_eq(scratch_dump(&s, "t-0", "--deep"), TARGET_FINE, "%s", s.said);
    forge(&s, from, record + 2, 2); /* the timestamp is 1 ms later than the batch says */
    cr_assert_eq(scratch_dump(&s, "t-0", "--deep"), TARGET_WRONG);
    cr_assert(scratch_said(&s, "the greatest timestamp is"), "%s", s.said);
    forge(&s, from, record + 2, 0);
    forge(&s, from, record + 4, 40); /* the key is longer than the record */
    cr_assert_eq(scratch_dump(&s, "t-0", "--deep"), TARGET_WRONG);
    cr_assert(scratch_said(&s, "do not add up from offset 1 on"), "%s", s.said);
    scratch_deinit(&s);
}

/* --- offsets --------------------------------------------------------------------------------- */

/* A log of single records with these offsets, and nothing else that is known of it. */
static void write_log(struct scratch *s, const char *path, const int64_t *offsets, size_t count)
{
    struct batch_builder b = {0};
    scratch_write(s, path, "", 0);
    for (size_t i = 0; i < count; i++) {
        struct record r = {.timestamp_ms = SCRATCH_NOW_MS, .value = BYTES_LITERAL("v")};
        batch_builder_begin(&b, offsets[i]);
        batch_builder_add(&b, &r);
        batch_builder_seal(&b, 0, false);
        scratch_append(s, path, b.buf.data, b.buf.len);
    }
    batch_builder_deinit(&b);
}

static void make_with_offsets(struct scratch *s, const int64_t *offsets, size_t count)
{
    scratch_init(s);
    scratch_put(s, NULL, "v");
    scratch_close(s);
    scratch_remove(s, "t-0/clean");
    scratch_remove(s, "t-0/checkpoint");
    write_log(s, SCRATCH_LOG, offsets, count);
    write_log(s, "t-0/00000000000000000009.log", (int64_t[]){9}, 1);
}

Test(partition_check, holes_are_fine_where_nothing_is_known_of_the_topic)
{
    struct scratch s;
    make_with_offsets(&s, (int64_t[]){0, 1, 5, 7}, 4);
    cr_assert_eq(scratch_dump(&s, "t-0", "--deep"), TARGET_FINE, "%s", s.said);
    cr_assert(scratch_said(&s, "missing_offsets=4"));
    cr_assert(scratch_said(&s, "note t-0: 4 offsets belong to no record"));
    scratch_deinit(&s);
}

/* Four segments of two records, the newest not full. */
static void put_segments(struct scratch *s)
{
    scratch_init(s);
    s->segment_bytes = 200;
    s->compact = true;
    for (int i = 0; i < 7; i++)
        scratch_put(s, "key", "a value");
}

Test(partition_check, holes_are_fine_where_compaction_came_whatever_the_topic_is_now)
{
    struct scratch s;
    put_segments(&s);
    scratch_compact(&s);
    for (int stopped = 0; stopped < 2; stopped++) {
        scratch_meta(&s, 1, "config cleanup.policy delete\n");
        cr_assert_eq(scratch_dump(&s, "t-0", "--deep"), TARGET_FINE, "%s", s.said);
        cr_assert(scratch_said(&s, "missing_offsets=1"), "%s", s.said);
        cr_assert_eq(scratch_lines(&s, "note"), 0, "%s", s.said);
        if (!stopped)
            scratch_close(&s);
    }
    scratch_deinit(&s);
}

Test(partition_check, holes_where_compaction_never_came_are_an_error_in_a_compacted_topic_too)
{
    struct scratch s;
    put_segments(&s);
    scratch_close(&s);
    scratch_meta(&s, 1, "config cleanup.policy compact\n");
    cr_assert_eq(scratch_dump(&s, "t-0", ""), TARGET_FINE, "%s", s.said);
    struct buf log = scratch_read(&s, "t-0/00000000000000000002.log");
    scratch_write(&s, "t-0/00000000000000000002.log", log.data + log.len / 2, log.len / 2);
    buf_deinit(&log);
    cr_assert_eq(scratch_dump(&s, "t-0", "--deep"), TARGET_WRONG);
    cr_assert(scratch_said(&s, "its base offset is 3, but 2 was due"), "%s", s.said);
    scratch_dump(&s, "t-0", "--deep --compacted");
    cr_assert_not(scratch_said(&s, "its base offset is"), "%s", s.said);
    scratch_deinit(&s);
}

Test(partition_check, offsets_that_go_back_are_an_error_everywhere)
{
    struct scratch s;
    make_with_offsets(&s, (int64_t[]){0, 5, 3}, 3);
    cr_assert_eq(scratch_dump(&s, "t-0", "--compacted"), TARGET_WRONG);
    cr_assert(scratch_said(&s, "its base offset is 3, where 6 was due"), "%s", s.said);
    scratch_deinit(&s);
}

Test(partition_check, segments_that_overlap_are_an_error)
{
    struct scratch s;
    make_with_offsets(&s, (int64_t[]){0, 8, 9, 10}, 4);
    cr_assert_eq(scratch_dump(&s, "t-0", "--compacted"), TARGET_WRONG);
    cr_assert(scratch_said(&s, "reaches to offset 10, but the next segment begins with 9"), "%s",
              s.said);
    scratch_deinit(&s);
}

/* --- segments -------------------------------------------------------------------------------- */

static void make_segments(struct scratch *s)
{
    scratch_init(s);
    s->segment_bytes = 2 * SOME_BYTES;
    for (int i = 0; i < 6; i++)
        scratch_put_bytes(s, SOME_BYTES);
    scratch_close(s);
    scratch_meta(s, 1, "");
    cr_assert(scratch_has(s, "t-0/00000000000000000001.log"));
}

Test(partition_check, a_segment_that_is_missing_is_an_error)
{
    static const char *const logs[] = {"t-0/00000000000000000000.log",
                                       "t-0/00000000000000000002.log",
                                       "t-0/00000000000000000005.log"};
    struct scratch s;
    make_segments(&s);
    cr_assert_eq(scratch_dump(&s, "", "--deep"), TARGET_FINE, "%s", s.said);
    scratch_remove(&s, "t-0/clean");
    cr_assert_eq(scratch_dump(&s, "", "--deep"), TARGET_FINE, "%s", s.said);
    for (size_t i = 0; i < COUNT_OF(logs); i++) {
        struct buf log = scratch_read(&s, logs[i]);
        scratch_remove(&s, logs[i]);
        cr_assert_eq(scratch_dump(&s, "t-0", ""), TARGET_WRONG, "%s: %s", logs[i], s.said);
        scratch_write(&s, logs[i], log.data, log.len);
        buf_deinit(&log);
    }
    scratch_deinit(&s);
}

Test(partition_check, a_torn_tail_of_a_segment_that_is_not_the_newest_is_an_error)
{
    struct scratch s;
    make_segments(&s);
    scratch_remove(&s, "t-0/clean");
    scratch_append(&s, "t-0/00000000000000000001.log", "torn", 4);
    cr_assert_eq(scratch_dump(&s, "t-0", ""), TARGET_WRONG);
    scratch_deinit(&s);
}

/* --- indexes --------------------------------------------------------------------------------- */

Test(partition_check, an_index_that_is_missing_is_a_note)
{
    struct scratch s;
    make(&s, 6);
    scratch_remove(&s, "t-0/clean");
    scratch_remove(&s, SCRATCH_INDEX);
    cr_assert_eq(scratch_dump(&s, "t-0", "--deep"), TARGET_FINE);
    cr_assert(scratch_said(&s, "note " SCRATCH_INDEX ": is missing"), "%s", s.said);
    scratch_deinit(&s);
}

Test(partition_check, entries_for_what_is_not_in_the_log_are_a_note_after_a_crash)
{
    char behind[8];
    struct scratch s;
    make(&s, 6);
    put_u32(behind, 1000);
    put_u32(behind + 4, 1000000);
    scratch_append(&s, SCRATCH_INDEX, behind, sizeof(behind));
    cr_assert_eq(scratch_dump(&s, "t-0", ""), TARGET_WRONG);
    cr_assert(scratch_said(&s, "behind the end of the log"), "%s", s.said);
    scratch_remove(&s, "t-0/clean");
    cr_assert_eq(scratch_dump(&s, "t-0", ""), TARGET_FINE, "%s", s.said);
    cr_assert_eq(scratch_lines(&s, "note"), 1);
    scratch_deinit(&s);
}

Test(partition_check, an_index_of_garbage_is_an_error_and_said_once)
{
    struct scratch s;
    make(&s, 6);
    size_t len = len_of(&s, SCRATCH_INDEX);
    char garbage[256];
    memset(garbage, 0x5a, sizeof(garbage));
    scratch_write(&s, SCRATCH_INDEX, garbage, len);
    cr_assert_eq(scratch_dump(&s, "t-0", ""), TARGET_WRONG);
    cr_assert_eq(scratch_lines(&s, "error"), 1, "%s", s.said);
    cr_assert_eq(scratch_dump(&s, SCRATCH_INDEX, ""), TARGET_WRONG);
    scratch_deinit(&s);
}

Test(partition_check, entries_for_damaged_batches_are_passed_over)
{
    struct scratch s;
    make(&s, 8);
    scratch_flip(&s, SCRATCH_LOG, len_of(&s, SCRATCH_LOG) / 8 * 2 + 100);
    scratch_flip(&s, SCRATCH_LOG, len_of(&s, SCRATCH_LOG) / 8 * 3 + 100);
    scratch_flip(&s, SCRATCH_LOG, len_of(&s, SCRATCH_LOG) / 8 * 4 + 100);
    cr_assert_eq(scratch_dump(&s, "t-0", "--deep"), TARGET_WRONG);
    cr_assert_eq(scratch_lines(&s, "error"), 1, "%s", s.said);
    scratch_deinit(&s);
}

/* --- checkpoint and marker ------------------------------------------------------------------- */

Test(partition_check, one_slot_that_is_not_whole_is_a_note_while_a_crash_may_have_torn_it)
{
    struct scratch s;
    make(&s, 1);
    scratch_remove(&s, "t-0/clean");
    scratch_flip(&s, "t-0/checkpoint", 20);
    cr_assert_eq(scratch_dump(&s, "t-0", ""), TARGET_FINE, "%s", s.said);
    cr_assert(scratch_said(&s, "note t-0/checkpoint: slot 0 is not whole"), "%s", s.said);
    scratch_flip(&s, "t-0/checkpoint", 4096 + 20);
    cr_assert_eq(scratch_dump(&s, "t-0", ""), TARGET_WRONG);
    scratch_deinit(&s);
}

Test(partition_check, a_checkpoint_that_is_missing_is_an_error_for_a_topics_partition)
{
    struct scratch s;
    make(&s, 1);
    scratch_remove(&s, "t-0/checkpoint");
    cr_assert_eq(scratch_dump(&s, "t-0", ""), TARGET_WRONG);
    scratch_remove(&s, "topics/t.meta");
    cr_assert_eq(scratch_dump(&s, "t-0", ""), TARGET_FINE, "%s", s.said);
    scratch_deinit(&s);
}

Test(partition_check, records_that_a_checkpoint_did_not_reserve_are_an_error)
{
    struct scratch s;
    make(&s, 1);
    scratch_remove(&s, "t-0/clean");
    write_log(&s, SCRATCH_LOG, (int64_t[]){0, 1000000}, 2);
    scratch_dump(&s, "t-0", "--compacted");
    cr_assert(scratch_said(&s, "has offset 1000000, but only those below"), "%s", s.said);
    scratch_deinit(&s);
}

/* --- topics ---------------------------------------------------------------------------------- */

Test(topics, a_partition_that_is_missing_is_an_error)
{
    struct scratch s;
    make(&s, 1);
    cr_assert_eq(scratch_dump(&s, "", ""), TARGET_FINE, "%s", s.said);
    scratch_meta(&s, 2, "");
    cr_assert_eq(scratch_dump(&s, "", ""), TARGET_WRONG);
    cr_assert(scratch_said(&s, "the directory of partition 1, t-1, is missing"), "%s", s.said);
    cr_assert_eq(scratch_dump(&s, "topics/t.meta", ""), TARGET_WRONG);
    scratch_deinit(&s);
}

Test(topics, show_their_configuration)
{
    struct scratch s;
    make(&s, 1);
    scratch_meta(&s, 1, "config retention.ms 5000\nconfig record.channels a.* b\n");
    cr_assert_eq(scratch_dump(&s, "topics/t.meta", "--json"), TARGET_FINE, "%s", s.said);
    cr_assert(scratch_said(&s, "\"name\":\"t\",\"partitions\":1,\"directory\":\"t\",\"config\":[["
                               "\"retention.ms\",\"5000\"],[\"record.channels\",\"a.* b\"]]"),
              "%s", s.said);
    scratch_deinit(&s);
}

Test(topics, may_have_a_directory_of_another_name)
{
    struct scratch s;
    make(&s, 1);
    scratch_meta(&s, 1, "directory +5mYkPqzHSQCjdNNz3kQ0Ug\n");
    cr_assert_eq(scratch_dump(&s, "", ""), TARGET_WRONG);
    cr_assert(scratch_said(&s, "note t-0: no topic has this partition"), "%s", s.said);
    cr_assert(scratch_said(&s, "+5mYkPqzHSQCjdNNz3kQ0Ug-0, is missing"));
    scratch_deinit(&s);
}
