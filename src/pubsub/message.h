/* SPDX-License-Identifier: BSD-3-Clause */
/* A message as subscribers get it, in RESP2 an array, in RESP3 a push:
 *
 *   message <channel> <text>
 *   pmessage <pattern> <channel> <text>
 *   smessage <channel> <text>
 *
 * It is written in two parts: the head, up to the channel, is the same for all messages from one channel to one
 * audience. */
#ifndef ECHOLOG_PUBSUB_MESSAGE_H
#define ECHOLOG_PUBSUB_MESSAGE_H

#include "base/num.h"
#include "pubsub/pubsub.h"

/* What it consists of; all is borrowed. */
struct message {
    enum pubsub_kind kind;
    struct bytes pattern; /* counts only for PUBSUB_PATTERN */
    struct bytes channel;
    struct bytes text;
};

size_t message_head_len(const struct message *m); /* in either protocol */
size_t message_text_len(struct bytes text);
/* Each writes so many bytes, and returns the place behind them. */
char *message_write_head(const struct message *m, int proto, char *to);
char *message_write_text(struct bytes text, char *to);

#endif
