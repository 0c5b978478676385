/* SPDX-License-Identifier: BSD-3-Clause */
/* The prompt: line editing and history by libedit, one command per line. */
#ifndef ECHOLOG_CLI_REPL_H
#define ECHOLOG_CLI_REPL_H

#include "cli/connection.h"
#include "cli/printer.h"

#define REPL_HISTORY_FILE ".echologcli_history" /* in the home directory */
#define REPL_HISTORY_VARIABLE "ECHOLOGCLI_HISTFILE"
#define REPL_HISTORY_LINES_MAX 1000

/* Prompts on standard input and output, which are a terminal, until the user leaves. The connection may be
 * closed: it is opened when it is needed, and again after it was lost. Returns the exit status. */
int repl_run(struct connection *c, const struct printer *printer);

#endif
