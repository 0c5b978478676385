/* SPDX-License-Identifier: BSD-3-Clause */
/* Finding the patterns that match a channel without trying all of them: they are kept by how a match must begin,
 * or else by how it must end, so that only those are tried that agree with the channel in that; and each that
 * both begins and ends with a wildcard. */
#ifndef ECHOLOG_PUBSUB_PATTERNS_H
#define ECHOLOG_PUBSUB_PATTERNS_H

#include "pubsub/prefix_tree.h"

/* Embedded in its owner. */
struct pattern {
    struct bytes glob; /* borrowed; stays in place */
    struct list link;
};

struct patterns {
    /* By the literal bytes before the first wildcard or escape. */
    struct prefix_tree by_beginning;
    /* By those behind the last one, backwards, where there are none before. */
    struct prefix_tree by_end;
    struct list open; /* the rest */
    size_t count;
};

void patterns_init(struct patterns *p);
void patterns_add(struct patterns *p, struct pattern *pattern, struct bytes glob);
void patterns_remove(struct patterns *p, struct pattern *pattern);
/* The way past the next function: there are patterns. */
void patterns_match_any(const struct patterns *p, struct bytes channel,
                        void (*fn)(void *ctx, struct pattern *pattern), void *ctx);
/* Calls `fn` for each pattern that matches; `fn` must not change them. Those with a literal beginning come first, the
 * shortest of these before the others; of equal ones that which was added first. */
static inline void patterns_match(const struct patterns *p, struct bytes channel,
                                  void (*fn)(void *ctx, struct pattern *pattern), void *ctx)
{
    if (p->count > 0)
        patterns_match_any(p, channel, fn, ctx);
}

#endif
