/* SPDX-License-Identifier: BSD-3-Clause */
/* A compacted topic that is trimmed too, killed in the middle of it: the last record that was acknowledged for
 * each key is there, at its offset, and nothing older is taken for it. */
#ifndef TESTS_CRASH_COMPACTION_H
#define TESTS_CRASH_COMPACTION_H

#include "crash/rounds.h"

/* A pass or a failure for each round. */
void run_compactions(uint64_t seed, uint64_t rounds, bool keep, struct sums *sums);

#endif
