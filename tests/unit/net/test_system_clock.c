/* SPDX-License-Identifier: BSD-3-Clause */
#include "net/system_clock.h"
#include <criterion/criterion.h>
#include <time.h>

Test(system_clock, stands_still_until_it_is_updated_and_never_goes_back)
{
    struct system_clock sc;
    system_clock_init(&sc);
    struct clock before = sc.clock;
    struct timespec now;
    do /* until the real one moved by at least a microsecond */
        clock_gettime(CLOCK_MONOTONIC, &now);
    while ((int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000 <= before.mono_us);
    cr_assert_eq(sc.clock.mono_us, before.mono_us);
    clock_update(&sc.clock);
    cr_assert_gt(sc.clock.mono_us, before.mono_us);
}

Test(system_clock, the_wall_time_is_the_systems_in_both_units)
{
    time_t earlier = time(NULL) - 1; /* time() may lag behind the fine clock's second */
    struct system_clock sc;
    system_clock_init(&sc);
    time_t later = time(NULL) + 1;
    cr_assert_geq(sc.clock.wall_ms, (int64_t)earlier * 1000);
    cr_assert_leq(sc.clock.wall_ms, (int64_t)later * 1000 + 1000);
    cr_assert_eq(sc.clock.wall_ms, sc.clock.wall_us / 1000);
}

static int64_t system_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* Long enough for the processor's counter to be used, on machines where it is. */
static void let_it_settle(struct system_clock *sc)
{
    system_clock_init(sc);
    do
        clock_update(&sc->clock);
    while (sc->ns - sc->ns_at_start < 250 * 1000000);
}

/* Wide bounds: whoever is held up between two readings must not fail. */
static void expect_right_durations(const struct clock *clock)
{
    int64_t outer_from = system_ns(), from = clock_now_ns(clock), inner_from = system_ns();
    int64_t inner_to;
    do
        inner_to = system_ns();
    while (inner_to - inner_from < 5 * 1000000);
    int64_t to = clock_now_ns(clock), outer_to = system_ns();
    cr_expect_gt(to - from, (inner_to - inner_from) / 2);
    cr_expect_lt(to - from, (outer_to - outer_from) * 2);
}

Test(system_clock, durations_inside_a_turn_are_the_systems_from_the_start_on)
{
    struct system_clock sc;
    system_clock_init(&sc);
    expect_right_durations(&sc.clock);
    let_it_settle(&sc);
    expect_right_durations(&sc.clock);
}

Test(system_clock, long_without_an_update_the_time_is_still_right)
{
    struct system_clock sc;
    let_it_settle(&sc);
    sc.counter -= UINT64_C(1) << 33; /* as if the last update were seconds ago */
    int64_t before = system_ns();
    int64_t now = clock_now_ns(&sc.clock);
    cr_expect_geq(now, before);
    cr_expect_leq(now, system_ns());
}

/* As on a machine where it stopped or went back. */
Test(system_clock, a_counter_that_does_not_fit_is_not_used)
{
    struct system_clock sc;
    system_clock_init(&sc);
    sc.has_counter = true;
    sc.counter_at_start = UINT64_MAX; /* behind what will be read: no time that makes sense */
    sc.ns_at_start -= INT64_C(1) << 62;
    clock_update(&sc.clock);
    cr_expect_not(sc.has_counter);
    int64_t before = system_ns();
    cr_expect_geq(clock_now_ns(&sc.clock), before);
}
