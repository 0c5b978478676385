/* SPDX-License-Identifier: BSD-3-Clause */
/* Record batches, format v2, as Kafka keeps them on disk. All integers are big-endian; varints are
 * zigzag base-128. https://kafka.apache.org/documentation/#recordbatch
 *
 *   0  base offset      i64      27  base timestamp  i64        a record:
 *   8  batch length     i32      35  max timestamp   i64          length            varint
 *  12  leader epoch     i32      43  producer id     i64          attributes        i8
 *  16  magic            i8 = 2   51  producer epoch  i16          timestamp delta   varlong
 *  17  CRC-32C          u32      53  base sequence   i32          offset delta      varint
 *  21  attributes       i16      57  record count    i32          key len, key      varint (-1 null)
 *  23  last offset delta i32     61  records…                     value len, value  varint (-1 null)
 *                                                                 headers           varint count, …
 * In a batch that compaction went over, records may be missing, and with BATCH_DELETE_HORIZON the base
 * timestamp is not the first record's but the time from which its tombstones may go.
 * The batch length counts from byte 12; the CRC covers from byte 21 to the end. Base offset, length,
 * leader epoch and magic are outside the CRC: who trusts a batch checks them by other means. */
#ifndef ECHOLOG_STORAGE_BATCH_H
#define ECHOLOG_STORAGE_BATCH_H

#include "base/buf.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"
#include <stdint.h>

#define BATCH_HEADER_BYTES 61
#define BATCH_MAGIC 2
#define BATCH_BYTES_TARGET (64 * 1024) /* a batch that reaches this is closed */
#define RECORD_HEADERS_MAX 1024

enum batch_attributes {
    BATCH_COMPRESSION_MASK = 0x07,
    BATCH_TIMESTAMP_APPEND = 0x08, /* else the client's (create) time */
    BATCH_TRANSACTIONAL = 0x10,
    BATCH_CONTROL = 0x20,
    BATCH_DELETE_HORIZON = 0x40,
};

struct record_header {
    struct bytes name;
    struct bytes value; /* may be null */
};

/* A record to be written. Everything is borrowed for the call. */
struct record {
    int64_t timestamp_ms;
    struct bytes key;   /* may be null */
    struct bytes value; /* null is a tombstone */
    const struct record_header *headers;
    size_t header_count; /* <= RECORD_HEADERS_MAX */
};

/* A record that was read; its bytes are inside the batch it came from. */
struct record_view {
    int64_t offset;
    int64_t timestamp_ms;
    struct bytes key;
    struct bytes value;
    size_t header_count;
    struct bytes headers; /* encoded; see record_view_header */
    size_t len;           /* encoded length of the whole record */
};

/* How many bytes the record will take in a batch, at most (exact but for the varint deltas). */
size_t record_bytes_max(const struct record *r);
/* The same, quickly and less closely: a few bytes more. */
static inline size_t record_bytes_bound(const struct record *r)
{
    /* Attributes, the length, two deltas, the lengths of key and value, no headers. */
    const size_t beside = 1 + 5 + 10 + 5 + 5 + 5 + 1;
    return r->header_count == 0 ? beside + r->key.len + r->value.len : record_bytes_max(r);
}

/* --- building ------------------------------------------------------------------------------- */

struct batch_builder {
    struct buf buf; /* the batch so far, header space included; owned */
    int64_t base_offset;
    int64_t base_timestamp_ms;
    int64_t max_timestamp_ms;
    int32_t count;
};

/* Begins an empty batch; the builder's buffer is kept for reuse. */
void batch_builder_begin(struct batch_builder *b, int64_t base_offset);
void batch_builder_deinit(struct batch_builder *b);
/* Adds a record with the next offset. No allocation but the buffer's growth. */
void batch_builder_add(struct batch_builder *b, const struct record *r);
/* Completes header and checksum; the whole batch is then in b->buf. */
void batch_builder_seal(struct batch_builder *b, int32_t leader_epoch, bool append_time);

/* --- reading -------------------------------------------------------------------------------- */

struct batch_header {
    int64_t base_offset;
    int32_t batch_length; /* as stored: from byte 12 on */
    int32_t leader_epoch;
    int8_t magic;
    uint32_t crc;
    int16_t attributes;
    int32_t last_offset_delta;
    int64_t base_timestamp_ms;
    int64_t max_timestamp_ms;
    int64_t producer_id;
    int16_t producer_epoch;
    int32_t base_sequence;
    int32_t record_count;
};

/* Decodes the fixed header. ERR_AGAIN fewer than BATCH_HEADER_BYTES; ERR_CORRUPT it cannot be one (magic,
 * a length below the header's or above `batch_bytes_max`, negative counts). The CRC is not looked at. */
MUST_CHECK
enum err batch_header_read(struct bytes data, int64_t batch_bytes_max, struct batch_header *header);
/* The length of the whole batch in bytes. */
static inline size_t batch_header_len(const struct batch_header *h)
{
    return (size_t)h->batch_length + 12;
}
/* Whether its offsets follow on, each with a record: compaction has left no holes. */
static inline bool batch_header_is_dense(const struct batch_header *h)
{
    return h->last_offset_delta + 1 == h->record_count;
}
static inline int64_t batch_header_last_offset(const struct batch_header *h)
{
    return h->base_offset + h->last_offset_delta;
}
/* Whether the checksum of a whole batch holds. */
bool batch_crc_holds(struct bytes batch);

/* Walks the records of one whole batch. */
struct batch_iter {
    struct batch_header header;
    struct bytes rest;
    int32_t left;
};
/* ERR_CORRUPT it is not one whole batch; ERR_UNSUPPORTED its records are compressed. */
MUST_CHECK
enum err batch_iter_init(struct batch_iter *it, struct bytes batch);
/* ERR_NOT_FOUND at the end; ERR_CORRUPT the records do not add up. */
MUST_CHECK
enum err batch_iter_next(struct batch_iter *it, struct record_view *record);
/* Passes over `count` records, going by their lengths alone. ERR_CORRUPT they do not add up. */
MUST_CHECK
enum err batch_iter_skip(struct batch_iter *it, size_t count);
/* A copy of a whole batch with those records that `keep` wants: their offsets and times stay, and all else
 * that the header says. With a `horizon_ms` of 0 or more the copy has it as its delete horizon. `out` is
 * replaced; *kept may come to 0, there is nothing to be written then. ERR_CORRUPT, ERR_UNSUPPORTED as
 * batch_iter; ERR_TOO_LARGE. */
typedef bool batch_keep_fn(void *ctx, const struct record_view *record);
MUST_CHECK
enum err batch_filter(struct bytes batch, batch_keep_fn *keep, void *ctx, int64_t horizon_ms,
                      struct buf *out, int32_t *kept);

/* The next header in order. `cursor` starts as record->headers and moves on. ERR_NOT_FOUND after the
 * last one; ERR_CORRUPT. */
MUST_CHECK
enum err record_view_header(struct bytes *cursor, struct record_header *header);

#endif
