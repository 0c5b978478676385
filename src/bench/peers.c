/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/peers.h"

#include "base/mem.h"
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define EVENTS_MAX 512
#define ROOM_BYTES ((size_t)256 * 1024)
#define SPARE_DESCRIPTORS 64
#define PATIENCE_MS 60000 /* with a server that says nothing */

static bool fail(struct peers *ps, const char *what)
{
    snprintf(ps->why, PEERS_WHY_BYTES, "%s: %s", what, strerror(errno));
    return false;
}

/* As many descriptors as the system lets us have. */
static void raise_descriptors(size_t count)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < count + SPARE_DESCRIPTORS) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static int connect_one(const struct addrinfo *at)
{
    int one = 1;
    int fd = socket(at->ai_family, at->ai_socktype | SOCK_CLOEXEC, at->ai_protocol);

    if (fd < 0)
        return -1;
    if (connect(fd, at->ai_addr, at->ai_addrlen) != 0 ||
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)) != 0 ||
        fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static bool open_all(struct peers *ps, const struct addrinfo *at)
{
    for (size_t i = 0; i < ps->count; i++) {
        struct peer *p = &ps->items[i];
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = p};

        p->fd = connect_one(at);
        if (p->fd < 0 || epoll_ctl(ps->epoll_fd, EPOLL_CTL_ADD, p->fd, &event) != 0)
            return fail(ps, "cannot connect");
    }
    return true;
}

bool peers_open(struct peers *ps, const char *host, int64_t port, size_t count)
{
    const struct addrinfo want = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    char service[24];
    int status;
    bool good;

    *ps = (struct peers){.epoll_fd = -1, .count = count};
    ps->items = mem_zalloc(count, sizeof(*ps->items));
    ps->room = mem_alloc(ROOM_BYTES);
    for (size_t i = 0; i < count; i++)
        ps->items[i].fd = -1;
    raise_descriptors(count);
    ps->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (ps->epoll_fd < 0)
        return fail(ps, "epoll");
    snprintf(service, sizeof(service), "%lld", (long long)port);
    status = getaddrinfo(host, service, &want, &found);
    if (status != 0) {
        snprintf(ps->why, PEERS_WHY_BYTES, "%s: %s", host, gai_strerror(status));
        return false;
    }
    good = open_all(ps, found);
    freeaddrinfo(found);
    return good;
}

void peers_close(struct peers *ps)
{
    for (size_t i = 0; i < ps->count; i++)
        if (ps->items[i].fd >= 0)
            close(ps->items[i].fd);
    if (ps->epoll_fd >= 0)
        close(ps->epoll_fd);
    mem_free(ps->items);
    mem_free(ps->room);
    *ps = (struct peers){.epoll_fd = -1};
}

/* Asks to be told of room to write, or not any more. */
static bool watch_out(struct peers *ps, struct peer *p, bool on)
{
    struct epoll_event event = {.events = EPOLLIN | (on ? (uint32_t)EPOLLOUT : 0), .data.ptr = p};

    if (p->wants_out == on)
        return true;
    p->wants_out = on;
    return epoll_ctl(ps->epoll_fd, EPOLL_CTL_MOD, p->fd, &event) == 0 || fail(ps, "epoll");
}

static bool flush(struct peers *ps, struct peer *p)
{
    while (p->sending.len > 0) {
        ssize_t sent = send(p->fd, p->sending.data, p->sending.len, MSG_NOSIGNAL);

        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0 && errno == EAGAIN)
            return watch_out(ps, p, true);
        if (sent < 0)
            return fail(ps, "lost a connection");
        p->sending = bytes_of(p->sending.data + sent, p->sending.len - (size_t)sent);
    }
    return watch_out(ps, p, false);
}

bool peer_send(struct peers *ps, struct peer *p, struct bytes data)
{
    ASSERT(p->sending.len == 0);
    p->sending = data;
    return flush(ps, p);
}

/* One read; a socket that has more says so in the next turn. */
static bool take_in(struct peers *ps, struct peer *p, peers_on_bytes *on_bytes, void *context)
{
    ssize_t len = recv(p->fd, ps->room, ROOM_BYTES, 0);

    if (len < 0)
        return errno == EAGAIN || errno == EINTR || fail(ps, "lost a connection");
    if (len == 0) {
        snprintf(ps->why, PEERS_WHY_BYTES, "the server has closed a connection");
        return false;
    }
    return on_bytes(context, p, bytes_of(ps->room, (size_t)len));
}

bool peers_turn(struct peers *ps, int timeout_ms, peers_on_bytes *on_bytes, void *context)
{
    struct epoll_event events[EVENTS_MAX];
    int count =
        epoll_wait(ps->epoll_fd, events, EVENTS_MAX, timeout_ms < 0 ? PATIENCE_MS : timeout_ms);

    if (count < 0)
        return errno == EINTR || fail(ps, "epoll");
    if (count == 0 && timeout_ms < 0) {
        snprintf(ps->why, PEERS_WHY_BYTES, "no answer for %d s", PATIENCE_MS / 1000);
        return false;
    }
    for (int i = 0; i < count; i++) {
        struct peer *p = events[i].data.ptr;

        if ((events[i].events & EPOLLOUT) != 0 && !flush(ps, p))
            return false;
        if ((events[i].events & ~(uint32_t)EPOLLOUT) != 0 && !take_in(ps, p, on_bytes, context))
            return false;
    }
    return true;
}

bool peers_scan(struct peers *ps, struct peer *p, struct bytes data)
{
    if (scan_feed(&p->scan, data) == ERR_OK)
        return true;
    snprintf(ps->why, PEERS_WHY_BYTES, "the server's answer is not RESP");
    return false;
}

void peers_take_errors(struct peers *ps, struct peers_errors *errors)
{
    *errors = (struct peers_errors){0};
    for (size_t i = 0; i < ps->count; i++) {
        struct scan *s = &ps->items[i].scan;

        if (errors->count == 0)
            memcpy(errors->first, s->first_error, SCAN_ERROR_BYTES);
        errors->count += s->errors;
        s->errors = 0;
    }
}
