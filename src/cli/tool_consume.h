/* SPDX-License-Identifier: BSD-3-Clause */
/* echolog-cli consume: prints the records of a topic, from a place on, until it is stopped. It reads by offset, or as a
 * member of a group. */
#ifndef ECHOLOG_CLI_TOOL_CONSUME_H
#define ECHOLOG_CLI_TOOL_CONSUME_H

#include "cli/connection.h"
#include "cli/consume_options.h"
#include "cli/printer.h"
#include <stdio.h>

#define CONSUME_COUNT 500       /* records asked for at a time */
#define CONSUME_BLOCK_MS 5000   /* how long one request waits for more */
#define CONSUME_REFRESH_MS 5000 /* how often it looks for partitions that were added */

/* Prints records to `output_fd` over the open connection, and what people should know to `report`. Returns
 * the exit status; an interrupt is a good end. */
int consume_run(struct connection *c, const struct consume_options *o, int output_fd, FILE *report);

/* The next readable offset that a -CORRUPT error names; false when it names none. */
bool consume_corrupt_next(struct bytes error, int64_t *next);

/* The whole tool, from its arguments to its exit status. */
int tool_consume(struct connection *c, const struct printer *printer, int argc, char *const *argv);

#endif
