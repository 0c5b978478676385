/* SPDX-License-Identifier: BSD-3-Clause */
/* PING, HELLO, AUTH, SELECT, QUIT, RESET; TIME and SHUTDOWN; CONFIG. The texts are those of Redis 7.0. */
#include "connection_fixture.h"

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

TestSuite(connection, .init = setup, .fini = teardown);

#define EXPECT_REPLY(lines, wanted) cr_expect_str_eq(fixture_say(&f, 0, lines), wanted)
#define WRONGPASS "-WRONGPASS invalid username-password pair or user is disabled.\r\n"

static void set_password(const char *password)
{
    char line[64];
    snprintf(line, sizeof(line), "config set requirepass \"%s\"", password);
    EXPECT_REPLY(line, "+OK\r\n");
}

Test(connection, ping_answers_pong_or_its_argument_and_refuses_more)
{
    EXPECT_REPLY("ping", "+PONG\r\n");
    EXPECT_REPLY("ping hello", "$5\r\nhello\r\n");
    EXPECT_REPLY("ping a b", "-ERR wrong number of arguments for 'ping' command\r\n");
}

Test(connection, ping_of_a_resp2_subscriber_looks_like_a_message)
{
    fixture_say(&f, 0, "subscribe c");
    EXPECT_REPLY("ping", "*2\r\n$4\r\npong\r\n$0\r\n\r\n");
    EXPECT_REPLY("ping x", "*2\r\n$4\r\npong\r\n$1\r\nx\r\n");
}

Test(connection, select_knows_one_database)
{
    EXPECT_REPLY("select 0", "+OK\r\n");
    EXPECT_REPLY("select 1", "-ERR DB index is out of range\r\n");
    EXPECT_REPLY("select -1", "-ERR DB index is out of range\r\n");
    EXPECT_REPLY("select x", "-ERR value is not an integer or out of range\r\n");
}

Test(connection, hello_switches_the_protocol_and_describes_the_server)
{
    EXPECT_REPLY("hello 3", "%7\r\n$6\r\nserver\r\n$7\r\necholog\r\n$7\r\nversion\r\n"
                            "$5\r\n" ECHOLOG_VERSION "\r\n$5\r\nproto\r\n:3\r\n$2\r\nid\r\n:1\r\n"
                            "$4\r\nmode\r\n$10\r\nstandalone\r\n$4\r\nrole\r\n$6\r\nmaster\r\n"
                            "$7\r\nmodules\r\n*0\r\n");
    EXPECT_REPLY("client getname", "_\r\n");
    cr_expect_eq(fixture_session(&f, 0)->subscriber.proto, 3);
}

Test(connection, hello_without_a_version_keeps_the_protocol)
{
    cr_expect(strncmp(fixture_say(&f, 0, "hello"), "*14\r\n", 5) == 0);
    cr_expect_eq(fixture_session(&f, 0)->proto, 2);
}

Test(connection, hello_refuses_what_it_does_not_understand_and_changes_nothing)
{
    EXPECT_REPLY("hello 4", "-NOPROTO unsupported protocol version\r\n");
    EXPECT_REPLY("hello x", "-ERR Protocol version is not an integer or out of range\r\n");
    EXPECT_REPLY("hello 3 foo", "-ERR Syntax error in HELLO option 'foo'\r\n");
    EXPECT_REPLY("hello 3 auth a", "-ERR Syntax error in HELLO option 'auth'\r\n");
    EXPECT_REPLY("hello 3 setname \"a b\"", "-ERR Client names cannot contain spaces, newlines or "
                                            "special characters.\r\n");
    cr_expect_eq(fixture_session(&f, 0)->proto, 2);
}

Test(connection, auth_without_a_password_configured_says_so)
{
    EXPECT_REPLY("auth x", "-ERR AUTH <password> called without any password configured for the "
                           "default user. Are you sure your configuration is correct?\r\n");
    EXPECT_REPLY("auth default anything", "+OK\r\n");
    EXPECT_REPLY("auth bob anything", WRONGPASS);
}

Test(connection, a_client_of_a_protected_server_can_do_nothing_before_auth)
{
    set_password("secret");
    int client = fixture_connect(&f);
    cr_expect_str_eq(fixture_say(&f, client, "ping"), "-NOAUTH Authentication required.\r\n");
    cr_expect(strncmp(fixture_say(&f, client, "hello 3"), "-NOAUTH HELLO must be called", 28) == 0);
    cr_expect_eq(fixture_session(&f, client)->proto, 2);
    cr_expect_str_eq(fixture_say(&f, client, "auth secre"), WRONGPASS);
    cr_expect_str_eq(fixture_say(&f, client, "auth bob secret"), WRONGPASS);
    cr_expect_str_eq(fixture_say(&f, client, "auth secret"), "+OK\r\n");
    cr_expect_str_eq(fixture_say(&f, client, "ping"), "+PONG\r\n");
}

Test(connection, hello_with_a_wrong_password_changes_neither_protocol_nor_name)
{
    set_password("secret");
    int client = fixture_connect(&f);
    cr_expect_str_eq(fixture_say(&f, client, "hello 3 auth default no setname joe"), WRONGPASS);
    cr_expect_eq(fixture_session(&f, client)->proto, 2);
    cr_expect_str_eq(fixture_session(&f, client)->name, "");
    fixture_say(&f, client, "hello 3 setname joe auth default secret");
    cr_expect_eq(fixture_session(&f, client)->proto, 3);
    cr_expect_str_eq(fixture_session(&f, client)->name, "joe");
}

Test(connection, taking_the_password_away_lets_everybody_in)
{
    set_password("secret");
    int client = fixture_connect(&f);
    set_password("");
    cr_expect_str_eq(fixture_say(&f, client, "ping"), "+PONG\r\n");
}

Test(connection, quit_answers_closes_and_executes_nothing_behind_it)
{
    EXPECT_REPLY("quit\nping", "+OK\r\n");
    cr_expect(f.clients[0]->closed);
}

Test(connection, reset_goes_back_to_a_fresh_connection)
{
    fixture_say(&f, 0, "hello 3 setname joe\nsubscribe c\nmulti");
    EXPECT_REPLY("reset", "+RESET\r\n");
    const struct session *s = fixture_session(&f, 0);
    cr_expect_eq(s->proto, 2);
    cr_expect_eq(s->subscriber.proto, 2);
    cr_expect_not(session_is_subscriber(s));
    cr_expect_not(s->transaction.open);
    cr_expect_str_eq(s->name, "");
}

Test(connection, reset_logs_out_of_a_protected_server)
{
    set_password("secret");
    EXPECT_REPLY("reset\nping", "+RESET\r\n-NOAUTH Authentication required.\r\n");
}

Test(connection, time_is_in_seconds_and_microseconds)
{
    EXPECT_REPLY("time", "*2\r\n$10\r\n1700000000\r\n$6\r\n123456\r\n");
}

Test(connection, shutdown_answers_nothing_and_asks_the_server_to_end)
{
    EXPECT_REPLY("shutdown nosave now force", "");
    cr_expect_eq(f.shutdowns, 1);
}

Test(connection, shutdown_refuses_options_that_contradict_each_other)
{
    EXPECT_REPLY("shutdown save nosave", "-ERR syntax error\r\n");
    EXPECT_REPLY("shutdown abort now", "-ERR syntax error\r\n");
    EXPECT_REPLY("shutdown later", "-ERR syntax error\r\n");
    EXPECT_REPLY("shutdown abort", "-ERR No shutdown in progress.\r\n");
    cr_expect_eq(f.shutdowns, 0);
}

Test(connection, config_get_answers_each_directive_once_under_the_name_asked_for)
{
    EXPECT_REPLY("config get Port p?rt port", "*2\r\n$4\r\nPort\r\n$4\r\n3246\r\n");
    EXPECT_REPLY("config get tcp-b* TIMEOUT",
                 "*4\r\n$11\r\ntcp-backlog\r\n$3\r\n511\r\n$7\r\nTIMEOUT\r\n$1\r\n0\r\n");
    EXPECT_REPLY("config get nothing", "*0\r\n");
}

/* redis-benchmark warns without the first two. */
Test(connection, config_get_knows_what_tools_for_redis_ask_for_by_name)
{
    EXPECT_REPLY("config get save", "*2\r\n$4\r\nsave\r\n$0\r\n\r\n");
    EXPECT_REPLY("config get APPENDONLY", "*2\r\n$10\r\nappendonly\r\n$2\r\nno\r\n");
    EXPECT_REPLY("config get sav*", "*0\r\n");
}

Test(connection, config_set_changes_all_or_nothing_and_tells_the_server)
{
    EXPECT_REPLY(
        "config set timeout 5 maxclients 0",
        "-ERR CONFIG SET failed (possibly related to argument 'maxclients') - argument must "
        "be between 1 and 4294967295 inclusive\r\n");
    cr_expect_eq(f.config.timeout_s, 0);
    cr_expect_str_eq(f.changed, "");
    EXPECT_REPLY("config set timeout 5 maxclients 7", "+OK\r\n");
    cr_expect_eq(f.config.timeout_s, 5);
    cr_expect_str_eq(f.changed, "maxclients");
    EXPECT_REPLY("config set timeout 5 maxclients", "-ERR syntax error\r\n");
}

Test(connection, config_set_holds_for_connections_that_are_there)
{
    int other = fixture_connect(&f);
    EXPECT_REPLY("config set proto-max-bulk-len 1mb", "+OK\r\n");
    cr_expect_str_eq(fixture_say(&f, other, "*2\r\n$4\r\necho\r\n$1048577\r\n"),
                     "-ERR Protocol error: invalid bulk length\r\n");
}

Test(connection, config_resetstat_zeroes_counters_and_keeps_what_is_there)
{
    fixture_say(&f, 0, "ping\nping\nno-such-command");
    EXPECT_REPLY("config resetstat", "+OK\r\n");
    const struct command *ping = command_by_name(f.sv.commands, BYTES_LITERAL("ping"));
    cr_expect_eq(command_stats(f.sv.commands, ping)->calls, 0);
    cr_expect_eq(f.sv.sessions->stats.connections, 0);
    cr_expect_eq(f.sv.sessions->stats.peak_clients, 1);
    cr_expect_eq(f.sv.sessions->count, 1);
}
