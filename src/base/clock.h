/* SPDX-License-Identifier: BSD-3-Clause */
/* Time as the core sees it: two numbers that stand still during a turn of the loop. A driver
 * (src/net/system_clock.h, or the simulator's) moves them in `update`. */
#ifndef ECHOLOG_BASE_CLOCK_H
#define ECHOLOG_BASE_CLOCK_H

#include <stdint.h>

struct clock {
    int64_t wall_ms; /* since the Unix epoch; may jump */
    int64_t wall_us; /* the same in microseconds */
    int64_t mono_us; /* never goes back; for durations and deadlines */
    void (*update)(struct clock *clock);
};

static inline void clock_update(struct clock *clock)
{
    clock->update(clock);
}

#endif
