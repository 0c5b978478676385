/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/json_print.h"
#include "unit/cli/resp.h"
#include <criterion/criterion.h>

static void expect_json(const char *resp, const char *expected)
{
    struct reply *reply = resp_reply(resp);
    struct buf out = {0};

    json_print(&out, reply);
    resp_expect(&out, expected);
    reply_free(reply);
}

Test(json, single_values)
{
    expect_json("+OK\r\n", "\"OK\"\n");
    expect_json("$4\r\na\"\r\n\r\n", "\"a\\\"\\r\\n\"\n");
    expect_json("$0\r\n\r\n", "\"\"\n");
    expect_json(":-7\r\n", "-7\n");
    expect_json("_\r\n", "null\n");
    expect_json("$-1\r\n", "null\n");
    expect_json("#t\r\n", "true\n");
    expect_json(",1.5\r\n", "1.5\n");
    expect_json(",inf\r\n", "\"inf\"\n");
    expect_json("(12345678901234567890\r\n", "\"12345678901234567890\"\n");
    expect_json("=6\r\ntxt:ab\r\n", "\"ab\"\n");
}

Test(json, utf8_is_text_and_other_bytes_are_base64)
{
    expect_json("$5\r\ncaf\xc3\xa9\r\n", "\"caf\xc3\xa9\"\n");
    expect_json("$3\r\n\xff\x01z\r\n", "{\"base64\": \"/wF6\"}\n");
}

Test(json, an_error_is_told_from_text)
{
    expect_json("-ERR no\r\n", "{\"error\": \"ERR no\"}\n");
}

Test(json, containers)
{
    expect_json("*3\r\n:1\r\n*0\r\n$1\r\na\r\n", "[1, [], \"a\"]\n");
    expect_json("~1\r\n:1\r\n", "[1]\n");
    expect_json(">2\r\n+a\r\n:1\r\n", "[\"a\", 1]\n");
    expect_json("%2\r\n+b\r\n:1\r\n:2\r\n%0\r\n", "{\"b\": 1, \"2\": {}}\n");
}

/* A record may have a header twice. */
Test(json, no_value_hides_another_under_the_same_key)
{
    expect_json("%2\r\n+a\r\n:1\r\n+a\r\n:2\r\n", "[\"a\", 1, \"a\", 2]\n");
}
