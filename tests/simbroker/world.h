/* SPDX-License-Identifier: BSD-3-Clause */
/* A whole broker in one process on the simulated disk, with a clock that only the simulation moves and
 * connections in memory. All chance comes from one seed. It starts, runs, dies and starts anew; what its
 * clients do is theirs. */
#ifndef ECHOLOG_TESTS_SIMBROKER_WORLD_H
#define ECHOLOG_TESTS_SIMBROKER_WORLD_H

#include "server/broker.h"
#include "sim/sim_disk.h"

struct world {
    uint64_t seed;
    struct random random;
    struct sim_disk *disk;
    struct clock clock;
    struct config config;
    struct trace trace;
    struct broker *broker;
    struct list wires; /* of struct wire: open at the server or at the client */
    uint64_t starts;
    bool verbose;
};

void world_init(struct world *w, uint64_t seed, bool verbose);
void world_deinit(struct world *w); /* its wires must be gone */

/* One turn of the broker, a little later than the last. True: it died in it (see world_die_soon). */
bool world_tick(struct world *w);
/* Lets the time pass in which nothing happens: to the broker's next timer, but not past `ms`. */
void world_sleep(struct world *w, int64_t ms);
/* Ends the broker at a random call on the disk among the next `calls`. */
void world_die_soon(struct world *w, uint64_t calls);
/* Buries the broker, and starts one on what is left: all that was written (`power` false), or what the
 * device had and any of the rest. */
void world_restart(struct world *w, bool power);

static inline uint64_t world_below(struct world *w, uint64_t bound)
{
    return random_below(&w->random, bound);
}
static inline bool world_chance(struct world *w, uint64_t percent)
{
    return random_below(&w->random, 100) < percent;
}

/* A promise was broken: says it and ends the process. */
_Noreturn __attribute__((format(printf, 1, 2))) void world_fail(const char *format, ...);

#endif
