/* SPDX-License-Identifier: BSD-3-Clause */
/* TCP: listeners, and streams over accepted sockets. */
#ifndef ECHOLOG_NET_TCP_H
#define ECHOLOG_NET_TCP_H

#include "base/err.h"
#include "net/reactor.h"
#include "net/stream.h"

struct tcp_listener;

struct tcp_listener_options {
    const char *address;  /* numeric IPv4 or IPv6 */
    int port;             /* 0: the system chooses */
    int backlog;
    int keepalive_s; /* 0: off */
    /* Called per connection; the stream is the callee's. At most a bounded number per turn. */
    void (*accepted)(void *ctx, struct stream *stream);
    void *ctx;
};

/* ERR_EXISTS the port is taken; ERR_ACCESS; ERR_INVALID not an address of this machine.
 * When descriptors run out, accepting pauses and resumes by itself as connections close. */
MUST_CHECK enum err tcp_listen(struct reactor *r, const struct tcp_listener_options *options,
                               struct tcp_listener **listener);
int tcp_listener_port(const struct tcp_listener *l);
void tcp_listener_close(struct tcp_listener *l);

#endif
