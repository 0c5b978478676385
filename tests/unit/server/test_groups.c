/* SPDX-License-Identifier: BSD-3-Clause */
/* Consumer groups in a whole broker: what each command answers, byte by byte, and in which order. */
#include "server/broker.h"
#include "support/memory_client.h"
#include "unit/storage/fake_disk.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#define EXPECT_STR(got, wanted) cr_expect_str_eq((got), (wanted))

static struct {
    struct config config;
    struct clock clock;
    struct trace trace;
    struct fake_disk *disk;
    struct broker *broker;
    struct memory_client *client, *other;
} f;

static void stand_still(struct clock *clock)
{
    (void)clock;
}

static void no_sink(struct trace *t, enum trace_level level, const char *line)
{
    (void)t;
    (void)level;
    (void)line;
}

static void no_figures(struct services *sv, struct process_figures *figures)
{
    (void)sv;
    *figures = (struct process_figures){.allocator = "none"};
}

static struct memory_client *connect_client(void)
{
    struct memory_client *c = memory_client_create();
    broker_accept(f.broker, &c->stream);
    return c;
}

static void start_broker(void)
{
    struct broker_options options = {.config = &f.config,
                                     .disk = &f.disk->disk,
                                     .clock = &f.clock,
                                     .trace = &f.trace,
                                     .seed = 1,
                                     .config_file = "",
                                     .process_figures = no_figures};
    cr_assert_eq(broker_create(&options, &f.broker), ERR_OK);
    f.client = connect_client();
    f.other = connect_client();
}

static void end_broker(void)
{
    f.disk->hold = false;
    enum err err = broker_destroy(f.broker);
    (void)err; /* a disk that was made to fail fails here too */
    memory_client_destroy(f.client);
    memory_client_destroy(f.other);
}

static void setup(void)
{
    config_init(&f.config);
    f.clock = (struct clock){.wall_ms = 1000000, .mono_us = 1000000, .update = stand_still};
    f.trace = (struct trace){.level = TRACE_WARNING, .sink = no_sink};
    f.disk = fake_disk_create();
    start_broker();
}

static void teardown(void)
{
    end_broker();
    fake_disk_destroy(f.disk);
    config_deinit(&f.config);
}

TestSuite(broker_groups, .init = setup, .fini = teardown);

/* Turns, with time going on a little, until jobs and timers have nothing more to do. */
static void settle(void)
{
    for (int i = 0; i < 50; i++) {
        f.clock.mono_us += 1000;
        memory_client_turn(f.client);
        memory_client_turn(f.other);
        broker_tick(f.broker);
    }
}

static const char *answer(struct memory_client *c, const char *lines)
{
    memory_client_send(c, lines);
    settle();
    return memory_client_received(c);
}

static const char *say(const char *lines)
{
    return answer(f.client, lines);
}

static const char *other_says(const char *lines)
{
    return answer(f.other, lines);
}

#define EXPECT_BEGINS(got, wanted) expect_begins(got, wanted, __LINE__)
static void expect_begins(const char *got, const char *wanted, int line)
{
    cr_expect_eq(strncmp(got, wanted, strlen(wanted)), 0, "line %d: %s", line, got);
}

#define EXPECT_HAS(got, wanted) expect_has(got, wanted, __LINE__)
static void expect_has(const char *got, const char *wanted, int line)
{
    cr_expect_not_null(strstr(got, wanted), "line %d: %s", line, got);
}

static void with_records(int count)
{
    EXPECT_STR(say("TOPIC CREATE t\r\n"), "+OK\r\n");
    for (int i = 0; i < count; i++) {
        char line[40];
        snprintf(line, sizeof(line), "PRODUCE t v%d TIMESTAMP 1000\r\n", i);
        EXPECT_BEGINS(say(line), "*2\r\n");
    }
}

#define RECORD(offset, value) "*5\r\n:" offset "\r\n:1000\r\n$-1\r\n$2\r\n" value "\r\n*0\r\n"
#define PART(count) "*1\r\n*3\r\n$1\r\nt\r\n:0\r\n*" count "\r\n"

/* --- CONSUME -------------------------------------------------------------------------------- */

Test(broker_groups, consume_answers_topic_partition_and_records)
{
    with_records(2);
    EXPECT_STR(say("CONSUME g m TOPICS t\r\n"), PART("2") RECORD("0", "v0") RECORD("1", "v1"));
    EXPECT_STR(say("CONSUME g m TOPICS t\r\n"), "*0\r\n");
}

Test(broker_groups, count_is_of_all_and_the_rest_comes_next)
{
    with_records(3);
    EXPECT_STR(say("CONSUME g m COUNT 2 TOPICS t\r\n"),
               PART("2") RECORD("0", "v0") RECORD("1", "v1"));
    EXPECT_STR(say("CONSUME g m COUNT 2 TOPICS t\r\n"), PART("1") RECORD("2", "v2"));
    EXPECT_STR(say("CONSUME g m COUNT 2 TOPICS t\r\n"), "*0\r\n");
}

Test(broker_groups, a_record_inside_a_batch_is_where_the_next_one_goes_on)
{
    EXPECT_STR(say("TOPIC CREATE t\r\nMPRODUCE t VALUES v0 v1 v2\r\n"),
               "+OK\r\n*1\r\n*3\r\n:0\r\n:0\r\n:3\r\n");
    EXPECT_BEGINS(say("CONSUME g m COUNT 1 TOPICS t\r\n"), PART("1") "*5\r\n:0\r\n");
    EXPECT_BEGINS(say("CONSUME g m COUNT 1 TOPICS t\r\n"), PART("1") "*5\r\n:1\r\n");
    EXPECT_BEGINS(say("CONSUME g m COUNT 1 TOPICS t\r\n"), PART("1") "*5\r\n:2\r\n");
}

Test(broker_groups, asking_again_commits_and_a_pipelined_one_does_not)
{
    with_records(2);
    EXPECT_BEGINS(say("CONSUME g m COUNT 1 TOPICS t\r\nCONSUME g m COUNT 1 TOPICS t\r\n"),
                  PART("1") RECORD("0", "v0") PART("1") RECORD("1", "v1"));
    EXPECT_HAS(say("GROUP OFFSETS g\r\n"), "$9\r\ncommitted\r\n$-1\r\n");
    EXPECT_STR(say("CONSUME g m TOPICS t\r\n"), "*0\r\n");
    EXPECT_HAS(say("GROUP OFFSETS g\r\n"), "$9\r\ncommitted\r\n:2\r\n");
}

Test(broker_groups, a_blocked_consume_is_woken_and_its_records_are_committed_by_the_next)
{
    with_records(0);
    EXPECT_STR(say("CONSUME g m BLOCK 0 TOPICS t\r\n"), "");
    other_says("PRODUCE t v0 TIMESTAMP 1000\r\n");
    EXPECT_STR(memory_client_received(f.client), PART("1") RECORD("0", "v0"));
    EXPECT_HAS(other_says("GROUP OFFSETS g\r\n"), "$9\r\ncommitted\r\n$-1\r\n");
    EXPECT_STR(say("CONSUME g m TOPICS t\r\n"), "*0\r\n");
    EXPECT_HAS(other_says("GROUP OFFSETS g\r\n"), "$9\r\ncommitted\r\n:1\r\n");
}

Test(broker_groups, a_late_reply_that_the_client_did_not_take_is_not_committed)
{
    with_records(0);
    EXPECT_STR(say("CONSUME g m BLOCK 0 TOPICS t\r\nCONSUME g m TOPICS t\r\n"), "");
    memory_client_make_room(f.client, 5); /* of the reply only its beginning gets through */
    other_says("PRODUCE t v0 TIMESTAMP 1000\r\n");
    EXPECT_STR(say("CONSUME g m TOPICS t\r\n"), "*1\r\n*");
    EXPECT_HAS(other_says("GROUP OFFSETS g\r\n"), "$9\r\ncommitted\r\n$-1\r\n");
}

Test(broker_groups, block_ends_with_an_empty_answer)
{
    with_records(0);
    EXPECT_STR(say("CONSUME g m BLOCK 500 TOPICS t\r\nPING\r\n"), "");
    f.clock.mono_us += 500000;
    settle();
    EXPECT_STR(memory_client_received(f.client), "*0\r\n+PONG\r\n");
}

Test(broker_groups, client_unblock_ends_the_wait)
{
    with_records(0);
    const char *id = say("CLIENT ID\r\n");
    char line[60];
    snprintf(line, sizeof(line), "CLIENT UNBLOCK %d TIMEOUT\r\n", atoi(id + 1));
    EXPECT_STR(say("CONSUME g m BLOCK 0 TOPICS t\r\n"), "");
    EXPECT_STR(other_says(line), ":1\r\n");
    EXPECT_STR(memory_client_received(f.client), "*0\r\n");
}

Test(broker_groups, unblocked_with_an_error_it_is_a_member_still)
{
    with_records(0);
    const char *id = say("CLIENT ID\r\n");
    char line[60];
    snprintf(line, sizeof(line), "CLIENT UNBLOCK %d ERROR\r\n", atoi(id + 1));
    EXPECT_STR(say("CONSUME g m BLOCK 0 TOPICS t\r\n"), "");
    EXPECT_STR(other_says(line), ":1\r\n");
    EXPECT_BEGINS(memory_client_received(f.client), "-UNBLOCKED ");
    EXPECT_STR(say("GROUP HEARTBEAT g m\r\n"), "+OK\r\n");
}

Test(broker_groups, inside_exec_nothing_waits)
{
    with_records(1);
    EXPECT_STR(say("MULTI\r\nCONSUME g m BLOCK 0 TOPICS t\r\nCONSUME g m BLOCK 0 TOPICS t\r\n"
                   "EXEC\r\n"),
               "+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n" PART("1") RECORD("0", "v0") "*0\r\n");
    EXPECT_HAS(say("GROUP OFFSETS g\r\n"), "$9\r\ncommitted\r\n$-1\r\n");
}

Test(broker_groups, a_client_that_goes_while_it_is_blocked_has_left)
{
    with_records(0);
    EXPECT_STR(say("CONSUME g m BLOCK 0 TOPICS t\r\n"), "");
    memory_client_end(f.client);
    settle();
    EXPECT_STR(other_says("GROUP HEARTBEAT g m\r\n"),
               "-UNKNOWNMEMBER 'm' is not a member of group 'g'\r\n");
}

Test(broker_groups, a_client_that_goes_between_leaves_what_it_did_not_commit)
{
    with_records(1);
    EXPECT_BEGINS(say("CONSUME g m TOPICS t\r\n"), PART("1"));
    memory_client_end(f.client);
    settle();
    EXPECT_STR(other_says("GROUP HEARTBEAT g m\r\n"), "+OK\r\n");
    EXPECT_BEGINS(other_says("CONSUME g m TOPICS t\r\n"), PART("1"));
}

Test(broker_groups, another_connection_fences_the_blocked_one)
{
    with_records(0);
    EXPECT_STR(say("CONSUME g m BLOCK 0 TOPICS t\r\n"), "");
    EXPECT_STR(other_says("CONSUME g m TOPICS t\r\n"), "*0\r\n");
    EXPECT_BEGINS(memory_client_received(f.client), "-FENCED member 'm' of group 'g' ");
}

Test(broker_groups, a_kicked_member_is_told_once)
{
    with_records(0);
    EXPECT_STR(say("CONSUME g m BLOCK 0 TOPICS t\r\n"), "");
    EXPECT_STR(other_says("GROUP KICK g m\r\n"), "+OK\r\n");
    EXPECT_STR(memory_client_received(f.client),
               "-UNKNOWNMEMBER member 'm' of group 'g' was kicked while its CONSUME was under "
               "way\r\n");
    EXPECT_STR(say("CONSUME g m TOPICS t\r\n"), "*0\r\n");
    EXPECT_STR(other_says("GROUP KICK g m\r\n"), "+OK\r\n");
    EXPECT_BEGINS(say("COMMIT g m\r\n"), "-UNKNOWNMEMBER member 'm' was removed from group 'g'");
    EXPECT_STR(say("CONSUME g m TOPICS t\r\n"), "*0\r\n");
}

Test(broker_groups, a_second_kick_does_not_use_up_what_the_member_is_told)
{
    with_records(0);
    EXPECT_STR(say("CONSUME g m TOPICS t\r\n"), "*0\r\n");
    EXPECT_STR(other_says("GROUP KICK g m\r\n"), "+OK\r\n");
    EXPECT_STR(other_says("GROUP KICK g m\r\n"),
               "-UNKNOWNMEMBER member 'm' was removed from group 'g' by GROUP KICK\r\n");
    EXPECT_BEGINS(say("CONSUME g m TOPICS t\r\n"), "-UNKNOWNMEMBER member 'm' was removed");
    EXPECT_STR(say("CONSUME g m TOPICS t\r\n"), "*0\r\n");
}

Test(broker_groups, lost_records_are_named_and_reset_goes_on)
{
    with_records(4);
    EXPECT_STR(say("TOPIC TRIM t 0 BEFORE 0\r\n"), ":0\r\n");
    EXPECT_STR(say("GROUP SEEK g t TO 1\r\n"), "*1\r\n*3\r\n$1\r\nt\r\n:0\r\n:1\r\n");
    EXPECT_STR(say("TOPIC TRIM t 0 BEFORE 3\r\n"), ":3\r\n");
    EXPECT_STR(
        say("CONSUME g m TOPICS t\r\n"),
        "*1\r\n*3\r\n$1\r\nt\r\n:0\r\n-OFFSETOUTOFRANGE group 'g' has lost offsets 1 to 2 of "
        "topic 't' partition 0, which begins at 3 and ends before 4: say RESET EARLIEST or "
        "RESET LATEST to go on\r\n");
    EXPECT_HAS(say("CONSUME g m RESET EARLIEST TOPICS t\r\n"),
               "ends before 4: it goes on at 3\r\n");
    EXPECT_STR(say("CONSUME g m RESET EARLIEST TOPICS t\r\n"), PART("1") RECORD("3", "v3"));
}

Test(broker_groups, reply_off_keeps_the_member_and_hands_out_nothing)
{
    with_records(1);
    EXPECT_STR(say("CLIENT REPLY OFF\r\nCONSUME g m TOPICS t\r\nCLIENT REPLY ON\r\n"), "+OK\r\n");
    EXPECT_BEGINS(say("CONSUME g m TOPICS t\r\n"), PART("1"));
}

Test(broker_groups, a_wrong_consume_says_what_is_wrong)
{
    EXPECT_STR(say("CONSUME g m COUNT 5\r\n"),
               "-ERR CONSUME ends with TOPICS topic [topic ...]\r\n");
    EXPECT_STR(say("CONSUME g m COUNT 0 TOPICS t\r\n"),
               "-ERR COUNT must be between 1 and 2147483647, and is 0\r\n");
    EXPECT_STR(say("CONSUME g m COUNT x TOPICS t\r\n"),
               "-ERR value is not an integer or out of range\r\n");
    EXPECT_STR(say("CONSUME g m RESET NEVER TOPICS t\r\n"),
               "-ERR RESET must be EARLIEST or LATEST, and is 'NEVER'\r\n");
    EXPECT_STR(say("CONSUME g m COMMIT LATER TOPICS t\r\n"),
               "-ERR COMMIT must be AUTO or MANUAL, and is 'LATER'\r\n");
    EXPECT_STR(say("CONSUME g m ASSIGNOR BEST TOPICS t\r\n"),
               "-ERR ASSIGNOR must be STICKY, RANGE or ROUNDROBIN, and is 'BEST'\r\n");
    EXPECT_STR(say("CONSUME g m WHATEVER 1 TOPICS t\r\n"), "-ERR syntax error\r\n");
    EXPECT_STR(say("CONSUME g/h m BLOCK 0 TOPICS t\r\n"),
               "-ERR not a name for a group: 'g/h'; it is 1 to 249 letters, digits, '.', '_' and "
               "'-', but not '.' or '..'\r\n");
    EXPECT_BEGINS(say("CONSUME g m TOPICS t t/1\r\n"), "-INVALIDTOPIC Illegal topic name 't/1'");
    EXPECT_BEGINS(say("CONSUME g m TOPICS __consumer_offsets\r\n"),
                  "-INVALIDTOPIC topic '__consumer_offsets' is internal and not for groups");
    EXPECT_BEGINS(say("CONSUME g m BLOCK -1 TOPICS t\r\n"), "-ERR BLOCK must be between 0 and ");
    EXPECT_STR(say("GROUP LIST\r\n"), "*0\r\n");
}

Test(broker_groups, options_come_in_any_order)
{
    with_records(1);
    EXPECT_BEGINS(say("CONSUME g m NOTIFY SESSION 6000 ASSIGNOR RANGE COMMIT MANUAL RESET EARLIEST "
                      "BLOCK 0 MAXBYTES 100 COUNT 1 TOPICS t\r\n"),
                  PART("1"));
    const char *members = say("GROUP MEMBERS g\r\n");
    EXPECT_HAS(members,
               "$10\r\nsession-ms\r\n:6000\r\n$6\r\ncommit\r\n$6\r\nmanual\r\n$5\r\nreset\r\n"
               "$8\r\nearliest\r\n");
    EXPECT_HAS(say("GROUP DESCRIBE g\r\n"), "$8\r\nassignor\r\n$5\r\nrange\r\n");
}

Test(broker_groups, with_notify_resp3_pushes_the_assignment_before_the_late_answer)
{
    EXPECT_STR(say("TOPIC CREATE t PARTITIONS 2\r\n"), "+OK\r\n");
    EXPECT_BEGINS(say("HELLO 3\r\n"), "%");
    EXPECT_STR(
        say("CONSUME g m BLOCK 0 NOTIFY TOPICS t\r\n"),
        ">5\r\n$10\r\nassignment\r\n$1\r\ng\r\n$1\r\nm\r\n:1\r\n*4\r\n$1\r\nt\r\n:0\r\n$1\r\nt\r\n"
        ":1\r\n");
    EXPECT_STR(other_says("CONSUME g n TOPICS t\r\n"), "*0\r\n");
    EXPECT_BEGINS(memory_client_received(f.client),
                  ">5\r\n$10\r\nassignment\r\n$1\r\ng\r\n$1\r\nm\r\n:2\r\n*2\r\n$1\r\nt\r\n:");
}

Test(broker_groups, resp2_gets_no_pushes)
{
    with_records(0);
    EXPECT_STR(say("CONSUME g m NOTIFY TOPICS t\r\n"), "*0\r\n");
    EXPECT_STR(other_says("CONSUME g n TOPICS t\r\n"), "*0\r\n");
    EXPECT_STR(say("PING\r\n"), "+PONG\r\n");
}

/* --- COMMIT --------------------------------------------------------------------------------- */

Test(broker_groups, commit_answers_when_it_is_on_the_device)
{
    with_records(2);
    EXPECT_BEGINS(say("CONSUME g m COMMIT MANUAL TOPICS t\r\n"), PART("2"));
    EXPECT_STR(say("COMMIT g m t 0 1\r\n"), "+OK\r\n"); /* and makes the topic */
    f.disk->hold = true;
    EXPECT_STR(say("COMMIT g m t 0 2 METADATA done\r\n"), "");
    fake_disk_settle(f.disk);
    settle();
    EXPECT_STR(memory_client_received(f.client), "+OK\r\n");
    f.disk->hold = false;
    EXPECT_HAS(say("GROUP OFFSETS g\r\n"), "$8\r\nmetadata\r\n$4\r\ndone\r\n");
}

Test(broker_groups, commit_without_triples_commits_what_was_handed_out)
{
    with_records(2);
    EXPECT_BEGINS(say("CONSUME g m COMMIT MANUAL TOPICS t\r\nCOMMIT g m\r\n"), PART("2"));
    EXPECT_HAS(say("GROUP OFFSETS g\r\n"), "$9\r\ncommitted\r\n$-1\r\n");
    EXPECT_STR(say("COMMIT g m\r\n"), "+OK\r\n");
    EXPECT_HAS(say("GROUP OFFSETS g\r\n"), "$9\r\ncommitted\r\n:2\r\n");
    EXPECT_STR(say("COMMIT g m\r\n"), "+OK\r\n");
}

Test(broker_groups, a_commit_that_cannot_be_is_refused_with_its_own_code)
{
    with_records(2);
    EXPECT_STR(say("COMMIT g m t 0 1\r\n"), "-UNKNOWNGROUP there is no group 'g'\r\n");
    EXPECT_BEGINS(say("CONSUME g m COMMIT MANUAL TOPICS t\r\n"), PART("2"));
    EXPECT_BEGINS(say("COMMIT g m t 0 9\r\n"), "-OFFSETOUTOFRANGE ");
    EXPECT_BEGINS(say("COMMIT g m t 1 0\r\n"), "-FENCED ");
    EXPECT_BEGINS(say("COMMIT g m u 0 0\r\n"), "-FENCED ");
    EXPECT_BEGINS(say("COMMIT g n t 0 1\r\n"), "-UNKNOWNMEMBER ");
    EXPECT_STR(say("COMMIT g m t 0 2\r\n"), "+OK\r\n");
    EXPECT_STR(say("COMMIT g m t 0 2\r\n"), "+OK\r\n");
    EXPECT_HAS(say("COMMIT g m t 0 1\r\n"), "GROUP SEEK");
    EXPECT_STR(say("COMMIT g m t 0\r\n"),
               "-ERR COMMIT needs a topic, a partition and an offset each time\r\n");
    EXPECT_STR(say("COMMIT g m t 0 x\r\n"), "-ERR value is not an integer or out of range\r\n");
    EXPECT_STR(say("COMMIT g m t 0 -1\r\n"), "-ERR an offset must be at least 0, and is -1\r\n");
}

Test(broker_groups, a_commit_that_does_not_fit_on_the_device_is_an_error)
{
    with_records(2);
    EXPECT_BEGINS(say("CONSUME g m COMMIT MANUAL TOPICS t\r\n"), PART("2"));
    EXPECT_STR(say("COMMIT g m t 0 1\r\n"), "+OK\r\n");
    f.disk->space_left = 0;
    EXPECT_BEGINS(say("COMMIT g m t 0 2\r\n"), "-NOSPACE ");
    f.disk->space_left = FAKE_SPACE_ENDLESS;
    EXPECT_STR(say("COMMIT g m t 0 2\r\n"), "+OK\r\n");
}

Test(broker_groups, what_is_committed_survives_a_power_cut)
{
    with_records(2);
    EXPECT_BEGINS(say("CONSUME g m COUNT 1 COMMIT MANUAL TOPICS t\r\n"), PART("1"));
    EXPECT_STR(say("COMMIT g m\r\n"), "+OK\r\n");
    fake_disk_power_off(f.disk);
    end_broker();
    fake_disk_power_on(f.disk, FAKE_KEEP_SYNCED, 1);
    start_broker();
    EXPECT_STR(say("CONSUME g m TOPICS t\r\n"), PART("1") RECORD("1", "v1"));
}

/* --- GROUP ---------------------------------------------------------------------------------- */

Test(broker_groups, a_quiet_partition_in_a_gap_does_not_starve_the_others)
{
    EXPECT_STR(say("TOPIC CREATE t PARTITIONS 2\r\n"), "+OK\r\n");
    EXPECT_BEGINS(say("PRODUCE t v0 PARTITION 0\r\n"), "*2\r\n");
    EXPECT_BEGINS(say("CONSUME g m COMMIT MANUAL TOPICS t\r\n"), PART("1"));
    EXPECT_STR(say("COMMIT g m\r\n"), "+OK\r\n");
    fake_disk_power_off(f.disk);
    end_broker();
    fake_disk_power_on(f.disk, FAKE_KEEP_SYNCED, 1);
    start_broker();
    EXPECT_BEGINS(say("PRODUCE t v1 PARTITION 1\r\n"), "*2\r\n");
    EXPECT_BEGINS(say("CONSUME g m COUNT 1 TOPICS t\r\n"), "*1\r\n*3\r\n$1\r\nt\r\n:1\r\n");
}

Test(broker_groups, offsets_that_a_power_cut_skipped_are_no_lag)
{
    EXPECT_BEGINS(say("PRODUCE t v0\r\n"), "*2\r\n");
    EXPECT_BEGINS(say("CONSUME g m COMMIT MANUAL TOPICS t\r\n"), PART("1"));
    EXPECT_STR(say("COMMIT g m\r\n"), "+OK\r\n");
    fake_disk_power_off(f.disk);
    end_broker();
    fake_disk_power_on(f.disk, FAKE_KEEP_SYNCED, 1);
    start_broker();
    const char *lag = say("GROUP LAG g\r\n");
    cr_expect_not_null(strstr(lag, "$3\r\nlag\r\n:0\r\n"), "%s", lag);
    EXPECT_BEGINS(say("PRODUCE t v1\r\n"), "*2\r\n");
    lag = say("GROUP LAG g\r\n");
    cr_expect_not_null(strstr(lag, "$3\r\nlag\r\n:1\r\n"), "%s", lag);
}

Test(broker_groups, records_that_were_lost_to_a_group_are_its_lag_also_when_the_log_is_empty)
{
    with_records(4);
    EXPECT_STR(say("GROUP SEEK g t TO 1\r\n"), "*1\r\n*3\r\n$1\r\nt\r\n:0\r\n:1\r\n");
    EXPECT_STR(say("TOPIC TRIM t 0 BEFORE 4\r\n"), ":4\r\n");
    EXPECT_HAS(say("GROUP LAG g\r\n"), "$3\r\nlag\r\n:3\r\n");
    EXPECT_BEGINS(say("PRODUCE t v\r\n"), "*2\r\n");
    EXPECT_HAS(say("GROUP LAG g\r\n"), "$3\r\nlag\r\n:4\r\n");
}

Test(broker_groups, config_resetstat_counts_from_nothing)
{
    with_records(1);
    say("CONSUME g m TOPICS t\r\nCONSUME g m TOPICS t\r\n");
    EXPECT_HAS(say("INFO groups\r\n"), "\r\ngroup_joins:1\r\n");
    EXPECT_STR(say("CONFIG RESETSTAT\r\n"), "+OK\r\n");
    const char *info = say("INFO groups\r\n");
    EXPECT_HAS(info, "\r\ngroup_joins:0\r\n");
    EXPECT_HAS(info, "\r\ngroup_rebalances:0\r\n");
    EXPECT_HAS(info, "\r\ngroup_members:1\r\n");
}

Test(broker_groups, list_names_groups_in_order)
{
    EXPECT_STR(say("GROUP LIST\r\n"), "*0\r\n");
    say("CONSUME b1 m TOPICS t\r\nCONSUME a m TOPICS t\r\nCONSUME b2 m TOPICS t\r\n");
    EXPECT_STR(say("GROUP LIST\r\n"), "*3\r\n$1\r\na\r\n$2\r\nb1\r\n$2\r\nb2\r\n");
    EXPECT_STR(say("GROUP LIST MATCH b*\r\n"), "*2\r\n$2\r\nb1\r\n$2\r\nb2\r\n");
    EXPECT_STR(say("GROUP LIST b*\r\n"), "-ERR syntax error\r\n");
}

Test(broker_groups, describe_is_a_map_with_members_and_what_they_have)
{
    with_records(1);
    say("CONSUME g m TOPICS t\r\nHELLO 3\r\n");
    const char *text = say("GROUP DESCRIBE g\r\n");
    EXPECT_BEGINS(text,
                  "%11\r\n$4\r\nname\r\n$1\r\ng\r\n$5\r\nstate\r\n$6\r\nStable\r\n$5\r\nepoch\r\n"
                  ":1\r\n$8\r\nassignor\r\n$6\r\nsticky\r\n$9\r\nunsettled\r\n:0\r\n");
    EXPECT_HAS(text, "$14\r\nempty-since-ms\r\n_\r\n");
    EXPECT_HAS(text, "$7\r\nmembers\r\n*1\r\n%14\r\n$4\r\nname\r\n$1\r\nm\r\n");
    EXPECT_HAS(text, "$5\r\nowned\r\n*1\r\n*2\r\n$1\r\nt\r\n:0\r\n$9\r\ngiving-up\r\n*0\r\n$7\r\n"
                     "pending\r\n*0\r\n");
}

Test(broker_groups, lag_is_told_per_partition_and_in_all)
{
    with_records(3);
    EXPECT_BEGINS(say("CONSUME g m COUNT 1 COMMIT MANUAL TOPICS t\r\n"), PART("1"));
    EXPECT_STR(say("COMMIT g m\r\n"), "+OK\r\n");
    EXPECT_STR(
        say("GROUP LAG g\r\n"),
        "*10\r\n$5\r\ngroup\r\n$1\r\ng\r\n$3\r\nlag\r\n:2\r\n$7\r\nlag-max\r\n:2\r\n$10\r\n"
        "lag-ms-max\r\n:999000\r\n$10\r\npartitions\r\n*1\r\n*18\r\n$5\r\ntopic\r\n$1\r\nt\r\n"
        "$9\r\npartition\r\n:0\r\n$9\r\ncommitted\r\n:1\r\n$8\r\nposition\r\n:1\r\n$9\r\n"
        "log-start\r\n:0\r\n$3\r\nend\r\n:3\r\n$3\r\nlag\r\n:2\r\n$6\r\nlag-ms\r\n:999000\r\n"
        "$5\r\nowner\r\n$1\r\nm\r\n");
}

Test(broker_groups, explain_is_an_array_of_sentences)
{
    with_records(1);
    EXPECT_BEGINS(say("CONSUME g m TOPICS t\r\n"), PART("1"));
    EXPECT_STR(
        say("GROUP EXPLAIN g\r\n"),
        "*1\r\n$100\r\nMember 'm' was handed up to 1 record that it has not committed: its next "
        "CONSUME does (COMMIT AUTO).\r\n");
    EXPECT_STR(say("GROUP EXPLAIN none\r\n"), "-UNKNOWNGROUP there is no group 'none'\r\n");
}

Test(broker_groups, seek_takes_every_form)
{
    with_records(4);
#define PLACE(offset) "*1\r\n*3\r\n$1\r\nt\r\n:0\r\n:" offset "\r\n"
    EXPECT_STR(say("GROUP SEEK g t TO LATEST\r\n"), PLACE("4"));
    EXPECT_STR(say("GROUP SEEK g t 0 TO EARLIEST\r\n"), PLACE("0"));
    EXPECT_STR(say("GROUP SEEK g t TO 3\r\n"), PLACE("3"));
    EXPECT_STR(say("GROUP SEEK g t TO SHIFT -2\r\n"), PLACE("1"));
    EXPECT_STR(say("GROUP SEEK g t 0 TO SHIFT 100\r\n"), PLACE("4"));
    EXPECT_STR(say("GROUP SEEK g t TO SHIFT -9223372036854775808\r\n"), PLACE("0"));
    EXPECT_STR(say("GROUP SEEK g t TO SHIFT 9223372036854775807\r\n"), PLACE("4"));
    EXPECT_STR(say("GROUP SEEK g t TO @1000\r\n"), PLACE("0"));
    EXPECT_STR(say("GROUP SEEK g t TO @1001\r\n"), PLACE("4"));
    EXPECT_STR(say("GROUP SEEK g t TO 2\r\nCONSUME g m TOPICS t\r\n"),
               PLACE("2") PART("2") RECORD("2", "v2") RECORD("3", "v3"));
}

Test(broker_groups, seek_refuses_what_cannot_be)
{
    with_records(2);
    EXPECT_BEGINS(say("GROUP SEEK g t TO 3\r\n"),
                  "-OFFSETOUTOFRANGE group 'g' cannot go to offset 3 of topic 't' partition 0: it "
                  "begins at 0 and ends before 2\r\n");
    EXPECT_STR(say("GROUP SEEK g none TO 0\r\n"), "-UNKNOWNTOPIC there is no topic 'none'\r\n");
    EXPECT_BEGINS(say("GROUP SEEK g t 1 TO 0\r\n"), "-UNKNOWNPARTITION ");
    EXPECT_STR(say("GROUP SEEK g t 0 0 0\r\n"), "-ERR syntax error\r\n");
    EXPECT_BEGINS(say("GROUP SEEK g t TO soon\r\n"), "-ERR invalid place 'soon'");
    EXPECT_STR(say("GROUP SEEK g t TO SHIFT x\r\n"),
               "-ERR value is not an integer or out of range\r\n");
    EXPECT_STR(say("GROUP LIST\r\n"), "*0\r\n");
    EXPECT_BEGINS(say("CONSUME g m TOPICS t\r\n"), PART("2"));
    EXPECT_BEGINS(say("GROUP SEEK g t TO 0\r\n"), "-GROUPNOTEMPTY group 'g' has 1 member, ");
}

Test(broker_groups, delete_forgets_a_group_without_members)
{
    with_records(1);
    EXPECT_BEGINS(say("CONSUME g m TOPICS t\r\n"), PART("1"));
    EXPECT_STR(say("COMMIT g m\r\n"), "+OK\r\n");
    EXPECT_BEGINS(say("GROUP DELETE g\r\n"), "-GROUPNOTEMPTY ");
    EXPECT_STR(say("GROUP LEAVE g m\r\nGROUP DELETE g\r\n"), "+OK\r\n+OK\r\n");
    EXPECT_STR(say("GROUP LIST\r\n"), "*0\r\n");
    EXPECT_STR(say("GROUP DELETE g\r\n"), "-UNKNOWNGROUP there is no group 'g'\r\n");
    EXPECT_BEGINS(say("CONSUME g m TOPICS t\r\n"), PART("1"));
}

Test(broker_groups, forget_takes_back_what_was_committed_of_a_topic_or_a_partition)
{
    EXPECT_STR(say("TOPIC CREATE t PARTITIONS 2\r\nTOPIC CREATE u\r\n"), "+OK\r\n+OK\r\n");
    EXPECT_BEGINS(say("GROUP FORGET g t\r\n"), "-UNKNOWNGROUP there is no group 'g'");
    EXPECT_BEGINS(say("GROUP SEEK g t TO EARLIEST\r\n"), "*2\r\n");
    EXPECT_BEGINS(say("GROUP SEEK g u TO EARLIEST\r\n"), "*1\r\n");
    EXPECT_BEGINS(say("GROUP OFFSETS g\r\n"), "*3\r\n");
    EXPECT_STR(say("GROUP FORGET g t 1\r\n"), "+OK\r\n");
    EXPECT_HAS(say("GROUP OFFSETS g\r\n"), "partition\r\n:0\r\n$9\r\ncommitted\r\n:0\r\n");
    EXPECT_HAS(say("GROUP OFFSETS g\r\n"), "partition\r\n:1\r\n$9\r\ncommitted\r\n$-1\r\n");
    EXPECT_STR(say("GROUP FORGET g t 1\r\n"), "+OK\r\n");
    EXPECT_STR(say("GROUP FORGET g t\r\n"), "+OK\r\n");
    EXPECT_BEGINS(say("GROUP OFFSETS g\r\n"), "*1\r\n");
    EXPECT_HAS(say("GROUP OFFSETS g\r\n"), "$1\r\nu\r\n");
    EXPECT_STR(say("GROUP FORGET g t\r\n"), "+OK\r\n");
    EXPECT_BEGINS(say("GROUP FORGET g none\r\n"), "-UNKNOWNTOPIC ");
    EXPECT_BEGINS(say("GROUP FORGET g t 2\r\n"), "-UNKNOWNPARTITION ");
    EXPECT_BEGINS(say("GROUP FORGET g t 0 1\r\n"), "-ERR syntax error");
    EXPECT_BEGINS(say("PRODUCE u v\r\nCONSUME g m TOPICS u\r\n"), "*2\r\n");
    EXPECT_BEGINS(say("GROUP FORGET g u\r\n"),
                  "-GROUPNOTEMPTY group 'g' has 1 member; what it committed");
}

Test(broker_groups, info_counts_groups_and_lists_them)
{
    with_records(2);
    EXPECT_BEGINS(say("CONSUME g m TOPICS t\r\n"), PART("2"));
    const char *text = say("INFO groups\r\n");
    EXPECT_HAS(text, "\r\ngroups:1\r\ngroup_members:1\r\ngroup_joins:1\r\n");
    EXPECT_HAS(text, "\r\ngroup_g:state=Stable,members=1,epoch=1,partitions=1,unsettled=0,lag=2\r\n"
                     "groups_not_listed:0\r\n");
}
