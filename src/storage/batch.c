/* SPDX-License-Identifier: BSD-3-Clause */
/* Encoding and decoding of record batches. Encoding trusts its caller and asserts; decoding trusts
 * nothing: every length is bounded by the bytes that are there before it is used. */
#include "storage/batch.h"

#include "base/crc32c.h"
#include "storage/bigendian.h"

#define VARINT_BYTES_MAX 5
#define VARLONG_BYTES_MAX 10

enum field {
    AT_BASE_OFFSET = 0,
    AT_LENGTH = 8,
    AT_LEADER_EPOCH = 12,
    AT_MAGIC = 16,
    AT_CRC = 17,
    AT_ATTRIBUTES = 21,
    AT_LAST_OFFSET_DELTA = 23,
    AT_BASE_TIMESTAMP = 27,
    AT_MAX_TIMESTAMP = 35,
    AT_PRODUCER_ID = 43,
    AT_PRODUCER_EPOCH = 51,
    AT_BASE_SEQUENCE = 53,
    AT_RECORD_COUNT = 57,
};
static_assert(AT_RECORD_COUNT + sizeof(int32_t) == BATCH_HEADER_BYTES,
              "the layout on disk is Kafka's and frozen");

/* --- varints -------------------------------------------------------------------------------- */

static inline uint64_t zigzag(int64_t v)
{
    return ((uint64_t)v << 1) ^ (uint64_t)(v >> 63);
}

static inline int64_t unzigzag(uint64_t v)
{
    return (int64_t)((v >> 1) ^ (~(v & 1) + 1));
}

static inline char *put_varint(char *p, int64_t value)
{
    uint64_t v = zigzag(value);
    if (LIKELY(v < 0x80)) {
        *p = (char)v;
        return p + 1;
    }
    if (LIKELY(v < 0x4000)) {
        p[0] = (char)(v | 0x80);
        p[1] = (char)(v >> 7);
        return p + 2;
    }
    while (v >= 0x80) {
        *p++ = (char)(v | 0x80);
        v >>= 7;
    }
    *p++ = (char)v;
    return p;
}

static inline size_t varint_len(int64_t value)
{
    uint64_t v = zigzag(value) | 1;
    if (LIKELY(v < 0x4000))
        return v < 0x80 ? 1 : 2;
    return (size_t)(70 - __builtin_clzll(v)) / 7;
}

/* Takes a varint of at most `bytes_max` bytes off the front. */
static inline bool take_varint(struct bytes *from, size_t bytes_max, int64_t *value)
{
    if (LIKELY(from->len > 0 && (from->data[0] & 0x80) == 0)) {
        *value = unzigzag((uint8_t)from->data[0]);
        from->data++;
        from->len--;
        return true;
    }
    if (LIKELY(from->len > 1 && (from->data[1] & 0x80) == 0)) {
        *value = unzigzag((uint64_t)(from->data[0] & 0x7f) | (uint64_t)(uint8_t)from->data[1] << 7);
        from->data += 2;
        from->len -= 2;
        return true;
    }
    uint64_t v = 0;
    size_t limit = from->len < bytes_max ? from->len : bytes_max;
    for (size_t i = 0; i < limit; i++) {
        uint8_t byte = (uint8_t)from->data[i];
        if (i == VARLONG_BYTES_MAX - 1 && byte > 1)
            return false;
        v |= (uint64_t)(byte & 0x7f) << (7 * i);
        if ((byte & 0x80) == 0) {
            *value = unzigzag(v);
            from->data += i + 1;
            from->len -= i + 1;
            return true;
        }
    }
    return false;
}

/* A length and that many bytes; -1 is null where that is allowed. */
static inline bool take_bytes(struct bytes *from, bool nullable, struct bytes *out)
{
    int64_t len;
    if (!take_varint(from, VARINT_BYTES_MAX, &len))
        return false;
    if (len == -1 && nullable) {
        *out = BYTES_NULL;
        return true;
    }
    if (len < 0 || (uint64_t)len > from->len)
        return false;
    *out = bytes_of(from->data, (size_t)len);
    from->data += len;
    from->len -= (size_t)len;
    return true;
}

static inline char *put_bytes(char *p, struct bytes b)
{
    if (bytes_is_null(b))
        return put_varint(p, -1);
    p = put_varint(p, (int64_t)b.len);
    memcpy(p, b.data, b.len);
    return p + b.len;
}

static inline size_t bytes_field_len(struct bytes b)
{
    return bytes_is_null(b) ? 1 : varint_len((int64_t)b.len) + b.len;
}

/* --- building ------------------------------------------------------------------------------- */

OUT_OF_LINE static size_t headers_len(const struct record *r)
{
    size_t len = varint_len((int64_t)r->header_count);
    for (size_t i = 0; i < r->header_count; i++)
        len += bytes_field_len(r->headers[i].name) + bytes_field_len(r->headers[i].value);
    return len;
}

/* The record's bytes apart from its length and its two deltas. */
static inline size_t record_fixed_len(const struct record *r)
{
    size_t len = 1 + bytes_field_len(r->key) + bytes_field_len(r->value);
    return len + (LIKELY(r->header_count == 0) ? 1 : headers_len(r));
}

size_t record_bytes_max(const struct record *r)
{
    return record_fixed_len(r) + VARINT_BYTES_MAX * 2 + VARLONG_BYTES_MAX;
}

void batch_builder_begin(struct batch_builder *b, int64_t base_offset)
{
    ASSERT(base_offset >= 0);
    buf_clear(&b->buf);
    memset(buf_reserve(&b->buf, BATCH_HEADER_BYTES), 0, BATCH_HEADER_BYTES);
    b->buf.len = BATCH_HEADER_BYTES;
    b->base_offset = base_offset;
    b->base_timestamp_ms = 0;
    b->max_timestamp_ms = -1;
    b->count = 0;
}

void batch_builder_deinit(struct batch_builder *b)
{
    buf_deinit(&b->buf);
}

OUT_OF_LINE static char *put_headers(char *p, const struct record *r)
{
    p = put_varint(p, (int64_t)r->header_count);
    for (size_t i = 0; i < r->header_count; i++) {
        ASSERT(!bytes_is_null(r->headers[i].name));
        p = put_bytes(p, r->headers[i].name);
        p = put_bytes(p, r->headers[i].value);
    }
    return p;
}

void batch_builder_add(struct batch_builder *b, const struct record *r)
{
    ASSERT(b->buf.len >= BATCH_HEADER_BYTES && b->count < INT32_MAX);
    ASSERT(r->header_count <= RECORD_HEADERS_MAX);
    if (b->count == 0)
        b->base_timestamp_ms = b->max_timestamp_ms = r->timestamp_ms;
    else if (r->timestamp_ms > b->max_timestamp_ms)
        b->max_timestamp_ms = r->timestamp_ms;

    int64_t timestamp_delta = (int64_t)((uint64_t)r->timestamp_ms - (uint64_t)b->base_timestamp_ms);
    size_t fixed = record_fixed_len(r);
    size_t len = fixed + varint_len(timestamp_delta) + varint_len(b->count);
    ASSERT(len <= INT32_MAX);
    char *start = buf_reserve(&b->buf, len + VARINT_BYTES_MAX);
    char *p = put_varint(start, (int64_t)len);
    *p++ = 0; /* attributes */
    p = put_varint(p, timestamp_delta);
    p = put_varint(p, b->count);
    p = put_bytes(p, r->key);
    p = put_bytes(p, r->value);
    if (LIKELY(r->header_count == 0))
        *p++ = 0;
    else
        p = put_headers(p, r);
    b->buf.len += (size_t)(p - start);
    b->count++;
}

void batch_builder_seal(struct batch_builder *b, int32_t leader_epoch, bool append_time)
{
    ASSERT(b->count > 0);
    ASSERT(b->buf.len - AT_LEADER_EPOCH <= INT32_MAX);
    char *p = b->buf.data;
    put_u64(p + AT_BASE_OFFSET, (uint64_t)b->base_offset);
    put_u32(p + AT_LENGTH, (uint32_t)(b->buf.len - AT_LEADER_EPOCH));
    put_u32(p + AT_LEADER_EPOCH, (uint32_t)leader_epoch);
    p[AT_MAGIC] = BATCH_MAGIC;
    put_u16(p + AT_ATTRIBUTES, append_time ? BATCH_TIMESTAMP_APPEND : 0);
    put_u32(p + AT_LAST_OFFSET_DELTA, (uint32_t)(b->count - 1));
    put_u64(p + AT_BASE_TIMESTAMP, (uint64_t)b->base_timestamp_ms);
    put_u64(p + AT_MAX_TIMESTAMP, (uint64_t)b->max_timestamp_ms);
    put_u64(p + AT_PRODUCER_ID, (uint64_t)-1);
    put_u16(p + AT_PRODUCER_EPOCH, (uint16_t)-1);
    put_u32(p + AT_BASE_SEQUENCE, (uint32_t)-1);
    put_u32(p + AT_RECORD_COUNT, (uint32_t)b->count);
    put_u32(p + AT_CRC, crc32c(p + AT_ATTRIBUTES, b->buf.len - AT_ATTRIBUTES));
}

/* --- reading -------------------------------------------------------------------------------- */

static void header_decode(const char *p, struct batch_header *h)
{
    h->base_offset = (int64_t)get_u64(p + AT_BASE_OFFSET);
    h->batch_length = (int32_t)get_u32(p + AT_LENGTH);
    h->leader_epoch = (int32_t)get_u32(p + AT_LEADER_EPOCH);
    h->magic = (int8_t)p[AT_MAGIC];
    h->crc = get_u32(p + AT_CRC);
    h->attributes = (int16_t)get_u16(p + AT_ATTRIBUTES);
    h->last_offset_delta = (int32_t)get_u32(p + AT_LAST_OFFSET_DELTA);
    h->base_timestamp_ms = (int64_t)get_u64(p + AT_BASE_TIMESTAMP);
    h->max_timestamp_ms = (int64_t)get_u64(p + AT_MAX_TIMESTAMP);
    h->producer_id = (int64_t)get_u64(p + AT_PRODUCER_ID);
    h->producer_epoch = (int16_t)get_u16(p + AT_PRODUCER_EPOCH);
    h->base_sequence = (int32_t)get_u32(p + AT_BASE_SEQUENCE);
    h->record_count = (int32_t)get_u32(p + AT_RECORD_COUNT);
}

enum err batch_header_read(struct bytes data, int64_t batch_bytes_max, struct batch_header *header)
{
    if (data.len < BATCH_HEADER_BYTES)
        return ERR_AGAIN;
    struct batch_header h;
    header_decode(data.data, &h);
    if (h.magic != BATCH_MAGIC)
        return ERR_CORRUPT;
    if (h.batch_length < BATCH_HEADER_BYTES - AT_LEADER_EPOCH ||
        (int64_t)h.batch_length + AT_LEADER_EPOCH > batch_bytes_max)
        return ERR_CORRUPT;
    if (h.base_offset < 0 || h.last_offset_delta < 0 || h.record_count < 0 || h.leader_epoch < 0 ||
        h.base_offset > INT64_MAX - INT32_MAX)
        return ERR_CORRUPT;
    *header = h;
    return ERR_OK;
}

bool batch_crc_holds(struct bytes batch)
{
    if (batch.len < BATCH_HEADER_BYTES)
        return false;
    return crc32c(batch.data + AT_ATTRIBUTES, batch.len - AT_ATTRIBUTES) ==
           get_u32(batch.data + AT_CRC);
}

enum err batch_iter_init(struct batch_iter *it, struct bytes batch)
{
    struct batch_header header;
    enum err err = batch_header_read(batch, (int64_t)batch.len, &header);
    if (err != ERR_OK || batch_header_len(&header) != batch.len)
        return ERR_CORRUPT;
    if (header.attributes & BATCH_COMPRESSION_MASK)
        return ERR_UNSUPPORTED;
    it->header = header;
    it->rest = bytes_of(batch.data + BATCH_HEADER_BYTES, batch.len - BATCH_HEADER_BYTES);
    it->left = header.record_count;
    return ERR_OK;
}

/* The body of one record; `body` is exactly its bytes after the length. */
static bool record_decode(const struct batch_header *h, struct bytes body, struct record_view *r)
{
    if (body.len < 1)
        return false;
    body.data++; /* attributes: none are defined */
    body.len--;
    int64_t timestamp_delta, offset_delta, header_count;
    if (!take_varint(&body, VARLONG_BYTES_MAX, &timestamp_delta) ||
        !take_varint(&body, VARINT_BYTES_MAX, &offset_delta) || !take_bytes(&body, true, &r->key) ||
        !take_bytes(&body, true, &r->value) || !take_varint(&body, VARINT_BYTES_MAX, &header_count))
        return false;
    if (offset_delta < 0 || offset_delta > h->last_offset_delta)
        return false;
    /* A header takes two bytes at least. */
    if (header_count < 0 || (uint64_t)header_count > body.len / 2 ||
        (header_count == 0 && body.len != 0))
        return false;
    r->offset = h->base_offset + offset_delta;
    r->timestamp_ms = (h->attributes & BATCH_TIMESTAMP_APPEND)
                          ? h->max_timestamp_ms
                          : (int64_t)((uint64_t)h->base_timestamp_ms + (uint64_t)timestamp_delta);
    r->header_count = (size_t)header_count;
    r->headers = body;
    return true;
}

enum err batch_iter_next(struct batch_iter *it, struct record_view *record)
{
    if (it->left == 0)
        return it->rest.len == 0 ? ERR_NOT_FOUND : ERR_CORRUPT;
    const char *start = it->rest.data;
    int64_t len;
    if (!take_varint(&it->rest, VARINT_BYTES_MAX, &len) || len < 0 || (uint64_t)len > it->rest.len)
        return ERR_CORRUPT;
    struct bytes body = bytes_of(it->rest.data, (size_t)len);
    if (!record_decode(&it->header, body, record))
        return ERR_CORRUPT;
    it->rest.data += len;
    it->rest.len -= (size_t)len;
    it->left--;
    record->len = (size_t)(it->rest.data - start);
    return ERR_OK;
}

enum err batch_iter_skip(struct batch_iter *it, size_t count)
{
    if (count > (size_t)it->left)
        return ERR_CORRUPT;
    for (size_t i = 0; i < count; i++) {
        int64_t len;
        if (!take_varint(&it->rest, VARINT_BYTES_MAX, &len) || len < 0 ||
            (uint64_t)len > it->rest.len)
            return ERR_CORRUPT;
        it->rest.data += len;
        it->rest.len -= (size_t)len;
    }
    it->left -= (int32_t)count;
    return ERR_OK;
}

enum err record_view_header(struct bytes *cursor, struct record_header *header)
{
    if (cursor->len == 0)
        return ERR_NOT_FOUND;
    struct bytes rest = *cursor;
    struct record_header h;
    if (!take_bytes(&rest, false, &h.name) || !take_bytes(&rest, true, &h.value))
        return ERR_CORRUPT;
    *header = h;
    *cursor = rest;
    return ERR_OK;
}

/* --- copying in part ------------------------------------------------------------------------- */

/* A record that was decoded before, with another timestamp delta. */
static void copy_record(struct bytes record, int64_t timestamp_shift, struct buf *out)
{
    int64_t len, delta;
    bool fine = take_varint(&record, VARINT_BYTES_MAX, &len);
    ASSERT(fine && (size_t)len == record.len && len > 0);
    char attributes = record.data[0];
    record.data++;
    record.len--;
    fine = take_varint(&record, VARLONG_BYTES_MAX, &delta);
    ASSERT(fine);
    delta = (int64_t)((uint64_t)delta + (uint64_t)timestamp_shift);
    size_t body = 1 + varint_len(delta) + record.len;
    char *start = buf_reserve(out, body + VARINT_BYTES_MAX);
    char *p = put_varint(start, (int64_t)body);
    *p++ = attributes;
    p = put_varint(p, delta);
    memcpy(p, record.data, record.len);
    out->len += (size_t)(p - start) + record.len;
}

enum err batch_filter(struct bytes batch, batch_keep_fn *keep, void *ctx, int64_t horizon_ms,
                      struct buf *out, int32_t *kept)
{
    struct batch_iter it;
    struct record_view r;
    int64_t max_ms = INT64_MIN, shift = 0;
    int32_t count = 0;
    enum err err = batch_iter_init(&it, batch);
    if (err != ERR_OK)
        return err;
    if (horizon_ms >= 0)
        shift = (int64_t)((uint64_t)it.header.base_timestamp_ms - (uint64_t)horizon_ms);
    buf_clear(out);
    buf_append(out, batch.data, BATCH_HEADER_BYTES);
    for (;;) {
        const char *start = it.rest.data;
        err = batch_iter_next(&it, &r);
        if (err != ERR_OK)
            break;
        if (!keep(ctx, &r))
            continue;
        copy_record(bytes_of(start, r.len), shift, out);
        if (out->len > INT32_MAX)
            return ERR_TOO_LARGE;
        max_ms = r.timestamp_ms > max_ms ? r.timestamp_ms : max_ms;
        count++;
    }
    if (err != ERR_NOT_FOUND)
        return err;
    *kept = count;
    if (count == 0)
        return ERR_OK;
    char *p = out->data;
    put_u32(p + AT_LENGTH, (uint32_t)(out->len - AT_LEADER_EPOCH));
    if (horizon_ms >= 0) {
        put_u16(p + AT_ATTRIBUTES, (uint16_t)(it.header.attributes | BATCH_DELETE_HORIZON));
        put_u64(p + AT_BASE_TIMESTAMP, (uint64_t)horizon_ms);
    }
    put_u64(p + AT_MAX_TIMESTAMP, (uint64_t)max_ms);
    put_u32(p + AT_RECORD_COUNT, (uint32_t)count);
    put_u32(p + AT_CRC, crc32c(p + AT_ATTRIBUTES, out->len - AT_ATTRIBUTES));
    return ERR_OK;
}
