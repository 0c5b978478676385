/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/csv_print.h"

#define LINE_END "\r\n"

static bool is_container(const struct reply *r)
{
    return r->kind == REPLY_ARRAY || r->kind == REPLY_MAP || r->kind == REPLY_SET ||
           r->kind == REPLY_PUSH;
}

static bool is_number(const struct reply *r)
{
    return r->kind == REPLY_INT || r->kind == REPLY_DOUBLE || r->kind == REPLY_BIG_NUMBER;
}

void csv_append_value(struct buf *out, const struct reply *value)
{
    if (value->kind == REPLY_INT)
        buf_printf(out, "%lld", (long long)value->integer);
    else if (value->kind == REPLY_BOOL)
        buf_append_string(out, value->integer ? "true" : "false");
    else if (value->kind != REPLY_NULL)
        buf_append_bytes(out, value->text);
}

static void put_quoted(struct buf *out, struct bytes text)
{
    buf_append_char(out, '"');
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] == '"')
            buf_append_char(out, '"');
        buf_append_char(out, text.data[i]);
    }
    buf_append_char(out, '"');
}

/* Everything in `r` one behind the other. */
static void put_flat(struct buf *out, const struct reply *r, bool *first)
{
    if (is_container(r)) {
        for (size_t i = 0; i < r->count; i++)
            put_flat(out, &r->items[i], first);
        return;
    }
    if (!*first)
        buf_append_char(out, ',');
    *first = false;
    if (r->kind == REPLY_ERROR) {
        buf_append_string(out, "\"ERROR\",");
        put_quoted(out, r->text);
    } else if (is_number(r) || r->kind == REPLY_NULL || r->kind == REPLY_BOOL) {
        csv_append_value(out, r);
    } else {
        put_quoted(out, r->text);
    }
}

static bool has_lines(const struct reply *r)
{
    if (r->kind != REPLY_ARRAY || r->count == 0)
        return false;
    for (size_t i = 0; i < r->count; i++)
        if (!is_container(&r->items[i]))
            return false;
    return true;
}

void csv_print(struct buf *out, const struct reply *reply)
{
    size_t count = has_lines(reply) ? reply->count : 1;

    for (size_t i = 0; i < count; i++) {
        bool first = true;

        put_flat(out, has_lines(reply) ? &reply->items[i] : reply, &first);
        buf_append_string(out, LINE_END);
    }
}
