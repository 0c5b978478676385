/* SPDX-License-Identifier: BSD-3-Clause */
/* The simulator of the whole broker. Runs seeds, prints what was tried, and ends with one line: N passed, N
 * failed. */
#include "base/check.h"
#include "base/num.h"
#include "simbroker/scene.h"
#include "support/seeds.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define STEPS_DEFAULT 400
#define SECONDS_PER_SEED_MAX 60
#define SEEDS_THAT_MEET_ALL 1000

struct program {
    uint64_t steps;
    bool verbose;
};

static void run(void *ctx, uint64_t seed, uint64_t *counters)
{
    const struct program *g = ctx;
    scene_run(seed, g->steps, g->verbose, counters);
}

static int usage(void)
{
    printf(
        "usage: simbroker [--seeds N] [--base K] [--steps N] [--jobs N]   N seeds from K on\n"
        "       simbroker --seed K [--steps N] [--verbose]                one, in this process\n");
    return 2;
}

int main(int argc, char **argv)
{
    struct program g = {.steps = STEPS_DEFAULT};
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    uint64_t seed = UINT64_MAX, base = 1, count = 100, jobs = cores < 1 ? 1 : (uint64_t)cores;
    const struct {
        const char *name;
        uint64_t *number;
    } options[] = {{"--seeds", &count},
                   {"--base", &base},
                   {"--seed", &seed},
                   {"--steps", &g.steps},
                   {"--jobs", &jobs}};
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--verbose") == 0) {
            g.verbose = true;
            continue;
        }
        const char *name = argv[i];
        size_t len = strcspn(name, "=");
        const char *value = name[len] == '=' ? name + len + 1 : argv[++i];
        uint64_t *number = NULL;
        for (size_t o = 0; o < COUNT_OF(options); o++)
            if (strlen(options[o].name) == len && strncmp(options[o].name, name, len) == 0)
                number = options[o].number;
        if (number == NULL || value == NULL || !num_parse_u64(bytes_of_string(value), number))
            return usage();
    }
    if (jobs == 0 || jobs > SEEDS_JOBS_MAX)
        return usage();
    uint64_t counts[SCENE_COUNT] = {0};
    if (seed != UINT64_MAX) {
        run(&g, seed, counts);
        seeds_print("What was done", scene_count_names, counts, SCENE_COUNT);
        printf("1 passed, 0 failed\n");
        return 0;
    }
    struct seeds s = {.first = base,
                      .count = count,
                      .jobs = (unsigned)jobs,
                      .seconds_max = SECONDS_PER_SEED_MAX,
                      .counter_count = SCENE_COUNT,
                      .run = run,
                      .ctx = &g,
                      .sums = counts};
    seeds_run(&s);
    seeds_print("What was done", scene_count_names, counts, SCENE_COUNT);
    for (size_t i = 0; i < SCENE_COUNT && count >= SEEDS_THAT_MEET_ALL; i++) {
        if (counts[i] > 0)
            continue;
        printf("never in so many seeds: %s\n", scene_count_names[i]);
        s.failed++;
    }
    printf("%llu passed, %llu failed\n", (unsigned long long)s.passed,
           (unsigned long long)s.failed);
    return s.failed == 0 ? 0 : 1;
}
