/* SPDX-License-Identifier: BSD-3-Clause */
/* A small seeded generator (xoshiro256**, Blackman and Vigna 2018, seeded through splitmix64). The core
 * draws all its chance from one that main seeds, so that a run can be repeated from its seed. Not for
 * secrets. */
#ifndef ECHOLOG_BASE_RANDOM_H
#define ECHOLOG_BASE_RANDOM_H

#include <stdint.h>

struct random {
    uint64_t state[4];
};

void random_seed(struct random *r, uint64_t seed);
uint64_t random_next(struct random *r);
/* Uniform in [0, bound); bound is not 0. */
uint64_t random_below(struct random *r, uint64_t bound);

#endif
