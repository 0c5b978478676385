/* SPDX-License-Identifier: BSD-3-Clause */
/* The seed of a randomised test: fresh in each run, printed, and taken from TEST_SEED to replay one. */
#ifndef ECHOLOG_TESTS_UNIT_BASE_SEED_H
#define ECHOLOG_TESTS_UNIT_BASE_SEED_H

#include "base/random.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

static inline void seed_test(struct random *r)
{
    const char *given = getenv("TEST_SEED");
    uint64_t seed = 0;

    if (given != NULL)
        seed = strtoull(given, NULL, 0);
    else
        cr_assert_eq(getrandom(&seed, sizeof(seed), 0), (ssize_t)sizeof(seed));
    fprintf(stderr, "TEST_SEED=%llu\n", (unsigned long long)seed);
    random_seed(r, seed);
}

#endif
