/* SPDX-License-Identifier: BSD-3-Clause */
/* A list that can be gone through a little at a time, over many turns, while its items come and go. A walk
 * meets once each item that is there from its beginning to its end; one that comes or goes meanwhile it may
 * meet or not. Entries are embedded; use CONTAINER_OF. */
#ifndef ECHOLOG_BASE_ROSTER_H
#define ECHOLOG_BASE_ROSTER_H

#include "base/list.h"

struct roster {
    struct list entries;
};

struct roster_entry {
    struct list link;
    bool is_walk; /* a walk's place, which other walks pass over */
};

struct roster_walk {
    struct roster_entry place;
};

static inline void roster_init(struct roster *r)
{
    list_init(&r->entries);
}

static inline void roster_add(struct roster *r, struct roster_entry *entry)
{
    entry->is_walk = false;
    list_push_back(&r->entries, &entry->link);
}

/* Harmless when it is out already (or was list_init'ed and never in). */
static inline void roster_remove(struct roster_entry *entry)
{
    list_remove(&entry->link);
}

/* The walk stays where it is in memory until roster_walk_end. */
void roster_walk_begin(struct roster *r, struct roster_walk *walk);
/* The next entry, valid as long as it is in the roster; NULL at the end. */
struct roster_entry *roster_walk_next(struct roster *r, struct roster_walk *walk);
/* Harmless after the end, or when it never began and was zeroed. */
void roster_walk_end(struct roster_walk *walk);

#endif
