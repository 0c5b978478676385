/* SPDX-License-Identifier: BSD-3-Clause */
/* TLS handshakes under way. */
#include "net/tls_handshakes.h"

#include "base/mem.h"

#define SAY_EVERY_US 1000000 /* a flood of failures must not become a flood of lines */

struct handshake {
    struct tls_handshakes *set; /* borrowed */
    struct stream *stream;      /* owned */
    int64_t began_us;
    struct list in_all, in_ready;
};

static struct handshake *oldest(const struct tls_handshakes *h)
{
    return list_empty(&h->all) ? NULL : CONTAINER_OF(h->all.next, struct handshake, in_all);
}

static int64_t ends_us(const struct handshake *one)
{
    return one->began_us + TLS_HANDSHAKE_S_MAX * INT64_C(1000000);
}

/* Takes it out of the set; the stream is the caller's. */
static struct stream *leave(struct handshake *one)
{
    struct stream *stream = one->stream;
    list_remove(&one->in_all);
    list_remove(&one->in_ready);
    one->set->count--;
    mem_free(one);
    return stream;
}

static void say_failure(struct tls_handshakes *h, const struct stream *stream)
{
    int64_t now_us = h->clock->mono_us;
    if (h->said_us != 0 && now_us - h->said_us < SAY_EVERY_US) {
        h->unsaid++;
        return;
    }
    if (h->unsaid > 0)
        TRACE_WARN(h->trace,
                   "Error accepting a client connection: %.*s (addr=%s laddr=%s), and %llu "
                   "more before it",
                   (int)h->reason.len, h->reason.data, stream->peer, stream->local,
                   (unsigned long long)h->unsaid);
    else
        TRACE_WARN(h->trace, "Error accepting a client connection: %.*s (addr=%s laddr=%s)",
                   (int)h->reason.len, h->reason.data, stream->peer, stream->local);
    h->said_us = now_us;
    h->unsaid = 0;
}

/* Its end, for the reason at hand. */
static void fail(struct handshake *one)
{
    struct tls_handshakes *h = one->set;
    struct stream *stream = leave(one);
    say_failure(h, stream);
    stream_close(stream);
}

static void fail_for(struct handshake *one, const char *reason)
{
    buf_clear(&one->set->reason);
    buf_append_string(&one->set->reason, reason);
    fail(one);
}

/* --- time ------------------------------------------------------------------------------------- */

static void on_time(struct timer *timer)
{
    struct tls_handshakes *h = CONTAINER_OF(timer, struct tls_handshakes, timer);
    struct handshake *one;
    while ((one = oldest(h)) != NULL && ends_us(one) <= h->clock->mono_us) {
        h->stats.expired++;
        fail_for(one, "the TLS handshake took too long");
    }
    if (one != NULL)
        timers_set(h->timers, timer, ends_us(one));
}

/* --- going on --------------------------------------------------------------------------------- */

static void on_ready(struct stream *stream, unsigned readiness)
{
    struct handshake *one = stream->owner;
    (void)readiness;
    if (tls_stream_wants_step(stream) && list_empty(&one->in_ready))
        list_push_back(&one->set->ready, &one->in_ready);
}

static void step(struct handshake *one)
{
    struct tls_handshakes *h = one->set;
    buf_clear(&h->reason);
    switch (tls_stream_handshake(one->stream, &h->reason)) {
    case ERR_AGAIN:
        return;
    case ERR_OK:
        h->stats.done++;
        h->owner.accepted(h->owner.ctx, leave(one));
        return;
    default:
        h->stats.failed++;
        fail(one);
    }
}

void tls_handshakes_turn(struct tls_handshakes *h)
{
    for (int i = 0; i < TLS_HANDSHAKE_STEPS_PER_TURN && !list_empty(&h->ready); i++) {
        struct handshake *one = CONTAINER_OF(h->ready.next, struct handshake, in_ready);
        list_remove(&one->in_ready);
        step(one);
    }
}

/* --- coming and going ------------------------------------------------------------------------- */

void tls_handshakes_init(struct tls_handshakes *h, const struct clock *clock, struct timers *timers,
                         struct trace *trace, const struct listener_owner *owner)
{
    *h = (struct tls_handshakes){.clock = clock, .timers = timers, .trace = trace, .owner = *owner};
    list_init(&h->all);
    list_init(&h->ready);
    timer_init(&h->timer, on_time);
}

void tls_handshakes_deinit(struct tls_handshakes *h)
{
    while (oldest(h) != NULL)
        stream_close(leave(oldest(h)));
    timers_cancel(h->timers, &h->timer);
    buf_deinit(&h->reason);
}

void tls_handshakes_begin(struct tls_handshakes *h, struct tls_context *context,
                          struct stream *inner)
{
    if (h->count == TLS_HANDSHAKES_MAX)
        tls_handshakes_drop_oldest(h);
    struct handshake *one = mem_zalloc(1, sizeof(*one));
    one->set = h;
    one->stream = tls_stream_create(context, inner);
    one->stream->owner = one;
    one->stream->ready = on_ready;
    one->began_us = h->clock->mono_us;
    list_push_back(&h->all, &one->in_all);
    list_init(&one->in_ready);
    h->count++;
    if (!timer_armed(&h->timer))
        timers_set(h->timers, &h->timer, ends_us(one));
}

void tls_handshakes_drop_oldest(struct tls_handshakes *h)
{
    if (oldest(h) == NULL)
        return;
    h->stats.dropped++;
    fail_for(oldest(h), "the unfinished TLS handshake made room for another connection");
}
