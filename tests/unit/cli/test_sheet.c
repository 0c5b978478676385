/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/sheet.h"
#include "unit/cli/resp.h"
#include <criterion/criterion.h>

static bool print(struct buf *out, const char *resp)
{
    static const struct style plain;
    struct reply *reply = resp_reply(resp);
    bool printed = sheet_print(out, &plain, reply);

    reply_free(reply);
    return printed;
}

Test(sheet, a_map_is_lines_and_what_is_there_several_times_a_table)
{
    struct buf out = {0};

    cr_expect(print(&out, "%3\r\n+group\r\n+billing\r\n+lag\r\n:5\r\n+partitions\r\n*2\r\n"
                          "%3\r\n+topic\r\n+orders\r\n+committed\r\n_\r\n+end\r\n:2\r\n"
                          "%3\r\n+topic\r\n+o\r\n+committed\r\n:11\r\n+end\r\n:20\r\n"));
    resp_expect(&out, "group       billing\n"
                      "lag         5\n"
                      "partitions\n"
                      "  topic   committed  end\n"
                      "  orders          -    2\n"
                      "  o              11   20\n");
}

Test(sheet, maps_inside_are_indented_and_lists_stand_in_their_line)
{
    struct buf out = {0};

    cr_expect(print(
        &out,
        "%4\r\n+config\r\n%2\r\n+ack\r\n+synced\r\n+none\r\n$0\r\n\r\n+topics\r\n*2\r\n+a\r\n+b\r\n"
        "+owned\r\n*3\r\n*2\r\n$1\r\na\r\n:0\r\n*2\r\n$1\r\na\r\n:1\r\n*2\r\n$1\r\nb\r\n:7\r\n"
        "+pending\r\n*0\r\n"));
    resp_expect(&out, "config\n"
                      "  ack   synced\n"
                      "  none\n"
                      "topics   a b\n"
                      "owned    a/0,1 b/7\n"
                      "pending  -\n");
}

Test(sheet, times_of_the_clock_are_dates_and_durations_are_not)
{
    struct buf out = {0};

    cr_expect(print(&out, "%3\r\n+joined-ms\r\n:1767225600000\r\n+lag-ms\r\n:417\r\n"
                          "+bytes\r\n:1767225600000\r\n"));
    resp_expect(&out, "joined-ms  2026-01-01T00:00:00.000Z\n"
                      "lag-ms     417\n"
                      "bytes      1767225600000\n");
}

Test(sheet, maps_alike_are_one_table)
{
    struct buf out = {0};

    cr_expect(print(&out, "*2\r\n%1\r\n+name\r\n+a\r\n%1\r\n+name\r\n+b\r\n"));
    resp_expect(&out, "name\na\nb\n");
}

Test(sheet, other_replies_are_left_to_others)
{
    struct buf out = {0};

    cr_expect_not(print(&out, "*0\r\n"));
    cr_expect_not(print(&out, "%0\r\n"));
    cr_expect_not(print(&out, "*2\r\n$1\r\na\r\n:1\r\n"));
    cr_expect_not(print(&out, "*2\r\n%1\r\n+a\r\n:1\r\n%1\r\n+b\r\n:1\r\n"));
    cr_expect_not(print(&out, "-ERR no\r\n"));
    cr_expect_eq(out.len, 0);
}
