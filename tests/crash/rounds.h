/* SPDX-License-Identifier: BSD-3-Clause */
/* Rounds of load, crash, restart and check. */
#ifndef TESTS_CRASH_ROUNDS_H
#define TESTS_CRASH_ROUNDS_H

#include "crash/ledger.h"
#include <stdint.h>

struct sums {
    uint64_t passed, failed, skipped;
    uint64_t kills, stops, torn;
    uint64_t journals;                                         /* that a kill left */
    uint64_t acknowledged[LEVEL_COUNT], lost[LEVEL_COUNT + 1]; /* lost: failures of any kind */
    uint64_t seen, found;
    uint64_t flips, flips_reported, flips_harmless;
};

/* `rounds` rounds; a pass per round and level. */
void run_rounds(uint64_t seed, uint64_t rounds, bool keep, struct sums *sums);
/* Flips bits in the files of a stopped server, `flips` times; a pass each. */
void run_flips(uint64_t seed, uint64_t flips, bool keep, struct sums *sums);

#endif
