/* SPDX-License-Identifier: BSD-3-Clause */
/* echolog-cli produce: each line of the input becomes a record of a topic. Lines travel in batches
 * (MPRODUCE) or one by one, several under way at a time, and are acknowledged in their order. */
#ifndef ECHOLOG_CLI_TOOL_PRODUCE_H
#define ECHOLOG_CLI_TOOL_PRODUCE_H

#include "cli/connection.h"
#include "cli/printer.h"
#include "cli/produce_options.h"
#include <stdio.h>

#define PRODUCE_IN_FLIGHT_MAX 16          /* batches */
#define PRODUCE_SINGLES_IN_FLIGHT_MAX 512 /* records that are sent alone */

/* Sends all lines of `input_fd` over the open connection and reports to `report` what was acknowledged.
 * After the first failure nothing more is sent, and what is under way is waited for. Returns the exit
 * status. */
int produce_run(struct connection *c, const struct produce_options *o, int input_fd, FILE *report);

/* The whole tool, from its arguments to its exit status. */
int tool_produce(struct connection *c, const struct printer *printer, int argc, char *const *argv);

#endif
