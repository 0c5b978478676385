/* SPDX-License-Identifier: BSD-3-Clause */
/* The order in which timers fire, and what they may do to each other meanwhile. */
#include "base/check.h"
#include "base/timers.h"
#include "unit/base/seed.h"
#include <signal.h>

#define MARKS_MAX 64

struct mark {
    struct timer timer;
    struct fixture *fixture;
    int name;
};

struct fixture {
    struct timers timers;
    int fired[MARKS_MAX];
    int fired_count;
    struct mark marks[MARKS_MAX];
    void (*then)(struct fixture *f, struct mark *m);
};

static void fire(struct timer *timer)
{
    struct mark *m = CONTAINER_OF(timer, struct mark, timer);
    struct fixture *f = m->fixture;

    cr_assert(!timer_armed(timer));
    cr_assert_lt(f->fired_count, MARKS_MAX);
    f->fired[f->fired_count++] = m->name;
    if (f->then != NULL)
        f->then(f, m);
}

static void fixture_init(struct fixture *f)
{
    *f = (struct fixture){0};
    timers_init(&f->timers);
    for (int i = 0; i < MARKS_MAX; i++) {
        f->marks[i].fixture = f;
        f->marks[i].name = i;
        timer_init(&f->marks[i].timer, fire);
    }
}

static void set(struct fixture *f, int name, int64_t at_us)
{
    timers_set(&f->timers, &f->marks[name].timer, at_us);
}

Test(timers, those_due_fire_earliest_first_and_once)
{
    struct fixture f;

    fixture_init(&f);
    cr_assert_eq(timers_next(&f.timers), TIMERS_NONE);
    set(&f, 1, 300);
    set(&f, 2, 100);
    set(&f, 3, 200);
    set(&f, 4, 301);
    cr_assert_eq(timers_next(&f.timers), 100);
    timers_run(&f.timers, 300);
    cr_assert_eq(f.fired_count, 3);
    cr_assert(f.fired[0] == 2 && f.fired[1] == 3 && f.fired[2] == 1);
    cr_assert_eq(timers_next(&f.timers), 301);
    timers_run(&f.timers, 300);
    cr_assert_eq(f.fired_count, 3);
    timers_deinit(&f.timers);
    cr_assert(!timer_armed(&f.marks[4].timer));
}

Test(timers, setting_an_armed_timer_moves_it)
{
    struct fixture f;

    fixture_init(&f);
    set(&f, 1, 100);
    set(&f, 2, 200);
    set(&f, 1, 300);
    cr_assert_eq(timers_next(&f.timers), 200);
    set(&f, 1, 50);
    cr_assert_eq(timers_next(&f.timers), 50);
    timers_run(&f.timers, 1000);
    cr_assert_eq(f.fired_count, 2);
    timers_deinit(&f.timers);
}

Test(timers, a_cancelled_timer_does_not_fire)
{
    struct fixture f;

    fixture_init(&f);
    timers_cancel(&f.timers, &f.marks[1].timer); /* never armed: harmless */
    set(&f, 1, 100);
    timers_cancel(&f.timers, &f.marks[1].timer);
    timers_cancel(&f.timers, &f.marks[1].timer);
    cr_assert(!timer_armed(&f.marks[1].timer));
    timers_run(&f.timers, 1000);
    cr_assert_eq(f.fired_count, 0);
    timers_deinit(&f.timers);
}

static void arm_again_in_the_past(struct fixture *f, struct mark *m)
{
    set(f, m->name, 1);
}

Test(timers, one_armed_for_the_past_while_running_waits_for_the_next_run)
{
    struct fixture f;

    fixture_init(&f);
    f.then = arm_again_in_the_past;
    set(&f, 1, 100);
    timers_run(&f.timers, 500);
    cr_assert_eq(f.fired_count, 1);
    cr_assert_leq(timers_next(&f.timers), 501);
    timers_run(&f.timers, 501);
    cr_assert_eq(f.fired_count, 2);
    timers_deinit(&f.timers);
}

static void cancel_the_next(struct fixture *f, struct mark *m)
{
    timers_cancel(&f->timers, &f->marks[m->name + 1].timer);
}

Test(timers, one_that_fires_may_cancel_another_that_is_due)
{
    struct fixture f;

    fixture_init(&f);
    f.then = cancel_the_next;
    set(&f, 1, 100);
    set(&f, 2, 101);
    set(&f, 3, 102);
    timers_run(&f.timers, 500);
    cr_assert_eq(f.fired_count, 2);
    cr_assert_eq(f.fired[1], 3);
    timers_deinit(&f.timers);
}

static void run_again(struct fixture *f, struct mark *m)
{
    (void)m;
    timers_run(&f->timers, 600);
}

Test(timers, running_from_within_a_timer_aborts, .signal = SIGABRT)
{
    struct fixture f;

    fixture_init(&f);
    f.then = run_again;
    set(&f, 1, 100);
    timers_run(&f.timers, 500);
}

static int64_t earliest(const struct fixture *f)
{
    int64_t least = TIMERS_NONE;

    for (int i = 0; i < MARKS_MAX; i++) {
        const struct timer *t = &f->marks[i].timer;

        if (timer_armed(t) && t->at_us < least)
            least = t->at_us;
    }
    return least;
}

Test(timers, any_order_of_set_move_cancel_and_run_keeps_the_order)
{
    struct fixture f;
    struct random r;
    int64_t now = 0;

    fixture_init(&f);
    seed_test(&r);
    for (int step = 0; step < 20000; step++) {
        int name = (int)random_below(&r, MARKS_MAX);
        uint64_t what = random_below(&r, 10);

        if (what < 6) {
            set(&f, name, now + (int64_t)random_below(&r, 1000));
        } else if (what < 8) {
            timers_cancel(&f.timers, &f.marks[name].timer);
        } else {
            now += (int64_t)random_below(&r, 100);
            f.fired_count = 0;
            timers_run(&f.timers, now);
            for (int i = 1; i < f.fired_count; i++)
                cr_assert_leq(f.marks[f.fired[i - 1]].timer.at_us, f.marks[f.fired[i]].timer.at_us);
            cr_assert_gt(timers_next(&f.timers), now);
        }
        cr_assert_eq(timers_next(&f.timers), earliest(&f));
    }
    timers_deinit(&f.timers);
}
