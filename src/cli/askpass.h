/* SPDX-License-Identifier: BSD-3-Clause */
/* Asking for a password. */
#ifndef ECHOLOG_CLI_ASKPASS_H
#define ECHOLOG_CLI_ASKPASS_H

#include "base/buf.h"

/* Reads a line from standard input; a terminal is asked for it and does not show it. NUL-terminated. False: there
 * was none. */
MUST_CHECK
bool askpass(struct buf *password);

#endif
