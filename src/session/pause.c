/* SPDX-License-Identifier: BSD-3-Clause */
#include "session/pause.h"

#include "base/check.h"
#include "session/session.h"
#include "session/sessions.h"

static void time_is_up(struct timer *timer)
{
    struct pause *p = CONTAINER_OF(timer, struct pause, timer);
    sessions_unpause(CONTAINER_OF(p, struct sessions, pause));
}

void pause_init(struct pause *p)
{
    *p = (struct pause){0};
    list_init(&p->postponed);
    timer_init(&p->timer, time_is_up);
}

void pause_deinit(struct pause *p, struct timers *timers)
{
    ASSERT(list_empty(&p->postponed));
    timers_cancel(timers, &p->timer);
}

void sessions_pause(struct sessions *all, enum pause_kind kind, int64_t end_us)
{
    struct pause *p = &all->pause;
    if (kind > p->kind)
        p->kind = kind;
    if (p->timer.place == 0 || end_us > p->end_us) {
        p->end_us = end_us;
        timers_set(all->timers, &p->timer, end_us);
    }
}

void sessions_unpause(struct sessions *all)
{
    struct pause *p = &all->pause;
    p->kind = PAUSE_NONE;
    timers_cancel(all->timers, &p->timer);
    LIST_EACH (it, &p->postponed) {
        struct session *s = CONTAINER_OF(it, struct session, in_postponed);
        session_end_postponement(s);
        session_wake(s);
    }
}

void session_postpone(struct session *s)
{
    struct sessions *all = s->sessions;
    ASSERT(all->pause.kind != PAUSE_NONE);
    ASSERT(!session_is_postponed(s));
    list_push_back(&all->pause.postponed, &s->in_postponed);
    all->pause.postponed_count++;
}

bool session_is_postponed(const struct session *s)
{
    return !list_empty(&s->in_postponed);
}

void session_end_postponement(struct session *s)
{
    if (!session_is_postponed(s))
        return;
    list_remove(&s->in_postponed);
    s->sessions->pause.postponed_count--;
}
