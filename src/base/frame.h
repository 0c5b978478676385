/* SPDX-License-Identifier: BSD-3-Clause */
/* A shared, reference-counted run of bytes: an encoded message for many receivers, or several, one behind the other.
 * It may grow while it has room; what is in it stays as it is and where it is. */
#ifndef ECHOLOG_BASE_FRAME_H
#define ECHOLOG_BASE_FRAME_H

#include "base/bytes.h"
#include "base/check.h"
#include <stdint.h>

#define FRAME_COPY_BYTES_MAX 1024 /* up to here a copy is cheaper than a reference */

struct frame {
    uint32_t refs;
    size_t len;
    size_t cap;
    char data[];
};

/* A frame of `len` bytes to be filled by the caller, who holds its one reference. */
struct frame *frame_create(size_t len);
/* An empty one with room for `cap` bytes. */
struct frame *frame_create_empty(size_t cap);
struct frame *frame_ref(struct frame *f);
void frame_unref(struct frame *f); /* the last one frees */

static inline size_t frame_room(const struct frame *f)
{
    return f->cap - f->len;
}

/* `len` more bytes at its end, for which there is room, to be filled by the caller. */
static inline char *frame_extend(struct frame *f, size_t len)
{
    char *place = f->data + f->len;

    ASSERT(len <= frame_room(f));
    f->len += len;
    return place;
}

static inline struct bytes frame_bytes(const struct frame *f)
{
    return bytes_of(f->data, f->len);
}

#endif
