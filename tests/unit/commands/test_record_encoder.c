/* SPDX-License-Identifier: BSD-3-Clause */
/* Records written in a row. Whatever came before, each has the bytes that the writer's own functions give. */
#include "commands/record_encoder.h"

#include "base/buf.h"
#include "base/mem.h"
#include "unit/base/seed.h"
#include <criterion/criterion.h>

struct page {
    struct out_pool pool;
    struct out out;
    struct writer w;
};

static void page_open(struct page *p, int proto)
{
    out_pool_init(&p->pool, 4);
    out_init(&p->out, &p->pool);
    p->w = (struct writer){.out = &p->out, .proto = proto};
}

static void page_close(struct page *p)
{
    out_deinit(&p->out);
    out_pool_deinit(&p->pool);
}

static struct buf take_written(struct page *p)
{
    struct buf all = {0};
    struct iovec piece;
    while (out_peek(&p->out, p->out.pos_end, &piece, 1) > 0) {
        buf_append(&all, piece.iov_base, piece.iov_len);
        out_consume(&p->out, piece.iov_len);
    }
    return all;
}

static void expect(struct page *p, const char *text)
{
    struct buf all = take_written(p);
    cr_assert(bytes_equal(buf_bytes(&all), bytes_of_string(text)), "'%.*s', not '%s'", (int)all.len,
              all.data, text);
    buf_deinit(&all);
}

static struct record_view record(int64_t offset, int64_t timestamp_ms, const char *key,
                                 const char *value)
{
    return (struct record_view){
        .offset = offset,
        .timestamp_ms = timestamp_ms,
        .key = key == NULL ? BYTES_NULL : bytes_of_string(key),
        .value = value == NULL ? BYTES_NULL : bytes_of_string(value),
    };
}

Test(record_encoder, writes_what_the_protocol_says)
{
    struct page p;
    struct record_encoder e;
    struct record_view r = record(7, 1700000000000, NULL, "hello");

    page_open(&p, 2);
    record_encoder_init(&e, &p.w);
    record_encoder_write(&e, &r);
    expect(&p, "*5\r\n:7\r\n:1700000000000\r\n$-1\r\n$5\r\nhello\r\n*0\r\n");
    r = record(8, 1700000000000, "k", NULL);
    record_encoder_write(&e, &r);
    expect(&p, "*5\r\n:8\r\n:1700000000000\r\n$1\r\nk\r\n$-1\r\n*0\r\n");
    page_close(&p);
    page_open(&p, 3);
    record_encoder_init(&e, &p.w);
    record_encoder_write(&e, &r);
    expect(&p, "*5\r\n:8\r\n:1700000000000\r\n$1\r\nk\r\n_\r\n%0\r\n");
    page_close(&p);
}

Test(record_encoder, counts_on_over_tens_and_other_times_in_between)
{
    struct page p;
    struct record_encoder e;
    static const int64_t next[][2] = {{8, 5},  {9, 5},   {10, 5}, {11, 6}, {12, 6},
                                      {99, 6}, {100, 6}, {12, 6}, {13, -1}};

    page_open(&p, 2);
    record_encoder_init(&e, &p.w);
    for (size_t i = 0; i < COUNT_OF(next); i++) {
        struct record_view r = record(next[i][0], next[i][1], NULL, "");
        char text[100];

        record_encoder_write(&e, &r);
        snprintf(text, sizeof(text), "*5\r\n:%d\r\n:%d\r\n$-1\r\n$0\r\n\r\n*0\r\n", (int)next[i][0],
                 (int)next[i][1]);
        expect(&p, text);
    }
    page_close(&p);
}

/* --- against the writer --------------------------------------------------------------------------- */

#define BYTES_MAX ((size_t)40000)

/* Lengths around those of reservations and chunks, and mostly short ones. */
static struct bytes any_bytes(struct random *random, const char *from)
{
    static const size_t around[] = {
        0, 9, 10, 99, 100, 400, 512, 1000, OUT_ROOM_BYTES, BYTES_MAX - 9};
    size_t len;

    if (random_below(random, 5) == 0)
        return BYTES_NULL;
    len = around[random_below(random, random_below(random, 20) == 0 ? COUNT_OF(around) : 6)];
    return bytes_of(from, len + random_below(random, 9));
}

static void any_record(struct random *random, const char *from, struct record_view *r)
{
    static const char header[] = "\x02n\x02v\x02n\x01"; /* n: v, n: null */

    r->offset =
        random_below(random, 10) == 0 ? (int64_t)random_below(random, INT64_MAX) : r->offset + 1;
    if (random_below(random, 10) == 0)
        r->timestamp_ms = (int64_t)random_next(random);
    r->key = any_bytes(random, from);
    r->value = any_bytes(random, from);
    r->header_count = random_below(random, 8) == 0 ? 2 : 0;
    r->headers = bytes_of(header, r->header_count * 3 + (r->header_count > 0));
}

Test(record_encoder, agrees_with_the_writer_on_any_records)
{
    struct random random;
    struct page fast, plain;
    struct record_view r = {0};
    char *from = mem_alloc(BYTES_MAX);

    seed_test(&random);
    for (size_t i = 0; i < BYTES_MAX; i++)
        from[i] = (char)random_next(&random);
    for (int round = 0; round < 200; round++) {
        int proto = 2 + round % 2;
        struct record_encoder e;
        struct buf a, b;

        page_open(&fast, proto);
        page_open(&plain, proto);
        record_encoder_init(&e, &fast.w);
        for (int i = 0; i < 100; i++) {
            any_record(&random, from, &r);
            record_encoder_write(&e, &r);
            write_array(&plain.w, 5);
            record_encoder_write_fields(&plain.w, &r);
        }
        a = take_written(&fast);
        b = take_written(&plain);
        cr_assert(bytes_equal(buf_bytes(&a), buf_bytes(&b)), "round %d", round);
        buf_deinit(&a);
        buf_deinit(&b);
        page_close(&fast);
        page_close(&plain);
    }
    mem_free(from);
}
