/* SPDX-License-Identifier: BSD-3-Clause */
/* maxmemory-clients: what all connections together may hold in memory. While there is such a limit, the sum is kept
 * up to date with every change of one session, and sessions hang in buckets by what each holds, a power of two
 * apart; so a look at the limit is a comparison, and over it the largest go first. */
#ifndef ECHOLOG_SESSION_CLIENT_MEMORY_H
#define ECHOLOG_SESSION_CLIENT_MEMORY_H

#include "base/list.h"
#include <stdbool.h>
#include <stddef.h>

struct config;
struct session;
struct sessions;

#define CLIENT_MEMORY_LOG2_MIN 15 /* what is smaller than 32 KiB is in one bucket */
#define CLIENT_MEMORY_LOG2_MAX 33 /* what is larger than 4 GiB too */
#define CLIENT_MEMORY_BUCKETS (1 + CLIENT_MEMORY_LOG2_MAX - CLIENT_MEMORY_LOG2_MIN)
#define CLIENT_MEMORY_BYTES_MIN (128 * 1024) /* a smaller limit could leave nobody to raise it */

/* Of all sessions. */
struct client_memory {
    size_t limit; /* 0: none, and nothing is counted */
    size_t bytes;
    struct list buckets[CLIENT_MEMORY_BUCKETS];
    bool over_it; /* with nobody left to evict: said once */
};

/* Of one. */
struct client_share {
    size_t bytes; /* counted in the sum */
    int bucket;   /* -1: in none, for it is not to be evicted */
    struct list link;
};

void client_memory_init(struct client_memory *m);
void client_share_init(struct client_share *share);

/* What the configuration says: bytes, or so many hundredths of maxmemory. */
size_t client_memory_limit(const struct config *config);
/* The configuration has changed. */
void client_memory_configure(struct sessions *all);
/* What the session holds may have changed, or whether it may be evicted. */
void client_memory_count(struct session *s);
/* It is closed: it does not count any more. */
void client_memory_forget(struct session *s);
/* Cuts off the largest until the rest is below the limit; nobody who said CLIENT NO-EVICT ON. Safe anywhere. */
void client_memory_evict(struct sessions *all);

#endif
