/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of src/groups ask of each other. */
#ifndef ECHOLOG_GROUPS_GROUP_PRIVATE_H
#define ECHOLOG_GROUPS_GROUP_PRIVATE_H

#include "groups/commit.h"
#include "groups/groups.h"

/* For "%.*s": names are of letters, digits, '.', '_' and '-'. */
#define NAME(bytes) (int)(bytes).len, (bytes).data

/* --- groups (group.c) ------------------------------------------------------------------------- */

struct group *group_create(struct groups *gs, struct bytes name); /* and adds it to `gs` */
/* Out of `gs`, with what it has in memory. It has no members. */
void group_destroy(struct group *g);
/* The member is gone, and nobody is told nor takes its place: the end of the server. */
void group_drop_member(struct member *m);
/* The epoch has risen: sees to it that the bound stays ahead of it. */
void group_reserve_epochs(struct group *g);
/* Writes the group's own record, unheard. */
void group_write_record(struct group *g, enum ack ack);
/* The newest commit of the group; -1 when there is none. */
int64_t group_last_commit_ms(const struct group *g);

/* --- who has what (group_assignment.c) -------------------------------------------------------- */

/* Nobody has it any more; what its owner was handed and did not commit is forgotten. */
void group_release_partition(struct group_partition *gp);
/* `m` may be NULL. */
void group_set_target(struct group_partition *gp, struct member *m);

/* --- topics (group_topics.c) ------------------------------------------------------------------ */

/* Makes it if need be. */
struct group_topic *group_topic_ensure(struct group *g, struct bytes name);
/* Partitions up to that many; there may be more already. */
void group_topic_extend(struct group_topic *gt, int32_t partition_count);
/* Forgets it unless there is a reason to keep it. */
void group_topic_prune(struct group_topic *gt);
/* The same for all topics of a group. */
void group_prune_topics(struct group *g);
extern const struct catalog_observer group_topics_observer;
/* At the end of the server. */
void groups_drop_leaving(struct groups *gs);

/* --- what is committed (commit.c) ------------------------------------------------------------- */

/* Changes of one group on their way to the store. What is in memory changes when they are appended. */
struct group_changes {
    struct group *group;
    struct offset_change *items; /* owned, as the next two; `cap` each */
    struct offset_value *values;
    struct group_partition **partitions; /* NULL: the group's own record */
    struct group_value group_value;
    size_t count, cap;
};
void group_changes_init(struct group_changes *c, struct group *g, size_t cap);
void group_changes_deinit(struct group_changes *c);
/* `metadata` is borrowed until then. */
void group_changes_commit(struct group_changes *c, struct group_partition *gp, int64_t offset,
                          struct bytes metadata);
void group_changes_forget(struct group_changes *c, struct group_partition *gp);
void group_changes_record(struct group_changes *c);        /* as the group is now */
void group_changes_forget_record(struct group_changes *c); /* at most one of these two */
/* Writes them and changes what is in memory. Up to OFFSET_RECORDS_MAX all or nothing; of more, those before the
 * failure are done. `result` says what to wait for. */
MUST_CHECK
enum err group_changes_write(struct group_changes *c, enum ack ack, struct buf *why,
                             struct commit_result *result);
/* The same unheard, and frees. What is in memory changes also when it cannot be written: that is traced. */
void group_changes_run(struct group_changes *c, enum ack ack);

/* In memory only. */
void group_partition_set_committed(struct group_partition *gp, const struct offset_value *value);
void group_partition_clear_committed(struct group_partition *gp);

/* Forgets all that is committed of these partitions and on, unheard; returns how many were. */
size_t group_topic_forget_commits(struct group_topic *gt, int32_t from);

/* --- the rest ---------------------------------------------------------------------------------- */

/* Reads what was committed (groups_load.c). */
MUST_CHECK
enum err groups_load(struct groups *gs);
/* After catalog_observe: forgets what is committed of topics that are gone, and groups of which nothing is
 * left. */
void groups_load_finish(struct groups *gs);
/* Begins to look, now and then, for groups whose offsets have expired (group_expiry.c). */
void groups_start_expiry(struct groups *gs);

#endif
