/* SPDX-License-Identifier: BSD-3-Clause */
/* Shared frames. They belong to one thread, so the count is a plain number. */
#include "base/frame.h"
#include "base/check.h"
#include "base/mem.h"

struct frame *frame_create_empty(size_t cap)
{
    struct frame *f;

    ASSERT(cap <= SIZE_MAX - sizeof(*f));
    f = mem_alloc(sizeof(*f) + cap);
    f->refs = 1;
    f->len = 0;
    f->cap = cap;
    return f;
}

struct frame *frame_create(size_t len)
{
    struct frame *f = frame_create_empty(len);

    f->len = len;
    return f;
}

struct frame *frame_ref(struct frame *f)
{
    ASSERT(f->refs > 0 && f->refs < UINT32_MAX);
    f->refs++;
    return f;
}

void frame_unref(struct frame *f)
{
    ASSERT(f->refs > 0);
    if (--f->refs == 0)
        mem_free(f);
}
