/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/push_print.h"
#include "unit/cli/resp.h"
#include <criterion/criterion.h>

static void expect_line(const char *resp, const char *expected)
{
    struct reply *push = resp_reply(resp);
    struct buf out = {0};

    cr_expect_eq(push_print(&out, push), expected[0] != '\0');
    resp_expect(&out, expected);
    reply_free(push);
}

Test(push_print, messages)
{
    expect_line(">3\r\n$7\r\nmessage\r\n$4\r\nnews\r\n$2\r\nhi\r\n", "news  \"hi\"\n");
    expect_line(">3\r\n$8\r\nsmessage\r\n$4\r\nnews\r\n$2\r\nhi\r\n", "news  \"hi\"\n");
    expect_line(">4\r\n$8\r\npmessage\r\n$2\r\nn*\r\n$4\r\nnews\r\n$2\r\nhi\r\n",
                "news (n*)  \"hi\"\n");
}

Test(push_print, changes)
{
    expect_line(">3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:2\r\n",
                "listening to channel a (2 in all)\n");
    expect_line(">3\r\n$12\r\npunsubscribe\r\n$2\r\na*\r\n:0\r\n",
                "no longer listening to pattern a* (0 in all)\n");
    expect_line(">3\r\n$11\r\nunsubscribe\r\n_\r\n:0\r\n",
                "no longer listening to channel (none) (0 in all)\n");
}

Test(push_print, assignments)
{
    expect_line(
        ">5\r\n$10\r\nassignment\r\n$1\r\ng\r\n$2\r\nm1\r\n:3\r\n*6\r\n$1\r\na\r\n:0\r\n$1\r\na\r\n"
        ":1\r\n$1\r\nb\r\n:7\r\n",
        "group g: m1 now has a/0,1 b/7\n");
    expect_line(">5\r\n$10\r\nassignment\r\n$1\r\ng\r\n$2\r\nm1\r\n:3\r\n*0\r\n",
                "group g: m1 now has nothing\n");
}

Test(push_print, other_pushes_are_left_to_others)
{
    expect_line(">2\r\n$10\r\ninvalidate\r\n_\r\n", "");
    expect_line(">0\r\n", "");
    expect_line("*3\r\n$7\r\nmessage\r\n$4\r\nnews\r\n$2\r\nhi\r\n", "");
    expect_line("+OK\r\n", "");
}
