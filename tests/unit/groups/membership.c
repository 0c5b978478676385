/* SPDX-License-Identifier: BSD-3-Clause */
#include "membership.h"

#include "base/mem.h"
#include <criterion/criterion.h>
#include <stdio.h>

#define TOPICS_MAX 16
#define TEXT_BYTES 4096
#define TURNS_MAX 20000

/* --- asking ----------------------------------------------------------------------------------- */

struct group *group_of(struct group_rig *b, const char *name)
{
    struct group *g = NULL;

    cr_assert_eq(groups_get(b->groups, bytes_of_string(name), &b->rig.why, &g), ERR_OK);
    return g;
}

static size_t split(const char *words, struct bytes *items)
{
    size_t count = 0;

    while (*words != '\0') {
        size_t len = strcspn(words, " ");

        cr_assert_lt(count, TOPICS_MAX);
        items[count++] = bytes_of(words, len);
        words += len + (words[len] == ' ');
    }
    return count;
}

struct member *asks_in(struct group_rig *b, const char *group, const char *member,
                       const char *topics)
{
    struct group *g = group_of(b, group);
    struct member *m = group_find_member(g, bytes_of_string(member));
    struct bytes names[TOPICS_MAX];
    size_t count = split(topics, names);

    if (m == NULL)
        m = group_join(g, bytes_of_string(member), names, count);
    else
        group_subscribe(m, names, count);
    member_seen(m);
    member_release(m);
    member_take(m);
    return m;
}

struct member *asks(struct group_rig *b, const char *member, const char *topics)
{
    return asks_in(b, "g", member, topics);
}

struct member *member_named(struct group_rig *b, const char *name)
{
    return group_find_member(group_of(b, "g"), bytes_of_string(name));
}

/* --- what is so, as text ---------------------------------------------------------------------- */

static void add_name(struct buf *text, const struct member *m)
{
    if (text->len > 0)
        buf_append_char(text, ' ');
    if (m == NULL)
        buf_append_char(text, '-');
    else
        buf_append_bytes(text, m->name);
}

static const char *keep(struct buf *text, char kept[TEXT_BYTES])
{
    snprintf(kept, TEXT_BYTES, "%.*s", (int)text->len, buf_bytes(text).data);
    buf_deinit(text);
    return kept;
}

static const struct group_topic *topic_of(struct group_rig *b, const char *topic)
{
    static const struct group_topic none;
    const struct group_topic *gt = group_topic(group_of(b, "g"), bytes_of_string(topic));

    return gt == NULL ? &none : gt;
}

const char *owners(struct group_rig *b, const char *topic)
{
    static char kept[TEXT_BYTES];
    const struct group_topic *gt = topic_of(b, topic);
    struct buf text = {0};

    for (int32_t i = 0; i < gt->partition_count; i++)
        add_name(&text, gt->partitions[i]->owner);
    return keep(&text, kept);
}

const char *targets(struct group_rig *b, const char *topic)
{
    static char kept[TEXT_BYTES];
    const struct group_topic *gt = topic_of(b, topic);
    struct buf text = {0};

    for (int32_t i = 0; i < gt->partition_count; i++)
        add_name(&text, gt->partitions[i]->target);
    return keep(&text, kept);
}

const char *committed(struct group_rig *b, const char *topic)
{
    static char kept[TEXT_BYTES];
    const struct group_topic *gt = topic_of(b, topic);
    struct buf text = {0};

    for (int32_t i = 0; i < gt->partition_count; i++) {
        int64_t offset = gt->partitions[i]->committed;

        if (offset < 0)
            buf_printf(&text, "%s-", i > 0 ? " " : "");
        else
            buf_printf(&text, "%s%lld", i > 0 ? " " : "", (long long)offset);
    }
    return keep(&text, kept);
}

const char *last_line(struct group_rig *b)
{
    static char kept[TEXT_BYTES];
    size_t len = strlen(b->rig.traced), start;

    if (len > 0)
        len--;
    for (start = len; start > 0 && b->rig.traced[start - 1] != '\n';)
        start--;
    snprintf(kept, sizeof(kept), "%.*s", (int)(len - start), b->rig.traced + start);
    return kept;
}

/* --- what must hold --------------------------------------------------------------------------- */

struct sums {
    size_t unsettled, owned, targets, handed;
};

static void check_partition(const struct group_partition *gp, struct sums *sums)
{
    cr_assert_eq(list_empty(&gp->of_owner), gp->owner == NULL);
    cr_assert_eq(list_empty(&gp->of_target), gp->target == NULL);
    cr_assert(gp->owner == NULL || gp->owner->group == gp->topic->group);
    cr_assert(gp->target == NULL || gp->target->group == gp->topic->group);
    if (gp->owner == NULL)
        cr_assert(list_empty(&gp->handed) && gp->state == POSITION_UNKNOWN);
    if (!list_empty(&gp->handed))
        cr_assert(gp->state == POSITION_GOOD && gp->position > gp->committed);
    cr_assert(gp->committed >= 0 || gp->metadata == NULL);
    sums->unsettled += gp->owner != gp->target;
    sums->owned += gp->owner != NULL;
    sums->targets += gp->target != NULL;
    sums->handed += !list_empty(&gp->handed);
}

static void check_topic(const struct group_topic *gt, struct sums *sums)
{
    size_t owned = sums->owned, with_commits = 0, subscriptions = 0;

    for (int32_t i = 0; i < gt->partition_count; i++) {
        cr_assert_eq(gt->partitions[i]->number, i);
        cr_assert_eq(gt->partitions[i]->topic, gt);
        check_partition(gt->partitions[i], sums);
        with_commits += gt->partitions[i]->committed >= 0;
    }
    LIST_EACH (it, &gt->group->members) {
        const struct member *m = CONTAINER_OF(it, struct member, in_group);

        for (size_t i = 0; i < m->topic_count; i++)
            subscriptions += m->topics[i] == gt;
    }
    cr_assert_eq(gt->subscriptions, subscriptions);
    cr_assert_eq(gt->owned_count, sums->owned - owned);
    cr_assert_eq(gt->committed_count, with_commits);
    cr_assert(subscriptions > 0 || gt->owned_count > 0 || with_commits > 0);
    if (gt->topic != NULL) {
        cr_assert_not(gt->topic->deleted);
        cr_assert_eq(gt->partition_count, gt->topic->partition_count);
    }
}

static void check_member(const struct member *m, struct sums *sums)
{
    size_t owned = 0, target_count = 0, settled = 0;

    LIST_EACH (it, &m->owned) {
        const struct group_partition *gp = CONTAINER_OF(it, struct group_partition, of_owner);

        cr_assert_eq(gp->owner, m);
        owned++;
        settled += gp->target == m;
    }
    LIST_EACH (it, &m->targets) {
        cr_assert_eq(CONTAINER_OF(it, struct group_partition, of_target)->target, m);
        target_count++;
    }
    LIST_EACH (it, &m->handed) {
        cr_assert_eq(CONTAINER_OF(it, struct group_partition, handed)->owner, m);
        sums->handed--;
    }
    cr_assert_eq(m->owned_count, owned);
    cr_assert_eq(m->target_count, target_count);
    cr_assert_eq(m->settled_count, settled);
    cr_assert_leq(m->epoch, m->group->epoch);
    cr_assert_eq(m->epoch == m->group->epoch, settled == owned && settled == target_count,
                 "who has all of its target and nothing else is at the group's epoch");
    cr_assert(timer_armed(&m->session));
    for (size_t i = 1; i < m->topic_count; i++)
        cr_assert_lt(bytes_compare(m->topics[i - 1]->name, m->topics[i]->name), 0);
    sums->owned -= owned;
    sums->targets -= target_count;
}

static void check_group(void *ctx, struct group *g)
{
    size_t *members = ctx, count = 0;
    const struct group_topic *before = NULL;
    struct sums sums = {0};

    LIST_EACH (it, &g->topics) {
        const struct group_topic *gt = CONTAINER_OF(it, struct group_topic, in_group);

        cr_assert(before == NULL || bytes_compare(before->name, gt->name) < 0);
        cr_assert_eq(group_topic(g, gt->name), gt);
        check_topic(gt, &sums);
        before = gt;
    }
    cr_assert_eq(g->unsettled, sums.unsettled);
    LIST_EACH (it, &g->members) {
        check_member(CONTAINER_OF(it, struct member, in_group), &sums);
        count++;
    }
    cr_assert(sums.owned == 0 && sums.targets == 0 && sums.handed == 0);
    cr_assert_eq(g->member_count, count);
    cr_assert_eq(dict_count(&g->members_by_name), count);
    cr_assert_eq(g->empty_since_ms<0, count> 0);
    cr_assert(g->epoch == 0 || g->epoch < g->epoch_bound || count == 0);
    *members += count;
}

void check_groups(struct group_rig *b)
{
    size_t members = 0;

    groups_each(b->groups, check_group, &members);
    cr_assert_eq(b->groups->member_count, members);
}

/* --- stops ------------------------------------------------------------------------------------ */

static void open_groups(struct group_rig *b)
{
    struct groups_options options = {.catalog = b->rig.catalog,
                                     .config = &b->rig.config,
                                     .clock = &b->rig.clock,
                                     .timers = &b->rig.timers,
                                     .trace = &b->rig.trace,
                                     .hash_key = &b->rig.key};

    cr_assert_eq(groups_open(&options, &b->groups), ERR_OK);
}

void group_rig_restart(struct group_rig *b)
{
    groups_close(b->groups);
    rig_restart(&b->rig);
    open_groups(b);
}

void group_rig_until_written(struct group_rig *b)
{
    for (int i = 0; i < TURNS_MAX && !list_empty(&b->groups->store.unheard); i++)
        rig_turn_and_wait(&b->rig);
    cr_assert(list_empty(&b->groups->store.unheard));
}

void group_rig_crash_copy(struct group_rig *b, struct group_rig *after)
{
    rig_crash_copy(&b->rig, &after->rig);
    open_groups(after);
}
