/* SPDX-License-Identifier: BSD-3-Clause */
/* The reactor over pipes and socket pairs. */
#include "net/reactor.h"
#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define CHECK_OK(call) cr_assert_eq((call), ERR_OK, #call)

struct probe {
    struct reactor_watch watch;
    int calls;
    unsigned events; /* of the last call */
    struct reactor *reactor;
    struct reactor_watch *unwatch; /* what to unwatch in the next call, or NULL */
    struct reactor_watch *rewatch; /* and what to watch in its place */
    int rewatch_fd;
};

static void probe_ready(struct reactor_watch *watch, unsigned events)
{
    struct probe *p = CONTAINER_OF(watch, struct probe, watch);
    p->calls++;
    p->events = events;
    if (p->unwatch != NULL)
        reactor_unwatch(p->reactor, p->unwatch);
    p->unwatch = NULL;
    if (p->rewatch != NULL)
        CHECK_OK(reactor_watch(p->reactor, p->rewatch, p->rewatch_fd, REACTOR_READ));
    p->rewatch = NULL;
}

static struct probe probe_of(struct reactor *r)
{
    return (struct probe){.watch = {.fd = -1, .ready = probe_ready}, .reactor = r};
}

static struct reactor *reactor_of_test(void)
{
    struct reactor *r;
    CHECK_OK(reactor_create(&r));
    return r;
}

static void make_pair(int pair[2])
{
    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair), 0);
}

static void put(int fd, const char *text)
{
    cr_assert_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
}

Test(reactor, a_level_watch_is_called_each_turn_until_it_is_read)
{
    struct reactor *r = reactor_of_test();
    int pair[2];
    make_pair(pair);
    struct probe p = probe_of(r);
    CHECK_OK(reactor_watch(r, &p.watch, pair[0], REACTOR_READ));
    cr_assert_eq(p.watch.fd, pair[0]);
    reactor_wait(r, 0);
    cr_assert_eq(p.calls, 0);
    put(pair[1], "x");
    reactor_wait(r, -1);
    reactor_wait(r, -1);
    cr_assert_eq(p.calls, 2);
    cr_assert_eq(p.events, REACTOR_READ);
    char c;
    cr_assert_eq(read(pair[0], &c, 1), 1);
    reactor_wait(r, 0);
    cr_assert_eq(p.calls, 2);
    reactor_unwatch(r, &p.watch);
    cr_assert_eq(p.watch.fd, -1);
    reactor_destroy(r);
}

Test(reactor, an_edge_watch_is_called_once_per_change)
{
    struct reactor *r = reactor_of_test();
    int pair[2];
    make_pair(pair);
    struct probe p = probe_of(r);
    CHECK_OK(reactor_watch(r, &p.watch, pair[0], REACTOR_READ | REACTOR_WRITE | REACTOR_EDGE));
    reactor_wait(r, 0);
    cr_assert_eq(p.calls, 1);
    cr_assert_eq(p.events, REACTOR_WRITE, "writable from the start");
    reactor_wait(r, 0);
    cr_assert_eq(p.calls, 1);
    put(pair[1], "x");
    reactor_wait(r, 0);
    reactor_wait(r, 0);
    cr_assert_eq(p.calls, 2);
    cr_assert(p.events & REACTOR_READ);
    put(pair[1], "y");
    reactor_wait(r, 0);
    cr_assert_eq(p.calls, 3);
    reactor_rearm(r, &p.watch);
    reactor_wait(r, 0);
    cr_assert_eq(p.calls, 4, "rearmed, and still readable");
    reactor_wait(r, 0);
    cr_assert_eq(p.calls, 4);
    reactor_destroy(r);
}

Test(reactor, a_watch_for_reading_is_not_called_for_writing_and_the_other_way_round)
{
    struct reactor *r = reactor_of_test();
    int pair[2];
    make_pair(pair);
    struct probe reader = probe_of(r), writer = probe_of(r);
    CHECK_OK(reactor_watch(r, &reader.watch, pair[0], REACTOR_READ));
    CHECK_OK(reactor_watch(r, &writer.watch, pair[1], REACTOR_WRITE));
    reactor_wait(r, 0);
    cr_assert_eq(reader.calls, 0);
    cr_assert_eq(writer.calls, 1);
    cr_assert_eq(writer.events, REACTOR_WRITE);
    reactor_destroy(r);
}

Test(reactor, a_hang_up_is_both_readable_and_writable)
{
    struct reactor *r = reactor_of_test();
    int pair[2];
    make_pair(pair);
    struct probe p = probe_of(r);
    CHECK_OK(reactor_watch(r, &p.watch, pair[0], REACTOR_READ));
    close(pair[1]);
    reactor_wait(r, 0);
    cr_assert_eq(p.events, REACTOR_READ | REACTOR_WRITE | REACTOR_HANGUP);
    reactor_destroy(r);
}

Test(reactor, a_half_closed_connection_is_readable_and_hung_up)
{
    struct reactor *r = reactor_of_test();
    int pair[2];
    make_pair(pair);
    struct probe p = probe_of(r);
    CHECK_OK(reactor_watch(r, &p.watch, pair[0], REACTOR_READ));
    cr_assert_eq(shutdown(pair[1], SHUT_WR), 0);
    reactor_wait(r, 0);
    cr_assert_eq(p.events, REACTOR_READ | REACTOR_HANGUP);
    reactor_destroy(r);
}

Test(reactor, unwatching_another_drops_its_event_of_this_turn)
{
    struct reactor *r = reactor_of_test();
    int one[2], two[2];
    make_pair(one);
    make_pair(two);
    struct probe a = probe_of(r), b = probe_of(r);
    CHECK_OK(reactor_watch(r, &a.watch, one[0], REACTOR_READ));
    CHECK_OK(reactor_watch(r, &b.watch, two[0], REACTOR_READ));
    a.unwatch = &b.watch;
    b.unwatch = &a.watch;
    put(one[1], "x");
    put(two[1], "x");
    reactor_wait(r, 0);
    cr_assert_eq(a.calls + b.calls, 1, "whichever was first");
    reactor_destroy(r);
}

Test(reactor, a_watch_used_again_in_the_same_turn_gets_no_event_of_its_old_descriptor)
{
    struct reactor *r = reactor_of_test();
    int one[2], two[2], quiet[2];
    make_pair(one);
    make_pair(two);
    make_pair(quiet);
    struct probe a = probe_of(r), b = probe_of(r);
    CHECK_OK(reactor_watch(r, &a.watch, one[0], REACTOR_READ));
    CHECK_OK(reactor_watch(r, &b.watch, two[0], REACTOR_READ));
    a.unwatch = a.rewatch = &b.watch;
    b.unwatch = b.rewatch = &a.watch;
    a.rewatch_fd = b.rewatch_fd = quiet[0];
    put(one[1], "x");
    put(two[1], "x");
    reactor_wait(r, 0);
    cr_assert_eq(a.calls + b.calls, 1);
    a.unwatch = b.unwatch = a.rewatch = b.rewatch = NULL;
    put(quiet[1], "x");
    reactor_wait(r, 0);
    cr_assert_eq(a.calls + b.calls, 3, "the first again, by level, and the moved one");
    reactor_destroy(r);
}

Test(reactor, a_watch_may_unwatch_itself)
{
    struct reactor *r = reactor_of_test();
    int pair[2];
    make_pair(pair);
    struct probe p = probe_of(r);
    CHECK_OK(reactor_watch(r, &p.watch, pair[0], REACTOR_READ));
    p.unwatch = &p.watch;
    put(pair[1], "x");
    reactor_wait(r, 0);
    reactor_wait(r, 0);
    cr_assert_eq(p.calls, 1);
    reactor_destroy(r);
}

Test(reactor, a_wait_of_microseconds_ends)
{
    struct reactor *r = reactor_of_test();
    reactor_wait(r, 1);
    reactor_wait(r, 1500);
    reactor_destroy(r);
}

Test(reactor, a_wait_of_ages_is_cut_short_by_an_event)
{
    struct reactor *r = reactor_of_test();
    int pair[2];
    make_pair(pair);
    struct probe p = probe_of(r);
    CHECK_OK(reactor_watch(r, &p.watch, pair[0], REACTOR_READ));
    put(pair[1], "x");
    reactor_wait(r, INT64_MAX);
    cr_assert_eq(p.calls, 1);
    reactor_destroy(r);
}

static void on_alarm(int number)
{
    (void)number;
}

Test(reactor, a_signal_ends_the_wait_without_an_event, .timeout = 30)
{
    struct reactor *r = reactor_of_test();
    struct sigaction action = {.sa_handler = on_alarm};
    cr_assert_eq(sigaction(SIGALRM, &action, NULL), 0);
    /* Again and again, since the first may come before the wait. */
    struct itimerval often = {.it_value.tv_usec = 1000, .it_interval.tv_usec = 1000};
    cr_assert_eq(setitimer(ITIMER_REAL, &often, NULL), 0);
    reactor_wait(r, -1);
    setitimer(ITIMER_REAL, &(struct itimerval){0}, NULL);
    reactor_destroy(r);
}

Test(reactor, what_cannot_be_waited_for_is_refused)
{
    struct reactor *r = reactor_of_test();
    int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    cr_assert_geq(fd, 0);
    struct probe p = probe_of(r);
    cr_assert_eq(reactor_watch(r, &p.watch, fd, REACTOR_READ), ERR_ACCESS);
    cr_assert_eq(p.watch.fd, -1);
    close(fd);
    reactor_destroy(r);
}
