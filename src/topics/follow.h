/* SPDX-License-Identifier: BSD-3-Clause */
/* Following: records are pushed to whoever follows a partition, from an offset on through the present. History
 * and live are one cursor over one log, so there is no seam between them.
 *
 *   follower   who receives; embedded in its owner
 *   follow     one subscription of a follower: a topic, or a pattern of the log form
 *   cursor     one partition of a follow, and the next offset of it
 *
 * Each record of a partition from the start offset on is delivered once per follow, in order. Offsets that
 * hold nothing (compaction, a gap after a loss of power) are passed over; a range that retention or damage took is told as
 * a loss. A cursor is read only when its follower wants more: who is slow costs what its owner keeps for it and
 * nothing else.
 *
 * Knows nothing of RESP or connections. */
#ifndef ECHOLOG_TOPICS_FOLLOW_H
#define ECHOLOG_TOPICS_FOLLOW_H

#include "base/hash.h"
#include "base/out.h"
#include "storage/batch.h"
#include "topics/catalog.h"
#include "topics/fetch.h"

#define FOLLOW_PARTITIONS_MAX 100000 /* of one follower, when it begins to follow more */
#define FOLLOW_ALL_PARTITIONS (-1)

struct follower;
struct follows;

/* In what form records are delivered: followers that agree in it share one encoding. */
struct follow_form {
    int proto;            /* the follower's */
    struct bytes pattern; /* of the log form, as given; null: FOLLOW */
};

/* Records that will not be delivered. */
struct follow_loss {
    const struct topic_partition *tp;
    int64_t from, to; /* exclusive */
    enum err
        why; /* ERR_RANGE retention; ERR_CORRUPT damage; ERR_NOT_FOUND the topic was deleted; … */
};

/* What its owner does for a follower. None of these may change what is followed, by whomever. */
struct follower_ops {
    /* Whether it takes more records now. If not, follower_drained is called when it does again. */
    bool (*wants)(struct follower *f);
    void (*encode)(struct out *to, const struct follow_form *form, const struct topic_partition *tp,
                   const struct record_view *r);
    /* Encoded records; the frame is shared: ref it (out_append_frame does) or copy it. */
    void (*deliver)(struct follower *f, struct frame *frame);
    void (*lost)(struct follower *f, const struct follow_form *form,
                 const struct follow_loss *loss);
    /* Whether a pattern of the follower's may take in a topic: one that it may not is as if it were not
     * there. NULL: all of them. */
    bool (*may_read)(struct follower *f, struct bytes topic);
    /* A partition that came later (of a topic that was created, or grew) is followed from its start. */
    void (*joined)(struct follower *f, const struct follow_form *form,
                   const struct topic_partition *tp, int64_t offset);
    /* A partition is not followed any more, and the follower had no say in it; the range is what was still
     * undelivered, maybe empty. */
    void (*ended)(struct follower *f, const struct follow_form *form,
                  const struct follow_loss *loss);
};

struct follower {
    struct follows *follows; /* borrowed */
    const struct follower_ops *ops;
    int proto; /* handed to `encode`; the owner may change it */

    /* Private. */
    struct list own;     /* of struct follow, owned, oldest first */
    struct list stalled; /* of struct follow_cursor.queue: they wait for follower_drained */
    size_t topics, patterns, partitions;
    bool
        reading; /* a worker reads for it: one at a time, so that no more gathers than it asked for */
};

/* `fs` NULL: nothing can be followed (and nothing but the next three called). */
void follower_init(struct follower *f, struct follows *fs, const struct follower_ops *ops);
void follower_deinit(struct follower *f);  /* ends all, without a word */
void follower_drained(struct follower *f); /* it may want more; harmless when it does not */

/* How many topics (FOLLOW) and patterns it follows, and how many partitions that are just now. */
static inline size_t follower_topic_count(const struct follower *f)
{
    return f->topics;
}
static inline size_t follower_pattern_count(const struct follower *f)
{
    return f->patterns;
}
static inline size_t follower_partition_count(const struct follower *f)
{
    return f->partitions;
}

/* --- beginning ------------------------------------------------------------------------------ */

/* One thing to be followed. */
struct follow_wish {
    struct bytes topic;   /* a name; with `pattern` also a glob of names */
    int64_t partition;    /* or FOLLOW_ALL_PARTITIONS: also those that come later */
    struct bytes key;     /* a glob; records without a key never match it. null: all records */
    enum fetch_from from; /* FETCH_FROM_OFFSET: of a single partition */
    int64_t value;
    struct bytes pattern; /* of the log form, the whole text as given; null: FOLLOW */
};

enum follow_refusal {
    FOLLOW_ACCEPTED,
    FOLLOW_NO_TOPIC,        /* there is none of that name */
    FOLLOW_NO_PARTITION,    /* it has no such partition */
    FOLLOW_MANY_PARTITIONS, /* an offset says a place in one partition, and there are more */
    FOLLOW_PAST_END,        /* the offset is behind the end of the log */
    FOLLOW_LIMIT,           /* FOLLOW_PARTITIONS_MAX */
    FOLLOW_FAILED,          /* `err` says why */
    FOLLOW_GONE,            /* the follower has ended meanwhile */
};

/* Finds out where a follower would begin with some wishes; nothing is followed before follow_begin. Embedded by
 * who asks. */
struct follow_opening {
    /* In. */
    struct follower *follower;        /* NULL when it has ended */
    const struct follow_wish *wishes; /* the caller's, with their texts, until follow_opening_end */
    size_t wish_count;
    void (*done)(struct follow_opening *o); /* once, later, unless follow_open answered ERR_OK */

    /* Out. */
    enum follow_refusal refusal; /* of all of it, because of … */
    size_t wish;                 /* … this one … */
    struct topic_partition
        *tp; /* … and this partition, NULL before one was looked at; until the end */
    enum err err;
    int64_t log_start, next_offset; /* FOLLOW_PAST_END */

    /* Private. */
    struct list link;  /* in follows.openings */
    struct list parts; /* of struct follow_part, owned */
    size_t part_count;
    size_t waiting; /* parts whose place is not known yet */
    bool in_open;
};

/* ERR_OK: the outcome is there; ERR_AGAIN: it takes the disk, `done` will be called. What was appended before
 * gets written first, so LATEST is behind it. */
MUST_CHECK
enum err follow_open(struct follow_opening *o);
/* Follows what wish number `wish` of an accepted opening is about, from the offsets found; `fn` is told each
 * partition. From within `done`, or right behind follow_open: what comes later would be missed. A topic (or partition) that FOLLOW follows already, and a pattern, begins anew. */
typedef void follow_partition_fn(void *ctx, const struct topic_partition *tp, int64_t offset);
void follow_begin(struct follow_opening *o, size_t wish, follow_partition_fn *fn, void *ctx);
/* Releases everything; before `done`, cancels it. Harmless on one that is all zero, or has ended. */
void follow_opening_end(struct follow_opening *o);

/* --- ending --------------------------------------------------------------------------------- */

/* Ends FOLLOW of a topic, or of one partition (then others, also later ones, stay); `fn` is told each with the
 * offset of the next record that would have been delivered. False: it did not follow that. */
bool follower_unfollow(struct follower *f, struct bytes topic, int64_t partition,
                       follow_partition_fn *fn, void *ctx);
bool follower_unfollow_pattern(struct follower *f, struct bytes pattern);
bool follower_has_pattern(const struct follower *f, struct bytes pattern);
/* Calls `fn` with the topic of each partition that is followed just now; `fn` must not change what is. */
void follower_each_topic(const struct follower *f, void (*fn)(void *ctx, struct bytes topic),
                         void *ctx);
/* The oldest one's name, valid until it ends; false when there is none. */
bool follower_oldest_topic(const struct follower *f, struct bytes *topic);
bool follower_oldest_pattern(const struct follower *f, struct bytes *pattern);

/* --- names ----------------------------------------------------------------------------------- */

bool follow_is_glob(struct bytes topic);
/* Whether a glob of names (or a name) takes in the topic: internal ones only where it says so. */
bool follow_covers(struct bytes glob, struct bytes topic);

/* --- all of them ---------------------------------------------------------------------------- */

struct follows_stats {
    uint64_t records;       /* delivered: each to each follower */
    uint64_t frames_shared; /* deliveries of what was encoded for another follower */
    uint64_t reads;
    uint64_t stalls; /* a cursor had to wait for its follower */
    uint64_t lost_ranges, lost_offsets;
};

struct follows *follows_create(struct catalog *catalog, const struct hash_key *key);
void follows_destroy(
    struct follows *fs); /* no follower may follow anything; before catalog_close */
const struct follows_stats *follows_stats(const struct follows *fs);
size_t follows_partition_count(const struct follows *fs); /* of all followers */
size_t follows_pattern_count(const struct follows *fs);   /* distinct texts; 0 of NULL */

/* Delivers, within a budget: once a turn, behind the commit, so that followers at the end of the log get what
 * was written in this turn. */
void follows_turn(struct follows *fs);
/* Whether the next turn has something to do without waiting. */
bool follows_pending(const struct follows *fs);

#endif
