/* SPDX-License-Identifier: BSD-3-Clause */
/* What the whole broker does at the limits that concern its disk. */
#include "commands/services.h"
#include "unit/server/broker_fixture.h"
#include <criterion/criterion.h>
#include <stdio.h>

static struct fixture f;

static void setup(void)
{
    fixture_init(&f);
}

static void teardown(void)
{
    fixture_deinit(&f);
}

TestSuite(disk_limits, .init = setup, .fini = teardown);

/* Very many who never appended anything, each with one record: every one of them is held against the limit. */
Test(disk_limits, what_waits_to_be_written_is_bounded_though_nobody_appended_before)
{
    char line[1100];
    snprintf(line, sizeof(line), "PRODUCE t %01000d ACK NONE\r\n", 0);
    fixture_say(&f, 0, "TOPIC CREATE t\r\n");
    f.config.pending_bytes_max = 2048;
    f.disk->hold = true;
    memory_client_send(f.clients[0], "PRODUCE t x ACK SYNCED\r\n");
    fixture_turn(&f);
    for (int i = 1; i < FIXTURE_CLIENTS; i++)
        memory_client_send(f.clients[i], line);
    for (int turn = 0; turn < 5; turn++)
        fixture_turn(&f);
    size_t waiting = storage_stats(broker_services(f.broker)->storage)->pending_bytes;
    cr_expect_gt(waiting, (size_t)2048);
    cr_expect_lt(waiting, (size_t)2048 + 1200, "%zu bytes wait", waiting);
    int answered = 0;
    for (int i = 1; i < FIXTURE_CLIENTS; i++)
        answered += fixture_received(&f, i)[0] != '\0';
    cr_expect_lt(answered, FIXTURE_CLIENTS - 1);
    f.disk->hold = false;
    fixture_settle(&f);
    cr_expect_not_null(strstr(fixture_say(&f, 0, "TOPIC OFFSETS t 0 LATEST\r\n"), ":6\r\n"));
}

/* --- killed while the disk is busy --------------------------------------------------------------- */

static void turns(int count)
{
    for (int turn = 0; turn < count; turn++)
        fixture_turn(&f);
}

Test(disk_limits, one_killed_while_its_reply_waits_loses_the_reply_and_not_the_record)
{
    fixture_say(&f, 0, "TOPIC CREATE t\r\n");
    f.disk->hold = true;
    memory_client_send(f.clients[1], "PRODUCE t x ACK SYNCED\r\n");
    turns(3);
    cr_expect_str_eq(fixture_received(&f, 1), "");
    memory_client_send(f.clients[0], "CLIENT KILL ID 2\r\nCLIENT LOG\r\n");
    turns(3);
    const char *said = fixture_received(&f, 0);
    cr_expect_eq(strncmp(said, ":1\r\n", 4), 0, "%s", said);
    cr_expect_not_null(strstr(said, "$16\r\ndropped-messages\r\n:1\r\n"), "%s", said);
    cr_expect(f.clients[1]->closed);
    f.disk->hold = false;
    fixture_settle(&f);
    cr_expect_not_null(strstr(fixture_say(&f, 0, "TOPIC OFFSETS t 0 LATEST\r\n"), ":1\r\n"));
}

Test(disk_limits, one_that_kills_itself_in_a_transaction_gets_the_reply_that_waits_first)
{
    fixture_say(&f, 0, "TOPIC CREATE t\r\n");
    f.disk->hold = true;
    memory_client_send(f.clients[1], "MULTI\r\nPRODUCE t x ACK SYNCED\r\n"
                                     "CLIENT KILL ID 2 SKIPME no\r\nEXEC\r\nPING\r\n");
    turns(3);
    cr_expect_not(f.clients[1]->closed);
    f.disk->hold = false;
    fixture_settle(&f);
    cr_expect_str_eq(fixture_received(&f, 1),
                     "+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n*2\r\n:0\r\n:0\r\n:1\r\n");
    cr_expect(f.clients[1]->closed);
}

Test(disk_limits, one_that_waits_for_the_disk_is_not_unblocked_in_a_transaction_either)
{
    fixture_say(&f, 0, "TOPIC CREATE t\r\n");
    f.disk->hold = true;
    memory_client_send(f.clients[1], "PRODUCE t x ACK SYNCED\r\n");
    memory_client_send(f.clients[0], "MULTI\r\nCLIENT UNBLOCK 2 ERROR\r\nEXEC\r\n");
    turns(3);
    cr_expect_str_eq(fixture_received(&f, 0), "+OK\r\n+QUEUED\r\n*1\r\n:0\r\n");
    f.disk->hold = false;
    fixture_settle(&f);
    cr_expect_str_eq(fixture_received(&f, 1), "*2\r\n:0\r\n:0\r\n");
}
