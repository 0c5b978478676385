/* SPDX-License-Identifier: BSD-3-Clause */
/* How the cost of commands grows, and tips for clients: see command_facts.def. */
#ifndef ECHOLOG_COMMANDS_COMMAND_FACTS_H
#define ECHOLOG_COMMANDS_COMMAND_FACTS_H

#include "commands/command.h"

const char *command_complexity(const struct command *c);
/* Words with single blanks between; "" is none. */
const char *command_tips(const struct command *c);

#endif
