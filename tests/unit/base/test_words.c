/* SPDX-License-Identifier: BSD-3-Clause */
/* Words and quotes: redis-cli and redis.conf are the model. */
#include "base/buf.h"
#include "base/mem.h"
#include "base/words.h"
#include <criterion/criterion.h>

/* The words in square brackets, or "<invalid>". They are put where there is room for the line and a NUL. */
static const char *split_bytes(struct bytes line)
{
    static struct buf text;
    char *room = mem_alloc(line.len + 1), *to = room;
    size_t at = 0, len;
    enum err err;

    buf_clear(&text);
    while ((err = word_next(line, &at, to, &len)) == ERR_OK) {
        buf_append_char(&text, '[');
        buf_append(&text, to, len);
        buf_append_char(&text, ']');
        to += len;
        *to++ = '\0';
        cr_assert(at <= line.len);
        cr_assert((size_t)(to - room) <= at + 1);
    }
    if (err == ERR_INVALID)
        buf_append_string(&text, "<invalid>");
    else
        cr_assert_eq(err, ERR_NOT_FOUND);
    buf_append_char(&text, '\0');
    mem_free(room);
    return text.data;
}

static const char *split(const char *line)
{
    return split_bytes(bytes_of_string(line));
}

Test(words, blanks_of_any_kind_and_number_separate)
{
    cr_expect_str_eq(split("  port \t 7\r\n"), "[port][7]");
    cr_expect_str_eq(split("a\rb\nc\td"), "[a][b][c][d]");
    cr_expect_str_eq(split("a \v\fb"), "[a][b]");
}

Test(words, a_blank_line_has_none)
{
    cr_expect_str_eq(split(" \t "), "");
    cr_expect_str_eq(split(""), "");
    cr_expect_str_eq(split_bytes(BYTES_NULL), "");
}

Test(words, a_vertical_tab_a_form_feed_and_a_nul_do_not_end_a_word)
{
    cr_expect_str_eq(split("a\vb\fc d"), "[a\vb\fc][d]");
    cr_expect(bytes_equal(bytes_of(split_bytes(BYTES_LITERAL("a\0b \0")), 8),
                          BYTES_LITERAL("[a\0b][\0]")));
}

Test(words, quotes_hold_blanks_and_may_hold_nothing)
{
    cr_expect_str_eq(split("dir \"a b\" 'c  d'"), "[dir][a b][c  d]");
    cr_expect_str_eq(split("\"\" '' \"\""), "[][][]");
}

Test(words, double_quotes_know_escapes)
{
    cr_expect_str_eq(split("\"\\n\\r\\t\\b\\a\\x41\\x7e\\xfF\\\\\\\"\\q\""),
                     "[\n\r\t\b\aA~\xff\\\"q]");
    cr_expect_str_eq(split("\"\\x4\\xzz\" \"\\xg1\" \"\\x4g\""), "[x4xzz][xg1][x4g]");
    cr_expect_str_eq(split("\"it's\""), "[it's]");
    cr_expect(bytes_equal(bytes_of(split("\"a\\x00b\""), 5), BYTES_LITERAL("[a\0b]")));
}

Test(words, single_quotes_know_only_the_quote_itself)
{
    cr_expect_str_eq(split("'it\\'s \\n \"so\"' '\"'"), "[it's \\n \"so\"][\"]");
    cr_expect_str_eq(split("'\\\\ '"), "[\\\\ ]");
}

Test(words, without_quotes_a_backslash_is_a_backslash)
{
    cr_expect_str_eq(split("a\\nb \\"), "[a\\nb][\\]");
}

Test(words, a_quote_may_begin_inside_a_word_and_ends_it)
{
    cr_expect_str_eq(split("re\"quire pass\" x"), "[require pass][x]");
    cr_expect_str_eq(split("a'b c'\td"), "[ab c][d]");
    cr_expect_str_eq(split("\"a\"\vb"), "[a][b]");
}

Test(words, a_quote_left_open_is_invalid)
{
    cr_expect_str_eq(split("\""), "<invalid>");
    cr_expect_str_eq(split("'"), "<invalid>");
    cr_expect_str_eq(split("a \"b"), "[a]<invalid>");
    cr_expect_str_eq(split("a 'b"), "[a]<invalid>");
    cr_expect_str_eq(split("a \"b\\"), "[a]<invalid>");
    cr_expect_str_eq(split("a \"b\\\""), "[a]<invalid>");
    cr_expect_str_eq(split("a \"b\\x4\\\""), "[a]<invalid>");
    cr_expect_str_eq(split("a 'b\\'"), "[a]<invalid>");
    cr_expect_str_eq(split("a 'b\\"), "[a]<invalid>");
    cr_expect_str_eq(split("'\\\\'"), "<invalid>");
}

Test(words, something_right_behind_a_closing_quote_is_invalid)
{
    cr_expect_str_eq(split("a \"b\"c"), "[a]<invalid>");
    cr_expect_str_eq(split("'a''b'"), "<invalid>");
    cr_expect_str_eq(split("\"a\"\"b\""), "<invalid>");
    cr_expect_str_eq(split_bytes(BYTES_LITERAL("\"a\"\0")), "<invalid>");
}
