/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/text.h"
#include <time.h>
#include <wchar.h>

/* --- characters ----------------------------------------------------------------------------------- */

/* One character at the front of a text. */
struct character {
    size_t len;     /* at least 1 */
    int width;      /* columns; 1 for what is no character */
    bool printable; /* a whole character that a terminal shows */
};

static struct character character_at(struct bytes text)
{
    mbstate_t state = {0};
    wchar_t wide = 0;
    size_t len = mbrtowc(&wide, text.data, text.len, &state);

    if (len == 0 || len > text.len) /* a NUL, or no character: the results are "negative" */
        return (struct character){.len = 1, .width = 1};
    int width = wcwidth(wide);
    return (struct character){.len = len, .width = width < 0 ? 1 : width, .printable = width >= 0};
}

static struct bytes behind(struct bytes text, size_t len)
{
    return bytes_of(text.data + len, text.len - len);
}

size_t text_width(struct bytes text)
{
    size_t width = 0;

    while (text.len > 0) {
        struct character c = character_at(text);

        width += (size_t)c.width;
        text = behind(text, c.len);
    }
    return width;
}

struct bytes text_fitting(struct bytes text, size_t width)
{
    struct bytes rest = text;
    size_t used = 0;

    while (rest.len > 0) {
        struct character c = character_at(rest);

        if (used + (size_t)c.width > width)
            break;
        used += (size_t)c.width;
        rest = behind(rest, c.len);
    }
    return bytes_of(text.data, text.len - rest.len);
}

/* --- putting -------------------------------------------------------------------------------------- */

void text_append_escaped(struct buf *out, char c)
{
    static const char values[] = "\\\"\n\r\t\a\b", names[] = "\\\"nrtab";
    const char *value = c == '\0' ? NULL : strchr(values, c);

    if (value != NULL) {
        buf_append_char(out, '\\');
        buf_append_char(out, names[value - values]);
    } else {
        buf_printf(out, "\\x%02x", (unsigned char)c);
    }
}

void text_append_quoted(struct buf *out, struct bytes text)
{
    buf_append_char(out, '"');
    while (text.len > 0) {
        struct character c = character_at(text);

        if (c.printable && text.data[0] != '"' && text.data[0] != '\\')
            buf_append(out, text.data, c.len);
        else
            for (size_t i = 0; i < c.len; i++)
                text_append_escaped(out, text.data[i]);
        text = behind(text, c.len);
    }
    buf_append_char(out, '"');
}

void text_append_wrapped(struct buf *out, struct bytes text, size_t at, size_t indent, size_t width)
{
    size_t from = 0;

    for (size_t i = 0; i <= text.len; i++) {
        if (i < text.len && text.data[i] != ' ')
            continue;
        struct bytes word = bytes_of(text.data + from, i - from);
        size_t columns = text_width(word);
        bool fits = width == 0 || at + (from > 0) + columns <= width;

        if (from > 0 && fits) {
            buf_append_char(out, ' ');
            at++;
        } else if (from > 0) {
            buf_append_char(out, '\n');
            text_append_spaces(out, indent);
            at = indent;
        }
        buf_append_bytes(out, word);
        at += columns;
        from = i + 1;
    }
}

void text_append_spaces(struct buf *out, size_t count)
{
    memset(buf_reserve(out, count), ' ', count);
    out->len += count;
}

void text_write(struct bytes text, FILE *to)
{
    if (text.len > 0)
        fwrite(text.data, 1, text.len, to);
}

void text_append_time(struct buf *out, int64_t ms)
{
    char text[64];
    time_t seconds = (time_t)(ms / 1000);
    struct tm tm;

    if (ms < 0 || gmtime_r(&seconds, &tm) == NULL) {
        buf_printf(out, "%lld", (long long)ms);
        return;
    }
    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
    buf_printf(out, "%s.%03dZ", text, (int)(ms % 1000));
}
