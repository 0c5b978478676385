/* SPDX-License-Identifier: BSD-3-Clause */
/* Private to this folder: where the messages to one audience are encoded, in one protocol. Those of a turn stand one
 * behind the other in shared frames, so that of each further one every subscriber only counts the bytes, and all are
 * written to it from one place.
 *
 * How much room a frame has goes by what came in the turn before and in this one so far: so what is kept for a
 * subscriber that is slow comes to no more than a few times what waits for it. */
#ifndef ECHOLOG_PUBSUB_BURST_H
#define ECHOLOG_PUBSUB_BURST_H

#include "pubsub/message.h"

/* The memory of the largest frame that is made for several. */
#define BURST_FRAME_BYTES_MAX ((size_t)32 * 1024)

struct burst {
    struct frame *frame; /* counted; the last one, NULL */
    size_t bytes;        /* of this turn */
    size_t bytes_before; /* of the one before */
    /* Of the message in the frame that came last: the next one is likely to begin as it does. */
    struct bytes head; /* empty: there is none */
    struct bytes channel;
};

/* The part of a frame from `begin` to its end. */
struct burst_part {
    struct frame *frame; /* the burst's; NULL: not encoded yet */
    size_t begin;
};

/* Encodes one more message, of the same kind and to the same pattern as the others since the turn began or the burst
 * was forgotten; the part stays good until the next. */
struct burst_part burst_add(struct burst *b, const struct message *m, int proto);
/* What comes next has nothing to do with what came before. */
void burst_forget(struct burst *b);
/* What comes next belongs to another turn. */
void burst_end_turn(struct burst *b);
void burst_deinit(struct burst *b);

#endif
