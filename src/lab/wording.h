/* SPDX-License-Identifier: BSD-3-Clause */
/* What the server said, in few words, a line or more without a line end behind the last:
 *
 *   PRODUCE    partition 0, offset 3
 *   FETCH      @3 "a book"                        (one line for each record; a key stands before its value)
 *   CONSUME    orders/0@3 ann "a book"
 *   push       message news "hello"
 */
#ifndef ECHOLOG_LAB_WORDING_H
#define ECHOLOG_LAB_WORDING_H

#include "base/buf.h"
#include "resp/reply.h"

#define WORDING_TEXT_MAX 60 /* columns of a value or a message: longer ones are cut */

/* Appends the reply to `command`, which is the first word of what was typed; of a push it does not matter. */
void wording_reply(struct buf *out, struct bytes command, const struct reply *reply);

#endif
