/* SPDX-License-Identifier: BSD-3-Clause */
/* The machine's clocks. */
#include "net/system_clock.h"

#include <time.h>

static int64_t read_us(clockid_t id)
{
    struct timespec now;
    clock_gettime(id, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void system_clock_update(struct clock *clock)
{
    clock->wall_us = read_us(CLOCK_REALTIME);
    clock->wall_ms = clock->wall_us / 1000;
    clock->mono_us = read_us(CLOCK_MONOTONIC);
}

void system_clock_init(struct clock *clock)
{
    *clock = (struct clock){.update = system_clock_update};
    system_clock_update(clock);
}
