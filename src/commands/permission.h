/* SPDX-License-Identifier: BSD-3-Clause */
/* Whether a user may make a call: his rules, held against what the call names. */
#ifndef ECHOLOG_COMMANDS_PERMISSION_H
#define ECHOLOG_COMMANDS_PERMISSION_H

#include "access/users.h"
#include "base/buf.h"
#include "commands/command.h"

/* Judges a call of good arity; with a denial, `object` (cleared first) is the command, key or channel it is about. */
enum access_denial permission_judge(struct services *sv, const struct user *u,
                                    const struct command *command, int argc,
                                    const struct bytes *argv, struct buf *object);

/* Answers a call that was denied: "NOPERM " and the sentence. */
void write_denial(struct writer *w, const struct command *command, enum access_denial denial);
void denial_sentence(struct buf *text, const struct command *command, enum access_denial denial);
/* Why, within a sentence: "no permission to touch the specified keys". */
const char *permission_reason(enum access_denial denial);

/* Judges a call of a session, and notes it in the log when it is denied. The cheap case first. */
enum access_denial permission_note(struct services *sv, struct session *s,
                                   const struct command *command, int argc,
                                   const struct bytes *argv);
static inline enum access_denial permission_of(struct services *sv, struct session *s,
                                               const struct command *command, int argc,
                                               const struct bytes *argv)
{
    if (LIKELY(s->user->unrestricted))
        return ACCESS_GRANTED;
    return permission_note(sv, s, command, argc, argv);
}

/* Notes that somebody could not log in as `username`, by AUTH or HELLO as it was typed. */
void permission_note_login(struct services *sv, struct session *s, struct bytes command,
                           struct bytes username);

/* Whether a user may read a topic through a pattern of the log form that covers it. */
bool permission_to_follow(const struct user *u, struct bytes topic);

/* --- changes of users, and those who are connected as them --------------------------------------- */

/* He is no more: who is connected as him is disconnected; the session that asked, after its reply. */
void permission_user_removed(struct services *sv, const struct user *u, struct session *asking);
/* He is about to become as `after`: whoever listens as him to what he may not listen to then is disconnected, and whoever
 * waits in a blocking command is answered as if the time were up, so that the next one is judged anew. */
void permission_user_changes(struct services *sv, const struct user *u, const struct user *after,
                             struct session *asking);
/* "default" has changed: strangers may be in now, or not. */
void permission_default_changed(struct services *sv);

#endif
