/* SPDX-License-Identifier: BSD-3-Clause */
/* What a connection listens to, so that it can be asked for again over a new one: channels and patterns as they were,
 * followed partitions from behind the last record that was seen. */
#ifndef ECHOLOG_CLI_SUBSCRIPTIONS_H
#define ECHOLOG_CLI_SUBSCRIPTIONS_H

#include "base/bytes.h"
#include "cli/connection.h"
#include "resp/reply.h"

struct subscription;

/* Zero-initialised is valid and empty. */
struct subscriptions {
    struct subscription *items; /* owned; in the order they began */
    size_t count, cap;
};

void subscriptions_clear(struct subscriptions *s);
/* Learns from what the server sends: confirmations, records, ends. Anything else is of no interest. */
void subscriptions_note(struct subscriptions *s, const struct reply *message);
/* Queues the commands that bring all of it back. Returns how many. */
size_t subscriptions_ask(const struct subscriptions *s, struct connection *c);

#endif
