/* SPDX-License-Identifier: BSD-3-Clause */
/* The growable byte buffer. */
#include "base/buf.h"
#include "base/mem.h"
#include <stdio.h>

#define BUF_BYTES_MIN 64

void buf_deinit(struct buf *b)
{
    mem_free(b->data);
    *b = (struct buf){0};
}

static void buf_grow(struct buf *b, size_t extra)
{
    size_t cap = b->cap < BUF_BYTES_MIN ? BUF_BYTES_MIN : b->cap;

    ASSERT(extra <= SIZE_MAX / 2 - b->len);
    while (cap < b->len + extra)
        cap *= 2;
    b->data = mem_realloc(b->data, cap);
    b->cap = cap;
}

char *buf_reserve(struct buf *b, size_t extra)
{
    if (UNLIKELY(b->cap - b->len < extra || b->data == NULL))
        buf_grow(b, extra);
    return b->data + b->len;
}

void buf_reserve_exactly(struct buf *b, size_t extra)
{
    ASSERT(extra <= SIZE_MAX / 2 - b->len);
    if (b->cap - b->len >= extra)
        return;
    b->cap = b->len + extra;
    b->data = mem_realloc(b->data, b->cap);
}

void buf_append(struct buf *b, const void *data, size_t len)
{
    if (len == 0)
        return;
    memcpy(buf_reserve(b, len), data, len);
    b->len += len;
}

void buf_append_bytes(struct buf *b, struct bytes bytes)
{
    buf_append(b, bytes.data, bytes.len);
}

void buf_append_char(struct buf *b, char c)
{
    *buf_reserve(b, 1) = c;
    b->len++;
}

void buf_append_string(struct buf *b, const char *s)
{
    buf_append(b, s, strlen(s));
}

void buf_printf(struct buf *b, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    buf_vprintf(b, format, args);
    va_end(args);
}

void buf_vprintf(struct buf *b, const char *format, va_list args)
{
    va_list again;
    size_t room;
    int len;

    buf_reserve(b, 1);
    room = b->cap - b->len;
    va_copy(again, args);
    len = vsnprintf(b->data + b->len, room, format, args);
    ASSERT(len >= 0);
    if ((size_t)len >= room) { /* the NUL needs its place too, though it does not count */
        buf_reserve(b, (size_t)len + 1);
        vsnprintf(b->data + b->len, (size_t)len + 1, format, again);
    }
    va_end(again);
    b->len += (size_t)len;
}

void buf_consume(struct buf *b, size_t len)
{
    ASSERT(len <= b->len);
    b->len -= len;
    if (b->len > 0 && len > 0)
        memmove(b->data, b->data + len, b->len);
}

void buf_shrink(struct buf *b, size_t cap_max)
{
    if (b->cap <= cap_max || b->len > cap_max)
        return;
    if (cap_max == 0) {
        buf_deinit(b);
        return;
    }
    b->data = mem_realloc(b->data, cap_max);
    b->cap = cap_max;
}
