/* SPDX-License-Identifier: BSD-3-Clause */
/* WAIT and ROLE, as of a server without replicas. */
#include "commands/errors.h"
#include "commands/handlers.h"
#include "commands/late_reply.h"

#include "base/mem.h"
#include "base/num.h"

void cmd_role(struct call *c)
{
    write_array(&c->w, 3);
    write_bulk_string(&c->w, "master");
    write_int(&c->w, 0);
    write_array(&c->w, 0);
}

/* --- WAIT: nobody will ever acknowledge ------------------------------------------------------- */

struct wait_call {
    struct late_reply reply;
    struct timer timer;
    struct timers *timers; /* borrowed */
};

static void render(struct late_reply *l, struct writer *w)
{
    (void)l;
    write_int(w, 0);
}

static void release(struct late_reply *l)
{
    struct wait_call *wait = CONTAINER_OF(l, struct wait_call, reply);
    timers_cancel(wait->timers, &wait->timer);
    mem_free(wait);
}

static void on_timer(struct timer *timer)
{
    late_reply_answer(&CONTAINER_OF(timer, struct wait_call, timer)->reply);
}

static void time_up(struct late_reply *l)
{
    late_reply_answer(l);
}

/* A timeout of 0 is for ever. */
static void start(struct call *c, int64_t timeout_ms)
{
    struct wait_call *wait = mem_zalloc(1, sizeof(*wait));
    wait->reply = (struct late_reply){.render = render, .release = release, .time_up = time_up};
    wait->timers = c->sv->timers;
    timer_init(&wait->timer, on_timer);
    late_reply_start(&wait->reply, c, true);
    if (timeout_ms > 0)
        timers_set(wait->timers, &wait->timer, c->sv->clock->mono_us + timeout_ms * 1000);
}

void cmd_wait(struct call *c)
{
    int64_t replicas, timeout_ms;
    if (!num_parse_i64(c->argv[1], &replicas))
        reply_not_an_integer(c);
    else if (!num_parse_i64(c->argv[2], &timeout_ms) || timeout_ms > CONFIG_MS_MAX)
        write_error(&c->w, "ERR timeout is not an integer or out of range");
    else if (timeout_ms < 0)
        write_error(&c->w, "ERR timeout is negative");
    else if (replicas <= 0 || c->session->transaction.running)
        write_int(&c->w, 0);
    else
        start(c, timeout_ms);
}
