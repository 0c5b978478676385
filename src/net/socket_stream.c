/* SPDX-License-Identifier: BSD-3-Clause */
/* Streams over sockets. A stream is registered once, edge-triggered for both directions, so that no
 * traffic ever costs an epoll_ctl. */
#include "net/socket_stream.h"

#include "base/mem.h"
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

struct socket_stream {
    struct stream stream;
    struct reactor_watch watch;
    struct reactor *reactor; /* borrowed, outlives this */
    bool hung_up;            /* after what is buffered comes the end */
};

/* --- reading and writing ---------------------------------------------------------------------- */

static struct socket_stream *socket_stream_of(struct stream *stream)
{
    return CONTAINER_OF(stream, struct socket_stream, stream);
}

/* What a call on the socket says when it fails: not now, or never again. */
static enum err stream_error(int errnum)
{
    return errnum == EAGAIN || errnum == EWOULDBLOCK ? ERR_AGAIN : ERR_CLOSED;
}

static enum err socket_stream_read(struct stream *stream, void *data, size_t len, size_t *got)
{
    struct socket_stream *s = socket_stream_of(stream);
    ASSERT(len > 0);
    ssize_t n;
    do
        n = recv(s->watch.fd, data, len, 0);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return stream_error(errno);
    if (n == 0)
        return ERR_CLOSED;
    *got = (size_t)n;
    /* A short read tells the owner to wait for the next edge. The one for the end has passed. */
    if (*got < len && s->hung_up)
        reactor_rearm(s->reactor, &s->watch);
    return ERR_OK;
}

static ssize_t send_pieces(int fd, const struct iovec *iov, int count)
{
    union {
        const struct iovec *in;
        struct iovec *out;
    } pieces = {.in = iov}; /* a msghdr has no const, though sending only reads */
    struct msghdr message = {.msg_iov = pieces.out, .msg_iovlen = (size_t)count};
    return sendmsg(fd, &message, MSG_NOSIGNAL);
}

static enum err socket_stream_write(struct stream *stream, const struct iovec *iov, int count,
                                    size_t *put)
{
    ASSERT(count > 0 && count <= STREAM_IOV_MAX);
    int fd = socket_stream_of(stream)->watch.fd;
    ssize_t n;
    do
        n = count == 1 ? send(fd, iov->iov_base, iov->iov_len, MSG_NOSIGNAL)
                       : send_pieces(fd, iov, count);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return stream_error(errno);
    *put = (size_t)n;
    return ERR_OK;
}

static void socket_stream_rearm(struct stream *stream)
{
    struct socket_stream *s = socket_stream_of(stream);
    reactor_rearm(s->reactor, &s->watch);
}

static void socket_stream_close(struct stream *stream)
{
    struct socket_stream *s = socket_stream_of(stream);
    int fd = s->watch.fd;
    reactor_unwatch(s->reactor, &s->watch);
    close(fd);
    mem_free(s);
}

/* The owner may close the stream in its `ready`: nothing of it is touched after that. */
static void socket_stream_ready(struct reactor_watch *watch, unsigned events)
{
    struct socket_stream *s = CONTAINER_OF(watch, struct socket_stream, watch);
    ASSERT(s->stream.ready != NULL);
    if (events & REACTOR_HANGUP)
        s->hung_up = true;
    s->stream.ready(&s->stream, (events & REACTOR_READ ? STREAM_READABLE : 0) |
                                    (events & REACTOR_WRITE ? STREAM_WRITABLE : 0) |
                                    (events & REACTOR_HANGUP ? STREAM_ENDED : 0));
}

/* --- life ------------------------------------------------------------------------------------- */

static void format_address(const union socket_address *address, char out[STREAM_ADDRESS_BYTES_MAX])
{
    char host[INET6_ADDRSTRLEN] = "?";
    switch (address->any.sa_family) {
    case AF_UNIX:
        snprintf(out, STREAM_ADDRESS_BYTES_MAX, "%.*s:0", (int)sizeof(address->un.sun_path),
                 address->un.sun_path);
        return;
    case AF_INET6:
        inet_ntop(AF_INET6, &address->in6.sin6_addr, host, sizeof(host));
        snprintf(out, STREAM_ADDRESS_BYTES_MAX, "[%s]:%u", host, ntohs(address->in6.sin6_port));
        return;
    default:
        inet_ntop(AF_INET, &address->in.sin_addr, host, sizeof(host));
        snprintf(out, STREAM_ADDRESS_BYTES_MAX, "%s:%u", host, ntohs(address->in.sin_port));
    }
}

static bool is_from_here(const union socket_address *peer)
{
    switch (peer->any.sa_family) {
    case AF_UNIX:
        return true;
    case AF_INET6:
        return IN6_IS_ADDR_LOOPBACK(&peer->in6.sin6_addr);
    default:
        return ntohl(peer->in.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
    }
}

/* The other end of a Unix socket has no name: both are told by ours. */
static void tell_addresses(struct stream *stream, const union socket_address *peer)
{
    union socket_address local = {0};
    socklen_t len = sizeof(local);
    getsockname(stream->fd, &local.any, &len);
    bool is_unix = local.any.sa_family == AF_UNIX;
    format_address(&local, stream->local);
    format_address(is_unix ? &local : peer, stream->peer);
    stream->from_here = is_from_here(is_unix ? &local : peer);
    stream->transport = is_unix ? STREAM_UNIX : STREAM_TCP;
}

enum err socket_stream_create(struct reactor *r, int fd, const union socket_address *peer,
                              struct stream **stream)
{
    static const struct stream_ops ops = {
        .read = socket_stream_read,
        .write = socket_stream_write,
        .rearm = socket_stream_rearm,
        .close = socket_stream_close,
    };
    struct socket_stream *s = mem_zalloc(1, sizeof(*s));
    s->stream.ops = &ops;
    s->stream.fd = fd;
    s->reactor = r;
    s->watch.ready = socket_stream_ready;
    enum err err = reactor_watch(r, &s->watch, fd, REACTOR_READ | REACTOR_WRITE | REACTOR_EDGE);
    if (err != ERR_OK) {
        mem_free(s);
        return err;
    }
    tell_addresses(&s->stream, peer);
    *stream = &s->stream;
    return ERR_OK;
}
