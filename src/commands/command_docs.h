/* SPDX-License-Identifier: BSD-3-Clause */
/* What COMMAND, COMMAND INFO and COMMAND DOCS say of one command, in the shapes of Redis 7. */
#ifndef ECHOLOG_COMMANDS_COMMAND_DOCS_H
#define ECHOLOG_COMMANDS_COMMAND_DOCS_H

#include "commands/command.h"

/* The array of COMMAND INFO, with its sub-commands inside. */
void command_write_info(struct writer *w, const struct command_table *t, const struct command *c);
/* Its name and the map of COMMAND DOCS, with its sub-commands inside. */
void command_write_docs(struct writer *w, const struct command_table *t, const struct command *c);

#endif
