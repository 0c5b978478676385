/* SPDX-License-Identifier: BSD-3-Clause */
/* Blocking and waking. */
#include "session/block.h"

#include "base/check.h"
#include "session/session.h"
#include "session/sessions.h"

static void detach(struct blocker *b)
{
    struct session *s = b->session;
    ASSERT(s->blocker == b);
    timers_cancel(s->sessions->timers, &b->timer);
    s->blocker = NULL;
    s->sessions->blocked--;
    b->session = NULL;
}

static void time_is_up(struct timer *timer)
{
    struct blocker *b = CONTAINER_OF(timer, struct blocker, timer);
    b->session->sessions->stats.expired_blocks++;
    session_end_block(b->session, BLOCK_TIMEOUT);
}

void session_block(struct session *s, struct blocker *b, bool waits, int64_t deadline_us,
                   void (*ended)(struct blocker *, enum block_end))
{
    ASSERT(s->blocker == NULL);
    ASSERT(waits || deadline_us == TIMERS_NONE);
    b->session = s;
    b->waits = waits;
    b->ended = ended;
    timer_init(&b->timer, time_is_up);
    if (deadline_us != TIMERS_NONE)
        timers_set(s->sessions->timers, &b->timer, deadline_us);
    s->blocker = b;
    s->sessions->blocked++;
}

/* Its turn comes again where something waits for that: most that were blocked have sent nothing more. */
static void go_on(struct session *s)
{
    if (session_input_bytes(s) > 0 || s->readable || s->at_end)
        session_wake(s);
}

void session_unblock(struct blocker *b)
{
    struct session *s = b->session;
    detach(b);
    go_on(s);
}

bool session_end_block(struct session *s, enum block_end how)
{
    struct blocker *b = s->blocker;
    if (b == NULL || (how != BLOCK_CLOSED && !b->waits))
        return false;
    detach(b);
    go_on(s);
    b->ended(b, how);
    return true;
}
