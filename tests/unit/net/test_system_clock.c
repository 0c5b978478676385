/* SPDX-License-Identifier: BSD-3-Clause */
#include "net/system_clock.h"
#include <criterion/criterion.h>
#include <time.h>

Test(system_clock, stands_still_until_it_is_updated_and_never_goes_back)
{
    struct clock clock;
    system_clock_init(&clock);
    struct clock before = clock;
    struct timespec now;
    do /* until the real one moved by at least a microsecond */
        clock_gettime(CLOCK_MONOTONIC, &now);
    while ((int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000 <= before.mono_us);
    cr_assert_eq(clock.mono_us, before.mono_us);
    clock_update(&clock);
    cr_assert_gt(clock.mono_us, before.mono_us);
}

Test(system_clock, the_wall_time_is_the_systems_in_both_units)
{
    time_t earlier = time(NULL) - 1; /* time() may lag behind the fine clock's second */
    struct clock clock;
    system_clock_init(&clock);
    time_t later = time(NULL) + 1;
    cr_assert_geq(clock.wall_ms, (int64_t)earlier * 1000);
    cr_assert_leq(clock.wall_ms, (int64_t)later * 1000 + 1000);
    cr_assert_eq(clock.wall_ms, clock.wall_us / 1000);
}
