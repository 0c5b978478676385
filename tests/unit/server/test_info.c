/* SPDX-License-Identifier: BSD-3-Clause */
/* What INFO says, of a broker whose clock and disk are in memory. */
#include "broker_fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

static struct fixture f;

static void setup(void)
{
    fixture_init(&f);
}

static void teardown(void)
{
    fixture_deinit(&f);
}

TestSuite(info, .init = setup, .fini = teardown);

static void expect_has(const char *section, const char *text)
{
    char command[64];
    snprintf(command, sizeof(command), "INFO %s\r\n", section);
    const char *reply = fixture_say(&f, 0, command);
    cr_expect_not_null(strstr(reply, text), "INFO %s lacks '%s': %s", section, text, reply);
}

static bool has(const char *command, const char *text)
{
    return strstr(fixture_say(&f, 0, command), text) != NULL;
}

Test(info, sections_are_chosen_as_in_redis)
{
    cr_expect(has("INFO\r\n", "# Errorstats\r\n"));
    cr_expect_not(has("INFO\r\n", "# Commandstats\r\n"));
    cr_expect_not(has("INFO default\r\n", "# Topics\r\n"));
    cr_expect(has("INFO all\r\n", "# Commandstats\r\n"));
    cr_expect(has("INFO EVERYTHING\r\n", "# Latencystats\r\n"));
    cr_expect(has("INFO cpu latencystats\r\n", "# CPU\r\n"));
    cr_expect(has("INFO cpu latencystats\r\n", "\r\n\r\n# Latencystats\r\n"));
    cr_expect_str_eq(fixture_say(&f, 0, "INFO nosuch\r\n"), "$0\r\n\r\n");
}

Test(info, errors_are_counted_wherever_they_are_answered)
{
    fixture_say(&f, 0, "NOSUCH\r\nECHO\r\nMULTI\r\nNOSUCH\r\nEXEC\r\nFETCH t 0 0\r\n");
    expect_has("errorstats", "errorstat_ERR:count=3\r\n");
    expect_has("errorstats", "errorstat_EXECABORT:count=1\r\n");
    expect_has("errorstats", "errorstat_UNKNOWNTOPIC:count=1\r\n");
    expect_has("stats", "total_error_replies:5\r\n");
    fixture_say(&f, 0, "FETCH t 0 0 BLOCK 0 MINBYTES 9\r\nTOPIC CREATE t\r\nCLIENT ID\r\n");
    fixture_say(&f, 1, "FETCH t 0 LATEST BLOCK 0\r\n");
    fixture_say(&f, 0, "CLIENT UNBLOCK 2 ERROR\r\n");
    expect_has("errorstats", "errorstat_UNBLOCKED:count=1\r\n");
    fixture_say(&f, 0, "CONFIG RESETSTAT\r\n");
    expect_has("stats", "total_error_replies:0\r\n");
}

Test(info, an_acknowledgement_that_became_an_error_counts_as_one)
{
    fixture_say(&f, 0, "TOPIC CREATE t\r\n");
    f.disk->space_left = 0;
    fixture_say(&f, 0, "PRODUCE t a\r\nPRODUCE t b\r\n");
    expect_has("errorstats", "errorstat_NOSPACE:count=2\r\n");
    f.disk->space_left = FAKE_SPACE_ENDLESS;
}

Test(info, rates_are_those_of_the_last_seconds)
{
    for (int i = 0; i < 300; i++) { /* a turn is 1 ms or so */
        memory_client_send(f.clients[0], "PING\r\nPING\r\n");
        f.clock.mono_us += 10000;
        fixture_turn(&f);
    }
    const char *reply = fixture_say(&f, 0, "INFO stats\r\n");
    const char *rate = strstr(reply, "instantaneous_ops_per_sec:");
    cr_assert_not_null(rate);
    long per_second = strtol(strchr(rate, ':') + 1, NULL, 10);
    cr_expect_geq(per_second, 150);
    cr_expect_leq(per_second, 200);
}

Test(info, what_is_listed_per_topic_and_group_is_bounded)
{
    for (int i = 0; i < 103; i++) {
        char line[64];
        snprintf(line, sizeof(line), "TOPIC CREATE t%03d\r\n", i);
        fixture_say(&f, 0, line);
    }
    expect_has("topics", "topic_t099:partitions=1,offsets=0,bytes=0,failed_partitions=0\r\n");
    expect_has("topics", "topics_not_listed:3\r\n");
    cr_expect_not(has("INFO topics\r\n", "topic_t100"));
    expect_has("keyspace", "db0:keys=103,");
}

Test(info, slow_syncs_and_turns_are_latency_events)
{
    fixture_say(&f, 0, "TOPIC CREATE t\r\nCONFIG SET latency-monitor-threshold 100\r\n");
    f.disk->hold = true;
    memory_client_send(f.clients[0], "PRODUCE t a\r\n");
    fixture_turn(&f);
    f.clock.mono_us += 250000;
    f.disk->hold = false;
    fixture_settle(&f);
    const char *latest = fixture_say(&f, 0, "LATENCY LATEST\r\n");
    cr_expect_not_null(strstr(latest, "$9\r\ndisk-sync\r\n"), "%s", latest);
    expect_has("log", "log_syncs:");
}

/* --- commands that wait ------------------------------------------------------------------------- */

static int64_t readings;

/* Every reading inside of a turn is 1 ms behind the one before. */
static int64_t read_clock(const struct clock *clock)
{
    return clock->mono_us * 1000 + ++readings * 1000000;
}

Test(info, a_command_that_waited_is_in_the_slow_log_with_the_time_it_worked)
{
    fixture_say(&f, 0, "TOPIC CREATE t\r\nCONFIG SET slowlog-log-slower-than 2000\r\n");
    f.clock.now_ns = read_clock;
    fixture_say(&f, 1, "FETCH t 0 LATEST BLOCK 0\r\n");
    cr_expect_str_eq(fixture_say(&f, 0, "SLOWLOG LEN\r\n"), ":0\r\n");
    fixture_say(&f, 0, "PRODUCE t hello ACK WRITTEN\r\n");
    const char *entry = fixture_say(&f, 0, "SLOWLOG GET 1\r\n");
    cr_expect_not_null(strstr(entry, ":2000\r\n*6\r\n$5\r\nFETCH\r\n$1\r\nt\r\n"), "%s", entry);
}

Test(info, a_client_that_goes_while_it_waits_leaves_no_entry)
{
    fixture_say(&f, 0, "TOPIC CREATE t\r\nCONFIG SET slowlog-log-slower-than 0\r\n");
    fixture_say(&f, 1, "FETCH t 0 LATEST BLOCK 0\r\n");
    memory_client_end(f.clients[1]);
    fixture_settle(&f);
    fixture_say(&f, 0, "PRODUCE t hello\r\n");
    cr_expect_null(strstr(fixture_say(&f, 0, "SLOWLOG GET\r\n"), "FETCH"));
}

/* --- MEMORY --------------------------------------------------------------------------------- */

static long usage(const char *arguments)
{
    char command[128];
    snprintf(command, sizeof(command), "MEMORY USAGE %s\r\n", arguments);
    const char *reply = fixture_say(&f, 0, command);
    cr_assert_eq(reply[0], ':', "%s", reply);
    return strtol(reply + 1, NULL, 10);
}

Test(info, memory_of_a_topic_grows_with_its_partitions_and_recent_records)
{
    fixture_say(&f, 0, "TOPIC CREATE one\r\nTOPIC CREATE many PARTITIONS 40\r\n");
    long one = usage("one"), many = usage("many");
    cr_expect_gt(one, 0);
    cr_expect_gt(many, 20 * one);
    cr_expect_lt(many, 60 * one);
    cr_expect_leq(labs(usage("many SAMPLES 0") - many), 40, "all are alike but for a digit");
    fixture_say(&f, 0, "PRODUCE one 01234567890123456789012345678901234567890123456789\r\n");
    cr_expect_gt(usage("one"), one + 50);
}

Test(info, memory_of_a_group_grows_with_its_members)
{
    fixture_say(&f, 0, "TOPIC CREATE t PARTITIONS 4\r\n");
    fixture_say(&f, 1, "CONSUME g a BLOCK 0 TOPICS t\r\n");
    long one = usage("g");
    fixture_say(&f, 2, "CONSUME g b BLOCK 0 TOPICS t\r\n");
    cr_expect_gt(usage("g"), one);
    long topic = usage("t");
    fixture_say(&f, 3, "CONSUME t a BLOCK 0 TOPICS t\r\n");
    cr_expect_gt(usage("t"), topic, "a topic and a group of one name");
}

Test(info, memory_usage_answers_mistakes_as_redis_does)
{
    fixture_say(&f, 0, "TOPIC CREATE t\r\n");
    cr_expect_str_eq(fixture_say(&f, 0, "MEMORY USAGE nosuch\r\n"), "$-1\r\n");
    cr_expect_str_eq(fixture_say(&f, 0, "MEMORY USAGE t SAMPLES\r\n"), "-ERR syntax error\r\n");
    cr_expect_str_eq(fixture_say(&f, 0, "MEMORY USAGE t SAMPLES -1\r\n"), "-ERR syntax error\r\n");
    cr_expect_str_eq(fixture_say(&f, 0, "MEMORY USAGE t FOO 1\r\n"), "-ERR syntax error\r\n");
    cr_expect_str_eq(fixture_say(&f, 0, "MEMORY USAGE t SAMPLES x\r\n"),
                     "-ERR value is not an integer or out of range\r\n");
}

Test(info, memory_stats_has_as_many_pairs_as_it_says)
{
    const char *reply = fixture_say(&f, 0, "MEMORY STATS\r\nPING\r\n");
    long items = strtol(reply + 1, NULL, 10), bulks = 0, numbers = 0;
    for (const char *at = reply; at != NULL; at = strstr(at + 1, "\r\n")) {
        bulks += strncmp(at, "\r\n$", 3) == 0;
        numbers += strncmp(at, "\r\n:", 3) == 0;
    }
    cr_expect_eq(bulks + numbers, items);
    cr_expect_str_eq(reply + strlen(reply) - 7, "+PONG\r\n");
    cr_expect_not_null(strstr(reply, "$14\r\npeak.allocated\r\n:"));
}
