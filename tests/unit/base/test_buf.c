/* SPDX-License-Identifier: BSD-3-Clause */
/* The growable buffer, above all where its capacity ends. */
#include "base/buf.h"
#include <criterion/criterion.h>
#include <signal.h>

static void expect(const struct buf *b, const char *content)
{
    cr_assert(bytes_equal(buf_bytes(b), bytes_of_string(content)), "got '%.*s', want '%s'",
              (int)b->len, b->data, content);
}

Test(buf, a_zeroed_buffer_is_empty_and_not_null)
{
    struct buf b = {0};

    cr_assert_eq(buf_bytes(&b).len, 0);
    cr_assert(!bytes_is_null(buf_bytes(&b)));
    buf_append(&b, NULL, 0);
    buf_consume(&b, 0);
    buf_shrink(&b, 0);
    expect(&b, "");
    buf_deinit(&b);
}

Test(buf, appends_of_all_kinds_follow_each_other)
{
    struct buf b = {0};

    buf_append(&b, "ab", 2);
    buf_append_bytes(&b, BYTES_LITERAL("cd"));
    buf_append_char(&b, 'e');
    buf_append_string(&b, "fg");
    buf_printf(&b, "%d-%s", 42, "x");
    expect(&b, "abcdefg42-x");
    buf_clear(&b);
    expect(&b, "");
    buf_deinit(&b);
    cr_assert_null(b.data);
}

Test(buf, grows_by_doubling_and_keeps_its_content)
{
    struct buf b = {0};
    size_t moves = 0, cap = 0;

    for (int i = 0; i < 100000; i++) {
        buf_append_char(&b, (char)(i % 251));
        moves += b.cap != cap;
        cap = b.cap;
    }
    cr_assert_leq(moves, 12);
    for (int i = 0; i < 100000; i++)
        cr_assert_eq(b.data[i], (char)(i % 251));
    buf_deinit(&b);
}

Test(buf, reserve_gives_room_that_counts_only_when_used)
{
    struct buf b = {0};
    char *room = buf_reserve(&b, 1000);

    memset(room, 'x', 1000);
    cr_assert_eq(b.len, 0);
    cr_assert_geq(b.cap, 1000);
    cr_assert_eq(buf_reserve(&b, 0), room);
    b.len = 3;
    expect(&b, "xxx");
    buf_deinit(&b);
}

Test(buf, printf_fits_at_every_length_around_the_capacity)
{
    for (int len = 0; len < 200; len++) {
        struct buf b = {0};

        buf_append_char(&b, '<');
        buf_printf(&b, "%*s", len, "");
        buf_append_char(&b, '>');
        cr_assert_eq(b.len, (size_t)len + 2);
        cr_assert_eq(b.data[0], '<');
        for (int i = 1; i <= len; i++)
            cr_assert_eq(b.data[i], ' ');
        cr_assert_eq(b.data[len + 1], '>');
        buf_deinit(&b);
    }
}

Test(buf, consume_moves_the_rest_to_the_front)
{
    struct buf b = {0};

    buf_append_string(&b, "hello world");
    buf_consume(&b, 6);
    expect(&b, "world");
    buf_consume(&b, 5);
    expect(&b, "");
    buf_deinit(&b);
}

Test(buf, consuming_more_than_there_is_aborts, .signal = SIGABRT)
{
    struct buf b = {0};

    buf_append_string(&b, "abc");
    buf_consume(&b, 4);
}

Test(buf, shrink_keeps_content_that_does_not_fit)
{
    struct buf b = {0};

    buf_reserve(&b, 4096);
    buf_append_string(&b, "0123456789");
    buf_shrink(&b, 9);
    cr_assert_geq(b.cap, 4096);
    buf_shrink(&b, 10);
    cr_assert_eq(b.cap, 10);
    expect(&b, "0123456789");
    buf_clear(&b);
    buf_shrink(&b, 0);
    cr_assert_null(b.data);
    buf_deinit(&b);
}
