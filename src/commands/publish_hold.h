/* SPDX-License-Identifier: BSD-3-Clause */
/* The reply to a message that is recorded: it waits until each topic has it as safe as that topic's `ack` says.
 * One topic is append_hold.h's case; this is for any number. */
#ifndef ECHOLOG_COMMANDS_PUBLISH_HOLD_H
#define ECHOLOG_COMMANDS_PUBLISH_HOLD_H

#include "commands/command.h"
#include "topics/recorder.h"

/* Holds the reply (or array element) just written since output position `from`. The first failure becomes
 * the reply. */
void publish_hold(struct call *c, uint64_t from, const struct recorded *records, size_t count);

#endif
