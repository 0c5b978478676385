/* SPDX-License-Identifier: BSD-3-Clause */
/* How long a message takes from one client to another that waits for it: produced and fetched by a blocked reader,
 * or published and heard. Messages are sent at a fixed rate, and each counts from the moment it was due, whether it
 * could be sent then or not: a server that stands still is not asked less in that time, and not excused. (Gil Tene
 * calls the mistake coordinated omission.) We spin between them, for a timer would be later than the server. */
#ifndef ECHOLOG_BENCH_LATENCY_H
#define ECHOLOG_BENCH_LATENCY_H

#include "base/check.h"
#include "bench/run.h"

/* False: run->why. */
MUST_CHECK
bool latency_produce(struct run *run);
MUST_CHECK
bool latency_xadd(struct run *run);
MUST_CHECK
bool latency_publish(struct run *run);

#endif
