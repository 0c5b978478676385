/* SPDX-License-Identifier: BSD-3-Clause */
/* Reading the arguments that several topic and log commands share. Each answers with an error and returns
 * false (or NULL) when the argument is wrong. */
#ifndef ECHOLOG_COMMANDS_ARGUMENTS_H
#define ECHOLOG_COMMANDS_ARGUMENTS_H

#include "commands/command.h"
#include "topics/fetch.h"

/* An integer in [min, max]; `what` names it in the error. */
bool argument_int(struct call *c, struct bytes text, const char *what, int64_t min, int64_t max,
                  int64_t *value);
/* A number of records or bytes: 1 to `max`. */
bool argument_size(struct call *c, struct bytes text, const char *what, int64_t max, size_t *size);
/* BLOCK's milliseconds (0: for ever), as struct fetch has it. */
bool argument_block(struct call *c, struct bytes text, int64_t *wait_us);
/* NONE, WRITTEN or SYNCED. */
bool argument_ack(struct call *c, struct bytes text, enum ack *ack);
/* A topic that exists. */
struct topic *argument_topic(struct call *c, struct bytes name);
/* A partition of it. */
struct topic_partition *argument_partition(struct call *c, struct topic *t, struct bytes text);
/* An offset, EARLIEST, LATEST or @ms. On failure nothing is answered: the caller knows where. */
bool argument_position(struct bytes text, enum fetch_from *from, int64_t *value);
void reply_bad_position(struct call *c, struct bytes text); /* that it is none of them */

#endif
