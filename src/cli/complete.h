/* SPDX-License-Identifier: BSD-3-Clause */
/* What Tab may complete a word to: commands, sub-commands, keywords, and names that are there just now. */
#ifndef ECHOLOG_CLI_COMPLETE_H
#define ECHOLOG_CLI_COMPLETE_H

#include "base/buf.h"
#include "cli/docs.h"

#define COMPLETE_CANDIDATES_MAX 10000

enum complete_names {
    COMPLETE_TOPICS,
    COMPLETE_GROUPS,
    COMPLETE_CHANNELS,
    COMPLETE_DIRECTIVES,
};

struct completion;

/* Who knows the names: calls completion_offer for each, in any order. */
typedef void complete_names_fn(void *ctx, enum complete_names kind, struct completion *c);

struct completion {
    size_t from;        /* where the word begins in the line */
    struct bytes word;  /* borrowed from the line: what stands there */
    struct buf texts;   /* the candidates one behind the other, each with a NUL */
    const char **items; /* owned; they point into `texts`: sorted, none twice */
    size_t count;
    size_t common; /* how many bytes all of them begin with */
};

/* `line` is what stands in front of the cursor. A word in quotes is not completed. */
void complete(struct completion *c, const struct docs *d, struct bytes line,
              complete_names_fn *names, void *ctx);
void completion_deinit(struct completion *c);
/* Adds a name if the word is its beginning; quotes it where a line needs that. */
void completion_offer(struct completion *c, struct bytes name);

#endif
