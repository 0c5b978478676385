/* SPDX-License-Identifier: BSD-3-Clause */
/* What is said to happen per second, on a clock that is moved by hand. */
#include "commands/rates.h"

#include <criterion/criterion.h>
#include <string.h>

static struct clock clock_;
static struct timers timers;
static struct rates rates;
static uint64_t counters[RATE_COUNT];
static int readings;

static void read_counters(void *ctx, uint64_t to[RATE_COUNT])
{
    (void)ctx;
    readings++;
    memcpy(to, counters, sizeof(counters));
}

static void setup(void)
{
    clock_.mono_us = 5000000;
    timers_init(&timers);
    rates_init(&rates, &clock_, &timers, read_counters, NULL);
}

static void teardown(void)
{
    rates_deinit(&rates);
    timers_deinit(&timers);
}

TestSuite(rates, .init = setup, .fini = teardown);

static void turn(int64_t passed_us, uint64_t commands)
{
    clock_.mono_us += passed_us;
    counters[RATE_COMMANDS] += commands;
    counters[RATE_BYTES_IN] += 100 * commands;
    timers_run(&timers, clock_.mono_us);
    rates_turn(&rates, counters[RATE_COMMANDS]);
}

Test(rates, an_idle_server_does_nothing)
{
    turn(1000000, 0);
    turn(1000000, 0);
    cr_expect_eq(timers_next(&timers), TIMERS_NONE);
    cr_expect_eq(readings, 0);
    cr_expect_float_eq(rates_per_second(&rates, RATE_COMMANDS), 0, 1e-9);
}

Test(rates, steady_traffic_is_seen_within_a_second_and_sampled_once_in_one)
{
    for (int i = 0; i < 100; i++)
        turn(100000, 50);
    cr_expect_float_eq(rates_per_second(&rates, RATE_COMMANDS), 500, 1);
    cr_expect_float_eq(rates_per_second(&rates, RATE_BYTES_IN), 50000, 100);
    cr_expect_float_eq(rates_per_second(&rates, RATE_BYTES_OUT), 0, 1e-9);
    cr_expect_leq(readings, 11);
}

Test(rates, traffic_that_ends_falls_to_nothing_and_the_timer_with_it)
{
    for (int i = 0; i < 50; i++)
        turn(100000, 50);
    for (int i = 0; i < RATES_SAMPLES + 1; i++)
        turn(1000000, 0);
    cr_expect_float_eq(rates_per_second(&rates, RATE_COMMANDS), 0, 1e-9);
    cr_expect_eq(timers_next(&timers), TIMERS_NONE);
    turn(3600 * INT64_C(1000000), 10); /* the hour of silence is not in the next rate */
    turn(1000000, 0);
    turn(1000000, 20);
    cr_expect_gt(rates_per_second(&rates, RATE_COMMANDS), 5);
}

Test(rates, counters_that_were_set_back_are_no_rate)
{
    for (int i = 0; i < 50; i++)
        turn(100000, 50);
    memset(counters, 0, sizeof(counters));
    rates_reset(&rates);
    cr_expect_float_eq(rates_per_second(&rates, RATE_COMMANDS), 0, 1e-9);
    turn(100000, 0);
    cr_expect_eq(timers_next(&timers), TIMERS_NONE, "nothing has happened since");
    turn(100000, 1);
    turn(1000000, 1);
    cr_expect_lt(rates_per_second(&rates, RATE_COMMANDS), 3);
}
