/* SPDX-License-Identifier: BSD-3-Clause */
#include "storage/index.h"

#include "base/crc32c.h"
#include "base/mem.h"
#include "storage/bigendian.h"

#define LOOKUP_BLOCK_BYTES \
    1536                 /* a multiple of both entry sizes; read at once at the end of a search */
#define TIME_OFFSET_AT 8 /* in a time entry */
#define POS_AT 4         /* in an offset entry */
#define CRC_AT 4         /* in the seal */
/* What is read at once to check a time index; whole entries. The reactor itself checks no more than that. */
#define CHECK_CHUNK ((size_t)TIME_INDEX_ENTRY_BYTES * 4096)

static const char seal_magic[CRC_AT] = {'E', 'C', 'T', 'I'};
static_assert(LOOKUP_BLOCK_BYTES % INDEX_ENTRY_BYTES == 0, "whole entries");
static_assert(LOOKUP_BLOCK_BYTES % TIME_INDEX_ENTRY_BYTES == 0, "whole entries");

void index_init(struct index *x)
{
    *x = (struct index){
        .max_timestamp_ms = INT64_MIN, .time_entry_ms = INT64_MIN, .time_crc_known = true};
}

void index_deinit(struct index *x)
{
    buf_deinit(&x->pending);
    buf_deinit(&x->time_pending);
}

static void add_time_entry(struct index *x, int64_t base_offset)
{
    x->base_offset = base_offset;
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

/* --- the seal ------------------------------------------------------------------------------- */

/* The checksum of no entries: a time index of another segment says nothing of this one. */
static uint32_t crc_begin(int64_t base_offset)
{
    char base[sizeof(base_offset)];
    put_u64(base, (uint64_t)base_offset);
    return crc32c(base, sizeof(base));
}

/* The checksum of what is in the file and what is to follow it. */
static uint32_t crc_with_pending(const struct index *x)
{
    uint32_t crc = x->time_entries == 0 ? crc_begin(x->base_offset) : x->time_crc;
    return crc32c_extend(crc, x->time_pending.data, x->time_pending.len);
}

/* Each write puts the seal behind its entries; the next one overwrites it. */
static enum err flush_time(const struct index *x, struct disk_file *file)
{
    struct buf out = {0};
    uint64_t pos = (uint64_t)x->time_entries * TIME_INDEX_ENTRY_BYTES;
    if (x->time_pending.len == 0 && (!x->seal_due || x->time_entries == 0))
        return ERR_OK;
    buf_append_bytes(&out, buf_bytes(&x->time_pending));
    if (x->time_crc_known) {
        char *seal = buf_reserve(&out, TIME_INDEX_SEAL_BYTES);
        memcpy(seal, seal_magic, sizeof(seal_magic));
        put_u32(seal + CRC_AT, crc_with_pending(x));
        out.len += TIME_INDEX_SEAL_BYTES;
    }
    enum err err = disk_write_all(file, out.data, out.len, pos);
    buf_deinit(&out);
    return err;
}

enum err index_flush(const struct index *x, struct disk_file *file, struct disk_file *time_file)
{
    enum err err = ERR_OK;
    if (x->pending.len > 0)
        err = disk_write_all(file, x->pending.data, x->pending.len,
                             (uint64_t)x->entries * INDEX_ENTRY_BYTES);
    return err == ERR_OK ? flush_time(x, time_file) : err;
}

void index_flushed(struct index *x)
{
    x->time_crc = crc_with_pending(x);
    x->seal_due = false;
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

enum err time_index_check(const struct index_view *v)
{
    uint64_t pos = 0, end = (uint64_t)v->time_entries * TIME_INDEX_ENTRY_BYTES;
    uint32_t crc = crc_begin(v->base_offset);
    struct table t = {.file = v->time_file, .cached = v->cached};
    enum err err = ERR_OK;
    if (v->cached && end > CHECK_CHUNK)
        return ERR_AGAIN;
    char *chunk = mem_alloc(end < CHECK_CHUNK ? end : CHECK_CHUNK);
    while (pos < end && err == ERR_OK) {
        size_t len = end - pos < CHECK_CHUNK ? (size_t)(end - pos) : CHECK_CHUNK;
        err = table_read(&t, pos, chunk, len);
        if (err == ERR_OK)
            crc = crc32c_extend(crc, chunk, len);
        pos += len;
    }
    mem_free(chunk);
    if (err != ERR_OK)
        return err;
    if (v->time_crc_known)
        return crc == v->time_crc ? ERR_OK : ERR_CORRUPT;
    char seal[TIME_INDEX_SEAL_BYTES];
    err = table_read(&t, end, seal, sizeof(seal));
    if (err != ERR_OK)
        return err;
    bool whole = memcmp(seal, seal_magic, sizeof(seal_magic)) == 0 && get_u32(seal + CRC_AT) == crc;
    return whole ? ERR_OK : ERR_CORRUPT;
}

enum err time_index_lookup(const struct index_view *v, int64_t timestamp_ms,
                           struct time_index_entry *entry)
{
    if (v->time_file == NULL || v->time_entries == 0)
        return ERR_CORRUPT;
    enum err err = time_index_check(v);
    if (err != ERR_OK)
        return err;
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

/* How many entries are in a file, and how many of them have a key below `key`. */
static enum err load(struct disk_file *file, size_t entry_bytes, size_t key_at, int64_t key,
                     uint32_t *count, uint32_t *below)
{
    struct table t = {
        .file = file, .entry_bytes = entry_bytes, .key_at = key_at, .key_bytes = sizeof(int32_t)};
    uint64_t len;
    enum err err = disk_size(file, &len);
    if (err != ERR_OK)
        return err;
    *count = (uint32_t)(len / entry_bytes < INT32_MAX ? len / entry_bytes : INT32_MAX);
    return count_below(&t, *count, key, below);
}

/* The checksum of the entries that are kept. */
static enum err load_time_crc(struct index *x, struct disk_file *time_file, int64_t base_offset)
{
    size_t len = (size_t)x->time_entries * TIME_INDEX_ENTRY_BYTES;
    struct table t = {.file = time_file};
    char *entries = mem_alloc(len);
    enum err err = table_read(&t, 0, entries, len);
    if (err == ERR_OK)
        x->time_crc = crc32c_extend(crc_begin(base_offset), entries, len);
    mem_free(entries);
    return err;
}

static enum err load_time(struct index *x, struct disk_file *time_file, int64_t base_offset,
                          int64_t offset)
{
    struct index_view v = {.time_file = time_file, .base_offset = base_offset};
    x->base_offset = base_offset;
    enum err err = load(time_file, TIME_INDEX_ENTRY_BYTES, TIME_OFFSET_AT, offset - base_offset,
                        &v.time_entries, &x->time_entries);
    if (err != ERR_OK || x->time_entries == 0)
        return err;
    x->seal_due = true; /* whoever loads cuts the files to what is kept */
    err = time_index_check(&v);
    if (err == ERR_OK)
        return load_time_crc(x, time_file, base_offset);
    x->time_entries = 0;
    return err == ERR_CORRUPT ? ERR_OK : err;
}

enum err index_load(struct index *x, struct disk_file *file, struct disk_file *time_file,
                    int64_t base_offset, uint64_t pos, int64_t offset)
{
    uint32_t count;
    enum err err = load(file, INDEX_ENTRY_BYTES, POS_AT, (int64_t)pos, &count, &x->entries);
    if (err == ERR_OK)
        err = load_time(x, time_file, base_offset, offset);
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
