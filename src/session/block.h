/* SPDX-License-Identifier: BSD-3-Clause */
/* Blocking: a session that waits executes nothing more until it is woken, times out, is unblocked by
 * CLIENT UNBLOCK, or closes. Embedded by the command that waits. */
#ifndef ECHOLOG_SESSION_BLOCK_H
#define ECHOLOG_SESSION_BLOCK_H

#include "base/timers.h"
#include <stdbool.h>

struct session;

enum block_end {
    BLOCK_TIMEOUT, /* answer as if nothing came */
    BLOCK_ERROR, /* CLIENT UNBLOCK … ERROR: answer "-UNBLOCKED client unblocked via CLIENT UNBLOCK" */
    BLOCK_CLOSED, /* the session is gone: free what you hold */
};

struct blocker {
    struct session *session; /* borrowed; NULL while not blocking */
    bool waits; /* for something that may never come (CLIENT UNBLOCK works), not the disk */
    struct timer timer;
    /* Called at most once, with the block already ended. Not called by session_unblock. */
    void (*ended)(struct blocker *blocker, enum block_end how);
};

/* Blocks the session. `deadline_us` is monotonic; TIMERS_NONE: no deadline (without `waits` there is
 * none). */
void session_block(struct session *s, struct blocker *b, bool waits, int64_t deadline_us,
                   void (*ended)(struct blocker *, enum block_end));
/* The answer is there: the session goes on with its next command in this turn or the next. */
void session_unblock(struct blocker *b);
/* Ends a block from outside; false when the session does not wait, or only for the disk (which BLOCK_CLOSED
 * does not mind). */
bool session_end_block(struct session *s, enum block_end how);

#endif
