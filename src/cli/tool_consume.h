/* SPDX-License-Identifier: BSD-3-Clause */
/* echolog-cli consume: prints the records of a topic, from its start or from now on, until it is stopped.
 * It reads by offset and belongs to no group. */
#ifndef ECHOLOG_CLI_TOOL_CONSUME_H
#define ECHOLOG_CLI_TOOL_CONSUME_H

#include "cli/connection.h"
#include "cli/flags.h"
#include "cli/printer.h"
#include "cli/record_format.h"
#include <stdio.h>

#define CONSUME_COUNT 500       /* records asked for at a time */
#define CONSUME_BLOCK_MS 5000   /* how long one request waits for more */
#define CONSUME_REFRESH_MS 5000 /* how often it looks for partitions that were added */
#define CONSUME_FROM_LATEST (-1)
#define CONSUME_FROM_EARLIEST (-2)

struct consume_options {
    const char *topic;
    int64_t partition;    /* -1: all */
    int64_t offset;       /* where to begin; or CONSUME_FROM_… */
    int64_t max_messages; /* -1: no limit */
    int64_t timeout_ms;   /* stops after so long without a record; -1: never */
    struct record_format format;
    bool help;
};

/* argv begins behind the tool's name. False: `why` says what is wrong. */
MUST_CHECK
bool consume_options_parse(struct consume_options *o, int argc, char *const *argv,
                           char why[FLAGS_WHY_BYTES]);

/* Prints records to `output_fd` over the open connection, and what people should know to `report`. Returns
 * the exit status; an interrupt is a good end. */
int consume_run(struct connection *c, const struct consume_options *o, int output_fd, FILE *report);

/* The next readable offset that a -CORRUPT error names; false when it names none. */
bool consume_corrupt_next(struct bytes error, int64_t *next);

/* The whole tool, from its arguments to its exit status. */
int tool_consume(struct connection *c, const struct printer *printer, int argc, char *const *argv);

#endif
