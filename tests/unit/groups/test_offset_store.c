/* SPDX-License-Identifier: BSD-3-Clause */
#include "groups/offset_store.h"

#include "base/mem.h"
#include "topics/internal_topic.h"
#include "unit/topics/rig.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

struct fixture {
    struct rig r;
    struct offset_store s;
};

static void open_store(struct fixture *f)
{
    rig_open(&f->r);
    offset_store_init(&f->s, f->r.catalog, &f->r.clock, &f->r.trace);
}

static void close_store(struct fixture *f)
{
    offset_store_deinit(&f->s);
    rig_close(&f->r);
}

static void restart(struct fixture *f)
{
    offset_store_deinit(&f->s);
    rig_restart(&f->r);
    offset_store_init(&f->s, f->r.catalog, &f->r.clock, &f->r.trace);
}

#define TURNS_MAX 20000

/* Until it is known what became of all that was written. */
static void settle(struct fixture *f)
{
    for (int i = 0; i < TURNS_MAX && !list_empty(&f->s.unheard); i++)
        rig_turn_and_wait(&f->r);
    cr_assert(list_empty(&f->s.unheard));
    rig_until_idle(&f->r);
}

/* `f` goes on; the copy is as a crash would leave it now. */
static void crash_copy(const struct fixture *f, struct fixture *after)
{
    rig_crash_copy(&f->r, &after->r);
    offset_store_init(&after->s, after->r.catalog, &after->r.clock, &after->r.trace);
}

static struct offset_change offset_change(const char *group, int32_t partition,
                                          const struct offset_value *value)
{
    return (struct offset_change){.key = {.group = bytes_of_string(group),
                                          .topic = BYTES_LITERAL("orders"),
                                          .partition = partition},
                                  .offset = value};
}

static struct offset_change group_change(const char *group, const struct group_value *value)
{
    return (struct offset_change){.key = {.is_group = true, .group = bytes_of_string(group)},
                                  .group = value};
}

static void put(struct fixture *f, const char *group, int32_t partition, int64_t offset)
{
    struct offset_value value = {.offset = offset,
                                 .leader_epoch = -1,
                                 .metadata = BYTES_LITERAL("m"),
                                 .commit_ms = f->r.clock.wall_ms};
    struct offset_change change = offset_change(group, partition, &value);

    offset_store_write_unheard(&f->s, &change, 1, ACK_WRITTEN);
}

/* --- what a start finds ------------------------------------------------------------------------ */

struct found {
    struct buf text; /* "group/topic/partition=offset:metadata ", "group=bound@since " */
    size_t count;
};

static void found_offset(void *ctx, const struct offset_key *key, const struct offset_value *value)
{
    struct found *found = ctx;

    cr_assert_not(key->is_group);
    found->count++;
    buf_append_bytes(&found->text, key->group);
    buf_append_char(&found->text, '/');
    buf_append_bytes(&found->text, key->topic);
    buf_printf(&found->text, "/%d=", key->partition);
    if (value == NULL) {
        buf_append_string(&found->text, "none ");
        return;
    }
    buf_printf(&found->text, "%lld:", (long long)value->offset);
    buf_append_bytes(&found->text, value->metadata);
    buf_append_char(&found->text, ' ');
}

static void found_group(void *ctx, const struct offset_key *key, const struct group_value *value)
{
    struct found *found = ctx;

    cr_assert(key->is_group);
    found->count++;
    buf_append_bytes(&found->text, key->group);
    if (value == NULL)
        buf_append_string(&found->text, "=none ");
    else
        buf_printf(&found->text, "=%d@%lld ", value->epoch_bound, (long long)value->empty_since_ms);
}

static enum err load(struct fixture *f, struct found *found)
{
    struct offset_reader reader = {found, found_offset, found_group};

    *found = (struct found){0};
    return offset_store_load(&f->s, &reader);
}

static void expect_found(struct fixture *f, const char *expected)
{
    struct found found;

    cr_assert_eq(load(f, &found), ERR_OK);
    buf_append_char(&found.text, '\0');
    cr_assert_str_eq(found.text.data, expected);
    buf_deinit(&found.text);
}

Test(offset_store, nothing_is_found_and_nothing_made_when_nothing_was_written)
{
    struct fixture f;

    open_store(&f);
    expect_found(&f, "");
    cr_assert_null(catalog_find(f.r.catalog, BYTES_LITERAL(OFFSET_TOPIC)));
    close_store(&f);
}

Test(offset_store, what_was_written_is_found_in_order_after_a_restart)
{
    struct fixture f;
    struct offset_value offset = {.offset = 41, .leader_epoch = 3, .commit_ms = 5};
    struct group_value group = {.epoch_bound = 1000, .empty_since_ms = -1};
    struct offset_change changes[] = {group_change("billing", &group),
                                      offset_change("billing", 7, &offset),
                                      offset_change("mailing", 0, &offset)};

    open_store(&f);
    offset_store_write_unheard(&f.s, changes, COUNT_OF(changes), ACK_SYNCED);
    put(&f, "billing", 7, 42);
    cr_assert_eq(f.s.records_written, 4);
    settle(&f);
    restart(&f);
    expect_found(&f, "billing=1000@-1 billing/orders/7=41: mailing/orders/0=41: "
                     "billing/orders/7=42:m ");
    cr_assert_eq(f.s.failures, 0);
    close_store(&f);
}

Test(offset_store, a_tombstone_is_found_as_one)
{
    struct fixture f;
    struct offset_change changes[] = {offset_change("billing", 7, NULL),
                                      group_change("billing", NULL)};

    open_store(&f);
    put(&f, "billing", 7, 42);
    offset_store_write_unheard(&f.s, changes, COUNT_OF(changes), ACK_WRITTEN);
    settle(&f);
    restart(&f);
    expect_found(&f, "billing/orders/7=42:m billing/orders/7=none billing=none ");
    close_store(&f);
}

Test(offset_store, a_start_reads_from_a_disk_of_which_nothing_is_in_memory)
{
    struct fixture f;

    open_store(&f);
    put(&f, "billing", 7, 42);
    settle(&f);
    restart(&f);
    rig_fault(&f.r, RIG_COLD);
    expect_found(&f, "billing/orders/7=42:m ");
    rig_fault(&f.r, RIG_NO_FAULT);
    close_store(&f);
}

struct waiting {
    struct ack_wait wait;
    bool done;
    enum err err;
};

static void wait_done(struct ack_wait *wait, enum err err)
{
    struct waiting *w = CONTAINER_OF(wait, struct waiting, wait);

    w->done = true;
    w->err = err;
}

static enum err write_and_wait(struct fixture *f, const struct offset_change *changes, size_t count,
                               enum ack ack)
{
    struct waiting w = {.wait.done = wait_done};
    struct topic_partition *tp;
    struct appended appended;
    enum err err = offset_store_write(&f->s, changes, count, ack, &tp, &appended);

    if (err != ERR_OK)
        return err;
    ack_wait_start(&w.wait, tp, appended.batch, ack);
    rig_until(&f->r, &w.done);
    return w.err;
}

Test(offset_store, what_was_waited_for_survives_a_crash)
{
    struct fixture f, after;
    struct offset_value value = {.offset = 9, .metadata = BYTES_LITERAL("x")};
    struct offset_change change = offset_change("billing", 1, &value);

    open_store(&f); /* the topic is made with the first write: the wait covers that */
    cr_assert_eq(write_and_wait(&f, &change, 1, ACK_SYNCED), ERR_OK);
    crash_copy(&f, &after);
    expect_found(&after, "billing/orders/1=9:x ");
    put(&after, "billing", 1, 10);
    settle(&after);
    restart(&after);
    expect_found(&after, "billing/orders/1=9:x billing/orders/1=10:m ");
    close_store(&after);
    close_store(&f);
}

Test(offset_store, changes_of_one_write_are_in_one_batch)
{
    struct fixture f;
    struct offset_value value = {.offset = 9};
    struct offset_change *changes = mem_zalloc(OFFSET_RECORDS_MAX, sizeof(*changes));
    struct found found;
    uint64_t before;

    open_store(&f);
    put(&f, "first", 0, 1);
    settle(&f);
    before = storage_stats(f.r.storage)->batches_written;
    for (int32_t i = 0; i < OFFSET_RECORDS_MAX; i++)
        changes[i] = offset_change("billing", i, &value);
    cr_assert_eq(write_and_wait(&f, changes, OFFSET_RECORDS_MAX, ACK_WRITTEN), ERR_OK);
    cr_assert_eq(storage_stats(f.r.storage)->batches_written, before + 1);
    cr_assert_eq(load(&f, &found), ERR_OK);
    cr_assert_eq(found.count, OFFSET_RECORDS_MAX + 1);
    buf_deinit(&found.text);
    mem_free(changes);
    close_store(&f);
}

Test(offset_store, more_than_a_batch_may_hold_is_refused_whole)
{
    struct fixture f;
    char *metadata = mem_zalloc(1, OFFSET_METADATA_BYTES_MAX);
    struct offset_value value = {.offset = 9,
                                 .metadata = bytes_of(metadata, OFFSET_METADATA_BYTES_MAX)};
    struct offset_change *changes = mem_zalloc(OFFSET_RECORDS_MAX, sizeof(*changes));

    open_store(&f);
    for (int32_t i = 0; i < OFFSET_RECORDS_MAX; i++)
        changes[i] = offset_change("billing", i, &value);
    cr_assert_eq(write_and_wait(&f, changes, OFFSET_RECORDS_MAX, ACK_WRITTEN), ERR_TOO_LARGE);
    cr_assert_eq(f.s.records_written, 0);
    settle(&f);
    expect_found(&f, "");
    /* Unheard it goes in several. */
    offset_store_write_unheard(&f.s, changes, OFFSET_RECORDS_MAX, ACK_WRITTEN);
    cr_assert_eq(f.s.records_written, OFFSET_RECORDS_MAX);
    cr_assert_eq(f.s.failures, 0);
    settle(&f);
    mem_free(changes);
    mem_free(metadata);
    close_store(&f);
}

/* --- what cannot be understood ----------------------------------------------------------------- */

static void append_raw(struct fixture *f, struct bytes key, struct bytes value)
{
    struct topic *t;
    struct record record = {.timestamp_ms = RIG_RECORD_MS, .key = key, .value = value};
    struct appended appended;

    cr_assert_eq(internal_topic(f->r.catalog, BYTES_LITERAL(OFFSET_TOPIC), &f->r.why, &t), ERR_OK);
    cr_assert_eq(topic_append(topic_partition(t, 0), &record, 1, ACK_WRITTEN, &appended), ERR_OK);
}

static size_t times_traced(const struct fixture *f, const char *text)
{
    size_t count = 0;

    for (const char *at = f->r.traced; (at = strstr(at, text)) != NULL; at++)
        count++;
    return count;
}

Test(offset_store, records_that_cannot_be_understood_are_traced_and_skipped)
{
    struct fixture f;

    open_store(&f);
    put(&f, "billing", 0, 1);
    append_raw(&f, BYTES_LITERAL("\0\5\0\1g"), BYTES_LITERAL("v"));
    append_raw(&f, BYTES_NULL, BYTES_LITERAL("v"));
    append_raw(&f, BYTES_LITERAL("\0\1\0\1g\0\1t\0\0\0\0"), BYTES_LITERAL("\0\3\0"));
    append_raw(&f, BYTES_LITERAL("\0\2\0\2g!"), BYTES_NULL);
    append_raw(&f, BYTES_LITERAL("\0\1\0\1g\0\0\0\0\0\0"), BYTES_NULL);
    put(&f, "billing", 0, 2);
    settle(&f);
    restart(&f);
    expect_found(&f, "billing/orders/0=1:m billing/orders/0=2:m ");
    cr_assert_eq(times_traced(&f, "at offset 1 is skipped: it is of another version"), 1);
    cr_assert_eq(times_traced(&f, "at offset 2 is skipped: it is not a committed offset"), 1);
    cr_assert_eq(times_traced(&f, "at offset 3 is skipped: it is not a committed offset"), 1);
    cr_assert_eq(times_traced(&f, "at offset 4 is skipped: it is about a name"), 1);
    cr_assert_eq(times_traced(&f, "at offset 5 is skipped: it is about a name"), 1);
    close_store(&f);
}

Test(offset_store, many_records_that_cannot_be_understood_do_not_fill_the_trace)
{
    struct fixture f;

    open_store(&f);
    for (int i = 0; i < 1000; i++)
        append_raw(&f, BYTES_LITERAL("?"), BYTES_LITERAL("v"));
    settle(&f);
    expect_found(&f, "");
    cr_assert_eq(times_traced(&f, "is skipped"), 10);
    cr_assert_eq(times_traced(&f, "1000 records in all are skipped"), 1);
    close_store(&f);
}

#define LOG_PATH OFFSET_TOPIC "-0/00000000000000000000.log"

/* Flips a byte in the middle of the file. */
static void damage(const struct fixture *f)
{
    char path[256];
    FILE *file;
    long middle;
    int c;

    snprintf(path, sizeof(path), "%s/" LOG_PATH, f->r.root);
    file = fopen(path, "r+");
    cr_assert_not_null(file);
    fseek(file, 0, SEEK_END);
    middle = ftell(file) / 2;
    fseek(file, middle, SEEK_SET);
    c = fgetc(file);
    fseek(file, middle, SEEK_SET);
    fputc(c ^ 0xff, file);
    fclose(file);
}

Test(offset_store, a_damaged_range_is_traced_and_skipped)
{
    struct fixture f;

    open_store(&f);
    for (int i = 0; i < 3; i++) {
        put(&f, "billing", i, 5);
        settle(&f);
    }
    offset_store_deinit(&f.s);
    rig_stop(&f.r);
    damage(&f); /* of three batches of one length */
    rig_start(&f.r);
    offset_store_init(&f.s, f.r.catalog, &f.r.clock, &f.r.trace);
    expect_found(&f, "billing/orders/0=5:m billing/orders/2=5:m ");
    cr_assert_eq(times_traced(&f, "offsets 1 to 1 are damaged"), 1);
    close_store(&f);
}

Test(offset_store, a_log_that_cannot_be_opened_is_an_error_and_not_an_empty_one)
{
    struct fixture f;
    struct found found;

    open_store(&f);
    put(&f, "billing", 0, 5);
    settle(&f);
    offset_store_deinit(&f.s);
    rig_stop(&f.r);
    rig_rename(&f.r, OFFSET_TOPIC "-0", "elsewhere");
    rig_write_file(&f.r, OFFSET_TOPIC "-0", "not a directory");
    rig_start(&f.r);
    offset_store_init(&f.s, f.r.catalog, &f.r.clock, &f.r.trace);
    cr_assert_neq(load(&f, &found), ERR_OK);
    cr_assert_eq(found.count, 0);
    offset_store_deinit(&f.s);
    rig_close(&f.r);
}

/* --- failures ---------------------------------------------------------------------------------- */

Test(offset_store, unheard_writes_that_fail_later_are_counted_and_traced_once_until_one_succeeds)
{
    struct fixture f;

    open_store(&f);
    put(&f, "billing", 0, 1);
    settle(&f);
    rig_fault(&f.r, RIG_WRITE_FULL);
    for (int i = 0; i < 3; i++) {
        put(&f, "billing", 0, 2 + i);
        settle(&f);
    }
    cr_assert_eq(f.s.failures, 3);
    cr_assert(f.s.failing);
    cr_assert_eq(times_traced(&f, "committed offsets cannot be written: no space"), 1);
    rig_fault(&f.r, RIG_NO_FAULT);
    put(&f, "billing", 0, 9);
    settle(&f);
    cr_assert_eq(f.s.failures, 3);
    cr_assert_not(f.s.failing);
    cr_assert_eq(times_traced(&f, "committed offsets are written again"), 1);
    restart(&f);
    expect_found(&f, "billing/orders/0=1:m billing/orders/0=9:m ");
    close_store(&f);
}

static size_t followed(const struct fixture *f)
{
    size_t count = 0;

    LIST_EACH (it, &f->s.unheard)
        count++;
    return count;
}

Test(offset_store, a_batch_is_followed_while_an_earlier_one_is_still_waited_for)
{
    struct fixture f;
    struct offset_value value = {.offset = 9};
    struct offset_change change = offset_change("billing", 0, &value);

    open_store(&f);
    put(&f, "billing", 0, 1);
    settle(&f);
    offset_store_write_unheard(&f.s, &change, 1, ACK_SYNCED);
    offset_store_write_unheard(&f.s, &change, 1, ACK_SYNCED); /* the same batch */
    cr_assert_eq(followed(&f), 1);
    rig_turn(&f.r); /* written; that it is synced is heard of in the next turn */
    offset_store_write_unheard(&f.s, &change, 1, ACK_SYNCED);
    cr_assert_eq(followed(&f), 2);
    settle(&f);
    close_store(&f);
}

Test(offset_store, a_log_that_failed_refuses_and_every_refusal_is_counted)
{
    struct fixture f;
    struct offset_value value = {.offset = 9};
    struct offset_change change = offset_change("billing", 0, &value);

    open_store(&f);
    put(&f, "billing", 0, 1);
    settle(&f);
    rig_fault(&f.r, RIG_SYNC_FAILS);
    offset_store_write_unheard(&f.s, &change, 1, ACK_SYNCED);
    settle(&f);
    cr_assert_eq(f.s.failures, 1);
    offset_store_write_unheard(&f.s, &change, 1, ACK_WRITTEN);
    cr_assert_eq(f.s.failures, 2);
    cr_assert_eq(write_and_wait(&f, &change, 1, ACK_WRITTEN), ERR_FAILED);
    cr_assert_eq(f.s.failures, 2); /* somebody waited for that one */
    cr_assert_eq(times_traced(&f, "committed offsets cannot be written"), 1);
    offset_store_deinit(&f.s);
    rig_abandon(&f.r);
}

/* A file that stands where the topic's description is to be: it is no topic, and is left alone. */
Test(offset_store, a_topic_that_cannot_be_made_is_a_failure_that_says_why)
{
    struct fixture f;
    struct offset_value value = {.offset = 9};
    struct offset_change change = offset_change("billing", 0, &value);
    struct found found;

    open_store(&f);
    offset_store_deinit(&f.s);
    rig_stop(&f.r);
    rig_write_file(&f.r, "topics/" OFFSET_TOPIC ".meta", "not what it should be");
    rig_start(&f.r);
    offset_store_init(&f.s, f.r.catalog, &f.r.clock, &f.r.trace);
    cr_assert_eq(load(&f, &found), ERR_FAILED);
    cr_assert_eq(write_and_wait(&f, &change, 1, ACK_WRITTEN), ERR_FAILED);
    cr_assert_gt(f.s.why.len, 0);
    offset_store_write_unheard(&f.s, &change, 1, ACK_WRITTEN);
    cr_assert_eq(f.s.failures, 1);
    cr_assert_eq(times_traced(&f, "committed offsets cannot be written"), 1);
    close_store(&f);
}

Test(offset_store, a_failure_of_each_of_several_batches_is_noticed)
{
    struct fixture f;

    open_store(&f);
    put(&f, "billing", 0, 1);
    settle(&f);
    rig_fault(&f.r, RIG_WRITE_FULL);
    put(&f, "billing", 0, 2);
    put(&f, "billing", 1, 2); /* the same batch */
    rig_turn(&f.r);
    rig_fault(&f.r, RIG_NO_FAULT);
    put(&f, "billing", 2, 2);
    settle(&f);
    cr_assert_eq(f.s.failures, 1);
    cr_assert_not(f.s.failing);
    cr_assert(list_empty(&f.s.unheard));
    expect_found(&f, "billing/orders/0=1:m billing/orders/2=2:m ");
    close_store(&f);
}

Test(offset_store, a_topic_that_found_no_space_is_made_with_the_next_write)
{
    struct fixture f;

    open_store(&f);
    rig_fault(&f.r, RIG_WRITE_FULL);
    put(&f, "billing", 0, 1);
    settle(&f);
    cr_assert_eq(f.s.failures, 1);
    cr_assert_null(catalog_find(f.r.catalog, BYTES_LITERAL(OFFSET_TOPIC)));
    rig_fault(&f.r, RIG_NO_FAULT);
    put(&f, "billing", 0, 2);
    settle(&f);
    cr_assert_eq(f.s.failures, 1);
    cr_assert_not(f.s.failing);
    restart(&f);
    expect_found(&f, "billing/orders/0=2:m ");
    close_store(&f);
}

Test(offset_store, can_be_left_while_unheard_writes_are_under_way)
{
    struct fixture f;

    open_store(&f);
    for (int i = 0; i < 5; i++) {
        put(&f, "billing", i, 1);
        rig_turn(&f.r);
    }
    offset_store_deinit(&f.s);
    rig_until_idle(&f.r);
    offset_store_init(&f.s, f.r.catalog, &f.r.clock, &f.r.trace);
    close_store(&f);
}

/* --- compaction -------------------------------------------------------------------------------- */

static int64_t log_bytes(const struct fixture *f)
{
    struct topic *t = catalog_find(f->r.catalog, BYTES_LITERAL(OFFSET_TOPIC));
    struct partition_info info;

    partition_describe(topic_partition(t, 0)->log, &info);
    return info.bytes;
}

#define COMPACTED_PARTITIONS 100
#define COMPACTED_ROUNDS 1000
/* The newest segment, which is left alone, and what is live. */
#define COMPACTED_BYTES (INTERNAL_SEGMENT_BYTES + 64 * 1024)

Test(offset_store, what_a_start_reads_depends_on_live_offsets_and_not_on_how_often_they_changed)
{
    struct fixture f;
    struct offset_value value = {.commit_ms = 1, .metadata = BYTES_LITERAL("some metadata")};
    struct offset_change changes[COMPACTED_PARTITIONS];
    struct found found;

    open_store(&f);
    for (value.offset = 1; value.offset <= COMPACTED_ROUNDS; value.offset++) {
        for (int32_t i = 0; i < COMPACTED_PARTITIONS; i++)
            changes[i] = offset_change("billing", i, &value);
        offset_store_write_unheard(&f.s, changes, COMPACTED_PARTITIONS, ACK_WRITTEN);
        rig_turn(&f.r);
    }
    settle(&f);
    cr_assert_gt(f.s.records_written, 99999);
    cr_assert_gt(storage_stats(f.r.storage)->bytes_written, 3 * INTERNAL_SEGMENT_BYTES);
    /* What compaction waits for is the clock's, and then the disk's. */
    for (int i = 0; i < TURNS_MAX && log_bytes(&f) >= COMPACTED_BYTES; i++) {
        f.r.clock.mono_us += (int64_t)60 * 1000000;
        rig_turn_and_wait(&f.r);
    }
    cr_assert_lt(log_bytes(&f), COMPACTED_BYTES);
    restart(&f);
    cr_assert_eq(load(&f, &found), ERR_OK);
    cr_assert_lt(found.count, COMPACTED_PARTITIONS * COMPACTED_ROUNDS / 3);
    buf_append_char(&found.text, '\0');
    for (int i = 0; i < COMPACTED_PARTITIONS; i++) {
        char last[64];

        snprintf(last, sizeof(last), "billing/orders/%d=%d:some metadata ", i, COMPACTED_ROUNDS);
        cr_assert_not_null(strstr(found.text.data, last));
    }
    buf_deinit(&found.text);
    close_store(&f);
}
