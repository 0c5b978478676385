/* SPDX-License-Identifier: BSD-3-Clause */
/* The rounds of retention: a pass looks at all partitions, some per turn; then it rests until the next
 * period. */
#include "base/mem.h"
#include "topics/catalog_private.h"

#define RETAIN_PER_TURN 256 /* partitions */

static int64_t retention_period_us(const struct catalog *c)
{
    return c->o.config->log_retention_check_ms * 1000;
}

static void retention_next_topic(struct catalog *c)
{
    c->retention_topic++;
    c->retention_partition = 0;
}

static void retention_fired(struct timer *timer)
{
    struct catalog *c = CONTAINER_OF(timer, struct catalog, retention);
    int left = RETAIN_PER_TURN;

    if (c->retention_topics == NULL) {
        c->retention_topics = catalog_all_topics(c, &c->retention_count);
        c->retention_topic = 0;
        c->retention_partition = 0;
    }
    while (left > 0 && c->retention_topic < c->retention_count) {
        struct topic *t = c->retention_topics[c->retention_topic];
        struct topic_partition *tp;

        if (t->deleted || c->retention_partition >= t->partition_count) {
            retention_next_topic(c);
            continue;
        }
        tp = t->partitions[c->retention_partition++];
        if (tp->log != NULL)
            partition_retain(tp->log);
        left--;
    }
    if (c->retention_topic < c->retention_count) {
        timers_set(c->o.timers, &c->retention, c->o.clock->mono_us);
        return;
    }
    catalog_release_topics(c->retention_topics, c->retention_count);
    c->retention_topics = NULL;
    timers_set(c->o.timers, &c->retention, c->o.clock->mono_us + retention_period_us(c));
}

void catalog_retention_arm(struct catalog *c)
{
    int64_t at_us = c->o.clock->mono_us + retention_period_us(c);

    if (!timer_armed(&c->retention) || at_us < c->retention.at_us)
        timers_set(c->o.timers, &c->retention, at_us);
}

void catalog_retention_init(struct catalog *c)
{
    timer_init(&c->retention, retention_fired);
}

void catalog_retention_deinit(struct catalog *c)
{
    timers_cancel(c->o.timers, &c->retention);
    if (c->retention_topics != NULL)
        catalog_release_topics(c->retention_topics, c->retention_count);
    c->retention_topics = NULL;
}
