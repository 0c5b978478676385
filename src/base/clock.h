/* SPDX-License-Identifier: BSD-3-Clause */
/* Time as the core sees it: numbers that stand still during a turn of the loop. A driver
 * (src/net/system_clock.h, or the simulator's) moves them in `update`. Only how long things take inside of a turn
 * is measured with clock_now_ns, and decides nothing. */
#ifndef ECHOLOG_BASE_CLOCK_H
#define ECHOLOG_BASE_CLOCK_H

#include <stddef.h>
#include <stdint.h>

struct clock {
    int64_t wall_ms; /* since the Unix epoch; may jump */
    int64_t wall_us; /* the same in microseconds */
    int64_t mono_us; /* never goes back; for durations and deadlines */
    void (*update)(struct clock *clock);
    /* Reads the time as it is now, cheaply. NULL: it stands still until the next update. */
    int64_t (*now_ns)(const struct clock *clock);
    const void *driver; /* the driver's own */
};

static inline void clock_update(struct clock *clock)
{
    clock->update(clock);
}

/* Nanoseconds on the scale of `mono_us`, for durations of at most seconds. Two readings with an update between
 * them may disagree by a little: a difference can come out negative. */
static inline int64_t clock_now_ns(const struct clock *clock)
{
    return clock->now_ns != NULL ? clock->now_ns(clock) : clock->mono_us * 1000;
}

#endif
