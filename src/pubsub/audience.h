/* SPDX-License-Identifier: BSD-3-Clause */
/* Private to this folder: who hears a name. A subscription hangs in two lists, that of its audience and
 * that of its subscriber, so that it ends without a search on either side. */
#ifndef ECHOLOG_PUBSUB_AUDIENCE_H
#define ECHOLOG_PUBSUB_AUDIENCE_H

#include "pubsub/burst.h"
#include "pubsub/patterns.h"
#include "pubsub/pubsub.h"

/* The subscriptions to one channel, pattern or shard channel; there is one while it has any. There may be millions, so
 * it holds no more than it needs. */
struct audience {
    struct list subscriptions;
    uint32_t count;
    uint32_t turn : 24; /* of the message before, as much of it as there is room for */
    uint32_t heard : 8; /* messages in that turn, as far as BUSY_MESSAGES */
    struct busy *busy;  /* owned; NULL while it is not */
    struct bytes name;  /* borrowed from the key in pubsub.audiences */
};

/* What an audience of PUBSUB_PATTERN is a part of. */
struct pattern_audience {
    struct audience audience;
    struct pattern pattern;
};

/* What an audience has that got BUSY_MESSAGES in this turn, or several of late. */
#define BUSY_MESSAGES 4

struct busy {
    struct burst bursts[2];    /* in RESP2 and RESP3 */
    struct audience *audience; /* borrowed */
    struct list link;          /* in pubsub.busy */
};

struct subscription {
    struct list of_audience;
    struct list of_subscriber;
    struct audience *audience; /* both borrowed */
    struct subscriber *subscriber;
};

struct pubsub {
    struct dict audiences[PUBSUB_KIND_COUNT]; /* name -> audience, owned */
    struct dict_recent recent_channels;       /* of PUBSUB_CHANNEL */
    struct patterns patterns;                 /* of the audiences of PUBSUB_PATTERN */
    struct audience
        *found; /* borrowed; of the last message to a channel or shard channel that had one */
    enum pubsub_kind found_kind;
    struct burst single[2]; /* the messages to audiences that are not busy */
    struct list busy;
    uint32_t turn : 24;
    struct pubsub_stats stats;
    bool publishing; /* nothing above may change now */
};

/* Adds the subscription at the end of the name's audience, which is made if there is none. */
void pubsub_join(struct pubsub *ps, enum pubsub_kind kind, struct bytes name,
                 struct subscription *subscription);
/* Takes it out, and the audience away when it was the last. */
void pubsub_leave(struct pubsub *ps, enum pubsub_kind kind, struct subscription *subscription);

#endif
