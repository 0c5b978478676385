/* SPDX-License-Identifier: BSD-3-Clause */
/* Laying replies out. What is expected is what redis-cli 7.0 prints for the same replies. */
#include "cli/printer.h"
#include <criterion/criterion.h>

typedef void print_function(const struct printer *p, struct buf *out, const struct reply *reply);

static void expect_with(print_function *print, enum printer_form form, const char *resp,
                        const char *expected)
{
    struct buf out = {0};
    struct reply *reply = NULL;
    size_t consumed = 0;
    const char *why = NULL;

    cr_assert_eq(reply_read(bytes_of_string(resp), &reply, &consumed, &why), ERR_OK);
    cr_assert_eq(consumed, strlen(resp));
    print(&(struct printer){.form = form}, &out, reply);
    cr_expect(bytes_equal(buf_bytes(&out), bytes_of_string(expected)), "%.*s instead of %s",
              (int)out.len, out.data, expected);
    reply_free(reply);
    buf_deinit(&out);
}

static void expect_terminal(const char *resp, const char *expected)
{
    expect_with(printer_reply, PRINTER_TERMINAL, resp, expected);
}

static void expect_raw(const char *resp, const char *expected)
{
    expect_with(printer_reply, PRINTER_RAW, resp, expected);
}

Test(printer, a_terminal_is_told_the_type_of_plain_values)
{
    expect_terminal("+OK\r\n", "OK\n");
    expect_terminal("-ERR no\r\n", "(error) ERR no\n");
    expect_terminal(":-7\r\n", "(integer) -7\n");
    expect_terminal("$3\r\nabc\r\n", "\"abc\"\n");
    expect_terminal("$-1\r\n", "(nil)\n");
    expect_terminal("_\r\n", "(nil)\n");
    expect_terminal("#t\r\n", "(true)\n");
    expect_terminal("#f\r\n", "(false)\n");
    expect_terminal(",3.141\r\n", "(double) 3.141\n");
    expect_terminal("=6\r\ntxt:ab\r\n", "ab\n");
}

Test(printer, a_terminal_is_told_of_empty_containers)
{
    expect_terminal("*0\r\n", "(empty array)\n");
    expect_terminal("%0\r\n", "(empty hash)\n");
    expect_terminal("~0\r\n", "(empty set)\n");
    expect_terminal(">0\r\n", "(empty push)\n");
}

Test(printer, strings_are_quoted_and_escaped_for_a_terminal)
{
    expect_terminal("$9\r\na\"\\\n\r\t\a\b\xc3\r\n", "\"a\\\"\\\\\\n\\r\\t\\a\\b\\xc3\"\n");
}

Test(printer, nested_items_are_numbered_and_indented)
{
    expect_terminal("*3\r\n:1\r\n*2\r\n:2\r\n*2\r\n:3\r\n:4\r\n$1\r\nx\r\n",
                    "1) (integer) 1\n"
                    "2) 1) (integer) 2\n"
                    "   2) 1) (integer) 3\n"
                    "      2) (integer) 4\n"
                    "3) \"x\"\n");
}

Test(printer, numbers_are_aligned_to_the_widest)
{
    expect_terminal(
        "*10\r\n:1\r\n*2\r\n:1\r\n:2\r\n:3\r\n:4\r\n:5\r\n:6\r\n:7\r\n:8\r\n:9\r\n:0\r\n",
        " 1) (integer) 1\n"
        " 2) 1) (integer) 1\n"
        "    2) (integer) 2\n"
        " 3) (integer) 3\n"
        " 4) (integer) 4\n"
        " 5) (integer) 5\n"
        " 6) (integer) 6\n"
        " 7) (integer) 7\n"
        " 8) (integer) 8\n"
        " 9) (integer) 9\n"
        "10) (integer) 0\n");
}

Test(printer, maps_and_sets_have_marks_of_their_own)
{
    expect_terminal("%2\r\n+a\r\n:1\r\n+b\r\n~1\r\n+c\r\n", "1# a => (integer) 1\n"
                                                            "2# b => 1~ c\n");
}

Test(printer, a_map_value_of_several_lines_begins_on_its_own)
{
    expect_terminal("%1\r\n+a\r\n*2\r\n:1\r\n:2\r\n", "1# a => \n"
                                                      "   1) (integer) 1\n"
                                                      "   2) (integer) 2\n");
}

Test(printer, raw_values_are_their_bytes)
{
    expect_raw("+OK\r\n", "OK\n");
    expect_raw("-ERR no\r\n", "ERR no\n\n");
    expect_raw(":7\r\n", "7\n");
    expect_raw("$4\r\na\"\n\xff\r\n", "a\"\n\xff\n");
    expect_raw("$-1\r\n", "\n");
    expect_raw("*0\r\n", "\n");
    expect_raw("#t\r\n", "(true)\n");
}

Test(printer, raw_containers_are_flattened_to_lines)
{
    expect_raw("*3\r\n:1\r\n*2\r\n:2\r\n:3\r\n$-1\r\n", "1\n2\n3\n\n");
    expect_raw("%2\r\n+a\r\n:1\r\n+b\r\n:2\r\n", "a 1\nb 2\n");
}

Test(printer, documents_come_as_they_are)
{
    expect_with(printer_document, PRINTER_TERMINAL, "$6\r\na:1\r\n\"\r\n", "a:1\r\n\"");
    expect_with(printer_document, PRINTER_TERMINAL, "=6\r\ntxt:ab\r\n", "ab");
    expect_with(printer_document, PRINTER_TERMINAL, "-ERR no\r\n", "(error) ERR no\n");
}
