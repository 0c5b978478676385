/* SPDX-License-Identifier: BSD-3-Clause */
/* Requests over several connections at once, some under way on each, and how long each took: from when it was queued
 * until its reply was read. What is asked is the caller's. */
#ifndef ECHOLOG_CLI_BENCH_LOAD_H
#define ECHOLOG_CLI_BENCH_LOAD_H

#include "base/histogram.h"
#include "cli/tool.h"

#define BENCH_CONNECTIONS_MAX 1000
#define BENCH_IN_FLIGHT_MAX 1000 /* on each */

struct bench_client {
    struct connection *connection; /* borrowed */
    size_t number;                 /* from 0 */
    /* Where a reader stands; the load leaves them alone. */
    size_t partition;
    int64_t offset;

    /* Private. */
    int64_t *sent_ns; /* owned: a ring of BENCH_IN_FLIGHT_MAX */
    int64_t sent, answered;
};

/* One kind of request. */
struct bench_test {
    const char *name;
    void (*send)(void *ctx, struct bench_client *c);
    /* How many records a reply that is no error brings. A negative number: it is as if it had not been asked for. */
    int64_t (*take)(void *ctx, const struct reply *reply);
    bool waits; /* one under way on each connection, whatever was said */
};

struct bench_load {
    struct tool *tool;            /* borrowed; its connection is the first client's */
    struct connection *others;    /* owned */
    struct bench_client *clients; /* owned */
    size_t client_count;
    bool stopping; /* interrupted, or set by the test: send nothing more */

    /* Of the test that ran last. */
    int64_t requests, errors, records;
    int64_t took_ns;          /* from the first request to the last reply that counted */
    struct histogram latency; /* in nanoseconds */
};

/* Connects all but the first client. False: it says why not; to be closed all the same. */
MUST_CHECK
bool bench_load_open(struct bench_load *l, struct tool *t, size_t connections);
void bench_load_close(struct bench_load *l);
/* Until `requests` were answered or it is stopping, and what is under way is answered. The first interrupt stops the
 * sending, the second the waiting too; then, and when a connection is lost, the tool is over. The first error reply is
 * said. */
void bench_load_run(struct bench_load *l, const struct bench_test *test, void *ctx,
                    int64_t requests, int64_t in_flight);

#endif
