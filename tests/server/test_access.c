/* SPDX-License-Identifier: BSD-3-Clause */
/* Users and permissions, on commands that do something: records, groups, followers, files of users. What the
 * rules themselves mean is tested beside src/access. */
#include "server/harness.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NO_COMMAND(name) "-NOPERM this user has no permissions to run the '" name "' command"
#define NO_KEY "-NOPERM this user has no permissions to access one of the keys used as arguments"
#define NO_CHANNEL \
    "-NOPERM this user has no permissions to access one of the channels used as arguments"

/* A connection that has logged in as `user`, who takes any password. */
static redisContext *client_of(const struct server *s, const char *user)
{
    redisContext *c = client_open(s);
    EXPECT(c, "+OK", "AUTH %s x", user);
    return c;
}

static void expect_closed(redisContext *c)
{
    redisReply *reply = NULL;
    cr_expect_eq(redisGetReply(c, (void **)&reply), REDIS_ERR);
    cr_expect_eq(c->err, REDIS_ERR_EOF);
    redisFree(c);
}

/* --- topics and groups ------------------------------------------------------------------------ */

Test(access, a_topic_is_written_and_read_by_who_may)
{
    struct server s = server_start(NULL);
    redisContext *c = client_open(&s);
    EXPECT(c, "+OK", "ACL SETUSER writer on nopass %%W~orders +@all");
    EXPECT(c, "+OK", "ACL SETUSER reader on nopass %%R~orders* +@all");
    EXPECT(c, "+OK", "TOPIC CREATE orders");
    EXPECT(c, "+OK", "TOPIC CREATE users");
    redisContext *w = client_of(&s, "writer"), *r = client_of(&s, "reader");
    EXPECT(w, "(0, 0)", "PRODUCE orders v");
    EXPECT(w, NO_KEY, "PRODUCE users v");
    EXPECT(w, NO_KEY, "FETCH orders 0 0");
    EXPECT(w, NO_KEY, "TOPIC CONFIG GET orders");
    EXPECT(w, "+OK", "TOPIC CONFIG SET orders retention.ms 1000000");
    EXPECT_LIKE(r, "((0, *, nil, \"v\", ()))", "FETCH orders 0 0");
    EXPECT(r, NO_KEY, "PRODUCE orders v");
    EXPECT(r, NO_KEY, "MFETCH FROM orders 0 0 users 0 0");
    EXPECT_LIKE(r, "((\"orders\", 0, (*)))", "MFETCH FROM orders 0 0");
    EXPECT_LIKE(r, "(*)", "TOPIC CONFIG GET orders");
    EXPECT(r, NO_KEY, "TOPIC DELETE orders users");
    EXPECT(r, "(\"orders\", \"users\")", "TOPIC LIST");
    redisFree(w);
    redisFree(r);
    redisFree(c);
    server_end(&s);
}

Test(access, a_consumer_reads_topics_and_writes_its_group)
{
    struct server s = server_start(NULL);
    redisContext *c = client_open(&s);
    EXPECT(c, "+OK", "ACL SETUSER u on nopass %%R~t* %%W~g +@group");
    EXPECT(c, "(0, 0)", "PRODUCE t1 v");
    EXPECT(c, "(0, 0)", "PRODUCE x v");
    redisContext *u = client_of(&s, "u");
    EXPECT_LIKE(u, "((\"t1\", 0, (*)))", "CONSUME g m TOPICS t1");
    EXPECT(u, NO_KEY, "CONSUME g m TOPICS t1 x");
    EXPECT(u, NO_KEY, "CONSUME other m TOPICS t1");
    EXPECT(u, "+OK", "COMMIT g m");
    EXPECT(u, NO_KEY, "COMMIT other m");
    EXPECT(u, NO_KEY, "GROUP DESCRIBE g");
    EXPECT(u, NO_COMMAND("produce"), "PRODUCE t1 v");
    EXPECT(c, "+OK", "ACL SETUSER u %%R~g");
    EXPECT_LIKE(u, "(*)", "GROUP DESCRIBE g");
    redisFree(u);
    redisFree(c);
    server_end(&s);
}

Test(access, who_publishes_needs_the_channel_and_no_topic)
{
    struct server s = server_start(NULL);
    redisContext *c = client_open(&s);
    EXPECT(c, "+OK", "TOPIC CREATE kept CONFIG record.channels news.*");
    EXPECT(c, "+OK", "ACL SETUSER u on nopass &news.* +publish +subscribe");
    redisContext *u = client_of(&s, "u");
    EXPECT(u, "0", "PUBLISH news.a hello");
    EXPECT(u, NO_CHANNEL, "PUBLISH old.a hello");
    EXPECT(u, NO_CHANNEL, "SUBSCRIBE news.a old.a");
    EXPECT(u, NO_COMMAND("fetch"), "FETCH kept 0 0");
    EXPECT_LIKE(c, "((0, *, \"news.a\", \"hello\", ()))", "FETCH kept 0 0");
    redisFree(u);
    redisFree(c);
    server_end(&s);
}

Test(access, who_has_channels_recorded_needs_to_be_allowed_to_hear_them)
{
    struct server s = server_start(NULL);
    redisContext *c = client_open(&s);
    EXPECT(c, "+OK", "ACL SETUSER u on nopass ~mine* &news.* +@topic");
    redisContext *u = client_of(&s, "u");
    EXPECT(u, NO_CHANNEL, "TOPIC CREATE mine CONFIG retention.ms 5 Record.Channels *");
    EXPECT(u, NO_CHANNEL, "TOPIC CREATE mine CONFIG record.channels %s PARTITIONS 2", "news.a old");
    EXPECT(u, NO_CHANNEL, "TOPIC CREATE mine CONFIG record.channels %s", " news.a*");
    EXPECT(u, "+OK", "TOPIC CREATE mine CONFIG record.channels %s", "news.a news.*");
    EXPECT(u, NO_CHANNEL, "TOPIC CONFIG SET mine retention.ms 100000 record.channels *");
    EXPECT(u, "+OK", "TOPIC CONFIG SET mine record.channels news.*");
    EXPECT_LIKE(u, "(*)", "TOPIC CONFIG GET mine record.channels");
    EXPECT(u, "+OK", "TOPIC CONFIG RESET mine record.channels");
    redisFree(u);
    redisFree(c);
    server_end(&s);
}

/* --- following ------------------------------------------------------------------------------ */

Test(access, following_needs_the_topic_and_no_channel)
{
    struct server s = server_start(NULL);
    redisContext *c = client_open(&s);
    EXPECT(c, "+OK", "ACL SETUSER u on nopass %%R~a* +follow +psubscribe");
    EXPECT(c, "(0, 0)", "PRODUCE ab v");
    EXPECT(c, "(0, 0)", "PRODUCE b v");
    redisContext *u = client_of(&s, "u");
    EXPECT(u, NO_KEY, "FOLLOW b");
    EXPECT(u, NO_KEY, "FOLLOW ab FROM EARLIEST b/0");
    EXPECT(u, NO_KEY, "PSUBSCRIBE log:b@earliest");
    EXPECT(u, NO_CHANNEL, "PSUBSCRIBE news.*");
    EXPECT(u, NO_CHANNEL, "PSUBSCRIBE log:ab@earliest log:ab");
    EXPECT_LIKE(u, "(\"follow\", \"ab\", 0, 0, 1*)", "FOLLOW ab/0 FROM EARLIEST");
    EXPECT_NEXT_LIKE(u, "(\"record\", \"ab\", 0, 0, *)");
    redisFree(u);
    redisFree(c);
    server_end(&s);
}

Test(access, a_glob_takes_in_the_readable_topics_and_is_denied_when_there_are_none)
{
    struct server s = server_start(NULL);
    redisContext *c = client_open(&s);
    EXPECT(c, "+OK", "ACL SETUSER u on nopass %%R~a* %%W~b* +psubscribe");
    EXPECT(c, "(0, 0)", "PRODUCE a v");
    EXPECT(c, "(0, 0)", "PRODUCE b v");
    redisContext *u = client_of(&s, "u");
    EXPECT(u, NO_KEY, "PSUBSCRIBE log:b*@earliest");
    EXPECT(u, "(\"psubscribe\", \"log:*@earliest\", 1)", "PSUBSCRIBE log:*@earliest");
    EXPECT_NEXT(u, "(\"pmessage\", \"log:*@earliest\", \"a/0@0\", \"v\")");
    /* Those that come later join when they are readable; partitions that come later too. */
    EXPECT(c, "(0, 0)", "PRODUCE b2 secret");
    EXPECT(c, "+OK", "TOPIC ALTER b PARTITIONS 2");
    EXPECT(c, "(1, 0)", "PRODUCE b secret PARTITION 1");
    EXPECT(c, "(0, 0)", "PRODUCE a2 open");
    EXPECT_NEXT(u, "(\"pmessage\", \"log:*@earliest\", \"a2/0@0\", \"open\")");
    EXPECT(c, "+OK", "TOPIC ALTER a PARTITIONS 2");
    EXPECT(c, "(1, 0)", "PRODUCE a more PARTITION 1");
    EXPECT_NEXT(u, "(\"pmessage\", \"log:*@earliest\", \"a/1@0\", \"more\")");
    redisFree(u);
    redisFree(c);
    server_end(&s);
}

Test(access, a_glob_that_is_permitted_may_wait_for_its_topics)
{
    struct server s = server_start(NULL);
    redisContext *c = client_open(&s);
    EXPECT(c, "+OK", "ACL SETUSER u on nopass %%R~a* +psubscribe");
    redisContext *u = client_of(&s, "u");
    EXPECT(u, NO_KEY, "PSUBSCRIBE log:*@earliest");
    EXPECT(u, "(\"psubscribe\", \"log:ab*@earliest\", 1)", "PSUBSCRIBE log:ab*@earliest");
    EXPECT(c, "(0, 0)", "PRODUCE abc v");
    EXPECT_NEXT(u, "(\"pmessage\", \"log:ab*@earliest\", \"abc/0@0\", \"v\")");
    redisFree(u);
    redisFree(c);
    server_end(&s);
}

Test(access, a_follower_who_may_not_read_any_more_is_disconnected)
{
    struct server s = server_start(NULL);
    redisContext *c = client_open(&s);
    EXPECT(c, "+OK", "ACL SETUSER u on nopass ~* +@all");
    EXPECT(c, "(0, 0)", "PRODUCE a v");
    EXPECT(c, "(0, 0)", "PRODUCE b v");
    redisContext *named = client_of(&s, "u"), *glob = client_of(&s, "u"),
                 *other = client_of(&s, "u");
    EXPECT_LIKE(named, "(\"follow\", \"a\", *)", "FOLLOW a");
    EXPECT_LIKE(glob, "(\"psubscribe\", *)", "PSUBSCRIBE log:*@latest");
    EXPECT_LIKE(other, "(\"follow\", \"b\", *)", "FOLLOW b");
    EXPECT(c, "+OK", "ACL SETUSER u resetkeys ~b");
    expect_closed(named);
    expect_closed(glob);
    EXPECT(c, "(0, 1)", "PRODUCE b w");
    EXPECT_NEXT_LIKE(other, "(\"record\", \"b\", 0, 1, *)");
    redisFree(other);
    redisFree(c);
    server_end(&s);
}

Test(access, who_waits_is_answered_when_his_rules_change_and_judged_anew)
{
    struct server s = server_start(NULL);
    redisContext *c = client_open(&s);
    EXPECT(c, "+OK", "ACL SETUSER u on nopass ~* +@all");
    EXPECT(c, "+OK", "TOPIC CREATE t");
    redisContext *fetch = client_of(&s, "u"), *consume = client_of(&s, "u");
    client_send(fetch, "FETCH t 0 LATEST BLOCK 0");
    client_send(consume, "CONSUME g m BLOCK 0 TOPICS t");
    client_await(c, "*blocked_clients:2*", "INFO clients");
    EXPECT(c, "+OK", "ACL SETUSER u resetkeys");
    EXPECT_NEXT(fetch, "()");
    EXPECT_NEXT(consume, "()");
    EXPECT(fetch, NO_KEY, "FETCH t 0 LATEST BLOCK 0");
    EXPECT(consume, NO_KEY, "CONSUME g m BLOCK 0 TOPICS t");
    redisFree(fetch);
    redisFree(consume);
    redisFree(c);
    server_end(&s);
}

/* --- transactions, and users that change ------------------------------------------------------- */

Test(access, exec_asks_again)
{
    struct server s = server_start(NULL);
    redisContext *c = client_open(&s);
    EXPECT(c, "+OK", "ACL SETUSER u on nopass ~* &* +@all");
    redisContext *u = client_of(&s, "u");
    EXPECT(u, "+OK", "MULTI");
    EXPECT(u, "+QUEUED", "PRODUCE a v");
    EXPECT(u, "+QUEUED", "PUBLISH c m");
    EXPECT(u, "+QUEUED", "TIME");
    EXPECT(u, "+QUEUED", "PRODUCE b v");
    EXPECT(c, "+OK", "ACL SETUSER u resetkeys ~b resetchannels -time");
    EXPECT(
        u,
        "(-NOPERM ACLs rules changed between the moment the transaction was accumulated and the "
        "EXEC call. This command is no longer allowed for the following reason: no permission to "
        "touch the specified keys, -NOPERM ACLs rules changed between the moment the transaction "
        "was accumulated and the EXEC call. This command is no longer allowed for the following "
        "reason: no permission to access one of the channels used as arguments, -NOPERM ACLs "
        "rules changed between the moment the transaction was accumulated and the EXEC call. This "
        "command is no longer allowed for the following reason: no permission to execute the "
        "command or subcommand, (0, 0))",
        "EXEC");
    EXPECT(u, "+OK", "MULTI");
    EXPECT(u, NO_KEY, "PRODUCE a v");
    EXPECT(u, "-EXECABORT Transaction discarded because of previous errors.", "EXEC");
    EXPECT_LIKE(c,
                "((\"count\", 2, \"reason\", \"key\", \"context\", \"multi\", \"object\", \"a\", *",
                "ACL LOG 1");
    redisFree(u);
    redisFree(c);
    server_end(&s);
}

Test(access, who_is_deleted_is_disconnected_after_his_answer)
{
    struct server s = server_start(NULL);
    redisContext *c = client_open(&s);
    EXPECT(c, "+OK", "ACL SETUSER u on nopass ~* &* +@all");
    redisContext *blocked = client_of(&s, "u"), *self = client_of(&s, "u");
    EXPECT(c, "+OK", "TOPIC CREATE t");
    client_send(blocked, "FETCH t 0 LATEST BLOCK 0");
    client_await(c, "*blocked_clients:1*", "INFO clients");
    EXPECT(self, "1", "ACL DELUSER u nobody");
    expect_closed(self);
    expect_closed(blocked);
    EXPECT(c, "-ERR The 'default' user cannot be removed", "ACL DELUSER u default");
    redisFree(c);
    server_end(&s);
}

Test(access, requirepass_is_the_password_of_default)
{
    struct server s = server_start("--requirepass", "one", NULL);
    redisContext *c = client_open(&s);
    EXPECT(c, "-NOAUTH Authentication required.", "ACL WHOAMI");
    EXPECT(c, "-WRONGPASS invalid username-password pair or user is disabled.", "AUTH onE");
    EXPECT(c, "+OK", "AUTH one");
    EXPECT(c, "\"default\"", "ACL WHOAMI");
    EXPECT(c, "+OK", "CONFIG SET requirepass two");
    redisContext *d = client_open(&s);
    EXPECT(d, "-WRONGPASS invalid username-password pair or user is disabled.", "AUTH default one");
    EXPECT(d, "-WRONGPASS invalid username-password pair or user is disabled.",
           "HELLO 3 AUTH default one");
    EXPECT(d, "+OK", "AUTH default two");
    EXPECT_LIKE(
        c,
        "((\"count\", 1, \"reason\", \"auth\", \"context\", \"toplevel\", \"object\", "
        "\"HELLO\", \"username\", \"default\", \"age-seconds\", *), (\"count\", 2, *\"AUTH\"*))",
        "ACL LOG");
    redisFree(d);
    d = client_open(&s);
    EXPECT(c, "+OK", "CONFIG SET requirepass ''");
    EXPECT(c, "+OK", "ACL SETUSER default nopass");
    EXPECT(d, "+PONG", "PING");
    redisFree(c);
    redisFree(d);
    server_end(&s);
}

/* --- where users are kept ---------------------------------------------------------------------- */

static void write_file(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");
    cr_assert_not_null(f);
    cr_assert_eq(fputs(text, f) < 0, false);
    cr_assert_eq(fclose(f), 0);
}

#define FILE_ROOM 4096

static void read_file(const char *path, char got[FILE_ROOM])
{
    FILE *f = fopen(path, "r");
    cr_assert_not_null(f);
    got[fread(got, 1, FILE_ROOM - 1, f)] = '\0';
    fclose(f);
}

static void expect_file(const char *path, const char *text)
{
    char got[FILE_ROOM];
    read_file(path, got);
    cr_expect_str_eq(got, text, "%s", got);
}

static void expect_in_file(const char *path, const char *text)
{
    char got[FILE_ROOM];
    read_file(path, got);
    cr_expect_not_null(strstr(got, text), "%s", got);
}

static void expect_not_in_file(const char *path, const char *text)
{
    char got[FILE_ROOM];
    read_file(path, got);
    cr_expect_null(strstr(got, text), "%s", got);
}

Test(access, a_file_of_users_is_read_at_start_loaded_as_a_whole_and_saved)
{
    char path[] = "/tmp/echolog-users-XXXXXX";
    int fd = mkstemp(path);
    cr_assert_geq(fd, 0);
    close(fd);
    cr_assert_eq(chmod(path, 0640), 0);
    write_file(path, "user alice on nopass ~* +@all\n");
    struct server s = server_start("--aclfile", path, NULL);
    redisContext *c = client_open(&s), *alice = client_of(&s, "alice");
    EXPECT(c, "(\"alice\", \"default\")", "ACL USERS");
    EXPECT(c, "+OK", "ACL SETUSER bob on >x %%R~a (~b +produce)");
    EXPECT(c, "+OK", "ACL SAVE");
    const char *saved =
        "user alice on nopass ~* resetchannels +@all\n"
        "user bob on #2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881 %R~a "
        "resetchannels -@all (~b resetchannels -@all +produce)\n"
        "user default on nopass ~* &* +@all\n";
    expect_file(path, saved);
    struct stat st;
    cr_assert_eq(stat(path, &st), 0);
    cr_expect_eq(st.st_mode & 0777, 0640);

    write_file(path, "user carol on\nuser carol on\nuser dave +nope\n");
    char expected[512];
    snprintf(
        expected, sizeof(expected),
        "-ERR WARNING: Duplicate user 'carol' found on line 2. %s:3: Error in applying operation "
        "'+nope': Unknown command or category name in ACL. WARNING: ACL errors detected, no "
        "change to the previously active ACL rules was performed",
        path);
    EXPECT(c, expected, "ACL LOAD");
    EXPECT(c, "(\"alice\", \"bob\", \"default\")", "ACL USERS");
    EXPECT(alice, "+PONG", "PING");

    write_file(path, saved);
    EXPECT(c, "+OK", "ACL LOAD");
    expect_closed(alice);
    EXPECT(c, "+PONG", "PING");
    cr_assert_eq(unlink(path), 0);
    EXPECT_LIKE(c, "-ERR Error loading ACLs, opening file '*': No such file or directory",
                "ACL LOAD");
    redisFree(c);
    server_end(&s);
}

Test(access, users_of_the_configuration_file_are_there_at_start)
{
    char path[] = "/tmp/echolog-users-XXXXXX";
    int fd = mkstemp(path);
    cr_assert_geq(fd, 0);
    close(fd);
    write_file(path, "user alice on \">a b\" (%R~x +fetch)\nuser default on nopass +@all "
                     "-@dangerous +acl ~* &*\n");
    struct server s = server_start_file(path, NULL);
    redisContext *c = client_open(&s);
    EXPECT(c, "+OK", "AUTH alice %s", "a b");
    EXPECT(c, NO_COMMAND("acl|users"), "ACL USERS");
    redisFree(c);
    c = client_open(&s);
    EXPECT(c, "(\"alice\", \"default\")", "ACL USERS");
    EXPECT(c, NO_COMMAND("config|get"), "CONFIG GET port");
    EXPECT_LIKE(c, "-ERR This Echolog instance is not configured to use an ACL file.*", "ACL SAVE");
    EXPECT(c, "+OK", "ACL SETUSER default +@all");
    EXPECT(c, "+OK", "ACL SETUSER bob on nopass %%W~a\"b");
    EXPECT(c, "1", "ACL DELUSER alice");
    EXPECT(c, "+OK", "CONFIG REWRITE");
    expect_in_file(path, "user bob on nopass \"%W~a\\\"b\" resetchannels -@all\n");
    expect_not_in_file(path, "user alice");
    expect_in_file(path, "user default on nopass sanitize-payload ~* &* +@all\n");
    server_stop(&s);
    server_again(&s);
    redisFree(c);
    c = client_open(&s);
    EXPECT(c,
           "(\"user bob on nopass %W~a\"b resetchannels -@all\", \"user default on nopass "
           "sanitize-payload ~* &* +@all\")",
           "ACL LIST");
    redisFree(c);
    server_end(&s);
    unlink(path);
}

Test(access, config_rewrite_leaves_users_that_did_not_change_as_they_were_written)
{
    char path[] = "/tmp/echolog-users-XXXXXX";
    int fd = mkstemp(path);
    cr_assert_geq(fd, 0);
    close(fd);
    write_file(path, "requirepass secret\n# the only one\nuser a on >x\n");
    struct server s = server_start_file(path, NULL);
    redisContext *c = client_open(&s);
    EXPECT(c, "+OK", "AUTH secret");
    EXPECT(c, "+OK", "CONFIG SET timeout 7");
    EXPECT(c, "+OK", "CONFIG REWRITE");
    expect_in_file(path, "requirepass secret\n# the only one\nuser a on >x\n");
    expect_not_in_file(path, "user default");
    EXPECT(c, "+OK", "ACL SETUSER a ~x");
    EXPECT(c, "+OK", "CONFIG REWRITE");
    expect_in_file(path, "requirepass secret\n# the only one\nuser a on "
                         "#2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881 ~x "
                         "resetchannels -@all\n");
    redisFree(c);
    server_end(&s);
    unlink(path);
}

Test(access, a_start_with_wrong_users_fails_with_the_reason)
{
    char output[4096];
    cr_expect_neq(server_run(output, sizeof(output), "--port", "0", "--dir", "/tmp/echolog-never",
                             "--user", "alice", "+nope", NULL),
                  0);
    cr_expect(
        text_like(output,
                  "*Error in user declaration '+nope': Unknown command or category name in ACL*"),
        "%s", output);
    cr_expect_neq(server_run(output, sizeof(output), "--port", "0", "--dir", "/tmp/echolog-never",
                             "--aclfile", "/tmp/echolog-no-such-file", NULL),
                  0);
    cr_expect(
        text_like(output, "*opening file '/tmp/echolog-no-such-file': No such file or directory*"),
        "%s", output);
}
