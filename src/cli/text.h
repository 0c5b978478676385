/* SPDX-License-Identifier: BSD-3-Clause */
/* Text as people read it: which bytes can be shown, and how wide they come out on a terminal. */
#ifndef ECHOLOG_CLI_TEXT_H
#define ECHOLOG_CLI_TEXT_H

#include "base/buf.h"
#include "base/bytes.h"
#include <stdio.h>

/* How many columns the text takes on a terminal: wide characters count two, marks that stand over others none.
 * Bytes that are no UTF-8 count one each. Goes by the locale's LC_CTYPE. */
size_t text_width(struct bytes text);
/* The longest beginning of `text` that is at most `width` columns wide and cuts no character. */
struct bytes text_fitting(struct bytes text, size_t width);
/* Appends the bytes in quotes. Printable characters come as they are, UTF-8 among them; what is not printable is
 * escaped as \n, \", \xHH …, so that what is shown can be typed again. */
void text_append_quoted(struct buf *out, struct bytes text);
/* Appends one byte as it stands inside of such quotes: \n, \", \xHH … */
void text_append_escaped(struct buf *out, char c);
/* Appends words in lines of at most `width` columns (0: in one), all but the first behind so many blanks; `at` is where
 * the first begins. A word that is wider stands alone. */
void text_append_wrapped(struct buf *out, struct bytes text, size_t at, size_t indent,
                         size_t width);
void text_append_spaces(struct buf *out, size_t count);
void text_write(struct bytes text, FILE *to); /* all of it; nothing when it is empty */
/* A time as 2026-01-01T00:00:00.000Z; what is no time as the number it is. */
void text_append_time(struct buf *out, int64_t ms);

#endif
