/* SPDX-License-Identifier: BSD-3-Clause */
/* The words of a line of the file; what a word is, the tests of base/words say. */
#include "config/words.h"
#include <criterion/criterion.h>

static struct words words;

static void setup(void)
{
    words_init(&words);
}

static void teardown(void)
{
    words_deinit(&words);
}

TestSuite(words, .init = setup, .fini = teardown);

static void expect_words(const char *first, const char *second)
{
    cr_assert_eq(words.count, 2);
    cr_expect(bytes_equal(words.items[0], bytes_of_string(first)));
    cr_expect(bytes_equal(words.items[1], bytes_of_string(second)));
}

Test(words, come_without_their_quotes_and_replace_those_of_the_line_before)
{
    cr_assert_eq(words_split(&words, BYTES_LITERAL("  dir \"a b\"")), ERR_OK);
    expect_words("dir", "a b");
    cr_assert_eq(words_split(&words, BYTES_LITERAL("logfile ''")), ERR_OK);
    expect_words("logfile", "");
    cr_assert_eq(words_split(&words, BYTES_NULL), ERR_OK);
    cr_expect_eq(words.count, 0);
}

Test(words, of_a_line_with_unbalanced_quotes_are_none)
{
    cr_assert_eq(words_split(&words, BYTES_LITERAL("a \"b")), ERR_INVALID);
    cr_expect_eq(words.count, 0);
}

Test(words, that_were_joined_are_the_same_when_they_are_split_again)
{
    struct bytes given[] = {BYTES_LITERAL("plain"), BYTES_LITERAL(""), BYTES_LITERAL("a b"),
                            BYTES_LITERAL("\"'\\"), BYTES_LITERAL("\x01\n\x7f\xff\0")};
    struct buf line = {0};

    words_join(given, COUNT_OF(given), &line);
    cr_assert_null(memchr(line.data, '\n', line.len));
    cr_assert(words_split(&words, buf_bytes(&line)) == ERR_OK);
    cr_assert_eq(words.count, COUNT_OF(given));
    for (size_t i = 0; i < COUNT_OF(given); i++)
        cr_expect(bytes_equal(words.items[i], given[i]));
    buf_deinit(&line);
}

Test(words, more_than_the_maximum_is_too_large)
{
    struct buf line = {0};

    for (int i = 0; i < WORDS_MAX; i++)
        buf_append_string(&line, "w ");
    cr_assert(words_split(&words, buf_bytes(&line)) == ERR_OK);
    cr_assert(words.count == WORDS_MAX);
    buf_append_string(&line, "w");
    cr_assert(words_split(&words, buf_bytes(&line)) == ERR_TOO_LARGE);
    cr_assert(words.count == 0);
    buf_deinit(&line);
}
