/* SPDX-License-Identifier: BSD-3-Clause */
/* Finding the patterns that match a channel without trying all of them: they are kept by the byte that
 * a match must begin with, and apart those that may begin with any. */
#ifndef ECHOLOG_PUBSUB_PATTERNS_H
#define ECHOLOG_PUBSUB_PATTERNS_H

#include "base/bytes.h"
#include "base/list.h"

/* Embedded in its owner. */
struct pattern {
    struct bytes glob; /* borrowed; stays in place */
    struct list link;
};

struct patterns {
    struct list by_first[UINT8_MAX + 1];
    struct list open; /* begin with a wildcard or an escape, or are empty */
};

void patterns_init(struct patterns *p);
void patterns_add(struct patterns *p, struct pattern *pattern, struct bytes glob);
void patterns_remove(struct pattern *pattern);
/* Calls `fn` for each pattern that matches; `fn` must not change them. */
void patterns_match(const struct patterns *p, struct bytes channel,
                    void (*fn)(void *ctx, struct pattern *pattern), void *ctx);

#endif
