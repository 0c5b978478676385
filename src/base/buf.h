/* SPDX-License-Identifier: BSD-3-Clause */
/* A growable, contiguous byte buffer. Zero-initialised is valid and empty. Grows by doubling. */
#ifndef ECHOLOG_BASE_BUF_H
#define ECHOLOG_BASE_BUF_H

#include "base/bytes.h"
#include "base/check.h"
#include <stdarg.h>

struct buf {
    char *data; /* owned; NULL while cap is 0 */
    size_t len;
    size_t cap;
};

void buf_deinit(struct buf *b); /* frees; the buffer is then empty and usable again */
/* Makes room for `extra` more bytes and returns where they go (data + len). */
char *buf_reserve(struct buf *b, size_t extra);
/* The same without growing by doubling: no more than is asked for. */
void buf_reserve_exactly(struct buf *b, size_t extra);
void buf_append(struct buf *b, const void *data, size_t len);
void buf_append_bytes(struct buf *b, struct bytes bytes);
void buf_append_char(struct buf *b, char c);
void buf_append_string(struct buf *b, const char *s);
void buf_printf(struct buf *b, const char *format, ...) PRINTF_LIKE(2, 3);
void buf_vprintf(struct buf *b, const char *format, va_list args) PRINTF_LIKE(2, 0);
/* Drops the first `len` bytes (moves the rest to the front). */
void buf_consume(struct buf *b, size_t len);
/* Gives memory back when the capacity exceeds `cap_max` and the content fits in it. */
void buf_shrink(struct buf *b, size_t cap_max);

static inline void buf_clear(struct buf *b)
{
    b->len = 0;
}

static inline struct bytes buf_bytes(const struct buf *b)
{
    return bytes_of(b->len == 0 ? "" : b->data, b->len);
}

#endif
