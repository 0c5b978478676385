/* SPDX-License-Identifier: BSD-3-Clause */
/* echolog-cli bench: a short load, and how long its requests took. */
#ifndef ECHOLOG_CLI_TOOL_BENCH_H
#define ECHOLOG_CLI_TOOL_BENCH_H

#include "cli/bench_load.h"

#define BENCH_REQUESTS_DEFAULT 20000
#define BENCH_SIZE_DEFAULT 100
#define BENCH_IN_FLIGHT_DEFAULT 16
#define BENCH_SIZE_MAX (16 * 1024 * 1024)
#define BENCH_COUNT_DEFAULT 100
#define BENCH_PARTITIONS_MAX 64 /* of a topic of its own: one for each connection */

struct bench_options {
    struct flag_list tests; /* none: all */
    int64_t requests;
    int64_t size; /* of a value or message, in bytes */
    int64_t connections;
    int64_t in_flight; /* requests under way at a time, on each */
    int64_t count;     /* records that one request reads at most */
    const char *topic; /* NULL: one of its own, deleted at the end */
    const char *channel;
    const char *ack; /* NULL: the topic's own */
    bool help;
};

/* argv begins behind the tool's name. False: `why` says what is wrong. */
MUST_CHECK
bool bench_options_parse(struct bench_options *o, int argc, char *const *argv,
                         char why[FLAGS_WHY_BYTES]);
/* Over the open connection and others like it. Prints a listing of test, requests, errors, per-second, records-per-second
 * (null where none are written or read), and p50-us, p99-us, p99.9-us and max-us of a request. Returns the exit status:
 * EXIT_STATUS_REFUSED when a reply was an error. An interrupt ends the test under way, which is still printed. */
int bench_run(struct tool *t, const struct bench_options *o);

/* The whole tool, from its arguments to its exit status. */
int tool_bench(struct connection *c, const struct printer *printer, int argc, char *const *argv);

#endif
