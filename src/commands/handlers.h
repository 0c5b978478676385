/* SPDX-License-Identifier: BSD-3-Clause */
/* Every command's function, declared from the one table. What each does and answers is said in
 * commands.def and in the command reference. */
#ifndef ECHOLOG_COMMANDS_HANDLERS_H
#define ECHOLOG_COMMANDS_HANDLERS_H

#include "commands/command.h"

#define COMMAND(name_, run_, ...) void run_(struct call *c);
#define CONTAINER(...)
#include "commands/commands.def"
#undef COMMAND
#undef CONTAINER

#endif
