/* SPDX-License-Identifier: BSD-3-Clause */
/* The words of a line, all at once. The room for them is made before, so that they may point there. */
#include "config/words.h"
#include "base/words.h"

void words_init(struct words *w)
{
    w->count = 0;
    w->unquoted = (struct buf){0};
}

void words_deinit(struct words *w)
{
    buf_deinit(&w->unquoted);
    w->count = 0;
}

enum err words_split(struct words *w, struct bytes line)
{
    char *to = buf_reserve(&w->unquoted, line.len);
    size_t at = 0, len;
    enum err err;

    w->count = 0;
    while ((err = word_next(line, &at, to, &len)) == ERR_OK && w->count < WORDS_MAX) {
        w->items[w->count++] = bytes_of(to, len);
        to += len;
    }
    if (err == ERR_NOT_FOUND)
        return ERR_OK;
    w->count = 0;
    return err == ERR_OK ? ERR_TOO_LARGE : err;
}

static bool needs_quotes(struct bytes word)
{
    for (size_t i = 0; i < word.len; i++) {
        unsigned char c = (unsigned char)word.data[i];

        if (c <= ' ' || c == 0x7f || strchr("\"'\\", c) != NULL)
            return true;
    }
    return word.len == 0;
}

static void append_quoted(struct bytes word, struct buf *line)
{
    buf_append_char(line, '"');
    for (size_t i = 0; i < word.len; i++) {
        unsigned char c = (unsigned char)word.data[i];

        if (c == '"' || c == '\\')
            buf_printf(line, "\\%c", c);
        else if (c < ' ' || c == 0x7f)
            buf_printf(line, "\\x%02x", c);
        else
            buf_append_char(line, (char)c);
    }
    buf_append_char(line, '"');
}

void words_join(const struct bytes *words, size_t count, struct buf *line)
{
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            buf_append_char(line, ' ');
        if (needs_quotes(words[i]))
            append_quoted(words[i], line);
        else
            buf_append_bytes(line, words[i]);
    }
}
