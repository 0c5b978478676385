/* SPDX-License-Identifier: BSD-3-Clause */
/* A connection as a line of CLIENT LIST and CLIENT INFO. */
#ifndef ECHOLOG_COMMANDS_CLIENT_DESCRIBE_H
#define ECHOLOG_COMMANDS_CLIENT_DESCRIBE_H

#include "base/buf.h"
#include "commands/command.h"

/* The user it acts as. */
const char *client_user(const struct session *s);

/* Appends the line, without a newline. `c` is the call that asks: what it holds in memory counts for its
 * own session; NULL when no client asks. */
void client_describe(struct buf *b, const struct call *c, const struct session *s);

#endif
