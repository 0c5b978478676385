/* SPDX-License-Identifier: BSD-3-Clause */
/* A consumer group that reads a topic to its end: each member on a connection of its own asks for more as soon as it
 * has been answered, which commits what it had. The time begins with the first request, so that joining is in it. */
#ifndef ECHOLOG_BENCH_GROUP_H
#define ECHOLOG_BENCH_GROUP_H

#include "base/check.h"
#include "bench/run.h"

/* False: run->why. */
MUST_CHECK
bool group_run(struct run *run);

#endif
