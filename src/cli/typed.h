/* SPDX-License-Identifier: BSD-3-Clause */
/* A line that is being typed, held against the documentation of its command: which arguments it has got, and what
 * may come next. Says what to show as a hint, and what Tab may complete. */
#ifndef ECHOLOG_CLI_TYPED_H
#define ECHOLOG_CLI_TYPED_H

#include "base/buf.h"
#include "cli/docs.h"

#define TYPED_ARGUMENTS_MAX 64

struct typed {
    const struct reply *entry;     /* borrowed; NULL: no command yet, or none that is known */
    const struct reply *arguments; /* borrowed; NULL: it takes none */
    bool has[TYPED_ARGUMENTS_MAX]; /* arguments that are there, and may not come again */
    const struct reply *expects;   /* the value that comes next; NULL: none, or only keywords */
    bool in_argument;              /* it belongs to an argument that has begun */
    size_t name_words;             /* how many words name the command */
};

/* `words` are those in front of the one being typed. */
void typed_read(struct typed *t, const struct docs *d, const struct bytes *words, size_t count);
/* Appends what may still come, as in the command's syntax; nothing when no command is known. */
void typed_append_hint(const struct typed *t, struct buf *out);
/* Calls `fn` for each keyword that may come next. */
void typed_each_keyword(const struct typed *t, void (*fn)(void *ctx, struct bytes keyword),
                        void *ctx);

#endif
