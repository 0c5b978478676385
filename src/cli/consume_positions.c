/* SPDX-License-Identifier: BSD-3-Clause */
/* Positions. Partitions are numbered from 0, so theirs is almost always the place they are looked for. */
#include "cli/consume_positions.h"
#include "base/check.h"
#include "base/mem.h"

void consume_positions_deinit(struct consume_positions *p)
{
    mem_free(p->items);
    *p = (struct consume_positions){0};
}

struct consume_position *consume_positions_find(struct consume_positions *p, int64_t partition)
{
    if (partition >= 0 && (uint64_t)partition < p->count &&
        p->items[partition].partition == partition)
        return &p->items[partition];
    for (size_t i = 0; i < p->count; i++)
        if (p->items[i].partition == partition)
            return &p->items[i];
    return NULL;
}

void consume_positions_add(struct consume_positions *p, int64_t partition, int64_t offset)
{
    ASSERT(consume_positions_find(p, partition) == NULL);
    /* Topics grow rarely: room is made one by one, which the allocator rounds up. */
    p->items = mem_realloc(p->items, (p->count + 1) * sizeof(*p->items));
    p->items[p->count++] = (struct consume_position){
        .partition = partition, .offset = offset, .committed = offset, .end = -1};
}
