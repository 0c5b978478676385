/* SPDX-License-Identifier: BSD-3-Clause */
/* Patterns by their first byte. Longer literal beginnings could be told apart too, at the price of a
 * lookup per length; so far one byte is what pays at any number of patterns. */
#include "pubsub/patterns.h"
#include "base/check.h"
#include "base/glob.h"

void patterns_init(struct patterns *p)
{
    for (size_t i = 0; i < COUNT_OF(p->by_first); i++)
        list_init(&p->by_first[i]);
    list_init(&p->open);
}

static struct list *group_of(struct patterns *p, struct bytes glob)
{
    if (glob.len == 0 || memchr("*?[\\", glob.data[0], 4) != NULL)
        return &p->open;
    return &p->by_first[(unsigned char)glob.data[0]];
}

void patterns_add(struct patterns *p, struct pattern *pattern, struct bytes glob)
{
    pattern->glob = glob;
    list_push_back(group_of(p, glob), &pattern->link);
}

void patterns_remove(struct pattern *pattern)
{
    list_remove(&pattern->link);
}

static void match_group(const struct list *group, struct bytes channel,
                        void (*fn)(void *ctx, struct pattern *pattern), void *ctx)
{
    for (struct list *it = group->next; it != group; it = it->next) {
        struct pattern *pattern = CONTAINER_OF(it, struct pattern, link);

        if (glob_match(pattern->glob, channel))
            fn(ctx, pattern);
    }
}

void patterns_match(const struct patterns *p, struct bytes channel,
                    void (*fn)(void *ctx, struct pattern *pattern), void *ctx)
{
    if (channel.len > 0)
        match_group(&p->by_first[(unsigned char)channel.data[0]], channel, fn, ctx);
    match_group(&p->open, channel, fn, ctx);
}
