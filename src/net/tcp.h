/* SPDX-License-Identifier: BSD-3-Clause */
/* Listening on a TCP port. */
#ifndef ECHOLOG_NET_TCP_H
#define ECHOLOG_NET_TCP_H

#include "net/listener.h"

struct tcp_options {
    const char *address; /* numeric IPv4 or IPv6; an IPv6 one never takes IPv4 connections */
    int port;            /* 0: the system chooses */
    int backlog;
    int keepalive_s; /* 0: off */
    bool share;      /* the port may be one of a listener that tcp_share is on for */
    struct listener_owner owner;
};

/* ERR_EXISTS the port is taken; ERR_ACCESS; ERR_INVALID not an address of this machine or not a port;
 * ERR_UNSUPPORTED the system has no IPv6. */
MUST_CHECK
enum err tcp_listen(struct reactor *r, const struct tcp_options *options,
                    struct listener **listener);
/* Of connections that it accepts from now on; nothing where the socket is of another kind. 0 turns it
 * off. */
void tcp_set_keepalive(struct listener *l, int seconds);

/* Lets another listener of this process have an address that overlaps with this one's, while it is on. */
void tcp_share(struct listener *l, bool on);

#endif
