/* SPDX-License-Identifier: BSD-3-Clause */
/* The addresses the server listens on, from the `bind` and `port` directives. */
#ifndef ECHOLOG_SERVER_LISTENERS_H
#define ECHOLOG_SERVER_LISTENERS_H

#include "base/buf.h"
#include "config/config.h"
#include "net/tcp.h"

struct listeners {
    struct listener *items[CONFIG_BIND_MAX]; /* owned */
    size_t count;
    int port;             /* the one in use, also when the system chose it */
    struct buf addresses; /* for people: "127.0.0.1:3246 [::1]:3246" */
};

/* Listens on all of them. On failure nothing is left open and `why` is one line. An address with a '-'
 * before it may be missing. */
MUST_CHECK
enum err listeners_open(struct listeners *l, struct reactor *r, const struct config *config,
                        void (*accepted)(void *ctx, struct stream *stream), void *ctx,
                        struct buf *why);
/* Of connections that come from now on. */
void listeners_set_keepalive(struct listeners *l, int seconds);
void listeners_close(struct listeners *l);

#endif
