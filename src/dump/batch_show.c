/* SPDX-License-Identifier: BSD-3-Clause */
#include "dump/batch_show.h"

#include <inttypes.h>

static const char *compression_name(int16_t attributes)
{
    static const char *const names[] = {"none", "gzip", "snappy", "lz4", "zstd"};
    size_t i = attributes & BATCH_COMPRESSION_MASK;
    return i < COUNT_OF(names) ? names[i] : "unknown";
}

static void print_batch(struct dump *d, const struct walk_batch *b)
{
    const struct batch_header *h = &b->header;
    struct printer *out = d->out;
    printer_begin(out, DEPTH_BATCH + d->deeper, "batch");
    printer_count(out, "pos", b->pos);
    printer_count(out, "bytes", b->len);
    printer_number(out, "base_offset", h->base_offset);
    printer_number(out, "last_offset", batch_header_last_offset(h));
    printer_number(out, "records", h->record_count);
    printer_number(out, "base_timestamp", h->base_timestamp_ms);
    printer_number(out, "max_timestamp", h->max_timestamp_ms);
    printer_word(out, "timestamp_type",
                 h->attributes & BATCH_TIMESTAMP_APPEND ? "append" : "create");
    printer_word(out, "compression", compression_name(h->attributes));
    printer_number(out, "leader_epoch", h->leader_epoch);
    printer_number(out, "producer_id", h->producer_id);
    printer_number(out, "producer_epoch", h->producer_epoch);
    printer_number(out, "base_sequence", h->base_sequence);
    if (h->attributes & BATCH_TRANSACTIONAL)
        printer_flag(out, "transactional", true);
    if (h->attributes & BATCH_CONTROL)
        printer_flag(out, "control", true);
    if (h->attributes & BATCH_DELETE_HORIZON)
        printer_flag(out, "delete_horizon", true);
    printer_count(out, "crc", h->crc);
    printer_word(out, "crc_is", bytes_is_null(b->bytes) ? "unchecked" : "right");
    printer_end(out);
}

static void print_record(struct dump *d, const struct record_view *r)
{
    struct printer *out = d->out;
    struct bytes cursor = r->headers;
    struct record_header header;
    printer_begin(out, DEPTH_RECORD + d->deeper, "record");
    printer_number(out, "offset", r->offset);
    printer_number(out, "timestamp", r->timestamp_ms);
    printer_bytes(out, "key", r->key);
    printer_bytes(out, "value", r->value);
    printer_list_open(out, "headers");
    while (record_view_header(&cursor, &header) == ERR_OK)
        printer_pair(out, header.name, header.value);
    printer_list_close(out);
    printer_end(out);
}

static bool headers_add_up(const struct record_view *r)
{
    struct bytes cursor = r->headers;
    struct record_header header;
    size_t count = 0;
    enum err err;
    while ((err = record_view_header(&cursor, &header)) == ERR_OK)
        count++;
    return err == ERR_NOT_FOUND && count == r->header_count;
}

/* What there is to say against a record whose offset should be `expected`, or later with holes; or NULL. */
static const char *record_fault(const struct record_view *r, int64_t expected, bool holes)
{
    if (r->offset < expected || (r->offset > expected && !holes))
        return "does not follow on";
    return headers_add_up(r) ? NULL : "has headers that do not add up";
}

/* The checksum holds, so whatever is wrong here was written so. */
static void check_records(struct dump *d, const char *path, const struct walk_batch *b, bool holes)
{
    struct batch_iter it;
    struct record_view r;
    int64_t expected = b->header.base_offset, max_ms = INT64_MIN;
    enum err err = batch_iter_init(&it, b->bytes);
    if (err == ERR_UNSUPPORTED) {
        printer_note(d->out, path, "byte %" PRIu64 ": the records are compressed: not looked at",
                     b->pos);
        return;
    }
    while (err == ERR_OK && (err = batch_iter_next(&it, &r)) == ERR_OK) {
        const char *fault = record_fault(&r, expected, holes);
        if (fault != NULL)
            printer_error(d->out, path, "byte %" PRIu64 ": the record at offset %" PRId64 " %s",
                          b->pos, r.offset, fault);
        if (d->options->records)
            print_record(d, &r);
        expected = r.offset + 1;
        max_ms = r.timestamp_ms > max_ms ? r.timestamp_ms : max_ms;
    }
    if (err != ERR_NOT_FOUND)
        printer_error(d->out, path,
                      "byte %" PRIu64
                      ": the records of the batch do not add up from offset %" PRId64 " on",
                      b->pos, expected);
    else if (!holes && b->header.record_count > 0 && max_ms != b->header.max_timestamp_ms)
        printer_error(d->out, path,
                      "byte %" PRIu64 ": the greatest timestamp is %" PRId64
                      ", but the batch says %" PRId64,
                      b->pos, max_ms, b->header.max_timestamp_ms);
}

void batch_show(struct dump *d, const char *path, const struct walk_batch *b, bool holes)
{
    if (d->options->batches)
        print_batch(d, b);
    if (!bytes_is_null(b->bytes) && (d->options->deep || d->options->records))
        check_records(d, path, b, holes);
}
