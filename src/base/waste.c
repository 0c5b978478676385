/* SPDX-License-Identifier: BSD-3-Clause */
/* Relies on an allocator that makes a large block smaller where it is, as jemalloc and glibc do. */
#include "base/waste.h"

#include "base/check.h"
#include "base/mem.h"

struct waste_item {
    struct list link;
    struct buf buf;
};

static struct waste_item *first(const struct waste *w)
{
    return CONTAINER_OF(w->items.next, struct waste_item, link);
}

static void item_free(struct waste_item *item)
{
    list_remove(&item->link);
    buf_deinit(&item->buf);
    mem_free(item);
}

void waste_init(struct waste *w)
{
    list_init(&w->items);
}

void waste_deinit(struct waste *w)
{
    while (!waste_is_empty(w))
        item_free(first(w));
}

void waste_take(struct waste *w, struct buf *b)
{
    if (b->cap <= WASTE_BYTES_PER_TURN) {
        buf_deinit(b);
        return;
    }
    struct waste_item *item = mem_zalloc(1, sizeof(*item));
    item->buf = *b;
    buf_clear(&item->buf);
    *b = (struct buf){0};
    list_push_back(&w->items, &item->link);
}

void waste_turn(struct waste *w)
{
    if (waste_is_empty(w))
        return;
    struct waste_item *item = first(w);
    if (item->buf.cap <= WASTE_BYTES_PER_TURN)
        item_free(item);
    else
        buf_shrink(&item->buf, item->buf.cap - WASTE_BYTES_PER_TURN);
}
