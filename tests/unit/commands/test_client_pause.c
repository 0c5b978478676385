/* SPDX-License-Identifier: BSD-3-Clause */
/* CLIENT PAUSE and UNPAUSE: who waits, for how long, and what is done behind it. */
#include "connection_fixture.h"

#include "session/block.h"
#include <criterion/criterion.h>

static struct fixture f;
static int other;

static void setup(void)
{
    fixture_init(&f);
    other = fixture_connect(&f);
}

static void teardown(void)
{
    fixture_deinit(&f);
}

TestSuite(client_pause, .init = setup, .fini = teardown);

#define EXPECT_REPLY(client, lines, wanted) cr_expect_str_eq(fixture_say(&f, client, lines), wanted)
#define EXPECT_HOLDS(text, part) \
    cr_expect_not_null(strstr((text), (part)), "'%s' is not in: %s", (part), (text))

Test(client_pause, of_all_stops_every_command_until_its_time_is_up)
{
    EXPECT_REPLY(0, "client pause 1000", "+OK\r\n");
    EXPECT_REPLY(other, "ping\necho a", "");
    fixture_pass(&f, 999);
    EXPECT_REPLY(other, "ping b", "");
    fixture_pass(&f, 1);
    cr_expect_str_eq(fixture_received(&f, other), "+PONG\r\n$1\r\na\r\n$1\r\nb\r\n");
}

Test(client_pause, of_all_stops_unpause_and_quit_too)
{
    EXPECT_REPLY(0, "client pause 1000 all\nclient unpause", "+OK\r\n");
    EXPECT_REPLY(other, "quit", "");
    fixture_pass(&f, 1000);
    cr_expect_str_eq(fixture_received(&f, 0), "+OK\r\n");
    cr_expect_str_eq(fixture_received(&f, other), "+OK\r\n");
    cr_expect(f.clients[other]->closed);
}

Test(client_pause, of_writes_stops_what_reaches_others_and_nothing_else)
{
    EXPECT_REPLY(0, "client pause 1000 write", "+OK\r\n");
    EXPECT_REPLY(0, "ping\nsubscribe a", "+PONG\r\n*3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n");
    EXPECT_REPLY(other, "ping\npublish a b\nping", "+PONG\r\n");
    cr_expect_str_eq(fixture_received(&f, 0), "");
    fixture_pass(&f, 1000);
    cr_expect_str_eq(fixture_received(&f, 0), "*3\r\n$7\r\nmessage\r\n$1\r\na\r\n$1\r\nb\r\n");
    cr_expect_str_eq(fixture_received(&f, other), ":1\r\n+PONG\r\n");
}

Test(client_pause, lets_mistakes_be_answered_at_once)
{
    EXPECT_REPLY(0, "client pause 1000", "+OK\r\n");
    EXPECT_REPLY(other, "nonsense\necho\nclient nonsense\nping",
                 "-ERR unknown command 'nonsense', with args beginning with: \r\n"
                 "-ERR wrong number of arguments for 'echo' command\r\n"
                 "-ERR unknown subcommand 'nonsense'. Try CLIENT HELP.\r\n");
}

Test(client_pause, unpause_lets_everybody_go_on_in_order)
{
    int third = fixture_connect(&f);
    EXPECT_REPLY(0, "client pause 100000 write\nsubscribe a",
                 "+OK\r\n*3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n");
    EXPECT_REPLY(other, "publish a 1", "");
    EXPECT_REPLY(third, "publish a 2", "");
    EXPECT_REPLY(0, "unsubscribe\nclient unpause\nsubscribe a",
                 "*3\r\n$11\r\nunsubscribe\r\n$1\r\na\r\n:0\r\n+OK\r\n"
                 "*3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n"
                 "*3\r\n$7\r\nmessage\r\n$1\r\na\r\n$1\r\n1\r\n"
                 "*3\r\n$7\r\nmessage\r\n$1\r\na\r\n$1\r\n2\r\n");
    EXPECT_REPLY(other, "ping", ":1\r\n+PONG\r\n");
    EXPECT_REPLY(third, "ping", ":1\r\n+PONG\r\n");
}

Test(client_pause, is_never_made_shorter_or_less_strict_by_another)
{
    EXPECT_REPLY(0, "client pause 1000 write\nclient pause 10 write", "+OK\r\n+OK\r\n");
    fixture_pass(&f, 100);
    EXPECT_REPLY(other, "publish a b", "");
    EXPECT_REPLY(0, "client pause 10 all\nping", "+OK\r\n");
    fixture_pass(&f, 899);
    cr_expect_str_eq(fixture_received(&f, 0), "", "it is all by now, and as long as the first");
    fixture_pass(&f, 1);
    cr_expect_str_eq(fixture_received(&f, 0), "+PONG\r\n");
    cr_expect_str_eq(fixture_received(&f, other), ":0\r\n");
}

Test(client_pause, is_made_longer_by_another)
{
    EXPECT_REPLY(0, "client pause 100 write\nclient pause 1000 write", "+OK\r\n+OK\r\n");
    EXPECT_REPLY(other, "publish a b", "");
    fixture_pass(&f, 999);
    cr_expect_str_eq(fixture_received(&f, other), "");
    fixture_pass(&f, 1);
    cr_expect_str_eq(fixture_received(&f, other), ":0\r\n");
}

Test(client_pause, of_no_time_is_over_at_once)
{
    EXPECT_REPLY(0, "client pause 0", "+OK\r\n");
    fixture_pass(&f, 0);
    EXPECT_REPLY(other, "ping", "+PONG\r\n");
}

Test(client_pause, of_the_longest_time_does_not_wrap_around)
{
    EXPECT_REPLY(0, "client pause 9223372036854775807 write", "+OK\r\n");
    fixture_pass(&f, 1000000000);
    EXPECT_REPLY(other, "publish a b", "");
    EXPECT_REPLY(0, "client unpause", "+OK\r\n");
    cr_expect_str_eq(fixture_received(&f, other), ":0\r\n");
}

Test(client_pause, stops_a_transaction_that_writes_at_its_exec)
{
    EXPECT_REPLY(other, "multi\npublish a b", "+OK\r\n+QUEUED\r\n");
    EXPECT_REPLY(0, "multi\nping", "+OK\r\n+QUEUED\r\n");
    int third = fixture_connect(&f);
    EXPECT_REPLY(third, "client pause 1000 write", "+OK\r\n");
    EXPECT_REPLY(other, "exec", "");
    EXPECT_REPLY(0, "exec", "*1\r\n+PONG\r\n");
    EXPECT_REPLY(0, "multi\npublish a b", "+OK\r\n");
    fixture_pass(&f, 1000);
    cr_expect_str_eq(fixture_received(&f, other), "*1\r\n:0\r\n");
    cr_expect_str_eq(fixture_received(&f, 0), "+QUEUED\r\n");
}

Test(client_pause, that_begins_in_a_transaction_holds_behind_it)
{
    EXPECT_REPLY(0, "multi\nclient pause 1000\npublish a b\nexec\nping",
                 "+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n+OK\r\n:0\r\n");
    fixture_pass(&f, 1000);
    cr_expect_str_eq(fixture_received(&f, 0), "+PONG\r\n");
}

Test(client_pause, shows_who_waits_as_blocked_with_the_command_that_waits)
{
    fixture_say(&f, 0, "client pause 1000 write");
    fixture_say(&f, other, "publish a b");
    const char *line = fixture_say(&f, 0, "client list id 2");
    EXPECT_HOLDS(line, " flags=b ");
    EXPECT_HOLDS(line, " cmd=publish ");
    cr_expect_eq(f.sv.sessions->pause.postponed_count, 1);
}

Test(client_pause, is_not_ended_for_one_by_unblock)
{
    fixture_say(&f, 0, "client pause 1000 write");
    fixture_say(&f, other, "publish a b");
    EXPECT_REPLY(0, "client unblock 2\nclient unblock 2 error", ":0\r\n:0\r\n");
    cr_expect_str_eq(fixture_received(&f, other), "");
}

Test(client_pause, does_not_keep_one_from_being_killed)
{
    fixture_say(&f, 0, "client pause 1000 write");
    fixture_say(&f, other, "publish a b");
    EXPECT_REPLY(0, "client kill id 2", ":1\r\n");
    cr_expect(f.clients[other]->closed);
    cr_expect_eq(f.sv.sessions->pause.postponed_count, 0);
    fixture_pass(&f, 1000);
    EXPECT_REPLY(0, "publish a b", ":0\r\n");
}

static enum block_end last_end;

static void on_ended(struct blocker *blocker, enum block_end how)
{
    (void)blocker;
    last_end = how;
}

Test(client_pause, lets_the_time_of_who_waits_for_an_event_run_out)
{
    struct blocker blocker;
    last_end = BLOCK_CLOSED;
    session_block(fixture_session(&f, other), &blocker, true, f.clock.mono_us + 500000, on_ended);
    EXPECT_REPLY(0, "client pause 1000", "+OK\r\n");
    fixture_pass(&f, 500);
    cr_expect_eq(last_end, BLOCK_TIMEOUT);
}

Test(client_pause, does_not_let_who_waits_count_as_idle)
{
    fixture_say(&f, 0, "config set timeout 1\nclient pause 10000 write");
    fixture_say(&f, other, "publish a b");
    fixture_pass(&f, 3000);
    cr_expect(f.clients[0]->closed, "that one was idle");
    cr_expect_not(f.clients[other]->closed);
}

Test(client_pause, uses_up_a_skipped_reply_once)
{
    fixture_say(&f, other, "client reply skip");
    fixture_say(&f, 0, "client pause 1000");
    EXPECT_REPLY(other, "ping\necho a", "");
    fixture_pass(&f, 1000);
    cr_expect_str_eq(fixture_received(&f, other), "$1\r\na\r\n");
}

Test(client_pause, counts_a_command_once)
{
    fixture_say(&f, 0, "client pause 1000");
    uint64_t before = f.sv.sessions->stats.commands;
    fixture_say(&f, other, "ping");
    cr_expect_eq(f.sv.sessions->stats.commands, before);
    fixture_pass(&f, 1000);
    cr_expect_eq(f.sv.sessions->stats.commands, before + 1);
    cr_expect_eq(fixture_session(&f, other)->commands, 1);
}

Test(client_pause, executes_what_a_client_sent_before_it_left)
{
    fixture_say(&f, 0, "client pause 1000 write\nsubscribe a");
    fixture_say(&f, other, "publish a b");
    memory_client_end(f.clients[other]);
    fixture_received(&f, 0);
    fixture_pass(&f, 1000);
    cr_expect_str_eq(fixture_received(&f, 0), "*3\r\n$7\r\nmessage\r\n$1\r\na\r\n$1\r\nb\r\n");
    cr_expect(f.clients[other]->closed);
}

Test(client_pause, refuses_what_it_does_not_understand)
{
    EXPECT_REPLY(0, "client pause",
                 "-ERR wrong number of arguments for 'client|pause' command\r\n");
    EXPECT_REPLY(0, "client pause x", "-ERR timeout is not an integer or out of range\r\n");
    EXPECT_REPLY(0, "client pause -1", "-ERR timeout is negative\r\n");
    EXPECT_REPLY(0, "client pause 1 some", "-ERR CLIENT PAUSE mode must be WRITE or ALL\r\n");
    EXPECT_REPLY(0, "client pause 1 all x",
                 "-ERR unknown subcommand or wrong number of arguments for 'pause'. Try CLIENT "
                 "HELP.\r\n");
    EXPECT_REPLY(0, "client unpause x",
                 "-ERR wrong number of arguments for 'client|unpause' command\r\n");
    EXPECT_REPLY(0, "client unpause\nping", "+OK\r\n+PONG\r\n");
}
