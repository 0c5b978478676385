/* SPDX-License-Identifier: BSD-3-Clause */
/* A line of a configuration file cut into words, quoted as in redis.conf: "…" with \n \r \t \b \a \xHH
 * and a backslash before any other byte for that byte, '…' with \'. A closing quote ends its word. */
#ifndef ECHOLOG_CONFIG_WORDS_H
#define ECHOLOG_CONFIG_WORDS_H

#include "base/buf.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"

#define WORDS_MAX 64

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

static inline bool word_is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

#endif
