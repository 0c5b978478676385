/* SPDX-License-Identifier: BSD-3-Clause */
/* The last offset of each key, for compaction. Keys are kept as keyed hashes of 128 bits, so that what a key
 * costs does not depend on it, and nobody can choose two that are taken for one. */
#ifndef ECHOLOG_STORAGE_KEY_MAP_H
#define ECHOLOG_STORAGE_KEY_MAP_H

#include "base/bytes.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KEY_MAP_HASH_KEY_BYTES 16

struct key_map_entry {
    uint64_t hash[2];
    int64_t offset; /* -1: free */
};

struct key_map {
    unsigned char hash_key[KEY_MAP_HASH_KEY_BYTES]; /* random */
    struct key_map_entry *entries;                  /* owned */
    size_t cap;                                     /* a power of two */
    size_t count;
};

void key_map_init(struct key_map *m);
void key_map_deinit(struct key_map *m);
void key_map_clear(struct key_map *m); /* keeps the room */
/* Notes that the key is at `offset`, which is greater than any before. */
void key_map_put(struct key_map *m, struct bytes key, int64_t offset);
/* Where the key was last; -1 when it is not here. */
int64_t key_map_find(const struct key_map *m, struct bytes key);

#endif
