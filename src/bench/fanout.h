/* SPDX-License-Identifier: BSD-3-Clause */
/* Fan-out: one connection publishes, many hear it. Messages go out in batches, two of them under way: the next one
 * follows when every subscriber has all of the one before the last, so that no queue of the server grows and
 * nobody is cut off for being slow. */
#ifndef ECHOLOG_BENCH_FANOUT_H
#define ECHOLOG_BENCH_FANOUT_H

#include "base/check.h"
#include "bench/run.h"

/* Deliveries are the messages. False: run->why. */
MUST_CHECK
bool fanout_run(struct run *run);

#endif
