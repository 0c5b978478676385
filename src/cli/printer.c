/* SPDX-License-Identifier: BSD-3-Clause */
/* The forms of redis-cli. Both recurse over the reply, whose depth its reader bounds (REPLY_DEPTH_MAX). */
#include "cli/printer.h"
#include "base/num.h"
#include "cli/csv_print.h"
#include "cli/json_print.h"
#include "cli/text.h"

static void put_int(struct buf *out, int64_t value)
{
    char digits[NUM_TEXT_BYTES_MAX];

    buf_append(out, digits, num_format_i64(digits, value));
}

/* With everything that is not printable ASCII escaped. */
static void put_quoted(struct buf *out, struct bytes text)
{
    buf_append_char(out, '"');
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];

        if (c >= ' ' && c <= '~' && c != '"' && c != '\\')
            buf_append_char(out, c);
        else
            text_append_escaped(out, c);
    }
    buf_append_char(out, '"');
}

/* --- for a terminal ------------------------------------------------------------------------------- */

static const char *empty_text(enum reply_kind kind)
{
    switch (kind) {
    case REPLY_MAP:
        return "(empty hash)\n";
    case REPLY_SET:
        return "(empty set)\n";
    case REPLY_PUSH:
        return "(empty push)\n";
    default:
        return "(empty array)\n";
    }
}

static char number_mark(enum reply_kind kind)
{
    return kind == REPLY_MAP ? '#' : kind == REPLY_SET ? '~' : ')';
}

static int digits_of(size_t value)
{
    int digits = 1;

    while (value >= 10) {
        value /= 10;
        digits++;
    }
    return digits;
}

static void put_terminal(struct buf *out, const struct reply *r, size_t indent);

/* The value follows on the key's last line; a container of several lines begins on its own. */
static void put_map_value(struct buf *out, const struct reply *value, size_t indent)
{
    struct buf text = {0};

    put_terminal(&text, value, indent);
    out->len--;
    buf_append_string(out, " => ");
    if (value->count > 0 && memchr(text.data, '\n', text.len) != text.data + text.len - 1) {
        buf_append_char(out, '\n');
        text_append_spaces(out, indent);
    }
    buf_append_bytes(out, buf_bytes(&text));
    buf_deinit(&text);
}

/* Items are numbered from 1, right-aligned; the first one continues the line that is there. */
static void put_items(struct buf *out, const struct reply *r, size_t indent)
{
    size_t step = r->kind == REPLY_MAP ? 2 : 1;
    int width = digits_of(r->count / step);

    if (r->count == 0)
        buf_append_string(out, empty_text(r->kind));
    for (size_t i = 0; i + step <= r->count; i += step) {
        size_t below = indent + (size_t)width + 2;

        if (i > 0)
            text_append_spaces(out, indent);
        buf_printf(out, "%*zu%c ", width, i / step + 1, number_mark(r->kind));
        put_terminal(out, &r->items[i], below);
        if (step == 2)
            put_map_value(out, &r->items[i + 1], below);
    }
}

static void put_text(struct buf *out, const char *before, struct bytes text)
{
    buf_append_string(out, before);
    buf_append_bytes(out, text);
    buf_append_char(out, '\n');
}

static void put_terminal(struct buf *out, const struct reply *r, size_t indent)
{
    switch (r->kind) {
    case REPLY_STATUS:
    case REPLY_VERBATIM:
        put_text(out, "", r->text);
        break;
    case REPLY_ERROR:
        put_text(out, "(error) ", r->text);
        break;
    case REPLY_DOUBLE:
        put_text(out, "(double) ", r->text);
        break;
    case REPLY_BIG_NUMBER:
        put_text(out, "(big number) ", r->text);
        break;
    case REPLY_INT:
        buf_printf(out, "(integer) %lld\n", (long long)r->integer);
        break;
    case REPLY_BULK:
        put_quoted(out, r->text);
        buf_append_char(out, '\n');
        break;
    case REPLY_NULL:
        buf_append_string(out, "(nil)\n");
        break;
    case REPLY_BOOL:
        buf_append_string(out, r->integer ? "(true)\n" : "(false)\n");
        break;
    case REPLY_ARRAY:
    case REPLY_MAP:
    case REPLY_SET:
    case REPLY_PUSH:
        put_items(out, r, indent);
        break;
    }
}

static void put_error(struct buf *out, const struct style *style, const struct reply *r)
{
    struct buf line = {0};

    put_terminal(&line, r, 0);
    line.len--; /* the line's end is in no colour */
    style_append(out, style, STYLE_ERROR, buf_bytes(&line));
    buf_append_char(out, '\n');
    buf_deinit(&line);
}

/* --- raw ------------------------------------------------------------------------------------------ */

static void put_raw(struct buf *out, const struct reply *r)
{
    switch (r->kind) {
    case REPLY_STATUS:
    case REPLY_BULK:
    case REPLY_VERBATIM:
    case REPLY_DOUBLE:
    case REPLY_BIG_NUMBER:
        buf_append_bytes(out, r->text);
        break;
    case REPLY_ERROR:
        put_text(out, "", r->text);
        break;
    case REPLY_INT:
        put_int(out, r->integer);
        break;
    case REPLY_NULL:
        break;
    case REPLY_BOOL:
        buf_append_string(out, r->integer ? "(true)" : "(false)");
        break;
    case REPLY_ARRAY:
    case REPLY_MAP:
    case REPLY_SET:
    case REPLY_PUSH:
        for (size_t i = 0; i < r->count; i++) {
            if (i > 0)
                buf_append_char(out, r->kind == REPLY_MAP && i % 2 == 1 ? ' ' : '\n');
            put_raw(out, &r->items[i]);
        }
        break;
    }
}

void printer_reply(const struct printer *p, struct buf *out, const struct reply *reply)
{
    switch (p->form) {
    case PRINTER_TERMINAL:
        if (reply->kind == REPLY_ERROR)
            put_error(out, &p->style, reply);
        else
            put_terminal(out, reply, 0);
        break;
    case PRINTER_RAW:
        put_raw(out, reply);
        buf_append_char(out, '\n');
        break;
    case PRINTER_JSON:
        json_print(out, reply);
        break;
    case PRINTER_CSV:
        csv_print(out, reply);
        break;
    }
}

void printer_document(const struct printer *p, struct buf *out, const struct reply *reply)
{
    bool is_text = reply->kind == REPLY_BULK || reply->kind == REPLY_VERBATIM;

    if (is_text && (p->form == PRINTER_TERMINAL || p->form == PRINTER_RAW))
        buf_append_bytes(out, reply->text);
    else
        printer_reply(p, out, reply);
}
