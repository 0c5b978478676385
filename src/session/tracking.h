/* SPDX-License-Identifier: BSD-3-Clause */
/* What a connection has asked for with CLIENT TRACKING. It is kept and told, and nothing follows from it: no
 * command here reads a key, so there is never anything to invalidate. Zero-initialised is valid: off. */
#ifndef ECHOLOG_SESSION_TRACKING_H
#define ECHOLOG_SESSION_TRACKING_H

#include "base/buf.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TRACKING_PREFIXES_MAX 256 /* of one connection: each new one is held against all */

enum tracking_options {
    TRACKING_BCAST = 1,
    TRACKING_OPTIN = 2,
    TRACKING_OPTOUT = 4,
    TRACKING_NOLOOP = 8,
};

struct tracking {
    bool on;
    unsigned options;     /* a set of tracking_options */
    bool caching;         /* CLIENT CACHING was said: for the next command */
    uint64_t redirect;    /* the connection that was to be told; 0: itself */
    struct buf *prefixes; /* owned; in their order as bytes */
    size_t prefix_count;
};

/* Turns it on, or changes it; prefixes that are there stay as long as it is on. */
void tracking_start(struct tracking *t, unsigned options, uint64_t redirect);
/* Keeps a copy; nothing when it is there already. There must be room. */
void tracking_add_prefix(struct tracking *t, struct bytes prefix);
struct bytes tracking_prefix(const struct tracking *t, size_t index);
size_t tracking_memory(const struct tracking *t);
void tracking_stop(struct tracking *t);

#endif
