/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/scan.h"

#include <string.h>

#define SAME_BYTES_MAX 64 /* of a reply that may come many times in a row */

/* A value at the present depth is complete, and perhaps the arrays that it ends. */
static void scan_value(struct scan *s)
{
    while (true) {
        s->items += s->depth == s->count_at;
        if (s->depth == 0) {
            s->replies++;
            return;
        }
        if (--s->left[s->depth] > 0)
            return;
        s->depth--;
    }
}

static enum err scan_array(struct scan *s, int64_t count)
{
    if (count <= 0) {
        scan_value(s);
        return ERR_OK;
    }
    if (s->depth == SCAN_DEPTH_MAX)
        return ERR_INVALID;
    s->left[++s->depth] = count;
    return ERR_OK;
}

static void scan_error(struct scan *s, struct bytes text)
{
    if (s->errors++ == 0) {
        size_t len = text.len < SCAN_ERROR_BYTES ? text.len : SCAN_ERROR_BYTES - 1;

        memcpy(s->first_error, text.data, len);
        s->first_error[len] = '\0';
    }
    scan_value(s);
}

/* The number of a line; strict enough to notice when the stream is not understood. */
static bool line_number(struct bytes text, int64_t *number)
{
    bool negative = text.len > 0 && text.data[0] == '-';
    int64_t n = 0;

    if (text.len == (negative ? 1 : 0) || text.len > 12)
        return false;
    for (size_t i = negative ? 1 : 0; i < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9')
            return false;
        n = n * 10 + (text.data[i] - '0');
    }
    *number = negative ? -n : n;
    return true;
}

/* One line, without its end. */
static enum err scan_line(struct scan *s, struct bytes line)
{
    struct bytes rest = bytes_of(line.data + 1, line.len == 0 ? 0 : line.len - 1);
    int64_t n;

    switch (line.len == 0 ? '\0' : line.data[0]) {
    case ':':
    case '+':
    case '_':
    case '#':
    case ',':
    case '(':
        scan_value(s);
        return ERR_OK;
    case '-':
        scan_error(s, rest);
        return ERR_OK;
    case '$':
    case '=':
        if (!line_number(rest, &n))
            return ERR_INVALID;
        if (n < 0)
            scan_value(s);
        else
            s->skip = (uint64_t)n + 2;
        return ERR_OK;
    case '*':
    case '~':
    case '>':
        return line_number(rest, &n) ? scan_array(s, n) : ERR_INVALID;
    case '%':
        return line_number(rest, &n) ? scan_array(s, 2 * n) : ERR_INVALID;
    default:
        return ERR_INVALID;
    }
}

/* The beginning of a line whose end is yet to come. */
static void scan_keep(struct scan *s, const char *data, size_t len)
{
    size_t room = SCAN_LINE_BYTES - s->line_len;

    if (len > room)
        len = room;
    memcpy(s->line + s->line_len, data, len);
    s->line_len += len;
}

/* The line that ends at `end` (its line feed), of which a beginning may have come before. */
static enum err scan_line_end(struct scan *s, const char *begin, const char *end)
{
    struct bytes line = bytes_of(begin, (size_t)(end - begin));

    if (s->line_len > 0) {
        scan_keep(s, begin, line.len);
        line = bytes_of(s->line, s->line_len);
        s->line_len = 0;
    }
    if (line.len > 0 && line.data[line.len - 1] == '\r')
        line.len--;
    return scan_line(s, line);
}

/* A server that is asked the same thing answers the same: steps over what repeats the reply [from, at) as it
 * is, and returns where that ends. */
static const char *scan_same(struct scan *s, const char *from, const char *at, const char *end,
                             uint64_t items)
{
    size_t len = (size_t)(at - from);

    if (len > SAME_BYTES_MAX || *from == '-')
        return at;
    while ((size_t)(end - at) >= len && memcmp(from, at, len) == 0) {
        at += len;
        s->replies++;
        s->items += items;
    }
    return at;
}

enum err scan_feed(struct scan *s, struct bytes data)
{
    const char *at = data.data, *end = data.data + data.len;
    const char *reply = NULL; /* where the one under way begins, when that is in `data` */
    uint64_t items = 0;       /* before it */

    while (at < end) {
        uint64_t replies = s->replies;

        if (s->skip > 0) {
            size_t len = s->skip < (size_t)(end - at) ? (size_t)s->skip : (size_t)(end - at);

            s->skip -= len;
            at += len;
            if (s->skip > 0)
                return ERR_OK;
            scan_value(s);
        } else {
            const char *line_end = memchr(at, '\n', (size_t)(end - at));

            if (s->depth == 0 && s->line_len == 0) {
                reply = at;
                items = s->items;
            }
            if (line_end == NULL) {
                scan_keep(s, at, (size_t)(end - at));
                return ERR_OK;
            }
            if (scan_line_end(s, at, line_end) != ERR_OK)
                return ERR_INVALID;
            at = line_end + 1;
        }
        if (s->replies > replies && reply != NULL) {
            at = scan_same(s, reply, at, end, s->items - items);
            reply = NULL;
        }
    }
    return ERR_OK;
}
