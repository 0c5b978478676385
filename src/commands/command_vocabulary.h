/* SPDX-License-Identifier: BSD-3-Clause */
/* The table of commands, as rules of access speak of it. */
#ifndef ECHOLOG_COMMANDS_COMMAND_VOCABULARY_H
#define ECHOLOG_COMMANDS_COMMAND_VOCABULARY_H

#include "access/vocabulary.h"
#include "commands/command.h"

/* `t` is borrowed and outlives it. A command's number is its index in the table. */
struct access_vocabulary *command_vocabulary_create(const struct command_table *t);
void command_vocabulary_destroy(struct access_vocabulary *v);

#endif
