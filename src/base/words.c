/* SPDX-License-Identifier: BSD-3-Clause */
/* Taking words out of a line, one at a time. */
#include "base/words.h"

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

/* Both of these copy what is inside quotes to *to, from behind the opening one, and return the place
 * behind the closing one, or NULL when there is none. */
static const char *double_quoted_read(const char *p, const char *end, char **to)
{
    while (p < end && *p != '"') {
        bool escape = *p == '\\' && end - p >= 2;
        if (escape && p[1] == 'x' && end - p >= 4 && hex_digit(p[2]) >= 0 && hex_digit(p[3]) >= 0) {
            *(*to)++ = (char)(hex_digit(p[2]) * 16 + hex_digit(p[3]));
            p += 4;
        } else if (escape) {
            *(*to)++ = unescape(p[1]);
            p += 2;
        } else {
            *(*to)++ = *p++;
        }
    }
    return p < end ? p + 1 : NULL;
}

static const char *single_quoted_read(const char *p, const char *end, char **to)
{
    while (p < end && *p != '\'') {
        if (*p == '\\' && end - p >= 2 && p[1] == '\'')
            p++;
        *(*to)++ = *p++;
    }
    return p < end ? p + 1 : NULL;
}

/* Copies one word to *to without its quotes. NULL: they are not balanced. */
static const char *word_read(const char *p, const char *end, char **to)
{
    while (p < end) {
        switch (*p) {
        case ' ':
        case '\t':
        case '\n':
        case '\r':
            return p;
        case '"':
        case '\'':
            p = *p == '"' ? double_quoted_read(p + 1, end, to) : single_quoted_read(p + 1, end, to);
            return p != NULL && (p == end || word_is_blank(*p)) ? p : NULL;
        default:
            *(*to)++ = *p++;
        }
    }
    return p;
}

enum err word_next(struct bytes line, size_t *at, char *to, size_t *len)
{
    char *word = to;

    while (*at < line.len && word_is_blank(line.data[*at]))
        ++*at;
    if (*at == line.len)
        return ERR_NOT_FOUND;
    const char *behind = word_read(line.data + *at, line.data + line.len, &to);
    if (behind == NULL)
        return ERR_INVALID;
    *at = (size_t)(behind - line.data);
    *len = (size_t)(to - word);
    return ERR_OK;
}
