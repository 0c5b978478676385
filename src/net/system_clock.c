/* SPDX-License-Identifier: BSD-3-Clause */
/* The machine's clocks. */
#include "net/system_clock.h"

#include <time.h>

/* The scale is first taken over this time, and again whenever twice as much has passed. */
#define MEASURED_NS_MIN 100000000

#if defined(__x86_64__)
#include <cpuid.h>
#include <x86intrin.h>

#define POWER_LEAF 0x80000007u
#define INVARIANT_COUNTER (1u << 8)

static bool counter_runs_evenly(void)
{
    unsigned a, b, c, d;
    return __get_cpuid(POWER_LEAF, &a, &b, &c, &d) != 0 && (d & INVARIANT_COUNTER) != 0;
}

static inline uint64_t read_counter(void)
{
    return __rdtsc();
}
#else
static bool counter_runs_evenly(void)
{
    return false;
}

static inline uint64_t read_counter(void)
{
    return 0;
}
#endif

static int64_t read_ns(clockid_t id)
{
    struct timespec now;
    clock_gettime(id, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* --- the counter ---------------------------------------------------------------------------- */

/* Gives up on a counter that does not fit the system's clock. */
static void measure(struct system_clock *sc)
{
    int64_t passed = sc->ns - sc->ns_at_start;
    if (passed < MEASURED_NS_MIN || passed < 2 * sc->measured_ns)
        return;
    double ticks = (double)(sc->counter - sc->counter_at_start);
    double scale = ticks > 0 ? (double)passed / ticks * 4294967296.0 : 0;
    sc->has_counter = scale >= 1 && scale < 4294967296.0;
    if (!sc->has_counter)
        return;
    sc->ns_per_tick = (uint64_t)scale;
    sc->measured_ns = passed;
}

static int64_t now_by_counter(const struct clock *clock)
{
    const struct system_clock *sc = clock->driver;
    uint64_t ticks = read_counter() - sc->counter;
    /* After seconds without an update, or with a counter that went back: ask the system. */
    if (ticks > UINT32_MAX)
        return read_ns(CLOCK_MONOTONIC);
    return sc->ns + (int64_t)(ticks * sc->ns_per_tick >> 32);
}

static int64_t now_by_system(const struct clock *clock)
{
    (void)clock;
    return read_ns(CLOCK_MONOTONIC);
}

/* --- the clock ------------------------------------------------------------------------------ */

static void system_clock_update(struct clock *clock)
{
    struct system_clock *sc = (struct system_clock *)clock; /* its first member */
    clock->wall_us = read_ns(CLOCK_REALTIME) / 1000;
    clock->wall_ms = clock->wall_us / 1000;
    sc->ns = read_ns(CLOCK_MONOTONIC);
    clock->mono_us = sc->ns / 1000;
    if (!sc->has_counter)
        return;
    sc->counter = read_counter();
    measure(sc);
    clock->now_ns = sc->has_counter && sc->measured_ns > 0 ? now_by_counter : now_by_system;
}

void system_clock_init(struct system_clock *sc)
{
    *sc = (struct system_clock){
        .clock = {.update = system_clock_update, .now_ns = now_by_system, .driver = sc},
        .has_counter = counter_runs_evenly(),
        .ns_at_start = read_ns(CLOCK_MONOTONIC),
        .counter_at_start = read_counter(),
    };
    system_clock_update(&sc->clock);
}
