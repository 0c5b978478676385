/* SPDX-License-Identifier: BSD-3-Clause */
/* The journal's format: what goes in comes out, and nothing else is taken for a round. */
#include "base/mem.h"
#include "storage/bigendian.h"
#include "storage/journal.h"
#include <criterion/criterion.h>

#define ENTRIES 5

static struct journal_entry make_entry(int i)
{
    static const char bytes[] = "0123456789abcdefghijklmnopqrstuvwxyz";
    return (struct journal_entry){
        .id = i == 0 ? BYTES_LITERAL("") : BYTES_LITERAL("the id of a topic"),
        .dir = i == 1 ? BYTES_LITERAL("a-0") : BYTES_LITERAL("topic.with.a.long.name-12"),
        .leader_epoch = i == 4 ? INT32_MAX : i - 1,
        .segment_base = i == 2 ? INT64_MAX : i * 1000,
        .pos = i == 3 ? UINT64_MAX : (uint64_t)i * 77,
        .bytes = bytes_of(bytes, (size_t)i * 7),
    };
}

static bool bytes_same(struct bytes a, struct bytes b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

static void make_round(struct buf *image, int entries, uint64_t sequence)
{
    journal_round_begin(image);
    for (int i = 0; i < entries; i++) {
        struct journal_entry e = make_entry(i);
        journal_round_add(image, &e);
    }
    journal_round_end(image, sequence);
}

static void expect_entries(struct bytes image, int entries)
{
    struct bytes rest =
        bytes_of(image.data + JOURNAL_ROUND_HEADER_BYTES, image.len - JOURNAL_ROUND_HEADER_BYTES);
    struct journal_entry e;
    for (int i = 0; i < entries; i++) {
        struct journal_entry expected = make_entry(i);
        cr_assert_eq(journal_entry_next(&rest, &e), ERR_OK);
        cr_assert(bytes_same(e.id, expected.id) && bytes_same(e.dir, expected.dir));
        cr_assert(bytes_same(e.bytes, expected.bytes));
        cr_assert_eq(e.segment_base, expected.segment_base);
        cr_assert_eq(e.pos, expected.pos);
        cr_assert_eq(e.leader_epoch, expected.leader_epoch);
    }
    cr_assert_eq(journal_entry_next(&rest, &e), ERR_NOT_FOUND);
}

Test(journal, what_goes_into_a_round_comes_out)
{
    struct buf image = {0};
    struct journal_round round;
    for (int entries = 0; entries <= ENTRIES; entries++) {
        make_round(&image, entries, 12345678901234ULL + (uint64_t)entries);
        cr_assert_eq(journal_round_header(image.data, &round), ERR_OK);
        cr_assert_eq(round.sequence, 12345678901234ULL + (uint64_t)entries);
        cr_assert_eq(round.entry_count, (uint32_t)entries);
        cr_assert(journal_round_whole(bytes_of(image.data, round.len)));
        expect_entries(bytes_of(image.data, round.len), entries);
    }
    buf_deinit(&image);
}

Test(journal, the_bytes_of_an_entry_may_come_in_pieces)
{
    struct buf whole = {0}, pieces = {0};
    make_round(&whole, ENTRIES, 7);
    journal_round_begin(&pieces);
    for (int i = 0; i < ENTRIES; i++) {
        struct journal_entry e = make_entry(i);
        struct bytes bytes = e.bytes;
        e.bytes.data = NULL;
        journal_round_add(&pieces, &e);
        for (size_t n = 0; n < bytes.len; n++)
            buf_append_char(&pieces, bytes.data[n]);
    }
    journal_round_end(&pieces, 7);
    cr_assert(bytes_same(buf_bytes(&whole), buf_bytes(&pieces)));
    buf_deinit(&whole);
    buf_deinit(&pieces);
}

/* One that is longer than a block fills its last one with zeros, and nothing of the round before it stays. */
Test(journal, a_round_fills_whole_blocks)
{
    struct buf image = {0};
    struct journal_round round;
    for (size_t len = 0; len < 3 * (size_t)JOURNAL_BLOCK_BYTES; len += 511) {
        char *bytes = mem_alloc(len + 1);
        memset(bytes, 'x', len + 1);
        struct journal_entry e = {
            .id = BYTES_LITERAL("id"), .dir = BYTES_LITERAL("a-0"), .bytes = bytes_of(bytes, len)};
        journal_round_begin(&image);
        journal_round_add(&image, &e);
        journal_round_end(&image, 1);
        cr_assert_eq(journal_round_header(image.data, &round), ERR_OK);
        cr_assert_eq(image.len % JOURNAL_BLOCK_BYTES, 0);
        cr_assert_eq(image.len, journal_round_span(round.len));
        cr_assert_lt(image.len - round.len, JOURNAL_BLOCK_BYTES);
        for (size_t i = round.len; i < image.len; i++)
            cr_assert_eq(image.data[i], 0);
        mem_free(bytes);
    }
    cr_assert_eq(journal_round_span(1), JOURNAL_BLOCK_BYTES);
    cr_assert_eq(journal_round_span(JOURNAL_BLOCK_BYTES), JOURNAL_BLOCK_BYTES);
    cr_assert_eq(journal_round_span(JOURNAL_BLOCK_BYTES + 1), 2 * JOURNAL_BLOCK_BYTES);
    buf_deinit(&image);
}

/* In memory of its own, so that a read behind its end is noticed. */
static bool is_whole(struct bytes image)
{
    char *copy = mem_alloc(image.len + 1);
    memcpy(copy + 1, image.data, image.len);
    bool whole = journal_round_whole(bytes_of(copy + 1, image.len));
    mem_free(copy);
    return whole;
}

Test(journal, a_truncated_round_is_not_whole)
{
    struct buf image = {0};
    struct journal_round round;
    make_round(&image, ENTRIES, 1);
    cr_assert_eq(journal_round_header(image.data, &round), ERR_OK);
    for (size_t len = 0; len < round.len; len++)
        cr_assert_not(is_whole(bytes_of(image.data, len)), "%zu of %zu bytes", len, round.len);
    cr_assert(is_whole(bytes_of(image.data, round.len)));
    cr_assert_not(is_whole(bytes_of(image.data, round.len + 1)));
    buf_deinit(&image);
}

Test(journal, a_round_with_a_flipped_bit_is_not_whole)
{
    struct buf image = {0};
    struct journal_round round, flipped;
    make_round(&image, ENTRIES, 1);
    cr_assert_eq(journal_round_header(image.data, &round), ERR_OK);
    for (size_t bit = 0; bit < round.len * 8; bit++) {
        image.data[bit / 8] = (char)(image.data[bit / 8] ^ (1 << bit % 8));
        bool taken = journal_round_header(image.data, &flipped) == ERR_OK &&
                     flipped.len <= image.len && is_whole(bytes_of(image.data, flipped.len));
        cr_assert_not(taken, "bit %zu", bit);
        image.data[bit / 8] = (char)(image.data[bit / 8] ^ (1 << bit % 8));
    }
    buf_deinit(&image);
}

Test(journal, a_length_that_cannot_be_is_refused)
{
    static const uint32_t lens[] = {0, 1, JOURNAL_ROUND_HEADER_BYTES - 1,
                                    (uint32_t)JOURNAL_ROUND_BYTES_MAX + 1, UINT32_MAX};
    struct buf image = {0};
    struct journal_round round;
    make_round(&image, 1, 1);
    for (size_t i = 0; i < COUNT_OF(lens); i++) {
        put_u32(image.data + 8, lens[i]);
        cr_assert_eq(journal_round_header(image.data, &round), ERR_CORRUPT);
    }
    buf_deinit(&image);
}

Test(journal, a_header_of_a_later_version_says_so)
{
    struct buf image = {0};
    struct journal_round round;
    make_round(&image, 1, 1);
    put_u32(image.data + 12, get_u32(image.data + 12) + 1);
    cr_assert_eq(journal_round_header(image.data, &round), ERR_UNSUPPORTED);
    buf_deinit(&image);
}

/* Whatever is cut off or flipped, entries lie in the bytes that there are. */
Test(journal, entries_of_a_damaged_round_lie_inside_it)
{
    struct buf image = {0};
    struct journal_round round;
    make_round(&image, ENTRIES, 1);
    cr_assert_eq(journal_round_header(image.data, &round), ERR_OK);
    size_t all = round.len - JOURNAL_ROUND_HEADER_BYTES;
    for (size_t len = 0; len <= all; len++)
        for (size_t flip = 0; flip < len * 8; flip += 5) {
            char *copy = mem_alloc(len + 1);
            memcpy(copy, image.data + JOURNAL_ROUND_HEADER_BYTES, len);
            copy[flip / 8] = (char)(copy[flip / 8] ^ (1 << flip % 8));
            struct bytes rest = bytes_of(copy, len);
            struct journal_entry e;
            enum err err;
            while ((err = journal_entry_next(&rest, &e)) == ERR_OK) {
                cr_assert(e.id.data >= copy && e.id.data + e.id.len == e.dir.data);
                cr_assert(e.dir.data + e.dir.len == e.bytes.data);
                cr_assert(e.bytes.data + e.bytes.len == rest.data);
                cr_assert(rest.data + rest.len == copy + len);
            }
            cr_assert(err == ERR_NOT_FOUND || err == ERR_CORRUPT);
            mem_free(copy);
        }
    buf_deinit(&image);
}

Test(journal, a_file_is_named_by_its_first_round)
{
    static const uint64_t firsts[] = {0, 1, 42, JOURNAL_SEQUENCE_MAX};
    static const char *const others[] = {"",
                                         "1.journal",
                                         "0000000000000000001.journal",
                                         "000000000000000000001.journal",
                                         "00000000000000000001.journa",
                                         "00000000000000000001.journals",
                                         "0000000000000000000x.journal",
                                         "-0000000000000000001.journal",
                                         "00000000000000000001.log"};
    char path[DISK_PATH_BYTES_MAX + 1];
    uint64_t first;
    for (size_t i = 0; i < COUNT_OF(firsts); i++) {
        journal_path(path, firsts[i]);
        cr_assert_eq(strncmp(path, JOURNAL_DIR "/", strlen(JOURNAL_DIR) + 1), 0);
        cr_assert(journal_name_parse(path + strlen(JOURNAL_DIR) + 1, &first));
        cr_assert_eq(first, firsts[i]);
    }
    for (size_t i = 0; i < COUNT_OF(others); i++)
        cr_assert_not(journal_name_parse(others[i], &first), "%s", others[i]);
    cr_assert_not(journal_name_parse("99999999999999999999.journal", &first),
                  "no round has such a number");
}
