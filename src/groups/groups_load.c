/* SPDX-License-Identifier: BSD-3-Clause */
/* Groups at a start: what was committed is read, put to the topics that are there, and what is of none is
 * forgotten. Members come by themselves. */
#include "groups/group_private.h"
#include "topics/internal_topic.h"
#include <inttypes.h>

/* Epochs of a record beyond it are not of our making; they would leave no room to count on. */
#define EPOCH_LOADED_MAX (INT32_MAX / 2)

static struct group *find_or_create(struct groups *gs, struct bytes name)
{
    struct group *g = groups_find(gs, name);

    if (g != NULL)
        return g;
    g = group_create(gs, name);
    g->empty_since_ms = 0; /* not known: its commits say when it was last alive */
    return g;
}

/* A topic of that name is there, and it is not the one that was meant: that was deleted, and the end of the
 * server overtook its offsets' tombstones. */
static bool of_another_topic(const struct groups *gs, struct bytes name, struct bytes id)
{
    const struct topic *t = catalog_find(gs->catalog, name);

    return t != NULL && !bytes_is_null(id) && !bytes_equal(id, bytes_of_string(t->id));
}

/* Topics are not looked for yet: the partitions are those that records name. */
static void on_offset(void *ctx, const struct offset_key *key, const struct offset_value *value)
{
    struct groups *gs = ctx;
    struct group_topic *gt;
    struct group_partition *gp;

    if (key->partition >= TOPIC_PARTITIONS_MAX) {
        TRACE_WARN(gs->trace,
                   "Group '%.*s': what is committed of partition %" PRId32
                   " of topic '%.*s' is skipped: no topic has so many",
                   NAME(key->group), key->partition, NAME(key->topic));
        return;
    }
    if (value == NULL && groups_find(gs, key->group) == NULL)
        return;
    gt = group_topic_ensure(find_or_create(gs, key->group), key->topic);
    group_topic_extend(gt, key->partition + 1);
    gp = gt->partitions[key->partition];
    if (value == NULL) {
        group_partition_clear_committed(gp);
        return;
    }
    group_partition_set_committed(gp, value);
    gp->stale = of_another_topic(gs, key->topic, value->topic_id);
}

static void on_group(void *ctx, const struct offset_key *key, const struct group_value *value)
{
    struct groups *gs = ctx;
    struct group *g = find_or_create(gs, key->group);

    if (value == NULL) {
        g->epoch = g->epoch_bound = 0;
        g->empty_since_ms = 0;
        return;
    }
    g->epoch_bound = value->epoch_bound < EPOCH_LOADED_MAX ? value->epoch_bound : EPOCH_LOADED_MAX;
    g->epoch = g->epoch_bound;
    g->empty_since_ms = value->empty_since_ms;
}

enum err groups_load(struct groups *gs)
{
    const struct offset_reader reader = {.ctx = gs, .offset = on_offset, .group = on_group};

    return offset_store_load(&gs->store, &reader);
}

/* --- afterwards ------------------------------------------------------------------------------- */

/* Of a topic whose file could not be read the offsets are kept: it may be back at the next start. */
static void drop_lost_topic(struct groups *gs, struct group_topic *gt)
{
    struct group *g = gt->group;
    size_t count;

    if (gt->topic != NULL || catalog_name_has_meta(gs->catalog, gt->name))
        return;
    count = group_topic_forget_commits(gt, 0);
    if (count > 0)
        TRACE_NOTE(gs->trace,
                   "Group '%.*s': %zu committed offset%s of topic '%.*s', which is not there any "
                   "more, %s dropped",
                   NAME(g->name), count, count == 1 ? "" : "s", NAME(gt->name),
                   count == 1 ? "is" : "are");
}

static void drop_stale(struct group_topic *gt)
{
    struct group_changes changes;

    group_changes_init(&changes, gt->group, gt->committed_count);
    for (int32_t i = 0; i < gt->partition_count; i++) {
        if (gt->partitions[i]->stale)
            group_changes_forget(&changes, gt->partitions[i]);
    }
    if (changes.count > 0)
        TRACE_NOTE(gt->group->groups->trace,
                   "Group '%.*s': %zu committed offsets of an earlier topic '%.*s' are dropped",
                   NAME(gt->group->name), changes.count, NAME(gt->name));
    group_changes_run(&changes, ACK_SYNCED);
}

static void finish(void *ctx, struct group *g)
{
    struct groups *gs = ctx;

    LIST_EACH (it, &g->topics) {
        struct group_topic *gt = CONTAINER_OF(it, struct group_topic, in_group);

        drop_stale(gt);
        drop_lost_topic(gs, gt);
        group_topic_prune(gt);
    }
    if (list_empty(&g->topics) && g->epoch_bound == 0) {
        group_destroy(g);
        return;
    }
    if (g->empty_since_ms >= 0)
        return;
    g->empty_since_ms = gs->clock->wall_ms; /* it had members when the server stopped */
    group_write_record(g, ACK_WRITTEN);
}

static void reserve(void *ctx, struct group *g)
{
    bool *any = ctx;

    if (g->epoch_bound == 0)
        return;
    group_reserve_epochs(g);
    *any = true;
}

/* A group goes on at its old bound: before its epochs are used the new one has to be durable, or a crash now
 * would make them come again. */
static void reserve_epochs(struct groups *gs)
{
    bool any = false;
    enum err err;

    groups_each(gs, reserve, &any);
    if (!any)
        return;
    err = internal_topic_sync(gs->catalog, BYTES_LITERAL(OFFSET_TOPIC));
    if (err != ERR_OK)
        TRACE_WARN(gs->trace,
                   "Topic '" OFFSET_TOPIC
                   "': epochs of groups cannot be reserved (%s); after a crash they may come again",
                   err_text(err));
}

void groups_load_finish(struct groups *gs)
{
    groups_each(gs, finish, gs);
    reserve_epochs(gs);
}
