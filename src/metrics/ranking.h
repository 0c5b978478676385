/* SPDX-License-Identifier: BSD-3-Clause */
/* The greatest of many, when only so many may be kept. */
#ifndef ECHOLOG_METRICS_RANKING_H
#define ECHOLOG_METRICS_RANKING_H

#include "base/bytes.h"

/* Embedded first in what is ranked. Of equal weights the lesser name counts as the greater. */
struct ranked {
    uint64_t weight;
    struct bytes name; /* owned by the item */
};

struct ranking {
    struct ranked *
        *items; /* owned array; the items are the caller's. items[0] is the least of them */
    size_t count, max;
};

void ranking_init(struct ranking *r, size_t max);
void ranking_deinit(struct ranking *r);
/* Takes the item in. Returns the one that is not kept: another, `item` itself, or NULL. */
struct ranked *ranking_offer(struct ranking *r, struct ranked *item);

#endif
