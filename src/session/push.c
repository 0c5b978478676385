/* SPDX-License-Identifier: BSD-3-Clause */
#include "session/push.h"

#include "session/block.h"
#include "session/hold.h"
#include "session/output_limit.h"
#include "session/session.h"
#include "session/sessions.h"

/* Whether the last slot is that of a command which waits for an event, maybe for ever, and has no
 * answer yet. */
static bool waits_in_last_slot(const struct session *s)
{
    return s->blocker != NULL && s->blocker->waits && !session_is_mute(s) &&
           !list_empty(&s->holds) &&
           hold_is_empty_last(CONTAINER_OF(s->holds.prev, struct hold, link));
}

bool push_begin(struct push *p, struct session *s)
{
    if (s->dead || s->closing)
        return false;
    *p = (struct push){.session = s,
                       .w = {.out = &s->out, .proto = s->proto},
                       .from = s->out.pos_end,
                       .overtakes = waits_in_last_slot(s)};
    return true;
}

static void finish(struct push *p)
{
    struct session *s = p->session;
    out_end_message(&s->out);
    if (p->overtakes)
        hold_move_to_end(CONTAINER_OF(s->holds.prev, struct hold, link));
    session_output_ready(s);
}

void push_end(struct push *p)
{
    finish(p);
    output_limit_check(p->session);
}

void push_shared(struct session *s, struct frame *frame, size_t begin)
{
    struct push p;
    if (LIKELY(s->blocker == NULL)) { /* nothing can stand at the end that this would overtake */
        if (s->dead || s->closing)
            return;
        out_append_part(&s->out, frame, begin);
        out_end_message(&s->out);
        session_output_ready(s);
        if (UNLIKELY(out_len(&s->out) >= s->sessions->output_limit_least))
            output_limit_check(s);
    } else if (push_begin(&p, s)) {
        out_append_part(&s->out, frame, begin);
        push_end(&p);
    }
}

void push_end_followed(struct push *p)
{
    struct session *s = p->session;
    uint64_t before = p->from - s->out.pos_start;
    if (s->followed_bytes > before)
        s->followed_bytes = before; /* the rest has gone out */
    s->followed_bytes += s->out.pos_end - p->from;
    finish(p);
}

bool push_has_room_for_followed(const struct session *s)
{
    return !s->dead && !s->closing && out_len(&s->out) < PUSH_FOLLOWED_BYTES_MAX;
}
