/* SPDX-License-Identifier: BSD-3-Clause */
/* Counting replies, whole and in pieces. */
#include "bench/scan.h"
#include <criterion/criterion.h>
#include <string.h>

static struct scan scan_of(int count_at, const char *text)
{
    struct scan s = {.count_at = count_at};

    cr_assert_eq(scan_feed(&s, bytes_of_string(text)), ERR_OK);
    return s;
}

/* The same in two pieces, cut anywhere, and byte by byte. */
static void expect_in_pieces(int count_at, const char *text, uint64_t replies, uint64_t items,
                             uint64_t errors)
{
    size_t len = strlen(text);
    struct scan bytewise = {.count_at = count_at};

    for (size_t cut = 0; cut <= len; cut++) {
        struct scan s = {.count_at = count_at};

        cr_assert_eq(scan_feed(&s, bytes_of(text, cut)), ERR_OK);
        cr_assert_eq(scan_feed(&s, bytes_of(text + cut, len - cut)), ERR_OK);
        cr_assert_eq(s.replies, replies, "cut at %zu", cut);
        cr_assert_eq(s.items, items, "cut at %zu", cut);
        cr_assert_eq(s.errors, errors, "cut at %zu", cut);
    }
    for (size_t i = 0; i < len; i++)
        cr_assert_eq(scan_feed(&bytewise, bytes_of(text + i, 1)), ERR_OK);
    cr_assert_eq(bytewise.replies, replies);
    cr_assert_eq(bytewise.items, items);
    cr_assert_eq(bytewise.errors, errors);
}

Test(scan, each_kind_of_reply_is_one)
{
    expect_in_pieces(
        0,
        "+OK\r\n:12\r\n$3\r\nabc\r\n$0\r\n\r\n$-1\r\n*0\r\n*-1\r\n"
        "*2\r\n:0\r\n:123\r\n_\r\n#t\r\n,1.5\r\n(123\r\n%1\r\n+a\r\n:1\r\n=5\r\ntxt:a\r\n",
        14, 14, 0);
}

Test(scan, replies_that_repeat_are_counted_each)
{
    expect_in_pieces(0, ":0\r\n:0\r\n:0\r\n:1\r\n:1\r\n*1\r\n:1\r\n*1\r\n:1\r\n:1\r\n", 8, 8, 0);
    expect_in_pieces(1, "*2\r\n:1\r\n:2\r\n*2\r\n:1\r\n:2\r\n*2\r\n:1\r\n:2\r\n", 3, 6, 0);
}

Test(scan, a_value_in_a_bulk_that_looks_like_a_reply_is_none)
{
    expect_in_pieces(0, "$6\r\n-ERR\r\n\r\n+OK\r\n", 2, 2, 0);
}

Test(scan, records_are_counted_at_the_depth_they_stand_at)
{
    const char *fetched = "*2\r\n*5\r\n:0\r\n:1\r\n$-1\r\n$1\r\nv\r\n*0\r\n"
                          "*5\r\n:1\r\n:1\r\n$1\r\nk\r\n$1\r\nv\r\n*2\r\n$1\r\na\r\n$1\r\nb\r\n";
    const char *consumed = "*1\r\n*3\r\n$1\r\nt\r\n:0\r\n*2\r\n*1\r\n:0\r\n*1\r\n:1\r\n*0\r\n";

    expect_in_pieces(1, fetched, 1, 2, 0);
    expect_in_pieces(3, consumed, 2, 2, 0);
}

Test(scan, errors_are_counted_at_any_depth_and_the_first_is_kept)
{
    struct scan s = scan_of(0, "*2\r\n:1\r\n-FENCED gone\r\n-ERR no\r\n-ERR no\r\n+OK\r\n");

    cr_expect_eq(s.replies, 4);
    cr_expect_eq(s.errors, 3);
    cr_expect_str_eq(s.first_error, "FENCED gone");
    expect_in_pieces(0, "-ERR a\r\n-ERR a\r\n-ERR a\r\n", 3, 3, 3);
}

Test(scan, an_error_longer_than_there_is_room_is_cut)
{
    char text[1000];
    struct scan s = {0};

    memset(text, 'x', sizeof(text));
    text[0] = '-';
    memcpy(text + sizeof(text) - 2, "\r\n", 2);
    cr_assert_eq(scan_feed(&s, bytes_of(text, 500)), ERR_OK);
    cr_assert_eq(scan_feed(&s, bytes_of(text + 500, 500)), ERR_OK);
    cr_expect_eq(s.replies, 1);
    cr_expect_lt(strlen(s.first_error), SCAN_ERROR_BYTES);
    cr_expect_eq(strspn(s.first_error, "x"), strlen(s.first_error));
}

Test(scan, what_is_not_resp_is_refused)
{
    const char *bad[] = {"HTTP/1.1 200\r\n",
                         "\r\n",
                         "$x\r\n",
                         "*1x\r\n",
                         "$\r\n",
                         "*-\r\n",
                         "*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n"};

    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        struct scan s = {0};

        cr_expect_eq(scan_feed(&s, bytes_of_string(bad[i])), ERR_INVALID, "%s", bad[i]);
    }
}
