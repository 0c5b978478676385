/* SPDX-License-Identifier: BSD-3-Clause */
/* The group coordinator: all groups of a server, their sessions' time, and what topics that come, grow and go
 * mean for them. CONSUME is in consume.h, commits in commit.h; what people are shown in lag.h and
 * explain.h.
 *
 * Where a function answers a client with an error, `why` gets the whole sentence behind the error's code:
 *   ERR_NOT_FOUND UNKNOWNGROUP   ERR_NOT_MEMBER UNKNOWNMEMBER   ERR_FENCED FENCED   ERR_NOT_EMPTY GROUPNOTEMPTY
 *   ERR_RANGE OFFSETOUTOFRANGE   ERR_INVALID ERR */
#ifndef ECHOLOG_GROUPS_GROUPS_H
#define ECHOLOG_GROUPS_GROUPS_H

#include "config/config.h"
#include "groups/group.h"
#include "groups/offset_store.h"
#include "topics/catalog.h"

struct groups_stats {
    uint64_t joins, leaves, expired_sessions, kicks;
    uint64_t rebalances;
    uint64_t commits, commits_fenced;
    uint64_t expired_offsets; /* of groups without members for too long */
    uint64_t lost_ranges; /* records that retention took before a group had read them: ranges … */
    uint64_t lost_records; /* … and records */
};

struct groups {
    struct catalog *catalog; /* all borrowed */
    const struct config *config;
    const struct clock *clock;
    struct timers *timers;
    struct trace *trace;
    const struct hash_key *hash_key;
    struct dict by_name;        /* -> struct group, owned */
    struct roster roster;       /* the same by `of_groups`: to go through over many turns */
    struct dict topics_by_name; /* -> all groups' topics of that name; see group_topics.c */
    size_t member_count;
    struct offset_store store;
    struct catalog_observer observer;
    struct list stir;    /* of struct member: to look at their assignment this turn */
    struct list tell;    /* of struct member: their target changed */
    struct list leaving; /* topics whose deletion is not durable yet; see group_topics.c */
    struct timer expiry;
    bool loading; /* topics are not looked for yet */
    struct groups_stats stats;
};

struct groups_options {
    struct catalog *catalog;
    const struct config *config;
    const struct clock *clock;
    struct timers *timers;
    struct trace *trace;
    const struct hash_key *hash_key;
};

/* Reads what was committed; blocks. On failure the reason is traced. */
MUST_CHECK
enum err groups_open(const struct groups_options *options, struct groups **groups);
void groups_close(struct groups *gs); /* no CONSUME may be under way */

struct group *groups_find(const struct groups *gs, struct bytes name); /* NULL */
/* Makes it if need be. ERR_INVALID the name; ERR_LIMIT GROUPS_MAX. */
MUST_CHECK
enum err groups_get(struct groups *gs, struct bytes name, struct buf *why, struct group **g);
size_t groups_count(const struct groups *gs);
/* In name order. */
void groups_each(const struct groups *gs, void (*fn)(void *ctx, struct group *g), void *ctx);

/* The name of a group or member, by the rules of topic names. `what`: "group", "member". */
MUST_CHECK
enum err groups_check_name(const char *what, struct bytes name, struct buf *why);

/* Counts from nothing: for CONFIG RESETSTAT. */
void groups_reset_stats(struct groups *gs);
/* The directive for the expiry of offsets may have changed. */
void groups_configured(struct groups *gs);

/* Tells members that said NOTIFY what their new target is, and lets those whose assignment changed while they
 * are parked give up, take and read; again until nothing moves. Once a turn, before the commit. */
void groups_settle(struct groups *gs);
/* Whether that has something to do: the loop must not sleep on it. */
bool groups_pending(const struct groups *gs);

/* --- connections ------------------------------------------------------------------------------ */

void group_client_init(struct group_client *client, char *address,
                       void (*assigned)(struct group_client *client, const struct member *m));
/* It is closed: what its members were handed and did not commit goes back. (One whose CONSUME is under way
 * leaves through consume_end.) */
void group_client_closed(struct group_client *client);

/* --- commands --------------------------------------------------------------------------------- */

/* The live member of that name, as its own commands need it: COMMIT, HEARTBEAT, LEAVE. ERR_NOT_FOUND no such
 * group; ERR_NOT_MEMBER it is not (any more) a member; if it was kicked, that is forgotten now. */
MUST_CHECK
enum err groups_member(struct groups *gs, struct bytes group, struct bytes member, struct buf *why,
                       struct member **m);
/* The same for what others do to it, KICK: what it is to be told is not forgotten. */
MUST_CHECK
enum err groups_others_member(const struct groups *gs, struct bytes group, struct bytes member,
                              struct buf *why, struct member **m);
void group_leave(struct member *m);
/* Its CONSUME under way is answered with ERR_NOT_MEMBER; if it has none its next command will be. */
void group_kick(struct member *m);

/* Forgets a group and all it committed; `where` and `result` say what to wait for (NULL in *where: nothing).
 * ERR_NOT_EMPTY it has members; others as offset_store_write. */
MUST_CHECK
enum err groups_delete(struct groups *gs, struct group *g, enum ack ack, struct buf *why,
                       struct topic_partition **where, struct appended *result);
/* The same for what it committed of one topic, or (`number` not -1) of one partition of it; the group stays. That
 * nothing was committed there is fine. */
MUST_CHECK
enum err groups_forget(struct groups *gs, struct group *g, struct bytes topic, int32_t number,
                       enum ack ack, struct buf *why, struct topic_partition **where,
                       struct appended *result);

#endif
