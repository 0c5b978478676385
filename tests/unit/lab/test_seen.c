/* SPDX-License-Identifier: BSD-3-Clause */
#include "lab/seen.h"
#include "unit/cli/resp.h"
#include <criterion/criterion.h>

static struct reply *reply;

static void teardown(void)
{
    reply_free(reply);
    reply = NULL;
}

TestSuite(seen, .fini = teardown);

#define RECORD(offset) "*5\r\n:" #offset "\r\n:1000\r\n_\r\n$1\r\nv\r\n*0\r\n"

Test(seen, records_of_fetch_have_no_topic)
{
    struct seen_record records[2];

    reply = resp_reply("*2\r\n" RECORD(3) RECORD(4));
    cr_assert_eq(seen_records(reply, records, 2), 2);
    cr_expect(bytes_is_null(records[0].topic));
    cr_expect_eq(records[0].partition, SEEN_NOTHING);
    cr_expect_eq(records[1].offset, 4);
    cr_expect(bytes_is_null(records[1].key));
    cr_expect(bytes_is(records[1].value, "v"));
}

Test(seen, records_of_consume_know_where_they_are_and_errors_are_none)
{
    struct seen_record records[2];

    reply = resp_reply("*3\r\n*3\r\n$1\r\na\r\n:0\r\n*1\r\n" RECORD(
        7) "*3\r\n$1\r\na\r\n:1\r\n-CORRUPT x\r\n"
           "*3\r\n$1\r\nb\r\n:2\r\n*2\r\n" RECORD(0) RECORD(1));
    cr_assert_eq(seen_records(reply, records, 2), 3);
    cr_expect(bytes_is(records[0].topic, "a"));
    cr_expect_eq(records[0].offset, 7);
    cr_expect(bytes_is(records[1].topic, "b"));
    cr_expect_eq(records[1].partition, 2);
}

Test(seen, a_pushed_record_is_one)
{
    struct seen_record record;

    reply = resp_reply(
        ">8\r\n$6\r\nrecord\r\n$1\r\na\r\n:1\r\n:5\r\n:1000\r\n$1\r\nk\r\n$1\r\nv\r\n*0\r\n");
    cr_assert_eq(seen_records(reply, &record, 1), 1);
    cr_expect_eq(record.offset, 5);
    cr_expect(bytes_is(record.key, "k"));
}

Test(seen, what_is_not_there_is_nothing)
{
    reply = resp_reply("*1\r\n:1\r\n");
    cr_expect_eq(seen_number(seen_item(reply, 0)), 1);
    cr_expect_eq(seen_number(seen_item(reply, 1)), SEEN_NOTHING);
    cr_expect_eq(seen_number(reply), SEEN_NOTHING);
    cr_expect(bytes_is_null(seen_text(seen_field(reply, "name"))));
    cr_expect_eq(seen_records(reply, NULL, 0), 0);
    cr_expect_eq(seen_records(seen_null(), NULL, 0), 0);
}

Test(seen, an_error_is_known_by_its_whole_code)
{
    reply = resp_reply("-FENCED by another\r\n");
    cr_expect(seen_error(reply, "FENCED"));
    cr_expect_not(seen_error(reply, "FENCE"));
    cr_expect_not(seen_error(reply, "ERR"));
}

Test(seen, a_time_is_in_milliseconds)
{
    reply = resp_reply("*2\r\n$10\r\n1767225600\r\n$6\r\n250999\r\n");
    cr_expect_eq(seen_time_ms(reply), 1767225600250);
    cr_expect_eq(seen_time_ms(seen_item(reply, 0)), SEEN_NOTHING);
}
