/* SPDX-License-Identifier: BSD-3-Clause */
/* CONSUME: what a member is handed, and what becomes of it when members and connections come and go. */
#include "consumer.h"
#include "groups/commit.h"

#include <criterion/criterion.h>
#include <stdio.h>

#define EXPECT_STR(got, wanted) cr_expect_str_eq((got), (wanted))

static struct group_rig b;
static struct connection one, two;
static const struct consume_options plain, manual = {.commit_mode = COMMIT_MANUAL},
                                           waiting = {.wait_us = -1};

static void setup(void)
{
    group_rig_open(&b);
    connection_open(&one);
    connection_open(&two);
}

static void teardown(void)
{
    connection_close(&one);
    connection_close(&two);
    group_rig_close(&b);
}

TestSuite(consume, .init = setup, .fini = teardown);

static struct topic_partition *topic_with(const char *name, int partitions, const char *value)
{
    struct topic *t = rig_topic(&b.rig, name, partitions);
    if (value != NULL)
        rig_append_now(&b.rig, t->partitions[0], value, ACK_WRITTEN);
    return t->partitions[0];
}

static int64_t committed(const char *topic)
{
    return group_rig_partition(&b, "g", topic, 0)->committed;
}

/* --- reading and committing -------------------------------------------------------------------- */

Test(consume, the_first_one_joins_and_reads_from_the_beginning)
{
    topic_with("t", 1, "a");
    EXPECT_STR(answer_to(&b, &one, "m", &plain, "t"), "t/0=a");
    cr_expect_eq(groups_find(b.groups, BYTES_LITERAL("g"))->member_count, 1);
    EXPECT_STR(answer_to(&b, &one, "m", &plain, "t"), "");
}

Test(consume, asking_for_more_commits_what_had_reached_the_client)
{
    topic_with("t", 1, "a");
    EXPECT_STR(answer_to(&b, &one, "m", &plain, "t"), "t/0=a");
    cr_expect_eq(committed("t"), -1);
    connection_receive(&one);
    EXPECT_STR(answer_to(&b, &one, "m", &plain, "t"), "");
    cr_expect_eq(committed("t"), 1);
}

Test(consume, one_that_is_pipelined_commits_nothing_and_goes_on)
{
    struct topic_partition *tp = topic_with("t", 1, "a");
    EXPECT_STR(answer_to(&b, &one, "m", &plain, "t"), "t/0=a");
    rig_append_now(&b.rig, tp, "b", ACK_WRITTEN);
    EXPECT_STR(answer_to(&b, &one, "m", &plain, "t"), "t/0=b");
    cr_expect_eq(committed("t"), -1);
    connection_receive(&one);
    EXPECT_STR(answer_to(&b, &one, "m", &plain, "t"), "");
    cr_expect_eq(committed("t"), 2);
}

Test(consume, with_commit_manual_nothing_is_committed)
{
    topic_with("t", 1, "a");
    EXPECT_STR(answer_to(&b, &one, "m", &manual, "t"), "t/0=a");
    connection_receive(&one);
    EXPECT_STR(answer_to(&b, &one, "m", &manual, "t"), "");
    cr_expect_eq(committed("t"), -1);
}

Test(consume, over_another_connection_what_was_not_committed_comes_again)
{
    topic_with("t", 1, "a");
    EXPECT_STR(answer_to(&b, &one, "m", &plain, "t"), "t/0=a");
    connection_receive(&one);
    EXPECT_STR(answer_to(&b, &two, "m", &plain, "t"), "t/0=a");
    cr_expect_eq(committed("t"), -1);
    cr_expect_eq(group_find_member(groups_find(b.groups, BYTES_LITERAL("g")), BYTES_LITERAL("m"))
                     ->client_changes,
                 1);
}

Test(consume, a_part_that_was_not_written_into_the_reply_comes_again)
{
    topic_with("t", 1, "a");
    struct consume c = {.groups = b.groups,
                        .group = BYTES_LITERAL("g"),
                        .member = BYTES_LITERAL("m"),
                        .topics = &(struct bytes){"t", 1},
                        .topic_count = 1,
                        .client = &one.client,
                        .options = {.count_max = 1, .bytes_max = 100, .session_ms = 1000}};
    cr_assert_eq(consume_start(&c), ERR_OK);
    cr_assert_eq(c.part_count, 1);
    consume_answered(&c, &one.out);
    consume_end(&c);
    EXPECT_STR(answer_to(&b, &one, "m", &plain, "t"), "t/0=a");
}

Test(consume, a_hot_partition_does_not_starve_a_quiet_one)
{
    struct topic *t = rig_topic(&b.rig, "t", 2);
    const struct consume_options little = {.count_max = 1};
    rig_append_now(&b.rig, t->partitions[0], "hot1", ACK_WRITTEN);
    rig_append_now(&b.rig, t->partitions[0], "hot2", ACK_WRITTEN);
    rig_append_now(&b.rig, t->partitions[1], "quiet", ACK_WRITTEN);
    EXPECT_STR(answer_to(&b, &one, "m", &little, "t"), "t/0=hot1");
    rig_append_now(&b.rig, t->partitions[0], "hot3", ACK_WRITTEN);
    EXPECT_STR(answer_to(&b, &one, "m", &little, "t"), "t/1=quiet");
    EXPECT_STR(answer_to(&b, &one, "m", &little, "t"), "t/0=hot2");
}

Test(consume, what_was_appended_in_the_same_turn_is_read)
{
    struct topic_partition *tp = topic_with("t", 1, NULL);
    rig_append(tp, NULL, "a", ACK_WRITTEN);
    EXPECT_STR(answer_to(&b, &one, "m", &plain, "t"), "t/0=a");
}

/* --- waiting -------------------------------------------------------------------------------- */

Test(consume, a_record_wakes_one_that_waits)
{
    struct topic *t = rig_topic(&b.rig, "t", 3);
    struct asked a;
    ask(&b, &one, &a, "m", &waiting, "t");
    cr_expect_not(a.done);
    rig_append(t->partitions[2], NULL, "a", ACK_WRITTEN);
    rig_until(&b.rig, &a.done);
    EXPECT_STR(a.text, "t/2=a");
    asked_end(&a);
}

Test(consume, when_its_time_is_up_the_answer_is_empty)
{
    topic_with("t", 1, NULL);
    const struct consume_options second = {.wait_us = 1000000};
    struct asked a;
    ask(&b, &one, &a, "m", &second, "t");
    group_rig_pass_ms(&b, 990);
    cr_expect_not(a.done);
    group_rig_pass_ms(&b, 10);
    cr_assert(a.done);
    EXPECT_STR(a.text, "");
    asked_end(&a);
}

Test(consume, one_without_partitions_waits_its_time_too)
{
    const struct consume_options second = {.wait_us = 1000000};
    struct asked a;
    ask(&b, &one, &a, "m", &second, "none");
    group_rig_pass_ms(&b, 990);
    cr_expect_not(a.done);
    group_rig_pass_ms(&b, 10);
    cr_assert(a.done);
    EXPECT_STR(a.text, "");
    asked_end(&a);
}

Test(consume, its_wait_is_ended_from_outside)
{
    topic_with("t", 1, NULL);
    struct asked a, idle;
    ask(&b, &one, &a, "m", &waiting, "t");
    ask(&b, &two, &idle, "n", &waiting, "none");
    consume_time_up(&a.consume);
    consume_time_up(&idle.consume);
    cr_assert(a.done && idle.done);
    EXPECT_STR(a.text, "");
    EXPECT_STR(idle.text, "");
    asked_end(&a);
    asked_end(&idle);
}

Test(consume, a_wait_that_is_given_up_leaves_the_member_where_it_is)
{
    topic_with("t", 1, NULL);
    struct asked a;
    ask(&b, &one, &a, "m", &waiting, "t");
    consume_give_up(&a.consume);
    asked_end(&a);
    cr_expect_eq(b.groups->member_count, 1);
}

Test(consume, inside_exec_it_does_not_wait)
{
    topic_with("t", 1, NULL);
    const struct consume_options frozen = {.frozen = true};
    EXPECT_STR(answer_to(&b, &one, "m", &frozen, "t"), "");
}

Test(consume, one_that_nobody_hears_keeps_the_member_and_hands_out_nothing)
{
    topic_with("t", 1, "a");
    const struct consume_options mute = {.mute = true, .wait_us = -1};
    EXPECT_STR(answer_to(&b, &one, "m", &mute, "t"), "");
    EXPECT_STR(answer_to(&b, &one, "m", &plain, "t"), "t/0=a");
}

/* Records that take a worker to read. */
static void with_cold_records(void)
{
    topic_with("t", 1, "a");
    connection_close(&one);
    connection_close(&two);
    groups_close(b.groups);
    rig_restart(&b.rig); /* nothing is in memory any more */
    group_rig_open_groups(&b);
    connection_open(&one);
    connection_open(&two);
    rig_fault(&b.rig, RIG_COLD);
}

Test(consume, what_is_not_in_memory_is_read_by_a_worker)
{
    struct asked a;
    with_cold_records();
    ask(&b, &one, &a, "m", &plain, "t");
    cr_expect_not(a.done);
    rig_until(&b.rig, &a.done);
    EXPECT_STR(a.text, "t/0=a");
    asked_end(&a);
}

Test(consume, a_member_that_is_kicked_while_a_worker_reads_is_told)
{
    struct asked a;
    with_cold_records();
    ask(&b, &one, &a, "m", &plain, "t");
    group_kick(group_find_member(groups_find(b.groups, BYTES_LITERAL("g")), BYTES_LITERAL("m")));
    cr_assert(a.done);
    EXPECT_STR(a.text, "-UNKNOWNMEMBER");
    asked_end(&a);
    rig_turn_and_wait(&b.rig);
}

Test(consume, while_a_worker_reads_for_one_that_does_not_wait_its_partition_stays_its_own)
{
    struct asked a, other;
    with_cold_records();
    ask(&b, &one, &a, "m", &plain, "t");
    ask(&b, &two, &other, "l", &waiting, "t"); /* first by name; the share of m stays m's */
    groups_settle(b.groups);
    rig_until(&b.rig, &a.done);
    EXPECT_STR(a.text, "t/0=a");
    cr_expect_not(other.done);
    asked_end(&a);
    asked_end(&other);
}

/* --- members -------------------------------------------------------------------------------- */

Test(consume, the_second_of_two_waits_for_the_only_partition_and_takes_it_when_the_first_leaves)
{
    struct topic_partition *tp = topic_with("t", 1, NULL);
    struct asked a;
    EXPECT_STR(answer_to(&b, &one, "m", &plain, "t"), "");
    ask(&b, &two, &a, "n", &waiting, "t");
    rig_append_now(&b.rig, tp, "a", ACK_WRITTEN);
    cr_expect_not(a.done);
    group_leave(group_find_member(groups_find(b.groups, BYTES_LITERAL("g")), BYTES_LITERAL("m")));
    groups_settle(b.groups);
    rig_until(&b.rig, &a.done);
    EXPECT_STR(a.text, "t/0=a");
    asked_end(&a);
}

Test(consume, one_that_waits_gives_up_its_share_to_who_joins_and_waits_on)
{
    struct topic *t = rig_topic(&b.rig, "t", 2);
    struct asked first, second;
    ask(&b, &one, &first, "m", &waiting, "t");
    ask(&b, &two, &second, "n", &waiting, "t");
    groups_settle(b.groups);
    cr_expect_not(first.done);
    for (int i = 0; i < 2; i++)
        rig_append_now(&b.rig, t->partitions[i], i == 0 ? "zero" : "one", ACK_WRITTEN);
    rig_until(&b.rig, &first.done);
    rig_until(&b.rig, &second.done);
    cr_expect_str_neq(first.text, second.text);
    cr_expect_eq(strlen(first.text) + strlen(second.text), strlen("t/0=zerot/1=one"));
    asked_end(&first);
    asked_end(&second);
}

Test(consume, the_same_member_over_another_connection_fences_the_one_that_waits)
{
    topic_with("t", 1, NULL);
    struct asked a;
    ask(&b, &one, &a, "m", &waiting, "t");
    EXPECT_STR(answer_to(&b, &two, "m", &plain, "t"), "");
    cr_assert(a.done);
    EXPECT_STR(a.text, "-FENCED");
    asked_end(&a);
}

Test(consume, a_connection_that_goes_while_it_waits_takes_the_member_along)
{
    topic_with("t", 1, NULL);
    struct asked a;
    ask(&b, &one, &a, "m", &waiting, "t");
    asked_end(&a);
    struct group *g = groups_find(b.groups, BYTES_LITERAL("g"));
    cr_expect(g == NULL || g->member_count == 0);
}

Test(consume, one_that_waits_is_told_that_it_was_kicked_and_joins_again_later)
{
    topic_with("t", 1, NULL);
    struct asked a;
    ask(&b, &one, &a, "m", &waiting, "t");
    group_kick(group_find_member(groups_find(b.groups, BYTES_LITERAL("g")), BYTES_LITERAL("m")));
    cr_assert(a.done);
    EXPECT_STR(a.text, "-UNKNOWNMEMBER");
    asked_end(&a);
    EXPECT_STR(answer_to(&b, &one, "m", &plain, "t"), "");
}

Test(consume, one_that_was_kicked_meanwhile_is_told_once)
{
    topic_with("t", 1, "a");
    EXPECT_STR(answer_to(&b, &one, "m", &plain, "t"), "t/0=a");
    group_kick(group_find_member(groups_find(b.groups, BYTES_LITERAL("g")), BYTES_LITERAL("m")));
    EXPECT_STR(answer_to(&b, &one, "m", &plain, "t"), "-UNKNOWNMEMBER");
    EXPECT_STR(answer_to(&b, &one, "m", &plain, "t"), "t/0=a");
}

Test(consume, another_assignor_than_the_groups_is_refused)
{
    topic_with("t", 1, NULL);
    const struct consume_options range = {.assignor_given = true, .assignor = ASSIGNOR_RANGE},
                                 sticky = {.assignor_given = true, .assignor = ASSIGNOR_STICKY};
    EXPECT_STR(answer_to(&b, &one, "m", &range, "t"), "");
    EXPECT_STR(answer_to(&b, &two, "n", &sticky, "t"), "-INVALID");
    EXPECT_STR(answer_to(&b, &two, "n", &plain, "t"), "");
}

Test(consume, names_that_cannot_be_are_refused)
{
    EXPECT_STR(answer_to(&b, &one, "a b", &plain, "t"), "-INVALID");
    cr_expect_eq(groups_count(b.groups), 0);
}

Test(consume, a_session_shorter_than_the_default_runs_out_in_its_time)
{
    topic_with("t", 1, NULL);
    const struct consume_options brief = {.session_ms = 1000};
    EXPECT_STR(answer_to(&b, &one, "m", &brief, "t"), "");
    group_rig_pass_ms(&b, 900);
    cr_expect_eq(b.groups->member_count, 1);
    group_rig_pass_ms(&b, 200);
    cr_expect_eq(b.groups->member_count, 0);
    cr_expect_eq(b.groups->stats.expired_sessions, 1);
}

Test(consume, who_asked_to_be_notified_hears_of_the_first_assignment_and_of_changes)
{
    rig_topic(&b.rig, "t", 2);
    const struct consume_options notify = {.notify = true};
    EXPECT_STR(answer_to(&b, &one, "m", &notify, "t"), "");
    groups_settle(b.groups);
    cr_expect_eq(one.told, 1);
    EXPECT_STR(answer_to(&b, &two, "n", &plain, "t"), "");
    groups_settle(b.groups);
    cr_expect_eq(one.told, 2);
    cr_expect_eq(two.told, 0);
}

/* --- topics and places ------------------------------------------------------------------------ */

Test(consume, a_topic_that_is_not_there_yet_is_waited_for)
{
    struct asked a;
    ask(&b, &one, &a, "m", &waiting, "t");
    cr_expect_not(a.done);
    topic_with("t", 1, "a");
    groups_settle(b.groups);
    rig_until(&b.rig, &a.done);
    EXPECT_STR(a.text, "t/0=a");
    asked_end(&a);
}

Test(consume, when_a_topic_is_deleted_one_that_waits_goes_on_with_the_rest)
{
    struct topic *t = rig_topic(&b.rig, "t", 1);
    struct topic *u = rig_topic(&b.rig, "u", 1);
    struct asked a;
    ask(&b, &one, &a, "m", &waiting, "t u");
    rig_delete(&b.rig, t);
    groups_settle(b.groups);
    cr_expect_not(a.done);
    rig_append(u->partitions[0], NULL, "a", ACK_WRITTEN);
    rig_until(&b.rig, &a.done);
    EXPECT_STR(a.text, "u/0=a");
    asked_end(&a);
}

Test(consume, reset_latest_begins_at_the_end_and_commits_that_at_once)
{
    struct topic_partition *tp = topic_with("t", 1, "a");
    const struct consume_options latest = {.reset = RESET_LATEST};
    EXPECT_STR(answer_to(&b, &one, "m", &latest, "t"), "");
    cr_expect_eq(committed("t"), 1);
    rig_append_now(&b.rig, tp, "b", ACK_WRITTEN);
    EXPECT_STR(answer_to(&b, &one, "m", &latest, "t"), "t/0=b");
}

Test(consume,
     reset_latest_begins_where_the_log_ended_when_the_partition_was_taken_though_others_were_read)
{
    struct topic_partition *s = topic_with("s", 1, "a"), *t = topic_with("t", 1, "old");
    const struct consume_options little = {.reset = RESET_LATEST, .count_max = 1};
    EXPECT_STR(answer_to(&b, &one, "m", &plain, "s"), "s/0=a");
    connection_receive(&one);
    rig_append_now(&b.rig, s, "b", ACK_WRITTEN);
    EXPECT_STR(answer_to(&b, &one, "m", &little, "s t"), "s/0=b");
    rig_append_now(&b.rig, t, "new", ACK_WRITTEN);
    EXPECT_STR(answer_to(&b, &one, "m", &little, "s t"), "t/0=new");
}

Test(consume, reset_latest_begins_where_the_log_ended_when_the_partition_was_taken_unheard)
{
    struct topic_partition *tp = topic_with("t", 1, "old");
    const struct consume_options mute = {.reset = RESET_LATEST, .mute = true};
    const struct consume_options latest = {.reset = RESET_LATEST};
    EXPECT_STR(answer_to(&b, &one, "m", &mute, "t"), "");
    rig_append_now(&b.rig, tp, "new", ACK_WRITTEN);
    EXPECT_STR(answer_to(&b, &one, "m", &latest, "t"), "t/0=new");
}

static void trim(struct topic_partition *tp, int64_t offset)
{
    struct partition_trim t = {0};
    enum err err = partition_trim(tp->log, offset, &t);
    cr_assert(err == ERR_OK || err == ERR_AGAIN);
    partition_trim_end(&t);
}

/* A member that read the first of five records, of which then four are gone. */
static struct topic_partition *overtaken(void)
{
    struct topic_partition *tp = topic_with("t", 1, "0");
    EXPECT_STR(answer_to(&b, &one, "m", &plain, "t"), "t/0=0");
    connection_receive(&one);
    EXPECT_STR(answer_to(&b, &one, "m", &plain, "t"), "");
    for (int i = 1; i < 5; i++) {
        char value[] = {(char)('0' + i), '\0'};
        rig_append_now(&b.rig, tp, value, ACK_WRITTEN);
    }
    trim(tp, 4);
    return tp;
}

Test(consume, without_reset_records_that_were_lost_are_an_error_each_time_and_counted_once)
{
    overtaken();
    EXPECT_STR(answer_to(&b, &one, "m", &plain, "t"), "t/0=-RANGE 1..4 at -1");
    EXPECT_STR(answer_to(&b, &one, "m", &plain, "t"), "t/0=-RANGE 1..4 at -1");
    cr_expect_eq(b.groups->stats.lost_ranges, 1);
    cr_expect_eq(b.groups->stats.lost_records, 3);
    cr_expect_eq(committed("t"), 1);
    cr_expect_not_null(strstr(b.rig.traced, "3 records are lost to it"));
}

Test(consume, one_that_may_wait_is_told_of_lost_records_at_once_and_other_partitions_flow)
{
    overtaken();
    topic_with("u", 1, "a");
    EXPECT_STR(answer_to(&b, &one, "m", &waiting, "t u"), "t/0=-RANGE 1..4 at -1 | u/0=a");
}

Test(consume, a_partition_with_lost_records_does_not_starve_the_others)
{
    overtaken();
    topic_with("u", 1, "a");
    const struct consume_options little = {.count_max = 1};
    EXPECT_STR(answer_to(&b, &one, "m", &little, "t u"), "t/0=-RANGE 1..4 at -1");
    EXPECT_STR(answer_to(&b, &one, "m", &little, "t u"), "u/0=a");
}

Test(consume, reset_earliest_tells_of_lost_records_once_and_goes_on)
{
    overtaken();
    const struct consume_options earliest = {.reset = RESET_EARLIEST};
    EXPECT_STR(answer_to(&b, &one, "m", &earliest, "t"), "t/0=-RANGE 1..4 at 4");
    cr_expect_eq(committed("t"), 4);
    EXPECT_STR(answer_to(&b, &one, "m", &earliest, "t"), "t/0=4");
    cr_expect_eq(b.groups->stats.lost_ranges, 1);
}

Test(consume, what_was_committed_ahead_of_the_position_is_not_lost)
{
    overtaken();
    struct group_partition *gp = group_rig_partition(&b, "g", "t", 0);
    struct commit ahead = {.gp = gp, .offset = 4};
    struct commit_result result;
    cr_assert_eq(commit_offsets(gp->owner, &ahead, 1, ACK_WRITTEN, &b.rig.why, &result), ERR_OK);
    const struct consume_options earliest = {.reset = RESET_EARLIEST};
    EXPECT_STR(answer_to(&b, &one, "m", &earliest, "t"), "t/0=4");
    cr_expect_eq(b.groups->stats.lost_ranges, 0);
    cr_expect_eq(committed("t"), 4);
}

Test(consume, reset_latest_after_a_loss_goes_on_at_the_end)
{
    overtaken();
    const struct consume_options latest = {.reset = RESET_LATEST};
    EXPECT_STR(answer_to(&b, &one, "m", &plain, "t"), "t/0=-RANGE 1..4 at -1");
    EXPECT_STR(answer_to(&b, &one, "m", &latest, "t"), "t/0=-RANGE 1..4 at 5");
    EXPECT_STR(answer_to(&b, &one, "m", &latest, "t"), "");
    cr_expect_eq(committed("t"), 5);
    cr_expect_eq(b.groups->stats.lost_ranges, 1);
}
