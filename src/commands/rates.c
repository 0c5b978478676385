/* SPDX-License-Identifier: BSD-3-Clause */
#include "commands/rates.h"

#include "base/check.h"
#include <string.h>

static struct rates_sample *sample_at(struct rates *r, unsigned back)
{
    return &r->samples[(r->newest + RATES_SAMPLES - back) % RATES_SAMPLES];
}

static void take_sample(struct rates *r)
{
    r->newest = (r->newest + 1) % RATES_SAMPLES;
    r->samples[r->newest].at_us = r->clock->mono_us;
    r->read(r->ctx, r->samples[r->newest].counters);
    if (r->count < RATES_SAMPLES)
        r->count++;
}

/* All samples say the same: there is nothing left to see fall. */
static bool is_still(struct rates *r)
{
    for (unsigned back = 1; back < r->count; back++)
        if (memcmp(sample_at(r, 0)->counters, sample_at(r, back)->counters,
                   sizeof(sample_at(r, 0)->counters)) != 0)
            return false;
    return r->count == RATES_SAMPLES;
}

static void on_timer(struct timer *timer)
{
    struct rates *r = CONTAINER_OF(timer, struct rates, timer);
    take_sample(r);
    if (is_still(r))
        r->count = 0;
    else
        timers_set(r->timers, timer, r->clock->mono_us + RATES_PERIOD_US);
}

void rates_init(struct rates *r, const struct clock *clock, struct timers *timers,
                void (*read)(void *ctx, uint64_t counters[RATE_COUNT]), void *ctx)
{
    *r = (struct rates){.clock = clock, .timers = timers, .read = read, .ctx = ctx};
    timer_init(&r->timer, on_timer);
}

void rates_deinit(struct rates *r)
{
    timers_cancel(r->timers, &r->timer);
}

void rates_turn(struct rates *r, uint64_t commands)
{
    /* While the timer runs it looks by itself; when it does not, its last sample was of stillness. */
    if (timer_armed(&r->timer) || commands == r->samples[r->newest].counters[RATE_COMMANDS])
        return;
    take_sample(r);
    timers_set(r->timers, &r->timer, r->clock->mono_us + RATES_PERIOD_US);
}

void rates_reset(struct rates *r)
{
    timers_cancel(r->timers, &r->timer);
    r->count = 0;
    memset(r->samples, 0, sizeof(r->samples));
}

double rates_per_second(const struct rates *r, enum rate rate)
{
    if (r->count < 2)
        return 0;
    const struct rates_sample *to = &r->samples[r->newest];
    const struct rates_sample *from =
        &r->samples[(r->newest + RATES_SAMPLES + 1 - r->count) % RATES_SAMPLES];
    double seconds = (double)(to->at_us - from->at_us) / 1e6;
    return seconds > 0 ? (double)(to->counters[rate] - from->counters[rate]) / seconds : 0;
}
