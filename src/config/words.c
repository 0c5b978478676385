/* SPDX-License-Identifier: BSD-3-Clause */
/* Words and quotes. What comes out of a line is never longer than the line, so that the room for it is
 * made once and the words may point there. */
#include "config/words.h"

struct scan {
    struct bytes line;
    size_t at;
    char *out; /* where the next byte goes */
};

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

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

static char unescape(char c)
{
    switch (c) {
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 't':
        return '\t';
    case 'b':
        return '\b';
    case 'a':
        return '\a';
    default:
        return c;
    }
}

/* The byte behind a backslash between double quotes; `at` is on what follows the backslash. */
static char scan_escape(struct scan *s)
{
    const char *c = s->line.data + s->at;

    if (c[0] == 'x' && s->line.len - s->at >= 3 && hex_digit(c[1]) >= 0 && hex_digit(c[2]) >= 0) {
        s->at += 3;
        return (char)(hex_digit(c[1]) << 4 | hex_digit(c[2]));
    }
    s->at++;
    return unescape(c[0]);
}

/* `at` is behind the opening quote. False when the closing one is missing or out of place. */
static bool scan_quoted(struct scan *s, char quote)
{
    while (s->at < s->line.len) {
        char c = s->line.data[s->at++];
        bool more = s->at < s->line.len;

        if (c == quote)
            return !more || word_is_blank(s->line.data[s->at]);
        if (c == '\\' && quote == '"' && more) {
            c = scan_escape(s);
        } else if (c == '\\' && quote == '\'' && more && s->line.data[s->at] == '\'') {
            c = '\'';
            s->at++;
        }
        *s->out++ = c;
    }
    return false;
}

/* One word; a quote may also begin in its middle. */
static bool scan_word(struct scan *s)
{
    while (s->at < s->line.len && !word_is_blank(s->line.data[s->at])) {
        char c = s->line.data[s->at++];

        if (c == '"' || c == '\'')
            return scan_quoted(s, c);
        *s->out++ = c;
    }
    return true;
}

enum err words_split(struct words *w, struct bytes line)
{
    struct scan s = {.line = line};
    enum err err = ERR_OK;

    w->count = 0;
    buf_clear(&w->unquoted);
    s.out = buf_reserve(&w->unquoted, line.len);
    while (err == ERR_OK) {
        const char *start = s.out;

        while (s.at < line.len && word_is_blank(line.data[s.at]))
            s.at++;
        if (s.at == line.len)
            return ERR_OK;
        if (w->count == WORDS_MAX)
            err = ERR_TOO_LARGE;
        else if (!scan_word(&s))
            err = ERR_INVALID;
        else
            w->items[w->count++] = bytes_of(start, (size_t)(s.out - start));
    }
    w->count = 0;
    return err;
}
