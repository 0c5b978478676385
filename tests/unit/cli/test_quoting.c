/* SPDX-License-Identifier: BSD-3-Clause */
/* The words of typed lines; what a word is, the tests of base/words say. */
#include "cli/quoting.h"
#include <criterion/criterion.h>

static struct words split(const char *line)
{
    struct words words = {0};

    cr_assert(words_split(&words, bytes_of_string(line)), "refused: %s", line);
    return words;
}

static void expect_word(const struct words *words, size_t place, const char *text, size_t len)
{
    cr_assert_lt(place, words->count);
    cr_expect(bytes_equal(words->items[place], bytes_of(text, len)), "word %zu is '%.*s', not '%s'",
              place, (int)words->items[place].len, words->items[place].data, text);
}

#define EXPECT_WORD(words, place, text) expect_word(&(words), place, text, sizeof(text) - 1)

Test(quoting, a_blank_line_has_no_words)
{
    struct words words = split(" \t ");

    cr_expect_eq(words.count, 0);
    words_deinit(&words);
    words = split("");
    cr_expect_eq(words.count, 0);
    words_deinit(&words);
}

Test(quoting, words_come_without_their_quotes)
{
    struct words words = split("  set\tnews:\"a b\" '' \r\n");

    cr_assert_eq(words.count, 3);
    EXPECT_WORD(words, 0, "set");
    EXPECT_WORD(words, 1, "news:a b");
    EXPECT_WORD(words, 2, "");
    words_deinit(&words);
}

Test(quoting, unbalanced_quotes_are_refused_and_leave_no_words)
{
    struct words words = split("before");

    cr_expect(!words_split(&words, bytes_of_string("set \"a")));
    cr_expect_eq(words.count, 0);
    cr_expect(!words_split(&words, bytes_of_string("set \"a\"b")));
    cr_expect_eq(words.count, 0);
    words_deinit(&words);
}

Test(quoting, words_are_terminated_and_replace_the_ones_before)
{
    struct words words = split("first second");

    cr_expect_str_eq(words.items[1].data, "second");
    cr_assert(words_split(&words, bytes_of_string("third")));
    cr_assert_eq(words.count, 1);
    cr_expect_str_eq(words.items[0].data, "third");
    words_deinit(&words);
}

Test(quoting, many_short_words_fit)
{
    char line[2001];
    struct words words = {0};

    for (size_t i = 0; i < sizeof(line); i++)
        line[i] = i % 2 == 0 ? 'x' : ' ';
    cr_assert(words_split(&words, bytes_of(line, sizeof(line))));
    cr_expect_eq(words.count, 1001);
    EXPECT_WORD(words, 1000, "x");
    words_deinit(&words);
}
