/* SPDX-License-Identifier: BSD-3-Clause */
/* The bytes are written out by hand from Kafka's message definitions. */
#include "groups/offset_codec.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

/* clang-format off */
static const unsigned char offset_key_bytes[] = {
    0, 1,                                /* version */
    0, 2, 'g', '1',                      /* group */
    0, 6, 'o', 'r', 'd', 'e', 'r', 's',  /* topic */
    0, 0, 1, 2,                          /* partition */
};
static const unsigned char offset_value_bytes[] = {
    0, 3,                                           /* version */
    0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, /* offset */
    0, 0, 0, 9,                                     /* leader epoch */
    0, 3, 'o', 'k', '!',                            /* metadata */
    0x00, 0x00, 0x01, 0x8b, 0xcf, 0xe5, 0x68, 0x00, /* commit timestamp: 1700000000000 */
};
static const unsigned char group_key_bytes[] = {
    0, 2,            /* version */
    0, 2, 'g', '1',  /* group */
};
static const unsigned char group_value_bytes[] = {
    0, 3,                                           /* version */
    0, 8, 'c', 'o', 'n', 's', 'u', 'm', 'e', 'r',   /* protocol type */
    0, 0, 0x03, 0xe8,                               /* generation */
    0xff, 0xff,                                     /* protocol: null */
    0xff, 0xff,                                     /* leader: null */
    0x00, 0x00, 0x01, 0x8b, 0xcf, 0xe5, 0x68, 0x00, /* state timestamp */
    0, 0, 0, 0,                                     /* members */
};
/* clang-format on */

#define BYTES_OF_ARRAY(array) bytes_of(array, sizeof(array))

static void expect_bytes(struct buf *out, struct bytes expected)
{
    cr_assert(bytes_equal(buf_bytes(out), expected));
    buf_deinit(out);
}

static bool bytes_are(struct bytes b, const char *text)
{
    return bytes_equal(b, bytes_of_string(text));
}

Test(offset_codec, writes_the_key_of_an_offset_as_kafka_does)
{
    struct offset_key key = {
        .group = BYTES_LITERAL("g1"), .topic = BYTES_LITERAL("orders"), .partition = 258};
    struct buf out = {0};

    offset_key_write(&key, &out);
    expect_bytes(&out, BYTES_OF_ARRAY(offset_key_bytes));
}

Test(offset_codec, writes_the_value_of_an_offset_as_kafka_does)
{
    struct offset_value value = {.offset = 0x0102030405060708,
                                 .leader_epoch = 9,
                                 .metadata = BYTES_LITERAL("ok!"),
                                 .commit_ms = 1700000000000};
    struct buf out = {0};

    offset_value_write(&value, &out);
    expect_bytes(&out, BYTES_OF_ARRAY(offset_value_bytes));
}

Test(offset_codec, metadata_that_is_null_is_written_as_empty_since_kafka_knows_no_null_there)
{
    struct offset_value value = {.metadata = BYTES_NULL, .leader_epoch = -1}, back;
    struct buf out = {0};

    offset_value_write(&value, &out);
    cr_assert_eq(out.len, 2 + 8 + 4 + 2 + 8);
    cr_assert_eq(offset_value_read(buf_bytes(&out), &back), ERR_OK);
    cr_assert_eq(back.metadata.len, 0);
    cr_assert_eq(back.leader_epoch, -1);
    buf_deinit(&out);
}

Test(offset_codec, writes_a_groups_record_as_kafka_does)
{
    struct offset_key key = {.is_group = true, .group = BYTES_LITERAL("g1")};
    struct group_value value = {.epoch_bound = 1000, .empty_since_ms = 1700000000000};
    struct buf out = {0};

    offset_key_write(&key, &out);
    expect_bytes(&out, BYTES_OF_ARRAY(group_key_bytes));
    group_value_write(&value, &out);
    expect_bytes(&out, BYTES_OF_ARRAY(group_value_bytes));
}

Test(offset_codec, appends_behind_what_is_there)
{
    struct offset_key key = {.is_group = true, .group = BYTES_LITERAL("g1")};
    struct buf out = {0};

    buf_append_string(&out, "before");
    offset_key_write(&key, &out);
    cr_assert_eq(memcmp(out.data, "before", 6), 0);
    cr_assert_eq(memcmp(out.data + 6, group_key_bytes, sizeof(group_key_bytes)), 0);
    buf_deinit(&out);
}

Test(offset_codec, reads_the_key_of_an_offset)
{
    struct offset_key key;

    cr_assert_eq(offset_key_read(BYTES_OF_ARRAY(offset_key_bytes), &key), ERR_OK);
    cr_assert_not(key.is_group);
    cr_assert(bytes_are(key.group, "g1"));
    cr_assert(bytes_are(key.topic, "orders"));
    cr_assert_eq(key.partition, 258);
}

Test(offset_codec, reads_the_value_of_an_offset)
{
    struct offset_value value;

    cr_assert_eq(offset_value_read(BYTES_OF_ARRAY(offset_value_bytes), &value), ERR_OK);
    cr_assert_eq(value.offset, 0x0102030405060708);
    cr_assert_eq(value.leader_epoch, 9);
    cr_assert(bytes_are(value.metadata, "ok!"));
    cr_assert_eq(value.commit_ms, 1700000000000);
}

Test(offset_codec, reads_a_groups_record)
{
    struct offset_key key;
    struct group_value value;

    cr_assert_eq(offset_key_read(BYTES_OF_ARRAY(group_key_bytes), &key), ERR_OK);
    cr_assert(key.is_group);
    cr_assert(bytes_are(key.group, "g1"));
    cr_assert_eq(group_value_read(BYTES_OF_ARRAY(group_value_bytes), &value), ERR_OK);
    cr_assert_eq(value.epoch_bound, 1000);
    cr_assert_eq(value.empty_since_ms, 1700000000000);
}

/* clang-format off */
static const unsigned char foreign_group_value[] = {
    0, 3, 0, 8, 'c', 'o', 'n', 's', 'u', 'm', 'e', 'r', 0, 0, 0, 7,
    0, 5, 'r', 'a', 'n', 'g', 'e',                  /* protocol */
    0, 4, 'c', '-', '0', '1',                       /* leader */
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, /* no state timestamp */
    0, 0, 0, 1,                                     /* a member, of which … */
    0, 4, 'c', '-', '0', '1', 0xff, 0xff,           /* … this is not even all */
};
/* clang-format on */

Test(offset_codec, reads_the_record_of_a_group_with_members_that_kafka_wrote)
{
    struct group_value value;

    cr_assert_eq(group_value_read(BYTES_OF_ARRAY(foreign_group_value), &value), ERR_OK);
    cr_assert_eq(value.epoch_bound, 7);
    cr_assert_eq(value.empty_since_ms, -1);
}

/* --- what does not add up ---------------------------------------------------------------------- */

/* A copy of exactly `len` bytes on the heap, so that a sanitizer sees a read behind its end. */
static struct buf part_of(const unsigned char *data, size_t len)
{
    struct buf b = {.data = malloc(len + (len == 0)), .len = len, .cap = len + (len == 0)};

    memcpy(b.data, data, len);
    return b;
}

static enum err read_key(struct bytes data)
{
    struct offset_key key;
    return offset_key_read(data, &key);
}

static enum err read_offset(struct bytes data)
{
    struct offset_value value;
    return offset_value_read(data, &value);
}

static enum err read_group(struct bytes data)
{
    struct group_value value;
    return group_value_read(data, &value);
}

static void expect_corrupt_when_cut(enum err (*read)(struct bytes), const unsigned char *data,
                                    size_t len)
{
    for (size_t cut = 0; cut < len; cut++) {
        struct buf b = part_of(data, cut);

        cr_assert_eq(read(bytes_of(b.data, cut)), ERR_CORRUPT, "cut to %zu bytes", cut);
        free(b.data);
    }
    cr_assert_eq(read(bytes_of(data, len)), ERR_OK);
}

Test(offset_codec, what_is_cut_short_anywhere_is_corrupt)
{
    expect_corrupt_when_cut(read_key, offset_key_bytes, sizeof(offset_key_bytes));
    expect_corrupt_when_cut(read_key, group_key_bytes, sizeof(group_key_bytes));
    expect_corrupt_when_cut(read_offset, offset_value_bytes, sizeof(offset_value_bytes));
    expect_corrupt_when_cut(read_group, group_value_bytes, sizeof(group_value_bytes));
}

Test(offset_codec, null_is_corrupt)
{
    cr_assert_eq(read_key(BYTES_NULL), ERR_CORRUPT);
    cr_assert_eq(read_offset(BYTES_NULL), ERR_CORRUPT);
    cr_assert_eq(read_group(BYTES_NULL), ERR_CORRUPT);
}

static void expect_ok_with_more(enum err (*read)(struct bytes), const unsigned char *data,
                                size_t len)
{
    struct buf b = {0};

    buf_append(&b, data, len);
    buf_append(&b, "\xff\xff\xff", 3);
    cr_assert_eq(read(buf_bytes(&b)), ERR_OK);
    buf_deinit(&b);
}

Test(offset_codec, bytes_behind_the_end_are_let_pass)
{
    expect_ok_with_more(read_key, offset_key_bytes, sizeof(offset_key_bytes));
    expect_ok_with_more(read_key, group_key_bytes, sizeof(group_key_bytes));
    expect_ok_with_more(read_offset, offset_value_bytes, sizeof(offset_value_bytes));
    expect_ok_with_more(read_group, group_value_bytes, sizeof(group_value_bytes));
}

/* `data` with the two bytes at `at` replaced. */
static void expect_with(enum err (*read)(struct bytes), const unsigned char *data, size_t len,
                        size_t at, const char *two, enum err expected)
{
    struct buf b = part_of(data, len);

    memcpy(b.data + at, two, 2);
    cr_assert_eq(read(bytes_of(b.data, len)), expected, "at %zu", at);
    free(b.data);
}

Test(offset_codec, other_versions_are_unsupported)
{
    static const char *const versions[] = {"\x00\x00", "\x00\x04", "\x7f\xff", "\xff\xff"};

    for (size_t i = 0; i < COUNT_OF(versions); i++) {
        expect_with(read_key, offset_key_bytes, sizeof(offset_key_bytes), 0, versions[i],
                    ERR_UNSUPPORTED);
        expect_with(read_offset, offset_value_bytes, sizeof(offset_value_bytes), 0, versions[i],
                    ERR_UNSUPPORTED);
        expect_with(read_group, group_value_bytes, sizeof(group_value_bytes), 0, versions[i],
                    ERR_UNSUPPORTED);
    }
}

Test(offset_codec, lengths_that_lie_are_corrupt)
{
    static const char *const lengths[] = {"\x7f\xff", "\x80\x00", "\xff\xfe", "\x00\x40"};

    for (size_t i = 0; i < COUNT_OF(lengths); i++) {
        expect_with(read_key, offset_key_bytes, sizeof(offset_key_bytes), 2, lengths[i],
                    ERR_CORRUPT);
        expect_with(read_key, offset_key_bytes, sizeof(offset_key_bytes), 6, lengths[i],
                    ERR_CORRUPT);
        expect_with(read_offset, offset_value_bytes, sizeof(offset_value_bytes), 14, lengths[i],
                    ERR_CORRUPT);
        expect_with(read_group, group_value_bytes, sizeof(group_value_bytes), 2, lengths[i],
                    ERR_CORRUPT);
        expect_with(read_group, group_value_bytes, sizeof(group_value_bytes), 16, lengths[i],
                    ERR_CORRUPT);
        expect_with(read_group, group_value_bytes, sizeof(group_value_bytes), 18, lengths[i],
                    ERR_CORRUPT);
    }
}

Test(offset_codec, null_where_kafka_has_none_is_corrupt)
{
    expect_with(read_key, offset_key_bytes, sizeof(offset_key_bytes), 2, "\xff\xff", ERR_CORRUPT);
    expect_with(read_key, offset_key_bytes, sizeof(offset_key_bytes), 6, "\xff\xff", ERR_CORRUPT);
    expect_with(read_offset, offset_value_bytes, sizeof(offset_value_bytes), 14, "\xff\xff",
                ERR_CORRUPT);
    expect_with(read_group, group_value_bytes, sizeof(group_value_bytes), 2, "\xff\xff",
                ERR_CORRUPT);
}

Test(offset_codec, numbers_that_nobody_can_have_meant_are_corrupt)
{
    expect_with(read_key, offset_key_bytes, sizeof(offset_key_bytes), 14, "\x80\x00", ERR_CORRUPT);
    expect_with(read_offset, offset_value_bytes, sizeof(offset_value_bytes), 2, "\xff\xff",
                ERR_CORRUPT);
    expect_with(read_offset, offset_value_bytes, sizeof(offset_value_bytes), 10, "\x80\x00",
                ERR_CORRUPT);
    expect_with(read_group, group_value_bytes, sizeof(group_value_bytes), 12, "\x80\x00",
                ERR_CORRUPT);
    expect_with(read_group, group_value_bytes, sizeof(group_value_bytes), 20, "\x80\x00",
                ERR_CORRUPT);
    expect_with(read_group, group_value_bytes, sizeof(group_value_bytes), 28, "\x80\x00",
                ERR_CORRUPT);
}

Test(offset_codec, what_fails_leaves_the_result_alone)
{
    struct offset_key key = {.partition = 77};
    struct offset_value value = {.offset = 77};
    struct group_value group = {.epoch_bound = 77};

    cr_assert_eq(offset_key_read(bytes_of(offset_key_bytes, 12), &key), ERR_CORRUPT);
    cr_assert_eq(offset_value_read(bytes_of(offset_value_bytes, 20), &value), ERR_CORRUPT);
    cr_assert_eq(group_value_read(bytes_of(group_value_bytes, 20), &group), ERR_CORRUPT);
    cr_assert_eq(key.partition, 77);
    cr_assert_eq(value.offset, 77);
    cr_assert_eq(group.epoch_bound, 77);
}
