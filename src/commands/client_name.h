/* SPDX-License-Identifier: BSD-3-Clause */
/* What a client may call itself: CLIENT SETNAME, CLIENT SETINFO and HELLO … SETNAME. Such texts stand in
 * the lines of CLIENT LIST, so they hold no blanks. */
#ifndef ECHOLOG_COMMANDS_CLIENT_NAME_H
#define ECHOLOG_COMMANDS_CLIENT_NAME_H

#include "commands/command.h"

/* Printable and without blanks; empty is fine. */
bool client_text_is_plain(struct bytes text);
/* Answers with the error when it is not. */
bool client_name_check(struct call *c, struct bytes name);

#endif
