/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/fanout.h"

#include "base/mem.h"
#include "bench/wire.h"
#include <stdio.h>
#include <string.h>

#define CHANNEL "echolog-bench"
#define UNDER_WAY 2  /* batches */
#define TRIES_MAX 30 /* to see at least one delivery in the time */

struct fanout {
    struct run *run; /* borrowed */
    struct peers peers;
    struct peer *publisher; /* the last of them */
    size_t subscribers;
    struct wire wire;
    struct buf batch; /* owned; the messages that are sent at once */
    uint64_t batch_messages;
    uint64_t batch_bytes;    /* that each subscriber sees of it */
    uint64_t sent;           /* batches */
    uint64_t got[UNDER_WAY]; /* subscribers that have all of batch n, at n % UNDER_WAY */
    uint64_t greeted;        /* subscribers that are one, while they become it */
    uint64_t deliveries;     /* bytes of them */
    struct buf greeting;     /* of the one that becomes it */
};

/* --- subscribing ------------------------------------------------------------------------------ */

static bool fanout_on_greeting(void *context, struct peer *p, struct bytes data)
{
    struct fanout *f = context;
    struct bytes ending = buf_bytes(&f->wire.ending), tail;

    if (p == f->publisher)
        return true; /* NATS tells him of itself */
    buf_append_bytes(&f->greeting, data);
    if (f->greeting.len < ending.len)
        return true;
    tail = bytes_of(f->greeting.data + f->greeting.len - ending.len, ending.len);
    if (bytes_equal(tail, ending)) {
        f->greeted++;
        buf_clear(&f->greeting);
    } else if (f->greeting.data[0] == '-') {
        snprintf(f->peers.why, PEERS_WHY_BYTES, "SUBSCRIBE: the server says: %.*s",
                 (int)(f->greeting.len < 128 ? f->greeting.len : 128) - 1, f->greeting.data + 1);
        return false;
    }
    return true;
}

/* One after the other, which is soon done. */
static bool fanout_subscribe(struct fanout *f)
{
    if (!peer_send(&f->peers, f->publisher, buf_bytes(&f->wire.hello)))
        return false;
    for (size_t i = 0; i < f->subscribers; i++) {
        if (!peer_send(&f->peers, &f->peers.items[i], buf_bytes(&f->wire.subscribe)))
            return false;
        while (f->greeted == i)
            if (!peers_turn(&f->peers, -1, fanout_on_greeting, f))
                return false;
    }
    return true;
}

/* --- publishing --------------------------------------------------------------------------------- */

static bool fanout_publish(struct fanout *f)
{
    while (f->sent < UNDER_WAY || f->got[f->sent % UNDER_WAY] == f->subscribers) {
        if (f->publisher->sending.len > 0)
            return true; /* what was sent before is not out yet: comes back with the next delivery */
        f->got[f->sent % UNDER_WAY] = 0;
        f->sent++;
        if (!peer_send(&f->peers, f->publisher, buf_bytes(&f->batch)))
            return false;
    }
    return true;
}

/* The stream of a subscriber is one frame again and again, so that its place in it says what comes next. The
 * first frame that begins in `data` and is whole there is looked at; a byte too many anywhere shows in the next. */
static bool frames_are_good(const struct fanout *f, uint64_t place, struct bytes data)
{
    struct bytes frame = buf_bytes(&f->wire.frame);
    size_t at = (size_t)(frame.len - place % frame.len) % frame.len;

    return data.len < at + frame.len || memcmp(data.data + at, frame.data, frame.len) == 0;
}

static bool fanout_on_delivery(struct fanout *f, struct peer *p, struct bytes data)
{
    uint64_t had = p->received / f->batch_bytes;

    if (!frames_are_good(f, p->received, data)) {
        snprintf(f->peers.why, PEERS_WHY_BYTES,
                 "a subscriber got something else than was published");
        return false;
    }
    p->received += data.len;
    f->deliveries += data.len;
    for (; had < p->received / f->batch_bytes; had++)
        f->got[had % UNDER_WAY]++;
    return fanout_publish(f);
}

static bool fanout_on_bytes(void *context, struct peer *p, struct bytes data)
{
    struct fanout *f = context;

    if (p != f->publisher)
        return fanout_on_delivery(f, p, data);
    return !f->wire.answers || peers_scan(&f->peers, p, data);
}

static bool fanout_for(struct fanout *f, int64_t us)
{
    int64_t end_ns = run_now_ns() + us * 1000, left_ns;

    while ((left_ns = end_ns - run_now_ns()) > 0)
        if (!peers_turn(&f->peers, (int)(left_ns / 1000000) + 1, fanout_on_bytes, f))
            return false;
    return true;
}

static bool fanout_measure(struct fanout *f)
{
    const struct options *o = f->run->options;

    if (!fanout_subscribe(f) || !fanout_publish(f) || !fanout_for(f, o->warm_up_us))
        return false;
    f->deliveries = 0;
    run_begin(f->run);
    for (int tries = 0; tries == 0 || (f->deliveries == 0 && tries < TRIES_MAX); tries++)
        if (!fanout_for(f, o->seconds_us))
            return false;
    run_end(f->run);
    f->run->messages = f->deliveries / f->wire.frame.len;
    if (f->run->messages == 0 && f->publisher->scan.errors == 0)
        snprintf(f->peers.why, PEERS_WHY_BYTES, "nothing was delivered");
    return true;
}

static void fanout_prepare(struct fanout *f)
{
    const struct options *o = f->run->options;
    char *payload = mem_alloc((size_t)o->size + 1);

    memset(payload, 'x', (size_t)o->size);
    wire_init(&f->wire, o->nats, BYTES_LITERAL(CHANNEL), bytes_of(payload, (size_t)o->size));
    mem_free(payload);
    f->batch_messages = (uint64_t)o->window / UNDER_WAY;
    f->batch_bytes = f->batch_messages * f->wire.frame.len;
    for (uint64_t i = 0; i < f->batch_messages; i++)
        buf_append_bytes(&f->batch, buf_bytes(&f->wire.publish));
}

bool fanout_run(struct run *run)
{
    const struct options *o = run->options;
    struct fanout f = {.run = run, .subscribers = (size_t)o->subscribers};
    bool good;

    snprintf(run->title, RUN_TITLE_BYTES, "fan-out to %lld subscribers, %lld bytes%s",
             (long long)o->subscribers, (long long)o->size, o->nats ? ", NATS" : "");
    fanout_prepare(&f);
    if (peers_open(&f.peers, o->host, o->port, f.subscribers + 1)) {
        f.publisher = &f.peers.items[f.subscribers];
        (void)fanout_measure(&f); /* what went wrong stands with the peers */
    }
    good = run_close(run, &f.peers);
    wire_deinit(&f.wire);
    buf_deinit(&f.batch);
    buf_deinit(&f.greeting);
    return good;
}
