/* SPDX-License-Identifier: BSD-3-Clause */
/* What the consumer asks as a member of a group. It commits what it has printed and nothing else, so that a record is
 * never lost to one that was stopped; one that is killed while it prints may be printed again. */
#ifndef ECHOLOG_CLI_CONSUME_GROUP_H
#define ECHOLOG_CLI_CONSUME_GROUP_H

#include "cli/connection.h"
#include "cli/consume_options.h"
#include "cli/consume_positions.h"

/* Each queues a command. */
void consume_group_request(struct connection *to, const struct consume_options *o, int64_t count,
                           int64_t block_ms);
/* False, and nothing is queued: all is committed. What it commits counts as committed from then on. */
bool consume_group_commit(struct connection *to, const struct consume_options *o,
                          struct consume_positions *p);
void consume_group_leave(struct connection *to, const struct consume_options *o);

/* Whether the error in the place of records only says that some are lost, and the group goes on behind them. */
bool consume_group_goes_on(struct bytes error);

#endif
