/* SPDX-License-Identifier: BSD-3-Clause */
#include "commands/late_reply.h"

#include "base/buf.h"
#include "base/check.h"
#include "commands/insight.h"
#include "commands/secrets.h"
#include "commands/timing.h"

/* It is over. */
static void end(struct late_reply *l)
{
    slow_args_destroy(l->args);
    l->args = NULL;
    l->session = NULL;
    l->release(l);
}

static void on_abandoned(struct hold *hold)
{
    struct late_reply *l = CONTAINER_OF(hold, struct late_reply, hold);
    l->client_gone = true;
    end(l);
}

/* Answers with what `render` writes, in the slot's place. */
static void fill(struct late_reply *l, void (*render)(struct late_reply *, struct writer *))
{
    struct session *s = l->session;
    if (hold_is_last(&l->hold, s->out.pos_end)) {
        /* Nothing came behind the slot, not even another empty one: write straight into the output. */
        hold_release(&l->hold);
        struct writer w = {.out = &s->out, .proto = s->proto, .counts = &s->sessions->errors};
        render(l, &w);
        session_output_ready(s);
        return;
    }
    struct out aside;
    out_init(&aside, s->out.pool);
    struct writer w = {.out = &aside, .proto = s->proto, .counts = &s->sessions->errors};
    render(l, &w);
    struct buf flat = {0};
    while (out_len(&aside) > 0) {
        struct iovec piece;
        int count = out_peek(&aside, aside.pos_end, &piece, 1);
        ASSERT(count == 1);
        buf_append(&flat, piece.iov_base, piece.iov_len);
        out_consume(&aside, piece.iov_len);
    }
    hold_fill(&l->hold, buf_bytes(&flat));
    buf_deinit(&flat);
    out_deinit(&aside);
}

static void answer(struct late_reply *l, void (*render)(struct late_reply *, struct writer *))
{
    int64_t from_ns = clock_now_ns(l->sv->clock);
    if (l->blocker.session != NULL)
        session_unblock(&l->blocker);
    if (l->session != NULL && !l->mute) {
        fill(l, render);
        if (l->blocks)
            session_output_first(l->session);
    }
    if (l->session != NULL && l->blocks) {
        timing_unblocked(l->sv, l->session, l->command, l->args, from_ns);
        l->args = NULL;
    }
    if (l->session != NULL && !l->mute && render == l->render && l->filled != NULL)
        l->filled(l, &l->session->out);
    end(l);
}

void late_reply_answer(struct late_reply *l)
{
    answer(l, l->render);
}

static void render_unblocked(struct late_reply *l, struct writer *w)
{
    (void)l;
    write_error(w, "UNBLOCKED client unblocked via CLIENT UNBLOCK");
}

static void on_block_ended(struct blocker *blocker, enum block_end how)
{
    struct late_reply *l = CONTAINER_OF(blocker, struct late_reply, blocker);
    switch (how) {
    case BLOCK_TIMEOUT:
        l->time_up(l);
        break;
    case BLOCK_ERROR:
        answer(l, render_unblocked);
        break;
    case BLOCK_CLOSED:
        if (!l->mute)
            hold_release(&l->hold);
        l->client_gone = true;
        end(l);
        break;
    }
}

void late_reply_start(struct late_reply *l, struct call *c, bool blocks)
{
    struct session *s = c->session;
    l->session = s;
    l->sv = c->sv;
    l->command = c->command;
    l->mute = session_is_mute(s);
    if (!l->mute)
        hold_start(&l->hold, s, s->out.pos_end, on_abandoned);
    l->blocks = blocks && !s->transaction.running;
    if (l->blocks && c->sv->config->slowlog_log_slower_than_us >= 0)
        l->args = slow_args_create(c->argc, c->argv, argument_is_secret, c);
    if (l->blocks)
        session_block(s, &l->blocker, l->time_up != NULL, TIMERS_NONE, on_block_ended);
}
