/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/table.h"
#include "cli/text.h"
#include "unit/cli/resp.h"
#include <criterion/criterion.h>
#include <locale.h>

static struct table t;

static void setup(void)
{
    cr_assert_not_null(setlocale(LC_CTYPE, "C.UTF-8"));
    t = (struct table){0};
}

static void teardown(void)
{
    table_deinit(&t);
}

TestSuite(table, .init = setup, .fini = teardown);

static void expect_printed(size_t indent, size_t width, const char *expected)
{
    struct buf out = {0};

    table_print(&t, &out, indent, width);
    resp_expect(&out, expected);
}

static void row(const char *name, int64_t number, const char *note)
{
    table_text(&t, bytes_of_string(name));
    table_number(&t, number);
    table_text(&t, bytes_of_string(note));
}

static void fill(void)
{
    table_heading(&t, BYTES_LITERAL("name"));
    table_heading(&t, BYTES_LITERAL("lag"));
    table_heading(&t, BYTES_LITERAL("note"));
    row("orders", 5, "a");
    row("\xe6\x97\xa5\xe6\x9c\xac", 12345, "bb");
}

Test(table, aligns_numbers_to_the_right_and_text_to_the_left)
{
    fill();
    expect_printed(0, 0,
                   "name      lag  note\n"
                   "orders      5  a\n"
                   "\xe6\x97\xa5\xe6\x9c\xac    12345  bb\n");
}

Test(table, indents_and_cuts_what_the_terminal_has_no_room_for)
{
    t.cuts = true;
    fill();
    expect_printed(2, 18,
                   "  name      lag  \xe2\x80\xa6\n"
                   "  orders      5  a\n"
                   "  \xe6\x97\xa5\xe6\x9c\xac    12345  \xe2\x80\xa6\n");
}

Test(table, with_too_little_room_columns_stand_below)
{
    fill();
    expect_printed(2, 18,
                   "  name      lag\n"
                   "  orders      5\n"
                   "  \xe6\x97\xa5\xe6\x9c\xac    12345\n"
                   "  name    note\n"
                   "  orders  a\n"
                   "  \xe6\x97\xa5\xe6\x9c\xac    bb\n");
    expect_printed(0, 3,
                   "name      lag\n"
                   "orders      5\n"
                   "\xe6\x97\xa5\xe6\x9c\xac    12345\n"
                   "name    note\n"
                   "orders  a\n"
                   "\xe6\x97\xa5\xe6\x9c\xac    bb\n");
}

Test(table, headings_go_on_below_before_anything_else_does)
{
    table_heading(&t, BYTES_LITERAL("next-offset"));
    table_heading(&t, BYTES_LITERAL("state"));
    table_number(&t, 7);
    table_word(&t, BYTES_LITERAL("not there"));
    expect_printed(0, 17,
                   " next-  state\n"
                   "offset\n"
                   "     7  not there\n");
}

Test(table, quoted_text_breaks_wherever_the_room_ends_and_other_text_behind_words)
{
    table_heading(&t, BYTES_LITERAL("key"));
    table_heading(&t, BYTES_LITERAL("value"));
    table_text(&t, BYTES_LITERAL("one two-three four"));
    table_text(&t, BYTES_LITERAL("\"a b\xe6\x97\xa5\xe6\x9c\xac \xe2\x82\xac 123456\""));
    table_word(&t, BYTES_LITERAL("k"));
    table_text(&t, BYTES_LITERAL(""));
    expect_printed(1, 19,
                   " key       value\n"
                   " one two-  \"a b\xe6\x97\xa5\xe6\x9c\xac\n"
                   " three      \xe2\x82\xac 12345\n"
                   " four      6\"\n"
                   " k\n");
}

/* Its bytes but blanks and ends of lines. */
static void append_solid(struct buf *out, struct bytes text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] != ' ' && text.data[i] != '\n')
            buf_append_char(out, text.data[i]);
}

Test(table, nothing_of_a_text_is_lost_at_any_width_and_no_line_is_wider)
{
    static const char *const texts[] = {
        "\"It is \xe6\x97\xa5, a  double blank-and-a-dash, and the end \"",
        "It is \xe6\x97\xa5, a  double blank-and-a-dash, and the end"};

    table_heading(&t, BYTES_LITERAL("value"));
    for (size_t i = 0; i < COUNT_OF(texts); i++)
        table_text(&t, bytes_of_string(texts[i]));
    for (size_t width = TABLE_TEXT_COLUMNS_MIN; width < 70; width++) {
        struct buf out = {0}, shown = {0}, given = {0};

        table_print(&t, &out, 0, width);
        for (size_t from = 0, i = 0; i < out.len; i++) {
            if (out.data[i] != '\n')
                continue;
            cr_assert_leq(text_width(bytes_of(out.data + from, i - from)), width);
            from = i + 1;
        }
        append_solid(&shown, buf_bytes(&out));
        append_solid(&given, BYTES_LITERAL("value"));
        for (size_t i = 0; i < COUNT_OF(texts); i++)
            append_solid(&given, bytes_of_string(texts[i]));
        cr_expect(bytes_equal(buf_bytes(&shown), buf_bytes(&given)), "width %zu", width);
        buf_deinit(&out);
        buf_deinit(&shown);
        buf_deinit(&given);
    }
}

Test(table, what_is_not_there_stays_with_the_numbers)
{
    table_heading(&t, BYTES_LITERAL("end"));
    table_number(&t, 100);
    table_text(&t, BYTES_LITERAL("-"));
    expect_printed(0, 0, "end\n100\n  -\n");
}

Test(table, no_line_ends_in_blanks)
{
    table_heading(&t, BYTES_LITERAL("a"));
    table_heading(&t, BYTES_LITERAL("b"));
    table_text(&t, BYTES_LITERAL("x"));
    table_text(&t, BYTES_LITERAL(""));
    expect_printed(0, 0, "a  b\nx\n");
}

Test(table, without_columns_is_nothing)
{
    expect_printed(4, 10, "");
}
