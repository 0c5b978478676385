/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/sheet.h"
#include "cli/table.h"
#include "cli/text.h"

#define INDENT 2
#define NOTHING "-"
/* A number under a name that ends so, and is at least so large, is a time of the clock and no duration. */
#define TIME_ENDING "-ms"
#define TIME_MS_MIN 1000000000000

/* --- shapes --------------------------------------------------------------------------------------- */

static bool has_same_names(const struct reply *a, const struct reply *b)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i += 2)
        if (!bytes_equal(a->items[i].text, b->items[i].text))
            return false;
    return true;
}

/* An array of maps that can share their headings. */
static bool is_list(const struct reply *r)
{
    if (r->kind != REPLY_ARRAY || r->count == 0)
        return false;
    for (size_t i = 0; i < r->count; i++) {
        const struct reply *item = &r->items[i];

        if (item->kind != REPLY_MAP || item->count == 0 || item->count / 2 > TABLE_COLUMNS_MAX ||
            !has_same_names(item, &r->items[0]))
            return false;
    }
    return true;
}

static bool is_partition(const struct reply *r)
{
    return r->kind == REPLY_ARRAY && r->count == 2 && r->items[0].kind == REPLY_BULK &&
           r->items[1].kind == REPLY_INT;
}

static bool ends_with(struct bytes text, const char *ending)
{
    size_t len = strlen(ending);

    return text.len >= len && memcmp(text.data + text.len - len, ending, len) == 0;
}

/* --- single values -------------------------------------------------------------------------------- */

static void put_value(struct buf *out, struct bytes name, const struct reply *value);

/* [topic, partition] pairs: "orders/0,1,2 clicks/0". */
static void put_partition(struct buf *out, const struct reply *before, const struct reply *p)
{
    bool same_topic = before != NULL && is_partition(before) &&
                      bytes_equal(before->items[0].text, p->items[0].text);

    if (before != NULL)
        buf_append_char(out, same_topic ? ',' : ' ');
    if (!same_topic) {
        buf_append_bytes(out, p->items[0].text);
        buf_append_char(out, '/');
    }
    buf_printf(out, "%lld", (long long)p->items[1].integer);
}

static void put_items(struct buf *out, struct bytes name, const struct reply *value)
{
    if (value->count == 0)
        buf_append_string(out, NOTHING);
    for (size_t i = 0; i < value->count; i++) {
        const struct reply *item = &value->items[i];

        if (is_partition(item)) {
            put_partition(out, i > 0 ? item - 1 : NULL, item);
            continue;
        }
        if (i > 0)
            buf_append_char(out, value->kind == REPLY_MAP && i % 2 == 1 ? '=' : ' ');
        put_value(out, name, item);
    }
}

static void put_value(struct buf *out, struct bytes name, const struct reply *value)
{
    switch (value->kind) {
    case REPLY_INT:
        if (value->integer >= TIME_MS_MIN && ends_with(name, TIME_ENDING))
            text_append_time(out, value->integer);
        else
            buf_printf(out, "%lld", (long long)value->integer);
        break;
    case REPLY_NULL:
        buf_append_string(out, NOTHING);
        break;
    case REPLY_BOOL:
        buf_append_string(out, value->integer ? "yes" : "no");
        break;
    case REPLY_ARRAY:
    case REPLY_MAP:
    case REPLY_SET:
    case REPLY_PUSH:
        put_items(out, name, value);
        break;
    default:
        buf_append_bytes(out, value->text);
    }
}

/* --- tables and lines ----------------------------------------------------------------------------- */

static void put_list(struct buf *out, const struct style *style, const struct reply *list,
                     size_t indent)
{
    struct table t = {0};
    struct buf cell = {0};

    for (size_t i = 0; i < list->items[0].count; i += 2)
        table_heading(&t, list->items[0].items[i].text);
    for (size_t row = 0; row < list->count; row++) {
        const struct reply *map = &list->items[row];

        for (size_t i = 0; i < map->count; i += 2) {
            const struct reply *value = &map->items[i + 1];

            buf_clear(&cell);
            put_value(&cell, map->items[i].text, value);
            if (value->kind == REPLY_INT && value->integer < TIME_MS_MIN)
                table_number(&t, value->integer);
            else if (value->kind == REPLY_INT)
                table_word(&t, buf_bytes(&cell));
            else
                table_text(&t, buf_bytes(&cell));
        }
    }
    table_print(&t, out, indent, style->width);
    table_deinit(&t);
    buf_deinit(&cell);
}

static size_t longest_name(const struct reply *map)
{
    size_t longest = 0;

    for (size_t i = 0; i + 1 < map->count; i += 2)
        if (text_width(map->items[i].text) > longest)
            longest = text_width(map->items[i].text);
    return longest;
}

static void put_map(struct buf *out, const struct style *style, const struct reply *map,
                    size_t indent)
{
    size_t longest = longest_name(map);

    for (size_t i = 0; i + 1 < map->count; i += 2) {
        struct bytes name = map->items[i].text;
        const struct reply *value = &map->items[i + 1];
        bool below = is_list(value) || (value->kind == REPLY_MAP && value->count > 0);

        text_append_spaces(out, indent);
        style_append(out, style, STYLE_HEADING, name);
        if (!below) {
            size_t end = out->len;

            text_append_spaces(out, longest - text_width(name) + TABLE_GAP);
            size_t from = out->len;
            put_value(out, name, value);
            if (out->len == from) /* no line ends in blanks */
                out->len = end;
        }
        buf_append_char(out, '\n');
        if (below && value->kind == REPLY_MAP)
            put_map(out, style, value, indent + INDENT);
        else if (below)
            put_list(out, style, value, indent + INDENT);
    }
}

bool sheet_print(struct buf *out, const struct style *style, const struct reply *reply)
{
    if (reply->kind == REPLY_MAP && reply->count > 0)
        put_map(out, style, reply, 0);
    else if (is_list(reply))
        put_list(out, style, reply, 0);
    else
        return false;
    return true;
}
