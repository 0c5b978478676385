/* SPDX-License-Identifier: BSD-3-Clause */
/* What FOLLOW sends, a line each, for reading. */
#ifndef ECHOLOG_CLI_FOLLOW_PRINT_H
#define ECHOLOG_CLI_FOLLOW_PRINT_H

#include "base/buf.h"
#include "resp/reply.h"

/* Appends the line. False, and nothing is appended: it is something else.
 *
 *   chat/0@17  2026-01-01T00:00:00.000Z  "ann"  "are you there?"  "shop"="north"
 *   following chat/0 from offset 17
 *   lost chat/0@5-9: OFFSETOUTOFRANGE …
 *   no longer following chat/0, which ends before offset 18: UNKNOWNTOPIC … */
bool follow_print(struct buf *out, const struct reply *message);

#endif
