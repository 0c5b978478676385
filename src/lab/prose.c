/* SPDX-License-Identifier: BSD-3-Clause */
#include "lab/prose.h"
#include "cli/text.h"

#define PROSE_WIDTH_MIN 16

static struct bytes behind(struct bytes text, size_t len)
{
    while (len < text.len && text.data[len] == ' ')
        len++;
    return bytes_of(text.data + len, text.len - len);
}

struct bytes prose_take(struct bytes *text, size_t width)
{
    struct bytes whole = *text, fits = text_fitting(whole, width);
    size_t len = fits.len;

    if (len < whole.len && whole.data[len] != ' ') {
        while (len > 0 && whole.data[len - 1] != ' ')
            len--;
        if (len == 0) /* one long word */
            len = fits.len;
    }
    if (len == 0 && whole.len > 0) /* a wide character in no room */
        len = whole.len;
    *text = behind(whole, len);
    while (len > 0 && whole.data[len - 1] == ' ')
        len--;
    return bytes_of(whole.data, len);
}

static void append_line(struct buf *out, const char *first, size_t indent, struct bytes line,
                        size_t width)
{
    size_t room = width > indent + PROSE_WIDTH_MIN ? width - indent : PROSE_WIDTH_MIN;

    do {
        struct bytes part = prose_take(&line, room);

        if (first != NULL)
            buf_append_string(out, first);
        else if (part.len > 0)
            text_append_spaces(out, indent);
        buf_append_bytes(out, part);
        buf_append_char(out, '\n');
        first = NULL;
    } while (line.len > 0);
}

void prose_append(struct buf *out, const char *first, struct bytes text, size_t width)
{
    size_t indent = text_width(bytes_of_string(first));

    if (width == 0 || width > PROSE_WIDTH_MAX)
        width = PROSE_WIDTH_MAX;
    do {
        const char *end = memchr(text.data, '\n', text.len);
        size_t len = end == NULL ? text.len : (size_t)(end - text.data);

        append_line(out, first, indent, bytes_of(text.data, len), width);
        first = NULL;
        len += end == NULL ? 0 : 1;
        text = bytes_of(text.data + len, text.len - len);
        if (end == NULL)
            break;
    } while (true);
}
