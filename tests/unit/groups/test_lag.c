/* SPDX-License-Identifier: BSD-3-Clause */
/* How far behind a group is. */
#include "consumer.h"

#include "groups/commit.h"
#include "groups/lag.h"
#include <criterion/criterion.h>

static struct group_rig b;
static struct connection one;

static void setup(void)
{
    group_rig_open(&b);
    connection_open(&one);
}

static void teardown(void)
{
    connection_close(&one);
    group_rig_close(&b);
}

TestSuite(lag, .init = setup, .fini = teardown);

struct answer {
    struct lag_query query;
    bool done;
};

static void on_done(struct lag_query *q)
{
    CONTAINER_OF(q, struct answer, query)->done = true;
}

static struct group *the_group(void)
{
    return groups_find(b.groups, BYTES_LITERAL("g"));
}

static void measure(struct answer *a)
{
    *a = (struct answer){.query = {.groups = b.groups, .group = the_group(), .done = on_done}};
    a->done = lag_query_start(&a->query) == ERR_OK;
    rig_until(&b.rig, &a->done);
}

/* The group g has read what there was in topic t; then come records, one per second, the last one now. */
static struct topic *behind_by(int partitions, int records)
{
    struct topic *t = rig_topic(&b.rig, "t", partitions);
    cr_assert_str_eq(answer_to(&b, &one, "m", NULL, "t"), "");
    for (int i = 0; i < records; i++) {
        struct record r = {.timestamp_ms = b.rig.clock.wall_ms - (records - 1 - i) * 1000,
                           .key = BYTES_NULL,
                           .value = BYTES_LITERAL("x")};
        struct appended appended;
        cr_assert_eq(topic_append(t->partitions[0], &r, 1, ACK_WRITTEN, &appended), ERR_OK);
        rig_turn(&b.rig);
    }
    return t;
}

Test(lag, is_counted_in_records_and_in_the_age_of_the_oldest)
{
    behind_by(2, 4);
    struct answer a;
    measure(&a);
    cr_assert_eq(a.query.part_count, 2);
    cr_expect_eq(a.query.parts[0].records, 4);
    cr_expect_eq(a.query.parts[0].ms, 3000);
    cr_expect_eq(a.query.parts[0].end, 4);
    cr_expect_eq(a.query.parts[1].records, 0);
    cr_expect_eq(a.query.parts[1].ms, 0);
    cr_expect_eq(a.query.records, 4);
    cr_expect_eq(a.query.records_max, 4);
    cr_expect_eq(a.query.ms_max, 3000);
    lag_query_end(&a.query);
}

Test(lag, begins_at_what_is_committed)
{
    behind_by(1, 4);
    commit_start(group_rig_partition(&b, "g", "t", 0), 3);
    struct answer a;
    measure(&a);
    cr_expect_eq(a.query.records, 1);
    cr_expect_eq(a.query.ms_max, 0);
    lag_query_end(&a.query);
}

Test(lag, counts_what_was_appended_in_the_same_turn)
{
    struct topic *t = behind_by(1, 0);
    rig_append(t->partitions[0], NULL, "x", ACK_WRITTEN);
    struct answer a;
    measure(&a);
    cr_expect_eq(a.query.records, 1);
    lag_query_end(&a.query);
}

Test(lag, reads_the_age_through_a_worker_when_it_must)
{
    behind_by(1, 4);
    groups_close(b.groups);
    rig_restart(&b.rig); /* nothing is in memory any more */
    group_rig_open_groups(&b);
    connection_close(&one);
    connection_open(&one);
    const struct consume_options mute = {.mute = true};
    cr_assert_str_eq(answer_to(&b, &one, "m", &mute, "t"), "");
    rig_fault(&b.rig, RIG_COLD);
    struct answer a = {.query = {.groups = b.groups, .group = the_group(), .done = on_done}};
    cr_assert_eq(lag_query_start(&a.query), ERR_AGAIN);
    rig_until(&b.rig, &a.done);
    cr_expect_eq(a.query.records, 4);
    cr_expect_eq(a.query.ms_max, 3000);
    lag_query_end(&a.query);
    rig_fault(&b.rig, RIG_NO_FAULT);
}

Test(lag, a_question_that_is_given_up_leaves_nothing_behind)
{
    behind_by(1, 4);
    rig_fault(&b.rig, RIG_COLD);
    struct answer a = {.query = {.groups = b.groups, .group = the_group(), .done = on_done}};
    enum err err = lag_query_start(&a.query);
    (void)err;
    lag_query_end(&a.query);
    rig_turn_and_wait(&b.rig);
    cr_expect_not(a.done);
    rig_fault(&b.rig, RIG_NO_FAULT);
}

Test(lag, of_a_topic_that_is_not_there_there_is_none)
{
    cr_assert_str_eq(answer_to(&b, &one, "m", NULL, "none"), "");
    struct answer a;
    measure(&a);
    cr_expect_eq(a.query.part_count, 0);
    cr_expect_eq(a.query.records, 0);
    lag_query_end(&a.query);
}
