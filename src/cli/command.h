/* SPDX-License-Identifier: BSD-3-Clause */
/* Runs one command on an open connection and prints what comes: one reply, or for the commands that turn
 * the connection into a stream (SUBSCRIBE, MONITOR …) all messages until the user stops it. */
#ifndef ECHOLOG_CLI_COMMAND_H
#define ECHOLOG_CLI_COMMAND_H

#include "cli/connection.h"
#include "cli/printer.h"
#include <stdio.h>

enum command_result {
    COMMAND_OK,
    COMMAND_REFUSED, /* the reply was an error; it was printed */
    COMMAND_LOST, /* the connection was lost: its `error` says why; nothing was printed of that */
    COMMAND_INTERRUPTED, /* the connection was closed, since replies may still be under way on it */
};

/* Who wants to know what came: it is printed already. */
struct command_watch {
    /* It takes pushes beside replies (RESP3): a subscription is a command like others then, which ends when it is
     * confirmed. Else subscriptions stream. */
    bool live;
    void (*pushed)(void *ctx, const struct reply *push);
    void (*refused)(void *ctx, struct bytes error);
    void *ctx;
};

/* `watch` may be NULL. */
MUST_CHECK
enum command_result command_run(struct connection *c, const struct bytes *words, size_t count,
                                const struct printer *printer, const struct command_watch *watch,
                                FILE *to);

/* Prints a push that came by itself. */
void command_print_push(const struct printer *printer, struct buf *out, const struct reply *push);

#endif
