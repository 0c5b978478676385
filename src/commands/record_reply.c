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
static bool take_each(struct batch_iter it, const struct fetch_part *part,
                      struct record_budget *budget, struct record_slice *slice)
{
    struct record_view r;
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

/* Takes what stands in a batch without holes, when its bytes surely fit: all of it, or as much as the count
 * allows. A whole batch counts with its header, as for who reads it. False: it is to be counted one by one. */
static bool take_run(const struct batch_iter *it, const struct fetch_part *part,
                     struct record_budget *budget, struct record_slice *slice)
{
    const struct batch_header *h = &it->header;
    size_t records = (size_t)it->left;
    size_t bytes = it->rest.len + (it->left == h->record_count ? BATCH_HEADER_BYTES : 0);
    if (records == 0 || budget->count == 0 || budget->bytes < bytes ||
        batch_header_last_offset(h) >= part->end)
        return false;
    if (records > budget->count)
        records = budget->count; /* the last ones: what their bytes come to is all the same */
    budget->count -= records;
    budget->bytes -= bytes;
    budget->any = true;
    slice->count += records;
    slice->next = h->base_offset + (h->record_count - it->left) + (int64_t)records;
    return true;
}

/* To the first record at or behind `offset`, of a batch without holes. One that cannot be read has none of its
 * records, though it counts as many as it says: false. */
static bool go_to(struct batch_iter *it, const struct batch_header *h, struct bytes batch,
                  int64_t offset)
{
    int32_t before = 0;
    if (offset > h->base_offset)
        before = offset > batch_header_last_offset(h) ? h->record_count
                                                      : (int32_t)(offset - h->base_offset);
    if (batch_iter_init(it, batch) == ERR_OK && batch_iter_skip(it, (size_t)before) == ERR_OK)
        return true;
    *it = (struct batch_iter){.header = *h, .left = h->record_count - before};
    return false;
}

/* What the budget has room for of a batch, from the part's offset on. False: of what is behind it there is
 * none. */
static bool take_batch(const struct batch_header *h, struct bytes batch, struct bytes rest,
                       const struct fetch_part *part, struct record_budget *budget,
                       struct record_slice *slice)
{
    struct batch_iter it;
    bool dense = batch_header_is_dense(h);
    bool readable =
        dense ? go_to(&it, h, batch, part->offset) : batch_iter_init(&it, batch) == ERR_OK;
    if (!readable && !dense)
        return false;
    if (slice->count == 0) {
        slice->first = readable ? it : (struct batch_iter){0};
        slice->rest = rest;
    }
    if (dense && take_run(&it, part, budget, slice))
        return slice->next > batch_header_last_offset(h);
    return readable && take_each(it, part, budget, slice);
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
        if (bytes_is_null(batch) || !take_batch(&header, batch, rest, part, budget, &slice))
            return slice;
        /* Compaction may have taken a batch's last records: it is behind us all the same. */
        if (batch_header_last_offset(&header) >= slice.next)
            slice.next = batch_header_last_offset(&header) + 1;
    }
}

/* --- writing -------------------------------------------------------------------------------- */

/* Writes up to `count` records; returns how many there were. */
static size_t write_batch(struct record_encoder *e, struct batch_iter *it, int64_t offset,
                          size_t count)
{
    struct record_view r;
    size_t written = 0;
    while (written < count && batch_iter_next(it, &r) == ERR_OK) {
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
    struct batch_iter it = slice->first;
    struct bytes rest = slice->rest;
    struct batch_header header;
    struct record_encoder encoder;
    record_encoder_init(&encoder, w);
    while (left > 0) {
        left -= write_batch(&encoder, &it, part->offset, left);
        struct bytes batch = next_batch(&rest, &header);
        if (bytes_is_null(batch))
            break;
        if (batch_iter_init(&it, batch) != ERR_OK)
            it.left = 0;
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
