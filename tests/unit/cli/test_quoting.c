/* SPDX-License-Identifier: BSD-3-Clause */
/* The words of typed lines; what a word is, the tests of base/words say. */
#include "base/buf.h"
#include "cli/quoting.h"
#include <criterion/criterion.h>
#include <stdlib.h>
#include <time.h>

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

static void expect_open(const char *line, char quote)
{
    cr_expect_eq(words_open_quote(bytes_of_string(line)), quote, "%s", line);
}

Test(quoting, a_quote_is_open_when_another_line_can_close_it)
{
    expect_open("", '\0');
    expect_open("set a", '\0');
    expect_open("set \"a", '"');
    expect_open("set a\"", '"');
    expect_open("set \"a'", '"');
    expect_open("don't", '\'');
    expect_open("'it\\'s", '\'');
    expect_open("'it\\\\' x", '\'');
    expect_open("'it\\\\' 'x", '\0');
    expect_open("\"a\\\"", '"');
    expect_open("\"a\\\\\"", '\0');
    expect_open("\"a\\", '"');
    expect_open("\"a\"\n", '\0');
    expect_open("\"a\"b \"c", '\0');
}

/* Whether some line behind it makes it one that can be split, tried with either quote. */
static bool can_be_closed(struct bytes line, char quote)
{
    struct buf whole = {0};
    struct words words = {0};

    buf_append_bytes(&whole, line);
    buf_append_char(&whole, '\n');
    buf_append_char(&whole, quote);
    bool splits = words_split(&words, buf_bytes(&whole));
    words_deinit(&words);
    buf_deinit(&whole);
    return splits;
}

Test(quoting, agrees_with_what_splits_about_random_lines)
{
    static const char alphabet[] = "a \"'\\x1\n";
    unsigned seed = (unsigned)time(NULL);
    size_t open_count = 0, wrong_count = 0;

    cr_log_info("seed %u", seed);
    for (int run = 0; run < 200000; run++) {
        char text[12];
        size_t len = (size_t)rand_r(&seed) % sizeof(text);
        struct words words = {0};

        for (size_t i = 0; i < len; i++)
            text[i] = alphabet[(size_t)rand_r(&seed) % (sizeof(alphabet) - 1)];
        struct bytes line = bytes_of(text, len);
        char quote = words_open_quote(line);
        bool splits = words_split(&words, line);

        words_deinit(&words);
        cr_assert(!splits || quote == '\0', "%.*s", (int)len, text);
        if (!splits && quote == '\0')
            cr_assert(!can_be_closed(line, '"') && !can_be_closed(line, '\''), "%.*s", (int)len,
                      text);
        if (quote != '\0')
            cr_assert(can_be_closed(line, quote), "%.*s", (int)len, text);
        open_count += quote != '\0';
        wrong_count += !splits && quote == '\0';
    }
    cr_expect_gt(open_count, 0);
    cr_expect_gt(wrong_count, 0);
}
