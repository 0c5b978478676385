/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/rows.h"
#include "unit/cli/resp.h"
#include <criterion/criterion.h>

#define RECORD(offset, key, value, headers) \
    "*5\r\n:" offset "\r\n:1767225600000\r\n" key value headers
#define ANN "$3\r\nann\r\n"
#define NONE "$-1\r\n"
#define BOOK "$6\r\na book\r\n"
#define NO_HEADERS "*0\r\n"
#define SHOP "*2\r\n$4\r\nshop\r\n$5\r\nnorth\r\n"

static const struct style plain;

static bool print_records(struct buf *out, const char *resp)
{
    struct reply *reply = resp_reply(resp);
    bool printed =
        rows_print_records(out, &plain, BYTES_LITERAL("orders"), BYTES_LITERAL("0"), reply);

    reply_free(reply);
    return printed;
}

static bool print_partitions(struct buf *out, const struct style *style, const char *resp)
{
    struct reply *reply = resp_reply(resp);
    bool printed = rows_print_partitions(out, style, reply);

    reply_free(reply);
    return printed;
}

Test(rows, records_of_a_partition_are_a_table)
{
    struct buf out = {0};

    cr_expect(print_records(&out, "*2\r\n" RECORD("9", ANN, BOOK, SHOP)
                                      RECORD("10", NONE, BOOK, NO_HEADERS)));
    resp_expect(
        &out,
        "partition  offset  time                      key    value     headers\n"
        "orders/0        9  2026-01-01T00:00:00.000Z  \"ann\"  \"a book\"  \"shop\"=\"north\"\n"
        "orders/0       10  2026-01-01T00:00:00.000Z  (nil)  \"a book\"\n");
}

Test(rows, what_is_no_record_is_left_to_others)
{
    struct buf out = {0};

    cr_expect_not(print_records(&out, "*0\r\n"));
    cr_expect_not(print_records(&out, "-ERR no\r\n"));
    cr_expect_not(print_records(&out, "*1\r\n:1\r\n"));
    cr_expect_not(print_records(&out, "*1\r\n*5\r\n:1\r\n:2\r\n:3\r\n$1\r\nx\r\n*0\r\n"));
    cr_expect_not(print_partitions(&out, &plain, "*0\r\n"));
    cr_expect_not(print_partitions(&out, &plain, "*1\r\n*2\r\n$1\r\nt\r\n:0\r\n"));
    cr_expect_eq(out.len, 0);
}

Test(rows, partitions_share_a_table_and_errors_stand_below_it)
{
    struct buf out = {0};

    cr_expect(print_partitions(&out, &plain,
                               "*2\r\n*3\r\n$1\r\na\r\n:0\r\n-CORRUPT bad\r\n"
                               "*3\r\n$1\r\nb\r\n:7\r\n*1\r\n" RECORD("1", ANN, BOOK, NO_HEADERS)));
    resp_expect(&out, "partition  offset  time                      key    value     headers\n"
                      "b/7             1  2026-01-01T00:00:00.000Z  \"ann\"  \"a book\"\n"
                      "a/0: (error) CORRUPT bad\n");
}

Test(rows, errors_alone_have_no_table_and_are_red_in_colour)
{
    struct buf out = {0};
    struct style colour = {.colour = true};

    cr_expect(print_partitions(&out, &colour, "*1\r\n*3\r\n$1\r\na\r\n:0\r\n-CORRUPT bad\r\n"));
    resp_expect(&out, "\033[31ma/0: (error) CORRUPT bad\033[0m\n");
}

Test(rows, headers_of_resp3_look_the_same)
{
    struct buf out = {0};

    cr_expect(print_records(&out, "*1\r\n" RECORD("9", ANN, BOOK, "%1\r\n$1\r\na\r\n_\r\n")));
    resp_expect(&out,
                "partition  offset  time                      key    value     headers\n"
                "orders/0        9  2026-01-01T00:00:00.000Z  \"ann\"  \"a book\"  \"a\"=(nil)\n");
}
