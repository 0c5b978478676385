/* SPDX-License-Identifier: BSD-3-Clause */
/* One measurement: what was asked for, what came of it, and the clocks between which it counts. */
#ifndef ECHOLOG_BENCH_RUN_H
#define ECHOLOG_BENCH_RUN_H

#include "base/check.h"
#include "base/histogram.h"
#include "bench/options.h"
#include "bench/peers.h"
#include <stdbool.h>
#include <stdint.h>

#define RUN_WHY_BYTES 320
#define RUN_TITLE_BYTES 256

struct run {
    const struct options *options; /* borrowed */
    char title[RUN_TITLE_BYTES];   /* what was measured, in words */
    uint64_t messages;             /* between the marks */
    struct histogram latency;      /* in nanoseconds; empty where there is none to speak of */
    uint64_t errors;
    char first_error[SCAN_ERROR_BYTES];
    int64_t took_ns, server_ns,
        own_ns;              /* wall time, CPU time of the server (-1: not known) and ours */
    bool spins;              /* we wait for nothing, and take a core in any case */
    int64_t peak_kib;        /* of the server's resident memory; -1: not known */
    char why[RUN_WHY_BYTES]; /* it could not be done */

    /* Private: where the measurement began. */
    int64_t began_ns, server_began_ns, own_began_ns;
};

int64_t run_now_ns(void);

/* The stretch that counts. */
void run_begin(struct run *run);
void run_end(struct run *run);

/* Takes over the errors that the peers have counted, and what went wrong with them. Returns false when that is
 * something: "return run_take(...)" ends a scenario. Closes them. */
bool run_close(struct run *run, struct peers *ps);

/* One command on a connection of its own, for what comes before and after a measurement. `may_fail`: an error is no
 * failure. */
MUST_CHECK
bool run_ask(struct run *run, bool may_fail, const char *const *words, size_t count);
#define RUN_ASK(run, may_fail, ...)                                \
    run_ask((run), (may_fail), (const char *const[]){__VA_ARGS__}, \
            sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

void run_deinit(struct run *run);

#endif
