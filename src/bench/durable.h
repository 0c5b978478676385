/* SPDX-License-Identifier: BSD-3-Clause */
/* Writing to a log and reading it back: PRODUCE and FETCH, or XADD and XREAD of Redis. */
#ifndef ECHOLOG_BENCH_DURABLE_H
#define ECHOLOG_BENCH_DURABLE_H

#include "base/check.h"
#include "bench/run.h"

/* False: run->why. */
MUST_CHECK
bool durable_produce(struct run *run);
MUST_CHECK
bool durable_xadd(struct run *run);
MUST_CHECK
bool durable_fetch(struct run *run);
MUST_CHECK
bool durable_xread(struct run *run);

#endif
