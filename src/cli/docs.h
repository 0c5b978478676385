/* SPDX-License-Identifier: BSD-3-Clause */
/* What the server says of its commands (COMMAND DOCS), looked up by what is typed. The prompt's help, hints and
 * completion know commands from here alone, so they fit any server. */
#ifndef ECHOLOG_CLI_DOCS_H
#define ECHOLOG_CLI_DOCS_H

#include "base/buf.h"
#include "resp/reply.h"

/* Zero-initialised is valid: nothing is known. */
struct docs {
    struct reply *reply; /* owned */
};

void docs_deinit(struct docs *d);
/* Takes the reply of COMMAND DOCS, of RESP2 or RESP3; what was known is replaced. A reply that is something else is
 * freed. */
void docs_set(struct docs *d, struct reply *reply);

/* One command's entry, or NULL. *used says how many of the words name it: two for a sub-command. */
const struct reply *docs_find(const struct docs *d, const struct bytes *words, size_t count,
                              size_t *used);
/* Calls `fn` for each command, or for each sub-command of `entry`, with its word as the server has it. */
typedef void docs_fn(void *ctx, struct bytes word, const struct reply *entry);
void docs_each(const struct docs *d, docs_fn *fn, void *ctx);
void docs_each_sub(const struct reply *entry, docs_fn *fn, void *ctx);

/* The value of a field of an entry (or of an argument); NULL when it has none. */
const struct reply *docs_field(const struct reply *entry, const char *name);
struct bytes docs_text(const struct reply *entry, const char *name); /* "" when it has none */
bool docs_has_flag(const struct reply *argument, const char *flag);

/* Appends an argument as it is typed: "[ACK <NONE | WRITTEN | SYNCED>]", "[HEADER name value ...]". */
void docs_append_argument(struct buf *out, const struct reply *argument);

#endif
