/* SPDX-License-Identifier: BSD-3-Clause */
/* The heap of timers. Places count from 1, so that the children of i are 2i and 2i + 1, and so that
 * place 0 can mean "not armed". heap[0] is not used. */
#include "base/timers.h"
#include "base/check.h"
#include "base/mem.h"

#define TIMERS_CAP_MIN 16
#define NOT_RUNNING INT64_MIN

void timers_init(struct timers *t)
{
    *t = (struct timers){.running_us = NOT_RUNNING};
}

void timers_deinit(struct timers *t)
{
    for (size_t i = 1; i <= t->count; i++)
        t->heap[i]->place = 0;
    mem_free(t->heap);
    timers_init(t);
}

void timer_init(struct timer *timer, void (*fire)(struct timer *timer))
{
    *timer = (struct timer){.fire = fire};
}

static void put(struct timers *t, size_t place, struct timer *timer)
{
    t->heap[place] = timer;
    timer->place = place;
}

static void sift_up(struct timers *t, size_t place, struct timer *timer)
{
    while (place > 1 && timer->at_us < t->heap[place / 2]->at_us) {
        put(t, place, t->heap[place / 2]);
        place /= 2;
    }
    put(t, place, timer);
}

static void sift_down(struct timers *t, size_t place, struct timer *timer)
{
    for (;;) {
        size_t child = place * 2;

        if (child < t->count && t->heap[child + 1]->at_us < t->heap[child]->at_us)
            child++;
        if (child > t->count || timer->at_us <= t->heap[child]->at_us)
            break;
        put(t, place, t->heap[child]);
        place = child;
    }
    put(t, place, timer);
}

/* Finds the right place for a timer whose place may be wrong in either direction. */
static void settle(struct timers *t, size_t place, struct timer *timer)
{
    if (place > 1 && timer->at_us < t->heap[place / 2]->at_us)
        sift_up(t, place, timer);
    else
        sift_down(t, place, timer);
}

void timers_set(struct timers *t, struct timer *timer, int64_t at_us)
{
    ASSERT(timer->fire != NULL);
    if (at_us <= t->running_us)
        at_us = t->running_us + 1; /* not in this run any more */
    timer->at_us = at_us;
    if (timer->place != 0) {
        ASSERT(timer->place <= t->count && t->heap[timer->place] == timer);
        settle(t, timer->place, timer);
        return;
    }
    if (t->count + 1 >= t->cap) {
        t->cap = t->cap == 0 ? TIMERS_CAP_MIN : t->cap * 2;
        t->heap = mem_realloc(t->heap, t->cap * sizeof(struct timer *));
    }
    t->count++;
    sift_up(t, t->count, timer);
}

void timers_cancel(struct timers *t, struct timer *timer)
{
    size_t place = timer->place;
    struct timer *last;

    if (place == 0)
        return;
    ASSERT(place <= t->count && t->heap[place] == timer);
    timer->place = 0;
    last = t->heap[t->count];
    t->count--;
    if (last != timer)
        settle(t, place, last);
}

int64_t timers_next(const struct timers *t)
{
    return t->count == 0 ? TIMERS_NONE : t->heap[1]->at_us;
}

void timers_run(struct timers *t, int64_t now_us)
{
    ASSERT(t->running_us == NOT_RUNNING);
    ASSERT(now_us > NOT_RUNNING && now_us < TIMERS_NONE);
    t->running_us = now_us;
    while (t->count > 0 && t->heap[1]->at_us <= now_us) {
        struct timer *timer = t->heap[1];

        timers_cancel(t, timer);
        timer->fire(timer);
    }
    t->running_us = NOT_RUNNING;
}
