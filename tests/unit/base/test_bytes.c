/* SPDX-License-Identifier: BSD-3-Clause */
/* Comparisons of borrowed bytes, the null ones included. */
#include "base/bytes.h"
#include <criterion/criterion.h>

static int sign(int x)
{
    return (x > 0) - (x < 0);
}

static int compare(const char *a, const char *b)
{
    return sign(bytes_compare(bytes_of_string(a), bytes_of_string(b)));
}

Test(bytes, compare_orders_by_byte_and_puts_the_shorter_first)
{
    cr_assert_eq(compare("a", "b"), -1);
    cr_assert_eq(compare("b", "a"), 1);
    cr_assert_eq(compare("ab", "a"), 1);
    cr_assert_eq(compare("a", "ab"), -1);
    cr_assert_eq(compare("", "a"), -1);
    cr_assert_eq(compare("abc", "abc"), 0);
    cr_assert_eq(sign(bytes_compare(BYTES_NULL, BYTES_NULL)), 0);
}

Test(bytes, compare_takes_bytes_as_unsigned)
{
    cr_assert_eq(compare("\x7f", "\x80"), -1);
    cr_assert_eq(compare("\xff", "a"), 1);
}

Test(bytes, equality_looks_at_length_and_content)
{
    cr_assert(bytes_equal(BYTES_LITERAL("a\0b"), BYTES_LITERAL("a\0b")));
    cr_assert(!bytes_equal(BYTES_LITERAL("a\0b"), BYTES_LITERAL("a\0c")));
    cr_assert(!bytes_equal(BYTES_LITERAL("ab"), BYTES_LITERAL("a")));
    cr_assert(bytes_equal(BYTES_NULL, BYTES_LITERAL("")));
}

Test(bytes, null_differs_from_empty)
{
    cr_assert(bytes_is_null(BYTES_NULL));
    cr_assert(!bytes_is_null(BYTES_LITERAL("")));
}

Test(bytes, words_match_without_regard_to_ascii_case_only)
{
    cr_assert(bytes_is(BYTES_LITERAL("SubScribe"), "subscribe"));
    cr_assert(bytes_is(BYTES_LITERAL("a-Z_0"), "A-z_0"));
    cr_assert(!bytes_is(BYTES_LITERAL("subscribe "), "subscribe"));
    cr_assert(!bytes_is(BYTES_LITERAL("sub"), "subscribe"));
    cr_assert(!bytes_is(BYTES_LITERAL("["), "{"));
    cr_assert(!bytes_is(BYTES_LITERAL("@"), "`"));
    cr_assert(!bytes_is(BYTES_LITERAL("\xc4"), "\xe4"));
    cr_assert(bytes_is(BYTES_NULL, ""));
}

Test(bytes, only_ascii_letters_have_another_case)
{
    for (int i = 0; i < 256; i++) {
        char c = (char)(unsigned char)i;
        bool big = strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZ", c) != NULL && c != '\0';
        bool small = strchr("abcdefghijklmnopqrstuvwxyz", c) != NULL && c != '\0';

        cr_expect_eq(byte_lower(c), big ? c + 32 : c);
        cr_expect_eq(byte_upper(c), small ? c - 32 : c);
    }
}

Test(bytes, starts_with_compares_the_prefix_exactly)
{
    cr_assert(bytes_starts_with(BYTES_LITERAL("log:news"), "log:"));
    cr_assert(bytes_starts_with(BYTES_LITERAL("log:"), "log:"));
    cr_assert(bytes_starts_with(BYTES_NULL, ""));
    cr_assert(!bytes_starts_with(BYTES_LITERAL("lo"), "log:"));
    cr_assert(!bytes_starts_with(BYTES_LITERAL("LOG:news"), "log:"));
}
