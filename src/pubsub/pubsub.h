/* SPDX-License-Identifier: BSD-3-Clause */
/* Publish/subscribe. A message goes to whoever subscribes at this moment: at most once, in order per
 * channel, and nobody hears it again. */
#ifndef ECHOLOG_PUBSUB_PUBSUB_H
#define ECHOLOG_PUBSUB_PUBSUB_H

#include "base/bytes.h"
#include "base/dict.h"
#include "base/frame.h"
#include "base/list.h"
#include <stdbool.h>
#include <stdint.h>

enum pubsub_kind {
    PUBSUB_CHANNEL, /* SUBSCRIBE */
    PUBSUB_PATTERN, /* PSUBSCRIBE */
    PUBSUB_SHARD,   /* SSUBSCRIBE */
    PUBSUB_KIND_COUNT
};

struct pubsub;

/* A receiver; embedded in its owner. */
struct subscriber {
    struct pubsub *pubsub; /* borrowed */
    int proto;             /* 2 or 3: how messages are framed; the owner may change it */
    /* Gives it the part of the frame from `begin` to its present end. Takes over nothing: the callee refs the frame
     * (out_append_part does) or copies the part, for what is in a small frame (FRAME_COPY_BYTES_MAX) that
     * nobody holds is gone after the call. It must not
     * subscribe, unsubscribe or publish, for whomever (asserted): what follows from a delivery, such as
     * ending a connection that is too far behind, comes after it. */
    void (*deliver)(struct subscriber *subscriber, struct frame *frame, size_t begin);
    /* The owner may set it: nothing more is delivered, and it is no receiver of a message. */
    bool ended;
    /* Private. */
    struct list subscriptions[PUBSUB_KIND_COUNT]; /* owned, in order of subscribing */
    struct dict names[PUBSUB_KIND_COUNT];         /* name -> subscription */
};

struct pubsub_stats {
    uint64_t messages;                       /* published */
    uint64_t deliveries;                     /* to subscribers */
    size_t subscriptions[PUBSUB_KIND_COUNT]; /* there are now, of all subscribers */
    size_t subscribers;                      /* with at least one */
};

struct pubsub *pubsub_create(const struct hash_key *key); /* the key is borrowed and outlives it */
void pubsub_destroy(struct pubsub *ps);                   /* no subscriber may be left */
const struct pubsub_stats *pubsub_stats(const struct pubsub *ps);

void subscriber_init(struct subscriber *s, struct pubsub *ps,
                     void (*deliver)(struct subscriber *, struct frame *, size_t begin));
void subscriber_deinit(struct subscriber *s); /* ends all its subscriptions */
/* The same in pieces, for there may be very many, of one that has `ended`: takes away at most *budget
 * subscriptions, and as many off *budget; true when none is left. subscriber_deinit is still to be called. */
bool subscriber_end(struct subscriber *s, size_t *budget);

/* False when it already had the subscription (then nothing changes). */
bool pubsub_subscribe(struct subscriber *s, enum pubsub_kind kind, struct bytes name);
/* False when it had none. `name` may be what pubsub_oldest gave. */
bool pubsub_unsubscribe(struct subscriber *s, enum pubsub_kind kind, struct bytes name);
bool pubsub_is_subscribed(const struct subscriber *s, enum pubsub_kind kind, struct bytes name);
size_t pubsub_count(const struct subscriber *s, enum pubsub_kind kind);
/* The name of the oldest subscription of that kind, valid until it ends; false when there is none. */
bool pubsub_oldest(const struct subscriber *s, enum pubsub_kind kind, struct bytes *name);
/* What its subscriptions hold in memory. */
size_t pubsub_memory(const struct subscriber *s);
/* Calls `fn` for each subscription of that kind, oldest first; `fn` must not change them. */
void pubsub_each_of(const struct subscriber *s, enum pubsub_kind kind,
                    void (*fn)(void *ctx, struct bytes name), void *ctx);

/* Delivers to subscribers of the channel and then, for PUBSUB_CHANNEL, of matching patterns, so that one
 * who has both gets both; `kind` is PUBSUB_CHANNEL or PUBSUB_SHARD. Returns how many deliveries were
 * made. `message`: any bytes. All that hear one name in one protocol get the same part of the same frame, and the
 * messages of a turn to one name may follow on one another in one. */
size_t pubsub_publish(struct pubsub *ps, enum pubsub_kind kind, struct bytes channel,
                      struct bytes message);
/* What is published from now on belongs to another turn. */
void pubsub_end_turn(struct pubsub *ps);

/* How many deliveries that would make now. */
size_t pubsub_receiver_count(const struct pubsub *ps, enum pubsub_kind kind, struct bytes channel);

/* What PUBSUB CHANNELS, NUMSUB, NUMPAT ask. */
size_t pubsub_subscriber_count(const struct pubsub *ps, enum pubsub_kind kind, struct bytes name);
size_t pubsub_pattern_count(const struct pubsub *ps);                     /* distinct patterns */
size_t pubsub_name_count(const struct pubsub *ps, enum pubsub_kind kind); /* distinct names */
void pubsub_each_name(const struct pubsub *ps, enum pubsub_kind kind,
                      void (*fn)(void *ctx, struct bytes name, size_t subscribers), void *ctx);

#endif
