/* SPDX-License-Identifier: BSD-3-Clause */
/* Text for reading, broken into lines between words. */
#ifndef ECHOLOG_LAB_PROSE_H
#define ECHOLOG_LAB_PROSE_H

#include "base/buf.h"
#include "base/bytes.h"

#define PROSE_WIDTH_MAX 88 /* longer lines are hard to read, however wide the terminal is */

/* Takes the longest beginning of *text that is at most `width` columns wide and ends between words; within a word
 * when that alone is wider. Blanks at the break are left out; *text is what is left. Always takes something. */
struct bytes prose_take(struct bytes *text, size_t width);
/* Appends the text in lines of at most `width` columns (0: PROSE_WIDTH_MAX, which is also the most). The first begins
 * with `first`, the others with as many blanks. A line break in the text is one in what is printed. */
void prose_append(struct buf *out, const char *first, struct bytes text, size_t width);

#endif
