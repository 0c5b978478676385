/* SPDX-License-Identifier: BSD-3-Clause */
/* echolog-cli produce: each line of the input becomes a record of a topic. Lines travel in batches
 * (MPRODUCE), several under way at a time, and are acknowledged in their order. */
#ifndef ECHOLOG_CLI_TOOL_PRODUCE_H
#define ECHOLOG_CLI_TOOL_PRODUCE_H

#include "cli/connection.h"
#include "cli/flags.h"
#include "cli/printer.h"
#include <stdio.h>

#define PRODUCE_IN_FLIGHT_MAX 16 /* batches */

struct produce_options {
    const char *topic;
    bool parse_key;
    const char *key_separator;
    const char *ack;   /* NULL: the topic's own */
    int64_t partition; /* -1: the server chooses */
    bool help;
};

/* argv begins behind the tool's name. False: `why` says what is wrong. */
MUST_CHECK
bool produce_options_parse(struct produce_options *o, int argc, char *const *argv,
                           char why[FLAGS_WHY_BYTES]);

/* Sends all lines of `input_fd` over the open connection and reports to `report` what was acknowledged.
 * After the first failure nothing more is sent, and what is under way is waited for. Returns the exit
 * status. */
int produce_run(struct connection *c, const struct produce_options *o, int input_fd, FILE *report);

/* The whole tool, from its arguments to its exit status. */
int tool_produce(struct connection *c, const struct printer *printer, int argc, char *const *argv);

#endif
