/* SPDX-License-Identifier: BSD-3-Clause */
/* The epoll reactor: waits for descriptors and calls who watches them. One thread. */
#ifndef ECHOLOG_NET_REACTOR_H
#define ECHOLOG_NET_REACTOR_H

#include "base/check.h"
#include "base/err.h"
#include "base/list.h"
#include <stdbool.h>
#include <stdint.h>

#define REACTOR_EVENTS_MAX 1024 /* delivered per turn; what is left comes in the next ones */

enum reactor_events {
    REACTOR_READ = 1,
    REACTOR_WRITE = 2,
    REACTOR_EDGE = 4,   /* asked for: report changes instead of levels */
    REACTOR_HANGUP = 8, /* reported: the other end will send nothing more, or there was an error */
};

/* Embedded by whoever watches a descriptor. */
struct reactor_watch {
    int fd; /* -1 while not watched */
    /* `events` holds REACTOR_READ and/or REACTOR_WRITE; an error or hang-up sets both. Beside them
     * REACTOR_HANGUP, also when the other end closed only its sending side. */
    void (*ready)(struct reactor_watch *watch, unsigned events);
    unsigned events; /* what it is watched for; the reactor's */
};

struct reactor;

MUST_CHECK
enum err reactor_create(struct reactor **reactor);
void reactor_destroy(struct reactor *r);

/* Watches `fd` for `events` until reactor_unwatch. The watch stays where it is meanwhile.
 * ERR_LIMIT: the system's limit of watches is reached. ERR_ACCESS: not a descriptor one can wait for. */
MUST_CHECK
enum err reactor_watch(struct reactor *r, struct reactor_watch *watch, int fd, unsigned events);
/* Safe inside any `ready`, also for a watch whose event is still to be delivered this turn. To be
 * called before the descriptor is closed. */
void reactor_unwatch(struct reactor *r, struct reactor_watch *watch);
/* Reports an edge-triggered watch once more, in a later turn, if anything of it is still ready. */
void reactor_rearm(struct reactor *r, struct reactor_watch *watch);

/* Waits up to `timeout_us` (negative: for ever; 0: not at all) and delivers what is ready. A signal may
 * end the wait early. */
void reactor_wait(struct reactor *r, int64_t timeout_us);

#endif
