/* SPDX-License-Identifier: BSD-3-Clause */
/* One TCP port on all the addresses of `bind`, and how it becomes another: the new listeners are opened
 * beside the old ones, which stay until the change is through. */
#ifndef ECHOLOG_SERVER_PORTS_H
#define ECHOLOG_SERVER_PORTS_H

#include "base/buf.h"
#include "config/config.h"
#include "net/tcp.h"

#define PORTS_ADDRESS_BYTES_MAX 64
#define PORTS_CHOOSE 0 /* the system chooses a port */
#define PORTS_OFF (-1) /* no port at all */

struct port {
    struct listener *listener;             /* owned, in one of the two sets when it is in both */
    char address[PORTS_ADDRESS_BYTES_MAX]; /* numeric */
    bool kept;                             /* stands in the set before this one too */
};

struct ports {
    struct port items[CONFIG_BIND_MAX];
    size_t count;
    int port; /* the one in use, also when the system chose it; 0: none */
};

struct ports_options {
    struct reactor *reactor; /* borrowed */
    int port;                /* or PORTS_CHOOSE, PORTS_OFF */
    int backlog;
    int keepalive_s;
    struct listener_owner owner;
};

/* Opens what `bind` and the options ask for in `next`, and keeps what `now` has of it. On failure `next` is
 * empty, nothing has changed, and `why` is one line. An address with a '-' before it may be missing. */
MUST_CHECK
enum err ports_open(struct ports *next, const struct ports *now, const char *bind,
                    const struct ports_options *options, struct buf *why);
/* `next` takes the place of `now`; what it has not kept is closed. */
void ports_replace(struct ports *now, struct ports *next);
/* Closes what it has not kept. */
void ports_close(struct ports *p);
void ports_set_keepalive(struct ports *p, int seconds); /* of connections from now on */
/* For people: "127.0.0.1:3246 [::1]:3246". */
void ports_say(const struct ports *p, struct buf *text);

#endif
