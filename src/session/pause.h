/* SPDX-License-Identifier: BSD-3-Clause */
/* CLIENT PAUSE: for a while sessions execute no commands, or none that write. One whose next command falls
 * under the pause is postponed: the command stays where it is, in its input, and is executed when the pause
 * is over. Which commands write is the owner's to know. */
#ifndef ECHOLOG_SESSION_PAUSE_H
#define ECHOLOG_SESSION_PAUSE_H

#include "base/list.h"
#include "base/timers.h"
#include <stdbool.h>
#include <stddef.h>

struct session;
struct sessions;

enum pause_kind { PAUSE_NONE, PAUSE_WRITES, PAUSE_ALL }; /* each stricter than the one before */

struct pause {
    enum pause_kind kind;
    int64_t end_us; /* monotonic */
    struct timer timer;
    struct list postponed; /* sessions, in the order they came */
    size_t postponed_count;
};

void pause_init(struct pause *p);
void pause_deinit(struct pause *p, struct timers *timers);

/* From now on until `end_us`. A pause that is under way already is never made shorter or less strict. */
void sessions_pause(struct sessions *all, enum pause_kind kind, int64_t end_us);
/* Ends it: who was postponed goes on. */
void sessions_unpause(struct sessions *all);

/* The command being executed is not executed now: called by the owner, in place of executing it. */
void session_postpone(struct session *s);
bool session_is_postponed(const struct session *s);
/* It waits no longer for the end of the pause; harmless when it does not. */
void session_end_postponement(struct session *s);

#endif
