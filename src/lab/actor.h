/* SPDX-License-Identifier: BSD-3-Clause */
/* One of those on the stage: a program with a connection of its own, and a lane in which all it types and gets is
 * shown as it happens. All replies live as long as the run, and are never NULL. */
#ifndef ECHOLOG_LAB_ACTOR_H
#define ECHOLOG_LAB_ACTOR_H

#include "lab/seen.h"
#include "lab/stage.h"
#include "lab/wire.h"

struct actor {
    struct stage *stage; /* borrowed */
    struct wire wire;
    size_t lane;                 /* LANES_MAX: backstage */
    bool deaf;                   /* reads nothing of what comes */
    bool lost;                   /* the server closed the connection */
    bool hides;                  /* shows nothing of what comes by itself */
    const struct reply *answer;  /* to the latest command that was answered; NULL: none yet */
    const struct reply **pushes; /* owned array of borrowed: what came by itself */
    size_t push_count, push_cap;
};

/* Enters with a connection, and a lane at the right of the others. */
struct actor *actor_enter(struct stage *s, const char *name);
/* Enters without one: a lane for the server, say, that only has marks. */
struct actor *actor_enter_silent(struct stage *s, const char *name);

/* Types a command and waits for its reply. Words are quoted as at the prompt: "PRODUCE $orders 'a book'". */
const struct reply *actor_ask(struct actor *a, const char *format, ...) PRINTF_LIKE(2, 3);
/* The same without showing it: for what would be shown a hundred times. */
const struct reply *actor_ask_unseen(struct actor *a, const char *format, ...) PRINTF_LIKE(2, 3);
/* Types a command that may wait (BLOCK), and goes on with the lesson. */
void actor_type(struct actor *a, const char *format, ...) PRINTF_LIKE(2, 3);
/* The reply to the command typed last; waits for it. None in time is a contradiction. */
const struct reply *actor_answer(struct actor *a);
/* Whether the command typed last still waits for its reply. Looks at what is there by now, and does not wait. */
bool actor_waits(struct actor *a);

/* What came by itself so far, by its kind: "message", "pmessage", "record", "lost", "assignment". */
size_t actor_heard(const struct actor *a, const char *kind);
/* The i-th of them; null when there are fewer. */
const struct reply *actor_heard_at(const struct actor *a, const char *kind, size_t i);
/* Waits until at least `count` came, and returns how many did. Too few in time is left to a check. */
size_t actor_await(struct actor *a, const char *kind, size_t count);
/* All that the server sent before now has come: asks something unseen, and waits for that reply. So "nothing came" can
 * be told without waiting for nothing. Not while a command that waits is under way. */
void actor_settle(struct actor *a);

/* Crashes: the connection is closed without a word, whatever is under way. `how` is shown. */
void actor_crash(struct actor *a, const char *how);
/* Comes back with a new connection. */
void actor_return(struct actor *a);
/* Stops reading what comes, as a program that is busy; and reads again. */
void actor_stop_reading(struct actor *a);
void actor_read_on(struct actor *a);
/* From now on nothing is shown of what comes by itself: for what would be shown a hundred times. */
void actor_hide_pushes(struct actor *a);
void actor_show_pushes(struct actor *a);
/* Waits until the server has closed the connection; false: it did not in time, which is left to a check. */
bool actor_await_loss(struct actor *a);
/* The lesson's own words in the lane. */
void actor_note(struct actor *a, const char *format, ...) PRINTF_LIKE(2, 3);

/* --- for the stage ---------------------------------------------------------------------------------- */

struct actor *actor_create(struct stage *s, size_t lane);
void actor_destroy(struct actor *a);
bool actor_connect(struct actor *a);
void actor_send(struct actor *a, const char *format, va_list args, bool unseen) PRINTF_LIKE(2, 0);
/* Takes one thing that came, and shows it. False: there is nothing. */
bool actor_take(struct actor *a);

#endif
