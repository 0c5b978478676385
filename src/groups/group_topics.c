/* SPDX-License-Identifier: BSD-3-Clause */
/* The topics of groups, and what becomes of them when topics come, grow and go. All groups' topics of one
 * name hang together, so that a topic's event costs only the groups that know it. */
#include "base/mem.h"
#include "groups/group_private.h"
#include <inttypes.h>
#include <stdio.h>

/* All groups' topics of one name; there are some. */
struct name_users {
    struct list group_topics; /* of struct group_topic, by of_name */
};

static struct name_users *users_of(const struct groups *gs, struct bytes name)
{
    return dict_find(&gs->topics_by_name, name);
}

static void add_user(struct groups *gs, struct group_topic *gt)
{
    struct name_users *users = users_of(gs, gt->name);

    if (users == NULL) {
        users = mem_zalloc(1, sizeof(*users));
        list_init(&users->group_topics);
        dict_add(&gs->topics_by_name, gt->name, users);
    }
    list_push_back(&users->group_topics, &gt->of_name);
}

static void remove_user(struct groups *gs, struct group_topic *gt)
{
    struct name_users *users = users_of(gs, gt->name);

    list_remove(&gt->of_name);
    if (!list_empty(&users->group_topics))
        return;
    dict_remove(&gs->topics_by_name, gt->name);
    mem_free(users);
}

/* --- partitions ------------------------------------------------------------------------------- */

void group_topic_extend(struct group_topic *gt, int32_t partition_count)
{
    if (partition_count <= gt->partition_count)
        return;
    gt->partitions =
        mem_realloc(gt->partitions, (size_t)partition_count * sizeof(struct group_partition *));
    while (gt->partition_count < partition_count) {
        struct group_partition *gp = mem_zalloc(1, sizeof(*gp));

        gp->topic = gt;
        gp->number = gt->partition_count;
        gp->committed = -1;
        gp->committed_epoch = -1;
        list_init(&gp->of_owner);
        list_init(&gp->of_target);
        list_init(&gp->handed);
        gt->partitions[gt->partition_count++] = gp;
    }
}

/* Frees partitions from the end; nobody has them, nothing is committed of them. */
static void cut_partitions(struct group_topic *gt, int32_t partition_count)
{
    while (gt->partition_count > partition_count) {
        struct group_partition *gp = gt->partitions[--gt->partition_count];

        ASSERT(gp->owner == NULL && gp->target == NULL);
        ASSERT(gp->committed < 0 && gp->metadata == NULL);
        ASSERT(list_empty(&gp->handed));
        mem_free(gp);
    }
}

size_t group_topic_forget_commits(struct group_topic *gt, int32_t from)
{
    struct group_changes changes;
    size_t count;

    if (gt->committed_count == 0)
        return 0;
    group_changes_init(&changes, gt->group, gt->committed_count);
    for (int32_t i = from; i < gt->partition_count; i++) {
        if (gt->partitions[i]->committed >= 0)
            group_changes_forget(&changes, gt->partitions[i]);
    }
    count = changes.count;
    group_changes_run(&changes, ACK_SYNCED);
    return count;
}

/* --- a group's topic -------------------------------------------------------------------------- */

/* The log of that topic is there. What is committed beyond its partitions was of another topic of its
 * name. */
static void attach(struct group_topic *gt, struct topic *t)
{
    ASSERT(gt->topic == NULL);
    gt->topic = topic_ref(t);
    if (gt->partition_count > t->partition_count) {
        group_topic_forget_commits(gt, t->partition_count);
        cut_partitions(gt, t->partition_count);
    }
    group_topic_extend(gt, t->partition_count);
}

static void insert_by_name(struct group *g, struct group_topic *gt)
{
    struct list *at = &g->topics;

    while (at->prev != &g->topics &&
           bytes_compare(CONTAINER_OF(at->prev, struct group_topic, in_group)->name, gt->name) > 0)
        at = at->prev;
    list_insert_before(at, &gt->in_group);
}

struct group_topic *group_topic_ensure(struct group *g, struct bytes name)
{
    struct group_topic *gt = group_topic(g, name);
    struct topic *t;

    if (gt != NULL)
        return gt;
    gt = mem_zalloc(1, sizeof(*gt));
    gt->group = g;
    gt->name = dict_add(&g->topics_by_name, name, gt);
    insert_by_name(g, gt);
    add_user(g->groups, gt);
    t = g->groups->loading ? NULL : catalog_find(g->groups->catalog, name);
    if (t != NULL && !t->creating)
        attach(gt, t);
    return gt;
}

void group_topic_prune(struct group_topic *gt)
{
    if (gt->subscriptions > 0 || gt->owned_count > 0 || gt->committed_count > 0)
        return;
    cut_partitions(gt, 0);
    mem_free(gt->partitions);
    if (gt->topic != NULL)
        topic_unref(gt->topic);
    remove_user(gt->group->groups, gt);
    list_remove(&gt->in_group);
    dict_remove(&gt->group->topics_by_name, gt->name);
    mem_free(gt);
}

void group_prune_topics(struct group *g)
{
    LIST_EACH (it, &g->topics)
        group_topic_prune(CONTAINER_OF(it, struct group_topic, in_group));
}

/* --- what happens to topics ------------------------------------------------------------------- */

/* The group knew the topic before these partitions: it begins at their first record, whatever RESET
 * says. */
static void begin_partitions(struct group_topic *gt, int32_t from)
{
    struct group_changes changes;

    if (from >= gt->partition_count)
        return;
    group_changes_init(&changes, gt->group, (size_t)(gt->partition_count - from));
    for (int32_t i = from; i < gt->partition_count; i++) {
        if (gt->partitions[i]->committed < 0)
            group_changes_commit(&changes, gt->partitions[i], 0, BYTES_NULL);
    }
    group_changes_run(&changes, ACK_SYNCED);
}

static void topic_came(struct group_topic *gt, struct topic *t)
{
    char why[TOPIC_NAME_BYTES_MAX + 64];

    if (gt->topic != NULL)
        return;
    attach(gt, t);
    if (gt->subscriptions == 0)
        return; /* a start: the group's commits were read just now */
    begin_partitions(gt, 0);
    snprintf(why, sizeof(why), "topic '%.*s' was created", NAME(gt->name));
    group_rebalance(gt->group, why);
}

static void topic_grew(struct group_topic *gt, struct topic *t)
{
    int32_t before = gt->partition_count;
    char why[TOPIC_NAME_BYTES_MAX + 64];

    ASSERT(gt->topic == t);
    group_topic_extend(gt, t->partition_count);
    begin_partitions(gt, before);
    if (gt->subscriptions == 0 || gt->partition_count == before)
        return;
    snprintf(why, sizeof(why), "topic '%.*s' has grown to %" PRId32 " partitions", NAME(gt->name),
             t->partition_count);
    group_rebalance(gt->group, why);
}

/* What was committed of a topic that is being deleted. In memory it is forgotten at once; its tombstones wait
 * until no crash can bring the topic back, as it would then be back without them. (If the end of the server
 * overtakes the tombstones, the next start knows by the topic's id that the offsets are of another.) */
struct leaving {
    struct list link;    /* in groups.leaving */
    struct topic *topic; /* counted */
    struct leaving_key {
        char *group; /* owned */
        int32_t partition;
    } * keys; /* owned */
    size_t count, cap;
};

static struct leaving *leaving_of(struct groups *gs, struct topic *t)
{
    struct leaving *l;

    LIST_EACH (it, &gs->leaving) {
        l = CONTAINER_OF(it, struct leaving, link);
        if (l->topic == t)
            return l;
    }
    l = mem_zalloc(1, sizeof(*l));
    l->topic = topic_ref(t);
    list_push_back(&gs->leaving, &l->link);
    return l;
}

static void leaving_free(struct leaving *l)
{
    list_remove(&l->link);
    for (size_t i = 0; i < l->count; i++)
        mem_free(l->keys[i].group);
    mem_free(l->keys);
    topic_unref(l->topic);
    mem_free(l);
}

void groups_drop_leaving(struct groups *gs)
{
    while (!list_empty(&gs->leaving))
        leaving_free(CONTAINER_OF(gs->leaving.next, struct leaving, link));
}

static void set_aside(struct group_topic *gt)
{
    struct leaving *l;

    if (gt->committed_count == 0)
        return;
    l = leaving_of(gt->group->groups, gt->topic);
    for (int32_t i = 0; i < gt->partition_count; i++) {
        if (gt->partitions[i]->committed < 0)
            continue;
        if (l->count == l->cap) {
            l->cap = l->cap == 0 ? 16 : 2 * l->cap;
            l->keys = mem_realloc(l->keys, l->cap * sizeof(*l->keys));
        }
        l->keys[l->count++] = (struct leaving_key){
            mem_strndup(gt->group->name.data, gt->group->name.len), gt->partitions[i]->number};
        group_partition_clear_committed(gt->partitions[i]);
    }
}

/* Whether a later topic of that name has something committed there: a tombstone would be for that. */
static bool committed_anew(const struct groups *gs, struct bytes topic,
                           const struct leaving_key *key)
{
    const struct group *g = groups_find(gs, bytes_of_string(key->group));
    const struct group_topic *gt = g == NULL ? NULL : group_topic(g, topic);
    const struct group_partition *gp = gt == NULL ? NULL : group_partition(gt, key->partition);

    return gp != NULL && gp->committed >= 0;
}

static void forget_leaving(struct groups *gs, const struct leaving *l)
{
    struct offset_change *changes = mem_zalloc(l->count, sizeof(*changes));
    size_t count = 0;

    for (size_t i = 0; i < l->count; i++) {
        if (!committed_anew(gs, l->topic->name, &l->keys[i]))
            changes[count++].key = (struct offset_key){.group = bytes_of_string(l->keys[i].group),
                                                       .topic = l->topic->name,
                                                       .partition = l->keys[i].partition};
    }
    offset_store_write_unheard(&gs->store, changes, count, ACK_SYNCED);
    mem_free(changes);
}

static void topic_went(struct group_topic *gt)
{
    struct group *g = gt->group;
    bool subscribed = gt->subscriptions > 0;
    char why[TOPIC_NAME_BYTES_MAX + 64];

    for (int32_t i = 0; i < gt->partition_count; i++) {
        struct group_partition *gp = gt->partitions[i];

        group_set_target(gp, NULL);
        if (gp->owner != NULL)
            group_release_partition(gp);
    }
    set_aside(gt);
    cut_partitions(gt, 0);
    topic_unref(gt->topic);
    gt->topic = NULL;
    snprintf(why, sizeof(why), "topic '%.*s' was deleted", NAME(gt->name));
    group_topic_prune(gt);
    if (subscribed)
        group_rebalance(g, why);
}

static struct groups *groups_of(struct catalog_observer *o)
{
    return CONTAINER_OF(o, struct groups, observer);
}

/* A group's topic may go while its name's are gone through, and with the last one the list. */
static void each_user(struct groups *gs, struct topic *t,
                      void (*fn)(struct group_topic *gt, struct topic *t))
{
    const struct name_users *users = users_of(gs, t->name);
    struct list *it, *next;

    if (users == NULL)
        return;
    for (it = users->group_topics.next; it != &users->group_topics; it = next) {
        bool last = it->next == &users->group_topics;

        next = it->next;
        fn(CONTAINER_OF(it, struct group_topic, of_name), t);
        if (last)
            return;
    }
}

static void created(struct catalog_observer *o, struct topic *t)
{
    each_user(groups_of(o), t, topic_came);
}

static void grown(struct catalog_observer *o, struct topic *t, int32_t partitions_before)
{
    (void)partitions_before;
    each_user(groups_of(o), t, topic_grew);
}

static void leave(struct group_topic *gt, struct topic *t)
{
    if (gt->topic == t)
        topic_went(gt);
}

static void deleted(struct catalog_observer *o, struct topic *t)
{
    each_user(groups_of(o), t, leave);
}

static void gone(struct catalog_observer *o, struct topic *t, enum err err)
{
    struct groups *gs = groups_of(o);

    LIST_EACH (it, &gs->leaving) {
        struct leaving *l = CONTAINER_OF(it, struct leaving, link);

        if (l->topic != t)
            continue;
        if (err == ERR_OK) /* else it may be back after a start, and have them still */
            forget_leaving(gs, l);
        leaving_free(l);
    }
}

const struct catalog_observer group_topics_observer = {
    .created = created, .grown = grown, .deleted = deleted, .gone = gone};
