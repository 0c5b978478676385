/* SPDX-License-Identifier: BSD-3-Clause */
/* A shared, reference-counted, immutable run of bytes: one encoded message for many receivers. */
#ifndef ECHOLOG_BASE_FRAME_H
#define ECHOLOG_BASE_FRAME_H

#include "base/bytes.h"
#include <stdint.h>

#define FRAME_COPY_BYTES_MAX 1024 /* up to here a copy is cheaper than a reference */

struct frame {
    uint32_t refs;
    size_t len;
    char data[];
};

/* A frame of `len` bytes to be filled by the caller, who holds its one reference. */
struct frame *frame_create(size_t len);
struct frame *frame_ref(struct frame *f);
void frame_unref(struct frame *f); /* the last one frees */

static inline struct bytes frame_bytes(const struct frame *f)
{
    return bytes_of(f->data, f->len);
}

#endif
