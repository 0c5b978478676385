/* SPDX-License-Identifier: BSD-3-Clause */
/* Lines with headers, keys and nulls. */
#include "cli/produce_line.h"
#include <criterion/criterion.h>

static struct produce_layout layout = {.headers_delimiter = "\t",
                                       .headers_separator = ",",
                                       .headers_key_separator = ":",
                                       .key_separator = "=",
                                       .null_marker = "NULL"};
static struct produce_line line;
static const char *why;

static bool parse(bool headers, bool key, const char *text)
{
    layout.headers = headers;
    layout.key = key;
    return produce_line_parse(&line, bytes_of_string(text), &layout, &why);
}

static bool is(struct bytes part, const char *expected)
{
    return bytes_equal(part, bytes_of_string(expected));
}

Test(produce_line, has_what_was_asked_for)
{
    cr_assert(parse(false, false, "a:1\tk=v"));
    cr_expect(is(line.value, "a:1\tk=v"));
    cr_expect(bytes_is_null(line.key));
    cr_expect_eq(line.header_count, 0);
    cr_assert(parse(true, true, "a:1,b:x:y\tk=v=w"));
    cr_assert_eq(line.header_count, 2);
    cr_expect(is(line.names[0], "a") && is(line.values[0], "1"));
    cr_expect(is(line.names[1], "b") && is(line.values[1], "x:y"));
    cr_expect(is(line.key, "k") && is(line.value, "v=w"));
}

Test(produce_line, empty_parts_are_empty_and_marked_ones_null)
{
    cr_assert(parse(true, true, "\t="));
    cr_expect_eq(line.header_count, 0);
    cr_expect(!bytes_is_null(line.key) && line.key.len == 0);
    cr_expect(!bytes_is_null(line.value) && line.value.len == 0);
    cr_assert(parse(true, true, "NULL\tk=NULL"));
    cr_expect_eq(line.header_count, 0);
    cr_expect(bytes_is_null(line.value));
    cr_assert(parse(false, true, "NULL=v"));
    cr_expect(bytes_is_null(line.key));
}

Test(produce_line, what_is_no_record_is_refused)
{
    char many[2 * 4 * PRODUCE_HEADERS_MAX];

    cr_expect(!parse(true, false, "a:1"));
    cr_expect_str_eq(why, "what ends the headers is missing");
    cr_expect(!parse(true, false, "a:1,\tv"));
    cr_expect_str_eq(why, "a header has no value");
    cr_expect(!parse(false, true, "v"));
    cr_expect_str_eq(why, "the key separator is missing");
    cr_expect(!parse(false, true, "NULL=NULL"));
    cr_expect_str_eq(why, "a record without a value needs a key");
    many[0] = '\0';
    for (size_t i = 0; i <= PRODUCE_HEADERS_MAX; i++)
        strcat(many, i == 0 ? "a:b" : ",a:b");
    strcat(many, "\tv");
    cr_expect(!parse(true, false, many));
    cr_expect_str_eq(why, "too many headers");
}
