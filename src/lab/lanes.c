/* SPDX-License-Identifier: BSD-3-Clause */
#include "lab/lanes.h"
#include "base/check.h"
#include "cli/text.h"
#include "lab/prose.h"
#include <stdio.h>

#define MARK_COLUMNS 2 /* in front of a text: what kind it is */

static const char *const marks[] = {
    [LANE_TYPED] = "> ",   [LANE_REPLY] = "  ", [LANE_PUSH] = "< ",
    [LANE_TROUBLE] = "! ", [LANE_NOTE] = "* ",
};

size_t lanes_add(struct lanes *lanes, const char *name)
{
    ASSERT(lanes->count < LANES_MAX);
    snprintf(lanes->names[lanes->count], LANES_NAME_BYTES, "%s", name);
    return lanes->count++;
}

void lanes_interrupted(struct lanes *lanes)
{
    lanes->headed_count = 0;
}

static size_t lanes_width(const struct lanes *lanes)
{
    return lanes->style.width > 0 ? lanes->style.width : LANES_WIDTH_DEFAULT;
}

/* Of the text of a lane. Each has a blank in front, and a blank and a line behind it. 0: too narrow. */
static size_t lanes_column(const struct lanes *lanes)
{
    size_t all = lanes_width(lanes) / lanes->count;
    size_t column = all > 3 ? all - 3 : 0;

    if (column > LANES_COLUMN_MAX)
        return LANES_COLUMN_MAX;
    return column < LANES_COLUMN_MIN ? 0 : column;
}

/* --- columns -------------------------------------------------------------------------------------- */

static void put_styled(const struct lanes *lanes, struct buf *out, enum lane_kind kind,
                       struct bytes text)
{
    if (kind == LANE_TYPED)
        style_append(out, &lanes->style, STYLE_HEADING, text);
    else if (kind == LANE_TROUBLE)
        style_append(out, &lanes->style, STYLE_ERROR, text);
    else
        buf_append_bytes(out, text);
}

static void put_rule(const struct lanes *lanes, struct buf *out, const char *rule)
{
    style_append(out, &lanes->style, STYLE_FAINT, bytes_of_string(rule));
}

/* Lines of this program do not end in blanks. */
static void cut_blanks(struct buf *out)
{
    while (out->len > 0 && out->data[out->len - 1] == ' ')
        out->len--;
}

static void put_heading(const struct lanes *lanes, struct buf *out, size_t column)
{
    for (size_t i = 0; i < lanes->count; i++) {
        struct bytes name = text_fitting(bytes_of_string(lanes->names[i]), column);

        buf_append_string(out, " ");
        style_append(out, &lanes->style, STYLE_HEADING, name);
        if (i + 1 < lanes->count) {
            text_append_spaces(out, column - text_width(name) + 1);
            put_rule(lanes, out, "│");
        }
    }
    buf_append_char(out, '\n');
    for (size_t i = 0; i < lanes->count; i++) {
        for (size_t at = 0; at < column + 2; at++)
            put_rule(lanes, out, "─");
        if (i + 1 < lanes->count)
            put_rule(lanes, out, "┼");
    }
    buf_append_char(out, '\n');
}

static void put_row(const struct lanes *lanes, struct buf *out, size_t lane, size_t column,
                    const char *mark, enum lane_kind kind, struct bytes text)
{
    size_t start = out->len;

    for (size_t i = 0; i < lanes->count; i++) {
        buf_append_char(out, ' ');
        if (i == lane) {
            buf_append_string(out, mark);
            put_styled(lanes, out, kind, text);
        }
        if (i + 1 < lanes->count) {
            size_t used = i == lane ? MARK_COLUMNS + text_width(text) : 0;

            text_append_spaces(out, column - used + 1);
            put_rule(lanes, out, "│");
        }
    }
    if (out->len > start)
        cut_blanks(out);
    buf_append_char(out, '\n');
}

static void put_prefixed(const struct lanes *lanes, struct buf *out, size_t lane, const char *mark,
                         enum lane_kind kind, struct bytes text)
{
    style_append(out, &lanes->style, STYLE_FAINT, bytes_of_string(lanes->names[lane]));
    buf_append_char(out, ' ');
    buf_append_string(out, mark);
    put_styled(lanes, out, kind, text);
    cut_blanks(out);
    buf_append_char(out, '\n');
}

/* --- lines ---------------------------------------------------------------------------------------- */

/* How wide a line of this lane may be where names stand in front. */
static size_t lanes_prefixed_room(const struct lanes *lanes, size_t lane)
{
    size_t taken = text_width(bytes_of_string(lanes->names[lane])) + 1 + MARK_COLUMNS;
    size_t width = lanes_width(lanes);

    return width > taken + LANES_COLUMN_MIN / 2 ? width - taken : LANES_COLUMN_MIN / 2;
}

static void put_line(struct lanes *lanes, struct buf *out, size_t lane, enum lane_kind kind,
                     struct bytes line)
{
    size_t column = lanes_column(lanes);
    size_t room = column > 0 ? column - MARK_COLUMNS : lanes_prefixed_room(lanes, lane);
    const char *mark = marks[kind];

    do {
        struct bytes part = prose_take(&line, room);

        if (column > 0)
            put_row(lanes, out, lane, column, mark, kind, part);
        else
            put_prefixed(lanes, out, lane, mark, kind, part);
        mark = marks[LANE_REPLY];
    } while (line.len > 0);
}

void lanes_put(struct lanes *lanes, struct buf *out, size_t lane, enum lane_kind kind,
               struct bytes text)
{
    size_t column = lanes_column(lanes);

    ASSERT(lane < lanes->count);
    if (column > 0 && (lanes->headed_count != lanes->count || lanes->headed_width != column))
        put_heading(lanes, out, column);
    lanes->headed_count = lanes->count;
    lanes->headed_width = column;
    while (text.len > 0) {
        const char *end = memchr(text.data, '\n', text.len);
        size_t len = end == NULL ? text.len : (size_t)(end - text.data);

        put_line(lanes, out, lane, kind, bytes_of(text.data, len));
        len += end == NULL ? 0 : 1;
        text = bytes_of(text.data + len, text.len - len);
    }
}
