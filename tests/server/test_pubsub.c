/* SPDX-License-Identifier: BSD-3-Clause */
/* Echo: publish and subscribe as Redis does it, in RESP2 and RESP3. */
#include "server/harness.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

Test(pubsub, a_message_reaches_every_subscriber_and_nobody_later)
{
    struct server s = server_start(NULL);
    redisContext *pub = client_open(&s);
    redisContext *one = client_open(&s);
    redisContext *two = client_open(&s);
    EXPECT(pub, "0", "PUBLISH news gone");
    EXPECT(one, "(\"subscribe\", \"news\", 1)", "SUBSCRIBE news");
    EXPECT(two, "(\"subscribe\", \"news\", 1)", "SUBSCRIBE news");
    EXPECT(pub, "2", "PUBLISH news %b", "a\0b", (size_t)3);
    EXPECT_NEXT(one, "(\"message\", \"news\", \"a\\x00b\")");
    EXPECT_NEXT(two, "(\"message\", \"news\", \"a\\x00b\")");
    redisFree(two);

    EXPECT(one, "(\"unsubscribe\", \"news\", 0)", "UNSUBSCRIBE news");
    EXPECT(one, "+PONG", "PING");
    redisFree(pub);
    redisFree(one);
    server_end(&s);
}

Test(pubsub, messages_of_one_publisher_come_in_order)
{
    struct server s = server_start(NULL);
    redisContext *pub = client_open(&s);
    redisContext *sub = client_open(&s);
    EXPECT(sub, "(\"subscribe\", \"n\", 1)", "SUBSCRIBE n");
    for (int i = 0; i < 2000; i++)
        redisAppendCommand(pub, "PUBLISH n %d", i);
    for (int i = 0; i < 2000; i++)
        EXPECT_NEXT(pub, "1");
    for (int i = 0; i < 2000; i++) {
        char expected[64];
        snprintf(expected, sizeof(expected), "(\"message\", \"n\", \"%d\")", i);
        EXPECT_NEXT(sub, expected);
    }
    redisFree(pub);
    redisFree(sub);
    server_end(&s);
}

/* --- many messages in a turn ------------------------------------------------------------------ */

#define MIXED_MESSAGES 4000

/* What was published, and what each message was about: channel "a" or "b" in stretches, one byte to thousands. */
struct mixed {
    char channel;
    size_t len;
};

static void draw_mixed(struct mixed *m, unsigned *state)
{
    for (size_t i = 0; i < MIXED_MESSAGES; i++) {
        m[i].channel = rand_r(state) % 2 == 0 ? 'a' : 'b';
        if (i > 0 && rand_r(state) % 8 != 0)
            m[i].channel = m[i - 1].channel;
        m[i].len = (size_t)(rand_r(state) % (rand_r(state) % 20 == 0 ? 5000 : 120));
    }
}

static void expect_message(redisContext *c, const char *pattern, size_t number, struct mixed m)
{
    redisReply *reply = NULL;
    char text[32];
    cr_assert_eq(redisGetReply(c, (void **)&reply), REDIS_OK, "%s", c->errstr);
    cr_assert_eq(reply->elements, pattern == NULL ? 3 : 4);
    const redisReply *channel = reply->element[reply->elements - 2];
    const redisReply *value = reply->element[reply->elements - 1];
    snprintf(text, sizeof(text), "%zu:", number);
    cr_assert_eq(channel->str[0], m.channel, "message %zu", number);
    cr_assert_eq(value->len, strlen(text) + m.len, "message %zu", number);
    cr_assert_eq(strncmp(value->str, text, strlen(text)), 0, "message %zu", number);
    if (pattern != NULL)
        cr_assert_str_eq(reply->element[1]->str, pattern);
    freeReplyObject(reply);
}

static void expect_all_of(redisContext *c, const struct mixed *m, char channel)
{
    for (size_t i = 0; i < MIXED_MESSAGES; i++)
        if (m[i].channel == channel || channel == '*')
            expect_message(c, NULL, i, m[i]);
}

Test(pubsub, messages_of_one_publisher_come_in_order_across_channels_and_whole)
{
    static struct mixed m[MIXED_MESSAGES];
    static const char filler[5000];
    unsigned seed = (unsigned)getpid(), state = seed;
    fprintf(stderr, "pubsub: seed %u\n", seed);
    draw_mixed(m, &state);
    struct server s = server_start(NULL);
    redisContext *pub = client_open(&s), *a = client_open(&s), *b = client_open(&s);
    redisContext *both = client_open(&s), *glob = client_open(&s);
    EXPECT(a, "(\"subscribe\", \"a\", 1)", "SUBSCRIBE a");
    EXPECT(b, "(\"subscribe\", \"b\", 1)", "SUBSCRIBE b");
    EXPECT(both, "(\"subscribe\", \"a\", 1)", "SUBSCRIBE a b");
    EXPECT_NEXT(both, "(\"subscribe\", \"b\", 2)");
    EXPECT(glob, "(\"psubscribe\", \"[ab]\", 1)", "PSUBSCRIBE [ab]");
    for (size_t i = 0; i < MIXED_MESSAGES; i++)
        redisAppendCommand(pub, "PUBLISH %b %d:%b", &m[i].channel, (size_t)1, (int)i, filler,
                           m[i].len);
    for (size_t i = 0; i < MIXED_MESSAGES; i++)
        EXPECT_NEXT(pub, "3");
    expect_all_of(a, m, 'a');
    expect_all_of(b, m, 'b');
    expect_all_of(both, m, '*');
    for (size_t i = 0; i < MIXED_MESSAGES; i++)
        expect_message(glob, "[ab]", i, m[i]);
    redisFree(pub);
    redisFree(a);
    redisFree(b);
    redisFree(both);
    redisFree(glob);
    server_end(&s);
}

Test(pubsub, patterns_match_as_globs)
{
    struct server s = server_start(NULL);
    redisContext *pub = client_open(&s);
    redisContext *sub = client_open(&s);
    EXPECT(sub, "(\"psubscribe\", \"news.*\", 1)", "PSUBSCRIBE news.* h[ae]llo ?");
    EXPECT_NEXT(sub, "(\"psubscribe\", \"h[ae]llo\", 2)");
    EXPECT_NEXT(sub, "(\"psubscribe\", \"?\", 3)");
    EXPECT(pub, "1", "PUBLISH news.sport goal");
    EXPECT(pub, "1", "PUBLISH hallo h");
    EXPECT(pub, "0", "PUBLISH hillo h");
    EXPECT(pub, "1", "PUBLISH x y");
    EXPECT_NEXT(sub, "(\"pmessage\", \"news.*\", \"news.sport\", \"goal\")");
    EXPECT_NEXT(sub, "(\"pmessage\", \"h[ae]llo\", \"hallo\", \"h\")");
    EXPECT_NEXT(sub, "(\"pmessage\", \"?\", \"x\", \"y\")");
    EXPECT(pub, "3", "PUBSUB NUMPAT");
    redisFree(pub);
    redisFree(sub);
    server_end(&s);
}

Test(pubsub, a_channel_and_a_pattern_of_one_client_both_deliver)
{
    struct server s = server_start(NULL);
    redisContext *pub = client_open(&s);
    redisContext *sub = client_open(&s);
    EXPECT(sub, "(\"subscribe\", \"a\", 1)", "SUBSCRIBE a");
    EXPECT(sub, "(\"psubscribe\", \"a*\", 2)", "PSUBSCRIBE a*");
    EXPECT(sub, "(\"subscribe\", \"a\", 2)", "SUBSCRIBE a");
    EXPECT(pub, "2", "PUBLISH a m");
    EXPECT_NEXT(sub, "(\"message\", \"a\", \"m\")");
    EXPECT_NEXT(sub, "(\"pmessage\", \"a*\", \"a\", \"m\")");
    EXPECT(sub, "(\"unsubscribe\", \"a\", 1)", "UNSUBSCRIBE");
    EXPECT(sub, "(\"punsubscribe\", \"a*\", 0)", "PUNSUBSCRIBE");
    redisFree(pub);
    redisFree(sub);
    server_end(&s);
}

Test(pubsub, unsubscribing_from_nothing_says_so)
{
    struct server s = server_start(NULL);
    redisContext *c = client_open(&s);
    EXPECT(c, "(\"unsubscribe\", nil, 0)", "UNSUBSCRIBE");
    EXPECT(c, "(\"punsubscribe\", nil, 0)", "PUNSUBSCRIBE");
    EXPECT(c, "(\"sunsubscribe\", nil, 0)", "SUNSUBSCRIBE");
    EXPECT(c, "(\"unsubscribe\", \"x\", 0)", "UNSUBSCRIBE x y");
    EXPECT_NEXT(c, "(\"unsubscribe\", \"y\", 0)");
    redisFree(c);
    server_end(&s);
}

Test(pubsub, a_resp2_subscriber_may_only_do_what_subscribers_do)
{
    struct server s = server_start(NULL);
    int fd = raw_open(&s);
    RAW_SEND(fd, "SUBSCRIBE a\r\n");
    raw_expect(fd, "*3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n");
    RAW_SEND(fd, "ECHO x\r\n");
    raw_expect(fd, "-ERR Can't execute 'echo': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / "
                   "QUIT / RESET are allowed in this context\r\n");
    RAW_SEND(fd, "PING\r\nPING x\r\n");
    raw_expect(fd, "*2\r\n$4\r\npong\r\n$0\r\n\r\n*2\r\n$4\r\npong\r\n$1\r\nx\r\n");
    RAW_SEND(fd, "UNSUBSCRIBE a\r\nECHO x\r\n");
    raw_expect(fd, "*3\r\n$11\r\nunsubscribe\r\n$1\r\na\r\n:0\r\n$1\r\nx\r\n");
    close(fd);
    server_end(&s);
}

Test(pubsub, a_resp3_subscriber_gets_pushes_and_may_do_anything)
{
    struct server s = server_start(NULL);
    int fd = raw_open(&s);
    RAW_SEND(fd, "HELLO 3\r\n");
    free(raw_read_until(fd, "$7\r\nmodules\r\n*0\r\n"));
    RAW_SEND(fd, "SUBSCRIBE a\r\nPING\r\nPSUBSCRIBE b*\r\n");
    raw_expect(fd, ">3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n+PONG\r\n"
                   ">3\r\n$10\r\npsubscribe\r\n$2\r\nb*\r\n:2\r\n");

    redisContext *pub = client_open(&s);
    EXPECT(pub, "1", "PUBLISH a x");
    EXPECT(pub, "1", "PUBLISH bc y");
    raw_expect(fd, ">3\r\n$7\r\nmessage\r\n$1\r\na\r\n$1\r\nx\r\n"
                   ">4\r\n$8\r\npmessage\r\n$2\r\nb*\r\n$2\r\nbc\r\n$1\r\ny\r\n");
    /* One's own message comes before the count. */
    RAW_SEND(fd, "PUBLISH a z\r\n");
    raw_expect(fd, ">3\r\n$7\r\nmessage\r\n$1\r\na\r\n$1\r\nz\r\n:1\r\n");
    redisFree(pub);
    close(fd);
    server_end(&s);
}

Test(pubsub, a_message_reaches_a_resp3_subscriber_that_waits_for_a_record)
{
    struct server s = server_start(NULL);
    redisContext *c = client_open(&s);
    EXPECT(c, "+OK", "TOPIC CREATE t");
    int fd = raw_open(&s);
    RAW_SEND(fd, "HELLO 3\r\nSUBSCRIBE a\r\n");
    free(raw_read_until(fd, "$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n"));
    RAW_SEND(fd, "FETCH t 0 LATEST BLOCK 0\r\n");
    client_await(c, "*blocked_clients:1*", "INFO clients");
    EXPECT(c, "1", "PUBLISH a x");
    raw_expect(fd, ">3\r\n$7\r\nmessage\r\n$1\r\na\r\n$1\r\nx\r\n");
    EXPECT(c, "(0, 0)", "PRODUCE t v");
    free(raw_read_until(fd, "$1\r\nv\r\n%0\r\n"));
    close(fd);
    redisFree(c);
    server_end(&s);
}

Test(pubsub, shard_channels_are_a_space_of_their_own)
{
    struct server s = server_start(NULL);
    redisContext *pub = client_open(&s);
    redisContext *sub = client_open(&s);
    EXPECT(sub, "(\"ssubscribe\", \"a\", 1)", "SSUBSCRIBE a");
    EXPECT(pub, "0", "PUBLISH a m");
    EXPECT(pub, "1", "SPUBLISH a m");
    EXPECT_NEXT(sub, "(\"smessage\", \"a\", \"m\")");
    EXPECT(pub, "(\"a\")", "PUBSUB SHARDCHANNELS");
    EXPECT(pub, "(\"a\", 1, \"b\", 0)", "PUBSUB SHARDNUMSUB a b");
    EXPECT(pub, "()", "PUBSUB CHANNELS");
    EXPECT(sub, "(\"sunsubscribe\", \"a\", 0)", "SUNSUBSCRIBE a");
    redisFree(pub);
    redisFree(sub);
    server_end(&s);
}

Test(pubsub, channels_and_counts_can_be_asked_for)
{
    struct server s = server_start(NULL);
    redisContext *c = client_open(&s);
    redisContext *one = client_open(&s);
    redisContext *two = client_open(&s);
    EXPECT(c, "()", "PUBSUB CHANNELS");
    EXPECT(c, "()", "PUBSUB NUMSUB");
    EXPECT(one, "(\"subscribe\", \"a\", 1)", "SUBSCRIBE a");
    EXPECT(two, "(\"subscribe\", \"a\", 1)", "SUBSCRIBE a");
    EXPECT(two, "(\"subscribe\", \"bb\", 2)", "SUBSCRIBE bb");
    EXPECT(c, "(\"a\", 2, \"bb\", 1, \"c\", 0)", "PUBSUB NUMSUB a bb c");
    EXPECT(c, "(\"bb\")", "PUBSUB CHANNELS b*");
    EXPECT(c, "-ERR unknown subcommand 'FOO'. Try PUBSUB HELP.", "PUBSUB FOO");

    /* A subscriber that leaves takes its subscriptions along. */
    redisFree(two);
    redisFree(one);
    client_await(c, "()", "PUBSUB CHANNELS");
    redisFree(c);
    server_end(&s);
}

Test(pubsub, a_large_message_reaches_many_subscribers_whole)
{
    enum { SUBSCRIBERS = 20, LEN = 300 * 1000 };
    struct server s = server_start(NULL);
    redisContext *pub = client_open(&s);
    redisContext *subs[SUBSCRIBERS];
    for (int i = 0; i < SUBSCRIBERS; i++) {
        subs[i] = client_open(&s);
        EXPECT(subs[i], "(\"subscribe\", \"big\", 1)", "SUBSCRIBE big");
    }
    char *payload = malloc(LEN);
    for (int i = 0; i < LEN; i++)
        payload[i] = (char)(i * 13 + i / 251);
    EXPECT(pub, "20", "PUBLISH big %b", payload, (size_t)LEN);
    EXPECT(pub, "20", "PUBLISH big small");
    for (int i = 0; i < SUBSCRIBERS; i++) {
        void *reply = NULL;
        cr_assert_eq(redisGetReply(subs[i], &reply), REDIS_OK);
        redisReply *message = reply;
        cr_assert_eq((size_t)message->element[2]->len, LEN);
        cr_assert_eq(memcmp(message->element[2]->str, payload, LEN), 0);
        freeReplyObject(reply);
        EXPECT_NEXT(subs[i], "(\"message\", \"big\", \"small\")");
        redisFree(subs[i]);
    }
    free(payload);
    redisFree(pub);
    server_end(&s);
}

Test(pubsub, a_subscriber_that_does_not_read_is_disconnected_and_others_go_on)
{
    struct server s = server_start("--client-output-buffer-limit", "pubsub 1mb 0 0", NULL);
    redisContext *pub = client_open(&s);
    redisContext *other = client_open(&s);
    int slow = raw_open(&s);
    RAW_SEND(slow, "SUBSCRIBE flood\r\n");
    raw_expect(slow, "*3\r\n$9\r\nsubscribe\r\n$5\r\nflood\r\n:1\r\n");
    EXPECT(other, "(\"subscribe\", \"quiet\", 1)", "SUBSCRIBE quiet");

    size_t len = 64 * 1024;
    char *payload = calloc(1, len);
    long long heard = 1;
    for (int i = 0; i < 2000 && heard == 1; i++) {
        redisReply *reply = redisCommand(pub, "PUBLISH flood %b", payload, len);
        heard = reply->integer;
        freeReplyObject(reply);
    }
    cr_assert_eq(heard, 0, "the slow subscriber is still there");
    EXPECT(pub, "1", "PUBLISH quiet calm");
    EXPECT_NEXT(other, "(\"message\", \"quiet\", \"calm\")");
    free(payload);
    close(slow);
    redisFree(pub);
    redisFree(other);
    server_end(&s);
}
