/* SPDX-License-Identifier: BSD-3-Clause */
/* Messages that wait for their records to be written before subscribers hear them; used by recorder.h.
 *
 * A message is put in when it is published and taken out by the turn, after the commit: in the usual case
 * everything of a turn is written in that turn, and goes out in the order in which it was published, with
 * the flush. A partition whose files a job has (a sync, mostly) is not written to before that job has
 * ended; a message that was recorded there waits for it, and behind it, each in the order of publishing,
 *
 *   what else is published on its channel     so that subscribers hear a channel in the order of the log
 *   what else its publisher publishes         so that a pipeline, or MULTI, is heard in its order
 *
 * and nothing else: other channels of other publishers are not held up. A message of which a record
 * could not be written is dropped; those behind it go on. */
#ifndef ECHOLOG_TOPICS_OUTBOX_H
#define ECHOLOG_TOPICS_OUTBOX_H

#include "pubsub/pubsub.h"
#include "topics/ack.h"

struct outbox;

/* A record of the message, and what its topic calls acknowledged. */
struct recorded {
    struct topic_partition *tp; /* borrowed */
    uint64_t batch;
    enum ack ack;
};

struct outbox_message {
    uint64_t publisher; /* who publishes: the same number for the same connection */
    enum pubsub_kind kind;
    struct bytes channel, text;
};

struct outbox *outbox_create(struct pubsub *ps, const struct hash_key *key); /* both borrowed */
void outbox_destroy(struct outbox *o); /* what still waits is not heard; the topics are there yet */

/* Nothing is in it. */
bool outbox_idle(const struct outbox *o);
/* Whether a message that is not recorded would overtake if it were delivered now. */
bool outbox_must_wait(const struct outbox *o, const struct outbox_message *m);
/* Copies the message; it is heard when all of `records`, of which there may be none, are written. */
void outbox_add(struct outbox *o, const struct outbox_message *m, const struct recorded *records,
                size_t count);

/* Delivers what may go. Once per turn, behind the commit and before the flush. */
void outbox_turn(struct outbox *o);
/* Whether a turn would deliver something. */
bool outbox_pending(const struct outbox *o);

size_t outbox_bytes(const struct outbox *o);           /* of memory for what waits */
uint64_t outbox_dropped_count(const struct outbox *o); /* since the start */

#endif
