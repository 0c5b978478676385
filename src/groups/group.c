/* SPDX-License-Identifier: BSD-3-Clause */
/* A group's life and its members: who comes, goes, stalls. Who is to read what follows from it in
 * group_assignment.c. */
#include "groups/group.h"

#include "base/mem.h"
#include "groups/consume.h"
#include "groups/group_private.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* The bound of epochs is raised by so many, when so many are left. */
#define EPOCHS_RESERVED 1000
#define EPOCHS_LEFT_MIN 500

/* --- looking --------------------------------------------------------------------------------- */

enum group_state group_state(const struct group *g)
{
    if (g->member_count == 0)
        return GROUP_EMPTY;
    return g->unsettled > 0 ? GROUP_RECONCILING : GROUP_STABLE;
}

const char *group_state_text(enum group_state s)
{
    static const char *const texts[] = {"Empty", "Reconciling", "Stable"};

    ASSERT((size_t)s < COUNT_OF(texts));
    return texts[s];
}

struct member *group_find_member(const struct group *g, struct bytes name)
{
    return dict_find(&g->members_by_name, name);
}

struct group_topic *group_topic(const struct group *g, struct bytes name)
{
    return dict_find(&g->topics_by_name, name);
}

struct group_partition *group_partition(const struct group_topic *gt, int64_t number)
{
    return number >= 0 && number < gt->partition_count ? gt->partitions[number] : NULL;
}

struct topic_partition *group_partition_log(const struct group_partition *gp)
{
    return gp->topic->topic == NULL ? NULL : topic_partition(gp->topic->topic, gp->number);
}

int64_t group_last_commit_ms(const struct group *g)
{
    int64_t last_ms = -1;

    LIST_EACH (it, &g->topics) {
        const struct group_topic *gt = CONTAINER_OF(it, struct group_topic, in_group);

        for (int32_t i = 0; i < gt->partition_count; i++) {
            const struct group_partition *gp = gt->partitions[i];

            if (gp->committed >= 0 && gp->committed_ms > last_ms)
                last_ms = gp->committed_ms;
        }
    }
    return last_ms;
}

/* --- a group's life -------------------------------------------------------------------------- */

struct group *group_create(struct groups *gs, struct bytes name)
{
    struct group *g = mem_zalloc(1, sizeof(*g));

    g->groups = gs;
    g->name = dict_add(&gs->by_name, name, g);
    roster_add(&gs->roster, &g->of_groups);
    g->empty_since_ms = gs->clock->wall_ms;
    dict_init(&g->members_by_name, gs->hash_key);
    dict_init(&g->topics_by_name, gs->hash_key);
    dict_init(&g->kicked, gs->hash_key);
    list_init(&g->members);
    list_init(&g->topics);
    return g;
}

void group_destroy(struct group *g)
{
    ASSERT(g->member_count == 0);
    LIST_EACH (it, &g->topics) {
        struct group_topic *gt = CONTAINER_OF(it, struct group_topic, in_group);

        for (int32_t i = 0; i < gt->partition_count; i++)
            group_partition_clear_committed(gt->partitions[i]);
        group_topic_prune(gt);
    }
    ASSERT(list_empty(&g->topics));
    dict_deinit(&g->members_by_name);
    dict_deinit(&g->topics_by_name);
    dict_deinit(&g->kicked);
    mem_free(g->last_rebalance);
    roster_remove(&g->of_groups);
    dict_remove(&g->groups->by_name, g->name);
    mem_free(g);
}

void group_write_record(struct group *g, enum ack ack)
{
    struct group_changes changes;

    group_changes_init(&changes, g, 1);
    group_changes_record(&changes);
    group_changes_run(&changes, ack);
}

/* The new bound has to be durable before the epochs reach the old one: hence so early. Without a wait, since
 * a store that fails for that long has told of it. */
void group_reserve_epochs(struct group *g)
{
    ASSERT(g->epoch <= INT32_MAX - EPOCHS_RESERVED);
    if (g->epoch + EPOCHS_LEFT_MIN < g->epoch_bound)
        return;
    g->epoch_bound = g->epoch + EPOCHS_RESERVED;
    group_write_record(g, ACK_SYNCED);
}

/* --- subscriptions --------------------------------------------------------------------------- */

static int compare_names(const void *a, const void *b)
{
    return bytes_compare(*(const struct bytes *)a, *(const struct bytes *)b);
}

/* The names in order, each once; owned by the caller. */
static struct bytes *sort_names(const struct bytes *names, size_t count, size_t *unique)
{
    struct bytes *sorted = mem_alloc((count + 1) * sizeof(*sorted));
    size_t kept = 0;

    for (size_t i = 0; i < count; i++)
        sorted[i] = names[i];
    qsort(sorted, count, sizeof(*sorted), compare_names);
    for (size_t i = 0; i < count; i++) {
        if (i == 0 || !bytes_equal(sorted[i], sorted[kept - 1]))
            sorted[kept++] = sorted[i];
    }
    *unique = kept;
    return sorted;
}

static bool subscribes_to(const struct member *m, const struct bytes *names, size_t count)
{
    if (m->topic_count != count)
        return false;
    for (size_t i = 0; i < count; i++) {
        if (!bytes_equal(m->topics[i]->name, names[i]))
            return false;
    }
    return true;
}

/* The group's topics that were dropped stay until they are pruned: there may be partitions to give up. */
static void set_topics(struct member *m, const struct bytes *sorted, size_t count)
{
    struct group_topic **topics = mem_alloc((count + 1) * sizeof(struct group_topic *));

    for (size_t i = 0; i < count; i++) {
        topics[i] = group_topic_ensure(m->group, sorted[i]);
        topics[i]->subscriptions++;
    }
    for (size_t i = 0; i < m->topic_count; i++) {
        ASSERT(m->topics[i]->subscriptions > 0);
        m->topics[i]->subscriptions--;
    }
    mem_free(m->topics);
    m->topics = topics;
    m->topic_count = count;
}

/* Like group_rebalance, for a member that does something. */
static void rebalance_for(struct group *g, struct bytes member, const char *what)
{
    struct buf why = {0};

    buf_printf(&why, "member '%.*s' %s", NAME(member), what);
    buf_append_char(&why, '\0');
    group_rebalance(g, why.data);
    buf_deinit(&why);
}

void group_subscribe(struct member *m, const struct bytes *topics, size_t topic_count)
{
    struct group *g = m->group;
    struct bytes *sorted;
    size_t count;

    if (subscribes_to(m, topics, topic_count)) /* named in order already */
        return;
    sorted = sort_names(topics, topic_count, &count);
    if (!subscribes_to(m, sorted, count)) {
        set_topics(m, sorted, count);
        rebalance_for(g, m->name, "changed its topics");
        group_prune_topics(g);
    }
    mem_free(sorted);
}

/* --- members --------------------------------------------------------------------------------- */

static void on_session(struct timer *timer)
{
    struct member *m = CONTAINER_OF(timer, struct member, session);
    struct groups *gs = m->group->groups;
    int64_t now_us = gs->clock->mono_us;
    char why[64];

    if (m->asking != NULL)
        m->last_seen_us = now_us; /* its session runs from its reply */
    if (m->last_seen_us + m->session_ms * 1000 > now_us) {
        timers_set(gs->timers, timer, m->last_seen_us + m->session_ms * 1000);
        return;
    }
    gs->stats.expired_sessions++;
    snprintf(why, sizeof(why), "is gone: its session of %" PRId64 " ms ran out", m->session_ms);
    group_remove(m, ERR_OK, why);
}

void member_seen(struct member *m)
{
    m->last_seen_us = m->group->groups->clock->mono_us;
}

static struct member *member_create(struct group *g, struct bytes name)
{
    struct groups *gs = g->groups;
    struct member *m = mem_zalloc(1, sizeof(*m));

    m->group = g;
    m->name = dict_add(&g->members_by_name, name, m);
    m->session_ms = GROUP_SESSION_MS_DEFAULT;
    m->joined_ms = gs->clock->wall_ms;
    m->address = mem_strdup("");
    list_init(&m->owned);
    list_init(&m->targets);
    list_init(&m->handed);
    list_init(&m->of_client);
    list_init(&m->in_stir);
    list_init(&m->in_tell);
    list_push_back(&g->members, &m->in_group);
    out_mark_init(&m->mark);
    g->member_count++;
    gs->member_count++;
    member_seen(m);
    timer_init(&m->session, on_session);
    timers_set(gs->timers, &m->session, m->last_seen_us + m->session_ms * 1000);
    return m;
}

/* It has nothing any more. */
static void member_destroy(struct member *m)
{
    struct group *g = m->group;

    ASSERT(m->owned_count == 0 && list_empty(&m->owned));
    ASSERT(m->target_count == 0 && list_empty(&m->targets));
    ASSERT(m->settled_count == 0 && list_empty(&m->handed));
    ASSERT(m->asking == NULL && m->parked == NULL);
    timers_cancel(g->groups->timers, &m->session);
    out_mark_drop(&m->mark);
    list_remove(&m->of_client);
    list_remove(&m->in_stir);
    list_remove(&m->in_tell);
    list_remove(&m->in_group);
    g->member_count--;
    g->groups->member_count--;
    dict_remove(&g->members_by_name, m->name);
    mem_free(m->topics);
    mem_free(m->address);
    mem_free(m);
}

struct member *group_join(struct group *g, struct bytes name, const struct bytes *topics,
                          size_t topic_count)
{
    struct member *m = member_create(g, name);
    size_t count;
    struct bytes *sorted = sort_names(topics, topic_count, &count);

    set_topics(m, sorted, count);
    mem_free(sorted);
    g->groups->stats.joins++;
    if (g->empty_since_ms >= 0) {
        g->empty_since_ms = -1;
        if (g->epoch_bound > 0)
            group_write_record(g, ACK_WRITTEN);
    }
    rebalance_for(g, m->name, "joined");
    return m;
}

static void give_up_everything(struct member *m)
{
    LIST_EACH (it, &m->targets)
        group_set_target(CONTAINER_OF(it, struct group_partition, of_target), NULL);
    LIST_EACH (it, &m->owned)
        group_release_partition(CONTAINER_OF(it, struct group_partition, of_owner));
}

void group_drop_member(struct member *m)
{
    struct group *g = m->group;

    give_up_everything(m);
    set_topics(m, NULL, 0);
    member_destroy(m);
    group_prune_topics(g);
}

void group_remove(struct member *m, enum err err, const char *why)
{
    struct group *g = m->group;
    struct buf name = {0}, words = {0};

    if (m->asking != NULL && err != ERR_OK) {
        buf_printf(&words, "%s while its CONSUME was under way", why);
        buf_append_char(&words, '\0');
        consume_fail(m->asking, err, words.data);
        buf_deinit(&words);
    }
    m->asking = m->parked = NULL;
    buf_append_bytes(&name, m->name);
    group_drop_member(m);
    if (g->member_count == 0) {
        g->empty_since_ms = g->groups->clock->wall_ms;
        group_write_record(g, ACK_WRITTEN);
    }
    rebalance_for(g, buf_bytes(&name), why);
    buf_deinit(&name);
}

void member_rewind(struct member *m)
{
    LIST_EACH (it, &m->handed) {
        struct group_partition *gp = CONTAINER_OF(it, struct group_partition, handed);

        list_remove(&gp->handed);
        gp->state = POSITION_UNKNOWN;
    }
}
