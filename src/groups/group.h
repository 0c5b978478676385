/* SPDX-License-Identifier: BSD-3-Clause */
/* A consumer group: its members, the topics they (or its committed offsets) name, and of each partition who
 * has it, who is to get it, how far it was read and what is committed. Others read these structs; only
 * src/groups changes them.
 *
 * A partition's way from one member to another (the shape of Kafka's KIP-848):
 *
 *   target != owner   the owner is to give it up: at once while its CONSUME is parked, else at its next
 *                     CONSUME (after that call's commit), or when it leaves or its session runs out
 *   owner == NULL     free: the target takes it at once when its CONSUME is parked, else at its next one
 *   target == owner   settled
 *
 * `owner` changes nowhere but in group_release_partition and group_take_partition, so no partition ever has
 * two. Each change of members, subscriptions or topics raises the group's epoch and makes a new target; a
 * member that has all of its target and nothing else is at the group's epoch. */
#ifndef ECHOLOG_GROUPS_GROUP_H
#define ECHOLOG_GROUPS_GROUP_H

#include "base/dict.h"
#include "base/out.h"
#include "base/timers.h"
#include "groups/assignor.h"
#include "topics/topic.h"

#define GROUP_MEMBERS_MAX 100000 /* of all groups together */
#define GROUPS_MAX 100000
#define GROUP_TOPICS_MAX 1000 /* that one member may name */
#define GROUP_SESSION_MS_DEFAULT 45000
#define GROUP_SESSION_MS_MAX (24 * 3600 * 1000)

struct groups;
struct group;
struct member;
struct consume;

/* A connection, as groups know it. Sessions embed one. */
struct group_client {
    struct list members; /* of struct member: whose last CONSUME came over it */
    char *address;       /* borrowed while the connection is there */
    /* The assignment of a member that said NOTIFY has changed. */
    void (*assigned)(struct group_client *client, const struct member *m);
};

enum offset_state {
    POSITION_UNKNOWN, /* to be resolved when the owner next asks */
    POSITION_GOOD,
    POSITION_LOST, /* the log begins behind it: an error until RESET says where to go on */
};

struct group_partition {
    struct group_topic *topic;
    int32_t number;
    struct member *owner;  /* NULL: free */
    struct member *target; /* NULL: nobody subscribes */
    struct list of_owner;  /* in owner->owned */
    struct list of_target; /* in target->targets */
    struct list
        handed; /* in owner->handed while position is ahead of what was committed through it */

    enum offset_state state;
    int64_t position; /* the next record to hand to the owner */

    int64_t committed; /* -1: nothing is */
    int64_t committed_ms;
    int32_t committed_epoch; /* leader epoch */
    char *metadata;          /* owned; NULL for none */
    bool stale; /* while a start reads: it was committed of an earlier topic of that name */

    int64_t fenced_commit_ms; /* wall time of the last commit refused for it; 0 never */
};

/* It is there while a member subscribes to it, one still owns some of it, or something is committed. */
struct group_topic {
    struct group *group;
    struct bytes name;    /* a copy */
    struct topic *topic;  /* counted; NULL while there is none (or it is not durable yet) */
    size_t subscriptions; /* of members */
    size_t owned_count, committed_count; /* partitions */
    int32_t partition_count;
    struct group_partition *
        *partitions;      /* owned, each at its address until the topic is forgotten */
    struct list in_group; /* in group->topics, by name */
    struct list of_name;  /* among all groups' topics of that name */
    size_t number;        /* scratch of an assignment */
};

enum commit_mode { COMMIT_AUTO, COMMIT_MANUAL };
enum reset { RESET_NONE, RESET_EARLIEST, RESET_LATEST };

struct member {
    struct group *group;
    struct bytes name; /* a copy */
    int32_t epoch;
    /* Of the latest CONSUME. */
    int64_t session_ms;
    enum commit_mode commit_mode;
    enum reset reset;
    bool notify;
    struct group_topic **topics; /* owned array; each once, by name */
    size_t topic_count;

    struct list owned, targets, handed; /* of struct group_partition */
    size_t owned_count, target_count;
    size_t settled_count; /* partitions that are both */

    struct group_client *client; /* of the last CONSUME; NULL when that connection is gone */
    struct list of_client;
    char *address;          /* owned: of that connection, for people */
    struct out_mark mark;   /* behind the last reply that handed out records; see base/out.h */
    struct consume *parked; /* its CONSUME that waits for records or a partition; NULL */
    struct consume *asking; /* its CONSUME that is under way at all, parked or not; NULL */

    struct timer
        session; /* fires when it ran out; looks at last_seen_us, as commands only move that */
    int64_t last_seen_us;    /* monotonic: its last command, or the reply of a blocked one */
    int64_t joined_ms;       /* wall */
    uint64_t client_changes; /* how often it asked over another connection than before */
    struct list in_stir;     /* in groups->stir: something of its assignment changed */
    struct list in_tell;     /* in groups->tell: its target changed */
    struct list in_group;    /* in group->members, in the order they joined */
    int32_t number;          /* scratch of an assignment */
};

enum group_state { GROUP_EMPTY, GROUP_RECONCILING, GROUP_STABLE };

struct group {
    struct groups *groups;
    struct roster_entry of_groups; /* in groups->roster */
    struct bytes name;             /* a copy */
    enum assignor assignor;
    int32_t epoch;
    int32_t epoch_bound; /* epochs below it are durable as taken; see offset_codec.h */
    struct dict members_by_name;
    struct list members;
    size_t member_count;
    struct dict topics_by_name;
    struct list topics;     /* of struct group_topic, by name */
    struct dict kicked;     /* names whose next command is refused once; value: any */
    int64_t empty_since_ms; /* wall; -1 while it has members */
    uint64_t rebalances;
    char *last_rebalance; /* owned: why the last one happened; NULL before the first */
    int64_t last_rebalance_ms;
    size_t unsettled; /* partitions whose owner is not their target */
};

/* --- looking -------------------------------------------------------------------------------- */

enum group_state group_state(const struct group *g);
const char *
group_state_text(enum group_state s); /* "Empty", "Reconciling", "Stable", as Kafka words them */
struct member *group_find_member(const struct group *g,
                                 struct bytes name); /* NULL; (group_member is the C library's) */
struct group_topic *group_topic(const struct group *g, struct bytes name); /* NULL */
/* NULL when there is none of that number. */
struct group_partition *group_partition(const struct group_topic *gt, int64_t number);
/* The log's partition; NULL when the topic is not there. */
struct topic_partition *group_partition_log(const struct group_partition *gp);

/* --- membership (only src/groups calls what follows) ------------------------------------------ */

/* A new member, with the subscription it comes with, and the assignment that follows. */
struct member *group_join(struct group *g, struct bytes name, const struct bytes *topics,
                          size_t topic_count);
/* The latest CONSUME's topics hold; a new assignment only when they differ. */
void group_subscribe(struct member *m, const struct bytes *topics, size_t topic_count);
/* It is no member any more: what it owned is free, its CONSUME under way ends with `err` (ERR_OK: it has none,
 * or it is answered elsewhere). `why` goes on after the member's name: "left", "was kicked", "is gone:
 * its session of 45000 ms ran out", … */
void group_remove(struct member *m, enum err err, const char *why);
/* Members or topics of a group changed: a new target for its partitions. `why` is a clause for people:
 * "member 'c2' joined". */
void group_rebalance(struct group *g, const char *why);

/* Gives up what is not its target any more. True when it gave up something. */
bool member_release(struct member *m);
/* Takes what is free and its target; positions are unknown yet. True when it took something. */
bool member_take(struct member *m);
/* Everything uncommitted goes back to the committed offset: positions become unknown. */
void member_rewind(struct member *m);
/* It said something: its session begins anew. */
void member_seen(struct member *m);

#endif
