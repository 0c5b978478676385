/* SPDX-License-Identifier: BSD-3-Clause */
/* MULTI: commands queued until EXEC. Zero-initialised is valid: no transaction. */
#ifndef ECHOLOG_SESSION_TRANSACTION_H
#define ECHOLOG_SESSION_TRANSACTION_H

#include "base/bytes.h"
#include <stdbool.h>
#include <stddef.h>

#define TRANSACTION_COMMANDS_MAX (1024 * 1024)

struct command;

struct transaction_item {
    const struct command *command; /* borrowed */
    int argc;
    struct bytes *argv; /* owned, one block with the bytes */
};

struct transaction {
    bool open;                      /* between MULTI and EXEC or DISCARD */
    bool aborted;                   /* a command was refused when queued: EXEC answers EXECABORT */
    bool running;                   /* EXEC is executing the items: BLOCK does not wait */
    struct transaction_item *items; /* owned */
    size_t count, cap;
    size_t running_count; /* of the items that are being executed */
    size_t bytes;         /* of memory for the arguments */
};

/* Copies the arguments. */
void transaction_queue(struct transaction *t, const struct command *command, int argc,
                       const struct bytes *argv);
/* Ends it: frees the items and closes. */
void transaction_clear(struct transaction *t);

#endif
