/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/text.h"
#include "unit/cli/resp.h"
#include <criterion/criterion.h>
#include <locale.h>

static void setup(void)
{
    cr_assert_not_null(setlocale(LC_CTYPE, "C.UTF-8"));
}

TestSuite(text, .init = setup);

Test(text, is_as_wide_as_a_terminal_shows_it)
{
    cr_expect_eq(text_width(BYTES_LITERAL("")), 0);
    cr_expect_eq(text_width(BYTES_LITERAL("abc")), 3);
    cr_expect_eq(text_width(BYTES_LITERAL("\xc3\xa9t\xc3\xa9")), 3);        /* été */
    cr_expect_eq(text_width(BYTES_LITERAL("e\xcc\x81")), 1);                /* e and a mark */
    cr_expect_eq(text_width(BYTES_LITERAL("\xe6\x97\xa5\xe6\x9c\xac")), 4); /* 日本 */
    cr_expect_eq(text_width(BYTES_LITERAL("\xff\xfe")), 2);
}

Test(text, is_cut_between_characters)
{
    struct bytes wide = BYTES_LITERAL("\xe6\x97\xa5\xe6\x9c\xac");

    cr_expect_eq(text_fitting(wide, 4).len, 6);
    cr_expect_eq(text_fitting(wide, 3).len, 3);
    cr_expect_eq(text_fitting(wide, 1).len, 0);
    cr_expect_eq(text_fitting(BYTES_LITERAL("abc"), 2).len, 2);
}

static void expect_quoted(struct bytes text, const char *expected)
{
    struct buf out = {0};

    text_append_quoted(&out, text);
    resp_expect(&out, expected);
}

Test(text, is_quoted_so_that_it_can_be_read_and_typed_again)
{
    expect_quoted(BYTES_LITERAL(""), "\"\"");
    expect_quoted(BYTES_LITERAL("a \"b\"\\"), "\"a \\\"b\\\"\\\\\"");
    expect_quoted(BYTES_LITERAL("\n\r\t\a\b"), "\"\\n\\r\\t\\a\\b\"");
    expect_quoted(BYTES_LITERAL("\0\x1b\x7f"), "\"\\x00\\x1b\\x7f\"");
    expect_quoted(BYTES_LITERAL("caf\xc3\xa9 \xf0\x9f\x98\x80"),
                  "\"caf\xc3\xa9 \xf0\x9f\x98\x80\"");
}

Test(text, that_is_no_utf8_is_shown_byte_by_byte)
{
    expect_quoted(BYTES_LITERAL("a\xff\xc3"), "\"a\\xff\\xc3\"");
    expect_quoted(BYTES_LITERAL("\xc2\x85"),
                  "\"\\xc2\\x85\""); /* a control character beyond ASCII */
}

Test(text, times_are_dates_where_they_can_be)
{
    struct buf out = {0};

    text_append_time(&out, 1767225600417);
    resp_expect(&out, "2026-01-01T00:00:00.417Z");
    text_append_time(&out, -1);
    resp_expect(&out, "-1");
}

static void expect_wrapped(const char *text, size_t at, size_t width, const char *expected)
{
    struct buf out = {0};

    text_append_wrapped(&out, bytes_of_string(text), at, 2, width);
    resp_expect(&out, expected);
}

Test(text, wraps_words)
{
    expect_wrapped("one two three", 0, 0, "one two three");
    expect_wrapped("one two three", 0, 7, "one two\n  three");
    expect_wrapped("one two three", 4, 7, "one\n  two\n  three");
    expect_wrapped("\xe6\x97\xa5\xe6\x9c\xac a", 0, 6, "\xe6\x97\xa5\xe6\x9c\xac a");
    expect_wrapped("unbreakable it is", 0, 5, "unbreakable\n  it\n  is");
    expect_wrapped("", 0, 5, "");
}
