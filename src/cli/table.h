/* SPDX-License-Identifier: BSD-3-Clause */
/* Rows of cells under headings, laid out in columns that are as wide as their widest cell. A column of numbers
 * is aligned to the right. The last column is not padded, so that no line ends in blanks. */
#ifndef ECHOLOG_CLI_TABLE_H
#define ECHOLOG_CLI_TABLE_H

#include "base/buf.h"
#include "base/bytes.h"
#include "base/check.h"
#include <stdbool.h>
#include <stdint.h>

#define TABLE_COLUMNS_MAX 32
#define TABLE_GAP 2 /* blanks between columns */

/* Zero-initialised is valid and empty. */
struct table {
    size_t column_count;
    size_t width[TABLE_COLUMNS_MAX];
    bool text[TABLE_COLUMNS_MAX]; /* has a cell that is no number: aligned to the left */
    struct buf bytes;             /* of all cells, headings first */
    struct table_cell *cells;     /* owned; row by row */
    size_t cell_count, cell_cap;
};

void table_deinit(struct table *t);
/* The headings, before any cell; at most TABLE_COLUMNS_MAX. */
void table_heading(struct table *t, struct bytes heading);
/* The next cell, from left to right and row by row. */
void table_text(struct table *t, struct bytes text);
void table_number(struct table *t, int64_t number);
/* Appends what there is. `indent` blanks stand before every line. A line that would be wider than `width` columns is
 * cut and ends in "…"; 0: none is. */
void table_print(const struct table *t, struct buf *out, size_t indent, size_t width);

#endif
