/* SPDX-License-Identifier: BSD-3-Clause */
/* The command line of echolog-bench. */
#ifndef ECHOLOG_BENCH_OPTIONS_H
#define ECHOLOG_BENCH_OPTIONS_H

#include "base/flags.h"
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define OPTIONS_SCENARIO_OWN 0 /* a number that was not given: the scenario has its own */

struct options {
    const char *host;
    int64_t port;
    int64_t connections, depth; /* or OPTIONS_SCENARIO_OWN */
    int64_t requests;           /* or that: as many as there is time for */
    int64_t seconds_us, warm_up_us;
    int64_t size;        /* of a payload */
    int64_t names, keys; /* that {i} and {key} rotate over */
    int64_t count_at;
    const char *topic; /* NULL: one of our own, made and removed */
    const char *ack;
    int64_t topics, partitions;
    int64_t batch; /* values in one MPRODUCE; 1: PRODUCE */
    int64_t records, count;
    int64_t members, subscribers, window, rate;
    int64_t pid; /* of the server, or OPTIONS_SCENARIO_OWN: not looked at */
    bool nats;
    bool json;
    bool help, version;
    const char *scenario;     /* borrowed from argv; NULL: the command */
    const char *const *words; /* of the command; borrowed */
    size_t word_count;
};

/* False: `why` says what is wrong. */
MUST_CHECK
bool options_parse(struct options *o, int argc, char *const *argv, char why[FLAGS_WHY_BYTES]);
void options_print_help(FILE *out);

#endif
