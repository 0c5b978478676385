/* SPDX-License-Identifier: BSD-3-Clause */
/* Who is to have which partition, and its way from one member to the next. */
#include "base/mem.h"
#include "groups/group_private.h"
#include <inttypes.h>
#include <stdlib.h>

/* --- one partition ---------------------------------------------------------------------------- */

static bool is_unsettled(const struct group_partition *gp)
{
    return gp->owner != gp->target;
}

/* Around every change of owner or target: what is counted of them. */
static void count_out(const struct group_partition *gp)
{
    struct group *g = gp->topic->group;

    if (is_unsettled(gp)) {
        ASSERT(g->unsettled > 0);
        g->unsettled--;
    } else if (gp->owner != NULL) {
        ASSERT(gp->owner->settled_count > 0);
        gp->owner->settled_count--;
    }
}

static void count_in(const struct group_partition *gp)
{
    if (is_unsettled(gp))
        gp->topic->group->unsettled++;
    else if (gp->owner != NULL)
        gp->owner->settled_count++;
}

/* To be looked at this turn, if it is parked; else its next CONSUME looks. */
static void stir(struct member *m)
{
    if (m->parked != NULL && list_empty(&m->in_stir))
        list_push_back(&m->group->groups->stir, &m->in_stir);
}

static void tell(struct member *m)
{
    if (list_empty(&m->in_tell))
        list_push_back(&m->group->groups->tell, &m->in_tell);
}

/* Whoever can do something about a partition that is not where it is to be. */
static void stir_for(const struct group_partition *gp)
{
    if (!is_unsettled(gp))
        return;
    stir(gp->owner != NULL ? gp->owner : gp->target);
}

void group_release_partition(struct group_partition *gp)
{
    struct member *m = gp->owner;

    ASSERT(m != NULL && m->owned_count > 0);
    count_out(gp);
    list_remove(&gp->of_owner);
    list_remove(&gp->handed);
    m->owned_count--;
    gp->topic->owned_count--;
    gp->owner = NULL;
    gp->state = POSITION_UNKNOWN;
    count_in(gp);
    stir_for(gp);
}

static void group_take_partition(struct group_partition *gp)
{
    struct member *m = gp->target;

    ASSERT(gp->owner == NULL && m != NULL);
    ASSERT(list_empty(&gp->handed));
    count_out(gp);
    list_push_back(&m->owned, &gp->of_owner);
    m->owned_count++;
    gp->topic->owned_count++;
    gp->owner = m;
    gp->state = POSITION_UNKNOWN;
    count_in(gp);
}

void group_set_target(struct group_partition *gp, struct member *m)
{
    if (gp->target == m)
        return;
    count_out(gp);
    if (gp->target != NULL) {
        ASSERT(gp->target->target_count > 0);
        gp->target->target_count--;
        list_remove(&gp->of_target);
        tell(gp->target);
    }
    gp->target = m;
    if (m != NULL) {
        ASSERT(m->group == gp->topic->group);
        m->target_count++;
        list_push_back(&m->targets, &gp->of_target);
        tell(m);
    }
    count_in(gp);
    stir_for(gp);
}

/* --- one member ------------------------------------------------------------------------------- */

/* It has all of its target and nothing else. */
static bool is_settled(const struct member *m)
{
    return m->settled_count == m->owned_count && m->settled_count == m->target_count;
}

static void settle_epoch(struct member *m)
{
    if (is_settled(m))
        m->epoch = m->group->epoch;
}

bool member_release(struct member *m)
{
    bool any = false;

    if (m->settled_count == m->owned_count)
        return false;
    LIST_EACH (it, &m->owned) {
        struct group_partition *gp = CONTAINER_OF(it, struct group_partition, of_owner);
        struct group_topic *gt = gp->topic;

        if (gp->target == m)
            continue;
        group_release_partition(gp);
        group_topic_prune(gt);
        any = true;
    }
    settle_epoch(m);
    return any;
}

bool member_take(struct member *m)
{
    bool any = false;

    if (m->settled_count == m->target_count)
        return false;
    LIST_EACH (it, &m->targets) {
        struct group_partition *gp = CONTAINER_OF(it, struct group_partition, of_target);

        if (gp->owner != NULL)
            continue;
        group_take_partition(gp);
        any = true;
    }
    settle_epoch(m);
    return any;
}

/* --- all of a group ---------------------------------------------------------------------------- */

static int compare_members(const void *a, const void *b)
{
    const struct member *const *left = a, *const *right = b;

    return bytes_compare((*left)->name, (*right)->name);
}

/* What an assignment works with; all arrays are owned. */
struct assigning {
    struct group *g;
    struct member **members;     /* by name; their place is their number */
    struct group_topic **topics; /* those that are there; their place is their number */
    struct assignor_topic *inputs;
    int32_t *subscribers; /* of all topics, back to back */
    int32_t *current, *targets;
    size_t topic_count, partition_count;
};

static void list_members(struct assigning *a)
{
    size_t count = 0;

    a->members = mem_alloc((a->g->member_count + 1) * sizeof(struct member *));
    LIST_EACH (it, &a->g->members)
        a->members[count++] = CONTAINER_OF(it, struct member, in_group);
    ASSERT(count == a->g->member_count);
    qsort(a->members, count, sizeof(struct member *), compare_members);
    for (size_t i = 0; i < count; i++)
        a->members[i]->number = (int32_t)i;
}

static void list_topics(struct assigning *a)
{
    a->topics = mem_alloc((dict_count(&a->g->topics_by_name) + 1) * sizeof(struct group_topic *));
    LIST_EACH (it, &a->g->topics) {
        struct group_topic *gt = CONTAINER_OF(it, struct group_topic, in_group);

        if (gt->topic == NULL)
            continue;
        gt->number = a->topic_count;
        a->topics[a->topic_count++] = gt;
        a->partition_count += (size_t)gt->partition_count;
    }
}

/* Members are gone through in their order, so each topic's subscribers are in it too. */
static void list_subscribers(struct assigning *a)
{
    int32_t *room;
    size_t total = 0;

    for (size_t i = 0; i < a->topic_count; i++)
        total += a->topics[i]->subscriptions;
    a->inputs = mem_zalloc(a->topic_count + 1, sizeof(*a->inputs));
    room = a->subscribers = mem_alloc((total + 1) * sizeof(*room));
    for (size_t i = 0; i < a->topic_count; i++) {
        a->inputs[i].partition_count = a->topics[i]->partition_count;
        a->inputs[i].subscribers = room;
        room += a->topics[i]->subscriptions;
    }
    for (size_t i = 0; i < a->g->member_count; i++) {
        const struct member *m = a->members[i];

        for (size_t j = 0; j < m->topic_count; j++) {
            struct assignor_topic *input;

            if (m->topics[j]->topic == NULL)
                continue;
            input = &a->inputs[m->topics[j]->number];
            a->subscribers[(size_t)(input->subscribers - a->subscribers) +
                           input->subscriber_count++] = m->number;
        }
    }
}

/* Who has a partition, else who is to get it. */
static void list_current(struct assigning *a)
{
    size_t at = 0;

    a->current = mem_alloc((a->partition_count + 1) * sizeof(*a->current));
    a->targets = mem_alloc((a->partition_count + 1) * sizeof(*a->targets));
    for (size_t i = 0; i < a->topic_count; i++) {
        for (int32_t p = 0; p < a->topics[i]->partition_count; p++) {
            const struct group_partition *gp = a->topics[i]->partitions[p];
            const struct member *m = gp->owner != NULL ? gp->owner : gp->target;

            a->current[at++] = m == NULL ? ASSIGNOR_NOBODY : m->number;
        }
    }
}

static void set_targets(struct assigning *a)
{
    size_t at = 0;

    for (size_t i = 0; i < a->topic_count; i++) {
        for (int32_t p = 0; p < a->topics[i]->partition_count; p++, at++) {
            struct member *m =
                a->targets[at] == ASSIGNOR_NOBODY ? NULL : a->members[a->targets[at]];

            group_set_target(a->topics[i]->partitions[p], m);
        }
    }
}

/* Returns how many partitions somebody is to have. */
static size_t assign(struct group *g)
{
    struct assigning a = {.g = g};
    struct assignor_input input;
    size_t assigned = 0;

    list_members(&a);
    list_topics(&a);
    list_subscribers(&a);
    list_current(&a);
    input = (struct assignor_input){.kind = g->assignor,
                                    .member_count = (int32_t)g->member_count,
                                    .topics = a.inputs,
                                    .topic_count = a.topic_count,
                                    .current = a.current};
    assignor_run(&input, a.targets);
    set_targets(&a);
    for (size_t i = 0; i < g->member_count; i++) {
        assigned += a.members[i]->target_count;
        settle_epoch(a.members[i]);
    }
    mem_free(a.members);
    mem_free(a.topics);
    mem_free(a.inputs);
    mem_free(a.subscribers);
    mem_free(a.current);
    mem_free(a.targets);
    return assigned;
}

void group_rebalance(struct group *g, const char *why)
{
    struct groups *gs = g->groups;
    size_t assigned;

    g->epoch++;
    group_reserve_epochs(g);
    assigned = assign(g);
    g->rebalances++;
    gs->stats.rebalances++;
    mem_free(g->last_rebalance);
    g->last_rebalance = mem_strdup(why);
    g->last_rebalance_ms = gs->clock->wall_ms;
    TRACE_NOTE(gs->trace,
               "Group '%.*s' epoch %" PRId32 ": %s: %zu member%s, %zu partition%s, %zu to move",
               NAME(g->name), g->epoch, why, g->member_count, g->member_count == 1 ? "" : "s",
               assigned, assigned == 1 ? "" : "s", g->unsettled);
}
