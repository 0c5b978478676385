/* SPDX-License-Identifier: BSD-3-Clause */
/* A reply that is written later: a slot in the session's output (session/hold.h) and, where the command
 * waits, a blocked session (session/block.h). Embedded by the command's own state.
 *
 * Life: late_reply_start; then late_reply_answer from wherever the answer becomes known, which writes the
 * reply in its place through `render` and ends with `release`. When the client goes first, `release` is
 * all that is called. */
#ifndef ECHOLOG_COMMANDS_LATE_REPLY_H
#define ECHOLOG_COMMANDS_LATE_REPLY_H

#include "commands/command.h"
#include "session/block.h"
#include "session/hold.h"

struct late_reply {
    /* In. */
    void (*render)(struct late_reply *l, struct writer *w);
    /* What render wrote stands in `out` now, the session's, and ends at or before its end. Not called where
     * nobody sees the reply. NULL: who cares. */
    void (*filled)(struct late_reply *l, struct out *out);
    /* The reply is over, one way or the other: cancel what is under way (or let it run out unheard) and
     * free. */
    void (*release)(struct late_reply *l);
    /* CLIENT UNBLOCK … TIMEOUT: hurry; late_reply_answer follows, now or later. NULL: cannot. */
    void (*time_up)(struct late_reply *l);

    /* For release: there was no answer because the client is gone. (CLIENT UNBLOCK … ERROR is one that `render`
     * was not asked for.) */
    bool client_gone;

    /* Private. */
    struct session *session; /* borrowed; NULL once gone */
    struct services *sv;     /* borrowed */
    const struct command *command;
    struct slow_args *args; /* owned: of one that blocks, for the slow log */
    struct hold hold;
    struct blocker blocker;
    bool mute;
    bool blocks;
};

/* `blocks`: the session executes nothing more until the answer (except inside EXEC). */
void late_reply_start(struct late_reply *l, struct call *c, bool blocks);
void late_reply_answer(struct late_reply *l);

#endif
