/* SPDX-License-Identifier: BSD-3-Clause */
/* TCP: listeners, and streams over accepted sockets. */
#ifndef ECHOLOG_NET_TCP_H
#define ECHOLOG_NET_TCP_H

#include "base/err.h"
#include "net/reactor.h"
#include "net/stream.h"

#define TCP_ACCEPTS_PER_TURN_MAX 1000

struct tcp_listener;

struct tcp_listener_options {
    const char *address; /* numeric IPv4 or IPv6; an IPv6 one never takes IPv4 connections */
    int port;            /* 0: the system chooses */
    int backlog;
    int keepalive_s; /* 0: off */
    /* Called per connection; the stream is the callee's. At most a bounded number per turn. It may
     * close the stream and the listener. */
    void (*accepted)(void *ctx, struct stream *stream);
    void *ctx;
};

/* ERR_EXISTS the port is taken; ERR_ACCESS; ERR_INVALID not an address of this machine or not a port;
 * ERR_UNSUPPORTED the system has no IPv6. When descriptors run out, accepting pauses and resumes by
 * itself as some are closed. */
MUST_CHECK
enum err tcp_listen(struct reactor *r, const struct tcp_listener_options *options,
                    struct tcp_listener **listener);
int tcp_listener_port(const struct tcp_listener *l);
/* Its streams go on. */
void tcp_listener_close(struct tcp_listener *l);

#endif
