/* SPDX-License-Identifier: BSD-3-Clause */
/* A stream over a connected socket, of TCP or Unix. */
#ifndef ECHOLOG_NET_SOCKET_STREAM_H
#define ECHOLOG_NET_SOCKET_STREAM_H

#include "net/reactor.h"
#include "net/stream.h"
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

union socket_address {
    struct sockaddr any;
    struct sockaddr_in in;
    struct sockaddr_in6 in6;
    struct sockaddr_un un;
};

/* A stream over `fd`, connected and non-blocking, which it takes on success. Errors as reactor_watch's. */
MUST_CHECK
enum err socket_stream_create(struct reactor *r, int fd, const union socket_address *peer,
                              struct stream **stream);

#endif
