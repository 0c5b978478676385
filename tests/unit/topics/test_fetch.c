/* SPDX-License-Identifier: BSD-3-Clause */
#include "rig.h"

#include "base/mem.h"
#include <criterion/criterion.h>
#include <stdio.h>

#define PARTS_MAX 3
#define FOR_EVER (-1)

struct bed {
    struct rig rig;
    struct topic *topic;
    struct fetch fetch;
    struct fetch_part parts[PARTS_MAX];
    bool done;
    char *values[PARTS_MAX]; /* as of the end; owned */
    enum err err[PARTS_MAX];
};

static void bed_open(struct bed *b, int partitions)
{
    memset(b, 0, sizeof(*b));
    rig_open(&b->rig);
    b->topic = rig_topic(&b->rig, "t", partitions);
}

static void take(struct bed *b)
{
    b->done = true;
    for (size_t i = 0; i < b->fetch.part_count; i++) {
        b->values[i] = rig_values(&b->parts[i]);
        b->err[i] = b->parts[i].err;
    }
}

static void forget(struct bed *b)
{
    fetch_end(&b->fetch);
    for (size_t i = 0; i < PARTS_MAX; i++) {
        mem_free(b->values[i]);
        b->values[i] = NULL;
    }
    memset(&b->fetch, 0, sizeof(b->fetch));
    memset(b->parts, 0, sizeof(b->parts));
    b->done = false;
}

static void bed_close(struct bed *b)
{
    forget(b);
    rig_close(&b->rig);
}

static void fetch_done(struct fetch *f)
{
    take(CONTAINER_OF(f, struct bed, fetch));
}

static void add_part(struct bed *b, int partition, enum fetch_from from, int64_t value)
{
    b->parts[b->fetch.part_count++] = (struct fetch_part){
        .tp = topic_partition(b->topic, partition),
        .from = from,
        .value = value,
    };
}

/* With the limits that are set already, and otherwise wide ones. */
static enum err start(struct bed *b, int64_t wait_us)
{
    enum err err;

    b->fetch.parts = b->parts;
    if (b->fetch.count_max == 0)
        b->fetch.count_max = FETCH_COUNT_DEFAULT;
    if (b->fetch.bytes_max == 0)
        b->fetch.bytes_max = FETCH_BYTES_DEFAULT;
    b->fetch.wait_us = wait_us;
    b->fetch.timers = &b->rig.timers;
    b->fetch.clock = &b->rig.clock;
    b->fetch.done = fetch_done;
    err = fetch_start(&b->fetch);
    cr_assert_not(b->done, "done came from within the start");
    if (err == ERR_OK)
        take(b);
    return err;
}

/* From one position of partition 0, to its end. */
static void fetch_from(struct bed *b, enum fetch_from from, int64_t value)
{
    forget(b);
    add_part(b, 0, from, value);
    if (start(b, 0) == ERR_AGAIN)
        rig_until(&b->rig, &b->done);
}

Test(fetch, reads_what_was_appended_in_the_same_turn)
{
    struct bed b;

    bed_open(&b, 1);
    rig_append(topic_partition(b.topic, 0), NULL, "a", ACK_NONE);
    rig_append(topic_partition(b.topic, 0), NULL, "b", ACK_NONE);
    fetch_from(&b, FETCH_FROM_OFFSET, 0);
    cr_assert_eq(b.err[0], ERR_OK);
    cr_assert_str_eq(b.values[0], "a b");
    cr_assert_eq(b.parts[0].next_offset, 2);
    bed_close(&b);
}

Test(fetch, reads_what_was_appended_while_a_sync_has_the_files)
{
    struct bed b;
    struct awaited_ack a;

    bed_open(&b, 1);
    rig_append_wait(topic_partition(b.topic, 0), "a", ACK_SYNCED, &a);
    catalog_commit(b.rig.catalog);
    rig_append(topic_partition(b.topic, 0), NULL, "b", ACK_NONE);
    fetch_from(&b, FETCH_FROM_OFFSET, 0);
    cr_assert_str_eq(b.values[0], "a b");
    bed_close(&b);
}

Test(fetch, at_the_end_is_empty_and_past_it_names_the_range)
{
    struct bed b;

    bed_open(&b, 1);
    rig_append(topic_partition(b.topic, 0), NULL, "a", ACK_NONE);
    fetch_from(&b, FETCH_FROM_OFFSET, 1);
    cr_assert_eq(b.err[0], ERR_OK);
    cr_assert_str_eq(b.values[0], "");
    fetch_from(&b, FETCH_FROM_OFFSET, 2);
    cr_assert_eq(b.err[0], ERR_RANGE);
    cr_assert_eq(b.parts[0].log_start, 0);
    cr_assert_eq(b.parts[0].next_offset, 1);
    fetch_from(&b, FETCH_FROM_OFFSET, -1);
    cr_assert_eq(b.err[0], ERR_RANGE);
    bed_close(&b);
}

Test(fetch, words_and_times_become_offsets)
{
    struct bed b;

    bed_open(&b, 1);
    rig_append(topic_partition(b.topic, 0), NULL, "a", ACK_NONE);
    rig_append(topic_partition(b.topic, 0), NULL, "b", ACK_NONE);
    fetch_from(&b, FETCH_FROM_EARLIEST, 0);
    cr_assert_eq(b.parts[0].offset, 0);
    cr_assert_str_eq(b.values[0], "a b");
    fetch_from(&b, FETCH_FROM_LATEST, 0);
    cr_assert_eq(b.parts[0].offset, 2);
    cr_assert_str_eq(b.values[0], "");
    fetch_from(&b, FETCH_FROM_TIME, RIG_RECORD_MS);
    cr_assert_eq(b.parts[0].offset, 0);
    cr_assert_str_eq(b.values[0], "a b");
    fetch_from(&b, FETCH_FROM_TIME, RIG_RECORD_MS + 1);
    cr_assert_eq(b.err[0], ERR_OK);
    cr_assert_eq(b.parts[0].offset, 2);
    bed_close(&b);
}

Test(fetch, a_parked_fetch_wakes_with_the_commit_that_writes)
{
    struct bed b;

    bed_open(&b, 1);
    add_part(&b, 0, FETCH_FROM_LATEST, 0);
    cr_assert_eq(start(&b, FOR_EVER), ERR_AGAIN);
    rig_append(topic_partition(b.topic, 0), NULL, "a", ACK_NONE);
    cr_assert_not(b.done);
    catalog_commit(b.rig.catalog);
    cr_assert(b.done);
    cr_assert_str_eq(b.values[0], "a");
    bed_close(&b);
}

Test(fetch, waits_until_the_least_number_of_bytes_has_come)
{
    struct bed b;
    struct topic_partition *tp;
    int appended = 0;

    bed_open(&b, 1);
    tp = topic_partition(b.topic, 0);
    b.fetch.bytes_min = 500;
    add_part(&b, 0, FETCH_FROM_EARLIEST, 0);
    cr_assert_eq(start(&b, FOR_EVER), ERR_AGAIN);
    while (!b.done) {
        cr_assert_lt(partition_bytes_total(tp->log), 500);
        rig_append(tp, NULL, "a", ACK_NONE);
        catalog_commit(b.rig.catalog);
        appended++;
    }
    cr_assert_geq(partition_bytes_total(tp->log), 500);
    cr_assert_eq(strlen(b.values[0]), 2 * appended - 1);
    bed_close(&b);
}

Test(fetch, bytes_of_all_parts_count_together)
{
    struct bed b;

    bed_open(&b, 2);
    b.fetch.bytes_min = 100;
    add_part(&b, 0, FETCH_FROM_EARLIEST, 0);
    add_part(&b, 1, FETCH_FROM_EARLIEST, 0);
    cr_assert_eq(start(&b, FOR_EVER), ERR_AGAIN);
    rig_append(topic_partition(b.topic, 0), NULL, "a", ACK_NONE);
    catalog_commit(b.rig.catalog);
    cr_assert_not(b.done);
    rig_append(topic_partition(b.topic, 1), NULL, "b", ACK_NONE);
    catalog_commit(b.rig.catalog);
    cr_assert(b.done);
    cr_assert_str_eq(b.values[0], "a");
    cr_assert_str_eq(b.values[1], "b");
    bed_close(&b);
}

Test(fetch, enough_records_end_the_wait_for_bytes)
{
    struct bed b;

    bed_open(&b, 1);
    b.fetch.bytes_min = 100000;
    b.fetch.count_max = 2;
    add_part(&b, 0, FETCH_FROM_EARLIEST, 0);
    cr_assert_eq(start(&b, FOR_EVER), ERR_AGAIN);
    rig_append(topic_partition(b.topic, 0), NULL, "a", ACK_NONE);
    catalog_commit(b.rig.catalog);
    cr_assert_not(b.done);
    rig_append(topic_partition(b.topic, 0), NULL, "b", ACK_NONE);
    catalog_commit(b.rig.catalog);
    cr_assert(b.done);
    cr_assert_str_eq(b.values[0], "a b");
    bed_close(&b);
}

Test(fetch, answers_what_is_there_when_its_time_is_up)
{
    struct bed b;

    bed_open(&b, 1);
    b.fetch.bytes_min = 100000;
    add_part(&b, 0, FETCH_FROM_EARLIEST, 0);
    rig_append(topic_partition(b.topic, 0), NULL, "a", ACK_NONE);
    cr_assert_eq(start(&b, 5000), ERR_AGAIN);
    timers_run(&b.rig.timers, b.rig.clock.mono_us + 4999);
    cr_assert_not(b.done);
    timers_run(&b.rig.timers, b.rig.clock.mono_us + 5000);
    cr_assert(b.done);
    cr_assert_eq(b.err[0], ERR_OK);
    cr_assert_str_eq(b.values[0], "a");
    bed_close(&b);
}

Test(fetch, can_be_told_that_its_time_is_up)
{
    struct bed b;

    bed_open(&b, 1);
    add_part(&b, 0, FETCH_FROM_LATEST, 0);
    cr_assert_eq(start(&b, FOR_EVER), ERR_AGAIN);
    fetch_time_up(&b.fetch);
    cr_assert(b.done);
    cr_assert_eq(b.err[0], ERR_OK);
    cr_assert_str_eq(b.values[0], "");
    bed_close(&b);
}

Test(fetch, deletion_of_the_topic_ends_it_with_not_found)
{
    struct bed b;

    bed_open(&b, 2);
    add_part(&b, 0, FETCH_FROM_LATEST, 0);
    add_part(&b, 1, FETCH_FROM_LATEST, 0);
    cr_assert_eq(start(&b, FOR_EVER), ERR_AGAIN);
    catalog_delete_topic(b.rig.catalog, b.topic, NULL);
    cr_assert(b.done);
    cr_assert_eq(b.err[0], ERR_NOT_FOUND);
    cr_assert_eq(b.err[1], ERR_NOT_FOUND);
    rig_until_idle(&b.rig);
    bed_close(&b);
}

Test(fetch, a_part_with_an_error_ends_the_wait_of_all)
{
    struct bed b;

    bed_open(&b, 2);
    add_part(&b, 0, FETCH_FROM_LATEST, 0);
    add_part(&b, 1, FETCH_FROM_OFFSET, 9);
    b.parts[b.fetch.part_count++] = (struct fetch_part){.err = ERR_INVALID};
    cr_assert_eq(start(&b, FOR_EVER), ERR_OK);
    cr_assert_eq(b.err[0], ERR_OK);
    cr_assert_eq(b.err[1], ERR_RANGE);
    cr_assert_eq(b.err[2], ERR_INVALID);
    bed_close(&b);
}

Test(fetch, the_first_record_comes_whole_and_then_the_limit_of_bytes_holds)
{
    struct bed b;

    bed_open(&b, 2);
    for (int i = 0; i < 2; i++) {
        rig_append(topic_partition(b.topic, i), NULL, "a", ACK_NONE);
        catalog_commit(b.rig.catalog);
        rig_append(topic_partition(b.topic, i), NULL, "b", ACK_NONE);
        catalog_commit(b.rig.catalog);
    }
    b.fetch.bytes_max = 1;
    add_part(&b, 0, FETCH_FROM_EARLIEST, 0);
    add_part(&b, 1, FETCH_FROM_EARLIEST, 0);
    cr_assert_eq(start(&b, FOR_EVER), ERR_OK, "there is more, so nothing is waited for");
    cr_assert_str_eq(b.values[0], "a");
    cr_assert_str_eq(b.values[1], "");
    bed_close(&b);
}

Test(fetch, reading_ends_with_the_batch_that_reaches_the_count)
{
    struct bed b;

    bed_open(&b, 2);
    for (int i = 0; i < 3; i++) {
        rig_append(topic_partition(b.topic, 0), NULL, "a", ACK_NONE);
        catalog_commit(b.rig.catalog);
    }
    rig_append(topic_partition(b.topic, 1), NULL, "b", ACK_NONE);
    b.fetch.count_max = 2;
    add_part(&b, 0, FETCH_FROM_OFFSET, 0);
    add_part(&b, 1, FETCH_FROM_OFFSET, 0);
    if (start(&b, 0) == ERR_AGAIN)
        rig_until(&b.rig, &b.done);
    cr_assert_str_eq(b.values[0], "a a");
    cr_assert_str_eq(b.values[1], "");
    bed_close(&b);
}

Test(fetch, several_parts_that_workers_read_come_whole_in_one_answer)
{
    struct bed b;

    bed_open(&b, 3);
    for (int i = 0; i < 3; i++)
        rig_append_now(&b.rig, topic_partition(b.topic, i),
                       i == 0   ? "a"
                       : i == 1 ? "b"
                                : "c",
                       ACK_SYNCED);
    rig_restart(&b.rig); /* nothing is in memory any more */
    rig_fault(&b.rig, RIG_COLD);
    b.topic = catalog_find(b.rig.catalog, BYTES_LITERAL("t"));
    for (int i = 0; i < 3; i++)
        add_part(&b, i, FETCH_FROM_EARLIEST, 0);
    cr_assert_eq(start(&b, 0), ERR_AGAIN);
    rig_until(&b.rig, &b.done);
    cr_assert_str_eq(b.values[0], "a");
    cr_assert_str_eq(b.values[1], "b");
    cr_assert_str_eq(b.values[2], "c");
    bed_close(&b);
}

Test(fetch, what_memory_held_stays_good_while_a_worker_reads_the_next_part)
{
    struct bed b;
    struct topic_partition *warm;

    bed_open(&b, 2);
    rig_append_now(&b.rig, topic_partition(b.topic, 1), "cold", ACK_SYNCED);
    rig_restart(&b.rig);
    rig_fault(&b.rig, RIG_COLD);
    b.topic = catalog_find(b.rig.catalog, BYTES_LITERAL("t"));
    warm = topic_partition(b.topic, 0);
    rig_append_now(&b.rig, warm, "warm", ACK_WRITTEN);
    storage_set_tail_bytes_max(b.rig.storage, 0);
    add_part(&b, 0, FETCH_FROM_EARLIEST, 0);
    add_part(&b, 1, FETCH_FROM_EARLIEST, 0);
    cr_assert_eq(start(&b, 0), ERR_AGAIN);
    rig_until(&b.rig, &b.done);
    cr_assert_str_eq(b.values[0], "warm");
    cr_assert_str_eq(b.values[1], "cold");
    bed_close(&b);
}

Test(fetch, ending_it_while_a_worker_reads_calls_nobody)
{
    struct bed b;

    bed_open(&b, 1);
    rig_append_now(&b.rig, topic_partition(b.topic, 0), "a", ACK_SYNCED);
    rig_restart(&b.rig);
    rig_fault(&b.rig, RIG_COLD);
    b.topic = catalog_find(b.rig.catalog, BYTES_LITERAL("t"));
    add_part(&b, 0, FETCH_FROM_EARLIEST, 0);
    cr_assert_eq(start(&b, 0), ERR_AGAIN);
    fetch_end(&b.fetch);
    rig_until_idle(&b.rig);
    cr_assert_not(b.done);
    bed_close(&b);
}

Test(fetch, ending_a_parked_one_calls_nobody)
{
    struct bed b;

    bed_open(&b, 2);
    add_part(&b, 0, FETCH_FROM_LATEST, 0);
    add_part(&b, 1, FETCH_FROM_LATEST, 0);
    cr_assert_eq(start(&b, 1000), ERR_AGAIN);
    fetch_end(&b.fetch);
    fetch_end(&b.fetch); /* harmless */
    rig_append_now(&b.rig, topic_partition(b.topic, 0), "a", ACK_SYNCED);
    rig_until_idle(&b.rig);
    cr_assert_not(b.done);
    bed_close(&b);
}

Test(fetch, nothing_of_a_topic_is_seen_before_the_topic_is_durable)
{
    struct bed b;
    struct awaited a;

    bed_open(&b, 1);
    awaited_init(&a);
    cr_assert_eq(catalog_create_topic(b.rig.catalog, BYTES_LITERAL("new"), 1, NULL, 0, &a.change,
                                      &b.rig.why, &b.topic),
                 ERR_OK);
    rig_append(topic_partition(b.topic, 0), NULL, "a", ACK_NONE);
    add_part(&b, 0, FETCH_FROM_EARLIEST, 0);
    cr_assert_eq(start(&b, 0), ERR_AGAIN);
    for (int i = 0; i < 10000 && !b.done; i++) {
        cr_assert(b.topic->creating);
        rig_turn_and_wait(&b.rig);
    }
    cr_assert(b.done);
    cr_assert_not(b.topic->creating);
    cr_assert_str_eq(b.values[0], "a");
    rig_until(&b.rig, &a.done);
    bed_close(&b);
}

Test(fetch, retention_that_overtakes_a_parked_earliest_is_no_error)
{
    struct bed b;

    bed_open(&b, 1);
    add_part(&b, 0, FETCH_FROM_EARLIEST, 0);
    cr_assert_eq(start(&b, FOR_EVER), ERR_AGAIN);
    rig_append_now(&b.rig, topic_partition(b.topic, 0), "a", ACK_WRITTEN);
    cr_assert(b.done);
    cr_assert_eq(b.err[0], ERR_OK);
    bed_close(&b);
}

/* --- questions for offsets ------------------------------------------------------------------- */

struct asked {
    struct offset_query query;
    bool done;
};

static void query_done(struct offset_query *q)
{
    CONTAINER_OF(q, struct asked, query)->done = true;
}

static int64_t ask(struct bed *b, enum fetch_from from, int64_t value, int64_t *timestamp_ms)
{
    struct asked a = {
        .query = {
            .tp = topic_partition(b->topic, 0), .from = from, .value = value, .done = query_done}};
    int64_t offset;

    if (offset_query_start(&a.query) == ERR_AGAIN)
        rig_until(&b->rig, &a.done);
    cr_assert_eq(a.query.err, ERR_OK);
    offset = a.query.offset;
    *timestamp_ms = a.query.timestamp_ms;
    offset_query_end(&a.query);
    offset_query_end(&a.query); /* harmless */
    return offset;
}

Test(offset_query, counts_what_was_appended_in_the_same_turn)
{
    struct bed b;
    int64_t ms;

    bed_open(&b, 1);
    rig_append(topic_partition(b.topic, 0), NULL, "a", ACK_NONE);
    cr_assert_eq(ask(&b, FETCH_FROM_LATEST, 0, &ms), 1);
    cr_assert_eq(ms, -1);
    cr_assert_eq(ask(&b, FETCH_FROM_EARLIEST, 0, &ms), 0);
    cr_assert_eq(ask(&b, FETCH_FROM_TIME, 0, &ms), 0);
    cr_assert_eq(ms, RIG_RECORD_MS);
    cr_assert_eq(ask(&b, FETCH_FROM_TIME, RIG_RECORD_MS + 1, &ms), 1);
    cr_assert_eq(ms, -1);
    bed_close(&b);
}

Test(offset_query, of_a_deleted_topic_is_not_found)
{
    struct bed b;
    struct asked a = {.query = {.from = FETCH_FROM_LATEST, .done = query_done}};

    bed_open(&b, 1);
    topic_ref(b.topic);
    rig_delete(&b.rig, b.topic);
    a.query.tp = topic_partition(b.topic, 0);
    cr_assert_eq(offset_query_start(&a.query), ERR_OK);
    cr_assert_eq(a.query.err, ERR_NOT_FOUND);
    offset_query_end(&a.query);
    topic_unref(b.topic);
    rig_until_idle(&b.rig);
    bed_close(&b);
}
