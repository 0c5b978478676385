/* SPDX-License-Identifier: BSD-3-Clause */
/* Between two steps anything may have been deleted. A topic is counted, so the one being looked at stays; a
 * group is not, so it is looked for by its name again, and its topic too. */
#include "metrics/survey.h"

#include "base/mem.h"
#include "groups/lag.h"

/* What a topic or group costs besides its partitions. */
#define SURVEY_ITEM_COST 2

static struct bytes copy_name(struct bytes name)
{
    return bytes_of(mem_strndup(name.data, name.len), name.len);
}

static void free_name(struct bytes name)
{
    mem_free((char *)(uintptr_t)name.data);
}

/* --- topics --------------------------------------------------------------------------------- */

static void add_topic(struct topic_figures *to, const struct topic_figures *f)
{
    to->partitions += f->partitions;
    to->failed += f->failed;
    to->records_in += f->records_in;
    to->records_removed += f->records_removed;
    to->bytes += f->bytes;
    to->bytes_in += f->bytes_in;
    to->records_out += f->records_out;
    to->bytes_out += f->bytes_out;
    to->segments += f->segments;
}

static void free_topic(struct topic_figures *f)
{
    if (f != NULL)
        free_name(f->ranked.name);
    mem_free(f);
}

static void count_partition(struct topic_figures *f, const struct topic_partition *tp)
{
    struct partition_info info;
    f->partitions++;
    if (tp->log == NULL) {
        f->failed += tp->unopened;
        return;
    }
    partition_describe(tp->log, &info);
    f->failed += info.failed != ERR_OK;
    f->records_in += (uint64_t)info.next_offset;
    f->records_removed += (uint64_t)info.log_start;
    f->bytes += (uint64_t)info.bytes;
    f->bytes_in += partition_bytes_total(tp->log);
    f->segments += info.segment_count;
}

static void begin_topic(struct survey *s, struct topic *t)
{
    s->topic = topic_ref(t);
    s->partition = 0;
    s->of_topic = mem_zalloc(1, sizeof(*s->of_topic));
    s->of_topic->ranked.name = copy_name(t->name);
    s->of_topic->records_out = t->records_read;
    s->of_topic->bytes_out = t->bytes_read;
}

static bool is_other(struct bytes name)
{
    return bytes_equal(name, BYTES_LITERAL(SURVEY_OTHER));
}

static void finish_topic(struct survey *s)
{
    struct topic_figures *f = s->of_topic;
    add_topic(&s->all_topics, f);
    f->ranked.weight = f->bytes;
    struct ranked *out =
        is_other(f->ranked.name) ? &f->ranked : ranking_offer(&s->topics, &f->ranked);
    if (out != NULL) {
        struct topic_figures *other = CONTAINER_OF(out, struct topic_figures, ranked);
        add_topic(&s->other_topics, other);
        s->topics_left_out++;
        free_topic(other);
    }
    topic_unref(s->topic);
    s->topic = NULL;
    s->of_topic = NULL;
}

/* Returns how much it cost; 0: there is no more. */
static size_t step_topics(struct survey *s, size_t budget)
{
    if (s->topic == NULL) {
        struct roster_entry *next = roster_walk_next(catalog_roster(s->sv->catalog), &s->walk);
        if (next == NULL)
            return 0;
        begin_topic(s, CONTAINER_OF(next, struct topic, of_catalog));
    }
    size_t cost = SURVEY_ITEM_COST;
    for (; s->partition < s->topic->partition_count && cost < budget; cost++)
        count_partition(s->of_topic, s->topic->partitions[s->partition++]);
    if (s->partition == s->topic->partition_count)
        finish_topic(s);
    return cost;
}

/* --- groups --------------------------------------------------------------------------------- */

static void free_group(struct group_figures *f)
{
    if (f != NULL)
        free_name(f->ranked.name);
    mem_free(f);
}

static void free_group_topic(struct group_topic_figures *f)
{
    if (f != NULL)
        free_name(f->ranked.name);
    mem_free(f);
}

static void begin_group(struct survey *s, const struct group *g)
{
    struct group_figures *f = mem_zalloc(1, sizeof(*f));
    f->ranked.name = copy_name(g->name);
    f->members = g->member_count;
    f->unsettled = g->unsettled;
    f->rebalances = g->rebalances;
    s->of_group = f;
}

static void finish_group(struct survey *s)
{
    struct group_figures *f = s->of_group;
    f->ranked.weight = f->lag;
    struct ranked *out =
        is_other(f->ranked.name) ? &f->ranked : ranking_offer(&s->groups, &f->ranked);
    s->of_group = NULL;
    if (out == NULL)
        return;
    struct group_figures *lesser = CONTAINER_OF(out, struct group_figures, ranked);
    struct group_figures *other = &s->other_groups;
    other->lag += lesser->lag;
    other->lag_max = lesser->lag_max > other->lag_max ? lesser->lag_max : other->lag_max;
    other->members += lesser->members;
    other->partitions += lesser->partitions;
    other->unsettled += lesser->unsettled;
    other->rebalances += lesser->rebalances;
    s->groups_left_out++;
    free_group(lesser);
}

static void begin_group_topic(struct survey *s, const struct group *g, const struct group_topic *gt)
{
    struct group_topic_figures *f = mem_zalloc(1, sizeof(*f));
    size_t len = g->name.len + 1 + gt->name.len;
    char *name = mem_alloc(len);
    memcpy(name, g->name.data, g->name.len);
    name[g->name.len] = '\0';
    memcpy(name + g->name.len + 1, gt->name.data, gt->name.len);
    f->ranked.name = bytes_of(name, len);
    f->group_name = bytes_of(name, g->name.len);
    f->topic_name = bytes_of(name + g->name.len + 1, gt->name.len);
    s->of_group_topic = f;
    s->partition = 0;
}

static void finish_group_topic(struct survey *s)
{
    struct group_topic_figures *f = s->of_group_topic;
    f->ranked.weight = f->lag;
    bool other = is_other(f->group_name) || is_other(f->topic_name);
    struct ranked *out = other ? &f->ranked : ranking_offer(&s->group_topics, &f->ranked);
    s->of_group_topic = NULL;
    if (out == NULL)
        return;
    struct group_topic_figures *lesser = CONTAINER_OF(out, struct group_topic_figures, ranked);
    s->other_group_topics.lag += lesser->lag;
    s->other_group_topics.partitions += lesser->partitions;
    s->group_topics_left_out++;
    free_group_topic(lesser);
}

static void count_lag(struct survey *s, const struct group_partition *gp)
{
    struct lag_part part;
    lag_estimate(gp, &part);
    uint64_t lag = part.records > 0 ? (uint64_t)part.records : 0;
    s->of_group->partitions++;
    s->of_group->lag += lag;
    if (lag > s->of_group->lag_max)
        s->of_group->lag_max = lag;
    s->of_group_topic->partitions++;
    s->of_group_topic->lag += lag;
}

/* The topic behind the one that was looked at last, by name; NULL when it was the last. */
static const struct group_topic *next_topic_of(const struct group *g, struct bytes after)
{
    LIST_EACH (it, &g->topics) {
        const struct group_topic *gt = CONTAINER_OF(it, struct group_topic, in_group);
        if (bytes_is_null(after) || bytes_compare(gt->name, after) > 0)
            return gt;
    }
    return NULL;
}

/* Goes on within the group's current topic, and to the next ones. */
static size_t step_group(struct survey *s, const struct group *g, size_t budget)
{
    size_t cost = SURVEY_ITEM_COST;
    struct bytes after = BYTES_NULL;
    const struct group_topic *gt = NULL;
    if (s->of_group_topic != NULL) {
        after = s->of_group_topic->topic_name;
        gt = group_topic(g, after);
    }
    if (gt == NULL) {
        gt = next_topic_of(g, after);
        if (s->of_group_topic != NULL)
            finish_group_topic(s);
    }
    while (gt != NULL) {
        if (s->of_group_topic == NULL)
            begin_group_topic(s, g, gt);
        for (; s->partition < gt->partition_count && cost < budget; cost++)
            count_lag(s, gt->partitions[s->partition++]);
        if (s->partition < gt->partition_count)
            return cost;
        finish_group_topic(s);
        cost += SURVEY_ITEM_COST;
        gt = gt->in_group.next == &g->topics
                 ? NULL
                 : CONTAINER_OF(gt->in_group.next, struct group_topic, in_group);
    }
    finish_group(s);
    return cost;
}

static size_t step_groups(struct survey *s, size_t budget)
{
    struct groups *gs = s->sv->groups;
    const struct group *g;
    if (s->of_group == NULL) {
        struct roster_entry *next = roster_walk_next(&gs->roster, &s->walk);
        if (next == NULL)
            return 0;
        g = CONTAINER_OF(next, struct group, of_groups);
        begin_group(s, g);
    } else {
        g = groups_find(gs, s->of_group->ranked.name);
    }
    if (g != NULL)
        return step_group(s, g, budget);
    free_group(s->of_group); /* it was deleted meanwhile */
    free_group_topic(s->of_group_topic);
    s->of_group = NULL;
    s->of_group_topic = NULL;
    return SURVEY_ITEM_COST;
}

/* --- all of it ------------------------------------------------------------------------------ */

void survey_begin(struct survey *s, const struct services *sv)
{
    *s = (struct survey){.sv = sv};
    ranking_init(&s->topics, (size_t)sv->config->metrics_topics_max);
    ranking_init(&s->groups, (size_t)sv->config->metrics_groups_max);
    ranking_init(&s->group_topics, (size_t)sv->config->metrics_groups_max);
    roster_walk_begin(catalog_roster(sv->catalog), &s->walk);
}

static void begin_groups(struct survey *s)
{
    roster_walk_end(&s->walk);
    s->groups_begun = true;
    roster_walk_begin(&s->sv->groups->roster, &s->walk);
}

bool survey_step(struct survey *s, size_t budget)
{
    for (size_t spent = 0; spent < budget;) {
        size_t left = budget - spent + SURVEY_ITEM_COST; /* so that each step gets somewhere */
        size_t cost = s->groups_begun ? step_groups(s, left) : step_topics(s, left);
        spent += cost;
        if (cost == 0 && s->groups_begun) {
            roster_walk_end(&s->walk);
            return false;
        }
        if (cost == 0)
            begin_groups(s);
    }
    return true;
}

void survey_end(struct survey *s)
{
    roster_walk_end(&s->walk);
    if (s->topic != NULL)
        topic_unref(s->topic);
    free_topic(s->of_topic);
    free_group(s->of_group);
    free_group_topic(s->of_group_topic);
    for (size_t i = 0; i < s->topics.count; i++)
        free_topic(CONTAINER_OF(s->topics.items[i], struct topic_figures, ranked));
    for (size_t i = 0; i < s->groups.count; i++)
        free_group(CONTAINER_OF(s->groups.items[i], struct group_figures, ranked));
    for (size_t i = 0; i < s->group_topics.count; i++)
        free_group_topic(
            CONTAINER_OF(s->group_topics.items[i], struct group_topic_figures, ranked));
    ranking_deinit(&s->topics);
    ranking_deinit(&s->groups);
    ranking_deinit(&s->group_topics);
}
