/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/csv_print.h"
#include "unit/cli/resp.h"
#include <criterion/criterion.h>

static void expect_csv(const char *resp, const char *expected)
{
    struct reply *reply = resp_reply(resp);
    struct buf out = {0};

    csv_print(&out, reply);
    resp_expect(&out, expected);
    reply_free(reply);
}

Test(csv, single_values)
{
    expect_csv("+OK\r\n", "\"OK\"\r\n");
    expect_csv("$4\r\na\"\r\n\r\n", "\"a\"\"\r\n\"\r\n");
    expect_csv(":-7\r\n", "-7\r\n");
    expect_csv("$-1\r\n", "\r\n");
    expect_csv("-ERR no\r\n", "\"ERROR\",\"ERR no\"\r\n");
}

Test(csv, an_array_of_values_is_a_line)
{
    expect_csv("*3\r\n:1\r\n$1\r\na\r\n$-1\r\n", "1,\"a\",\r\n");
    expect_csv("*0\r\n", "\r\n");
}

Test(csv, an_array_of_arrays_is_a_line_each)
{
    expect_csv("*2\r\n*3\r\n:1\r\n$1\r\nk\r\n*2\r\n$1\r\na\r\n$1\r\nb\r\n*2\r\n:2\r\n$-1\r\n",
               "1,\"k\",\"a\",\"b\"\r\n2,\r\n");
}
