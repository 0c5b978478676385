/* SPDX-License-Identifier: BSD-3-Clause */
/* Groups that had no members for `offsets-retention-ms` are forgotten, as Kafka does it
 * (offsets.retention.minutes). A look at all groups now and then is exact enough. */
#include "groups/group_private.h"
#include <inttypes.h>

#define LOOK_MS_MAX (10 * 60 * 1000)
#define LOOK_MS_MIN 10

static void forget(struct group *g)
{
    struct groups *gs = g->groups;
    size_t count = 0;

    LIST_EACH (it, &g->topics) {
        struct group_topic *gt = CONTAINER_OF(it, struct group_topic, in_group);

        count += group_topic_forget_commits(gt, 0);
    }
    if (g->epoch_bound > 0) {
        struct group_changes changes;

        group_changes_init(&changes, g, 1);
        group_changes_forget_record(&changes);
        group_changes_run(&changes, ACK_WRITTEN);
    }
    gs->stats.expired_offsets += count;
    TRACE_NOTE(gs->trace,
               "Group '%.*s' is forgotten with %zu committed offset%s: it had no members for "
               "%" PRId64 " ms (offsets-retention-ms)",
               NAME(g->name), count, count == 1 ? "" : "s", gs->config->offsets_retention_ms);
    group_destroy(g);
}

static void look(void *ctx, struct group *g)
{
    struct groups *gs = ctx;
    int64_t before_ms = gs->clock->wall_ms - gs->config->offsets_retention_ms;

    if (g->member_count == 0 && g->empty_since_ms <= before_ms &&
        group_last_commit_ms(g) <= before_ms)
        forget(g);
}

static void on_expiry(struct timer *timer)
{
    struct groups *gs = CONTAINER_OF(timer, struct groups, expiry);

    groups_each(gs, look, gs);
    groups_configured(gs);
}

void groups_start_expiry(struct groups *gs)
{
    timer_init(&gs->expiry, on_expiry);
    groups_configured(gs);
}

void groups_configured(struct groups *gs)
{
    int64_t ms = gs->config->offsets_retention_ms / 2;

    if (ms > LOOK_MS_MAX)
        ms = LOOK_MS_MAX;
    if (ms < LOOK_MS_MIN)
        ms = LOOK_MS_MIN;
    timers_set(gs->timers, &gs->expiry, gs->clock->mono_us + ms * 1000);
}
