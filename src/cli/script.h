/* SPDX-License-Identifier: BSD-3-Clause */
/* Commands line by line from a pipe or file: no prompt, no reconnecting, since what follows may depend on
 * what came before. */
#ifndef ECHOLOG_CLI_SCRIPT_H
#define ECHOLOG_CLI_SCRIPT_H

#include "cli/connection.h"
#include "cli/printer.h"
#include <stdio.h>

/* Replies go to `to`. The connection is open. Returns the program's exit
 * status (exit_status.h); a line that could not be split counts as an error reply does. */
int script_run(struct connection *c, const struct printer *printer, int input_fd, FILE *to);

#endif
