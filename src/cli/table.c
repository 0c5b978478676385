/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/table.h"
#include "base/mem.h"
#include "base/num.h"
#include "cli/text.h"

#define ELLIPSIS "\xe2\x80\xa6"

struct table_cell {
    size_t from, len; /* in the table's bytes */
    size_t width;
};

void table_deinit(struct table *t)
{
    buf_deinit(&t->bytes);
    mem_free(t->cells);
    *t = (struct table){0};
}

static void put_cell(struct table *t, size_t column, struct bytes text)
{
    size_t width = text_width(text);

    if (t->cell_count == t->cell_cap) {
        t->cell_cap = t->cell_cap == 0 ? 64 : 2 * t->cell_cap;
        t->cells = mem_realloc(t->cells, t->cell_cap * sizeof(*t->cells));
    }
    t->cells[t->cell_count++] =
        (struct table_cell){.from = t->bytes.len, .len = text.len, .width = width};
    buf_append_bytes(&t->bytes, text);
    if (width > t->width[column])
        t->width[column] = width;
}

void table_heading(struct table *t, struct bytes heading)
{
    ASSERT(t->column_count < TABLE_COLUMNS_MAX && t->cell_count == t->column_count);
    put_cell(t, t->column_count, heading);
    t->column_count++;
}

void table_text(struct table *t, struct bytes text)
{
    size_t column = t->cell_count % t->column_count;

    /* What stands for nothing goes with what stands around it. */
    t->text[column] |= !bytes_equal(text, BYTES_LITERAL("-"));
    put_cell(t, column, text);
}

void table_number(struct table *t, int64_t number)
{
    char digits[NUM_TEXT_BYTES_MAX];

    put_cell(t, t->cell_count % t->column_count, bytes_of(digits, num_format_i64(digits, number)));
}

static void put_row(const struct table *t, struct buf *line, const struct table_cell *row)
{
    for (size_t i = 0; i < t->column_count; i++) {
        size_t blanks = t->width[i] - row[i].width;

        if (i > 0)
            text_append_spaces(line, TABLE_GAP);
        if (!t->text[i])
            text_append_spaces(line, blanks);
        buf_append(line, t->bytes.data + row[i].from, row[i].len);
        if (t->text[i] && i + 1 < t->column_count)
            text_append_spaces(line, blanks);
    }
}

static void put_line(struct buf *out, struct bytes line, size_t width)
{
    if (width > 0 && text_width(line) > width) {
        buf_append_bytes(out, text_fitting(line, width - 1));
        buf_append_string(out, ELLIPSIS);
    } else {
        while (line.len > 0 && line.data[line.len - 1] == ' ')
            line.len--;
        buf_append_bytes(out, line);
    }
    buf_append_char(out, '\n');
}

void table_print(const struct table *t, struct buf *out, size_t indent, size_t width)
{
    struct buf line = {0};

    ASSERT(t->column_count == 0 || t->cell_count % t->column_count == 0);
    for (size_t i = 0; i < t->cell_count; i += t->column_count) {
        buf_clear(&line);
        text_append_spaces(&line, indent);
        put_row(t, &line, &t->cells[i]);
        put_line(out, buf_bytes(&line), width);
    }
    buf_deinit(&line);
}
