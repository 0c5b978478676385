/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/table.h"
#include "base/mem.h"
#include "base/num.h"
#include "cli/text.h"

#define ELLIPSIS "\xe2\x80\xa6"

struct table_cell {
    size_t from, len; /* in the table's bytes */
};

void table_deinit(struct table *t)
{
    buf_deinit(&t->bytes);
    mem_free(t->cells);
    *t = (struct table){0};
}

/* The longest part that stays in one line. */
static size_t longest_part(struct bytes text)
{
    size_t longest = 0, from = 0;

    for (size_t i = 0; i <= text.len; i++) {
        if (i < text.len && text.data[i] != ' ' && text.data[i] != '-')
            continue;
        size_t end = i < text.len && text.data[i] == '-' ? i + 1 : i;
        size_t width = text_width(bytes_of(text.data + from, end - from));

        longest = width > longest ? width : longest;
        from = i + 1;
    }
    return longest;
}

/* `least`: how narrow it can be. */
static void put_cell(struct table *t, size_t column, struct bytes text, size_t least)
{
    size_t width = text_width(text);

    if (t->cell_count == t->cell_cap) {
        t->cell_cap = t->cell_cap == 0 ? 64 : 2 * t->cell_cap;
        t->cells = mem_realloc(t->cells, t->cell_cap * sizeof(*t->cells));
    }
    t->cells[t->cell_count++] = (struct table_cell){.from = t->bytes.len, .len = text.len};
    buf_append_bytes(&t->bytes, text);
    if (width > t->width[column])
        t->width[column] = width;
    if (least > t->least[column])
        t->least[column] = least;
}

void table_heading(struct table *t, struct bytes heading)
{
    ASSERT(t->column_count < TABLE_COLUMNS_MAX && t->cell_count == t->column_count);
    put_cell(t, t->column_count, heading, longest_part(heading));
    t->column_count++;
}

static void put_text(struct table *t, struct bytes text, size_t least)
{
    size_t column = t->cell_count % t->column_count;

    /* What stands for nothing goes with what stands around it. */
    t->text[column] |= !bytes_equal(text, BYTES_LITERAL("-"));
    put_cell(t, column, text, least);
}

void table_text(struct table *t, struct bytes text)
{
    size_t width = text_width(text);

    put_text(t, text, width < TABLE_TEXT_COLUMNS_MIN ? width : TABLE_TEXT_COLUMNS_MIN);
}

void table_word(struct table *t, struct bytes text)
{
    put_text(t, text, text_width(text));
}

void table_number(struct table *t, int64_t number)
{
    char digits[NUM_TEXT_BYTES_MAX];
    size_t len = num_format_i64(digits, number);

    put_cell(t, t->cell_count % t->column_count, bytes_of(digits, len), len);
}

/* --- layout --------------------------------------------------------------------------------------- */

/* Columns that stand beside each other, and how wide they are there. */
struct layout {
    size_t count;
    size_t column[TABLE_COLUMNS_MAX], width[TABLE_COLUMNS_MAX];
};

static void add_column(const struct table *t, struct layout *l, size_t column)
{
    l->column[l->count] = column;
    l->width[l->count++] = t->width[column];
}

/* The columns from *from on that have room; the first one stands in front of them again. At least one, and behind it
 * *from is left. */
static void take_columns(const struct table *t, size_t room, size_t *from, struct layout *l)
{
    size_t used = 0;

    l->count = 0;
    if (*from > 0) {
        add_column(t, l, 0);
        used = t->least[0];
    }
    do {
        used += (l->count > 0 ? TABLE_GAP : 0) + t->least[*from];
        if (used > room && l->count > 1)
            return;
        add_column(t, l, (*from)++);
    } while (*from < t->column_count);
}

/* Makes columns narrower, the widest first, until they fit or none can be. */
static void fit(const struct table *t, size_t room, struct layout *l)
{
    size_t used = (l->count - 1) * TABLE_GAP;

    for (size_t i = 0; i < l->count; i++)
        used += l->width[i];
    for (; used > room; used--) {
        size_t widest = l->count;

        for (size_t i = 0; i < l->count; i++)
            if (l->width[i] > t->least[l->column[i]] &&
                (widest == l->count || l->width[i] > l->width[widest]))
                widest = i;
        if (widest == l->count)
            return;
        l->width[widest]--;
    }
}

/* What is left of a cell that is being printed. */
struct remains {
    struct bytes text;
    bool quoted;
};

/* How much of it stands in a line so wide. */
static size_t line_len(const struct remains *r, size_t width)
{
    size_t len = text_fitting(r->text, width).len, at = len;

    if (len == r->text.len || r->quoted || r->text.data[len] == ' ')
        return len;
    while (at > 0 && r->text.data[at - 1] != ' ' && r->text.data[at - 1] != '-')
        at--;
    return at > 0 ? at : len;
}

static struct bytes take_line(struct remains *r, size_t width)
{
    size_t len = line_len(r, width), rest = r->text.len - len;
    struct bytes line = bytes_of(r->text.data, len);

    ASSERT(len > 0 || rest == 0);
    r->text = bytes_of(r->text.data + len, rest);
    if (!r->quoted && rest > 0 && r->text.data[0] == ' ') /* is the end of the line */
        r->text = bytes_of(r->text.data + 1, rest - 1);
    return line;
}

/* One line of a row. False when nothing was left. */
static bool put_row_line(const struct table *t, const struct layout *l, struct remains *row,
                         struct buf *line)
{
    bool any = false;

    for (size_t i = 0; i < l->count; i++) {
        any |= row[i].text.len > 0;
        struct bytes part = take_line(&row[i], l->width[i]);
        size_t blanks = l->width[i] - text_width(part);
        bool is_text = t->text[l->column[i]];

        if (i > 0)
            text_append_spaces(line, TABLE_GAP);
        if (!is_text)
            text_append_spaces(line, blanks);
        buf_append_bytes(line, part);
        if (is_text && i + 1 < l->count)
            text_append_spaces(line, blanks);
    }
    return any;
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

static void put_row(const struct table *t, struct buf *out, const struct table_cell *row,
                    const struct layout *l, size_t indent, size_t width)
{
    struct remains left[TABLE_COLUMNS_MAX];
    struct buf line = {0};

    for (size_t i = 0; i < l->count; i++) {
        const struct table_cell *cell = &row[l->column[i]];

        left[i].text = bytes_of(t->bytes.data + cell->from, cell->len);
        left[i].quoted = cell->len > 0 && left[i].text.data[0] == '"';
    }
    text_append_spaces(&line, indent);
    /* Also a row of nothing is a line. */
    for (bool first = true; put_row_line(t, l, left, &line) || first; first = false) {
        put_line(out, buf_bytes(&line), width);
        buf_clear(&line);
        text_append_spaces(&line, indent);
    }
    buf_deinit(&line);
}

void table_print(const struct table *t, struct buf *out, size_t indent, size_t width)
{
    size_t room = width == 0 ? SIZE_MAX : width > indent ? width - indent : 0;
    struct layout l;

    ASSERT(t->column_count == 0 || t->cell_count % t->column_count == 0);
    for (size_t from = 0; from < t->column_count;) {
        take_columns(t, t->cuts ? SIZE_MAX : room, &from, &l);
        if (!t->cuts)
            fit(t, room, &l);
        for (size_t i = 0; i < t->cell_count; i += t->column_count)
            put_row(t, out, &t->cells[i], &l, indent, t->cuts ? width : 0);
    }
}
