/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/subscriptions.h"
#include "unit/cli/resp.h"
#include <criterion/criterion.h>

static struct subscriptions s;

static void note(const char *resp)
{
    struct reply *reply = resp_reply(resp);

    subscriptions_note(&s, reply);
    reply_free(reply);
}

/* The words that bring all back. */
static void expect_asked(const char *expected)
{
    struct connection c;
    struct connection_target nowhere = {0};

    connection_init(&c, &nowhere, -1);
    subscriptions_ask(&s, &c);
    resp_expect(&c.out, expected);
    connection_close(&c);
}

static void teardown(void)
{
    subscriptions_clear(&s);
}

TestSuite(subscriptions, .fini = teardown);

Test(subscriptions, are_asked_for_again_in_the_order_they_began)
{
    note(">3\r\n$10\r\npsubscribe\r\n$2\r\nn*\r\n:1\r\n");
    note(">3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:2\r\n");
    note(">3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:2\r\n");
    note(">3\r\n$7\r\nmessage\r\n$1\r\na\r\n$1\r\nx\r\n");
    cr_expect_eq(s.count, 2);
    expect_asked("*2\r\n$10\r\nPSUBSCRIBE\r\n$2\r\nn*\r\n*2\r\n$9\r\nSUBSCRIBE\r\n$1\r\na\r\n");
}

Test(subscriptions, end_when_the_server_says_so)
{
    note(">3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n");
    note(">3\r\n$10\r\nssubscribe\r\n$1\r\na\r\n:1\r\n");
    note(">3\r\n$11\r\nunsubscribe\r\n$1\r\na\r\n:0\r\n");
    note(">3\r\n$11\r\nunsubscribe\r\n_\r\n:0\r\n");
    expect_asked("*2\r\n$10\r\nSSUBSCRIBE\r\n$1\r\na\r\n");
}

Test(subscriptions, followed_partitions_go_on_behind_the_last_record)
{
    note(">5\r\n$6\r\nfollow\r\n$1\r\nt\r\n:0\r\n:7\r\n:1\r\n");
    expect_asked("*4\r\n$6\r\nFOLLOW\r\n$3\r\nt/0\r\n$4\r\nFROM\r\n$1\r\n7\r\n");
    note(">8\r\n$6\r\nrecord\r\n$1\r\nt\r\n:0\r\n:7\r\n:1\r\n_\r\n$1\r\nv\r\n%0\r\n");
    expect_asked("*4\r\n$6\r\nFOLLOW\r\n$3\r\nt/0\r\n$4\r\nFROM\r\n$1\r\n8\r\n");
    note(">6\r\n$4\r\nlost\r\n$1\r\nt\r\n:0\r\n:8\r\n:12\r\n$1\r\nx\r\n");
    expect_asked("*4\r\n$6\r\nFOLLOW\r\n$3\r\nt/0\r\n$4\r\nFROM\r\n$2\r\n12\r\n");
    note(">6\r\n$8\r\nunfollow\r\n$1\r\nt\r\n:0\r\n:12\r\n:0\r\n_\r\n");
    expect_asked("");
}

Test(subscriptions, other_messages_are_of_no_interest)
{
    note("+OK\r\n");
    note(">0\r\n");
    note(">2\r\n$9\r\nsubscribe\r\n$1\r\na\r\n");
    note("*3\r\n:1\r\n:2\r\n:3\r\n");
    note(">5\r\n$10\r\nassignment\r\n$1\r\ng\r\n$1\r\nm\r\n:1\r\n*0\r\n");
    cr_expect_eq(s.count, 0);
}
