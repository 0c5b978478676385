/* SPDX-License-Identifier: BSD-3-Clause */
/* Replies that wait until a batch is written or synced: the meeting of session/hold.h and topics/ack.h.
 * Replies of one session that stand side by side and wait for the same batch share one hold, so that a
 * pipeline costs one per turn, and holds are reused: no allocation per record. */
#ifndef ECHOLOG_COMMANDS_APPEND_HOLD_H
#define ECHOLOG_COMMANDS_APPEND_HOLD_H

#include "commands/command.h"
#include "topics/ack.h"

struct append_holds;

struct append_holds *append_holds_create(void);
void append_holds_destroy(struct append_holds *holds); /* none may be under way */

/* The reply (or array element) just written since output position `from` stands for records in `batch` of
 * `tp`: hold it until they reached `ack`. ACK_NONE holds nothing. When the session is mute nothing is
 * held, but a failure is counted. On failure the reply becomes the error of that cause. */
void append_hold(struct call *c, uint64_t from, struct topic_partition *tp, uint64_t batch,
                 enum ack ack);

#endif
