/* SPDX-License-Identifier: BSD-3-Clause */
/* A command that begins to follow: FOLLOW, or PSUBSCRIBE with patterns of the log form. Where all of it would begin is
 * found out first, which may take the disk; then it takes effect as a whole, or is refused as a whole. */
#ifndef ECHOLOG_COMMANDS_FOLLOW_CALL_H
#define ECHOLOG_COMMANDS_FOLLOW_CALL_H

#include "commands/command.h"
#include "commands/late_reply.h"
#include "commands/permission.h"
#include "topics/follow.h"

struct follow_call {
    struct services *sv;     /* borrowed */
    struct session *session; /* borrowed */
    const struct command *command;
    int argc;
    struct bytes *argv;         /* owned, one block with the bytes */
    struct follow_wish *wishes; /* owned; their texts are in argv */
    size_t wish_count;
    /* Takes effect, and writes the confirmations. */
    void (*begin)(struct follow_call *f, struct writer *w);

    /* Private. */
    enum access_denial denial;
    struct follow_opening opening;
    struct late_reply reply;
};

/* With a copy of the arguments and room for as many wishes as there are words. */
struct follow_call *follow_call_create(struct call *c,
                                       void (*begin)(struct follow_call *f, struct writer *w));
void follow_call_free(struct follow_call *f); /* one that was not run */
/* Runs it, now or when the disk has answered, and frees it. */
void follow_call_run(struct call *c, struct follow_call *f);

/* A pattern that begins with the server's follow-prefix and has a position ("@…"). */
bool is_follow_pattern(const struct config *config, struct bytes pattern);
/* The topic, or glob of topics, that it is about. */
struct bytes follow_pattern_topic(const struct config *config, struct bytes pattern);
/* Takes it apart; answers with an error and returns false when it is wrong. */
bool read_follow_pattern(struct call *c, struct bytes pattern, struct follow_wish *wish);
/* "topic" or "topic/partition"; likewise. */
bool read_followed_topic(struct call *c, struct bytes text, struct bytes *topic,
                         int64_t *partition);

#endif
