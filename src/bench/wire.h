/* SPDX-License-Identifier: BSD-3-Clause */
/* The bytes of publish and subscribe, which are known beforehand: RESP2's, and those of NATS. */
#ifndef ECHOLOG_BENCH_WIRE_H
#define ECHOLOG_BENCH_WIRE_H

#include "base/buf.h"
#include <stdbool.h>
#include <stdint.h>

/* Zero is valid and empty. */
struct wire {
    struct buf hello;     /* what a publisher begins with, if anything */
    struct buf subscribe; /* what a subscriber sends ... */
    struct buf ending;    /* ... and what the answer ends with */
    struct buf publish;   /* one message with the payload */
    struct buf frame;     /* and what a subscriber sees of it */
    bool answers;         /* a publisher is answered, by a reply of RESP */
};

void wire_init(struct wire *w, bool nats, struct bytes channel, struct bytes payload);
void wire_deinit(struct wire *w);

#endif
