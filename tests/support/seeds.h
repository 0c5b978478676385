/* SPDX-License-Identifier: BSD-3-Clause */
/* Runs a simulation for many seeds, each in a process of its own, some at a time; adds up what they counted.
 * Used by the simulators. */
#ifndef ECHOLOG_TESTS_SEEDS_H
#define ECHOLOG_TESTS_SEEDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SEEDS_JOBS_MAX 64
#define SEEDS_FAILURES_SHOWN_MAX 60

struct seeds {
    uint64_t first, count;
    unsigned jobs;
    unsigned seconds_max; /* of one seed */
    size_t counter_count; /* of uint64_t that a run fills in */
    /* One run; in the child. It says why it fails, and exits with 1 then. */
    void (*run)(void *ctx, uint64_t seed, uint64_t *counters);
    void *ctx;

    uint64_t *sums; /* out: owned by the caller, counter_count of them */
    uint64_t passed, failed;
};

void seeds_run(struct seeds *s);
/* Of each counter its name and sum; "never" where it is 0. */
void seeds_print(const char *title, const char *const *names, const uint64_t *counts, size_t count);

#endif
