/* SPDX-License-Identifier: BSD-3-Clause */
/* What a part of a fetch answers, against the plain way: every batch walked, every record written on its own. */
#include "commands/record_reply.h"

#include "base/buf.h"
#include "commands/record_encoder.h"
#include "topics/catalog_private.h"
#include "topics/topic_partition.h"
#include "unit/base/seed.h"
#include <criterion/criterion.h>

#define BATCHES_MAX 5
#define RECORDS_MAX 12

struct bed {
    struct random random;
    struct out_pool pool;
    struct out out;
    struct writer w;
    struct catalog catalog;
    struct topic topic;
    struct topic_partition tp;
    struct buf batches;
    int64_t end; /* behind them */
    bool holes;
};

static void bed_open(struct bed *b)
{
    memset(b, 0, sizeof(*b));
    seed_test(&b->random);
    out_pool_init(&b->pool, 4);
    out_init(&b->out, &b->pool);
    b->w = (struct writer){.out = &b->out, .proto = 2};
    b->topic.catalog = &b->catalog;
    b->topic.name = BYTES_LITERAL("t");
    b->tp.topic = &b->topic;
}

static void bed_close(struct bed *b)
{
    buf_deinit(&b->batches);
    out_deinit(&b->out);
    out_pool_deinit(&b->pool);
}

static uint64_t below(struct bed *b, uint64_t bound)
{
    return random_below(&b->random, bound);
}

/* Two of three stay. */
static bool keep(void *ctx, const struct record_view *r)
{
    (void)r;
    return below(ctx, 3) > 0;
}

static void add_batch(struct bed *b)
{
    static const char bytes[200] = "value";
    struct batch_builder builder = {0};
    struct buf filtered = {0};
    int32_t kept = 1;

    batch_builder_begin(&builder, b->end);
    for (uint64_t i = below(b, RECORDS_MAX) + 1; i > 0; i--) {
        struct record r = {.timestamp_ms = 1000 + (int64_t)below(b, 3),
                           .value = bytes_of(bytes, below(b, sizeof(bytes)))};
        batch_builder_add(&builder, &r);
        b->end++;
    }
    batch_builder_seal(&builder, 0, false);
    if (b->holes && below(b, 2) == 0) {
        cr_assert_eq(batch_filter(buf_bytes(&builder.buf), keep, b, -1, &filtered, &kept), ERR_OK);
        if (kept > 0)
            buf_append_bytes(&b->batches, buf_bytes(&filtered));
    } else {
        buf_append_bytes(&b->batches, buf_bytes(&builder.buf));
    }
    buf_deinit(&filtered);
    batch_builder_deinit(&builder);
}

/* A part that begins somewhere in its first batch, and may end early. */
static struct fetch_part any_part(struct bed *b)
{
    int64_t base = (int64_t)below(b, 1000);

    buf_clear(&b->batches);
    b->end = base;
    b->holes = below(b, 2) == 0;
    for (uint64_t i = below(b, BATCHES_MAX) + 1; i > 0; i--)
        add_batch(b);
    return (struct fetch_part){.tp = &b->tp,
                               .batches = buf_bytes(&b->batches),
                               .offset = base + (int64_t)below(b, 2 * RECORDS_MAX),
                               .end = below(b, 3) == 0
                                          ? base + (int64_t)below(b, (uint64_t)(b->end - base) + 1)
                                          : INT64_MAX};
}

/* --- the plain way ------------------------------------------------------------------------------ */

struct plain {
    size_t count;
    int64_t next;
    struct buf text; /* of the records */
};

static bool plain_take(struct record_budget *budget, size_t len)
{
    if (budget->count == 0 || (budget->any && budget->bytes < len))
        return false;
    budget->count--;
    budget->bytes -= len < budget->bytes ? len : budget->bytes;
    budget->any = true;
    return true;
}

static void plain_write(struct bed *b, struct plain *p, const struct record_view *r)
{
    struct iovec piece;

    write_array(&b->w, 5);
    record_encoder_write_fields(&b->w, r);
    while (out_peek(&b->out, b->out.pos_end, &piece, 1) > 0) {
        buf_append(&p->text, piece.iov_base, piece.iov_len);
        out_consume(&b->out, piece.iov_len);
    }
    p->count++;
    p->next = r->offset + 1;
}

/* A batch that is wanted whole and fits with its header is charged with it; else records are, one by one. */
static bool plain_batch(struct bed *b, const struct fetch_part *part, struct bytes batch,
                        struct record_budget *budget, struct plain *p)
{
    struct batch_iter it;
    struct record_view r;

    cr_assert_eq(batch_iter_init(&it, batch), ERR_OK);
    struct batch_header h = it.header;
    bool whole = h.last_offset_delta + 1 == h.record_count && h.base_offset >= part->offset &&
                 batch_header_last_offset(&h) < part->end && batch.len <= budget->bytes &&
                 (size_t)h.record_count <= budget->count;
    if (whole) {
        budget->bytes -= BATCH_HEADER_BYTES;
        budget->any = true;
    }
    while (batch_iter_next(&it, &r) == ERR_OK) {
        if (r.offset < part->offset)
            continue;
        if (r.offset >= part->end || !plain_take(budget, r.len))
            return false;
        plain_write(b, p, &r);
    }
    if (batch_header_last_offset(&h) >= p->next)
        p->next = batch_header_last_offset(&h) + 1;
    return true;
}

static struct plain plain_of(struct bed *b, const struct fetch_part *part,
                             struct record_budget *budget)
{
    struct plain p = {.next = part->offset};
    struct bytes rest = part->batches;
    struct batch_header h;

    while (rest.len > 0) {
        cr_assert_eq(batch_header_read(rest, INT32_MAX, &h), ERR_OK);
        size_t len = batch_header_len(&h);
        if (!plain_batch(b, part, bytes_of(rest.data, len), budget, &p))
            break;
        rest = bytes_of(rest.data + len, rest.len - len);
    }
    return p;
}

/* --- the tests ---------------------------------------------------------------------------------- */

static struct buf take_written(struct bed *b)
{
    struct buf all = {0};
    struct iovec piece;
    while (out_peek(&b->out, b->out.pos_end, &piece, 1) > 0) {
        buf_append(&all, piece.iov_base, piece.iov_len);
        out_consume(&b->out, piece.iov_len);
    }
    return all;
}

static void expect_same(struct bed *b, const struct fetch_part *part, struct record_budget budget)
{
    struct record_budget other = budget;
    struct plain p = plain_of(b, part, &other);
    struct record_slice slice = slice_records(part, &budget);
    char first[32];

    cr_assert_eq(slice.count, p.count, "%zu records, not %zu", slice.count, p.count);
    cr_assert_eq(slice.next, p.next, "goes on at %lld, not %lld", (long long)slice.next,
                 (long long)p.next);
    cr_assert_eq(budget.count, other.count);
    if (budget.count > 0) /* else the bytes are of no more use */
        cr_assert_eq(budget.bytes, other.bytes);
    cr_assert_eq(budget.any, other.any);
    reply_slice(&b->w, part, &slice);
    struct buf written = take_written(b);
    int len = snprintf(first, sizeof(first), "*%zu\r\n", p.count);
    cr_assert_eq(written.len, p.text.len + (size_t)len);
    cr_assert_eq(memcmp(written.data, first, (size_t)len), 0);
    if (p.text.len > 0)
        cr_assert_eq(memcmp(written.data + len, p.text.data, p.text.len), 0);
    buf_deinit(&written);
    buf_deinit(&p.text);
}

Test(record_reply, gives_what_walking_every_batch_would)
{
    struct bed b;

    bed_open(&b);
    for (int round = 0; round < 20000; round++) {
        struct fetch_part part = any_part(&b);
        struct record_budget budget = {.count = below(&b, 2 * RECORDS_MAX),
                                       .bytes = below(&b, part.batches.len + 300),
                                       .any = below(&b, 4) == 0};
        if (below(&b, 3) == 0)
            budget.count = 500;
        if (below(&b, 3) == 0)
            budget.bytes = 1 << 20;
        expect_same(&b, &part, budget);
    }
    bed_close(&b);
}

/* Its checksum is right, but its records are not there. */
Test(record_reply, a_batch_that_lies_about_its_records_is_answered_and_passed)
{
    struct bed b;
    struct record_budget budget = {.count = 500, .bytes = 1 << 20};

    bed_open(&b);
    add_batch(&b);
    b.batches.data[22] |= 1; /* compressed: none of it can be read */
    int64_t behind = b.end;
    add_batch(&b);
    struct fetch_part part = {.tp = &b.tp, .batches = buf_bytes(&b.batches), .end = INT64_MAX};
    struct record_slice slice = slice_records(&part, &budget);
    cr_assert_eq(slice.count, b.end);
    cr_assert_eq(slice.next, b.end);
    reply_slice(&b.w, &part, &slice);
    struct buf written = take_written(&b);
    cr_assert_eq(b.w.errors, behind, "one for each record that is not there");
    struct bytes error = BYTES_LITERAL("-CORRUPT topic 't' partition 0: ");
    cr_assert_not_null(memmem(written.data, written.len, error.data, error.len));
    buf_deinit(&written);
    bed_close(&b);
}
