/* SPDX-License-Identifier: BSD-3-Clause */
/* The coordinator: finding groups, the turn, connections, and the commands about members and groups as
 * a whole. */
#include "groups/groups.h"

#include "base/mem.h"
#include "groups/consume.h"
#include "groups/group_private.h"
#include "topics/topic_config.h"
#include <inttypes.h>
#include <stdlib.h>

#define KICKED_MAX 10000 /* names of a group that are refused once; beyond it all are forgiven */

/* --- life ------------------------------------------------------------------------------------- */

static void destroy_groups(struct groups *gs)
{
    struct dict_iter it;
    void *value;

    /* Whatever order: nobody sees it. A dict does not change while one goes through it. */
    for (;;) {
        dict_iter_init(&it, &gs->by_name);
        if (!dict_iter_next(&it, NULL, &value))
            return;
        group_destroy(value);
    }
}

static void destroy(struct groups *gs)
{
    destroy_groups(gs);
    ASSERT(gs->member_count == 0);
    ASSERT(dict_count(&gs->topics_by_name) == 0);
    groups_drop_leaving(gs);
    offset_store_deinit(&gs->store);
    dict_deinit(&gs->by_name);
    dict_deinit(&gs->topics_by_name);
    mem_free(gs);
}

enum err groups_open(const struct groups_options *options, struct groups **groups)
{
    struct groups *gs = mem_zalloc(1, sizeof(*gs));
    enum err err;

    gs->catalog = options->catalog;
    gs->config = options->config;
    gs->clock = options->clock;
    gs->timers = options->timers;
    gs->trace = options->trace;
    gs->hash_key = options->hash_key;
    dict_init(&gs->by_name, gs->hash_key);
    roster_init(&gs->roster);
    dict_init(&gs->topics_by_name, gs->hash_key);
    list_init(&gs->stir);
    list_init(&gs->tell);
    list_init(&gs->leaving);
    offset_store_init(&gs->store, gs->catalog, gs->clock, gs->trace);
    gs->loading = true;
    err = groups_load(gs);
    gs->loading = false;
    if (err != ERR_OK) {
        TRACE_WARN(gs->trace, "Committed offsets cannot be read: %s", err_text(err));
        destroy(gs);
        return err;
    }
    gs->observer = group_topics_observer;
    catalog_observe(gs->catalog, &gs->observer);
    groups_load_finish(gs);
    groups_start_expiry(gs);
    *groups = gs;
    return ERR_OK;
}

/* Members do not survive a stop, and a stop is nothing they did: nothing of it is written, the next start
 * knows that the group had members. */
static void drop_members(void *ctx, struct group *g)
{
    (void)ctx;
    LIST_EACH (it, &g->members)
        group_drop_member(CONTAINER_OF(it, struct member, in_group));
}

void groups_close(struct groups *gs)
{
    catalog_unobserve(&gs->observer);
    timers_cancel(gs->timers, &gs->expiry);
    groups_each(gs, drop_members, NULL);
    destroy(gs);
}

/* --- finding ---------------------------------------------------------------------------------- */

struct group *groups_find(const struct groups *gs, struct bytes name)
{
    return dict_find(&gs->by_name, name);
}

size_t groups_count(const struct groups *gs)
{
    return dict_count(&gs->by_name);
}

static int compare_groups(const void *a, const void *b)
{
    const struct group *const *left = a, *const *right = b;

    return bytes_compare((*left)->name, (*right)->name);
}

void groups_each(const struct groups *gs, void (*fn)(void *ctx, struct group *g), void *ctx)
{
    struct group **all = mem_alloc((groups_count(gs) + 1) * sizeof(struct group *));
    struct dict_iter it;
    void *value;
    size_t count = 0;

    dict_iter_init(&it, &gs->by_name);
    while (dict_iter_next(&it, NULL, &value))
        all[count++] = value;
    qsort(all, count, sizeof(struct group *), compare_groups);
    for (size_t i = 0; i < count; i++)
        fn(ctx, all[i]);
    mem_free(all);
}

enum err groups_check_name(const char *what, struct bytes name, struct buf *why)
{
    struct buf topic_why = {0};
    enum err err = topic_check_name(name, &topic_why);

    buf_deinit(&topic_why);
    if (err != ERR_OK) {
        buf_printf(why, "not a name for a %s: ", what);
        topic_quote(why, name);
        buf_printf(why, "; it is 1 to %d letters, digits, '.', '_' and '-', but not '.' or '..'",
                   TOPIC_NAME_BYTES_MAX);
    }
    return err;
}

enum err groups_get(struct groups *gs, struct bytes name, struct buf *why, struct group **g)
{
    struct group *found = groups_find(gs, name);
    enum err err;

    if (found == NULL) {
        err = groups_check_name("group", name, why);
        if (err != ERR_OK)
            return err;
        if (groups_count(gs) >= GROUPS_MAX) {
            buf_printf(why, "there are %zu groups, and may be %d", groups_count(gs), GROUPS_MAX);
            return ERR_LIMIT;
        }
        found = group_create(gs, name);
    }
    *g = found;
    return ERR_OK;
}

void groups_reset_stats(struct groups *gs)
{
    gs->stats = (struct groups_stats){0};
    gs->store.records_written = gs->store.failures = 0;
}

/* --- the turn --------------------------------------------------------------------------------- */

/* What is called may end a connection, and with it members: so each is out of its list before. */
static void tell_first(struct groups *gs)
{
    struct member *m = CONTAINER_OF(gs->tell.next, struct member, in_tell);

    list_remove(&m->in_tell);
    if (m->notify && m->client != NULL && m->client->assigned != NULL)
        m->client->assigned(m->client, m);
}

static void stir_first(struct groups *gs)
{
    struct member *m = CONTAINER_OF(gs->stir.next, struct member, in_stir);
    bool released, took;

    list_remove(&m->in_stir);
    if (m->parked == NULL)
        return;
    released = member_release(m);
    took = member_take(m);
    if (released || took)
        consume_stir(m->parked);
}

/* Targets stay while members only give up and take, so it comes to an end. */
void groups_settle(struct groups *gs)
{
    for (;;) {
        if (!list_empty(&gs->tell))
            tell_first(gs);
        else if (!list_empty(&gs->stir))
            stir_first(gs);
        else
            return;
    }
}

bool groups_pending(const struct groups *gs)
{
    return !list_empty(&gs->tell) || !list_empty(&gs->stir);
}

/* --- connections ------------------------------------------------------------------------------ */

void group_client_init(struct group_client *client, char *address,
                       void (*assigned)(struct group_client *client, const struct member *m))
{
    list_init(&client->members);
    client->address = address;
    client->assigned = assigned;
}

void group_client_closed(struct group_client *client)
{
    LIST_EACH (it, &client->members) {
        struct member *m = CONTAINER_OF(it, struct member, of_client);

        member_rewind(m);
        out_mark_drop(&m->mark);
        list_remove(&m->of_client);
        m->client = NULL;
    }
}

/* --- commands --------------------------------------------------------------------------------- */

enum err groups_others_member(const struct groups *gs, struct bytes group, struct bytes member,
                              struct buf *why, struct member **m)
{
    struct group *g = groups_find(gs, group);
    struct member *found;

    if (g == NULL) {
        buf_printf(why, "there is no group '%.*s'", NAME(group));
        return ERR_NOT_FOUND;
    }
    found = group_find_member(g, member);
    if (found != NULL) {
        *m = found;
        return ERR_OK;
    }
    if (dict_find(&g->kicked, member) != NULL)
        buf_printf(why, "member '%.*s' was removed from group '%.*s' by GROUP KICK", NAME(member),
                   NAME(g->name));
    else
        buf_printf(why, "'%.*s' is not a member of group '%.*s'", NAME(member), NAME(g->name));
    return ERR_NOT_MEMBER;
}

enum err groups_member(struct groups *gs, struct bytes group, struct bytes member, struct buf *why,
                       struct member **m)
{
    enum err err = groups_others_member(gs, group, member, why, m);

    if (err == ERR_NOT_MEMBER)
        dict_remove(&groups_find(gs, group)->kicked, member);
    return err;
}

void group_leave(struct member *m)
{
    m->group->groups->stats.leaves++;
    group_remove(m, ERR_NOT_MEMBER, "left");
}

void group_kick(struct member *m)
{
    struct group *g = m->group;

    g->groups->stats.kicks++;
    if (m->asking == NULL) {
        if (dict_count(&g->kicked) >= KICKED_MAX) {
            dict_deinit(&g->kicked);
            dict_init(&g->kicked, g->groups->hash_key);
        }
        if (dict_find(&g->kicked, m->name) == NULL)
            dict_add(&g->kicked, m->name, g);
    }
    group_remove(m, ERR_NOT_MEMBER, "was kicked");
}

/* --- deletion --------------------------------------------------------------------------------- */

/* `number`: one partition, or -1. */
static void gather_topic(const struct group_topic *gt, int32_t number,
                         struct group_changes *changes)
{
    for (int32_t i = 0; i < gt->partition_count; i++) {
        struct group_partition *gp = gt->partitions[i];

        if (gp->committed >= 0 && (number < 0 || gp->number == number))
            group_changes_forget(changes, gp);
    }
}

static void gather_all(struct group *g, struct group_changes *changes)
{
    size_t count = 1;

    LIST_EACH (it, &g->topics)
        count += CONTAINER_OF(it, struct group_topic, in_group)->committed_count;
    group_changes_init(changes, g, count);
    LIST_EACH (it, &g->topics)
        gather_topic(CONTAINER_OF(it, struct group_topic, in_group), -1, changes);
    if (g->epoch_bound > 0)
        group_changes_forget_record(changes);
}

static enum err check_no_members(const struct group *g, const char *what, struct buf *why)
{
    if (g->member_count == 0)
        return ERR_OK;
    buf_printf(why, "group '%.*s' has %zu member%s; %s when they have left", NAME(g->name),
               g->member_count, g->member_count == 1 ? "" : "s", what);
    return ERR_NOT_EMPTY;
}

/* Writes what was gathered, and frees it. */
static enum err write_gathered(struct group_changes *changes, enum ack ack, struct buf *why,
                               struct topic_partition **where, struct appended *result)
{
    struct commit_result written;
    enum err err = group_changes_write(changes, ack, why, &written);

    group_changes_deinit(changes);
    if (err != ERR_OK)
        return err;
    *where = written.where;
    *result = written.appended;
    return ERR_OK;
}

enum err groups_delete(struct groups *gs, struct group *g, enum ack ack, struct buf *why,
                       struct topic_partition **where, struct appended *result)
{
    struct group_changes changes;
    enum err err = check_no_members(g, "it can be deleted", why);

    if (err != ERR_OK)
        return err;
    gather_all(g, &changes);
    err = write_gathered(&changes, ack, why, where, result);
    if (err != ERR_OK)
        return err;
    TRACE_NOTE(gs->trace, "Group '%.*s' was deleted", NAME(g->name));
    group_destroy(g);
    return ERR_OK;
}

enum err groups_forget(struct groups *gs, struct group *g, struct bytes topic, int32_t number,
                       enum ack ack, struct buf *why, struct topic_partition **where,
                       struct appended *result)
{
    struct group_topic *gt = group_topic(g, topic);
    struct group_changes changes;
    enum err err = check_no_members(g, "what it committed can be forgotten", why);

    *where = NULL;
    if (err != ERR_OK || gt == NULL)
        return err;
    group_changes_init(&changes, g, gt->committed_count + 1);
    gather_topic(gt, number, &changes);
    size_t count = changes.count;
    err = write_gathered(&changes, ack, why, where, result);
    if (err != ERR_OK)
        return err;
    TRACE_NOTE(gs->trace, "Group '%.*s' forgot %zu committed offset%s of topic '%.*s'",
               NAME(g->name), count, count == 1 ? "" : "s", NAME(topic));
    group_topic_prune(gt);
    return ERR_OK;
}
