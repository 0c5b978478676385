/* SPDX-License-Identifier: BSD-3-Clause */
/* Which arguments of a command are nobody's business: what the slow log and MONITOR do not show. */
#ifndef ECHOLOG_COMMANDS_SECRETS_H
#define ECHOLOG_COMMANDS_SECRETS_H

#include "commands/command.h"

/* Whether argument `i` of the call (a struct call) is a secret. Its shape is that of slow_args_create. */
bool argument_is_secret(const void *call, int i);

#endif
