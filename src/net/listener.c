/* SPDX-License-Identifier: BSD-3-Clause */
/* Accepting, for sockets of every family. */
#include "net/listener.h"

#include "base/mem.h"
#include "net/socket_stream.h"
#include <errno.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define LISTENER_PAUSE_MS 100 /* between two looks whether there are descriptors again */

struct listener {
    struct reactor_watch watch; /* while accepting */
    struct reactor_watch pause; /* of pause_fd */
    struct reactor *reactor;    /* borrowed, outlives this */
    int fd;                     /* owned */
    int pause_fd;               /* owned; a timer, there before descriptors run out */
    struct listener_owner owner;
    bool held;      /* by listener_hold */
    bool accepting; /* inside accept_some */
    bool closed;    /* meanwhile: to be freed at its end */
};

static void listener_free(struct listener *l)
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
static void listener_pause(struct listener *l)
{
    struct itimerspec once = {.it_value.tv_nsec = LISTENER_PAUSE_MS * 1000000L};
    int rc = timerfd_settime(l->pause_fd, 0, &once, NULL);
    ASSERT(rc == 0);
    if (l->watch.fd >= 0)
        reactor_unwatch(l->reactor, &l->watch);
}

static void pause_over(struct reactor_watch *watch, unsigned events)
{
    (void)events;
    struct listener *l = CONTAINER_OF(watch, struct listener, pause);
    uint64_t expirations;
    if (read(l->pause_fd, &expirations, sizeof(expirations)) < 0 || l->held || l->watch.fd >= 0)
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

static void accept_some(struct listener *l)
{
    int most =
        l->owner.accepts_per_turn > 0 ? l->owner.accepts_per_turn : LISTENER_ACCEPTS_PER_TURN_MAX;
    for (int i = 0; i < most && !l->closed && !l->held; i++) {
        union socket_address peer = {0};
        socklen_t len = sizeof(peer);
        int fd = accept4(l->fd, &peer.any, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0 && concerns_one_connection(errno))
            continue;
        if (fd < 0 && errno == EAGAIN)
            return;
        if (fd >= 0 && l->owner.accepted_fd != NULL) {
            l->owner.accepted_fd(l->owner.ctx, fd);
            continue;
        }
        struct stream *stream;
        if (fd < 0 || socket_stream_create(l->reactor, fd, &peer, &stream) != ERR_OK) {
            if (fd >= 0)
                close(fd);
            listener_pause(l);
            return;
        }
        l->owner.accepted(l->owner.ctx, stream);
    }
}

static void listener_ready(struct reactor_watch *watch, unsigned events)
{
    (void)events;
    struct listener *l = CONTAINER_OF(watch, struct listener, watch);
    l->accepting = true;
    accept_some(l);
    l->accepting = false;
    if (l->closed)
        listener_free(l);
}

enum err listener_create(struct reactor *r, int fd, const struct listener_owner *owner,
                         struct listener **listener)
{
    int pause_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    if (pause_fd < 0)
        return err_from_errno(errno);
    struct listener *l = mem_zalloc(1, sizeof(*l));
    *l = (struct listener){
        .watch = {.fd = -1, .ready = listener_ready},
        .pause = {.fd = -1, .ready = pause_over},
        .reactor = r,
        .fd = fd,
        .pause_fd = pause_fd,
        .owner = *owner,
    };
    enum err err = reactor_watch(r, &l->pause, pause_fd, REACTOR_READ);
    if (err != ERR_OK)
        goto err_after_pause;
    err = reactor_watch(r, &l->watch, fd, REACTOR_READ);
    if (err != ERR_OK)
        goto err_after_pause_watch;
    *listener = l;
    return ERR_OK;

err_after_pause_watch:
    reactor_unwatch(r, &l->pause);
err_after_pause:
    close(pause_fd);
    mem_free(l);
    return err;
}

void listener_hold(struct listener *l, bool hold)
{
    if (l->held == hold)
        return;
    l->held = hold;
    if (hold && l->watch.fd >= 0)
        reactor_unwatch(l->reactor, &l->watch);
    else if (!hold && l->watch.fd < 0 &&
             reactor_watch(l->reactor, &l->watch, l->fd, REACTOR_READ) != ERR_OK)
        listener_pause(l);
}

void listener_close(struct listener *l)
{
    l->closed = true;
    if (!l->accepting)
        listener_free(l);
}

int listener_fd(const struct listener *l)
{
    return l->fd;
}

int listener_port(const struct listener *l)
{
    union socket_address address = {0};
    socklen_t len = sizeof(address);
    getsockname(l->fd, &address.any, &len);
    switch (address.any.sa_family) {
    case AF_INET:
        return ntohs(address.in.sin_port);
    case AF_INET6:
        return ntohs(address.in6.sin6_port);
    default:
        return 0;
    }
}
