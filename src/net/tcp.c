/* SPDX-License-Identifier: BSD-3-Clause */
/* Opening TCP ports. */
#include "net/tcp.h"

#include "net/socket_stream.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <unistd.h>

#define TCP_PORT_MAX 65535

static enum err parse_address(const char *address, int port, union socket_address *out,
                              socklen_t *len)
{
    *out = (union socket_address){0};
    if (port < 0 || port > TCP_PORT_MAX)
        return ERR_INVALID;
    if (inet_pton(AF_INET, address, &out->in.sin_addr) == 1) {
        out->in.sin_family = AF_INET;
        out->in.sin_port = htons((uint16_t)port);
        *len = sizeof(out->in);
        return ERR_OK;
    }
    if (inet_pton(AF_INET6, address, &out->in6.sin6_addr) == 1) {
        out->in6.sin6_family = AF_INET6;
        out->in6.sin6_port = htons((uint16_t)port);
        *len = sizeof(out->in6);
        return ERR_OK;
    }
    return ERR_INVALID;
}

#define KEEPALIVE_S_MAX 32767 /* what Linux takes */

static int set_option(int fd, int level, int name, int value)
{
    return setsockopt(fd, level, name, &value, sizeof(value));
}

/* A dead peer is noticed after twice the time: the idle time, then three probes a third apart. */
static int set_keepalive(int fd, int seconds)
{
    if (seconds <= 0)
        return set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 0);
    if (seconds > KEEPALIVE_S_MAX)
        seconds = KEEPALIVE_S_MAX;
    int between_s = seconds < 3 ? 1 : seconds / 3;
    return set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1) != 0 ||
                   set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, seconds) != 0 ||
                   set_option(fd, IPPROTO_TCP, TCP_KEEPINTVL, between_s) != 0 ||
                   set_option(fd, IPPROTO_TCP, TCP_KEEPCNT, 3) != 0
               ? -1
               : 0;
}

/* Set on the listening socket: on Linux its accepted sockets inherit them all. */
static int set_options(int fd, int family, int keepalive_s)
{
    if (set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1) != 0 ||
        set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1) != 0)
        return -1;
    if (family == AF_INET6 && set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1) != 0)
        return -1;
    return set_keepalive(fd, keepalive_s);
}

void tcp_set_keepalive(struct listener *l, int seconds)
{
    int family;
    socklen_t len = sizeof(family);
    if (getsockopt(listener_fd(l), SOL_SOCKET, SO_DOMAIN, &family, &len) != 0 || family == AF_UNIX)
        return;
    int rc = set_keepalive(listener_fd(l), seconds);
    ASSERT(rc == 0);
}

static enum err listen_error(int errnum)
{
    switch (errnum) {
    case EADDRINUSE:
        return ERR_EXISTS;
    case EADDRNOTAVAIL:
        return ERR_INVALID;
    default:
        return err_from_errno(errnum);
    }
}

/* A socket that listens as the options say. */
static enum err open_listening(const struct tcp_options *options, int *listening)
{
    union socket_address address;
    socklen_t len;
    enum err err = parse_address(options->address, options->port, &address, &len);
    if (err != ERR_OK)
        return err;
    int fd = socket(address.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return listen_error(errno);
    if (set_options(fd, address.any.sa_family, options->keepalive_s) != 0 ||
        (options->share && set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1) != 0) ||
        bind(fd, &address.any, len) != 0 || listen(fd, options->backlog) != 0) {
        err = listen_error(errno);
        close(fd);
        return err;
    }
    if (options->share)
        (void)set_option(fd, SOL_SOCKET, SO_REUSEPORT, 0);
    *listening = fd;
    return ERR_OK;
}

enum err tcp_listen(struct reactor *r, const struct tcp_options *options,
                    struct listener **listener)
{
    int fd = -1;
    enum err err = open_listening(options, &fd);
    if (err != ERR_OK)
        return err;
    err = listener_create(r, fd, &options->owner, listener);
    if (err != ERR_OK)
        close(fd);
    return err;
}

void tcp_share(struct listener *l, bool on)
{
    (void)set_option(listener_fd(l), SOL_SOCKET, SO_REUSEPORT,
                     on); /* the other then finds it taken */
}
