/* SPDX-License-Identifier: BSD-3-Clause */
/* The hash table: chained buckets, a power of two of them. To resize, a second table is made and each
 * change of the dict moves a few buckets over, so that the work is done long before the
 * next resize is due. Lookups look into both tables and change neither. */
#include "base/dict.h"
#include "base/check.h"
#include "base/chunk.h"
#include "base/mem.h"

#define BUCKETS_MIN 4
#define SHRINK_BELOW 8        /* shrink when fewer than one bucket in this many would be used */
#define STEP_BUCKETS 2        /* filled buckets moved by one change */
#define STEP_EMPTY_BUCKETS 32 /* empty ones it passes by at most */

struct dict_entry {
    struct dict_entry *next; /* owned; in the same bucket */
    uint64_t hash;
    void *value; /* the caller's */
    size_t key_len;
    char key[]; /* NUL-terminated behind key_len */
};

static size_t entry_bytes(size_t key_len)
{
    return sizeof(struct dict_entry) + key_len + 1;
}

void dict_init(struct dict *d, const struct hash_key *key)
{
    *d = (struct dict){.key = key};
}

static void table_deinit(struct dict_table *table)
{
    for (size_t i = 0; i < table->bucket_count; i++) {
        struct dict_entry *next;

        for (struct dict_entry *e = table->buckets[i]; e != NULL; e = next) {
            next = e->next;
            mem_free(e);
        }
    }
    mem_free(table->buckets);
}

void dict_deinit(struct dict *d)
{
    table_deinit(&d->tables[0]);
    table_deinit(&d->tables[1]);
    dict_init(d, d->key);
}

void dict_remember(struct dict *d, struct dict_recent *recent)
{
    *recent = (struct dict_recent){0};
    d->recent = recent;
}

size_t dict_count(const struct dict *d)
{
    return d->tables[0].used + d->tables[1].used;
}

static struct dict_entry **bucket_of(const struct dict_table *table, uint64_t hash)
{
    return &table->buckets[hash & (table->bucket_count - 1)];
}

static void table_insert(struct dict_table *table, struct dict_entry *e)
{
    struct dict_entry **bucket = bucket_of(table, e->hash);

    e->next = *bucket;
    *bucket = e;
    table->used++;
}

/* The link that points to the entry of `key`, or NULL. */
static struct dict_entry **table_find(const struct dict_table *table, struct bytes key,
                                      uint64_t hash)
{
    if (table->used == 0)
        return NULL;
    for (struct dict_entry **link = bucket_of(table, hash); *link != NULL; link = &(*link)->next) {
        const struct dict_entry *e = *link;

        if (e->hash == hash && bytes_equal(bytes_of(e->key, e->key_len), key))
            return link;
    }
    return NULL;
}

static struct dict_entry **find(const struct dict *d, struct bytes key, uint64_t hash, int *table)
{
    struct dict_entry **link = table_find(&d->tables[0], key, hash);

    *table = 0;
    if (link != NULL || !d->rehashing)
        return link;
    *table = 1;
    return table_find(&d->tables[1], key, hash);
}

static void table_make(struct dict_table *table, size_t bucket_count)
{
    table->buckets = mem_zalloc(bucket_count, sizeof(struct dict_entry *));
    table->bucket_count = bucket_count;
    table->used = 0;
}

static void rehash_begin(struct dict *d, size_t bucket_count)
{
    table_make(&d->tables[1], bucket_count);
    d->rehash_next = 0;
    d->rehashing = true;
}

static void rehash_end(struct dict *d)
{
    ASSERT(d->tables[0].used == 0);
    mem_free(d->tables[0].buckets);
    d->tables[0] = d->tables[1];
    d->tables[1] = (struct dict_table){0};
    d->rehashing = false;
}

static void rehash_step(struct dict *d)
{
    struct dict_table *from = &d->tables[0];
    int filled = STEP_BUCKETS, empty = STEP_EMPTY_BUCKETS;

    while (from->used > 0 && filled > 0 && empty > 0) {
        struct dict_entry *e = from->buckets[d->rehash_next];

        if (e == NULL)
            empty--;
        else
            filled--;
        from->buckets[d->rehash_next++] = NULL;
        while (e != NULL) {
            struct dict_entry *next = e->next;

            from->used--;
            table_insert(&d->tables[1], e);
            e = next;
        }
    }
    if (from->used == 0)
        rehash_end(d);
}

static void resize_if_due(struct dict *d)
{
    const struct dict_table *table = &d->tables[0];
    size_t shrunk = table->bucket_count / (SHRINK_BELOW / 2);

    if (d->rehashing)
        rehash_step(d);
    else if (table->bucket_count == 0)
        table_make(&d->tables[0], BUCKETS_MIN);
    else if (table->used >= table->bucket_count)
        rehash_begin(d, table->bucket_count * 2);
    else if (table->bucket_count > BUCKETS_MIN && table->used < table->bucket_count / SHRINK_BELOW)
        rehash_begin(d, shrunk > BUCKETS_MIN ? shrunk : BUCKETS_MIN);
}

/* --- what was found lately ------------------------------------------------------------------ */

/* By length and both ends of the key. */
static struct dict_entry **recent_place(const struct dict *d, struct bytes key)
{
    uint64_t ends = key.len;

    if (key.len < CHUNK_BYTES)
        ends += chunk_load(key.data, key.len) << 8;
    else
        ends += chunk_part(key.data, CHUNK_BYTES) * 31 +
                chunk_part(key.data + key.len - CHUNK_BYTES, CHUNK_BYTES);
    return &d->recent->entries[ends * UINT64_C(0x9e3779b97f4a7c15) >> (64 - DICT_RECENT_BITS)];
}

static void forget_recent(const struct dict *d, const struct dict_entry *e)
{
    struct dict_entry **place = recent_place(d, bytes_of(e->key, e->key_len));

    if (*place == e)
        *place = NULL;
}

/* --- using it ------------------------------------------------------------------------------- */

void *dict_find(const struct dict *d, struct bytes key)
{
    struct dict_entry **link, **recent = NULL;
    int table;

    if (dict_count(d) == 0)
        return NULL;
    if (d->recent != NULL) {
        recent = recent_place(d, key);
        if (LIKELY(*recent != NULL) &&
            bytes_equal(bytes_of((*recent)->key, (*recent)->key_len), key))
            return (*recent)->value;
    }
    link = find(d, key, hash_keyed(d->key, key), &table);
    if (link == NULL)
        return NULL;
    if (recent != NULL)
        *recent = *link;
    return (*link)->value;
}

struct bytes dict_add(struct dict *d, struct bytes key, void *value)
{
    uint64_t hash = hash_keyed(d->key, key);
    struct dict_entry *e;
    int table;

    ASSERT(value != NULL);
    ASSERT(find(d, key, hash, &table) == NULL);
    resize_if_due(d);
    e = mem_alloc(entry_bytes(key.len));
    e->hash = hash;
    e->value = value;
    e->key_len = key.len;
    if (key.len > 0)
        memcpy(e->key, key.data, key.len);
    e->key[key.len] = '\0';
    table_insert(&d->tables[d->rehashing ? 1 : 0], e);
    d->entry_bytes += entry_bytes(key.len);
    return bytes_of(e->key, e->key_len);
}

void *dict_remove(struct dict *d, struct bytes key)
{
    struct dict_entry **link, *e;
    void *value;
    int table;

    if (dict_count(d) == 0)
        return NULL;
    link = find(d, key, hash_keyed(d->key, key), &table);
    if (link == NULL)
        return NULL;
    e = *link;
    value = e->value;
    *link = e->next;
    if (d->recent != NULL)
        forget_recent(d, e);
    d->tables[table].used--;
    d->entry_bytes -= entry_bytes(e->key_len);
    mem_free(e);
    resize_if_due(d);
    return value;
}

void dict_iter_init(struct dict_iter *it, const struct dict *d)
{
    *it = (struct dict_iter){.dict = d};
}

bool dict_iter_next(struct dict_iter *it, struct bytes *key, void **value)
{
    const struct dict_entry *e;

    while (it->entry == NULL) {
        const struct dict_table *table;

        if (it->table > 1)
            return false;
        table = &it->dict->tables[it->table];
        if (it->bucket < table->bucket_count) {
            it->entry = table->buckets[it->bucket++];
        } else {
            it->table++;
            it->bucket = 0;
        }
    }
    e = it->entry;
    it->entry = e->next;
    if (key != NULL)
        *key = bytes_of(e->key, e->key_len);
    if (value != NULL)
        *value = e->value;
    return true;
}

size_t dict_memory(const struct dict *d)
{
    size_t buckets = d->tables[0].bucket_count + d->tables[1].bucket_count;

    return buckets * sizeof(struct dict_entry *) + d->entry_bytes;
}
