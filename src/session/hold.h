/* SPDX-License-Identifier: BSD-3-Clause */
/* A reply slot: a stretch of a session's output that must not be sent yet. The output is sent up to the
 * first hold. A hold covers one or more whole replies (or whole elements of an array reply) that
 * share one fate: either they are let go as they were written, or each is replaced by the same error.
 * Or it covers nothing yet and is filled when its answer is known.
 *
 * Embedded by whoever completes it. */
#ifndef ECHOLOG_SESSION_HOLD_H
#define ECHOLOG_SESSION_HOLD_H

#include "base/bytes.h"
#include "base/list.h"
#include <stdbool.h>
#include <stdint.h>

struct session;

struct hold {
    struct session *session; /* borrowed; NULL once over */
    uint64_t from, to;       /* output positions */
    uint32_t replies;
    /* The session ends before the hold: called once, the hold is over. */
    void (*abandoned)(struct hold *hold);
    struct list link; /* in session.holds */
};

/* Holds what was written to the session's output since position `from`: one reply, or none yet
 * when `from` is the end. The session must not be mute. */
void hold_start(struct hold *h, struct session *s, uint64_t from, void (*abandoned)(struct hold *));
/* Whether `h` is the last thing in the output up to `from`, so that one more reply written there may
 * share its slot. */
bool hold_is_last(const struct hold *h, uint64_t from);
/* Whether it is the last thing in the output and covers nothing yet. */
bool hold_is_empty_last(const struct hold *h);
/* Lets pass what was just queued behind such a one: the slot is at the end again. */
void hold_move_to_end(struct hold *h);
/* Takes one more reply, just written behind it, into the slot. */
void hold_extend(struct hold *h);

/* Each of these ends the hold. */
void hold_release(struct hold *h);
void hold_fail(struct hold *h, struct bytes error); /* a whole error reply, with its CRLF */
void hold_fill(struct hold *h, struct bytes replies);

#endif
