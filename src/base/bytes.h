/* SPDX-License-Identifier: BSD-3-Clause */
/* Borrowed bytes of any content. A `struct bytes` never owns what it points to and dies with the
 * turn of the loop unless its header says otherwise. */
#ifndef ECHOLOG_BASE_BYTES_H
#define ECHOLOG_BASE_BYTES_H

#include "base/check.h"
#include "base/chunk.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct bytes {
    const char *data; /* NULL means null (absent), which differs from empty */
    size_t len;
};

#define BYTES_NULL ((struct bytes){NULL, 0})
#define BYTES_LITERAL(s) ((struct bytes){"" s, sizeof(s) - 1})

static inline struct bytes bytes_of(const void *data, size_t len)
{
    return (struct bytes){data, len};
}

static inline struct bytes bytes_of_string(const char *s)
{
    return (struct bytes){s, strlen(s)};
}

static inline bool bytes_is_null(struct bytes b)
{
    return b.data == NULL;
}

static inline bool bytes_equal(struct bytes a, struct bytes b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

/* Lexicographic by unsigned byte, shorter first on a tie; <0, 0, >0. */
int bytes_compare(struct bytes a, struct bytes b);

/* ASCII letters only, whatever the locale. */
static inline char byte_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

static inline char byte_upper(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c - ('a' - 'A')) : c;
}

/* Equality without regard to ASCII case. */
bool bytes_equal_nocase(struct bytes a, struct bytes b);
/* The same with a word: a short one that is written at the call costs a few instructions. */
static ALWAYS_INLINE bool bytes_is(struct bytes a, const char *word)
{
    size_t len = strlen(word);
    if (a.len != len)
        return false;
    if (__builtin_constant_p(len) && len <= CHUNK_BYTES)
        return chunk_lower(chunk_load(a.data, len)) == chunk_lower(chunk_load(word, len));
    return bytes_equal_nocase(a, bytes_of(word, len));
}
static inline bool bytes_starts_with(struct bytes a, const char *prefix)
{
    size_t len = strlen(prefix);
    return a.len >= len && (len == 0 || memcmp(a.data, prefix, len) == 0);
}

#endif
