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

#define RECORD_WITH_HEADERS \
    "*5\r\n:7\r\n:1000\r\n$1\r\nk\r\n$1\r\nv\r\n*4\r\n$1\r\na\r\n$1\r\n1\r\n$1\r\nb\r\n$-1\r\n"

Test(record_format, time_and_headers_stand_where_kafka_has_them)
{
    struct record_format format = {.key_separator = " ",
                                   .timestamp = true,
                                   .partition = true,
                                   .offset = true,
                                   .headers = true,
                                   .key = true};

    expect_line(&format, RECORD_WITH_HEADERS,
                "CreateTime:1000 Partition:3 Offset:7 a:1,b:null k v\n");
    expect_line(&format, RECORD, "CreateTime:1000 Partition:3 Offset:7 NO_HEADERS k v\xff\n");
}

Test(record_format, properties_set_it)
{
    struct record_format format = {.key_separator = "\t"};

    cr_expect(record_format_set(&format, "print.key=true"));
    cr_expect(record_format_set(&format, "print.headers=true"));
    cr_expect(record_format_set(&format, "key.separator==>"));
    cr_expect(record_format_set(&format, "headers.separator=;"));
    cr_expect(record_format_set(&format, "null.literal=~"));
    expect_line(&format, RECORD_WITH_HEADERS, "a:1;b:~=>k=>v\n");
    cr_expect(record_format_set(&format, "print.value=false"));
    expect_line(&format, RECORD_WITH_HEADERS, "a:1;b:~=>k\n");
    cr_expect(!record_format_set(&format, "print.key"));
    cr_expect(!record_format_set(&format, "print.key=yes"));
    cr_expect(!record_format_set(&format, "print.value=1"));
    cr_expect(!record_format_set(&format, "key=true"));
}

Test(record_format, an_object_of_json_has_all_of_it)
{
    struct record_format format = {.form = RECORD_JSON, .topic = "t"};

    expect_line(&format, RECORD_WITH_HEADERS,
                "{\"topic\": \"t\", \"partition\": 3, \"offset\": 7, \"timestamp\": 1000, \"key\": "
                "\"k\", \"value\": \"v\", \"headers\": {\"a\": \"1\", \"b\": null}}\n");
    expect_line(&format, RECORD_OF_NULLS,
                "{\"topic\": \"t\", \"partition\": 3, \"offset\": 7, \"timestamp\": 1000, \"key\": "
                "null, \"value\": null, \"headers\": {}}\n");
}

Test(record_format, a_line_of_csv_is_flat)
{
    struct record_format format = {.form = RECORD_CSV};

    expect_line(&format, RECORD_WITH_HEADERS, "3,7,1000,\"k\",\"v\",\"a\",\"1\",\"b\",\r\n");
}
