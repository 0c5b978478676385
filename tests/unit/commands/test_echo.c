/* SPDX-License-Identifier: BSD-3-Clause */
/* SUBSCRIBE and its kin, PUBLISH, PUBSUB, in both protocols. */
#include "connection_fixture.h"

#include <criterion/criterion.h>

static struct fixture f;

static void setup(void)
{
    fixture_init(&f);
    fixture_connect(&f);
}

static void teardown(void)
{
    fixture_deinit(&f);
}

TestSuite(echo, .init = setup, .fini = teardown);

#define EXPECT_REPLY(client, lines, wanted) cr_expect_str_eq(fixture_say(&f, client, lines), wanted)

Test(echo, each_name_is_answered_with_the_count_of_channels_and_patterns)
{
    EXPECT_REPLY(
        0, "subscribe a a\npsubscribe p*",
        "*3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n*3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n"
        "*3\r\n$10\r\npsubscribe\r\n$2\r\np*\r\n:2\r\n");
    EXPECT_REPLY(0, "ssubscribe s", "*3\r\n$10\r\nssubscribe\r\n$1\r\ns\r\n:1\r\n");
    EXPECT_REPLY(0, "unsubscribe", "*3\r\n$11\r\nunsubscribe\r\n$1\r\na\r\n:1\r\n");
    EXPECT_REPLY(0, "punsubscribe p* q*",
                 "*3\r\n$12\r\npunsubscribe\r\n$2\r\np*\r\n:0\r\n"
                 "*3\r\n$12\r\npunsubscribe\r\n$2\r\nq*\r\n:0\r\n");
    EXPECT_REPLY(0, "sunsubscribe", "*3\r\n$12\r\nsunsubscribe\r\n$1\r\ns\r\n:0\r\n");
}

Test(echo, unsubscribing_from_nothing_names_null)
{
    EXPECT_REPLY(0, "unsubscribe", "*3\r\n$11\r\nunsubscribe\r\n$-1\r\n:0\r\n");
    EXPECT_REPLY(0, "unsubscribe a", "*3\r\n$11\r\nunsubscribe\r\n$1\r\na\r\n:0\r\n");
    fixture_say(&f, 0, "hello 3");
    EXPECT_REPLY(0, "punsubscribe", ">3\r\n$12\r\npunsubscribe\r\n_\r\n:0\r\n");
}

Test(echo, a_resp2_subscriber_may_do_little_else)
{
    fixture_say(&f, 0, "subscribe a");
    EXPECT_REPLY(
        0, "echo x",
        "-ERR Can't execute 'echo': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / "
        "RESET are allowed in this context\r\n");
    fixture_say(&f, 0, "unsubscribe");
    EXPECT_REPLY(0, "echo x", "$1\r\nx\r\n");
}

Test(echo, a_message_goes_to_channel_and_pattern_in_each_protocol)
{
    fixture_say(&f, 0, "subscribe news\npsubscribe n*");
    int third = fixture_connect(&f);
    fixture_say(&f, third, "hello 3\nsubscribe news");
    EXPECT_REPLY(1, "publish news hi", ":3\r\n");
    cr_expect_str_eq(fixture_received(&f, 0),
                     "*3\r\n$7\r\nmessage\r\n$4\r\nnews\r\n$2\r\nhi\r\n"
                     "*4\r\n$8\r\npmessage\r\n$2\r\nn*\r\n$4\r\nnews\r\n$2\r\nhi\r\n");
    cr_expect_str_eq(fixture_received(&f, third),
                     ">3\r\n$7\r\nmessage\r\n$4\r\nnews\r\n$2\r\nhi\r\n");
}

Test(echo, a_message_to_nobody_is_gone)
{
    EXPECT_REPLY(1, "publish news hi", ":0\r\n");
    EXPECT_REPLY(1, "spublish news hi", ":0\r\n");
}

Test(echo, shard_channels_are_apart_from_channels)
{
    fixture_say(&f, 0, "ssubscribe a");
    EXPECT_REPLY(1, "publish a x", ":0\r\n");
    EXPECT_REPLY(1, "spublish a x", ":1\r\n");
    EXPECT_REPLY(1, "pubsub channels", "*0\r\n");
    EXPECT_REPLY(1, "pubsub shardchannels", "*1\r\n$1\r\na\r\n");
    EXPECT_REPLY(1, "pubsub shardnumsub a b", "*4\r\n$1\r\na\r\n:1\r\n$1\r\nb\r\n:0\r\n");
}

Test(echo, reply_off_silences_publish_but_no_push)
{
    fixture_say(&f, 0, "hello 3");
    EXPECT_REPLY(0, "client reply off\nsubscribe a\npublish a x\nunsubscribe",
                 ">3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n"
                 ">3\r\n$7\r\nmessage\r\n$1\r\na\r\n$1\r\nx\r\n"
                 ">3\r\n$11\r\nunsubscribe\r\n$1\r\na\r\n:0\r\n");
}

Test(echo, a_subscriber_hears_itself_before_its_reply)
{
    fixture_say(&f, 0, "hello 3\nsubscribe a");
    EXPECT_REPLY(0, "publish a x", ">3\r\n$7\r\nmessage\r\n$1\r\na\r\n$1\r\nx\r\n:1\r\n");
}

Test(echo, pubsub_counts_channels_by_pattern_and_by_name)
{
    fixture_say(&f, 0, "subscribe news\npsubscribe n* m*");
    EXPECT_REPLY(1, "pubsub channels n*", "*1\r\n$4\r\nnews\r\n");
    EXPECT_REPLY(1, "pubsub channels x*", "*0\r\n");
    EXPECT_REPLY(1, "pubsub numsub", "*0\r\n");
    EXPECT_REPLY(1, "pubsub numsub news old", "*4\r\n$4\r\nnews\r\n:1\r\n$3\r\nold\r\n:0\r\n");
    EXPECT_REPLY(1, "pubsub numpat", ":2\r\n");
    EXPECT_REPLY(1, "pubsub channels a b",
                 "-ERR unknown subcommand or wrong number of arguments for 'channels'. Try PUBSUB "
                 "HELP.\r\n");
}

Test(echo, help_lists_the_sub_commands_with_their_syntax)
{
    const char *help = fixture_say(&f, 0, "pubsub help");
    cr_expect_not_null(strstr(help,
                              "+PUBSUB <subcommand> [<arg> [value] [opt] ...]. Subcommands are:\r\n"
                              "+CHANNELS [pattern]\r\n"));
    cr_expect(strncmp(help, "*13\r\n", 5) == 0, "a title and two lines for each of six");
}
