/* SPDX-License-Identifier: BSD-3-Clause */
/* Which commands hold a password, and are not to be kept in a history. */
#ifndef ECHOLOG_CLI_SECRETS_H
#define ECHOLOG_CLI_SECRETS_H

#include "base/bytes.h"
#include <stdbool.h>

/* Of a command as it was typed, perhaps behind a number of times. */
bool secrets_in(const struct bytes *words, size_t count);

#endif
