/* SPDX-License-Identifier: BSD-3-Clause */
#include "commands/client_describe.h"

#define FLAGS_MAX 16

/* In the order and the letters of Redis. */
static void make_flags(const struct session *s, char *flags)
{
    char *p = flags;
    if (session_is_monitor(s))
        *p++ = 'O';
    if (session_is_subscriber(s))
        *p++ = 'P';
    if (s->transaction.open || s->transaction.running)
        *p++ = 'x';
    if (s->blocker != NULL || session_is_postponed(s))
        *p++ = 'b';
    if (s->tracking.on)
        *p++ = 't';
    if (s->tracking.options & TRACKING_BCAST)
        *p++ = 'B';
    if (s->closing)
        *p++ = 'c';
    if (s->stream->transport == STREAM_UNIX)
        *p++ = 'U';
    if (s->no_evict)
        *p++ = 'e';
    if (s->no_touch)
        *p++ = 'T';
    if (p == flags)
        *p++ = 'N';
    *p = '\0';
}

static size_t argument_bytes(const struct call *c)
{
    size_t bytes = 0;
    for (int i = 0; i < c->argc; i++)
        bytes += c->argv[i].len;
    return bytes;
}

const char *client_user(const struct session *s)
{
    return s->user->name;
}

static size_t subscriptions(const struct session *s, enum pubsub_kind kind)
{
    return pubsub_count(&s->subscriber, kind);
}

static long long queued_count(const struct transaction *t)
{
    if (t->running)
        return (long long)t->running_count;
    return t->open ? (long long)t->count : -1;
}

void client_describe(struct buf *b, const struct call *c, const struct session *s)
{
    char flags[FLAGS_MAX];
    make_flags(s, flags);
    int64_t now_us = s->sessions->clock->mono_us;
    buf_printf(b, "id=%llu addr=%s laddr=%s fd=%d name=%s age=%lld idle=%lld flags=%s db=0",
               (unsigned long long)s->id, s->stream->peer, s->stream->local, s->stream->fd, s->name,
               (long long)((now_us - s->created_us) / 1000000),
               (long long)((now_us - s->last_active_us) / 1000000), flags);
    buf_printf(b, " sub=%zu psub=%zu ssub=%zu multi=%lld", subscriptions(s, PUBSUB_CHANNEL),
               subscriptions(s, PUBSUB_PATTERN) + follower_pattern_count(&s->follower),
               subscriptions(s, PUBSUB_SHARD), queued_count(&s->transaction));
    buf_printf(b, " qbuf=%zu qbuf-free=%zu argv-mem=%zu multi-mem=%zu", session_input_bytes(s),
               s->input.cap - s->input.len, c != NULL && s == c->session ? argument_bytes(c) : 0,
               s->transaction.bytes);
    buf_printf(b, " rbs=0 rbp=0 obl=%zu oll=%zu omem=%zu tot-mem=%zu events=%s", out_len(&s->out),
               s->out.chunk_count, s->out.memory_bytes, session_memory(s),
               s->writable ? "r" : "rw");
    buf_printf(b, " cmd=%s user=%s redir=%lld resp=%d follow=%zu lib-name=%s lib-ver=%s",
               s->last_command, client_user(s),
               s->tracking.on ? (long long)s->tracking.redirect : -1LL, s->proto,
               follower_partition_count(&s->follower), s->lib_name, s->lib_ver);
}
