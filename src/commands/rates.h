/* SPDX-License-Identifier: BSD-3-Clause */
/* How much happens per second right now: what INFO calls instantaneous. Counters are sampled once a second while they
 * change; when nothing happens, nothing is done. */
#ifndef ECHOLOG_COMMANDS_RATES_H
#define ECHOLOG_COMMANDS_RATES_H

#include "base/clock.h"
#include "base/timers.h"

enum rate { RATE_COMMANDS, RATE_BYTES_IN, RATE_BYTES_OUT, RATE_COUNT };

#define RATES_PERIOD_US 1000000
#define RATES_SAMPLES 4 /* the rate is that of the seconds between the oldest and the newest */

struct rates_sample {
    int64_t at_us; /* monotonic */
    uint64_t counters[RATE_COUNT];
};

struct rates {
    const struct clock *clock; /* borrowed */
    struct timers *timers;     /* borrowed */
    /* What the counters are now. */
    void (*read)(void *ctx, uint64_t counters[RATE_COUNT]);
    void *ctx;
    struct timer timer;
    struct rates_sample samples[RATES_SAMPLES]; /* a ring */
    unsigned newest, count;
};

void rates_init(struct rates *r, const struct clock *clock, struct timers *timers,
                void (*read)(void *ctx, uint64_t counters[RATE_COUNT]), void *ctx);
void rates_deinit(struct rates *r);
/* Something may have happened: to be called once per turn. */
void rates_turn(struct rates *r, uint64_t commands);
/* Counters were set back. */
void rates_reset(struct rates *r);

double rates_per_second(const struct rates *r, enum rate rate);

#endif
