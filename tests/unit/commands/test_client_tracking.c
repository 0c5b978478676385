/* SPDX-License-Identifier: BSD-3-Clause */
/* CLIENT TRACKING and what tells of it. */
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

TestSuite(client_tracking, .init = setup, .fini = teardown);

#define EXPECT_REPLY(lines, wanted) cr_expect_str_eq(fixture_say(&f, 0, lines), wanted)
#define EXPECT_HOLDS(text, part) \
    cr_expect_not_null(strstr((text), (part)), "'%s' is not in: %s", (part), (text))

Test(client_tracking, is_off_until_asked_for)
{
    EXPECT_REPLY("client trackinginfo", "*6\r\n$5\r\nflags\r\n*1\r\n$3\r\noff\r\n$8\r\nredirect\r\n"
                                        ":-1\r\n$8\r\nprefixes\r\n*0\r\n");
    EXPECT_REPLY("client getredir", ":-1\r\n");
    EXPECT_REPLY("client tracking off", "+OK\r\n");
}

Test(client_tracking, is_told_as_it_was_asked_for)
{
    EXPECT_REPLY("client tracking on bcast noloop prefix b prefix a", "+OK\r\n");
    EXPECT_REPLY("client trackinginfo",
                 "*6\r\n$5\r\nflags\r\n*3\r\n$2\r\non\r\n$5\r\nbcast\r\n$6\r\nnoloop\r\n"
                 "$8\r\nredirect\r\n:0\r\n$8\r\nprefixes\r\n*2\r\n$1\r\na\r\n$1\r\nb\r\n");
    EXPECT_HOLDS(fixture_say(&f, 0, "client info"), " flags=tB ");
    EXPECT_HOLDS(fixture_say(&f, 0, "client info"), " redir=0 ");
    cr_expect_eq(f.sv.sessions->tracking, 1);
    EXPECT_REPLY("client tracking off", "+OK\r\n");
    EXPECT_HOLDS(fixture_say(&f, 0, "client info"), " redir=-1 ");
    cr_expect_eq(f.sv.sessions->tracking, 0);
}

Test(client_tracking, of_everything_by_broadcast_has_the_empty_prefix)
{
    EXPECT_REPLY("client tracking on bcast", "+OK\r\n");
    EXPECT_REPLY(
        "client tracking on bcast prefix a",
        "-ERR Prefix 'a' overlaps with an existing prefix ''. Prefixes for a single client "
        "must not overlap.\r\n");
}

Test(client_tracking, redirects_to_a_connection_that_is_there)
{
    fixture_connect(&f);
    EXPECT_REPLY("client tracking on redirect 2\nclient getredir", "+OK\r\n:2\r\n");
    EXPECT_REPLY("client tracking on redirect 77",
                 "-ERR The client ID you want redirect to does not exist\r\n");
    EXPECT_REPLY("client tracking on redirect x",
                 "-ERR value is not an integer or out of range\r\n");
    EXPECT_REPLY("client tracking on redirect 1 redirect 2",
                 "-ERR A client can only redirect to a single other client\r\n");
}

Test(client_tracking, refuses_options_that_do_not_go_together)
{
    EXPECT_REPLY("client tracking on prefix a",
                 "-ERR PREFIX option requires BCAST mode to be enabled\r\n");
    EXPECT_REPLY("client tracking on optin optout",
                 "-ERR You can't specify both OPTIN mode and OPTOUT mode\r\n");
    EXPECT_REPLY("client tracking on bcast optin",
                 "-ERR OPTIN and OPTOUT are not compatible with BCAST\r\n");
    EXPECT_REPLY(
        "client tracking on bcast prefix a prefix ab",
        "-ERR Prefix 'a' overlaps with another provided prefix 'ab'. Prefixes for a single "
        "client must not overlap.\r\n");
    EXPECT_REPLY("client tracking maybe", "-ERR syntax error\r\n");
    EXPECT_REPLY("client tracking on prefix", "-ERR syntax error\r\n");
    EXPECT_REPLY(
        "client trackinginfo\nclient getredir",
        "*6\r\n$5\r\nflags\r\n*1\r\n$3\r\noff\r\n$8\r\nredirect\r\n:-1\r\n$8\r\nprefixes\r\n"
        "*0\r\n:-1\r\n");
}

Test(client_tracking, changes_its_mode_only_by_way_of_off)
{
    EXPECT_REPLY("client tracking on optin", "+OK\r\n");
    EXPECT_REPLY(
        "client tracking on bcast",
        "-ERR You can't switch BCAST mode on/off before disabling tracking for this client, "
        "and then re-enabling it with a different mode.\r\n");
    EXPECT_REPLY(
        "client tracking on optout",
        "-ERR You can't switch OPTIN/OPTOUT mode before disabling tracking for this client, "
        "and then re-enabling it with a different mode.\r\n");
    EXPECT_REPLY("client tracking off\nclient tracking on optout", "+OK\r\n+OK\r\n");
}

Test(client_tracking, caching_is_for_the_next_command)
{
    EXPECT_REPLY("client caching yes",
                 "-ERR CLIENT CACHING can be called only when the client is in tracking mode with "
                 "OPTIN or OPTOUT mode enabled\r\n");
    EXPECT_REPLY("client tracking on optin\nclient caching yes", "+OK\r\n+OK\r\n");
    EXPECT_HOLDS(fixture_say(&f, 0, "client trackinginfo"),
                 "$5\r\noptin\r\n$11\r\ncaching-yes\r\n");
    const char *after = fixture_say(&f, 0, "ping\nclient trackinginfo");
    cr_expect_null(strstr(after, "caching"), "%s", after);
    EXPECT_REPLY("client caching no",
                 "-ERR CLIENT CACHING NO is only valid when tracking is enabled "
                 "in OPTOUT mode.\r\n");
    EXPECT_REPLY("client caching maybe", "-ERR syntax error\r\n");
}

Test(client_tracking, caching_holds_for_a_whole_transaction)
{
    EXPECT_REPLY("client tracking on optout\nclient caching no\nmulti\nping",
                 "+OK\r\n+OK\r\n+OK\r\n+QUEUED\r\n");
    cr_expect(fixture_session(&f, 0)->tracking.caching);
    fixture_say(&f, 0, "exec");
    cr_expect_not(fixture_session(&f, 0)->tracking.caching);
}

Test(client_tracking, ends_with_reset_and_with_the_connection)
{
    int other = fixture_connect(&f);
    fixture_say(&f, other, "client tracking on");
    fixture_say(&f, 0, "client tracking on\nreset");
    EXPECT_HOLDS(fixture_say(&f, 0, "client trackinginfo"), "$3\r\noff\r\n");
    cr_expect_eq(f.sv.sessions->tracking, 1);
    fixture_say(&f, 0, "client kill id 2");
    cr_expect_eq(f.sv.sessions->tracking, 0);
}

Test(client_tracking, takes_so_many_prefixes_and_no_more)
{
    struct buf line = {0};
    buf_append_string(&line, "client tracking on bcast");
    for (int i = 0; i <= TRACKING_PREFIXES_MAX; i++)
        buf_printf(&line, " prefix %04d", i);
    buf_append_char(&line, '\0');
    EXPECT_REPLY(line.data, "-ERR a client tracks at most 256 prefixes\r\n");
    buf_deinit(&line);
    EXPECT_REPLY("client trackinginfo", "*6\r\n$5\r\nflags\r\n*1\r\n$3\r\noff\r\n$8\r\nredirect\r\n"
                                        ":-1\r\n$8\r\nprefixes\r\n*0\r\n");
}
