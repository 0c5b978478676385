/* SPDX-License-Identifier: BSD-3-Clause */
/* A listening socket that hands out a stream for each connection. net/tcp.h and net/unix_socket.h open
 * them. */
#ifndef ECHOLOG_NET_LISTENER_H
#define ECHOLOG_NET_LISTENER_H

#include "net/reactor.h"
#include "net/stream.h"

/* Each costs about as much as twenty small commands: a storm of connections holds up nobody. */
#define LISTENER_ACCEPTS_PER_TURN_MAX 64

struct listener;

/* Who gets the connections. */
struct listener_owner {
    /* Called per connection; the stream is the callee's. At most a bounded number per turn. It may
     * close the stream and the listener. */
    void (*accepted)(void *ctx, struct stream *stream);
    void *ctx; /* borrowed */
    /* Instead of `accepted`, when not NULL: gets the socket itself, which is the callee's; it does not block. */
    void (*accepted_fd)(void *ctx, int fd);
    int accepts_per_turn; /* 0: LISTENER_ACCEPTS_PER_TURN_MAX */
};

/* Accepts on `fd`, a listening, non-blocking socket, which it takes on success. When descriptors run out,
 * accepting pauses and resumes by itself as some are closed. */
MUST_CHECK
enum err listener_create(struct reactor *r, int fd, const struct listener_owner *owner,
                         struct listener **listener);
/* Leaves connections waiting from now on, or takes them again. */
void listener_hold(struct listener *l, bool hold);
/* Its streams go on. */
void listener_close(struct listener *l);

int listener_fd(const struct listener *l);
int listener_port(const struct listener *l); /* 0: it has none */

#endif
