/* SPDX-License-Identifier: BSD-3-Clause */
/* MONITOR: who is shown what. */
#include "connection_fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>

static struct fixture f;
static int monitor;

#define LINE "+1700000000.123456 [0 127.0.0.1:1001] "

static void setup(void)
{
    fixture_init(&f);
    monitor = fixture_connect(&f);
    cr_assert_str_eq(fixture_say(&f, monitor, "MONITOR"), "+OK\r\n");
}

static void teardown(void)
{
    fixture_deinit(&f);
}

TestSuite(monitor, .init = setup, .fini = teardown);

static const char *seen(const char *lines)
{
    fixture_say(&f, 0, lines);
    return fixture_received(&f, monitor);
}

Test(monitor, shows_what_is_executed_in_the_form_of_redis)
{
    cr_expect_str_eq(seen("PING"), LINE "\"PING\"\r\n");
    cr_expect_str_eq(seen("ping \"a\\\"b\\\\c\\n\\x01\\xff\\t~\""),
                     LINE "\"ping\" \"a\\\"b\\\\c\\n\\x01\\xff\\t~\"\r\n");
}

Test(monitor, does_not_show_what_was_refused_or_is_for_administrators)
{
    cr_expect_str_eq(seen("NOSUCH\nECHO\nCONFIG GET port\nCLIENT LIST\nSLOWLOG GET\nMONITOR"), "");
}

Test(monitor, redacts_secrets)
{
    cr_expect_str_eq(seen("AUTH secret"), LINE "\"AUTH\" \"(redacted)\"\r\n");
    cr_expect_str_eq(seen("HELLO 2 AUTH default pw"),
                     LINE "\"HELLO\" \"2\" \"AUTH\" \"(redacted)\" \"(redacted)\"\r\n");
}

Test(monitor, shows_a_transaction_when_it_runs)
{
    cr_expect_str_eq(seen("MULTI\nPING\nECHO hi"), LINE "\"MULTI\"\r\n");
    cr_expect_str_eq(seen("EXEC"),
                     LINE "\"PING\"\r\n" LINE "\"ECHO\" \"hi\"\r\n" LINE "\"EXEC\"\r\n");
}

Test(monitor, shows_its_own_commands_behind_their_replies)
{
    cr_expect_str_eq(fixture_say(&f, monitor, "PING"),
                     "+PONG\r\n+1700000000.123456 [0 127.0.0.1:1002] \"PING\"\r\n");
    cr_expect_str_eq(fixture_say(&f, monitor, "MONITOR"), "");
    cr_expect_not_null(strstr(fixture_say(&f, monitor, "CLIENT INFO"), " flags=O "));
}

Test(monitor, ends_with_reset_and_with_the_connection)
{
    cr_expect_str_eq(fixture_say(&f, monitor, "RESET"), "+RESET\r\n");
    cr_expect_str_eq(seen("PING"), "");
    fixture_say(&f, monitor, "MONITOR\nQUIT");
    fixture_say(&f, 0, "PING");
    cr_expect(list_empty(&f.sv.sessions->monitors));
}

Test(monitor, is_refused_inside_exec)
{
    cr_expect_str_eq(
        fixture_say(&f, 0, "MULTI\nMONITOR\nEXEC"),
        "+OK\r\n+QUEUED\r\n*1\r\n-ERR MONITOR isn't allowed for DENY BLOCKING client\r\n");
}

Test(monitor, that_does_not_read_is_disconnected_at_the_limit_of_subscribers)
{
    fixture_say(&f, 0, "CONFIG SET client-output-buffer-limit \"pubsub 1000 0 0\"");
    memory_client_make_room(f.clients[monitor], 0);
    for (int i = 0; i < 30; i++)
        fixture_say(&f, 0, "PING");
    cr_expect(f.clients[monitor]->closed);
    cr_expect_eq(f.sv.sessions->stats.output_limit_disconnects, 1);
}

Test(monitor, names_the_socket_of_a_client_that_came_by_one)
{
    struct stream *stream = &f.clients[0]->stream;
    stream->transport = STREAM_UNIX;
    snprintf(stream->peer, sizeof(stream->peer), "/run/echolog.sock:0");
    cr_expect_str_eq(seen("PING"), "+1700000000.123456 [0 unix:/run/echolog.sock] \"PING\"\r\n");
}
