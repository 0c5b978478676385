/* SPDX-License-Identifier: BSD-3-Clause */
/* The machine's clocks behind base/clock.h. What happens inside of a turn is timed with the processor's own counter
 * where that runs evenly (a reading costs a third of a call of clock_gettime), set against the system's clock at
 * every update. */
#ifndef ECHOLOG_NET_SYSTEM_CLOCK_H
#define ECHOLOG_NET_SYSTEM_CLOCK_H

#include "base/clock.h"
#include <stdbool.h>

struct system_clock {
    struct clock clock;

    /* Private. */
    bool has_counter;
    uint64_t counter_at_start, counter; /* at init, and at the last update */
    int64_t ns_at_start, ns;            /* the system's monotonic clock at the same moments */
    int64_t measured_ns;                /* over what time the scale was taken; 0: not yet */
    uint64_t ns_per_tick;               /* times 2^32 */
};

void system_clock_init(struct system_clock *sc); /* and updates it once; it must stay where it is */

#endif
