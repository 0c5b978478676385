/* SPDX-License-Identifier: BSD-3-Clause */
#include "rig.h"

#include <criterion/criterion.h>

struct bed {
    struct rig rig;
    struct topic *topic;
    struct topic_partition *tp;
};

static void bed_open(struct bed *b)
{
    rig_open(&b->rig);
    b->topic = rig_topic(&b->rig, "t", 1);
    b->tp = topic_partition(b->topic, 0);
}

Test(ack, records_of_one_append_have_consecutive_offsets)
{
    struct bed b;

    bed_open(&b);
    cr_assert_eq(rig_append(b.tp, NULL, "a", ACK_NONE), 0);
    cr_assert_eq(rig_append(b.tp, NULL, "b", ACK_NONE), 1);
    rig_close(&b.rig);
}

Test(ack, written_is_told_by_the_commit_of_the_turn_and_not_before)
{
    struct bed b;
    struct awaited_ack a;

    bed_open(&b);
    rig_append_wait(b.tp, "a", ACK_WRITTEN, &a);
    cr_assert_not(a.done);
    catalog_commit(b.rig.catalog);
    cr_assert(a.done);
    cr_assert_eq(a.err, ERR_OK);
    cr_assert_eq(partition_next_offset(b.tp->log), 1);
    rig_close(&b.rig);
}

Test(ack, synced_comes_from_the_disk_after_written)
{
    struct bed b;
    struct awaited_ack written, synced;

    bed_open(&b);
    rig_append_wait(b.tp, "a", ACK_SYNCED, &synced);
    rig_append_wait(b.tp, "b", ACK_WRITTEN, &written);
    catalog_commit(b.rig.catalog);
    cr_assert(written.done);
    cr_assert_not(synced.done);
    rig_until(&b.rig, &synced.done);
    cr_assert_eq(synced.err, ERR_OK);
    cr_assert_geq(partition_batch_synced(b.tp->log), synced.wait.batch);
    rig_close(&b.rig);
}

Test(ack, what_is_appended_during_a_sync_rides_on_the_next)
{
    struct bed b;
    struct awaited_ack first, second;

    bed_open(&b);
    rig_append_wait(b.tp, "a", ACK_SYNCED, &first);
    catalog_commit(b.rig.catalog);
    rig_append_wait(b.tp, "b", ACK_SYNCED, &second);
    catalog_commit(b.rig.catalog);
    rig_until(&b.rig, &second.done);
    cr_assert(first.done);
    cr_assert_eq(second.err, ERR_OK);
    rig_close(&b.rig);
}

Test(ack, a_cancelled_wait_is_not_called)
{
    struct bed b;
    struct awaited_ack a, other;

    bed_open(&b);
    rig_append_wait(b.tp, "a", ACK_WRITTEN, &a);
    rig_append_wait(b.tp, "b", ACK_WRITTEN, &other);
    ack_wait_cancel(&a.wait);
    ack_wait_cancel(&a.wait); /* harmless */
    catalog_commit(b.rig.catalog);
    cr_assert(other.done);
    cr_assert_not(a.done);
    ack_wait_cancel(&other.wait);
    rig_close(&b.rig);
}

Test(ack, a_wait_for_a_batch_that_is_written_already_ends_with_the_commit)
{
    struct bed b;
    struct awaited_ack a, late;

    bed_open(&b);
    rig_append_wait(b.tp, "a", ACK_WRITTEN, &a);
    partition_commit(b.tp->log); /* as a reader does */
    cr_assert(a.done);
    late = a;
    late.done = false;
    ack_wait_start(&late.wait, b.tp, a.wait.batch, ACK_WRITTEN);
    cr_assert_not(late.done);
    catalog_commit(b.rig.catalog);
    cr_assert(late.done);
    cr_assert_eq(late.err, ERR_OK);
    rig_close(&b.rig);
}

/* Appends another record when the first is written. */
struct chain {
    struct ack_wait wait;
    struct topic_partition *tp;
    struct awaited_ack next;
};

static void chain_done(struct ack_wait *wait, enum err err)
{
    struct chain *chain = CONTAINER_OF(wait, struct chain, wait);

    cr_assert_eq(err, ERR_OK);
    rig_append_wait(chain->tp, "second", ACK_WRITTEN, &chain->next);
}

Test(ack, done_may_append_and_wait_again)
{
    struct bed b;
    struct chain chain = {.wait.done = chain_done};
    struct record record = {.value = BYTES_LITERAL("first")};
    struct appended appended;

    bed_open(&b);
    chain.tp = b.tp;
    cr_assert_eq(topic_append(b.tp, &record, 1, ACK_WRITTEN, &appended), ERR_OK);
    ack_wait_start(&chain.wait, b.tp, appended.batch, ACK_WRITTEN);
    catalog_commit(b.rig.catalog);
    rig_until(&b.rig, &chain.next.done);
    cr_assert_eq(partition_next_offset(b.tp->log), 2);
    rig_close(&b.rig);
}

Test(ack, deletion_ends_all_waits_with_not_found)
{
    struct bed b;
    struct awaited_ack written, synced;
    struct record record = {.value = BYTES_LITERAL("x")};
    struct appended appended;

    bed_open(&b);
    topic_ref(b.topic);
    rig_append_wait(b.tp, "a", ACK_WRITTEN, &written);
    rig_append_wait(b.tp, "b", ACK_SYNCED, &synced);
    catalog_delete_topic(b.rig.catalog, b.topic, NULL);
    cr_assert(written.done && synced.done);
    cr_assert_eq(written.err, ERR_NOT_FOUND);
    cr_assert_eq(synced.err, ERR_NOT_FOUND);
    cr_assert_eq(topic_append(b.tp, &record, 1, ACK_WRITTEN, &appended), ERR_NOT_FOUND);
    rig_until_idle(&b.rig);
    cr_assert_eq(topic_append(b.tp, &record, 1, ACK_WRITTEN, &appended), ERR_NOT_FOUND);
    topic_unref(b.topic);
    rig_close(&b.rig);
}

Test(ack, too_large_a_record_appends_nothing)
{
    struct bed b;
    static char data[4096];
    struct record record = {.value = {data, sizeof(data)}};
    struct bytes pair[] = {BYTES_LITERAL("max.message.bytes"), BYTES_LITERAL("1000")};
    struct appended appended;
    struct awaited a;

    bed_open(&b);
    awaited_init(&a);
    cr_assert_eq(catalog_set_config(b.rig.catalog, b.topic, pair, 1, &a.change, &b.rig.why),
                 ERR_OK);
    rig_until(&b.rig, &a.done);
    cr_assert_eq(topic_append(b.tp, &record, 1, ACK_WRITTEN, &appended), ERR_TOO_LARGE);
    cr_assert_eq(rig_append(b.tp, NULL, "small", ACK_NONE), 0);
    rig_close(&b.rig);
}

Test(ack, a_failed_write_ends_the_waits_with_the_cause)
{
    struct bed b;
    struct awaited_ack a, synced;

    bed_open(&b);
    rig_append_wait(b.tp, "a", ACK_WRITTEN, &a);
    rig_append_wait(b.tp, "a", ACK_SYNCED, &synced);
    rig_fault(&b.rig, RIG_WRITE_FULL);
    catalog_commit(b.rig.catalog);
    cr_assert(a.done && synced.done);
    cr_assert_eq(a.err, ERR_NOSPACE);
    cr_assert_eq(synced.err, ERR_NOSPACE);
    rig_fault(&b.rig, RIG_NO_FAULT);
    rig_append_now(&b.rig, b.tp, "b", ACK_SYNCED);
    cr_assert_eq(partition_next_offset(b.tp->log), 1);
    rig_close(&b.rig);
}

Test(ack, a_failed_sync_ends_the_waits_and_later_appends_fail)
{
    struct bed b;
    struct awaited_ack a;
    struct record record = {.value = BYTES_LITERAL("x")};
    struct appended appended;

    bed_open(&b);
    rig_fault(&b.rig, RIG_SYNC_FAILS);
    rig_append_wait(b.tp, "a", ACK_SYNCED, &a);
    rig_until(&b.rig, &a.done);
    cr_assert_eq(a.err, ERR_IO);
    cr_assert_eq(topic_append(b.tp, &record, 1, ACK_WRITTEN, &appended), ERR_FAILED);
    cr_assert(b.tp->refuses);
    rig_fault(&b.rig, RIG_NO_FAULT);
    rig_abandon(&b.rig);
}

Test(ack, records_without_a_key_keep_away_from_a_failed_partition)
{
    struct bed b;
    struct topic *t;
    struct awaited_ack a;

    bed_open(&b);
    t = rig_topic(&b.rig, "two", 2);
    rig_fault(&b.rig, RIG_SYNC_FAILS);
    rig_append_wait(topic_partition(t, 0), "a", ACK_SYNCED, &a);
    rig_until(&b.rig, &a.done);
    rig_fault(&b.rig, RIG_NO_FAULT);
    for (int i = 0; i < 4; i++) {
        catalog_begin_turn(b.rig.catalog);
        cr_assert_eq(topic_partition_for_key(t, BYTES_NULL)->number, 1);
    }
    rig_abandon(&b.rig);
}
