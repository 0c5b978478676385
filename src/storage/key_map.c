/* SPDX-License-Identifier: BSD-3-Clause */
/* Open addressing with linear probing; at most three quarters full. */
#include "storage/key_map.h"

#include "base/check.h"
#include "base/mem.h"
#include <sodium.h>

#define CAP_MIN 1024

static_assert(crypto_shorthash_siphashx24_KEYBYTES == KEY_MAP_HASH_KEY_BYTES, "one key");

static void entries_make(struct key_map *m, size_t cap)
{
    m->cap = cap;
    m->entries = mem_alloc(cap * sizeof(m->entries[0]));
    for (size_t i = 0; i < cap; i++)
        m->entries[i].offset = -1;
}

void key_map_init(struct key_map *m)
{
    *m = (struct key_map){0};
    randombytes_buf(m->hash_key, sizeof(m->hash_key));
    entries_make(m, CAP_MIN);
}

void key_map_deinit(struct key_map *m)
{
    mem_free(m->entries);
    *m = (struct key_map){0};
}

void key_map_clear(struct key_map *m)
{
    for (size_t i = 0; i < m->cap; i++)
        m->entries[i].offset = -1;
    m->count = 0;
}

static void hash_of(const struct key_map *m, struct bytes key, uint64_t hash[2])
{
    unsigned char out[crypto_shorthash_siphashx24_BYTES];
    static_assert(sizeof(out) == 2 * sizeof(uint64_t), "two words");
    crypto_shorthash_siphashx24(out, (const unsigned char *)key.data, key.len, m->hash_key);
    memcpy(hash, out, sizeof(out));
}

/* The entry of this hash, or the free one where it belongs. */
static struct key_map_entry *entry_of(const struct key_map *m, const uint64_t hash[2])
{
    for (size_t i = (size_t)hash[0];; i++) {
        struct key_map_entry *e = &m->entries[i & (m->cap - 1)];
        if (e->offset < 0 || (e->hash[0] == hash[0] && e->hash[1] == hash[1]))
            return e;
    }
}

static void grow(struct key_map *m)
{
    struct key_map_entry *old = m->entries;
    size_t cap = m->cap;
    entries_make(m, cap * 2);
    for (size_t i = 0; i < cap; i++)
        if (old[i].offset >= 0)
            *entry_of(m, old[i].hash) = old[i];
    mem_free(old);
}

void key_map_put(struct key_map *m, struct bytes key, int64_t offset)
{
    uint64_t hash[2];
    hash_of(m, key, hash);
    if (m->count + 1 > m->cap / 4 * 3)
        grow(m);
    struct key_map_entry *e = entry_of(m, hash);
    ASSERT(offset > e->offset);
    if (e->offset < 0)
        m->count++;
    e->hash[0] = hash[0];
    e->hash[1] = hash[1];
    e->offset = offset;
}

int64_t key_map_find(const struct key_map *m, struct bytes key)
{
    uint64_t hash[2];
    hash_of(m, key, hash);
    return entry_of(m, hash)->offset;
}
