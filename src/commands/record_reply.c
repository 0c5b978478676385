/* SPDX-License-Identifier: BSD-3-Clause */
/* An array reply says how long it is before its first element, so records are counted first: from the
 * batch headers where that is enough, by walking the records where an offset, the budget or holes left
 * by compaction cut through a batch. */
#include "commands/record_reply.h"

#include "commands/errors.h"
#include "commands/record_encoder.h"
#include "topics/catalog.h"

/* --- errors --------------------------------------------------------------------------------- */

static void reply_part_error(struct writer *w, const struct fetch_part *part)
{
    const struct topic_partition *tp = part->tp;
    const int name_len = tp == NULL ? 0 : (int)tp->topic->name.len;
    const char *name = tp == NULL ? "" : tp->topic->name.data;
    switch (part->err) {
    case ERR_RANGE:
        write_error(
            w,
            "OFFSETOUTOFRANGE topic '%.*s' partition %d has no offset %lld: it begins at %lld and "
            "ends before %lld",
            name_len, name, tp->number, (long long)part->offset, (long long)part->log_start,
            (long long)part->next_offset);
        break;
    case ERR_CORRUPT:
        write_error(w,
                    "CORRUPT topic '%.*s' partition %d: offsets %lld to %lld are damaged; the next "
                    "readable offset is %lld",
                    name_len, name, tp->number, (long long)part->corrupt_from,
                    (long long)part->corrupt_to - 1, (long long)part->corrupt_to);
        break;
    case ERR_NOT_FOUND:
        write_error(w, "UNKNOWNTOPIC topic '%.*s' was deleted", name_len, name);
        break;
    default:
        write_error(w, "%s topic '%.*s' partition %d cannot be read: %s", error_code(part->err),
                    name_len, name, tp->number, err_text(part->err));
    }
}

/* --- counting ------------------------------------------------------------------------------- */

static struct bytes next_batch(struct bytes *rest, struct batch_header *header)
{
    if (rest->len == 0 || batch_header_read(*rest, INT32_MAX, header) != ERR_OK ||
        batch_header_len(header) > rest->len)
        return BYTES_NULL;
    struct bytes batch = bytes_of(rest->data, batch_header_len(header));
    *rest = bytes_of(rest->data + batch.len, rest->len - batch.len);
    return batch;
}

/* Whether the budget has room for a record of `len` bytes, which is then taken from it. */
static bool take(struct record_budget *budget, size_t len)
{
    if (budget->count == 0 || (budget->any && budget->bytes < len))
        return false;
    budget->count--;
    budget->bytes -= budget->bytes < len ? budget->bytes : len;
    budget->any = true;
    return true;
}

/* Counts one by one; false when the budget or the part ended inside. */
static bool count_records(struct bytes batch, const struct fetch_part *part,
                          struct record_budget *budget, struct record_slice *slice)
{
    struct batch_iter it;
    struct record_view r;
    if (batch_iter_init(&it, batch) != ERR_OK)
        return false;
    while (batch_iter_next(&it, &r) == ERR_OK) {
        if (r.offset < part->offset)
            continue;
        if (r.offset >= part->end || !take(budget, r.len))
            return false;
        slice->count++;
        slice->next = r.offset + 1;
    }
    return true;
}

/* A batch that is wanted whole, without holes, and fits. */
static bool take_whole(const struct batch_header *h, size_t len, const struct fetch_part *part,
                       struct record_budget *budget)
{
    size_t records = (size_t)h->record_count;
    bool dense = h->last_offset_delta + 1 == h->record_count;
    if (!dense || h->base_offset < part->offset || batch_header_last_offset(h) >= part->end ||
        records == 0 || budget->count < records || budget->bytes < len)
        return false;
    budget->count -= records;
    budget->bytes -= len;
    budget->any = true;
    return true;
}

struct record_slice slice_records(const struct fetch_part *part, struct record_budget *budget)
{
    struct record_slice slice = {.next = part->offset};
    if (part->err != ERR_OK)
        return slice;
    struct bytes rest = part->batches;
    struct batch_header header;
    for (;;) {
        struct bytes batch = next_batch(&rest, &header);
        if (bytes_is_null(batch))
            return slice;
        if (take_whole(&header, batch.len, part, budget))
            slice.count += (size_t)header.record_count;
        else if (!count_records(batch, part, budget, &slice))
            return slice;
        /* Compaction may have taken a batch's last records: it is behind us all the same. */
        if (batch_header_last_offset(&header) >= slice.next)
            slice.next = batch_header_last_offset(&header) + 1;
    }
}

/* --- writing -------------------------------------------------------------------------------- */

/* Writes up to `count` records of a batch; returns how many it had. */
static size_t write_batch(struct record_encoder *e, struct bytes batch, int64_t offset,
                          size_t count)
{
    struct batch_iter it;
    struct record_view r;
    size_t written = 0;
    if (batch_iter_init(&it, batch) != ERR_OK)
        return 0;
    while (written < count && batch_iter_next(&it, &r) == ERR_OK) {
        if (r.offset < offset)
            continue;
        record_encoder_write(e, &r);
        written++;
    }
    return written;
}

void reply_slice(struct writer *w, const struct fetch_part *part, const struct record_slice *slice)
{
    if (part->err != ERR_OK) {
        reply_part_error(w, part);
        return;
    }
    size_t left = slice->count;
    uint64_t begin = w->out->pos_end;
    write_array(w, left);
    struct bytes rest = part->batches;
    struct batch_header header;
    struct record_encoder encoder;
    record_encoder_init(&encoder, w);
    while (left > 0) {
        struct bytes batch = next_batch(&rest, &header);
        if (bytes_is_null(batch))
            break;
        left -= write_batch(&encoder, batch, part->offset, left);
    }
    catalog_count_read(part->tp->topic, slice->count - left, w->out->pos_end - begin);
    /* Only a batch that lies about its records in spite of a right checksum gets here. */
    for (; left > 0; left--)
        write_error(w,
                    "CORRUPT topic '%.*s' partition %d: a batch holds fewer records than it says",
                    (int)part->tp->topic->name.len, part->tp->topic->name.data, part->tp->number);
}

void reply_records(struct writer *w, const struct fetch_part *part, struct record_budget *budget)
{
    struct record_slice slice = slice_records(part, budget);
    reply_slice(w, part, &slice);
}
