/* SPDX-License-Identifier: BSD-3-Clause */
#include "simbroker/world.h"

#include "simbroker/wire.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define WALL_MS_START 1700000000000
#define TURN_US_MAX 2000
#define RETENTION_CHECK_MS 500

/* Whose failure it is; one seed runs at a time in a process. */
static const struct world *current;

void world_fail(const char *format, ...)
{
    va_list args;
    if (current != NULL)
        printf("seed %llu, start %llu, %.3f s: ", (unsigned long long)current->seed,
               (unsigned long long)current->starts, (double)current->clock.mono_us / 1e6);
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    printf("\n");
    fflush(stdout);
    exit(1);
}

static void stand_still(struct clock *clock)
{
    (void)clock;
}

static void pass(struct world *w, int64_t us)
{
    w->clock.mono_us += us;
    w->clock.wall_us += us;
    w->clock.wall_ms = w->clock.wall_us / 1000;
}

static void print_trace(struct trace *t, enum trace_level level, const char *line)
{
    struct world *w = CONTAINER_OF(t, struct world, trace);
    (void)level;
    if (w->verbose)
        printf("%10.3f  %s\n", (double)w->clock.mono_us / 1e6, line);
}

static void no_figures(struct services *sv, struct process_figures *figures)
{
    (void)sv;
    *figures = (struct process_figures){.allocator = "none"};
}

static void start(struct world *w)
{
    struct broker_options options = {
        .config = &w->config,
        .disk = &w->disk->disk,
        .clock = &w->clock,
        .trace = &w->trace,
        .seed = random_next(&w->random),
        .config_file = "",
        .log_files_max =
            random_below(&w->random, 2) == 0 ? 0 : 3 + (int64_t)random_below(&w->random, 30),
        .journal_group_min = (unsigned)random_below(&w->random, 4),
        .process_figures = no_figures};
    w->starts++;
    enum err err = broker_create(&options, &w->broker);
    if (err != ERR_OK)
        world_fail("the broker does not start: %s", err_text(err));
}

void world_init(struct world *w, uint64_t seed, bool verbose)
{
    *w = (struct world){.verbose = verbose, .seed = seed};
    current = w;
    random_seed(&w->random, seed);
    list_init(&w->wires);
    w->clock = (struct clock){.wall_ms = WALL_MS_START,
                              .wall_us = (int64_t)WALL_MS_START * 1000,
                              .mono_us = 1000000,
                              .update = stand_still};
    w->trace = (struct trace){.level = TRACE_VERBOSE, .sink = print_trace};
    if (!verbose)
        w->trace.level = TRACE_WARNING;
    config_init(&w->config);
    w->config.log_retention_check_ms = RETENTION_CHECK_MS;
    if (random_below(&w->random, 2) == 0) /* a few rounds, or none */
        w->config.log_journal_max_bytes = 8192 * (int64_t)random_below(&w->random, 5);
    w->disk = sim_disk_create(random_next(&w->random));
    start(w);
}

void world_deinit(struct world *w)
{
    enum err err = broker_destroy(w->broker);
    if (err != ERR_OK)
        world_fail("the broker does not stop cleanly: %s", err_text(err));
    wires_sweep(w);
    if (!list_empty(&w->wires))
        world_fail("the broker left connections open");
    sim_disk_destroy(w->disk);
    config_deinit(&w->config);
}

bool world_tick(struct world *w)
{
    pass(w, 1 + (int64_t)world_below(w, TURN_US_MAX));
    wires_turn(w);
    broker_tick(w->broker);
    return w->disk->dead;
}

void world_sleep(struct world *w, int64_t ms)
{
    int64_t wait_us = broker_wait_us(w->broker);
    if (wait_us < 0 || wait_us > ms * 1000)
        wait_us = ms * 1000;
    pass(w, wait_us);
}

void world_die_soon(struct world *w, uint64_t calls)
{
    sim_disk_die_after(w->disk, (int64_t)world_below(w, calls));
}

/* Jobs that nobody waits for come to their end on a disk that does nothing any more. */
static void end_jobs(struct world *w)
{
    while (sim_disk_busy(w->disk))
        disk_reap(&w->disk->disk);
}

void world_restart(struct world *w, bool power)
{
    sim_disk_die(w->disk);
    enum err err = broker_destroy(w->broker);
    (void)err; /* it is dead: nothing it did counts */
    end_jobs(w);
    wires_sweep(w);
    if (power)
        sim_disk_power_cycle(w->disk);
    else
        sim_disk_process_restart(w->disk);
    pass(w, 1000 * (int64_t)(1 + world_below(w, 3000)));
    start(w);
}
