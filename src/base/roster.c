/* SPDX-License-Identifier: BSD-3-Clause */
/* A walk keeps its place by an entry of its own, behind the one it gave last. */
#include "base/roster.h"

#include "base/check.h"

void roster_walk_begin(struct roster *r, struct roster_walk *walk)
{
    walk->place.is_walk = true;
    list_push_front(&r->entries, &walk->place.link);
}

struct roster_entry *roster_walk_next(struct roster *r, struct roster_walk *walk)
{
    struct list *place = &walk->place.link;
    ASSERT(walk->place.is_walk);
    for (struct list *next = place->next; next != &r->entries; next = next->next) {
        struct roster_entry *entry = CONTAINER_OF(next, struct roster_entry, link);
        if (entry->is_walk)
            continue;
        list_remove(place);
        list_insert_before(next->next, place);
        return entry;
    }
    return NULL;
}

void roster_walk_end(struct roster_walk *walk)
{
    if (walk->place.is_walk)
        list_remove(&walk->place.link);
    walk->place.is_walk = false;
}
