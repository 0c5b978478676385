/* SPDX-License-Identifier: BSD-3-Clause */
/* Rows of cells under headings, laid out in columns that are as wide as their widest cell. A column of numbers
 * is aligned to the right. The last column is not padded, so that no line ends in blanks. Where the terminal has no room
 * for that, headings and texts go on below themselves: a quoted text wherever the room ends, so that nothing is hidden
 * there, any other behind a blank or a '-'. */
#ifndef ECHOLOG_CLI_TABLE_H
#define ECHOLOG_CLI_TABLE_H

#include "base/buf.h"
#include "base/bytes.h"
#include "base/check.h"
#include <stdbool.h>
#include <stdint.h>

#define TABLE_COLUMNS_MAX 32
#define TABLE_GAP 2              /* blanks between columns */
#define TABLE_TEXT_COLUMNS_MIN 8 /* no text is made narrower */

/* Zero-initialised is valid and empty. */
struct table {
    size_t column_count;
    size_t width[TABLE_COLUMNS_MAX];
    size_t least[TABLE_COLUMNS_MAX]; /* what a column can be made narrower to */
    bool text[TABLE_COLUMNS_MAX];    /* has a cell that is no number: aligned to the left */
    bool cuts; /* may be set: lines that are too wide all the same are cut and end in "…" */
    struct buf bytes;         /* of all cells, headings first */
    struct table_cell *cells; /* owned; row by row */
    size_t cell_count, cell_cap;
};

void table_deinit(struct table *t);
/* The headings, before any cell; at most TABLE_COLUMNS_MAX. */
void table_heading(struct table *t, struct bytes heading);
/* The next cell, from left to right and row by row. */
void table_text(struct table *t, struct bytes text);
void table_word(struct table *t, struct bytes text); /* stays in one line */
void table_number(struct table *t, int64_t number);
/* Appends what there is. `indent` blanks stand before every line. `width` is the terminal's, or 0: there is room for
 * anything. With too little room even for that, the columns on the right stand below, behind the first one again. */
void table_print(const struct table *t, struct buf *out, size_t indent, size_t width);

#endif
