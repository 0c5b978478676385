/* SPDX-License-Identifier: BSD-3-Clause */
/* ROLE, WAIT, DEBUG and LOLWUT. */
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

TestSuite(server_commands, .init = setup, .fini = teardown);

#define SAYS(lines, reply) cr_expect_str_eq(fixture_say(&f, 0, lines), reply)

Test(server_commands, role_is_that_of_a_master_without_replicas)
{
    SAYS("ROLE", "*3\r\n$6\r\nmaster\r\n:0\r\n*0\r\n");
}

Test(server_commands, wait_answers_at_once_where_nothing_is_waited_for)
{
    SAYS("WAIT 0 0", ":0\r\n");
    SAYS("WAIT -1 0", ":0\r\n");
    SAYS("WAIT x 0", "-ERR value is not an integer or out of range\r\n");
    SAYS("WAIT 0 x", "-ERR timeout is not an integer or out of range\r\n");
    SAYS("WAIT 0 9223372036854775807", "-ERR timeout is not an integer or out of range\r\n");
    SAYS("WAIT 0 -1", "-ERR timeout is negative\r\n");
    SAYS("MULTI\nWAIT 1 0\nEXEC", "+OK\r\n+QUEUED\r\n*1\r\n:0\r\n");
}

Test(server_commands, wait_for_a_replica_takes_all_its_time)
{
    SAYS("WAIT 1 100\nPING", "");
    f.clock.mono_us += 99999;
    timers_run(&f.timers, f.clock.mono_us);
    cr_expect_eq(f.sv.sessions->blocked, 1);
    f.clock.mono_us += 1;
    timers_run(&f.timers, f.clock.mono_us);
    cr_expect_eq(f.sv.sessions->blocked, 0);
    SAYS("", ":0\r\n+PONG\r\n");
}

Test(server_commands, wait_for_ever_can_be_ended_from_outside)
{
    int other = fixture_connect(&f);
    SAYS("WAIT 1 0", "");
    cr_expect_str_eq(fixture_say(&f, other, "CLIENT UNBLOCK 1"), ":1\r\n");
    SAYS("", ":0\r\n");
    SAYS("WAIT 1 0", "");
    cr_expect_str_eq(fixture_say(&f, other, "CLIENT UNBLOCK 1 ERROR"), ":1\r\n");
    SAYS("", "-UNBLOCKED client unblocked via CLIENT UNBLOCK\r\n");
    SAYS("WAIT 1 0", ""); /* and its connection ends with it */
}

Test(server_commands, debug_is_for_nobody_unless_the_configuration_says_so)
{
    static const char refused[] =
        "-ERR DEBUG command not allowed. If the enable-debug-command option is set to \"local\", "
        "you can run it from a local connection, otherwise you need to set this option in the "
        "configuration file, and then restart the server.\r\n";
    SAYS("DEBUG SET-ACTIVE-EXPIRE 1", refused);
    SAYS("CONFIG SET enable-debug-command yes",
         "-ERR CONFIG SET failed (possibly related to argument 'enable-debug-command') - can't set "
         "immutable config\r\n");
    f.config.enable_debug_command = CONFIG_ALLOW_LOCAL;
    f.clients[0]->stream.from_here = false;
    SAYS("DEBUG SET-ACTIVE-EXPIRE 1", refused);
    f.clients[0]->stream.from_here = true;
    SAYS("DEBUG SET-ACTIVE-EXPIRE 1", "+OK\r\n");
    f.config.enable_debug_command = CONFIG_ALLOW_YES;
    f.clients[0]->stream.from_here = false;
    SAYS("debug set-active-expire 1", "+OK\r\n");
}

Test(server_commands, debug_answers_as_redis_does)
{
    f.config.enable_debug_command = CONFIG_ALLOW_YES;
    SAYS("DEBUG ERROR \"CODE what\"", "-CODE what\r\n");
    SAYS("DEBUG SLEEP x", "+OK\r\n");
    SAYS("DEBUG SLEEP -1", "+OK\r\n");
    SAYS("DEBUG SLEEP", "-ERR unknown subcommand or wrong number of arguments for 'SLEEP'. Try "
                        "DEBUG HELP.\r\n");
    SAYS("DEBUG PROTOCOL map", "*6\r\n:0\r\n:0\r\n:1\r\n:1\r\n:2\r\n:0\r\n");
    SAYS("DEBUG PROTOCOL push", "-ERR RESP2 is not supported by this command\r\n");
    SAYS("DEBUG PROTOCOL attrib", "$39\r\nSome real reply following the attribute\r\n");
    SAYS("DEBUG PROTOCOL double", "$5\r\n3.141\r\n");
    fixture_say(&f, 0, "HELLO 3");
    SAYS("DEBUG PROTOCOL map", "%3\r\n:0\r\n#f\r\n:1\r\n#t\r\n:2\r\n#f\r\n");
    SAYS("DEBUG PROTOCOL bignum", "(1234567999999999999999999999999999999\r\n");
    SAYS("DEBUG PROTOCOL attrib", "|1\r\n$14\r\nkey-popularity\r\n*2\r\n$7\r\nkey:123\r\n:90\r\n"
                                  "$39\r\nSome real reply following the attribute\r\n");
    SAYS("DEBUG PROTOCOL verbatim", "=29\r\ntxt:This is a verbatim\nstring\r\n");
}

Test(server_commands, lolwut_draws_the_same_again_and_what_it_is_asked)
{
    char first[8192];
    snprintf(first, sizeof(first), "%s", fixture_say(&f, 0, "LOLWUT"));
    SAYS("LOLWUT", first);
    SAYS("LOLWUT VERSION 5", first);
    SAYS("LOLWUT VERSION x", "-ERR value is not an integer or out of range\r\n");
    cr_expect_not_null(strstr(fixture_say(&f, 0, "LOLWUT 7 1 2"), "\r\n.:O=O:.\n"));
    cr_expect_lt(strlen(fixture_say(&f, 0, "LOLWUT 99999999 99999999 99999999")), 30000);
}
