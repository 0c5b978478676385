/* SPDX-License-Identifier: BSD-3-Clause */
/* The CLIENT family. */
#include "connection_fixture.h"

#include "session/block.h"
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

TestSuite(client, .init = setup, .fini = teardown);

#define EXPECT_REPLY(lines, wanted) cr_expect_str_eq(fixture_say(&f, 0, lines), wanted)
#define EXPECT_HOLDS(text, part) \
    cr_expect_not_null(strstr((text), (part)), "'%s' is not in: %s", (part), (text))

Test(client, names_are_kept_and_taken_back)
{
    EXPECT_REPLY("client getname", "$-1\r\n");
    EXPECT_REPLY("client setname joe", "+OK\r\n");
    EXPECT_REPLY("client getname", "$3\r\njoe\r\n");
    EXPECT_REPLY("client setname \"a b\"",
                 "-ERR Client names cannot contain spaces, newlines or special characters.\r\n");
    EXPECT_REPLY("client getname", "$3\r\njoe\r\n");
    EXPECT_REPLY("client setname \"\"", "+OK\r\n");
    EXPECT_REPLY("client getname", "$-1\r\n");
}

Test(client, setinfo_takes_the_librarys_name_and_version_only)
{
    EXPECT_REPLY("client setinfo lib-name hiredis", "+OK\r\n");
    EXPECT_REPLY("client setinfo LIB-VER 1.2", "+OK\r\n");
    EXPECT_REPLY("client setinfo lib-name \"a b\"",
                 "-ERR lib-name cannot contain spaces, newlines or special characters.\r\n");
    EXPECT_REPLY("client setinfo os linux", "-ERR Unrecognized option 'os'\r\n");
    EXPECT_HOLDS(fixture_say(&f, 0, "client info"), "lib-name=hiredis lib-ver=1.2\n");
}

Test(client, info_describes_the_connection_in_the_fields_of_redis)
{
    fixture_say(&f, 0, "client setname joe\nhello 3");
    f.clock.mono_us += 3 * 1000000;
    EXPECT_HOLDS(fixture_say(&f, 0, "client info"),
                 "txt:id=1 addr=127.0.0.1:1001 laddr=127.0.0.1:3246 fd=10 name=joe age=3 idle=0 "
                 "flags=N db=0 sub=0 psub=0 ssub=0 multi=-1 qbuf=");
    EXPECT_HOLDS(fixture_say(&f, 0, "client info"),
                 " cmd=client|info user=default redir=-1 resp=3 ");
}

Test(client, flags_tell_subscribers_transactions_and_the_not_evicted)
{
    int other = fixture_connect(&f);
    fixture_say(&f, other, "client no-evict on\nmulti\nping\nping");
    EXPECT_HOLDS(fixture_say(&f, 0, "client list id 2"), "flags=xe ");
    EXPECT_HOLDS(fixture_say(&f, 0, "client list id 2"), "multi=2 ");
    fixture_say(&f, other, "reset\nsubscribe a b\npsubscribe c\nssubscribe d");
    EXPECT_HOLDS(fixture_say(&f, 0, "client list id 2"), "flags=Pe db=0 sub=2 psub=1 ssub=1 ");
}

Test(client, list_filters_by_type_and_by_id)
{
    int other = fixture_connect(&f);
    fixture_say(&f, other, "subscribe a");
    const char *list = fixture_say(&f, 0, "client list type pubsub");
    EXPECT_HOLDS(list, "\r\nid=2 ");
    cr_expect_null(strstr(list, "id=1 "));
    EXPECT_HOLDS(fixture_say(&f, 0, "client list id 2 1 77"), "\nid=1 ");
    EXPECT_REPLY("client list type master", "$0\r\n\r\n");
    EXPECT_REPLY("client list type foo", "-ERR Unknown client type 'foo'\r\n");
    EXPECT_REPLY("client list id x", "-ERR Invalid client ID\r\n");
    EXPECT_REPLY("client list foo", "-ERR syntax error\r\n");
}

Test(client, kill_by_address_says_ok_or_that_there_is_none)
{
    int other = fixture_connect(&f);
    EXPECT_REPLY("client kill 127.0.0.1:9", "-ERR No such client\r\n");
    cr_expect_not(f.clients[other]->closed);
    EXPECT_REPLY("client kill 127.0.0.1:1002", "+OK\r\n");
    cr_expect(f.clients[other]->closed);
}

Test(client, kill_by_filter_counts_and_skips_its_caller_unless_told_not_to)
{
    int other = fixture_connect(&f);
    EXPECT_REPLY("client kill type normal user default laddr 127.0.0.1:3246", ":1\r\n");
    cr_expect(f.clients[other]->closed);
    cr_expect_not(f.clients[0]->closed);
    EXPECT_REPLY("client kill id 1 skipme no\nping", ":1\r\n");
    cr_expect(f.clients[0]->closed, "the reply first, then the end");
}

Test(client, kill_with_a_wrong_filter_kills_nobody)
{
    int other = fixture_connect(&f);
    EXPECT_REPLY("client kill id 0", "-ERR client-id should be greater than 0\r\n");
    EXPECT_REPLY("client kill user bob", "-ERR No such user 'bob'\r\n");
    EXPECT_REPLY("client kill type foo", "-ERR Unknown client type 'foo'\r\n");
    EXPECT_REPLY("client kill id 2 skipme", "-ERR syntax error\r\n");
    EXPECT_REPLY("client kill id 2 skipme perhaps", "-ERR syntax error\r\n");
    cr_expect_not(f.clients[other]->closed);
}

Test(client, kill_by_age_spares_the_young)
{
    f.clock.mono_us += 10 * 1000000;
    int young = fixture_connect(&f);
    f.clock.mono_us += 5 * 1000000;
    EXPECT_REPLY("client kill maxage 6 skipme no\nping", ":1\r\n");
    cr_expect(f.clients[0]->closed);
    cr_expect_not(f.clients[young]->closed);
    cr_expect_str_eq(fixture_say(&f, young, "client kill maxage 0"),
                     "-ERR maxage should be greater than 0\r\n");
    cr_expect_str_eq(fixture_say(&f, young, "client kill maxage x"),
                     "-ERR maxage is not an integer or out of range\r\n");
}

Test(client, kill_of_oneself_inside_a_transaction_comes_behind_its_replies)
{
    EXPECT_REPLY("multi\nping\nclient kill id 1 skipme no\necho a\nexec\nping",
                 "+OK\r\n+QUEUED\r\n+QUEUED\r\n+QUEUED\r\n*3\r\n+PONG\r\n:1\r\n$1\r\na\r\n");
    cr_expect(f.clients[0]->closed);
}

Test(client, kill_of_another_inside_its_transaction_forgets_that)
{
    int other = fixture_connect(&f);
    fixture_say(&f, 0, "subscribe a");
    fixture_say(&f, other, "multi\npublish a b");
    int third = fixture_connect(&f);
    cr_expect_str_eq(fixture_say(&f, third, "client kill id 2"), ":1\r\n");
    cr_expect(f.clients[other]->closed);
    cr_expect_str_eq(fixture_received(&f, 0), "");
}

Test(client, no_touch_is_kept_and_shown)
{
    EXPECT_REPLY("client no-touch on", "+OK\r\n");
    EXPECT_HOLDS(fixture_say(&f, 0, "client info"), "flags=T ");
    EXPECT_REPLY("client no-touch maybe", "-ERR syntax error\r\n");
    EXPECT_REPLY("client no-touch off", "+OK\r\n");
    EXPECT_HOLDS(fixture_say(&f, 0, "client info"), "flags=N ");
}

Test(client, reply_skip_silences_itself_and_the_next_command)
{
    EXPECT_REPLY("client reply skip\necho a\necho b", "$1\r\nb\r\n");
}

Test(client, reply_skip_skipped_silences_one_more)
{
    EXPECT_REPLY("client reply skip\nclient reply skip\necho a\necho b", "$1\r\nb\r\n");
}

Test(client, reply_off_silences_errors_too_until_on)
{
    EXPECT_REPLY("client reply off\necho a\nno-such-command\nclient reply skip\necho b\necho c",
                 "");
    EXPECT_REPLY("client reply on\necho d", "+OK\r\n$1\r\nd\r\n");
    EXPECT_REPLY("client reply maybe", "-ERR syntax error\r\n");
}

/* --- UNBLOCK -------------------------------------------------------------------------------- */

static enum block_end last_end;

static void on_ended(struct blocker *blocker, enum block_end how)
{
    (void)blocker;
    last_end = how;
}

Test(client, unblock_wakes_one_that_waits_for_an_event)
{
    int other = fixture_connect(&f);
    struct blocker blocker;
    session_block(fixture_session(&f, other), &blocker, true, TIMERS_NONE, on_ended);
    EXPECT_REPLY("client unblock 2 error", ":1\r\n");
    cr_expect_eq(last_end, BLOCK_ERROR);
    EXPECT_REPLY("client unblock 2", ":0\r\n");
}

Test(client, unblock_leaves_one_that_waits_for_the_disk)
{
    int other = fixture_connect(&f);
    struct blocker blocker;
    last_end = BLOCK_CLOSED;
    session_block(fixture_session(&f, other), &blocker, false, TIMERS_NONE, on_ended);
    EXPECT_REPLY("client unblock 2 timeout", ":0\r\n");
    EXPECT_REPLY("client unblock 2 error", ":0\r\n");
    cr_expect_eq(last_end, BLOCK_CLOSED);
    session_unblock(&blocker);
}

Test(client, unblock_refuses_what_it_does_not_understand)
{
    EXPECT_REPLY("client unblock x", "-ERR value is not an integer or out of range\r\n");
    EXPECT_REPLY("client unblock 99", ":0\r\n");
    EXPECT_REPLY("client unblock 1 gently",
                 "-ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR\r\n");
    EXPECT_REPLY("client unblock 1 error x",
                 "-ERR unknown subcommand or wrong number of arguments for 'unblock'. Try CLIENT "
                 "HELP.\r\n");
}
