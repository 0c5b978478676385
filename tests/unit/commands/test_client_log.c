/* SPDX-License-Identifier: BSD-3-Clause */
/* CLIENT LOG as it is answered. */
#include "connection_fixture.h"

#include <criterion/criterion.h>

static struct fixture f;

static void setup(void)
{
    fixture_init(&f);
}

static void teardown(void)
{
    fixture_deinit(&f);
}

TestSuite(client_log, .init = setup, .fini = teardown);

#define EXPECT_REPLY(lines, wanted) cr_expect_str_eq(fixture_say(&f, 0, lines), wanted)
#define EXPECT_HOLDS(text, part) \
    cr_expect_not_null(strstr((text), (part)), "'%s' is not in: %s", (part), (text))

Test(client_log, is_empty_at_first_and_after_reset)
{
    EXPECT_REPLY("client log", "*0\r\n");
    fixture_connect(&f);
    EXPECT_REPLY("client kill id 2\nclient log 0", ":1\r\n*0\r\n");
    EXPECT_REPLY("client log reset\nclient log 10", "+OK\r\n*0\r\n");
}

Test(client_log, tells_who_was_cut_off_why_and_what_was_lost)
{
    int other = fixture_connect(&f);
    fixture_say(&f, other, "client setname joe");
    f.clients[other]->room = 0;
    fixture_say(&f, other, "ping\nping");
    fixture_say(&f, 0, "hello 3\nclient kill id 2");
    f.clock.wall_ms += 1500;
    const char *log = fixture_say(&f, 0, "client log");
    EXPECT_HOLDS(log, "*1\r\n%11\r\n$5\r\ncount\r\n:1\r\n$6\r\nreason\r\n$6\r\nkilled\r\n$6\r\n"
                      "detail\r\n$39\r\nCLIENT KILL by id=1 addr=127.0.0.1:1001\r\n");
    EXPECT_HOLDS(log, "$13\r\ndropped-bytes\r\n:14\r\n$16\r\ndropped-messages\r\n:2\r\n");
    EXPECT_HOLDS(log, "$8\r\nusername\r\n$7\r\ndefault\r\n$11\r\nage-seconds\r\n,1.5\r\n");
    EXPECT_HOLDS(log, "$11\r\nclient-info\r\n");
    EXPECT_HOLDS(log, "id=2 addr=127.0.0.1:1002 laddr=127.0.0.1:3246 fd=11 name=joe ");
    EXPECT_HOLDS(log, "$8\r\nentry-id\r\n:0\r\n");
}

Test(client_log, shows_ten_unless_told_and_the_newest_first)
{
    for (int i = 0; i < 12; i++) {
        int other = fixture_connect(&f);
        fixture_say(&f, 0, "client kill type normal");
        memory_client_destroy(f.clients[other]);
        f.client_count--;
    }
    EXPECT_HOLDS(fixture_say(&f, 0, "client log"), "*10\r\n*22\r\n");
    EXPECT_HOLDS(fixture_say(&f, 0, "client log 100"), "*12\r\n");
    EXPECT_HOLDS(fixture_say(&f, 0, "client log 1"), "$8\r\nentry-id\r\n:11\r\n");
}

Test(client_log, refuses_what_it_does_not_understand)
{
    EXPECT_REPLY("client log x", "-ERR value is not an integer or out of range\r\n");
    EXPECT_REPLY("client log -5", "*0\r\n");
    EXPECT_REPLY(
        "client log 1 2",
        "-ERR unknown subcommand or wrong number of arguments for 'log'. Try CLIENT HELP.\r\n");
}

Test(client_log, an_http_request_is_in_it)
{
    fixture_say(&f, 0, "POST / HTTP/1.1");
    cr_expect(f.clients[0]->closed);
    int other = fixture_connect(&f);
    EXPECT_HOLDS(fixture_say(&f, other, "client log"), "protocol-error\r\n");
    cr_expect_not_null(strstr(fixture_say(&f, other, "client log"), "an HTTP request"));
}

Test(client_log, one_whose_user_was_deleted_is_in_it_by_that_name)
{
    int other = fixture_connect(&f);
    fixture_say(&f, 0, "acl setuser joe on >secret +@all ~* &*");
    fixture_say(&f, other, "auth joe secret");
    fixture_say(&f, 0, "acl deluser joe");
    cr_expect(f.clients[other]->closed);
    const char *log = fixture_say(&f, 0, "client log");
    EXPECT_HOLDS(log, "$6\r\nreason\r\n$12\r\nuser-changed\r\n");
    EXPECT_HOLDS(log, "$8\r\nusername\r\n$3\r\njoe\r\n");
}
