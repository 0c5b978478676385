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

/* Whether the value can stand as a row of words, none of which needs quotes. */
static bool is_row(const struct directive *d, struct bytes value)
{
    size_t words = 1;

    if ((d->flags & DIRECTIVE_WORDS) == 0 || value.len == 0)
        return false;
    for (size_t i = 0; i < value.len; i++) {
        unsigned char c = (unsigned char)value.data[i];
        bool separates = c == ' ' && i > 0 && i + 1 < value.len && value.data[i - 1] != ' ';

        if (!separates && (c <= ' ' || c == 0x7f || strchr("\"'\\", c) != NULL))
            return false;
        words += separates;
    }
    return words < WORDS_MAX; /* the name is a word too */
}

void value_text_lines(const struct directive *d, const void *values,
                      void (*line)(void *ctx, struct bytes value), void *ctx)
{
    struct buf value = {0}, text = {0};
    struct bytes whole;

    if (d->format_lines != NULL) {
        d->format_lines((const char *)values + d->field, line, ctx);
        return;
    }
    directive_get(d, values, &value);
    whole = buf_bytes(&value);
    if (d->type == DIRECTIVE_SIZE)
        value_text_size(*(const int64_t *)(const void *)((const char *)values + d->field), &text);
    else if (is_row(d, whole))
        buf_append_bytes(&text, whole);
    else
        words_join(&whole, 1, &text);
    line(ctx, buf_bytes(&text));
    buf_deinit(&value);
    buf_deinit(&text);
}
