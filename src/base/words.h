/* SPDX-License-Identifier: BSD-3-Clause */
/* The words of a line, quoted as in redis-cli and redis.conf: for inline requests, for configuration and
 * for what is typed at the prompt.
 *
 * Blanks separate words. "…" knows \n \r \t \b \a \xHH, and \ before any other byte for that byte; '…'
 * knows \' only. A quote may begin inside a word and always ends it. As Redis has it, a vertical tab or a
 * form feed is a blank between words and behind quotes, and part of a word inside one. NUL is a byte like
 * any other. */
#ifndef ECHOLOG_BASE_WORDS_H
#define ECHOLOG_BASE_WORDS_H

#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"

/* Takes the next word of `line` from *at on, which begins at 0 and is left behind the word, and puts it
 * without its quotes to `to`, its length to *len. Without quotes it is never longer: `to` needs as much
 * room as is left of the line, and all words, each with a NUL behind it, take one byte more than the line.
 * ERR_NOT_FOUND  there is no word any more
 * ERR_INVALID    a quote is not closed, or something other than a blank follows a closed one; `to` is
 *                scribbled on, and *at is not to be used again */
MUST_CHECK
enum err word_next(struct bytes line, size_t *at, char *to, size_t *len);

static inline bool word_is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

#endif
