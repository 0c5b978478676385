/* SPDX-License-Identifier: BSD-3-Clause */
/* A push: what a session is sent without having asked for it just now. It stands at the end of the output: behind held
 * replies, which wait for a commit only, but before the answer of a command that waits for an event, maybe for
 * ever. */
#ifndef ECHOLOG_SESSION_PUSH_H
#define ECHOLOG_SESSION_PUSH_H

#include "resp/writer.h"
#include <stdbool.h>
#include <stdint.h>

struct session;

/* Followed records are queued while less than this waits for the client: what a follower that is slow costs. It
 * does not count against the output limits, since no more of it gathers. */
#define PUSH_FOLLOWED_BYTES_MAX (256 * 1024)

/* A push that is a part of a frame, from `begin` to its end; nothing if the session takes none any more. It looks at the
 * output limits as push_end does. */
void push_shared(struct session *s, struct frame *frame, size_t begin);

/* One that is written piece by piece. */
struct push {
    struct session *session;
    struct writer w;
    uint64_t from; /* output position */
    bool overtakes;
};

/* False: the session takes none any more. */
bool push_begin(struct push *p, struct session *s);
/* Both end it; push_end also looks at the output limits, and may close the session. */
void push_end(struct push *p);
void push_end_followed(struct push *p);

bool push_has_room_for_followed(const struct session *s);

#endif
