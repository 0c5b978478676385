/* SPDX-License-Identifier: BSD-3-Clause */
/* A binary heap with the least on top, since that is the one to give way. */
#include "metrics/ranking.h"

#include "base/mem.h"

void ranking_init(struct ranking *r, size_t max)
{
    *r = (struct ranking){.max = max};
    r->items = mem_zalloc(max, sizeof(struct ranked *));
}

void ranking_deinit(struct ranking *r)
{
    mem_free(r->items);
    *r = (struct ranking){0};
}

static bool is_less(const struct ranked *a, const struct ranked *b)
{
    if (a->weight != b->weight)
        return a->weight < b->weight;
    return bytes_compare(a->name, b->name) > 0;
}

static void swap(struct ranking *r, size_t a, size_t b)
{
    struct ranked *item = r->items[a];
    r->items[a] = r->items[b];
    r->items[b] = item;
}

static void sift_up(struct ranking *r, size_t at)
{
    for (; at > 0 && is_less(r->items[at], r->items[(at - 1) / 2]); at = (at - 1) / 2)
        swap(r, at, (at - 1) / 2);
}

static void sift_down(struct ranking *r, size_t at)
{
    for (;;) {
        size_t least = at;
        for (size_t child = 2 * at + 1; child <= 2 * at + 2 && child < r->count; child++) {
            if (is_less(r->items[child], r->items[least]))
                least = child;
        }
        if (least == at)
            return;
        swap(r, at, least);
        at = least;
    }
}

struct ranked *ranking_offer(struct ranking *r, struct ranked *item)
{
    if (r->count < r->max) {
        r->items[r->count] = item;
        sift_up(r, r->count++);
        return NULL;
    }
    if (r->max == 0 || is_less(item, r->items[0]))
        return item;
    struct ranked *least = r->items[0];
    r->items[0] = item;
    sift_down(r, 0);
    return least;
}
