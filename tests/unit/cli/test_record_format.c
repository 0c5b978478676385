/* SPDX-License-Identifier: BSD-3-Clause */
/* Records as lines. */
#include "cli/record_format.h"
#include <criterion/criterion.h>

static void expect_line(const struct record_format *format, const char *resp, const char *expected)
{
    struct buf out = {0};
    struct reply *reply = NULL;
    size_t consumed = 0;
    const char *why = NULL;

    cr_assert_eq(reply_read(bytes_of_string(resp), &reply, &consumed, &why), ERR_OK);
    cr_assert(record_is(reply));
    record_print(&out, format, 3, reply);
    cr_expect(bytes_equal(buf_bytes(&out), bytes_of_string(expected)), "%.*s", (int)out.len,
              out.data);
    reply_free(reply);
    buf_deinit(&out);
}

#define RECORD "*5\r\n:7\r\n:1000\r\n$1\r\nk\r\n$2\r\nv\xff\r\n*0\r\n"
#define RECORD_OF_NULLS "*5\r\n:7\r\n:1000\r\n$-1\r\n$-1\r\n*0\r\n"
#define RECORD_OF_RESP3 "*5\r\n:7\r\n:1000\r\n_\r\n$1\r\nv\r\n%1\r\n$1\r\nh\r\n$1\r\nx\r\n"

Test(record_format, the_value_alone_is_a_line)
{
    struct record_format format = {.key_separator = "\t"};

    expect_line(&format, RECORD, "v\xff\n");
    expect_line(&format, RECORD_OF_RESP3, "v\n");
}

Test(record_format, parts_come_in_order_with_the_separator)
{
    struct record_format format = {
        .key_separator = "|", .partition = true, .offset = true, .key = true};

    expect_line(&format, RECORD, "Partition:3|Offset:7|k|v\xff\n");
}

Test(record_format, null_is_written_out)
{
    struct record_format format = {.key_separator = ":", .key = true};

    expect_line(&format, RECORD_OF_NULLS, "null:null\n");
}

Test(record_format, an_error_is_no_record)
{
    struct reply error = {.kind = REPLY_ERROR};

    cr_expect(!record_is(&error));
}
