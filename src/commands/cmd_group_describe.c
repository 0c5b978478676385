/* SPDX-License-Identifier: BSD-3-Clause */
/* GROUP DESCRIBE, MEMBERS and OFFSETS: what is in memory about a group, as maps. */
#include "commands/group_reply.h"
#include "commands/handlers.h"

#include "base/mem.h"
#include <stdlib.h>

/* --- partitions of a member ------------------------------------------------------------------ */

static int by_name_and_number(const void *left, const void *right)
{
    const struct group_partition *a = *(struct group_partition *const *)left;
    const struct group_partition *b = *(struct group_partition *const *)right;
    int order = a->topic == b->topic ? 0 : bytes_compare(a->topic->name, b->topic->name);
    return order != 0 ? order : (a->number > b->number) - (a->number < b->number);
}

/* [[topic, partition], ...] in that order. */
static void write_partitions(struct writer *w, struct group_partition **items, size_t count)
{
    qsort(items, count, sizeof(struct group_partition *), by_name_and_number);
    write_array(w, count);
    for (size_t i = 0; i < count; i++) {
        write_array(w, 2);
        write_bulk(w, items[i]->topic->name);
        write_int(w, items[i]->number);
    }
}

/* What it has; of that, what it is to give up; what it is to get. */
static void write_assignment(struct writer *w, const struct member *m)
{
    size_t size = (m->owned_count > m->target_count ? m->owned_count : m->target_count) + 1;
    struct group_partition **items = mem_alloc(size * sizeof(struct group_partition *));
    size_t count = 0;
    LIST_EACH (it, &m->owned)
        items[count++] = CONTAINER_OF(it, struct group_partition, of_owner);
    write_bulk_string(w, "owned");
    write_partitions(w, items, count);
    count = 0;
    LIST_EACH (it, &m->owned) {
        struct group_partition *gp = CONTAINER_OF(it, struct group_partition, of_owner);
        if (gp->target != m)
            items[count++] = gp;
    }
    write_bulk_string(w, "giving-up");
    write_partitions(w, items, count);
    count = 0;
    LIST_EACH (it, &m->targets) {
        struct group_partition *gp = CONTAINER_OF(it, struct group_partition, of_target);
        if (gp->owner != m)
            items[count++] = gp;
    }
    write_bulk_string(w, "pending");
    write_partitions(w, items, count);
    mem_free(items);
}

/* --- members -------------------------------------------------------------------------------- */

static const char *member_state(const struct member *m)
{
    if (m->parked != NULL)
        return "waiting"; /* for records: its CONSUME is blocked */
    if (m->asking != NULL)
        return "reading";
    return m->client != NULL ? "away" : "disconnected";
}

static void write_member(struct writer *w, const struct member *m)
{
    static const char *const resets[] = {
        [RESET_NONE] = "none", [RESET_EARLIEST] = "earliest", [RESET_LATEST] = "latest"};
    const struct clock *clock = m->group->groups->clock;
    bool asks = m->asking != NULL;
    write_map(w, 14);
    write_field(w, "name", m->name);
    write_field_string(w, "address", m->address == NULL ? "" : m->address);
    write_field_string(w, "state", member_state(m));
    write_field_int(w, "epoch", m->epoch);
    write_field_int(w, "joined-ms", m->joined_ms);
    write_field_int(w, "idle-ms", asks ? 0 : (clock->mono_us - m->last_seen_us) / 1000);
    write_field_int(w, "session-ms", m->session_ms);
    write_field_string(w, "commit", m->commit_mode == COMMIT_AUTO ? "auto" : "manual");
    write_field_string(w, "reset", resets[m->reset]);
    write_field_int(w, "connection-changes", (int64_t)m->client_changes);
    write_bulk_string(w, "topics");
    write_array(w, m->topic_count);
    for (size_t i = 0; i < m->topic_count; i++)
        write_bulk(w, m->topics[i]->name);
    write_assignment(w, m);
}

static void write_members(struct writer *w, const struct group *g)
{
    write_array(w, g->member_count);
    LIST_EACH (it, &g->members)
        write_member(w, CONTAINER_OF(it, struct member, in_group));
}

void cmd_group_members(struct call *c)
{
    const struct group *g = argument_group(c, c->argv[2]);
    if (g != NULL)
        write_members(&c->w, g);
}

/* --- the group ------------------------------------------------------------------------------ */

static void write_topics(struct writer *w, const struct group *g)
{
    size_t count = 0;
    LIST_EACH (it, &g->topics)
        count++;
    write_array(w, count);
    LIST_EACH (it, &g->topics) {
        const struct group_topic *gt = CONTAINER_OF(it, struct group_topic, in_group);
        write_map(w, 4);
        write_field(w, "name", gt->name);
        write_field_string(w, "state", gt->topic != NULL ? "ok" : "missing");
        write_field_int(w, "partitions", gt->partition_count);
        write_field_int(w, "subscribers", (int64_t)gt->subscriptions);
    }
}

void cmd_group_describe(struct call *c)
{
    const struct group *g = argument_group(c, c->argv[2]);
    if (g == NULL)
        return;
    struct writer *w = &c->w;
    write_map(w, 11);
    write_field(w, "name", g->name);
    write_field_string(w, "state", group_state_text(group_state(g)));
    write_field_int(w, "epoch", g->epoch);
    write_field_string(w, "assignor", assignor_name(g->assignor));
    write_field_int(w, "unsettled", (int64_t)g->unsettled);
    write_field_int(w, "rebalances", (int64_t)g->rebalances);
    write_field(w, "last-rebalance",
                g->last_rebalance == NULL ? BYTES_NULL : bytes_of_string(g->last_rebalance));
    write_field_known(w, "last-rebalance-ms",
                      g->last_rebalance == NULL ? -1 : g->last_rebalance_ms);
    write_field_known(w, "empty-since-ms", g->empty_since_ms);
    write_bulk_string(w, "topics");
    write_topics(w, g);
    write_bulk_string(w, "members");
    write_members(w, g);
}

/* --- GROUP OFFSETS --------------------------------------------------------------------------- */

static void write_offset(struct writer *w, const struct group_partition *gp)
{
    bool committed = gp->committed >= 0;
    write_map(w, 8);
    write_field(w, "topic", gp->topic->name);
    write_field_int(w, "partition", gp->number);
    write_field_known(w, "committed", gp->committed);
    write_field_known(w, "committed-ms", committed ? gp->committed_ms : -1);
    write_field_known(w, "leader-epoch", committed ? gp->committed_epoch : -1);
    write_field(w, "metadata", gp->metadata == NULL ? BYTES_NULL : bytes_of_string(gp->metadata));
    write_field_known(w, "position", gp->state == POSITION_UNKNOWN ? -1 : gp->position);
    write_field(w, "owner", gp->owner == NULL ? BYTES_NULL : gp->owner->name);
}

void cmd_group_offsets(struct call *c)
{
    const struct group *g = argument_group(c, c->argv[2]);
    if (g == NULL)
        return;
    size_t count = 0;
    LIST_EACH (it, &g->topics)
        count += (size_t)CONTAINER_OF(it, struct group_topic, in_group)->partition_count;
    write_array(&c->w, count);
    LIST_EACH (it, &g->topics) {
        const struct group_topic *gt = CONTAINER_OF(it, struct group_topic, in_group);
        for (int32_t i = 0; i < gt->partition_count; i++)
            write_offset(&c->w, gt->partitions[i]);
    }
}
