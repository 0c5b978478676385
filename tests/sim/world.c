/* SPDX-License-Identifier: BSD-3-Clause */
#include "sim/world.h"

#include "sim/flights.h"
#include <stdarg.h>
#include <stdio.h>

uint64_t world_below(struct world *w, uint64_t bound)
{
    return random_below(&w->random, bound);
}

bool world_one_in(struct world *w, uint64_t n)
{
    return world_below(w, n) == 0;
}

int64_t world_spread(struct world *w, int64_t low, int64_t high)
{
    int64_t span = high - low + 1;
    int64_t top = span;
    unsigned halvings = 0;
    while (top > 1) {
        top /= 2;
        halvings++;
    }
    int64_t bound = span >> world_below(w, halvings + 1);
    return low + (int64_t)world_below(w, (uint64_t)(bound < 1 ? 1 : bound));
}

void world_deed(struct world *w, enum sim_deed what)
{
    w->report->deeds[what]++;
}

void world_tell(struct world *w, const char *format, ...)
{
    if (!w->options->verbose)
        return;
    va_list args;
    va_start(args, format);
    printf("%6llu  ", (unsigned long long)w->step);
    vprintf(format, args);
    printf("\n");
    fflush(stdout);
    va_end(args);
}

void world_trace_sink(struct trace *trace, enum trace_level level, const char *line)
{
    struct world *w = CONTAINER_OF(trace, struct world, trace);
    (void)level;
    world_tell(w, "    trace: %s", line);
}

int64_t part_cutoff_ms(const struct part *part)
{
    if (part->config.retention_ms < 0)
        return INT64_MIN;
    return part->w->clock.wall_ms - part->config.retention_ms;
}

bool world_reads_suffer(const struct world *w)
{
    return w->suffered || w->disk->odds[SIM_READ_EIO] > 0 || w->disk->odds[SIM_OPEN_LIMIT] > 0;
}

bool world_gone(const struct world *w)
{
    return w->muted || w->disk->dead;
}

/* --- the disk's mood ------------------------------------------------------------------------ */

static void set_odds(struct world *w, enum sim_fault fault, uint32_t one_in_max)
{
    w->disk->odds[fault] =
        world_one_in(w, 2) ? 0 : SIM_ODDS_ONE / (1 + (uint32_t)world_below(w, one_in_max));
}

void world_calm(struct world *w)
{
    if (w->stormy) {
        w->suffered |= world_reads_suffer(w);
        w->storm_us = w->clock.mono_us;
        w->unsettled = true;
    }
    uint32_t cold = w->disk->odds[SIM_COLD_READ];
    sim_disk_fair(w->disk);
    w->disk->odds[SIM_COLD_READ] = cold;
    w->stormy = false;
}

void world_weather(struct world *w)
{
    static const uint32_t colds[] = {0, SIM_ODDS_ONE / 20, SIM_ODDS_ONE / 2, SIM_ODDS_ONE};
    world_calm(w);
    w->disk->odds[SIM_COLD_READ] = colds[world_below(w, COUNT_OF(colds))];
    if (!world_one_in(w, 3))
        return;
    w->stormy = true;
    switch (world_below(w, 5)) {
    case 0: /* full */
        w->disk->capacity = sim_disk_used(w->disk) + (uint64_t)world_spread(w, 0, 20000);
        break;
    case 1:
        set_odds(w, SIM_SYNC_EIO, 30);
        break;
    case 2:
        set_odds(w, SIM_READ_EIO, 30);
        set_odds(w, SIM_OPEN_LIMIT, 10);
        break;
    case 3:
        set_odds(w, SIM_WRITE_EIO, 60);
        set_odds(w, SIM_NAME_EIO, 20);
        break;
    default:
        set_odds(w, SIM_OPEN_LIMIT, 4);
        set_odds(w, SIM_SYNC_DIR_EIO, 10);
        if (world_one_in(w, 2))
            w->disk->capacity = sim_disk_used(w->disk) + (uint64_t)world_spread(w, 0, 20000);
    }
    for (size_t i = 0; i < w->part_count; i++)
        flights_suffer(&w->parts[i]);
    world_tell(w, "the disk: %llu bytes left; read %u, write %u, sync %u, name %u, dir %u, open %u",
               (unsigned long long)w->disk->capacity, w->disk->odds[SIM_READ_EIO],
               w->disk->odds[SIM_WRITE_EIO], w->disk->odds[SIM_SYNC_EIO],
               w->disk->odds[SIM_NAME_EIO], w->disk->odds[SIM_SYNC_DIR_EIO],
               w->disk->odds[SIM_OPEN_LIMIT]);
}

/* --- time ----------------------------------------------------------------------------------- */

void world_settle(struct world *w)
{
    w->disk->eager = true;
    do {
        while (sim_disk_busy(w->disk))
            disk_reap(&w->disk->disk);
        if (w->st != NULL)
            storage_sync(w->st);
    } while (sim_disk_busy(w->disk));
    w->disk->eager = false;
}

void world_pass(struct world *w, int64_t ms)
{
    w->clock.mono_us += ms * 1000 + (int64_t)world_below(w, 1000);
    w->clock.wall_ms += ms;
    w->clock.wall_us = w->clock.wall_ms * 1000;
    timers_run(&w->timers, w->clock.mono_us);
}
