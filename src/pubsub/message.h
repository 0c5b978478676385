/* SPDX-License-Identifier: BSD-3-Clause */
/* A message as subscribers get it, in RESP2 an array, in RESP3 a push:
 *
 *   message <channel> <message>
 *   pmessage <pattern> <channel> <message>
 *   smessage <channel> <message> */
#ifndef ECHOLOG_PUBSUB_MESSAGE_H
#define ECHOLOG_PUBSUB_MESSAGE_H

#include "base/num.h"
#include "pubsub/pubsub.h"

#define MESSAGE_ITEMS_MAX 4

struct message_item {
    struct bytes bytes;
    char len_text[NUM_TEXT_BYTES_MAX];
    size_t len_text_len;
};

/* What it consists of; all is borrowed. */
struct message {
    struct message_item items[MESSAGE_ITEMS_MAX];
    size_t count;
    size_t len; /* as it is written, in either protocol */
};

/* `pattern` counts only for PUBSUB_PATTERN. */
void message_init(struct message *m, enum pubsub_kind kind, struct bytes pattern,
                  struct bytes channel, struct bytes text);
/* Writes m->len bytes. */
void message_write(const struct message *m, int proto, char *to);

#endif
