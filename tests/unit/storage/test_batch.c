/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/crc32c.h"
#include "base/mem.h"
#include "base/random.h"
#include "storage/batch.h"
#include <criterion/criterion.h>

/* A batch of three records made by an independent encoder: base offset 42, leader epoch 7. */
static const char known_batch[] =
    "\x00\x00\x00\x00\x00\x00\x00\x2a\x00\x00\x00\x9c\x00\x00\x00\x07\x02\x3d\xba"
    "\xdc\x36\x00\x00\x00\x00\x00\x02\x00\x00\x01\x8b\xcf\xe5\x68\x00\x00\x00\x01"
    "\x8b\xcf\xe5\x6b\xe8\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"
    "\x00\x00\x00\x03\x18\x00\x00\x00\x02\x6b\x0a\x68\x65\x6c\x6c\x6f\x00\x1a\x00"
    "\x05\x02\x01\x01\x04\x02\x61\x02\x31\x02\x62\x01\x9c\x01\x00\xd0\x0f\x04\x00"
    "\x8c\x01\x78\x78\x78\x78\x78\x78\x78\x78\x78\x78\x78\x78\x78\x78\x78\x78\x78"
    "\x78\x78\x78\x78\x78\x78\x78\x78\x78\x78\x78\x78\x78\x78\x78\x78\x78\x78\x78"
    "\x78\x78\x78\x78\x78\x78\x78\x78\x78\x78\x78\x78\x78\x78\x78\x78\x78\x78\x78"
    "\x78\x78\x78\x78\x78\x78\x78\x78\x78\x78\x78\x78\x78\x78\x78\x00";
static const struct record_header two_headers[] = {
    {BYTES_LITERAL("a"), BYTES_LITERAL("1")},
    {BYTES_LITERAL("b"), {NULL, 0}},
};

static struct bytes seventy(void)
{
    return BYTES_LITERAL("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
}

static void build_known(struct batch_builder *b)
{
    batch_builder_begin(b, 42);
    struct record first = {
        .timestamp_ms = 1700000000000, .key = BYTES_LITERAL("k"), .value = BYTES_LITERAL("hello")};
    struct record second = {
        .timestamp_ms = 1699999999997, .headers = two_headers, .header_count = 2};
    struct record third = {
        .timestamp_ms = 1700000001000, .key = BYTES_LITERAL(""), .value = seventy()};
    batch_builder_add(b, &first);
    batch_builder_add(b, &second);
    batch_builder_add(b, &third);
    batch_builder_seal(b, 7, false);
}

static struct bytes known(void)
{
    return bytes_of(known_batch, sizeof(known_batch) - 1);
}

Test(batch, is_built_byte_for_byte_as_an_independent_encoder_does)
{
    struct batch_builder b = {0};
    build_known(&b);
    cr_assert_eq(b.buf.len, known().len);
    cr_assert_arr_eq(b.buf.data, known_batch, known().len);
    batch_builder_deinit(&b);
}

Test(batch, header_reads_back_what_was_written)
{
    struct batch_header h;
    cr_assert_eq(batch_header_read(known(), 1 << 20, &h), ERR_OK);
    cr_assert_eq(h.base_offset, 42);
    cr_assert_eq(batch_header_len(&h), known().len);
    cr_assert_eq(h.leader_epoch, 7);
    cr_assert_eq(batch_header_last_offset(&h), 44);
    cr_assert_eq(h.base_timestamp_ms, 1700000000000);
    cr_assert_eq(h.max_timestamp_ms, 1700000001000);
    cr_assert_eq(h.producer_id, -1);
    cr_assert_eq(h.producer_epoch, -1);
    cr_assert_eq(h.base_sequence, -1);
    cr_assert_eq(h.record_count, 3);
    cr_assert(batch_crc_holds(known()));
}

Test(batch, records_read_back_with_nulls_headers_and_timestamps_out_of_order)
{
    struct batch_iter it;
    struct record_view r;
    struct record_header h;
    cr_assert_eq(batch_iter_init(&it, known()), ERR_OK);
    cr_assert_eq(batch_iter_next(&it, &r), ERR_OK);
    cr_assert_eq(r.offset, 42);
    cr_assert(bytes_equal(r.key, BYTES_LITERAL("k")));
    cr_assert(bytes_equal(r.value, BYTES_LITERAL("hello")));
    cr_assert_eq(r.header_count, 0);
    cr_assert_eq(batch_iter_next(&it, &r), ERR_OK);
    cr_assert_eq(r.offset, 43);
    cr_assert_eq(r.timestamp_ms, 1699999999997);
    cr_assert(bytes_is_null(r.key) && bytes_is_null(r.value));
    cr_assert_eq(r.header_count, 2);
    struct bytes cursor = r.headers;
    cr_assert_eq(record_view_header(&cursor, &h), ERR_OK);
    cr_assert(bytes_equal(h.name, BYTES_LITERAL("a")) && bytes_equal(h.value, BYTES_LITERAL("1")));
    cr_assert_eq(record_view_header(&cursor, &h), ERR_OK);
    cr_assert(bytes_equal(h.name, BYTES_LITERAL("b")) && bytes_is_null(h.value));
    cr_assert_eq(record_view_header(&cursor, &h), ERR_NOT_FOUND);
    cr_assert_eq(batch_iter_next(&it, &r), ERR_OK);
    cr_assert(!bytes_is_null(r.key) && r.key.len == 0, "an empty key is not a null key");
    cr_assert(bytes_equal(r.value, seventy()));
    cr_assert_eq(r.timestamp_ms, 1700000001000);
    cr_assert_eq(batch_iter_next(&it, &r), ERR_NOT_FOUND);
}

Test(batch, append_time_gives_every_record_the_batch_timestamp)
{
    struct batch_builder b = {0};
    batch_builder_begin(&b, 0);
    batch_builder_add(&b, &(struct record){.timestamp_ms = 10, .value = BYTES_LITERAL("a")});
    batch_builder_add(&b, &(struct record){.timestamp_ms = 12, .value = BYTES_LITERAL("b")});
    batch_builder_seal(&b, 0, true);
    struct batch_iter it;
    struct record_view r;
    cr_assert_eq(batch_iter_init(&it, buf_bytes(&b.buf)), ERR_OK);
    cr_assert_eq(batch_iter_next(&it, &r), ERR_OK);
    cr_assert_eq(r.timestamp_ms, 12);
    batch_builder_deinit(&b);
}

Test(batch, extreme_timestamps_survive_the_round_trip)
{
    struct batch_builder b = {0};
    const int64_t times[] = {INT64_MAX, INT64_MIN, 0, -1, INT64_MAX};
    batch_builder_begin(&b, INT64_MAX / 2);
    for (size_t i = 0; i < COUNT_OF(times); i++)
        batch_builder_add(&b, &(struct record){.timestamp_ms = times[i]});
    batch_builder_seal(&b, 0, false);
    struct batch_iter it;
    struct record_view r;
    cr_assert_eq(batch_iter_init(&it, buf_bytes(&b.buf)), ERR_OK);
    for (size_t i = 0; i < COUNT_OF(times); i++) {
        cr_assert_eq(batch_iter_next(&it, &r), ERR_OK);
        cr_assert_eq(r.timestamp_ms, times[i]);
    }
    batch_builder_deinit(&b);
}

Test(batch, record_bytes_max_bounds_what_a_record_takes)
{
    struct random random;
    random_seed(&random, 1);
    static char bytes[70000];
    for (int i = 0; i < 200; i++) {
        struct batch_builder b = {0};
        struct record r = {.timestamp_ms = (int64_t)random_next(&random),
                           .value = bytes_of(bytes, random_below(&random, sizeof(bytes))),
                           .headers = two_headers,
                           .header_count = random_below(&random, 3)};
        batch_builder_begin(&b, 0);
        batch_builder_add(&b, &(struct record){.timestamp_ms = 0});
        size_t before = b.buf.len;
        batch_builder_add(&b, &r);
        cr_assert_leq(b.buf.len - before, record_bytes_max(&r));
        cr_assert_leq(record_bytes_max(&r), record_bytes_bound(&r));
        batch_builder_deinit(&b);
    }
}

Test(batch, a_flipped_bit_under_the_checksum_is_noticed_wherever_it_is)
{
    char copy[sizeof(known_batch)];
    for (size_t bit = 17 * 8; bit < known().len * 8; bit++) {
        memcpy(copy, known_batch, sizeof(copy));
        copy[bit / 8] = (char)(copy[bit / 8] ^ (1 << bit % 8));
        cr_assert_not(batch_crc_holds(bytes_of(copy, known().len)), "bit %zu", bit);
    }
}

Test(batch, header_that_cannot_be_one_is_refused)
{
    struct batch_header h;
    char copy[sizeof(known_batch)];
    cr_assert_eq(batch_header_read(bytes_of(known_batch, 60), 1 << 20, &h), ERR_AGAIN);
    cr_assert_eq(batch_header_read(known(), (int64_t)known().len - 1, &h), ERR_CORRUPT, "too long");
    static const struct {
        size_t at;
        unsigned char byte;
    } wrong[] = {{0, 0x80}, {8, 0x80}, {12, 0x80}, {16, 1}, {23, 0x80}, {57, 0x80}};
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        memcpy(copy, known_batch, sizeof(copy));
        copy[wrong[i].at] = (char)wrong[i].byte;
        cr_assert_eq(batch_header_read(bytes_of(copy, known().len), 1 << 20, &h), ERR_CORRUPT,
                     "byte %zu", wrong[i].at);
    }
    memcpy(copy, known_batch, sizeof(copy));
    memcpy(copy + 8, "\0\0\0\x10", 4);
    cr_assert_eq(batch_header_read(bytes_of(copy, known().len), 1 << 20, &h), ERR_CORRUPT, "short");
}

Test(batch, truncated_or_extended_batch_is_not_iterated)
{
    struct batch_iter it;
    char longer[sizeof(known_batch) + 1] = {0};
    memcpy(longer, known_batch, known().len);
    for (size_t len = 0; len < known().len; len++)
        cr_assert_eq(batch_iter_init(&it, bytes_of(known_batch, len)), ERR_CORRUPT);
    cr_assert_eq(batch_iter_init(&it, bytes_of(longer, known().len + 1)), ERR_CORRUPT);
}

Test(batch, compressed_batch_is_said_to_be_unsupported)
{
    struct batch_iter it;
    char copy[sizeof(known_batch)];
    memcpy(copy, known_batch, sizeof(copy));
    copy[22] = 4;
    cr_assert_eq(batch_iter_init(&it, bytes_of(copy, known().len)), ERR_UNSUPPORTED);
}

/* Reads all there is, touching every byte handed out. */
static size_t read_all(struct bytes batch)
{
    struct batch_iter it;
    struct record_view r;
    struct record_header h;
    size_t count = 0;
    if (batch_iter_init(&it, batch) != ERR_OK)
        return 0;
    while (batch_iter_next(&it, &r) == ERR_OK) {
        count += 1 + crc32c(r.key.data, r.key.len) % 2 + crc32c(r.value.data, r.value.len) % 2;
        struct bytes cursor = r.headers;
        while (record_view_header(&cursor, &h) == ERR_OK)
            count += crc32c(h.name.data, h.name.len) % 2;
    }
    return count;
}

Test(batch, damaged_records_end_in_an_error_and_never_outside_the_batch)
{
    struct random random;
    random_seed(&random, 7);
    cr_assert_geq(read_all(known()), 3);
    for (int i = 0; i < 20000; i++) {
        char *copy = mem_alloc(known().len); /* exactly, so that a sanitizer sees a step outside */
        memcpy(copy, known_batch, known().len);
        for (uint64_t n = 1 + random_below(&random, 4); n > 0; n--)
            copy[61 + random_below(&random, known().len - 61)] = (char)random_next(&random);
        read_all(bytes_of(copy, known().len));
        mem_free(copy);
    }
}

Test(batch, records_that_do_not_add_up_are_corrupt)
{
    char copy[sizeof(known_batch)];
    struct batch_iter it;
    struct record_view r;
    memcpy(copy, known_batch, sizeof(copy));
    copy[60] = 2; /* one record fewer than there are bytes for */
    cr_assert_eq(batch_iter_init(&it, bytes_of(copy, known().len)), ERR_OK);
    cr_assert_eq(batch_iter_next(&it, &r), ERR_OK);
    cr_assert_eq(batch_iter_next(&it, &r), ERR_OK);
    cr_assert_eq(batch_iter_next(&it, &r), ERR_CORRUPT);
    copy[60] = 4;
    cr_assert_eq(batch_iter_init(&it, bytes_of(copy, known().len)), ERR_OK);
    for (int i = 0; i < 3; i++)
        cr_assert_eq(batch_iter_next(&it, &r), ERR_OK);
    cr_assert_eq(batch_iter_next(&it, &r), ERR_CORRUPT);
}

Test(batch, builder_is_reused_without_a_trace_of_the_batch_before)
{
    struct batch_builder b = {0};
    build_known(&b);
    build_known(&b);
    cr_assert_eq(b.buf.len, known().len);
    cr_assert_arr_eq(b.buf.data, known_batch, known().len);
    batch_builder_deinit(&b);
}
