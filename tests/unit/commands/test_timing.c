/* SPDX-License-Identifier: BSD-3-Clause */
/* The time of commands, with a clock that moves when it is told to. */
#include "connection_fixture.h"

#include <criterion/criterion.h>

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
