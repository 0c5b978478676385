/* SPDX-License-Identifier: BSD-3-Clause */
/* Connections that are on their way to TLS. They are nobody's clients until the handshake is done, and
 * then handed on. Each has a limited time; each turn does a limited number of steps, since they cost much
 * and others are waiting; and there is a limited number of connections: the oldest gives way. */
#ifndef ECHOLOG_NET_TLS_HANDSHAKES_H
#define ECHOLOG_NET_TLS_HANDSHAKES_H

#include "base/clock.h"
#include "base/list.h"
#include "base/timers.h"
#include "base/trace.h"
#include "net/listener.h"
#include "net/tls.h"

#define TLS_HANDSHAKE_S_MAX 10
#define TLS_HANDSHAKES_MAX 1024
#define TLS_HANDSHAKE_STEPS_PER_TURN 8
/* What a listener should accept per turn, so that no more begin than are done. */
#define TLS_HANDSHAKE_ACCEPTS_PER_TURN 4

struct tls_handshakes_stats {
    uint64_t done;
    uint64_t failed;  /* the client or we found a reason; or it hung up */
    uint64_t expired; /* they took too long */
    uint64_t dropped; /* they made room for others */
};

struct tls_handshakes {
    const struct clock *clock; /* borrowed, as all below */
    struct timers *timers;
    struct trace *trace;
    struct listener_owner owner; /* gets the streams whose handshake is done */
    struct list all;             /* the oldest first */
    struct list ready;           /* have something to go on with */
    size_t count;
    struct timer timer; /* of the oldest */
    struct tls_handshakes_stats stats;
    int64_t said_us;   /* when a failure was traced last; 0: never */
    uint64_t unsaid;   /* failures since */
    struct buf reason; /* of the failure at hand */
};

void tls_handshakes_init(struct tls_handshakes *h, const struct clock *clock, struct timers *timers,
                         struct trace *trace, const struct listener_owner *owner);
void tls_handshakes_deinit(struct tls_handshakes *h); /* closes those under way */

/* Takes over a connection. */
void tls_handshakes_begin(struct tls_handshakes *h, struct tls_context *context,
                          struct stream *inner);
/* Makes room, if there is one. */
void tls_handshakes_drop_oldest(struct tls_handshakes *h);
/* The steps of this turn. */
void tls_handshakes_turn(struct tls_handshakes *h);
/* Whether the next turn has something to do without waiting. */
static inline bool tls_handshakes_pending(const struct tls_handshakes *h)
{
    return !list_empty(&h->ready);
}

#endif
