/* SPDX-License-Identifier: BSD-3-Clause */
/* Request rate: every connection sends `depth` requests, waits for all their replies and sends the next; or sends one
 * more for each reply, where replies are long and the server is to have something to do while one is read. */
#ifndef ECHOLOG_BENCH_RATE_H
#define ECHOLOG_BENCH_RATE_H

#include "base/check.h"
#include "bench/requests.h"
#include "bench/run.h"

struct rate_plan {
    struct request_plan requests; /* its depth is that of each connection */
    int64_t connections;
    int64_t total;   /* requests; 0: for the time that the options say */
    int count_at;    /* as in bench/scan.h */
    bool one_by_one; /* for each reply one more request; then there are no latencies */
};

/* What the options say, or defaults; the words are still to be set. */
struct rate_plan rate_plan_of(const struct options *o);
/* Says what is measured: `format` with what it is done with. */
void rate_title(struct run *run, const struct rate_plan *plan, const char *format, ...)
    PRINTF_LIKE(3, 4);

/* False: run->why. */
MUST_CHECK
bool rate_run(struct run *run, const struct rate_plan *plan);

#endif
