/* SPDX-License-Identifier: BSD-3-Clause */
/* Deadlines on the monotonic clock: a binary heap of timers that live inside their owners. */
#ifndef ECHOLOG_BASE_TIMERS_H
#define ECHOLOG_BASE_TIMERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct timer {
    int64_t at_us;
    size_t place; /* in the heap, counted from 1; 0 while not armed */
    void (*fire)(struct timer *timer);
};

struct timers {
    struct timer **heap; /* owned array of borrowed timers */
    size_t count;
    size_t cap;
    int64_t running_us; /* the time timers_run works up to; the past of all times outside of it */
};

#define TIMERS_NONE INT64_MAX

void timers_init(struct timers *t);
void timers_deinit(struct timers *t); /* disarms what is left */

void timer_init(struct timer *timer, void (*fire)(struct timer *timer));
/* Arms the timer for `at_us`, or moves it there. From within timers_run a time that it has reached
 * already becomes the microsecond after it. */
void timers_set(struct timers *t, struct timer *timer, int64_t at_us);
void timers_cancel(struct timers *t, struct timer *timer); /* harmless when not armed */

static inline bool timer_armed(const struct timer *timer)
{
    return timer->place != 0;
}

/* When the earliest is due, or TIMERS_NONE. */
int64_t timers_next(const struct timers *t);
/* Disarms and fires all that are due at `now_us`, earliest first; those armed meanwhile for a time
 * that has already passed fire on the next call, so that a timer cannot hold the loop. */
void timers_run(struct timers *t, int64_t now_us);

#endif
