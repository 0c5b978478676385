/* SPDX-License-Identifier: BSD-3-Clause */
/* The inside of following, shared by follow.c, follow_cursor.c and follow_open.c. */
#ifndef ECHOLOG_TOPICS_FOLLOW_PRIVATE_H
#define ECHOLOG_TOPICS_FOLLOW_PRIVATE_H

#include "base/dict.h"
#include "base/frame.h"
#include "topics/follow.h"

/* Encodings of this turn that the next cursor may want too. Those of one partition come one after the other, in a
 * few forms, so a few places do. */
#define FOLLOW_SHARED_COUNT 8

struct follow_shared {
    struct frame *frame; /* counted; NULL: free */
    const struct topic_partition *tp;
    struct follow_form form;
    int64_t from, to;
    uint64_t records;
};

struct follows {
    struct catalog *catalog; /* borrowed */
    struct catalog_observer observer;
    struct list all;      /* of struct follow.of_all */
    struct list openings; /* of struct follow_opening.link: not done yet */
    struct dict patterns; /* text -> struct follow_pattern, owned */
    size_t partition_count;

    struct list live;    /* of struct follow_cursor.queue: were at the end, and something came */
    struct list history; /* of the same: have more to read */
    size_t reads;        /* workers at it */
    bool in_turn;
    struct follow_shared shared[FOLLOW_SHARED_COUNT];
    size_t shared_next;

    struct out_pool pool;
    struct out scratch; /* what is being encoded */
    struct follows_stats stats;
};

/* A text that someone follows; the same for all who do. */
struct follow_pattern {
    struct bytes text; /* borrowed from the key in follows.patterns */
    size_t follows;
};

/* One subscription. */
struct follow {
    struct list of_follower, of_all;
    struct follower *follower;      /* borrowed */
    struct follow_pattern *pattern; /* borrowed; NULL: FOLLOW */
    struct bytes topic;             /* owned: a name, or a glob of a pattern */
    int64_t partition;              /* of a pattern: only this one; FOLLOW_ALL_PARTITIONS: all */
    bool grows;                     /* partitions that come later join */
    struct frame *key;              /* counted: the glob for those; NULL: none */
    struct list cursors;            /* of struct follow_cursor.of_follow, owned */
};

struct follow_cursor {
    struct list of_follow;
    struct follow *follow;      /* borrowed */
    struct topic_partition *tp; /* with a reference to its topic */
    int64_t offset;             /* of the next record */
    struct frame *key;          /* counted; a glob; NULL: all records */
    struct list queue; /* live, history, or its follower's stalled; else it waits or reads */
    struct topic_reader reader;
    struct partition_read read;
    bool reading;
};

/* --- follow.c ------------------------------------------------------------------------------- */

struct follow *follow_create(struct follower *f, const struct follow_wish *wish);
void follow_end(struct follow *fw); /* with its cursors */
/* FOLLOW of no partition at all is over; a pattern stays, for what may come. */
void follow_end_if_over(struct follow *fw);
struct follow *follow_of_topic(const struct follower *f, struct bytes topic);     /* NULL */
struct follow *follow_of_pattern(const struct follower *f, struct bytes pattern); /* NULL */
struct follow_form follow_form_of(const struct follow *fw);
/* Whether a pattern of the follower's takes in the topic: it covers it, and he may read it. */
bool follow_takes_in(struct follower *f, struct bytes glob, struct bytes topic);
struct frame *follow_key_copy(struct bytes key); /* NULL for null; the caller's reference */

/* --- follow_cursor.c ------------------------------------------------------------------------ */

/* Takes a reference to the topic and to `key`; ready to be read. */
struct follow_cursor *follow_cursor_create(struct follow *fw, struct topic_partition *tp,
                                           int64_t offset, struct frame *key);
void follow_cursor_destroy(struct follow_cursor *c);
/* NULL when it does not follow that. */
struct follow_cursor *follow_cursor_of(const struct follow *fw, const struct topic_partition *tp);
/* It can go no further: tells, and destroys it. Then follow_end_if_over. */
void follow_cursor_end(struct follow_cursor *c, enum err why);

/* --- follow_open.c: openings are told what the catalog says, as follows are -------------------- */

void follow_opening_created(struct follow_opening *o, struct topic *t);
void follow_opening_grown(struct follow_opening *o, struct topic *t, int32_t partitions_before);

#endif
