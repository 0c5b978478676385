/* SPDX-License-Identifier: BSD-3-Clause */
/* Splitting typed lines into words. */
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

static bool is_refused(const char *line)
{
    struct words words = {0};
    bool refused = !words_split(&words, bytes_of_string(line));

    if (refused)
        cr_expect_eq(words.count, 0);
    words_deinit(&words);
    return refused;
}

Test(quoting, any_blanks_separate_words)
{
    struct words words = split("  set\tkey  value\r\n");

    cr_assert_eq(words.count, 3);
    EXPECT_WORD(words, 0, "set");
    EXPECT_WORD(words, 1, "key");
    EXPECT_WORD(words, 2, "value");
    words_deinit(&words);
}

Test(quoting, a_blank_line_has_no_words)
{
    struct words words = split(" \t ");

    cr_expect_eq(words.count, 0);
    words_deinit(&words);
    words = split("");
    cr_expect_eq(words.count, 0);
    words_deinit(&words);
}

Test(quoting, double_quotes_know_escapes)
{
    struct words words = split("\"a b\\n\\r\\t\\b\\a\\\"\\\\\\x00\\xfFz\" \"\\q\\xg1\"");

    cr_assert_eq(words.count, 2);
    EXPECT_WORD(words, 0, "a b\n\r\t\b\a\"\\\0\xffz");
    EXPECT_WORD(words, 1, "qxg1");
    words_deinit(&words);
}

Test(quoting, single_quotes_know_only_the_quote_itself)
{
    struct words words = split("'a\\n b\\'c' '\"'");

    cr_assert_eq(words.count, 2);
    EXPECT_WORD(words, 0, "a\\n b'c");
    EXPECT_WORD(words, 1, "\"");
    words_deinit(&words);
}

Test(quoting, quotes_make_empty_words)
{
    struct words words = split("\"\" '' \"\"");

    cr_assert_eq(words.count, 3);
    for (size_t i = 0; i < words.count; i++)
        EXPECT_WORD(words, i, "");
    words_deinit(&words);
}

Test(quoting, a_quote_may_open_inside_a_word)
{
    struct words words = split("news:\"a b\"");

    cr_assert_eq(words.count, 1);
    EXPECT_WORD(words, 0, "news:a b");
    words_deinit(&words);
}

Test(quoting, a_quote_left_open_is_refused)
{
    cr_expect(is_refused("set \"a"));
    cr_expect(is_refused("set 'a"));
    cr_expect(is_refused("set \"a\\\""));
    cr_expect(is_refused("set \"a\\"));
    cr_expect(is_refused("\""));
}

Test(quoting, text_right_behind_a_closing_quote_is_refused)
{
    cr_expect(is_refused("\"a\"b"));
    cr_expect(is_refused("'a''b'"));
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
