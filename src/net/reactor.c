/* SPDX-License-Identifier: BSD-3-Clause */
/* The reactor over epoll. It knows descriptors and nothing of what they carry. */
#include "net/reactor.h"

#include "base/mem.h"
#include <errno.h>
#include <limits.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

struct reactor {
    int epoll_fd; /* owned */
    bool coarse;  /* the kernel waits in milliseconds only */
    int count;    /* of `events` this turn */
    int next;     /* of `events` to deliver */
    struct epoll_event events[REACTOR_EVENTS_MAX];
};

enum err reactor_create(struct reactor **reactor)
{
    int epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (epoll_fd < 0)
        return err_from_errno(errno);
    struct reactor *r = mem_zalloc(1, sizeof(*r));
    r->epoll_fd = epoll_fd;
    *reactor = r;
    return ERR_OK;
}

void reactor_destroy(struct reactor *r)
{
    close(r->epoll_fd);
    mem_free(r);
}

static int control(struct reactor *r, int op, struct reactor_watch *watch)
{
    unsigned wanted = watch->events;
    struct epoll_event event = {
        .events = (wanted & REACTOR_READ ? EPOLLIN | EPOLLRDHUP : 0) |
                  (wanted & REACTOR_WRITE ? EPOLLOUT : 0) | (wanted & REACTOR_EDGE ? EPOLLET : 0),
        .data.ptr = watch,
    };
    return epoll_ctl(r->epoll_fd, op, watch->fd, &event);
}

enum err reactor_watch(struct reactor *r, struct reactor_watch *watch, int fd, unsigned events)
{
    ASSERT(fd >= 0);
    ASSERT(watch->ready != NULL);
    ASSERT(events & (REACTOR_READ | REACTOR_WRITE));
    watch->fd = fd;
    watch->events = events;
    if (control(r, EPOLL_CTL_ADD, watch) == 0)
        return ERR_OK;
    watch->fd = -1;
    return errno == ENOSPC ? ERR_LIMIT : err_from_errno(errno);
}

void reactor_unwatch(struct reactor *r, struct reactor_watch *watch)
{
    ASSERT(watch->fd >= 0);
    int rc = epoll_ctl(r->epoll_fd, EPOLL_CTL_DEL, watch->fd, NULL);
    ASSERT(rc == 0);
    watch->fd = -1;
    /* What was fetched for it this turn must not reach a watch that may be freed by then. */
    for (int i = r->next; i < r->count; i++) {
        if (r->events[i].data.ptr == watch)
            r->events[i].data.ptr = NULL;
    }
}

void reactor_rearm(struct reactor *r, struct reactor_watch *watch)
{
    ASSERT(watch->fd >= 0);
    ASSERT(watch->events & REACTOR_EDGE);
    int rc = control(r, EPOLL_CTL_MOD, watch);
    ASSERT(rc == 0);
}

/* Milliseconds for kernels that know nothing finer: rounded up, so that a deadline is never woken for
 * too early, again and again. */
static int coarse_timeout(int64_t timeout_us)
{
    if (timeout_us < 0)
        return -1;
    if (timeout_us > (int64_t)INT_MAX * 1000 - 999)
        return INT_MAX;
    return (int)((timeout_us + 999) / 1000);
}

static int fetch(struct reactor *r, int64_t timeout_us)
{
    if (!r->coarse && timeout_us > 0) {
        struct timespec timeout = {.tv_sec = timeout_us / 1000000,
                                   .tv_nsec = timeout_us % 1000000 * 1000};
        int count = epoll_pwait2(r->epoll_fd, r->events, REACTOR_EVENTS_MAX, &timeout, NULL);
        /* EPERM: filters of system calls answer so for those they do not know. */
        if (count >= 0 || (errno != ENOSYS && errno != EPERM))
            return count;
        r->coarse = true;
    }
    return epoll_wait(r->epoll_fd, r->events, REACTOR_EVENTS_MAX, coarse_timeout(timeout_us));
}

static unsigned reported(uint32_t events)
{
    if (events & (EPOLLERR | EPOLLHUP))
        return REACTOR_READ | REACTOR_WRITE | REACTOR_HANGUP;
    return (events & EPOLLIN ? REACTOR_READ : 0) | (events & EPOLLOUT ? REACTOR_WRITE : 0) |
           (events & EPOLLRDHUP ? REACTOR_READ | REACTOR_HANGUP : 0);
}

void reactor_wait(struct reactor *r, int64_t timeout_us)
{
    ASSERT(r->next == r->count); /* not from inside a `ready` */
    int count = fetch(r, timeout_us);
    ASSERT(count >= 0 || errno == EINTR);
    r->next = 0;
    r->count = count < 0 ? 0 : count;
    while (r->next < r->count) {
        const struct epoll_event *event = &r->events[r->next++];
        struct reactor_watch *watch = event->data.ptr;
        if (watch != NULL)
            watch->ready(watch, reported(event->events));
    }
}
