/* SPDX-License-Identifier: BSD-3-Clause */
#include "sim/model_batch.h"

#include "base/mem.h"

/* --- records -------------------------------------------------------------------------------- */

static uint64_t mix(uint64_t x)
{
    x += 0x9e3779b97f4a7c15u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

/* `len` >= 8 bytes that begin with the id. */
static struct bytes fill(char **at, uint64_t id, size_t len)
{
    struct bytes b = bytes_of(*at, len);
    uint64_t word = id;
    for (size_t i = 0; i < len; i += 8) {
        size_t part = len - i < 8 ? len - i : 8;
        memcpy(*at + i, &word, part);
        word = mix(word + i);
    }
    *at += len;
    return b;
}

unsigned model_key(uint64_t id)
{
    return (unsigned)(id & MODEL_KEYS_MAX);
}

bool model_is_tombstone(uint64_t id)
{
    uint64_t h = mix(id);
    return model_key(id) != 0 ? h % 5 == 0 : h % 11 == 0 && h % 3 != 0;
}

static struct bytes make_key(char **at, uint64_t id)
{
    uint64_t h = mix(model_key(id) != 0 ? model_key(id) : id);
    if (model_key(id) == 0 && h % 3 == 0)
        return BYTES_NULL;
    return fill(at, h, 8 + (h >> 8) % 24);
}

void model_make(uint64_t id, int64_t timestamp_ms, struct model_scratch *scratch, struct record *r)
{
    uint64_t h = mix(id);
    char *at = scratch->bytes;
    size_t value_len = 8 + h % 120;
    if (h % 16 == 1)
        value_len = 8 + (h >> 20) % 4000;
    *r = (struct record){.timestamp_ms = timestamp_ms, .headers = scratch->headers};
    r->key = make_key(&at, id);
    r->value = model_is_tombstone(id) ? BYTES_NULL : fill(&at, id, value_len);
    r->header_count = h % 7 == 0 ? 1 + (h >> 16) % 3 : 0;
    for (size_t i = 0; i < r->header_count; i++) {
        scratch->headers[i].name = fill(&at, h + i, 8);
        scratch->headers[i].value = (h >> i) % 2 ? BYTES_NULL : fill(&at, h ^ i, 8 + i);
    }
    ASSERT((size_t)(at - scratch->bytes) <= sizeof(scratch->bytes));
}

static bool same(struct bytes a, struct bytes b)
{
    return bytes_is_null(a) == bytes_is_null(b) && bytes_equal(a, b);
}

bool model_record_is(const struct record_view *view, uint64_t id)
{
    struct model_scratch scratch;
    struct record want;
    struct record_header header;
    struct bytes cursor = view->headers;
    model_make(id, 0, &scratch, &want);
    if (!same(view->key, want.key) || !same(view->value, want.value) ||
        view->header_count != want.header_count)
        return false;
    for (size_t i = 0; i < want.header_count; i++)
        if (record_view_header(&cursor, &header) != ERR_OK ||
            !same(header.name, want.headers[i].name) || !same(header.value, want.headers[i].value))
            return false;
    return true;
}

/* --- batches -------------------------------------------------------------------------------- */

int64_t model_batch_end(const struct model_batch *b)
{
    return b->base + (int64_t)b->count;
}

int64_t model_batch_max_ms(const struct model_batch *b)
{
    int64_t max = INT64_MIN;
    for (size_t i = 0; i < b->count; i++)
        if (b->records[i].timestamp_ms > max)
            max = b->records[i].timestamp_ms;
    return max;
}

int64_t model_timestamp(const struct model_batch *b, size_t i)
{
    return b->append_time ? model_batch_max_ms(b) : b->records[i].timestamp_ms;
}

bool model_live(const struct model_batch *b)
{
    return b->state >= MODEL_WRITTEN;
}

size_t model_first_from(const struct model *m, int64_t offset)
{
    size_t low = 0, high = m->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (model_batch_end(BATCH_OF(m, middle)) <= offset)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct model_batch *model_batch_at(const struct model *m, int64_t base)
{
    size_t i = model_first_from(m, base);
    return i < m->count && m->batches[i].base == base ? &m->batches[i] : NULL;
}

size_t model_batch_len(const struct model_batch *b)
{
    struct batch_builder builder = {0};
    struct model_scratch scratch;
    struct record r;
    batch_builder_begin(&builder, b->base);
    for (size_t i = 0; i < b->count; i++) {
        model_make(b->records[i].id, b->records[i].timestamp_ms, &scratch, &r);
        batch_builder_add(&builder, &r);
    }
    size_t len = builder.buf.len;
    batch_builder_deinit(&builder);
    return len;
}

void model_batch_remove(struct model *m, size_t i)
{
    mem_free(m->batches[i].records);
    m->count--;
    memmove(&m->batches[i], &m->batches[i + 1], (m->count - i) * sizeof(m->batches[0]));
}

size_t model_records(const struct model *m)
{
    size_t n = 0;
    for (size_t i = 0; i < m->count; i++)
        n += m->batches[i].count;
    return n;
}
