/* SPDX-License-Identifier: BSD-3-Clause */
/* The prompt: one command per line, with what the server says by itself shown above the line that is being typed. */
#ifndef ECHOLOG_CLI_REPL_H
#define ECHOLOG_CLI_REPL_H

#include "cli/connection.h"
#include "cli/printer.h"

#define REPL_HISTORY_FILE ".echologcli_history" /* in the home directory */
#define REPL_HISTORY_VARIABLE "ECHOLOGCLI_HISTFILE"
#define REPL_SLOW_MS 500 /* a command that took longer says how long */

/* Prompts on standard input and output, which are a terminal, until the user leaves. The connection may be
 * closed: it is opened when it is needed, and again after it was lost, with its user, protocol and subscriptions.
 * Returns the exit status. */
int repl_run(struct connection *c, const struct printer *printer);

#endif
