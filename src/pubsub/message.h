/* SPDX-License-Identifier: BSD-3-Clause */
/* A message as subscribers get it, in RESP2 an array, in RESP3 a push:
 *
 *   message <channel> <message>
 *   pmessage <pattern> <channel> <message>
 *   smessage <channel> <message> */
#ifndef ECHOLOG_PUBSUB_MESSAGE_H
#define ECHOLOG_PUBSUB_MESSAGE_H

#include "pubsub/pubsub.h"

/* A new frame, the caller's. `pattern` counts only for PUBSUB_PATTERN. */
struct frame *message_encode(int proto, enum pubsub_kind kind, struct bytes pattern,
                             struct bytes channel, struct bytes message);

#endif
