/* SPDX-License-Identifier: BSD-3-Clause */
/* MULTI, EXEC, DISCARD. */
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

TestSuite(multi, .init = setup, .fini = teardown);

#define EXPECT_REPLY(lines, wanted) cr_expect_str_eq(fixture_say(&f, 0, lines), wanted)

Test(multi, exec_answers_with_the_replies_of_all_commands_in_order)
{
    EXPECT_REPLY("multi\nping\necho a\nselect 9\nexec",
                 "+OK\r\n+QUEUED\r\n+QUEUED\r\n+QUEUED\r\n"
                 "*3\r\n+PONG\r\n$1\r\na\r\n-ERR DB index is out of range\r\n");
    EXPECT_REPLY("ping", "+PONG\r\n");
}

Test(multi, exec_of_nothing_is_an_empty_array)
{
    EXPECT_REPLY("multi\nexec", "+OK\r\n*0\r\n");
}

Test(multi, discard_forgets_what_was_queued)
{
    EXPECT_REPLY("multi\nclient setname joe\ndiscard\nclient getname",
                 "+OK\r\n+QUEUED\r\n+OK\r\n$-1\r\n");
}

Test(multi, exec_and_discard_need_a_multi)
{
    EXPECT_REPLY("exec", "-ERR EXEC without MULTI\r\n");
    EXPECT_REPLY("discard", "-ERR DISCARD without MULTI\r\n");
}

Test(multi, a_nested_multi_is_refused_and_spoils_nothing)
{
    EXPECT_REPLY("multi\nmulti\nping\nexec",
                 "+OK\r\n-ERR MULTI calls can not be nested\r\n+QUEUED\r\n*1\r\n+PONG\r\n");
}

Test(multi, a_command_refused_while_queueing_aborts_the_whole)
{
    EXPECT_REPLY("multi\nclient setname joe\nno-such-command\nexec\nclient getname",
                 "+OK\r\n+QUEUED\r\n"
                 "-ERR unknown command 'no-such-command', with args beginning with: \r\n"
                 "-EXECABORT Transaction discarded because of previous errors.\r\n$-1\r\n");
}

Test(multi, a_refused_exec_ends_the_transaction_and_says_why)
{
    EXPECT_REPLY("multi\nping\nexec x\nexec",
                 "+OK\r\n+QUEUED\r\n-EXECABORT Transaction discarded because of: "
                 "wrong number of arguments for 'exec' command\r\n-ERR EXEC without MULTI\r\n");
    EXPECT_REPLY("exec x", "-EXECABORT Transaction discarded because of: "
                           "wrong number of arguments for 'exec' command\r\n");
    fixture_say(&f, 0, "subscribe a");
    EXPECT_REPLY("exec", "-EXECABORT Transaction discarded because of: Can't execute 'exec': only "
                         "(P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in "
                         "this context\r\n");
}

Test(multi, a_queued_command_is_the_last_one_of_its_client)
{
    fixture_say(&f, 0, "multi\nping");
    int other = fixture_connect(&f);
    cr_expect_not_null(strstr(fixture_say(&f, other, "client list"), "cmd=ping "));
    fixture_say(&f, 0, "client list\nexec");
    cr_expect_not_null(strstr(fixture_say(&f, 0, "client info"), "cmd=client|info "));
}

Test(multi, commands_that_are_refused_count_as_last_ones)
{
    int other = fixture_connect(&f);
    fixture_say(&f, 0, "echo");
    cr_expect_not_null(strstr(fixture_say(&f, other, "client list"), "cmd=echo "));
    fixture_say(&f, 0, "no-such-command");
    cr_expect_not_null(strstr(fixture_say(&f, other, "client list"), "cmd=NULL "));
}

Test(multi, ssubscribe_is_queued_and_refused_by_exec_as_in_redis)
{
    EXPECT_REPLY("multi\nssubscribe a\nexec",
                 "+OK\r\n+QUEUED\r\n*1\r\n"
                 "-ERR SSUBSCRIBE isn't allowed for a DENY BLOCKING client\r\n");
    EXPECT_REPLY("pubsub shardchannels", "*0\r\n");
}

Test(multi, what_will_not_run_takes_no_memory)
{
    fixture_say(&f, 0, "multi\nping\necho");
    EXPECT_REPLY("ping", "+QUEUED\r\n");
    int other = fixture_connect(&f);
    cr_expect_not_null(strstr(fixture_say(&f, other, "client list"), "multi=1 "));
}

Test(multi, a_client_is_seen_in_its_transaction_while_exec_runs_it)
{
    const char *said = fixture_say(&f, 0, "multi\nclient info\nping\nexec");
    cr_expect_not_null(strstr(said, "flags=x "));
    cr_expect_not_null(strstr(said, "multi=2 "));
    said = fixture_say(&f, 0, "client info");
    cr_expect_not_null(strstr(said, "flags=N "));
    cr_expect_not_null(strstr(said, "multi=-1 "));
}

Test(multi, shutdown_is_not_allowed_inside)
{
    EXPECT_REPLY("multi\nshutdown", "+OK\r\n-ERR Command not allowed inside a transaction\r\n");
    cr_expect_eq(f.shutdowns, 0);
}

Test(multi, reply_off_inside_silences_the_rest_of_the_array_as_in_redis)
{
    EXPECT_REPLY("multi\necho a\nclient reply off\necho b\nclient reply on\nexec",
                 "+OK\r\n+QUEUED\r\n+QUEUED\r\n+QUEUED\r\n+QUEUED\r\n*4\r\n$1\r\na\r\n+OK\r\n");
}

Test(multi, reply_skip_inside_skips_the_command_behind_exec)
{
    EXPECT_REPLY("multi\nclient reply skip\nexec\necho a\necho b",
                 "+OK\r\n+QUEUED\r\n*1\r\n$1\r\nb\r\n");
}

Test(multi, subscribing_inside_pushes_into_the_array_as_in_redis)
{
    EXPECT_REPLY("multi\nsubscribe a b\nping\nexec",
                 "+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n*3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n"
                 "*3\r\n$9\r\nsubscribe\r\n$1\r\nb\r\n:2\r\n*2\r\n$4\r\npong\r\n$0\r\n\r\n");
}

Test(multi, a_session_killed_inside_gets_all_its_replies)
{
    EXPECT_REPLY("multi\nclient kill id 1 skipme no\nping\nexec",
                 "+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n:1\r\n+PONG\r\n");
    cr_expect(f.clients[0]->closed);
}

/* A receiver over its limit is closed on the spot: what stood behind it in the transaction happens. */
Test(multi, all_is_executed_when_the_session_is_cut_off_on_the_way)
{
    int other = fixture_connect(&f);
    fixture_say(&f, other, "subscribe news");
    f.config.output_limits[CONFIG_CLASS_PUBSUB].hard_bytes = 100;
    sessions_configured(f.sv.sessions);
    fixture_say(&f, 0, "hello 3");
    fixture_say(&f, 0, "subscribe me\nmulti");
    fixture_say(&f, 0,
                "publish me 0123456789012345678901234567890123456789012345678901234567890123\n"
                "publish news x\nexec");
    cr_expect(f.clients[0]->closed);
    cr_expect_str_eq(fixture_received(&f, other),
                     "*3\r\n$7\r\nmessage\r\n$4\r\nnews\r\n$1\r\nx\r\n");
}
