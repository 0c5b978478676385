/* SPDX-License-Identifier: BSD-3-Clause */
/* One seed: topics, producers and groups of workers on one broker that dies and comes back, with the
 * promises held against it after every turn. */
#ifndef ECHOLOG_TESTS_SIMBROKER_SCENE_H
#define ECHOLOG_TESTS_SIMBROKER_SCENE_H

#include <stdbool.h>
#include <stdint.h>

enum scene_count {
    SCENE_TURNS,
    SCENE_KILLS,
    SCENE_POWER_CUTS,
    SCENE_PRODUCED,
    SCENE_ACKNOWLEDGED,
    SCENE_PROCESSED,
    SCENE_TWICE,
    SCENE_CONSUMES,
    SCENE_BLOCKED,
    SCENE_PIPELINED,
    SCENE_COMMITS,
    SCENE_LATE_COMMITS,
    SCENE_FENCED,
    SCENE_UNKNOWN,
    SCENE_STRANGE_COMMITS,
    SCENE_CUTS,
    SCENE_RETRIES,
    SCENE_STALLS,
    SCENE_LEAVES,
    SCENE_KICKS,
    SCENE_SEEKS,
    SCENE_GROWN,
    SCENE_TRIMS,
    SCENE_SEGMENTS,
    SCENE_COMPACTIONS,
    SCENE_LOST,
    SCENE_FOLLOWED,
    SCENE_FOLLOWED_AGAIN,
    SCENE_FOLLOWER_STALLS,
    SCENE_FOLLOWER_LOST,
    SCENE_REBALANCES,
    SCENE_EXPIRED,
    SCENE_LOST_WITH_POWER,
    SCENE_COUNT
};

extern const char *const scene_count_names[SCENE_COUNT];

void scene_run(uint64_t seed, uint64_t steps, bool verbose, uint64_t counts[SCENE_COUNT]);

#endif
