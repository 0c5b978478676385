/* SPDX-License-Identifier: BSD-3-Clause */
/* The reactor on kernels other than this one: the program's own epoll calls stand before those of the C
 * library and answer as told. */
#include "net/reactor.h"
#include <criterion/criterion.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

struct kernel {
    int fine_errno; /* of epoll_pwait2, 0 when it works */
    int add_errno;  /* of epoll_ctl with ADD, 0 when it works */
    int fine_calls, coarse_calls;
    int coarse_ms;  /* of the last epoll_wait */
    bool skip_wait; /* answer epoll_wait with nothing at once */
};

/* The calls have no other way to it. Of this thread only: the test framework waits in others. */
static _Thread_local struct kernel kernel;

int epoll_pwait2(int fd, struct epoll_event *events, int max, const struct timespec *timeout,
                 const sigset_t *mask)
{
    kernel.fine_calls++;
    if (kernel.fine_errno != 0) {
        errno = kernel.fine_errno;
        return -1;
    }
    return (int)syscall(SYS_epoll_pwait2, fd, events, max, timeout, mask, sizeof(unsigned long));
}

int epoll_wait(int fd, struct epoll_event *events, int max, int timeout_ms)
{
    kernel.coarse_calls++;
    kernel.coarse_ms = timeout_ms;
    if (kernel.skip_wait)
        return 0;
    return epoll_pwait(fd, events, max, timeout_ms, NULL);
}

int epoll_ctl(int fd, int op, int target, struct epoll_event *event)
{
    if (op == EPOLL_CTL_ADD && kernel.add_errno != 0) {
        errno = kernel.add_errno;
        return -1;
    }
    return (int)syscall(SYS_epoll_ctl, fd, op, target, event);
}

static void check_falls_back(int errnum)
{
    struct reactor *r;
    cr_assert_eq(reactor_create(&r), ERR_OK);
    kernel = (struct kernel){.fine_errno = errnum, .skip_wait = true};
    static const struct {
        int64_t us;
        int ms;
    } cases[] = {{1, 1},
                 {1000, 1},
                 {1001, 2},
                 {0, 0},
                 {-1, -1},
                 {-5, -1},
                 {INT64_MAX, INT_MAX},
                 {(int64_t)INT_MAX * 1000, INT_MAX}};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        reactor_wait(r, cases[i].us);
        cr_assert_eq(kernel.coarse_ms, cases[i].ms, "%lld us", (long long)cases[i].us);
    }
    cr_assert_eq(kernel.fine_calls, 1, "asked once only");
    cr_assert_eq(kernel.coarse_calls, (int)COUNT_OF(cases));
    reactor_destroy(r);
}

Test(reactor_kernels, without_fine_waits_times_are_rounded_up_to_milliseconds)
{
    check_falls_back(ENOSYS);
}

Test(reactor_kernels, a_filter_that_refuses_fine_waits_is_lived_with)
{
    check_falls_back(EPERM);
}

Test(reactor_kernels, an_interrupted_fine_wait_is_no_reason_to_fall_back)
{
    struct reactor *r;
    cr_assert_eq(reactor_create(&r), ERR_OK);
    kernel = (struct kernel){.fine_errno = EINTR};
    reactor_wait(r, 1000000);
    reactor_wait(r, 1000000);
    cr_assert_eq(kernel.fine_calls, 2);
    cr_assert_eq(kernel.coarse_calls, 0);
    reactor_destroy(r);
}

static void never(struct reactor_watch *watch, unsigned events)
{
    (void)watch;
    (void)events;
    cr_assert_fail("nothing is watched");
}

Test(reactor_kernels, too_many_watches_are_a_limit)
{
    struct reactor *r;
    cr_assert_eq(reactor_create(&r), ERR_OK);
    static const int errnums[] = {ENOSPC, ENOMEM};
    for (size_t i = 0; i < COUNT_OF(errnums); i++) {
        kernel = (struct kernel){.add_errno = errnums[i]};
        struct reactor_watch watch = {.fd = -1, .ready = never};
        cr_assert_eq(reactor_watch(r, &watch, 0, REACTOR_READ), ERR_LIMIT);
        cr_assert_eq(watch.fd, -1);
    }
    reactor_destroy(r);
}
