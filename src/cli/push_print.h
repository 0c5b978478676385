/* SPDX-License-Identifier: BSD-3-Clause */
/* What a RESP3 server pushes to subscribers and members of groups, a line each, for people:
 *
 *   news  "hello"
 *   news.sport (news.*)  "a goal"
 *   listening to channel news (1 in all)
 *   group billing: m1 now has orders/0,1 */
#ifndef ECHOLOG_CLI_PUSH_PRINT_H
#define ECHOLOG_CLI_PUSH_PRINT_H

#include "base/buf.h"
#include "resp/reply.h"

/* Appends the line. False, and nothing is appended: it is something else. */
bool push_print(struct buf *out, const struct reply *push);

#endif
