/* SPDX-License-Identifier: BSD-3-Clause */
/* MULTI, EXEC and DISCARD, with echo and log inside. */
#include "server/harness.h"
#include <unistd.h>

Test(transactions, queued_commands_are_answered_together)
{
    struct server s = server_start(NULL);
    redisContext *c = client_open(&s);
    EXPECT(c, "+OK", "MULTI");
    EXPECT(c, "+QUEUED", "PING");
    EXPECT(c, "+QUEUED", "ECHO a");
    EXPECT(c, "+QUEUED", "PUBLISH nobody x");
    EXPECT(c, "(+PONG, \"a\", 0)", "EXEC");
    EXPECT(c, "+OK", "MULTI");
    EXPECT(c, "()", "EXEC");
    redisFree(c);
    server_end(&s);
}

Test(transactions, produce_inside_gives_its_offsets)
{
    struct server s = server_start(NULL);
    redisContext *c = client_open(&s);
    EXPECT(c, "+OK", "MULTI");
    EXPECT(c, "+QUEUED", "PRODUCE t a");
    EXPECT(c, "+QUEUED", "PRODUCE t b ACK WRITTEN");
    EXPECT(c, "+QUEUED", "FETCH t 0 0 COUNT 2 BLOCK 0 MINBYTES 1000000");
    EXPECT(c, "+QUEUED", "PRODUCE t c ACK NONE");
    EXPECT_LIKE(c, "((0, 0), (0, 1), ((0, *, nil, \"a\", ()), (1, *, nil, \"b\", ())), (0, -1))",
                "EXEC");
    EXPECT_LIKE(c, "((2, *, nil, \"c\", ()))", "FETCH t 0 2");
    redisFree(c);
    server_end(&s);
}

Test(transactions, a_command_that_cannot_be_queued_spoils_the_whole)
{
    struct server s = server_start(NULL);
    redisContext *c = client_open(&s);
    EXPECT(c, "+OK", "MULTI");
    EXPECT(c, "+QUEUED", "PRODUCE t a");
    EXPECT_LIKE(c, "-ERR unknown command 'FOO'*", "FOO");
    EXPECT(c, "-ERR wrong number of arguments for 'echo' command", "ECHO");
    EXPECT(c, "-EXECABORT Transaction discarded because of previous errors.", "EXEC");
    EXPECT(c, "()", "TOPIC LIST");
    EXPECT(c, "-ERR EXEC without MULTI", "EXEC");
    redisFree(c);
    server_end(&s);
}

Test(transactions, one_that_fails_in_exec_is_an_error_among_the_replies)
{
    struct server s = server_start(NULL);
    redisContext *c = client_open(&s);
    EXPECT(c, "+OK", "MULTI");
    EXPECT(c, "+QUEUED", "PRODUCE t a");
    EXPECT(c, "+QUEUED", "FETCH t 7 0");
    EXPECT(c, "+QUEUED", "PRODUCE t b");
    EXPECT_LIKE(c, "((0, 0), -UNKNOWNPARTITION *, (0, 1))", "EXEC");
    redisFree(c);
    server_end(&s);
}

/* Both wait until the topic is made, and neither has anything behind it yet. */
Test(transactions, replies_that_wait_for_the_disk_keep_their_places)
{
    struct server s = server_start(NULL);
    redisContext *c = client_open(&s);
    EXPECT(c, "+OK", "MULTI");
    EXPECT(c, "+QUEUED", "TOPIC CREATE t");
    EXPECT(c, "+QUEUED", "PRODUCE t a");
    EXPECT(c, "+QUEUED", "FETCH t 0 0");
    EXPECT(c, "+QUEUED", "TOPIC OFFSETS t");
    EXPECT_LIKE(c, "(+OK, (0, 0), ((0, *, nil, \"a\", ())), ((0, 1, -1)))", "EXEC");
    redisFree(c);
    server_end(&s);
}

Test(transactions, discard_forgets_what_was_queued)
{
    struct server s = server_start(NULL);
    redisContext *c = client_open(&s);
    EXPECT(c, "-ERR DISCARD without MULTI", "DISCARD");
    EXPECT(c, "+OK", "MULTI");
    EXPECT(c, "-ERR MULTI calls can not be nested", "MULTI");
    EXPECT(c, "+QUEUED", "PRODUCE t a");
    EXPECT(c, "+OK", "DISCARD");
    EXPECT(c, "()", "TOPIC LIST");
    redisFree(c);
    server_end(&s);
}

Test(transactions, a_connection_that_closes_before_exec_changes_nothing)
{
    struct server s = server_start(NULL);
    int fd = raw_open(&s);
    RAW_SEND(fd, "MULTI\r\nPRODUCE t a\r\n");
    raw_expect(fd, "+OK\r\n+QUEUED\r\n");
    close(fd);
    redisContext *c = client_open(&s);
    EXPECT(c, "()", "TOPIC LIST");
    redisFree(c);
    server_end(&s);
}

Test(transactions, others_do_not_come_in_between)
{
    struct server s = server_start(NULL);
    redisContext *c = client_open(&s);
    redisContext *sub = client_open(&s);
    EXPECT(sub, "(\"subscribe\", \"a\", 1)", "SUBSCRIBE a");
    EXPECT(c, "+OK", "MULTI");
    for (int i = 0; i < 100; i++)
        EXPECT(c, "+QUEUED", "PUBLISH a mine");
    redisContext *rival = client_open(&s);
    client_send(c, "EXEC");
    client_send(rival, "PUBLISH a theirs");
    int run = 0, longest = 0;
    for (int i = 0; i < 101; i++) {
        char *got = client_next(sub);
        run = text_like(got, "*mine*") ? run + 1 : 0;
        longest = run > longest ? run : longest;
        free(got);
    }
    cr_assert_eq(longest, 100);
    redisFree(c);
    redisFree(sub);
    redisFree(rival);
    server_end(&s);
}
