/* SPDX-License-Identifier: BSD-3-Clause */
/* Large buffers that nobody needs any more, given back a piece per turn: half a gigabyte at once takes the system tens
 * of milliseconds, in which nobody else would be served. */
#ifndef ECHOLOG_BASE_WASTE_H
#define ECHOLOG_BASE_WASTE_H

#include "base/buf.h"
#include "base/list.h"
#include <stdbool.h>

#define WASTE_BYTES_PER_TURN ((size_t)8 * 1024 * 1024) /* smaller buffers are freed at once */

struct waste {
    struct list items; /* of struct waste_item, owned */
};

void waste_init(struct waste *w);
void waste_deinit(struct waste *w); /* frees all that is left */
/* Takes over the memory; the buffer is empty and usable then. */
void waste_take(struct waste *w, struct buf *b);
void waste_turn(struct waste *w);
static inline bool waste_is_empty(const struct waste *w)
{
    return list_empty(&w->items);
}

#endif
