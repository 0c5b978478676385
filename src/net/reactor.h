/* SPDX-License-Identifier: BSD-3-Clause */
/* The epoll reactor: waits for descriptors and calls who watches them. One thread. */
#ifndef ECHOLOG_NET_REACTOR_H
#define ECHOLOG_NET_REACTOR_H

#include "base/check.h"
#include "base/err.h"
#include "base/list.h"
#include <stdbool.h>
#include <stdint.h>

enum reactor_events {
    REACTOR_READ = 1,
    REACTOR_WRITE = 2,
    REACTOR_EDGE = 4, /* report changes instead of levels */
};

/* Embedded by whoever watches a descriptor. */
struct reactor_watch {
    int fd; /* -1 while not watched */
    /* `events` holds REACTOR_READ and/or REACTOR_WRITE; an error or hang-up sets both. */
    void (*ready)(struct reactor_watch *watch, unsigned events);
};

struct reactor;

MUST_CHECK enum err reactor_create(struct reactor **reactor);
void reactor_destroy(struct reactor *r);

/* Watches `fd` for `events` until reactor_unwatch. The watch stays where it is meanwhile.
 * ERR_LIMIT: the system's limit of watches is reached. */
MUST_CHECK enum err reactor_watch(struct reactor *r, struct reactor_watch *watch, int fd,
                                  unsigned events);
/* Safe inside any `ready`, also for a watch whose event is still to be delivered this turn. */
void reactor_unwatch(struct reactor *r, struct reactor_watch *watch);

/* Waits up to `timeout_us` (negative: for ever; 0: not at all) and delivers what is ready. */
void reactor_wait(struct reactor *r, int64_t timeout_us);

#endif
