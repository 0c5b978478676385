/* SPDX-License-Identifier: BSD-3-Clause */
/* Reply slots over the output queue. Holds are kept in output order, so the first one says how far the
 * output may be sent. Replacing a held reply moves everything behind it; that is the rare path. */
#include "session/hold.h"

#include "base/buf.h"
#include "base/check.h"
#include "session/session.h"
#include "session/sessions.h"

void hold_start(struct hold *h, struct session *s, uint64_t from, void (*abandoned)(struct hold *))
{
    ASSERT(from <= s->out.pos_end);
    ASSERT(from >= s->out.pos_start);
    *h = (struct hold){
        .session = s, .from = from, .to = s->out.pos_end, .replies = 1, .abandoned = abandoned};
    list_push_back(&s->holds, &h->link);
    s->held_bytes += h->to - h->from;
    s->held_replies++;
}

bool hold_is_last(const struct hold *h, uint64_t from)
{
    return h->session != NULL && h->link.next == &h->session->holds && h->to == from;
}

bool hold_is_empty_last(const struct hold *h)
{
    return h->from == h->to && hold_is_last(h, h->session->out.pos_end);
}

void hold_move_to_end(struct hold *h)
{
    struct session *s = h->session;
    ASSERT(h->from == h->to);
    ASSERT(h->link.next == &s->holds);
    h->from = h->to = s->out.pos_end;
}

void hold_extend(struct hold *h)
{
    struct session *s = h->session;
    ASSERT(h->link.next == &s->holds);
    s->held_bytes += s->out.pos_end - h->to;
    h->to = s->out.pos_end;
    h->replies++;
    s->held_replies++;
}

/* Takes the hold out; the output up to the next one may be sent. */
static struct session *hold_end(struct hold *h)
{
    struct session *s = h->session;
    ASSERT(s != NULL);
    ASSERT(s->held_replies >= h->replies);
    list_remove(&h->link);
    s->held_bytes -= h->to - h->from;
    s->held_replies -= h->replies;
    h->session = NULL;
    session_output_ready(s);
    return s;
}

/* Puts `data` in the place of [from, to) and moves the holds behind it along. */
static void replace_output(struct session *s, struct list *behind, uint64_t from, uint64_t to,
                           struct bytes data)
{
    out_replace(&s->out, from, to, data);
    uint64_t shift = (uint64_t)data.len - (to - from); /* wraps around when it shrinks */
    for (struct list *it = behind; it != &s->holds; it = it->next) {
        struct hold *later = CONTAINER_OF(it, struct hold, link);
        later->from += shift;
        later->to += shift;
    }
}

void hold_release(struct hold *h)
{
    hold_end(h);
}

void hold_fail(struct hold *h, struct bytes error)
{
    struct list *behind = h->link.next;
    struct session *s = hold_end(h);
    struct buf errors = {0};
    error_counts_add_many(&s->sessions->errors, bytes_of(error.data + 1, error.len - 1),
                          h->replies);
    for (uint32_t i = 0; i < h->replies; i++)
        buf_append_bytes(&errors, error);
    replace_output(s, behind, h->from, h->to, buf_bytes(&errors));
    buf_deinit(&errors);
}

void hold_fill(struct hold *h, struct bytes replies)
{
    ASSERT(h->from == h->to);
    struct list *behind = h->link.next;
    struct session *s = hold_end(h);
    replace_output(s, behind, h->from, h->to, replies);
    out_end_message(&s->out);
}
