/* SPDX-License-Identifier: BSD-3-Clause */
/* What containers answer to HELP, made from the table; and the error for a sub-command used wrongly. */
#ifndef ECHOLOG_COMMANDS_HELP_H
#define ECHOLOG_COMMANDS_HELP_H

#include "commands/command.h"

/* Lists the sub-commands of the container whose HELP is being called. */
void reply_help(struct call *c);
/* "ERR unknown subcommand or wrong number of arguments for 'x'. Try CONTAINER HELP." */
void reply_subcommand_usage(struct call *c);

#endif
