/* SPDX-License-Identifier: BSD-3-Clause */
#include "storage/index.h"

#include "base/mem.h"
#include "storage/bigendian.h"

#define LOOKUP_BLOCK_BYTES \
    1536                 /* a multiple of both entry sizes; read at once at the end of a search */
#define TIME_OFFSET_AT 8 /* in a time entry */
#define POS_AT 4         /* in an offset entry */
static_assert(LOOKUP_BLOCK_BYTES % INDEX_ENTRY_BYTES == 0, "whole entries");
static_assert(LOOKUP_BLOCK_BYTES % TIME_INDEX_ENTRY_BYTES == 0, "whole entries");

void index_init(struct index *x)
{
    *x = (struct index){.max_timestamp_ms = INT64_MIN, .time_entry_ms = INT64_MIN};
}

void index_deinit(struct index *x)
{
    buf_deinit(&x->pending);
    buf_deinit(&x->time_pending);
}

static void add_time_entry(struct index *x, int64_t base_offset)
{
    if (x->max_timestamp_ms <= x->time_entry_ms)
        return;
    char *p = buf_reserve(&x->time_pending, TIME_INDEX_ENTRY_BYTES);
    put_u64(p, (uint64_t)x->max_timestamp_ms);
    put_u32(p + 8, (uint32_t)(x->max_timestamp_offset - base_offset));
    x->time_pending.len += TIME_INDEX_ENTRY_BYTES;
    x->time_entry_ms = x->max_timestamp_ms;
}

void index_add(struct index *x, int64_t base_offset, int64_t last_offset, uint64_t pos, size_t len,
               int64_t max_timestamp_ms)
{
    ASSERT(last_offset >= base_offset && last_offset - base_offset <= INT32_MAX);
    ASSERT(pos <= INT32_MAX);
    if (max_timestamp_ms > x->max_timestamp_ms) {
        x->max_timestamp_ms = max_timestamp_ms;
        x->max_timestamp_offset = last_offset;
    }
    if (x->bytes_since > INDEX_INTERVAL_BYTES) {
        char *p = buf_reserve(&x->pending, INDEX_ENTRY_BYTES);
        put_u32(p, (uint32_t)(last_offset - base_offset));
        put_u32(p + 4, (uint32_t)pos);
        x->pending.len += INDEX_ENTRY_BYTES;
        add_time_entry(x, base_offset);
        x->bytes_since = 0;
    }
    x->bytes_since += len;
}

void index_seal(struct index *x, int64_t base_offset)
{
    add_time_entry(x, base_offset);
}

bool index_pending_full(const struct index *x)
{
    return x->pending.len + x->time_pending.len >= INDEX_PENDING_BYTES_MAX;
}

enum err index_flush(const struct index *x, struct disk_file *file, struct disk_file *time_file)
{
    enum err err = ERR_OK;
    if (x->pending.len > 0)
        err = disk_write_all(file, x->pending.data, x->pending.len,
                             (uint64_t)x->entries * INDEX_ENTRY_BYTES);
    if (err == ERR_OK && x->time_pending.len > 0)
        err = disk_write_all(time_file, x->time_pending.data, x->time_pending.len,
                             (uint64_t)x->time_entries * TIME_INDEX_ENTRY_BYTES);
    return err;
}

void index_flushed(struct index *x)
{
    x->entries += (uint32_t)(x->pending.len / INDEX_ENTRY_BYTES);
    x->time_entries += (uint32_t)(x->time_pending.len / TIME_INDEX_ENTRY_BYTES);
    buf_clear(&x->pending);
    buf_clear(&x->time_pending);
    buf_shrink(&x->pending, INDEX_INTERVAL_BYTES);
    buf_shrink(&x->time_pending, INDEX_INTERVAL_BYTES);
}

void index_give_up_pending(struct index *x)
{
    buf_clear(&x->pending);
    buf_clear(&x->time_pending);
}

/* --- lookups -------------------------------------------------------------------------------- */

/* Entries of either index, searched by the number they begin with. */
struct table {
    struct disk_file *file; /* or NULL: `data` */
    const char *data;
    size_t entry_bytes;
    size_t key_at;    /* where in an entry the key is */
    size_t key_bytes; /* 4 or 8 */
    bool cached;
};

static enum err table_read(const struct table *t, uint64_t pos, void *out, size_t len)
{
    size_t got;
    if (t->file == NULL) {
        memcpy(out, t->data + pos, len);
        return ERR_OK;
    }
    enum err err = t->cached ? disk_read_cached(t->file, out, len, pos, &got)
                             : disk_read(t->file, out, len, pos, &got);
    if (err == ERR_OK && got < len)
        return ERR_CORRUPT; /* the file is shorter than it was said to be */
    return err;
}

static int64_t entry_key(const struct table *t, const char *p)
{
    p += t->key_at;
    return t->key_bytes == sizeof(int32_t) ? (int32_t)get_u32(p) : (int64_t)get_u64(p);
}

/* Copies the last of `count` entries whose key is at most `key` to `out`. */
static enum err table_search(const struct table *t, uint32_t count, int64_t key, char *out)
{
    char block[LOOKUP_BLOCK_BYTES];
    uint32_t block_entries = (uint32_t)(LOOKUP_BLOCK_BYTES / t->entry_bytes);
    uint32_t low = 0, high = count; /* the first with a greater key is in [low, high] */
    while (high - low >= block_entries) {
        uint32_t middle = low + (high - low) / 2;
        enum err err = table_read(t, middle * (uint64_t)t->entry_bytes, block, t->entry_bytes);
        if (err != ERR_OK)
            return err;
        if (entry_key(t, block) <= key)
            low = middle + 1;
        else
            high = middle;
    }
    uint32_t from = low > 0 ? low - 1 : 0;
    if (high == from)
        return ERR_NOT_FOUND;
    ASSERT(high - from <= block_entries);
    enum err err =
        table_read(t, from * (uint64_t)t->entry_bytes, block, (high - from) * t->entry_bytes);
    if (err != ERR_OK)
        return err;
    const char *found = NULL;
    for (uint32_t i = 0; i < high - from; i++) {
        const char *p = block + i * t->entry_bytes;
        if (entry_key(t, p) > key)
            break;
        found = p;
    }
    if (found == NULL)
        return ERR_NOT_FOUND;
    memcpy(out, found, t->entry_bytes);
    return ERR_OK;
}

static enum err search_entry(const struct table *t, uint32_t count, int64_t base_offset,
                             int64_t key, struct index_entry *entry)
{
    char found[INDEX_ENTRY_BYTES];
    enum err err = table_search(t, count, key, found);
    if (err != ERR_OK)
        return err;
    int32_t relative = (int32_t)get_u32(found), pos = (int32_t)get_u32(found + 4);
    if (relative < 0 || pos < 0)
        return ERR_CORRUPT;
    entry->offset = base_offset + relative;
    entry->pos = (uint64_t)pos;
    return ERR_OK;
}

static enum err search_time(const struct table *t, uint32_t count, int64_t base_offset,
                            int64_t timestamp_ms, struct time_index_entry *entry)
{
    char found[TIME_INDEX_ENTRY_BYTES];
    if (timestamp_ms == INT64_MIN)
        return ERR_NOT_FOUND;
    enum err err = table_search(t, count, timestamp_ms - 1, found);
    if (err != ERR_OK)
        return err;
    int32_t relative = (int32_t)get_u32(found + 8);
    if (relative < 0)
        return ERR_CORRUPT;
    entry->timestamp_ms = (int64_t)get_u64(found);
    entry->offset = base_offset + relative;
    return ERR_OK;
}

enum err index_lookup(const struct index_view *v, int64_t offset, struct index_entry *entry)
{
    if (v->file == NULL || v->entries == 0)
        return ERR_NOT_FOUND;
    struct table t = {.file = v->file,
                      .entry_bytes = INDEX_ENTRY_BYTES,
                      .key_bytes = sizeof(int32_t),
                      .cached = v->cached};
    return search_entry(&t, v->entries, v->base_offset, offset - v->base_offset, entry);
}

enum err index_lookup_pos(const struct index_view *v, uint64_t pos, struct index_entry *entry)
{
    if (v->file == NULL || v->entries == 0)
        return ERR_NOT_FOUND;
    struct table t = {.file = v->file,
                      .entry_bytes = INDEX_ENTRY_BYTES,
                      .key_bytes = sizeof(int32_t),
                      .key_at = POS_AT,
                      .cached = v->cached};
    return search_entry(&t, v->entries, v->base_offset, (int64_t)pos, entry);
}

enum err time_index_lookup(const struct index_view *v, int64_t timestamp_ms,
                           struct time_index_entry *entry)
{
    if (v->time_file == NULL || v->time_entries == 0)
        return ERR_NOT_FOUND;
    struct table t = {.file = v->time_file,
                      .entry_bytes = TIME_INDEX_ENTRY_BYTES,
                      .key_bytes = sizeof(int64_t),
                      .cached = v->cached};
    return search_time(&t, v->time_entries, v->base_offset, timestamp_ms, entry);
}

enum err index_lookup_pending(const struct index *x, int64_t base_offset, int64_t offset,
                              struct index_entry *entry)
{
    struct table t = {
        .data = x->pending.data, .entry_bytes = INDEX_ENTRY_BYTES, .key_bytes = sizeof(int32_t)};
    return search_entry(&t, (uint32_t)(x->pending.len / INDEX_ENTRY_BYTES), base_offset,
                        offset - base_offset, entry);
}

enum err index_lookup_pos_pending(const struct index *x, int64_t base_offset, uint64_t pos,
                                  struct index_entry *entry)
{
    struct table t = {.data = x->pending.data,
                      .entry_bytes = INDEX_ENTRY_BYTES,
                      .key_bytes = sizeof(int32_t),
                      .key_at = POS_AT};
    return search_entry(&t, (uint32_t)(x->pending.len / INDEX_ENTRY_BYTES), base_offset,
                        (int64_t)pos, entry);
}

enum err time_index_lookup_pending(const struct index *x, int64_t base_offset, int64_t timestamp_ms,
                                   struct time_index_entry *entry)
{
    struct table t = {.data = x->time_pending.data,
                      .entry_bytes = TIME_INDEX_ENTRY_BYTES,
                      .key_bytes = sizeof(int64_t)};
    return search_time(&t, (uint32_t)(x->time_pending.len / TIME_INDEX_ENTRY_BYTES), base_offset,
                       timestamp_ms, entry);
}

/* --- loading -------------------------------------------------------------------------------- */

/* How many entries from the first on have a key below `key`. */
static enum err count_below(const struct table *t, uint32_t count, int64_t key, uint32_t *below)
{
    char entry[TIME_INDEX_ENTRY_BYTES];
    uint32_t low = 0, high = count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        enum err err = table_read(t, middle * (uint64_t)t->entry_bytes, entry, t->entry_bytes);
        if (err != ERR_OK)
            return err;
        if (entry_key(t, entry) < key)
            low = middle + 1;
        else
            high = middle;
    }
    *below = low;
    return ERR_OK;
}

static enum err load(struct disk_file *file, size_t entry_bytes, size_t key_at, int64_t key,
                     uint32_t *entries)
{
    struct table t = {
        .file = file, .entry_bytes = entry_bytes, .key_at = key_at, .key_bytes = sizeof(int32_t)};
    uint64_t len;
    enum err err = disk_size(file, &len);
    if (err != ERR_OK)
        return err;
    uint64_t count = len / entry_bytes < INT32_MAX ? len / entry_bytes : INT32_MAX;
    return count_below(&t, (uint32_t)count, key, entries);
}

enum err index_load(struct index *x, struct disk_file *file, struct disk_file *time_file,
                    int64_t base_offset, uint64_t pos, int64_t offset)
{
    int64_t key = offset - base_offset;
    enum err err = load(file, INDEX_ENTRY_BYTES, POS_AT, (int64_t)pos, &x->entries);
    if (err == ERR_OK)
        err = load(time_file, TIME_INDEX_ENTRY_BYTES, TIME_OFFSET_AT, key, &x->time_entries);
    x->bytes_since = INDEX_INTERVAL_BYTES + 1; /* unknown: the next batch gets an entry */
    return err;
}

enum err index_next_pos(const struct index_view *v, uint64_t pos, struct index_entry *entry)
{
    char found[INDEX_ENTRY_BYTES];
    uint32_t below;
    if (v->file == NULL || v->entries == 0)
        return ERR_NOT_FOUND;
    struct table t = {.file = v->file,
                      .entry_bytes = INDEX_ENTRY_BYTES,
                      .key_at = POS_AT,
                      .key_bytes = sizeof(int32_t),
                      .cached = v->cached};
    enum err err = count_below(&t, v->entries, (int64_t)pos + 1, &below);
    if (err == ERR_OK && below == v->entries)
        err = ERR_NOT_FOUND;
    if (err == ERR_OK)
        err = table_read(&t, below * (uint64_t)INDEX_ENTRY_BYTES, found, sizeof(found));
    if (err != ERR_OK)
        return err;
    entry->offset = v->base_offset + (int32_t)get_u32(found);
    entry->pos = get_u32(found + POS_AT);
    return ERR_OK;
}
