/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/table.h"
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
    fill();
    expect_printed(2, 18,
                   "  name      lag  \xe2\x80\xa6\n"
                   "  orders      5  a\n"
                   "  \xe6\x97\xa5\xe6\x9c\xac    12345  \xe2\x80\xa6\n");
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
