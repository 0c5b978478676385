/* SPDX-License-Identifier: BSD-3-Clause */
#include "config/words.h"
#include <criterion/criterion.h>

/* The words with '|' between, or the error in angle brackets. */
static const char *split_bytes(struct bytes line)
{
    static struct buf text;
    struct words words;
    enum err err;

    words_init(&words);
    err = words_split(&words, line);
    buf_clear(&text);
    if (err != ERR_OK) {
        cr_assert(words.count == 0);
        buf_printf(&text, "<%s>", err == ERR_INVALID ? "invalid" : "too large");
    }
    for (size_t i = 0; i < words.count; i++) {
        if (i > 0)
            buf_append_char(&text, '|');
        buf_append_bytes(&text, words.items[i]);
    }
    buf_append_char(&text, '\0');
    words_deinit(&words);
    return text.data;
}

static const char *split(const char *line)
{
    return split_bytes(bytes_of_string(line));
}

Test(words, blanks_of_any_kind_and_number_separate)
{
    cr_assert_str_eq(split("  port \t 7\r"), "port|7");
    cr_assert_str_eq(split(" \t "), "");
    cr_assert_str_eq(split(""), "");
    cr_assert_str_eq(split_bytes(BYTES_NULL), "");
}

Test(words, quotes_hold_blanks_and_may_hold_nothing)
{
    cr_assert_str_eq(split("logfile \"\""), "logfile|");
    cr_assert_str_eq(split("dir \"a b\" 'c  d'"), "dir|a b|c  d");
}

Test(words, double_quotes_understand_escapes)
{
    cr_assert_str_eq(split("\"\\n\\r\\t\\b\\a\\x41\\x7e\\\\\\\"\\q\""), "\n\r\t\b\aA~\\\"q");
    cr_assert_str_eq(split("\"\\x4\\xzz\""), "x4xzz");
}

Test(words, single_quotes_understand_only_the_escaped_quote)
{
    cr_assert_str_eq(split("'it\\'s \\n \"so\"'"), "it's \\n \"so\"");
}

Test(words, without_quotes_a_backslash_is_a_backslash)
{
    cr_assert_str_eq(split("a\\nb"), "a\\nb");
}

Test(words, a_quote_may_begin_inside_a_word_and_ends_it)
{
    cr_assert_str_eq(split("re\"quire pass\" x"), "require pass|x");
}

Test(words, unbalanced_quotes_are_invalid)
{
    cr_assert_str_eq(split("a \"b"), "<invalid>");
    cr_assert_str_eq(split("a 'b"), "<invalid>");
    cr_assert_str_eq(split("a \"b\"c"), "<invalid>");
    cr_assert_str_eq(split("a \"b\\"), "<invalid>");
    cr_assert_str_eq(split("a \"b\\x4\\\""), "<invalid>");
    cr_assert_str_eq(split("\""), "<invalid>");
}

Test(words, more_than_the_maximum_is_too_large)
{
    struct buf line = {0};
    struct words words;

    words_init(&words);
    for (int i = 0; i < WORDS_MAX; i++)
        buf_append_string(&line, "w ");
    cr_assert(words_split(&words, buf_bytes(&line)) == ERR_OK);
    cr_assert(words.count == WORDS_MAX);
    buf_append_string(&line, "w");
    cr_assert(words_split(&words, buf_bytes(&line)) == ERR_TOO_LARGE);
    cr_assert(words.count == 0);
    words_deinit(&words);
    buf_deinit(&line);
}
