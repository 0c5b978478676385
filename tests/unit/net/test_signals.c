/* SPDX-License-Identifier: BSD-3-Clause */
#include "net/signals.h"
#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
#include <unistd.h>

struct seen {
    int count, last;
    struct signals *destroy; /* in the next call, or NULL */
};

static void received(void *ctx, int number)
{
    struct seen *seen = ctx;
    seen->count++;
    seen->last = number;
    if (seen->destroy != NULL)
        signals_destroy(seen->destroy);
}

Test(signals, each_arrives_as_an_event_of_the_reactor)
{
    struct reactor *r;
    struct signals *s;
    struct seen seen = {0};
    cr_assert_eq(reactor_create(&r), ERR_OK);
    cr_assert_eq(signals_create(r, received, &seen, &s), ERR_OK);
    reactor_wait(r, 0);
    cr_assert_eq(seen.count, 0);
    raise(SIGTERM);
    cr_assert_eq(seen.count, 0, "not before the reactor's turn");
    reactor_wait(r, -1);
    cr_assert_eq(seen.count, 1);
    cr_assert_eq(seen.last, SIGTERM);
    raise(SIGINT);
    reactor_wait(r, -1);
    cr_assert_eq(seen.count, 2);
    cr_assert_eq(seen.last, SIGINT);
    signals_destroy(s);
    reactor_destroy(r);
}

Test(signals, two_that_came_together_are_both_delivered)
{
    struct reactor *r;
    struct signals *s;
    struct seen seen = {0};
    cr_assert_eq(reactor_create(&r), ERR_OK);
    cr_assert_eq(signals_create(r, received, &seen, &s), ERR_OK);
    raise(SIGTERM);
    raise(SIGINT);
    reactor_wait(r, -1);
    reactor_wait(r, -1);
    cr_assert_eq(seen.count, 2);
    signals_destroy(s);
    reactor_destroy(r);
}

Test(signals, may_be_destroyed_by_the_one_they_call)
{
    struct reactor *r;
    struct seen seen = {0};
    cr_assert_eq(reactor_create(&r), ERR_OK);
    cr_assert_eq(signals_create(r, received, &seen, &seen.destroy), ERR_OK);
    raise(SIGINT);
    reactor_wait(r, -1);
    cr_assert_eq(seen.count, 1);
    raise(SIGINT);
    reactor_wait(r, 0);
    cr_assert_eq(seen.count, 1, "still blocked, and nobody's any more");
    reactor_destroy(r);
}

Test(signals, a_write_to_a_closed_pipe_is_an_error_and_no_death)
{
    struct reactor *r;
    struct signals *s;
    struct seen seen = {0};
    cr_assert_eq(reactor_create(&r), ERR_OK);
    cr_assert_eq(signals_create(r, received, &seen, &s), ERR_OK);
    int ends[2];
    cr_assert_eq(pipe(ends), 0);
    close(ends[0]);
    cr_assert_eq(write(ends[1], "x", 1), -1);
    cr_assert_eq(errno, EPIPE);
    cr_assert_eq(raise(SIGXFSZ), 0);
    signals_destroy(s);
    reactor_destroy(r);
}

Test(signals, hangups_are_events_and_those_for_users_are_nothing)
{
    struct reactor *r;
    struct signals *s;
    struct seen seen = {0};
    signal(SIGHUP, SIG_IGN); /* as nohup leaves it */
    cr_assert_eq(reactor_create(&r), ERR_OK);
    cr_assert_eq(signals_create(r, received, &seen, &s), ERR_OK);
    raise(SIGUSR1);
    raise(SIGUSR2);
    reactor_wait(r, 0);
    cr_assert_eq(seen.count, 0);
    raise(SIGHUP);
    reactor_wait(r, -1);
    cr_assert_eq(seen.last, SIGHUP);
    signals_destroy(s);
    reactor_destroy(r);
}

Test(signals, one_that_is_released_acts_at_once_and_others_are_events_still, .signal = SIGINT)
{
    struct reactor *r;
    struct signals *s;
    struct seen seen = {0};
    cr_assert_eq(reactor_create(&r), ERR_OK);
    cr_assert_eq(signals_create(r, received, &seen, &s), ERR_OK);
    signals_release(s, SIGINT);
    raise(SIGTERM);
    reactor_wait(r, -1);
    if (seen.last == SIGTERM)
        raise(SIGINT);
}
