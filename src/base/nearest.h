/* SPDX-License-Identifier: BSD-3-Clause */
/* "Did you mean …": the known name that is closest to a mistyped one. */
#ifndef ECHOLOG_BASE_NEAREST_H
#define ECHOLOG_BASE_NEAREST_H

#include "base/bytes.h"

struct nearest {
    struct bytes typed;     /* what was given */
    const char *best;       /* borrowed from the caller; NULL when nothing is close enough */
    unsigned best_distance; /* edits, without regard to ASCII case */
};

void nearest_init(struct nearest *n, struct bytes typed);
/* Offers one known name; keeps it if it is the closest so far and at most a third of it differs. */
void nearest_offer(struct nearest *n, const char *name);

#endif
