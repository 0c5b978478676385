/* SPDX-License-Identifier: BSD-3-Clause */
/* The time of commands, with a clock that moves when it is told to. */
#include "connection_fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>

static struct fixture f;
static int64_t now_ns;
static int64_t step_ns; /* how far each reading moves the time */

static int64_t read_clock(const struct clock *clock)
{
    (void)clock;
    now_ns += step_ns;
    return now_ns;
}

static void setup(void)
{
    fixture_init(&f);
    now_ns = f.clock.mono_us * 1000;
    step_ns = 1000;
    f.clock.now_ns = read_clock;
}

static void teardown(void)
{
    fixture_deinit(&f);
}

static const struct command_stats *stats_of(const char *name)
{
    return command_stats(f.sv.commands, command_by_name(f.sv.commands, bytes_of_string(name)));
}

TestSuite(timing, .init = setup, .fini = teardown);

Test(timing, each_command_of_a_pipeline_costs_one_reading)
{
    int64_t before = now_ns;
    fixture_say(&f, 0, "PING\nECHO a\nPING");
    cr_expect_eq(stats_of("ping")->ran_ns, 2000);
    cr_expect_eq(stats_of("ping")->latency->count, 2);
    cr_expect_eq(stats_of("ping")->latency->sum, 2000);
    cr_expect_eq(stats_of("echo")->ran_ns, 1000);
    cr_expect_eq(now_ns - before, 4000, "one at the beginning, one behind each");
}

Test(timing, exec_takes_as_long_as_all_in_it)
{
    int64_t before = now_ns;
    fixture_say(&f, 0, "MULTI\nPING\nPING\nEXEC");
    cr_expect_eq(stats_of("ping")->latency->count, 2);
    cr_expect_eq(stats_of("ping")->ran_ns, 2000);
    cr_expect_eq(stats_of("exec")->ran_ns, 3000, "both, and its own end");
    cr_expect_eq(now_ns - before, 7000, "queueing ends a time too");
}

Test(timing, a_clock_that_goes_back_makes_no_time)
{
    step_ns = -1000;
    fixture_say(&f, 0, "PING");
    cr_expect_eq(stats_of("ping")->ran_ns, 0);
    cr_expect_eq(stats_of("ping")->latency->count, 1);
}

Test(timing, without_tracking_there_is_no_histogram)
{
    f.config.latency_tracking = false;
    fixture_say(&f, 0, "PING");
    cr_expect_eq(stats_of("ping")->ran_ns, 1000);
    cr_expect_null(stats_of("ping")->latency);
}

Test(timing, resetstat_forgets_it)
{
    fixture_say(&f, 0, "PING\nCONFIG RESETSTAT");
    cr_expect_eq(stats_of("ping")->ran_ns, 0);
    cr_expect_null(stats_of("ping")->latency);
}

/* --- runs of short commands -------------------------------------------------------------------- */

Test(timing, a_command_counts_when_it_is_over_so_that_resetstat_counts_itself)
{
    fixture_say(&f, 0, "PING\nCONFIG RESETSTAT");
    cr_expect_eq(stats_of("ping")->calls, 0);
    cr_expect_eq(stats_of("config|resetstat")->calls, 1);
}

Test(timing, short_commands_share_a_reading)
{
    step_ns = 800;
    fixture_say(&f, 0, "PING");
    int64_t before = now_ns;
    fixture_say(&f, 0, "PING\nPING\nPING\nPING");
    cr_expect_eq(now_ns - before, 2 * 800, "at the beginning, and at the end for all");
    cr_expect_eq(stats_of("ping")->calls, 5);
    cr_expect_eq(stats_of("ping")->latency->count, 5);
    cr_expect_eq(stats_of("ping")->ran_ns, 800 + 800);
    cr_expect_eq(stats_of("ping")->latency->sum, 800 + 4 * 200);
}

Test(timing, a_run_ends_with_another_command_and_with_its_length)
{
    step_ns = 100;
    fixture_say(&f, 0, "PING\nECHO x");
    int64_t before = now_ns;
    fixture_say(&f, 0, "PING\nPING\nECHO x\nECHO x\nPING");
    cr_expect_eq(now_ns - before, 4 * 100);
    cr_expect_eq(stats_of("echo")->latency->count, 3);
    before = now_ns;
    fixture_say(&f, 0, "PING\nPING\nPING\nPING\nPING\nPING\nPING\nPING\nPING");
    cr_expect_eq(now_ns - before, 3 * 100, "the eighth, and the last");
}

Test(timing, a_command_that_is_not_short_any_more_is_timed_by_itself_again)
{
    step_ns = 100;
    fixture_say(&f, 0, "PING");
    step_ns = 20000;
    fixture_say(&f, 0, "PING\nPING");
    cr_expect_not(stats_of("ping")->is_short);
    int64_t before = now_ns;
    fixture_say(&f, 0, "PING\nPING");
    cr_expect_eq(now_ns - before, 3 * 20000);
}

Test(timing, small_thresholds_have_every_command_timed_by_itself)
{
    step_ns = 100;
    fixture_say(&f, 0, "PING\nCONFIG SET slowlog-log-slower-than 0");
    uint64_t slow = f.insight.slow_log.count;
    fixture_say(&f, 0, "PING\nPING\nPING");
    cr_expect_eq(f.insight.slow_log.count - slow, 3);
}

Test(timing, a_run_that_was_held_up_is_in_the_slow_log)
{
    step_ns = 100;
    fixture_say(&f, 0, "PING");
    step_ns = 20 * 1000000;
    fixture_say(&f, 0, "PING\nPING\nPING");
    cr_assert_eq(f.insight.slow_log.count, 1);
    const struct slow_entry *e =
        CONTAINER_OF(f.insight.slow_log.entries.next, struct slow_entry, link);
    cr_expect_eq(e->took_us, 20000);
    cr_assert_eq(e->args->argc, 2);
    cr_expect(bytes_equal(e->args->argv[0], BYTES_LITERAL("ping")));
    cr_expect(bytes_equal(e->args->argv[1], BYTES_LITERAL("(one of 3 in a row)")));
}

Test(timing, a_message_to_many_is_timed_at_once)
{
    char lines[600] = "SUBSCRIBE c\nPSUBSCRIBE";
    int other = fixture_connect(&f);
    for (int i = 0; i < 20; i++) {
        size_t len = strlen(lines);
        snprintf(lines + len, sizeof(lines) - len, " c%.*s", i, "********************");
    }
    fixture_say(&f, other, lines);
    step_ns = 100;
    fixture_say(&f, 0, "PUBLISH nobody x");
    int64_t before = now_ns;
    fixture_say(&f, 0, "PUBLISH nobody x\nPUBLISH c x\nPUBLISH nobody x");
    cr_expect_eq(now_ns - before, 3 * 100, "the beginning, the one to many, the end");
}

Test(timing, a_mistake_in_the_protocol_ends_a_run_too)
{
    step_ns = 100;
    fixture_say(&f, 0, "PING");
    fixture_say(&f, 0, "PING\nPING\n*1\r\n$z\r\n");
    cr_expect_eq(f.sv.sessions->stats.protocol_errors, 1);
    cr_expect_eq(stats_of("ping")->latency->count, 3);
}
