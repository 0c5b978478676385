/* SPDX-License-Identifier: BSD-3-Clause */
/* Limits of the real system: a file system that is full, a directory that vanishes or may not be read, too few
 * open files. Some need root; without it they are skipped, and say so. */
#ifndef TESTS_CRASH_LIMITS_H
#define TESTS_CRASH_LIMITS_H

#include "crash/rounds.h"

/* A pass, a failure or a skip each. */
void run_limits(struct sums *sums);

#endif
