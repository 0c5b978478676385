/* SPDX-License-Identifier: BSD-3-Clause */
/* The line reader. */
#include "cli/lines.h"
#include <errno.h>
#include <unistd.h>

void lines_deinit(struct lines *l)
{
    buf_deinit(&l->in);
    *l = (struct lines){0};
}

enum err lines_fill(struct lines *l, int fd)
{
    buf_consume(&l->in, l->pos);
    l->pos = 0;
    if (l->in.len > LINES_LINE_BYTES_MAX)
        return ERR_TOO_LARGE;
    ssize_t got = read(fd, buf_reserve(&l->in, LINES_READ_BYTES), LINES_READ_BYTES);
    if (got > 0)
        l->in.len += (size_t)got;
    else if (got == 0)
        l->ended = true;
    else if (errno != EINTR && errno != EAGAIN)
        return ERR_IO;
    return ERR_OK;
}

bool lines_next(struct lines *l, struct bytes *line)
{
    struct bytes rest = bytes_of(l->in.data + l->pos, l->in.len - l->pos);
    const char *newline = NULL;

    if (rest.len > l->scanned)
        newline = memchr(rest.data + l->scanned, '\n', rest.len - l->scanned);
    if (newline == NULL && !(l->ended && rest.len > 0)) {
        l->scanned = rest.len;
        return false;
    }
    size_t len = newline == NULL ? rest.len : (size_t)(newline - rest.data);
    *line = bytes_of(rest.data, len);
    l->pos += len + (newline != NULL);
    l->scanned = 0;
    l->number++;
    return true;
}

void lines_unread(struct lines *l, struct bytes line)
{
    l->pos = (size_t)(line.data - l->in.data);
    l->scanned = 0;
    l->number--;
}

bool line_split(struct bytes line, struct bytes separator, struct bytes *key, struct bytes *value)
{
    const char *found = memmem(line.data, line.len, separator.data, separator.len);

    ASSERT(separator.len > 0);
    if (found == NULL)
        return false;
    size_t key_len = (size_t)(found - line.data);
    *key = bytes_of(line.data, key_len);
    *value = bytes_of(found + separator.len, line.len - key_len - separator.len);
    return true;
}
