/* SPDX-License-Identifier: BSD-3-Clause */
/* The words of a line, each with its NUL, in one piece of memory. */
#include "cli/quoting.h"
#include "base/mem.h"
#include "base/words.h"

bool words_split(struct words *words, struct bytes line)
{
    size_t at = 0, len;
    enum err err;

    words_deinit(words);
    words->text = mem_alloc(line.len + 1);
    words->items = mem_alloc((line.len / 2 + 1) * sizeof(*words->items));
    char *to = words->text;
    while ((err = word_next(line, &at, to, &len)) == ERR_OK) {
        words->items[words->count++] = bytes_of(to, len);
        to += len;
        *to++ = '\0';
    }
    if (err == ERR_NOT_FOUND)
        return true;
    words_deinit(words);
    return false;
}

void words_deinit(struct words *words)
{
    mem_free(words->text);
    mem_free(words->items);
    *words = (struct words){0};
}

char words_open_quote(struct bytes line)
{
    char open = '\0';

    for (size_t i = 0; i < line.len; i++) {
        char c = line.data[i];
        bool is_last = i + 1 == line.len;

        if (open == '\0') {
            open = c == '"' || c == '\'' ? c : '\0';
        } else if (c == '\\' && !is_last && (open == '"' || line.data[i + 1] == '\'')) {
            i++; /* what it stands before closes nothing */
        } else if (c == open) {
            if (!is_last && !word_is_blank(line.data[i + 1]))
                return '\0'; /* no other line mends this one */
            open = '\0';
        }
    }
    return open;
}
