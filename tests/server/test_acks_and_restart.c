/* SPDX-License-Identifier: BSD-3-Clause */
/* What an acknowledgement means: what is there after a clean stop and after kill -9. */
#include "server/harness.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Reads the partition from 0 to its end and checks that it holds at least `acked` records, each with
 * its own offset as value, without a hole. */
static long long expect_whole(redisContext *c, const char *topic, long long acked)
{
    long long next = 0;
    for (;;) {
        redisReply *reply = redisCommand(c, "FETCH %s 0 %lld COUNT 10000", topic, next);
        cr_assert_eq(reply->type, REDIS_REPLY_ARRAY, "at %lld: %s", next, reply->str);
        size_t got = reply->elements;
        for (size_t i = 0; i < got; i++, next++) {
            redisReply *record = reply->element[i];
            cr_assert_eq(record->element[0]->integer, next);
            cr_assert_eq(atoll(record->element[3]->str), next);
        }
        freeReplyObject(reply);
        if (got == 0)
            break;
    }
    cr_assert_geq(next, acked, "%lld were acknowledged, %lld are there", acked, next);
    return next;
}

static void produce_numbers(redisContext *c, const char *topic, const char *ack, int from, int to)
{
    for (int i = from; i < to; i++)
        redisAppendCommand(c, "PRODUCE %s %d ACK %s", topic, i, ack);
    for (int i = from; i < to; i++) {
        char expected[32];
        snprintf(expected, sizeof(expected), "(0, %d)", strcmp(ack, "NONE") == 0 ? -1 : i);
        EXPECT_NEXT(c, expected);
    }
}

Test(restart, everything_acknowledged_is_there_after_a_clean_stop)
{
    struct server s = server_start(NULL);
    redisContext *c = client_open(&s);
    produce_numbers(c, "t", "SYNCED", 0, 500);
    produce_numbers(c, "t", "WRITTEN", 500, 1000);
    produce_numbers(c, "t", "NONE", 1000, 1500);
    redisFree(c);
    server_stop(&s);

    server_again(&s);
    c = client_open(&s);
    cr_assert_eq(expect_whole(c, "t", 1500), 1500);
    EXPECT(c, "(0, 1500)", "PRODUCE t 1500");
    redisFree(c);
    server_end(&s);
}

#define MANY 40

/* To each partition by turns, in one go; the value is the offset. */
static void produce_to_many(redisContext *c, int from, int to)
{
    for (int i = from * MANY; i < to * MANY; i++)
        redisAppendCommand(c, "PRODUCE many %d PARTITION %d ACK SYNCED", i / MANY, i % MANY);
    for (int i = from * MANY; i < to * MANY; i++) {
        char expected[32];
        snprintf(expected, sizeof(expected), "(%d, %d)", i % MANY, i / MANY);
        EXPECT_NEXT(c, expected);
    }
}

static void expect_many(redisContext *c, int count)
{
    for (int n = 0; n < MANY; n++) {
        redisReply *reply = redisCommand(c, "FETCH many %d EARLIEST", n);
        cr_assert_eq(reply->type, REDIS_REPLY_ARRAY, "partition %d: %s", n, reply->str);
        cr_assert_eq(reply->elements, (size_t)count, "partition %d has %zu", n, reply->elements);
        for (int i = 0; i < count; i++)
            cr_assert_eq(atoi(reply->element[i]->element[3]->str), i);
        freeReplyObject(reply);
    }
}

Test(restart, many_partitions_are_synced_by_the_journal_unless_it_is_off)
{
    struct server s = server_start(NULL);
    redisContext *c = client_open(&s);
    EXPECT(c, "+OK", "TOPIC CREATE many PARTITIONS 40");
    produce_to_many(c, 0, 20);
    EXPECT_LIKE(c, "*log_journal_syncs:[1-9]*", "INFO log");
    redisFree(c);
    server_kill(&s);
    server_again(&s);
    c = client_open(&s);
    expect_many(c, 20);
    produce_to_many(c, 20, 30);
    expect_many(c, 30);
    redisFree(c);
    server_end(&s);

    s = server_start("--log-journal-max-bytes", "0", NULL);
    c = client_open(&s);
    EXPECT(c, "+OK", "TOPIC CREATE many PARTITIONS 40");
    produce_to_many(c, 0, 20);
    EXPECT_LIKE(c, "*log_journal_syncs:0*log_journal_bytes:0*", "INFO log");
    expect_many(c, 20);
    redisFree(c);
    server_end(&s);
}

Test(restart, what_was_synced_or_written_survives_kill_9)
{
    static const char *const acks[] = {"SYNCED", "WRITTEN"};
    struct server s = server_start(NULL);
    for (int round = 0; round < 4; round++) {
        const char *ack = acks[round % 2];
        redisContext *c = client_open(&s);
        produce_numbers(c, "t", ack, round * 700, (round + 1) * 700);
        server_kill(&s);
        redisFree(c);
        server_again(&s);
        c = client_open(&s);
        cr_assert_eq(expect_whole(c, "t", (round + 1) * 700), (round + 1) * 700);
        redisFree(c);
    }
    server_end(&s);
}

/* Kills the server in the middle of a stream of produces; returns how many it had acknowledged. */
static long long kill_midway(struct server *s, const char *ack, int after)
{
    redisContext *c = client_open(s);
    long long acked = 0;
    for (int i = 0; i < 20000; i++)
        redisAppendCommand(c, "PRODUCE t %d ACK %s", i, ack);
    void *reply = NULL;
    while (redisGetReply(c, &reply) == REDIS_OK) {
        redisReply *r = reply;
        cr_assert_eq(r->type, REDIS_REPLY_ARRAY, "%s", r->str);
        cr_assert_eq(r->element[1]->integer, acked);
        freeReplyObject(reply);
        reply = NULL;
        if (++acked == after)
            server_kill(s);
    }
    redisFree(c);
    if (s->pid != 0)
        server_kill(s);
    return acked;
}

Test(restart, a_kill_in_the_middle_of_a_load_loses_nothing_acknowledged)
{
    struct server s = server_start(NULL);
    long long acked = kill_midway(&s, "SYNCED", 3000);
    cr_assert_geq(acked, 3000);
    server_again(&s);
    redisContext *c = client_open(&s);
    long long count = expect_whole(c, "t", acked);
    redisReply *reply = redisCommand(c, "PRODUCE t after");
    cr_assert_geq(reply->element[1]->integer, count);
    freeReplyObject(reply);
    redisFree(c);
    server_end(&s);
}

Test(restart, so_does_one_that_was_only_written)
{
    struct server s = server_start(NULL);
    long long acked = kill_midway(&s, "WRITTEN", 5000);
    server_again(&s);
    redisContext *c = client_open(&s);
    expect_whole(c, "t", acked);
    redisFree(c);
    server_end(&s);
}

Test(restart, a_torn_tail_is_cut_and_said)
{
    struct server s = server_start(NULL);
    redisContext *c = client_open(&s);
    produce_numbers(c, "t", "SYNCED", 0, 10);
    redisFree(c);
    server_kill(&s);

    char path[512];
    snprintf(path, sizeof(path), "%s/t-0/00000000000000000000.log", s.dir);
    FILE *log = fopen(path, "r+b");
    cr_assert_not_null(log);
    /* The file may be longer than what it holds: a torn batch stands behind the last record. */
    static const char torn[] = {0, 0, 0, 0, 0, 0, 0, 10, 0, 0, 1, 0, 't', 'o', 'r', 'n'};
    fseek(log, 0, SEEK_END);
    fwrite(torn, 1, sizeof(torn), log);
    fclose(log);

    server_again(&s);
    c = client_open(&s);
    cr_assert_eq(expect_whole(c, "t", 10), 10);
    /* After a cut the offsets go on at a bound that nobody can have seen; the gap reads on at its end. */
    redisReply *reply = redisCommand(c, "PRODUCE t next");
    long long offset = reply->element[1]->integer;
    cr_assert_geq(offset, 10);
    freeReplyObject(reply);
    char expected[64];
    snprintf(expected, sizeof(expected), "((%lld, *, nil, \"next\", ()))", offset);
    EXPECT_LIKE(c, expected, "FETCH t 0 10");
    redisFree(c);
    server_end(&s);
}

Test(restart, indexes_are_only_hints)
{
    struct server s = server_start(NULL);
    redisContext *c = client_open(&s);
    EXPECT(c, "+OK", "TOPIC CREATE t CONFIG segment.bytes 16384");
    produce_numbers(c, "t", "WRITTEN", 0, 2000);
    redisFree(c);
    server_stop(&s);

    char command[1024];
    snprintf(command, sizeof(command),
             "cd %s/t-0 && rm -f 00000000000000000000.index && "
             "for f in *.timeindex; do echo garbage > $f; done",
             s.dir);
    cr_assert_eq(system(command), 0);
    server_again(&s);
    c = client_open(&s);
    cr_assert_eq(expect_whole(c, "t", 2000), 2000);
    EXPECT_LIKE(c, "((5, *, \"5\", ()))", "FETCH t 0 5 COUNT 1");
    redisFree(c);
    server_end(&s);
}

Test(restart, a_topic_whose_file_is_damaged_does_not_pretend_to_be_unknown)
{
    struct server s = server_start("--auto-create-topics", "no", NULL);
    redisContext *c = client_open(&s);
    EXPECT(c, "+OK", "TOPIC CREATE t");
    EXPECT(c, "+OK", "TOPIC CREATE fine");
    redisFree(c);
    server_stop(&s);
    char command[1024];
    snprintf(command, sizeof(command), "echo damage >%s/topics/t.meta", s.dir);
    cr_assert_eq(system(command), 0);

    server_again(&s);
    c = client_open(&s);
    EXPECT(c, "(\"fine\")", "TOPIC LIST");
    EXPECT_LIKE(c, "-LOGERROR topic 't' *", "FETCH t 0 0");
    EXPECT_LIKE(c, "-LOGERROR topic 't' *", "PRODUCE t v");
    EXPECT_LIKE(c, "((\"t\", 0, -LOGERROR topic 't' *), (\"u\", 0, -UNKNOWNTOPIC *))",
                "MFETCH FROM t 0 0 u 0 0");
    EXPECT_LIKE(c, "-LOGERROR The file of an earlier topic 't' is in the way*", "TOPIC CREATE t");
    EXPECT(c, "+OK", "CONFIG SET auto-create-topics yes");
    EXPECT_LIKE(c, "-LOGERROR The file of an earlier topic 't' is in the way*", "PRODUCE t v");
    redisFree(c);
    server_end(&s);
}

Test(restart, keys_and_headers_and_timestamps_are_kept)
{
    struct server s = server_start("--log-retention-ms", "-1", NULL);
    redisContext *c = client_open(&s);
    EXPECT(c, "(0, 0)", "PRODUCE t v KEY k TIMESTAMP 1700000000000 HEADER a b");
    redisFree(c);
    server_kill(&s);
    server_again(&s);
    c = client_open(&s);
    EXPECT(c, "((0, 1700000000000, \"k\", \"v\", (\"a\", \"b\")))", "FETCH t 0 0");
    redisFree(c);
    server_end(&s);
}

Test(restart, echo_remembers_nothing)
{
    struct server s = server_start(NULL);
    redisContext *c = client_open(&s);
    EXPECT(c, "(\"subscribe\", \"news\", 1)", "SUBSCRIBE news");
    server_stop(&s);
    EXPECT_NEXT(c, "Server closed the connection");
    redisFree(c);
    server_again(&s);
    c = client_open(&s);
    EXPECT(c, "()", "PUBSUB CHANNELS");
    EXPECT(c, "0", "PUBLISH news gone");
    redisFree(c);
    server_end(&s);
}

Test(restart, a_stop_lets_what_was_accepted_reach_the_disk)
{
    struct server s = server_start(NULL);
    redisContext *c = client_open(&s);
    for (int i = 0; i < 300; i++)
        redisAppendCommand(c, "PRODUCE t %d ACK NONE", i);
    redisAppendCommand(c, "SHUTDOWN");
    for (int i = 0; i < 300; i++)
        EXPECT_NEXT(c, "(0, -1)");
    EXPECT_NEXT(c, "Server closed the connection");
    redisFree(c);
    cr_assert_eq(server_wait(&s), 0);
    server_again(&s);
    c = client_open(&s);
    cr_assert_eq(expect_whole(c, "t", 300), 300);
    redisFree(c);
    server_end(&s);
}
