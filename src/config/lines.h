/* SPDX-License-Identifier: BSD-3-Clause */
/* The lines of a configuration file. */
#ifndef ECHOLOG_CONFIG_LINES_H
#define ECHOLOG_CONFIG_LINES_H

#include "base/bytes.h"
#include "base/words.h"

/* Takes the next line, without the '\n' at its end, off the front of `text`, which is not empty. */
static inline struct bytes line_next(struct bytes *text)
{
    const char *end = memchr(text->data, '\n', text->len);
    size_t len = end == NULL ? text->len : (size_t)(end - text->data);
    struct bytes line = bytes_of(text->data, len);

    if (end != NULL)
        len++;
    *text = bytes_of(text->data + len, text->len - len);
    return line;
}

/* Whether it says nothing to the server: a comment, or blank. */
static inline bool line_is_comment(struct bytes line)
{
    size_t i = 0;

    while (i < line.len && word_is_blank(line.data[i]))
        i++;
    return i == line.len || line.data[i] == '#';
}

#endif
