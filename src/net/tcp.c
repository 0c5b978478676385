/* SPDX-License-Identifier: BSD-3-Clause */
/* TCP listeners and streams. A stream is registered once, edge-triggered for both directions, so that
 * no traffic ever costs an epoll_ctl. */
#include "net/tcp.h"

#include "base/mem.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define TCP_PAUSE_MS 100 /* between two looks whether there are descriptors again */
#define TCP_PORT_MAX 65535

struct tcp_stream {
    struct stream stream;
    struct reactor_watch watch;
    struct reactor *reactor; /* borrowed, outlives this */
    bool hung_up;            /* after what is buffered comes the end */
};

struct tcp_listener {
    struct reactor_watch watch; /* while accepting */
    struct reactor_watch pause; /* of pause_fd */
    struct reactor *reactor;    /* borrowed, outlives this */
    int fd;                     /* owned */
    int pause_fd;               /* owned; a timer, there before descriptors run out */
    int port;
    void (*accepted)(void *ctx, struct stream *stream);
    void *ctx;      /* borrowed */
    bool accepting; /* inside accept_some */
    bool closed;    /* meanwhile: to be freed at its end */
};

union socket_address {
    struct sockaddr any;
    struct sockaddr_in in;
    struct sockaddr_in6 in6;
};

/* --- addresses -------------------------------------------------------------------------------- */

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

static void format_address(const union socket_address *address, char out[STREAM_ADDRESS_BYTES_MAX])
{
    char host[INET6_ADDRSTRLEN] = "?";
    if (address->any.sa_family == AF_INET6) {
        inet_ntop(AF_INET6, &address->in6.sin6_addr, host, sizeof(host));
        snprintf(out, STREAM_ADDRESS_BYTES_MAX, "[%s]:%u", host, ntohs(address->in6.sin6_port));
    } else {
        inet_ntop(AF_INET, &address->in.sin_addr, host, sizeof(host));
        snprintf(out, STREAM_ADDRESS_BYTES_MAX, "%s:%u", host, ntohs(address->in.sin_port));
    }
}

/* --- streams ---------------------------------------------------------------------------------- */

static struct tcp_stream *tcp_stream_of(struct stream *stream)
{
    return CONTAINER_OF(stream, struct tcp_stream, stream);
}

/* What a call on the socket says when it fails: not now, or never again. */
static enum err stream_error(int errnum)
{
    return errnum == EAGAIN || errnum == EWOULDBLOCK ? ERR_AGAIN : ERR_CLOSED;
}

static enum err tcp_stream_read(struct stream *stream, void *data, size_t len, size_t *got)
{
    struct tcp_stream *s = tcp_stream_of(stream);
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

static enum err tcp_stream_write(struct stream *stream, const struct iovec *iov, int count,
                                 size_t *put)
{
    ASSERT(count > 0 && count <= STREAM_IOV_MAX);
    union {
        const struct iovec *in;
        struct iovec *out;
    } pieces = {.in = iov}; /* a msghdr has no const, though sending only reads */
    struct msghdr message = {.msg_iov = pieces.out, .msg_iovlen = (size_t)count};
    ssize_t n;
    do
        n = sendmsg(tcp_stream_of(stream)->watch.fd, &message, MSG_NOSIGNAL);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return stream_error(errno);
    *put = (size_t)n;
    return ERR_OK;
}

static void tcp_stream_close(struct stream *stream)
{
    struct tcp_stream *s = tcp_stream_of(stream);
    int fd = s->watch.fd;
    reactor_unwatch(s->reactor, &s->watch);
    close(fd);
    mem_free(s);
}

/* The owner may close the stream in its `ready`: nothing of it is touched after that. */
static void tcp_stream_ready(struct reactor_watch *watch, unsigned events)
{
    struct tcp_stream *s = CONTAINER_OF(watch, struct tcp_stream, watch);
    ASSERT(s->stream.ready != NULL);
    if (events & REACTOR_HANGUP)
        s->hung_up = true;
    s->stream.ready(&s->stream, (events & REACTOR_READ ? STREAM_READABLE : 0) |
                                    (events & REACTOR_WRITE ? STREAM_WRITABLE : 0) |
                                    (events & REACTOR_HANGUP ? STREAM_ENDED : 0));
}

/* Takes `fd` on success. */
static enum err tcp_stream_create(struct reactor *r, int fd, const union socket_address *peer,
                                  struct stream **stream)
{
    static const struct stream_ops ops = {
        .read = tcp_stream_read,
        .write = tcp_stream_write,
        .close = tcp_stream_close,
    };
    struct tcp_stream *s = mem_zalloc(1, sizeof(*s));
    s->stream.ops = &ops;
    s->stream.fd = fd;
    s->reactor = r;
    s->watch.ready = tcp_stream_ready;
    enum err err = reactor_watch(r, &s->watch, fd, REACTOR_READ | REACTOR_WRITE | REACTOR_EDGE);
    if (err != ERR_OK) {
        mem_free(s);
        return err;
    }
    union socket_address local = {0};
    socklen_t len = sizeof(local);
    getsockname(fd, &local.any, &len);
    format_address(peer, s->stream.peer);
    format_address(&local, s->stream.local);
    *stream = &s->stream;
    return ERR_OK;
}

/* --- listeners -------------------------------------------------------------------------------- */

static void listener_free(struct tcp_listener *l)
{
    if (l->watch.fd >= 0)
        reactor_unwatch(l->reactor, &l->watch);
    if (l->pause.fd >= 0)
        reactor_unwatch(l->reactor, &l->pause);
    if (l->pause_fd >= 0)
        close(l->pause_fd);
    close(l->fd);
    mem_free(l);
}

/* The connections that wait stay in the backlog; without this they would wake every turn. */
static void listener_pause(struct tcp_listener *l)
{
    struct itimerspec once = {.it_value.tv_nsec = TCP_PAUSE_MS * 1000000L};
    int rc = timerfd_settime(l->pause_fd, 0, &once, NULL);
    ASSERT(rc == 0);
    if (l->watch.fd >= 0)
        reactor_unwatch(l->reactor, &l->watch);
}

static void pause_over(struct reactor_watch *watch, unsigned events)
{
    (void)events;
    struct tcp_listener *l = CONTAINER_OF(watch, struct tcp_listener, pause);
    uint64_t expirations;
    if (read(l->pause_fd, &expirations, sizeof(expirations)) < 0)
        return;
    if (reactor_watch(l->reactor, &l->watch, l->fd, REACTOR_READ) != ERR_OK)
        listener_pause(l);
}

/* Errors of accept that are about the one connection, which is gone, and not about us. */
static bool concerns_one_connection(int errnum)
{
    switch (errnum) {
    case EINTR:
    case ECONNABORTED:
    case EPROTO:
    case EPERM: /* a firewall said no */
    case ENETDOWN:
    case ENOPROTOOPT:
    case EHOSTDOWN:
    case ENONET:
    case EHOSTUNREACH:
    case EOPNOTSUPP:
    case ENETUNREACH:
        return true;
    default:
        return false;
    }
}

static void accept_some(struct tcp_listener *l)
{
    for (int i = 0; i < TCP_ACCEPTS_PER_TURN_MAX && !l->closed; i++) {
        union socket_address peer = {0};
        socklen_t len = sizeof(peer);
        int fd = accept4(l->fd, &peer.any, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0 && concerns_one_connection(errno))
            continue;
        if (fd < 0 && errno == EAGAIN)
            return;
        struct stream *stream;
        if (fd < 0 || tcp_stream_create(l->reactor, fd, &peer, &stream) != ERR_OK) {
            if (fd >= 0)
                close(fd);
            listener_pause(l);
            return;
        }
        l->accepted(l->ctx, stream);
    }
}

static void listener_ready(struct reactor_watch *watch, unsigned events)
{
    (void)events;
    struct tcp_listener *l = CONTAINER_OF(watch, struct tcp_listener, watch);
    l->accepting = true;
    accept_some(l);
    l->accepting = false;
    if (l->closed)
        listener_free(l);
}

static int set_option(int fd, int level, int name, int value)
{
    return setsockopt(fd, level, name, &value, sizeof(value));
}

/* Set once on the listening socket: on Linux its accepted sockets inherit them all. */
static int set_options(int fd, int family, int keepalive_s)
{
    if (set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1) != 0 ||
        set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1) != 0)
        return -1;
    if (family == AF_INET6 && set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1) != 0)
        return -1;
    if (keepalive_s <= 0)
        return 0;
    /* A dead peer is noticed after twice the time: the idle time, then three probes a third apart. */
    int between_s = keepalive_s < 3 ? 1 : keepalive_s / 3;
    return set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1) != 0 ||
                   set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, keepalive_s) != 0 ||
                   set_option(fd, IPPROTO_TCP, TCP_KEEPINTVL, between_s) != 0 ||
                   set_option(fd, IPPROTO_TCP, TCP_KEEPCNT, 3) != 0
               ? -1
               : 0;
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

/* A socket that listens as the options say, and the port it got. */
static enum err open_listening(const struct tcp_listener_options *options, int *listening,
                               int *port)
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
        bind(fd, &address.any, len) != 0 || listen(fd, options->backlog) != 0 ||
        getsockname(fd, &address.any, &len) != 0) {
        err = listen_error(errno);
        close(fd);
        return err;
    }
    *listening = fd;
    *port = ntohs(address.any.sa_family == AF_INET6 ? address.in6.sin6_port : address.in.sin_port);
    return ERR_OK;
}

enum err tcp_listen(struct reactor *r, const struct tcp_listener_options *options,
                    struct tcp_listener **listener)
{
    int fd = -1;
    int port = 0;
    enum err err = open_listening(options, &fd, &port);
    if (err != ERR_OK)
        return err;

    struct tcp_listener *l = mem_zalloc(1, sizeof(*l));
    *l = (struct tcp_listener){
        .watch = {.fd = -1, .ready = listener_ready},
        .pause = {.fd = -1, .ready = pause_over},
        .reactor = r,
        .fd = fd,
        .port = port,
        .accepted = options->accepted,
        .ctx = options->ctx,
    };
    l->pause_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    if (l->pause_fd < 0)
        err = err_from_errno(errno);
    if (err == ERR_OK)
        err = reactor_watch(r, &l->pause, l->pause_fd, REACTOR_READ);
    if (err == ERR_OK)
        err = reactor_watch(r, &l->watch, fd, REACTOR_READ);
    if (err != ERR_OK) {
        listener_free(l);
        return err;
    }
    *listener = l;
    return ERR_OK;
}

int tcp_listener_port(const struct tcp_listener *l)
{
    return l->port;
}

void tcp_listener_close(struct tcp_listener *l)
{
    l->closed = true;
    if (!l->accepting)
        listener_free(l);
}
