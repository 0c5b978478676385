/* SPDX-License-Identifier: BSD-3-Clause */
/* A hash table from bytes to pointers for names that clients choose. It hashes with a secret key
 * (SipHash, see base/hash.h) so that chosen names cannot collide on purpose, and it grows and shrinks
 * a few buckets per operation, so that no single call pauses the loop. Keys are copied. */
#ifndef ECHOLOG_BASE_DICT_H
#define ECHOLOG_BASE_DICT_H

#include "base/bytes.h"
#include "base/hash.h"
#include <stdbool.h>
#include <stddef.h>

struct dict_entry;

struct dict_table {
    struct dict_entry **buckets; /* owned; a power of two of them */
    size_t bucket_count;
    size_t used;
};

/* Entries that were found lately, for a dict that is asked for the same few keys again and again: found once more, a key
 * costs no hash. Which place a key has here its sender can choose; who makes keys meet only has them looked up in the table. */
#define DICT_RECENT_BITS 6

struct dict_recent {
    struct dict_entry *entries[1 << DICT_RECENT_BITS];
};

struct dict {
    struct dict_table tables[2]; /* [1] is being filled while the dict is resized */
    size_t rehash_next;          /* the bucket of tables[0] to move next */
    bool rehashing;
    size_t entry_bytes;         /* memory of all entries with their keys */
    const struct hash_key *key; /* borrowed, outlives the dict */
    struct dict_recent *recent; /* borrowed; NULL: none */
};

void dict_init(struct dict *d, const struct hash_key *key);
/* Has it remember what was found lately, in `recent`, which outlives the dict. */
void dict_remember(struct dict *d, struct dict_recent *recent);
/* Frees the table and its key copies; the values are the caller's. */
void dict_deinit(struct dict *d);

size_t dict_count(const struct dict *d);
/* The value, or NULL when the key is not there. */
void *dict_find(const struct dict *d, struct bytes key);
/* Adds a key that is not there (asserted) with a value that is not NULL. Returns the dict's own copy
 * of the key (NUL-terminated behind its end), valid until the key is removed. */
struct bytes dict_add(struct dict *d, struct bytes key, void *value);
/* Takes the key out and returns its value, or NULL when it was not there. */
void *dict_remove(struct dict *d, struct bytes key);

/* Iteration in no particular order. The dict must not be changed during it. */
struct dict_iter {
    const struct dict *dict;
    size_t table, bucket;
    struct dict_entry *entry;
};
void dict_iter_init(struct dict_iter *it, const struct dict *d);
/* False at the end; either result may be NULL when not wanted. */
bool dict_iter_next(struct dict_iter *it, struct bytes *key, void **value);

/* Bytes of memory the table itself uses, for MEMORY and INFO. */
size_t dict_memory(const struct dict *d);

#endif
