/* SPDX-License-Identifier: BSD-3-Clause */
/* The whole broker in one process, on a disk, a clock and connections in memory: what a reply promises,
 * and what becomes of replies when the disk does not do its part. */
#include "commands/command.h"
#include "server/broker.h"
#include "support/memory_client.h"
#include "unit/storage/fake_disk.h"

#include <criterion/criterion.h>

#define EXPECT_STR(got, wanted) cr_expect_str_eq((got), (wanted))

static struct {
    struct config config;
    struct clock clock;
    struct trace trace;
    struct fake_disk *disk;
    struct broker *broker;
    struct memory_client *client, *other;
    int64_t readings; /* of the clock, inside of turns */
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

TestSuite(broker, .init = setup, .fini = teardown);

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

static const char *say(const char *lines)
{
    memory_client_send(f.client, lines);
    settle();
    return memory_client_received(f.client);
}

/* A topic that is there, and a disk whose jobs now wait to be run by the test. */
static void with_topic_and_held_jobs(void)
{
    EXPECT_STR(say("TOPIC CREATE t\r\nPRODUCE t first\r\n"), "+OK\r\n*2\r\n:0\r\n:0\r\n");
    f.disk->hold = true;
}

Test(broker, a_synced_record_is_answered_after_its_sync_and_not_before)
{
    with_topic_and_held_jobs();
    EXPECT_STR(say("PRODUCE t second\r\n"), "");
    cr_assert(fake_disk_run_one(f.disk));
    settle();
    EXPECT_STR(memory_client_received(f.client), "*2\r\n:0\r\n:1\r\n");
}

Test(broker, a_written_record_is_answered_in_the_turn_that_wrote_it)
{
    with_topic_and_held_jobs();
    memory_client_send(f.client, "PRODUCE t second ACK WRITTEN\r\n");
    broker_tick(f.broker);
    EXPECT_STR(memory_client_received(f.client), "*2\r\n:0\r\n:1\r\n");
}

Test(broker, replies_behind_one_that_waits_for_its_sync_wait_too)
{
    with_topic_and_held_jobs();
    EXPECT_STR(say("PING\r\nPRODUCE t second\r\nPING\r\nPRODUCE t third ACK WRITTEN\r\n"),
               "+PONG\r\n");
    fake_disk_settle(f.disk);
    settle();
    EXPECT_STR(memory_client_received(f.client), "*2\r\n:0\r\n:1\r\n+PONG\r\n*2\r\n:0\r\n:2\r\n");
}

Test(broker, a_sync_under_way_holds_up_nobody_else)
{
    with_topic_and_held_jobs();
    EXPECT_STR(say("PRODUCE t second\r\n"), "");
    memory_client_send(f.other, "PING\r\nFETCH t 0 0 COUNT 1\r\n");
    settle();
    const char *received = memory_client_received(f.other);
    cr_expect_eq(strncmp(received, "+PONG\r\n*1\r\n*5\r\n:0\r\n", 19), 0, "%s", received);
}

Test(broker, what_gathers_during_a_sync_is_answered_by_the_next_one)
{
    with_topic_and_held_jobs();
    uint64_t syncs = f.disk->calls[FAKE_SYNC];
    EXPECT_STR(say("PRODUCE t 1\r\n"), "");
    EXPECT_STR(say("PRODUCE t 2\r\nPRODUCE t 3\r\nPRODUCE t 4\r\n"), "");
    f.disk->hold = false;
    settle();
    EXPECT_STR(memory_client_received(f.client), "*2\r\n:0\r\n:1\r\n*2\r\n:0\r\n:2\r\n"
                                                 "*2\r\n:0\r\n:3\r\n*2\r\n:0\r\n:4\r\n");
    cr_expect_leq(f.disk->calls[FAKE_SYNC] - syncs, 6, "a sync per group, not per record");
}

Test(broker, a_full_disk_is_an_error_in_the_place_of_the_reply_and_passes)
{
    EXPECT_STR(say("PRODUCE t first\r\n"), "*2\r\n:0\r\n:0\r\n");
    f.disk->space_left = 0;
    const char *received = say("PING\r\nPRODUCE t second\r\nPING\r\n");
    cr_expect_eq(strncmp(received, "+PONG\r\n-NOSPACE topic 't' partition 0: ", 39), 0, "%s",
                 received);
    cr_expect_not_null(strstr(received, "\r\n+PONG\r\n"));
    f.disk->space_left = FAKE_SPACE_ENDLESS;
    EXPECT_STR(say("PRODUCE t third\r\n"), "*2\r\n:0\r\n:1\r\n");
}

Test(broker, records_that_did_not_fit_never_appear)
{
    EXPECT_STR(say("PRODUCE t a\r\n"), "*2\r\n:0\r\n:0\r\n");
    f.disk->space_left = 10;
    cr_expect_not_null(strstr(say("PRODUCE t b\r\n"), "-NOSPACE"));
    f.disk->space_left = FAKE_SPACE_ENDLESS;
    EXPECT_STR(say("PRODUCE t c\r\n"), "*2\r\n:0\r\n:1\r\n");
    const char *received = say("FETCH t 0 0\r\n");
    cr_expect_not_null(strstr(received, "$1\r\na\r\n"));
    cr_expect_null(strstr(received, "$1\r\nb\r\n"));
    cr_expect_not_null(strstr(received, "$1\r\nc\r\n"));
}

Test(broker, a_failed_sync_is_told_and_sticks_while_reading_goes_on)
{
    EXPECT_STR(say("PRODUCE t first\r\n"), "*2\r\n:0\r\n:0\r\n");
    fake_disk_fail(f.disk, FAKE_SYNC, 0, 1, ERR_IO);
    const char *received = say("PRODUCE t second\r\nPING\r\n");
    cr_expect_eq(strncmp(received, "-LOGERROR topic 't' partition 0: ", 33), 0, "%s", received);
    cr_expect_not_null(strstr(received, "+PONG\r\n"));
    cr_expect_eq(strncmp(say("PRODUCE t third\r\n"), "-LOGERROR ", 10), 0);
    cr_expect_not_null(strstr(say("FETCH t 0 0\r\n"), "$5\r\nfirst\r\n"));
}

Test(broker, a_failed_element_of_exec_is_an_error_element)
{
    EXPECT_STR(say("PRODUCE t first\r\n"), "*2\r\n:0\r\n:0\r\n");
    f.disk->space_left = 0;
    const char *received = say("MULTI\r\nPING\r\nPRODUCE t x\r\nPING\r\nEXEC\r\n");
    cr_expect_not_null(strstr(received, "*3\r\n+PONG\r\n-NOSPACE "), "%s", received);
    cr_expect_not_null(strstr(received, "\r\n+PONG\r\n"), "%s", received);
}

Test(broker, a_fetch_in_exec_does_not_see_what_later_commands_of_it_append)
{
    with_topic_and_held_jobs();
    memory_client_send(f.other, "PRODUCE t second\r\n"); /* its sync holds up writing */
    settle();
    EXPECT_STR(say("MULTI\r\nPRODUCE t third ACK NONE\r\nFETCH t 0 2\r\n"
                   "PRODUCE t fourth ACK NONE\r\nEXEC\r\n"),
               "+OK\r\n+QUEUED\r\n+QUEUED\r\n+QUEUED\r\n*3\r\n*2\r\n:0\r\n:-1\r\n");
    f.disk->hold = false;
    settle();
    const char *received = memory_client_received(f.client);
    cr_expect_eq(strncmp(received, "*1\r\n*5\r\n:2\r\n", 12), 0, "%s", received);
    cr_expect_not_null(strstr(received, "$5\r\nthird\r\n"), "%s", received);
    cr_expect_null(strstr(received, "fourth"), "%s", received);
}

Test(broker, failures_without_a_reply_are_counted)
{
    EXPECT_STR(say("PRODUCE t first\r\n"), "*2\r\n:0\r\n:0\r\n");
    f.disk->space_left = 0;
    EXPECT_STR(say("CLIENT REPLY OFF\r\nPRODUCE t x\r\nPRODUCE t y\r\nCLIENT REPLY ON\r\n"),
               "+OK\r\n");
    cr_expect_not_null(strstr(say("INFO\r\n"), "unseen_append_failures:2\r\n"));
}

Test(broker, a_reader_that_waits_is_woken_by_the_record)
{
    EXPECT_STR(say("TOPIC CREATE t\r\nFETCH t 0 LATEST BLOCK 0\r\n"), "+OK\r\n");
    memory_client_send(f.other, "PRODUCE t hello\r\n");
    settle();
    cr_expect_not_null(strstr(memory_client_received(f.client), "$5\r\nhello\r\n"));
}

Test(broker, a_reader_that_waits_has_the_record_before_its_producer_hears_of_it)
{
    say("TOPIC CREATE t\r\nPRODUCE t first\r\n");
    settle();
    say("FETCH t 0 LATEST BLOCK 0\r\n");
    memory_client_send(f.other, "PRODUCE t hello ACK WRITTEN\r\n");
    settle();
    EXPECT_STR(memory_client_received(f.other), "*2\r\n:0\r\n:1\r\n");
    cr_expect_not_null(strstr(memory_client_received(f.client), "$5\r\nhello\r\n"));
    cr_expect_lt(f.client->written_at, f.other->written_at);
}

static int64_t read_clock(const struct clock *clock)
{
    return clock->mono_us * 1000 + ++f.readings * 1000;
}

Test(broker, what_a_reader_waits_for_is_not_in_its_time)
{
    f.clock.now_ns = read_clock;
    const struct services *sv = broker_services(f.broker);
    const struct command *fetch = command_by_name(sv->commands, BYTES_LITERAL("fetch"));
    say("TOPIC CREATE t\r\nFETCH t 0 0 BLOCK 60000\r\n");
    const struct command_stats *stats = command_stats(sv->commands, fetch);
    cr_expect_eq(stats->calls, 1);
    cr_expect_eq(stats->ran_ns, 1000);
    cr_expect_null(stats->latency, "it is not over");
    f.clock.mono_us += 30 * 1000000;
    memory_client_send(f.other, "PRODUCE t hello ACK WRITTEN\r\n");
    settle();
    cr_expect_eq(stats->ran_ns, 2000);
    cr_assert_not_null(stats->latency);
    cr_expect_eq(stats->latency->count, 1);
    cr_expect_eq(stats->latency->sum, 2000, "before it waited, and when it answered");
}

Test(broker, a_reader_that_waits_answers_empty_when_its_time_is_up)
{
    EXPECT_STR(say("TOPIC CREATE t\r\nFETCH t 0 LATEST BLOCK 500\r\nPING\r\n"), "+OK\r\n");
    f.clock.mono_us += 500000;
    settle();
    EXPECT_STR(memory_client_received(f.client), "*0\r\n+PONG\r\n");
}

Test(broker, deleting_a_topic_answers_who_waits_there)
{
    EXPECT_STR(say("TOPIC CREATE t\r\nFETCH t 0 LATEST BLOCK 0\r\n"), "+OK\r\n");
    memory_client_send(f.other, "TOPIC DELETE t\r\n");
    settle();
    EXPECT_STR(memory_client_received(f.client), "-UNKNOWNTOPIC topic 't' was deleted\r\n");
    EXPECT_STR(memory_client_received(f.other), "+OK\r\n");
}

Test(broker, a_client_that_goes_away_while_it_waits_leaves_nothing_behind)
{
    EXPECT_STR(say("TOPIC CREATE t\r\nFETCH t 0 LATEST BLOCK 0\r\n"), "+OK\r\n");
    memory_client_end(f.client);
    settle();
    cr_expect(f.client->closed);
    memory_client_send(f.other, "PRODUCE t hello\r\n");
    settle();
    EXPECT_STR(memory_client_received(f.other), "*2\r\n:0\r\n:0\r\n");
}

Test(broker, nothing_acknowledged_is_lost_by_a_power_cut)
{
    EXPECT_STR(say("TOPIC CREATE t\r\nPRODUCE t a\r\nPRODUCE t b\r\n"),
               "+OK\r\n*2\r\n:0\r\n:0\r\n*2\r\n:0\r\n:1\r\n");
    fake_disk_power_off(f.disk);
    end_broker();
    fake_disk_power_on(f.disk, FAKE_KEEP_SYNCED, 1);
    start_broker();
    const char *received = say("FETCH t 0 0\r\n");
    cr_expect_not_null(strstr(received, "$1\r\na\r\n"), "%s", received);
    cr_expect_not_null(strstr(received, "$1\r\nb\r\n"), "%s", received);
}

Test(broker, an_orderly_end_waits_for_replies_that_wait_for_their_sync)
{
    with_topic_and_held_jobs();
    EXPECT_STR(say("PRODUCE t second\r\n"), "");
    broker_stop(f.broker);
    broker_tick(f.broker);
    cr_expect_not(broker_stopped(f.broker));
    fake_disk_settle(f.disk);
    settle();
    EXPECT_STR(memory_client_received(f.client), "*2\r\n:0\r\n:1\r\n");
    cr_expect(broker_stopped(f.broker));
}

Test(broker, an_orderly_end_does_not_wait_for_ever)
{
    with_topic_and_held_jobs();
    EXPECT_STR(say("PRODUCE t second\r\n"), "");
    broker_stop(f.broker);
    f.clock.mono_us += 60 * 1000000;
    broker_tick(f.broker);
    cr_expect(broker_stopped(f.broker));
}
