/* SPDX-License-Identifier: BSD-3-Clause */
#include "config/value_text.h"
#include "config/words.h"
#include <inttypes.h>

void value_text_size(int64_t bytes, struct buf *text)
{
    static const struct {
        int64_t bytes;
        const char *unit;
    } units[] = {{INT64_C(1) << 30, "gb"}, {INT64_C(1) << 20, "mb"}, {INT64_C(1) << 10, "kb"}};

    for (size_t i = 0; bytes > 0 && i < COUNT_OF(units); i++) {
        if (bytes % units[i].bytes == 0) {
            buf_printf(text, "%" PRId64 "%s", bytes / units[i].bytes, units[i].unit);
            return;
        }
    }
    buf_printf(text, "%" PRId64, bytes);
}

/* Bytes that need no quotes. More would not, but this is plain to see. */
static bool is_plain(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr("._-+:/*@,%=~&", c) != NULL);
}

/* Whether the value can stand as it is: as one word, or as words with single blanks between. */
static bool is_bare(const struct directive *d, struct bytes value)
{
    size_t words = 1;

    for (size_t i = 0; i < value.len; i++) {
        bool separates = value.data[i] == ' ' && (d->flags & DIRECTIVE_WORDS) && i > 0 &&
                         i + 1 < value.len && value.data[i - 1] != ' ';
        if (!separates && !is_plain(value.data[i]))
            return false;
        words += separates;
    }
    return value.len > 0 && words < WORDS_MAX; /* the name is a word too */
}

static void append_quoted(struct bytes value, struct buf *text)
{
    buf_append_char(text, '"');
    for (size_t i = 0; i < value.len; i++) {
        unsigned char c = (unsigned char)value.data[i];

        if (c == '"' || c == '\\')
            buf_printf(text, "\\%c", c);
        else if (c < ' ' || c == 0x7f)
            buf_printf(text, "\\x%02x", c);
        else
            buf_append_char(text, (char)c);
    }
    buf_append_char(text, '"');
}

void value_text_lines(const struct directive *d, const void *values,
                      void (*line)(void *ctx, struct bytes value), void *ctx)
{
    struct buf value = {0}, text = {0};

    if (d->format_lines != NULL) {
        d->format_lines((const char *)values + d->field, line, ctx);
        return;
    }
    directive_get(d, values, &value);
    if (d->type == DIRECTIVE_SIZE)
        value_text_size(*(const int64_t *)(const void *)((const char *)values + d->field), &text);
    else if (is_bare(d, buf_bytes(&value)))
        buf_append_bytes(&text, buf_bytes(&value));
    else
        append_quoted(buf_bytes(&value), &text);
    line(ctx, buf_bytes(&text));
    buf_deinit(&value);
    buf_deinit(&text);
}
