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
