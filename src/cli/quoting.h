/* SPDX-License-Identifier: BSD-3-Clause */
/* Splits a line that a person typed into the words of a command, quoted as base/words.h has it. */
#ifndef ECHOLOG_CLI_QUOTING_H
#define ECHOLOG_CLI_QUOTING_H

#include "base/bytes.h"
#include "base/check.h"

/* Zero-initialised is valid and empty. */
struct words {
    char *text;          /* owned: the unquoted words, back to back */
    struct bytes *items; /* owned; they point into `text` */
    size_t count;
};

/* False when a quote is not closed, or closed in the middle of a word; *words is then empty. On success
 * it replaces what was there. Every word is NUL-terminated behind its end. */
MUST_CHECK
bool words_split(struct words *words, struct bytes line);
void words_deinit(struct words *words);

/* The quote that is still open at the line's end, or '\0': with another line behind it words_split may take it. */
char words_open_quote(struct bytes line);

#endif
