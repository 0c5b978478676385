/* SPDX-License-Identifier: BSD-3-Clause */
/* A line of a configuration file cut into words, as base/words.h has them. */
#ifndef ECHOLOG_CONFIG_WORDS_H
#define ECHOLOG_CONFIG_WORDS_H

#include "base/buf.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"

#define WORDS_MAX 256

struct words {
    size_t count;
    struct bytes items[WORDS_MAX]; /* point into `unquoted` */
    struct buf unquoted;
};

void words_init(struct words *w);
void words_deinit(struct words *w);

/* Replaces the words by those of `line`. ERR_INVALID: a quote is not closed, or a closing one is not
 * followed by a blank; ERR_TOO_LARGE: more than WORDS_MAX. There are no words then. */
MUST_CHECK
enum err words_split(struct words *w, struct bytes line);

/* Appends the words as a line that words_split cuts up again: quoted where they need it. */
void words_join(const struct bytes *words, size_t count, struct buf *line);

#endif
