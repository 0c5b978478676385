/* SPDX-License-Identifier: BSD-3-Clause */
/* GROUP EXPLAIN: each cause, brought about, is named; and not when it is not there. */
#include "consumer.h"

#include "base/glob.h"
#include "groups/commit.h"
#include "groups/explain.h"
#include <criterion/criterion.h>

static struct group_rig b;
static struct connection one, two, three;
static struct buf text; /* one sentence a line */
static const struct consume_options manual = {.commit_mode = COMMIT_MANUAL},
                                    waiting = {.wait_us = -1};

static void setup(void)
{
    group_rig_open(&b);
    connection_open(&one);
    connection_open(&two);
    connection_open(&three);
}

static void teardown(void)
{
    connection_close(&one);
    connection_close(&two);
    connection_close(&three);
    group_rig_close(&b);
    buf_deinit(&text);
}

TestSuite(explain, .init = setup, .fini = teardown);

static void add_line(void *ctx, struct bytes sentence)
{
    (void)ctx;
    buf_append_bytes(&text, sentence);
    buf_append_char(&text, '\n');
}

static struct group *the_group(void)
{
    return groups_find(b.groups, BYTES_LITERAL("g"));
}

static const char *explain(void)
{
    buf_clear(&text);
    group_explain(the_group(), add_line, NULL);
    buf_append_char(&text, '\0');
    return text.data;
}

#define EXPECT_SAYS(glob) \
    cr_expect(glob_match(BYTES_LITERAL("*" glob "*"), bytes_of_string(explain())), "%s", text.data)
#define EXPECT_SILENT(words) cr_expect_null(strstr(explain(), words), "%s", text.data)

static struct topic *topic_with(const char *name, int partitions, int records)
{
    struct topic *t = rig_topic(&b.rig, name, partitions);
    for (int i = 0; i < records; i++)
        rig_append_now(&b.rig, t->partitions[0], "x", ACK_WRITTEN);
    return t;
}

/* Member m of g has read (and committed) all of t. */
static struct topic *read_to_the_end(int partitions)
{
    struct topic *t = topic_with("t", partitions, 1);
    cr_assert_str_eq(answer_to(&b, &one, "m", NULL, "t"), "t/0=x");
    connection_receive(&one);
    cr_assert_str_eq(answer_to(&b, &one, "m", NULL, "t"), "");
    return t;
}

Test(explain, no_members)
{
    struct topic *t = read_to_the_end(1);
    rig_append_now(&b.rig, t->partitions[0], "x", ACK_WRITTEN);
    EXPECT_SILENT("no members");
    group_leave(group_find_member(the_group(), BYTES_LITERAL("m")));
    EXPECT_SAYS("Group 'g' has no members, since member 'm' left: nobody reads. 1 record waits");
}

Test(explain, no_members_and_nothing_committed)
{
    topic_with("t", 1, 1);
    cr_assert_str_eq(answer_to(&b, &one, "m", NULL, "t"), "t/0=x");
    group_leave(group_find_member(the_group(), BYTES_LITERAL("m")));
    EXPECT_SAYS("nobody reads, and nothing is committed.");
}

Test(explain, one_that_has_gone_away_with_records_left_is_told_at_once)
{
    topic_with("t", 1, 1);
    cr_assert_str_eq(answer_to(&b, &one, "m", NULL, "t"), "t/0=x");
    connection_close(&one);
    EXPECT_SAYS("Member 'm' (disconnected) is stalled");
    EXPECT_SILENT("The group is moving");
    connection_open(&one);
}

Test(explain, nothing_to_read_of_one_partition)
{
    read_to_the_end(1);
    EXPECT_SAYS("There is nothing to read: the one partition is read and committed to its end.");
}

Test(explain, nothing_to_read)
{
    struct topic *t = read_to_the_end(2);
    EXPECT_SAYS("There is nothing to read: all 2 partitions are read and committed");
    rig_append_now(&b.rig, t->partitions[0], "x", ACK_WRITTEN);
    EXPECT_SILENT("nothing to read");
    EXPECT_SAYS("is moving: 1 record waits");
}

Test(explain, a_member_that_stalls)
{
    struct topic *t = read_to_the_end(1);
    group_rig_pass_ms(&b, 12000);
    EXPECT_SILENT("stalled");
    rig_append_now(&b.rig, t->partitions[0], "x", ACK_WRITTEN);
    EXPECT_SAYS(
        "Member 'm' (client) is stalled, or long at work: it was last seen 12 s ago, and 1 record "
        "waits in its partitions. Its session runs out in 33 s");
    connection_close(&one);
    connection_open(&one);
    EXPECT_SAYS("Member 'm' (disconnected) is stalled");
}

Test(explain, a_partition_that_waits_for_its_old_owner)
{
    topic_with("t", 2, 0);
    cr_assert_str_eq(answer_to(&b, &one, "m", NULL, "t"), "");
    EXPECT_SILENT("old owner");
    cr_assert_str_eq(answer_to(&b, &two, "n", NULL, "t"), "");
    EXPECT_SAYS(
        "Partition ? of topic 't' waits for its old owner: member 'm' gives it up to 'n' with its "
        "next CONSUME, or when its session runs out in 45 s.");
    cr_assert_str_eq(answer_to(&b, &one, "m", NULL, "t"), "");
    EXPECT_SILENT("old owner");
    EXPECT_SAYS("Partition ? of topic 't' is free and waits for member 'n' to take it");
}

Test(explain, a_fenced_commit)
{
    topic_with("t", 1, 1);
    cr_assert_str_eq(answer_to(&b, &one, "m", &manual, "t"), "t/0=x");
    cr_assert_str_eq(answer_to(&b, &two, "n", &manual, "t"), "");
    EXPECT_SILENT("FENCED");
    struct commit c = {.topic = BYTES_LITERAL("t"),
                       .gp = group_rig_partition(&b, "g", "t", 0),
                       .offset = 1,
                       .metadata = BYTES_NULL};
    struct commit_result result;
    struct buf why = {0};
    struct member *n = group_find_member(the_group(), BYTES_LITERAL("n"));
    cr_assert_eq(commit_offsets(n, &c, 1, ACK_WRITTEN, &why, &result), ERR_FENCED);
    buf_deinit(&why);
    group_rig_pass_ms(&b, 3000);
    EXPECT_SAYS("A commit for partition 0 of topic 't' was refused (-FENCED) 3 s ago");
}

Test(explain, an_offset_out_of_range)
{
    struct topic *t = read_to_the_end(1);
    rig_append_now(&b.rig, t->partitions[0], "x", ACK_WRITTEN);
    rig_append_now(&b.rig, t->partitions[0], "x", ACK_WRITTEN);
    EXPECT_SILENT("stands");
    struct partition_trim trim = {0};
    enum err err = partition_trim(t->partitions[0]->log, 2, &trim);
    (void)err;
    partition_trim_end(&trim);
    EXPECT_SAYS(
        "Partition 0 of topic 't' stands: the group is to go on at offset 1, and the log begins at "
        "2 and ends before 3. CONSUME with RESET");
}

Test(explain, a_member_that_keeps_changing_connections)
{
    topic_with("t", 1, 0);
    for (int i = 0; i < 2; i++) {
        cr_assert_str_eq(answer_to(&b, &one, "m", NULL, "t"), "");
        EXPECT_SILENT("changing connections");
        cr_assert_str_eq(answer_to(&b, &two, "m", NULL, "t"), "");
    }
    EXPECT_SAYS("Member 'm' keeps changing connections, 3 times so far");
}

Test(explain, members_that_idle_because_there_are_too_few_partitions)
{
    topic_with("t", 1, 0);
    cr_assert_str_eq(answer_to(&b, &one, "m", NULL, "t"), "");
    EXPECT_SILENT("idle");
    cr_assert_str_eq(answer_to(&b, &two, "n", NULL, "t"), "");
    EXPECT_SAYS("1 of 2 members idles ('n'): there is 1 partition to share");
    cr_assert_str_eq(answer_to(&b, &three, "o", NULL, "t"), "");
    EXPECT_SAYS("2 of 3 members idle ('?' and others)");
}

Test(explain, a_topic_that_does_not_exist)
{
    cr_assert_str_eq(answer_to(&b, &one, "m", NULL, "t"), "");
    EXPECT_SAYS("Topic 't', which 1 member subscribes to, does not exist: they wait for it.");
    topic_with("t", 1, 0);
    EXPECT_SILENT("does not exist");
}

Test(explain, a_topic_that_nobody_subscribes_to_any_more)
{
    struct topic *t = read_to_the_end(1);
    topic_with("u", 1, 0);
    cr_assert_str_eq(answer_to(&b, &one, "m", NULL, "u"), "");
    EXPECT_SILENT("No member subscribes");
    rig_append_now(&b.rig, t->partitions[0], "x", ACK_WRITTEN);
    EXPECT_SAYS(
        "No member subscribes to topic 't', of which the group has read some: 1 record waits.");
}

Test(explain, records_that_were_handed_out_and_not_committed)
{
    topic_with("t", 1, 3);
    cr_assert_str_eq(answer_to(&b, &one, "m", &manual, "t"), "t/0=x x x");
    EXPECT_SAYS(
        "Member 'm' was handed up to 3 records that it has not committed: it says COMMIT MANUAL");
    connection_receive(&one);
    cr_assert_str_eq(answer_to(&b, &one, "m", NULL, "t"), "");
    EXPECT_SILENT("has not committed");
}

Test(explain, a_log_that_refuses)
{
    struct topic *t = read_to_the_end(1);
    EXPECT_SILENT("no more records");
    rig_fault(&b.rig, RIG_SYNC_FAILS);
    struct awaited_ack a;
    rig_append_wait(t->partitions[0], "x", ACK_SYNCED, &a);
    rig_until(&b.rig, &a.done);
    rig_fault(&b.rig, RIG_NO_FAULT);
    EXPECT_SAYS("Partition 0 of topic 't' takes no more records since a disk error");
    connection_close(&one);
    groups_close(b.groups);
    rig_abandon(&b.rig); /* its end tells of the error, as it should */
    group_rig_open(&b);
    connection_open(&one);
}

Test(explain, one_that_waits_is_not_stalled)
{
    topic_with("t", 1, 0);
    struct asked a;
    ask(&b, &one, &a, "m", &waiting, "t");
    group_rig_pass_ms(&b, 100000);
    EXPECT_SILENT("stalled");
    asked_end(&a);
}
