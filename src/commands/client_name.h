/* SPDX-License-Identifier: BSD-3-Clause */
/* What a client may call itself: CLIENT SETNAME, CLIENT SETINFO and HELLO … SETNAME. Such texts stand in
 * the lines of CLIENT LIST, so they hold no blanks. */
#ifndef ECHOLOG_COMMANDS_CLIENT_NAME_H
#define ECHOLOG_COMMANDS_CLIENT_NAME_H

#include "commands/command.h"

#define CLIENT_TEXT_BYTES_MAX 4096 /* of a name, and of what a library tells of itself */

/* Printable and without blanks; empty is fine. */
bool client_text_is_plain(struct bytes text);
/* Answers with the error when it is not. */
bool client_name_check(struct call *c, struct bytes name);

#endif
