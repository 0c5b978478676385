/* SPDX-License-Identifier: BSD-3-Clause */
/* Log: producing records and reading them by offset. */
#include "server/harness.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

Test(produce, a_record_waits_at_its_offset)
{
    struct server s = server_start(NULL);
    redisContext *c = client_open(&s);
    EXPECT(c, "(0, 0)", "PRODUCE t first");
    EXPECT(c, "(0, 1)", "PRODUCE t second");
    EXPECT_LIKE(c, "((0, 1*, nil, \"first\", ()), (1, 1*, nil, \"second\", ()))", "FETCH t 0 0");
    EXPECT_LIKE(c, "((1, *, nil, \"second\", ()))", "FETCH t 0 1");
    EXPECT_LIKE(c, "((0, *, nil, \"first\", ()))", "FETCH t 0 0 COUNT 1");
    EXPECT_LIKE(c, "((0, *", "FETCH t 0 EARLIEST");
    EXPECT(c, "()", "FETCH t 0 LATEST");
    EXPECT(c, "()", "FETCH t 0 2");
    redisFree(c);
    server_end(&s);
}

Test(produce, keys_values_and_headers_are_bytes_of_any_content)
{
    struct server s = server_start("--log-retention-ms", "-1", NULL);
    redisContext *c = client_open(&s);
    EXPECT(c, "(0, 0)", "PRODUCE t %b KEY %b TIMESTAMP 1700000000000 HEADER %b %b HEADER h %s",
           "v\0\r\n", (size_t)4, "k\xff", (size_t)2, "n\0", (size_t)2, "\x01", (size_t)1, "");
    EXPECT(c, "(0, 1)", "PRODUCE t %s KEY %s", "", "");
    EXPECT(c, "(0, 2)", "PRODUCE t %s KEY gone TOMBSTONE", "");
    EXPECT(c,
           "((0, 1700000000000, \"k\\xff\", \"v\\x00\\x0d\\x0a\", (\"n\\x00\", \"\\x01\", \"h\", "
           "\"\")))",
           "FETCH t 0 0 COUNT 1");
    EXPECT_LIKE(c, "((1, *, \"\", \"\", ()), (2, *, \"gone\", nil, ()))", "FETCH t 0 1");
    redisFree(c);
    server_end(&s);
}

/* PRODUCE with so many headers, h0 to h<count - 1>, each with its number as value. */
static redisReply *produce_with_headers(redisContext *c, int count)
{
    int argc = 3 + 3 * count;
    const char **argv = calloc((size_t)argc, sizeof(*argv));
    char(*texts)[16] = calloc((size_t)count * 2, sizeof(*texts));
    argv[0] = "PRODUCE";
    argv[1] = "t";
    argv[2] = "v";
    for (int i = 0; i < count; i++) {
        snprintf(texts[2 * i], sizeof(texts[0]), "h%d", i);
        snprintf(texts[2 * i + 1], sizeof(texts[0]), "%d", i);
        argv[3 + 3 * i] = "HEADER";
        argv[4 + 3 * i] = texts[2 * i];
        argv[5 + 3 * i] = texts[2 * i + 1];
    }
    redisReply *reply = redisCommandArgv(c, argc, argv, NULL);
    free(texts);
    free(argv);
    return reply;
}

Test(produce, a_record_has_few_headers_or_many_and_no_more_than_it_may)
{
    static const int counts[] = {8, 9, 1024};
    struct server s = server_start(NULL);
    redisContext *c = client_open(&s);
    for (int i = 0; i < 3; i++) {
        redisReply *reply = produce_with_headers(c, counts[i]);
        cr_assert_eq(reply->type, REDIS_REPLY_ARRAY);
        freeReplyObject(reply);
        reply = redisCommand(c, "FETCH t 0 %d", i);
        const redisReply *headers = reply->element[0]->element[4];
        cr_assert_eq(headers->elements, (size_t)counts[i] * 2);
        for (int h = 0; h < counts[i]; h++) {
            cr_assert_eq(atoi(headers->element[2 * h]->str + 1), h);
            cr_assert_eq(atoi(headers->element[2 * h + 1]->str), h);
        }
        freeReplyObject(reply);
    }
    redisReply *refused = produce_with_headers(c, 1025);
    cr_assert_str_eq(refused->str, "ERR a record has at most 1024 headers");
    freeReplyObject(refused);
    redisFree(c);
    server_end(&s);
}

Test(produce, a_key_chooses_its_partition_as_in_kafka)
{
    /* murmur2 of these keys is in Kafka's own tests. */
    static const struct {
        const char *key;
        int partition_of_7, partition_of_12;
    } keys[] = {
        {"21", 3, 0},
        {"foobar", 0, 6},
        {"a-little-bit-long-string", 1, 8},
        {"a-little-bit-longer-string", 0, 11},
        {"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", 3, 5},
        {"abc", 4, 3},
    };
    struct server s = server_start(NULL);
    redisContext *c = client_open(&s);
    EXPECT(c, "+OK", "TOPIC CREATE seven PARTITIONS 7");
    EXPECT(c, "+OK", "TOPIC CREATE twelve PARTITIONS 12");
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        char expected[32];
        snprintf(expected, sizeof(expected), "(%d, *)", keys[i].partition_of_7);
        EXPECT_LIKE(c, expected, "PRODUCE seven v KEY %s", keys[i].key);
        snprintf(expected, sizeof(expected), "(%d, *)", keys[i].partition_of_12);
        EXPECT_LIKE(c, expected, "PRODUCE twelve v KEY %s", keys[i].key);
    }
    redisFree(c);
    server_end(&s);
}

Test(produce, without_a_key_every_partition_gets_its_share)
{
    struct server s = server_start("--default-ack", "written", NULL);
    redisContext *c = client_open(&s);
    EXPECT(c, "+OK", "TOPIC CREATE t PARTITIONS 4");
    int seen[4] = {0};
    for (int i = 0; i < 40; i++) {
        redisReply *reply = redisCommand(c, "PRODUCE t v");
        cr_assert_eq(reply->type, REDIS_REPLY_ARRAY);
        seen[reply->element[0]->integer]++;
        freeReplyObject(reply);
    }
    for (int i = 0; i < 4; i++)
        cr_assert_geq(seen[i], 5, "partition %d got %d of 40", i, seen[i]);
    redisFree(c);
    server_end(&s);
}

Test(produce, acks_can_be_chosen_per_call)
{
    struct server s = server_start(NULL);
    redisContext *c = client_open(&s);
    EXPECT(c, "(0, -1)", "PRODUCE t a ACK NONE");
    EXPECT(c, "(0, 1)", "PRODUCE t b ACK written");
    EXPECT(c, "(0, 2)", "PRODUCE t c ACK Synced");
    EXPECT_LIKE(c, "-ERR *ACK*'soon'*", "PRODUCE t d ACK soon");
    EXPECT_LIKE(c, "((0, *\"a\"*(1, *\"b\"*(2, *\"c\", ()))", "FETCH t 0 0");
    redisFree(c);
    server_end(&s);
}

Test(produce, bad_options_store_nothing)
{
    struct server s = server_start(NULL);
    redisContext *c = client_open(&s);
    EXPECT(c, "+OK", "TOPIC CREATE t PARTITIONS 2");
    EXPECT(c, "-ERR syntax error", "PRODUCE t v FOO");
    EXPECT(c, "-ERR syntax error", "PRODUCE t v KEY");
    EXPECT(c, "-ERR syntax error", "PRODUCE t v HEADER name");
    EXPECT(c, "-ERR syntax error", "PRODUCE t v KEY a KEY b");
    EXPECT_LIKE(c, "-ERR *", "PRODUCE t v TOMBSTONE");
    EXPECT_LIKE(c, "-ERR *", "PRODUCE t v TIMESTAMP soon");
    EXPECT_LIKE(c, "-ERR *", "PRODUCE t v TIMESTAMP -5");
    EXPECT_LIKE(c, "-ERR *message.timestamp.after.max.ms*", "PRODUCE t v TIMESTAMP 9999999999999");
    EXPECT_LIKE(c, "-UNKNOWNPARTITION *'t'*2*", "PRODUCE t v PARTITION 2");
    EXPECT_LIKE(c, "-*PARTITION *", "PRODUCE t v PARTITION -1");
    EXPECT_LIKE(c, "-*", "PRODUCE t v PARTITION abc");
    EXPECT(c, "-ERR wrong number of arguments for 'produce' command", "PRODUCE t");
    EXPECT(c, "((0, 0, -1), (1, 0, -1))", "TOPIC OFFSETS t LATEST");
    redisFree(c);
    server_end(&s);
}

Test(produce, a_record_too_large_is_refused_by_name_and_number)
{
    size_t len = 100 * 1000;
    char *big = calloc(1, len);
    struct server s = server_start(NULL);
    redisContext *c = client_open(&s);
    EXPECT(c, "+OK", "TOPIC CREATE t CONFIG max.message.bytes 10000");
    EXPECT_LIKE(c, "-MSGTOOLARGE *max.message.bytes*10000*'t'*", "PRODUCE t %b", big, len);
    EXPECT_LIKE(c, "-MSGTOOLARGE *", "PRODUCE t v KEY %b", big, len);
    EXPECT_LIKE(c, "-MSGTOOLARGE *", "MPRODUCE t VALUES a %b b", big, len);
    EXPECT(c, "(0, 0)", "PRODUCE t %b", big, (size_t)9000);
    EXPECT(c, "((0, 1, -1))", "TOPIC OFFSETS t LATEST");
    free(big);
    redisFree(c);
    server_end(&s);
}

Test(produce, a_topic_comes_to_be_by_its_first_record_if_that_is_wanted)
{
    struct server s = server_start("--default-partitions", "3", NULL);
    redisContext *c = client_open(&s);
    EXPECT(c, "(2, 0)", "PRODUCE made v PARTITION 2");
    EXPECT(c, "((0, 0, -1), (1, 0, -1), (2, 1, -1))", "TOPIC OFFSETS made LATEST");
    EXPECT(c, "+OK", "CONFIG SET auto-create-topics no");
    EXPECT_LIKE(c, "-UNKNOWNTOPIC *'other'*", "PRODUCE other v");
    EXPECT_LIKE(c, "-UNKNOWNTOPIC *'other'*", "MPRODUCE other VALUES v");
    EXPECT_LIKE(c, "-UNKNOWNTOPIC *'other'*", "FETCH other 0 0");
    EXPECT(c, "1", "DBSIZE");
    redisFree(c);
    server_end(&s);
}

Test(produce, a_pipeline_on_a_new_topic_waits_for_it_in_order)
{
    struct server s = server_start(NULL);
    redisContext *c = client_open(&s);
    redisAppendCommand(c, "PRODUCE fresh a");
    redisAppendCommand(c, "ECHO between");
    redisAppendCommand(c, "PRODUCE fresh b");
    redisAppendCommand(c, "FETCH fresh 0 0");
    redisAppendCommand(c, "TOPIC LIST");
    EXPECT_NEXT(c, "(0, 0)");
    EXPECT_NEXT(c, "\"between\"");
    EXPECT_NEXT(c, "(0, 1)");
    EXPECT_NEXT_LIKE(c, "((0, *\"a\"*(1, *\"b\"*");
    EXPECT_NEXT(c, "(\"fresh\")");
    redisFree(c);
    server_end(&s);
}

Test(mproduce, values_go_to_one_partition_together)
{
    struct server s = server_start(NULL);
    redisContext *c = client_open(&s);
    EXPECT(c, "((0, 0, 3))", "MPRODUCE t VALUES a b c");
    EXPECT(c, "((0, 3, 1))", "MPRODUCE t PARTITION 0 ACK WRITTEN VALUES d");
    EXPECT(c, "((0, -1, 1))", "MPRODUCE t ACK NONE VALUES e");
    EXPECT_LIKE(c, "((0, *\"a\"*(1, *\"b\"*(2, *\"c\"*(3, *\"d\"*(4, *\"e\", ()))", "FETCH t 0 0");
    redisFree(c);
    server_end(&s);
}

Test(mproduce, pairs_go_where_their_keys_belong_in_order)
{
    struct server s = server_start("--log-retention-ms", "-1", NULL);
    redisContext *c = client_open(&s);
    EXPECT(c, "+OK", "TOPIC CREATE t PARTITIONS 7");
    redisReply *reply = redisCommand(c, "MPRODUCE t PAIRS abc 1 foobar 2 abc 3 21 4");
    cr_assert_eq(reply->type, REDIS_REPLY_ARRAY);
    long long count = 0;
    for (size_t i = 0; i < reply->elements; i++)
        count += reply->element[i]->element[2]->integer;
    cr_assert_eq(count, 4);
    freeReplyObject(reply);
    EXPECT_LIKE(c, "*\"abc\", \"1\"*\"abc\", \"3\"*", "FETCH t 4 0");
    redisFree(c);
    server_end(&s);
}

Test(mproduce, everything_is_checked_before_anything_is_appended)
{
    struct server s = server_start(NULL);
    redisContext *c = client_open(&s);
    EXPECT(c, "+OK", "TOPIC CREATE t");
    EXPECT_LIKE(c, "-ERR *", "MPRODUCE t PAIRS a 1 b");
    EXPECT(c, "-ERR syntax error", "MPRODUCE t FOO VALUES a");
    EXPECT(c, "-ERR wrong number of arguments for 'mproduce' command", "MPRODUCE t VALUES");
    EXPECT_LIKE(c, "-UNKNOWNPARTITION *", "MPRODUCE t PARTITION 9 VALUES a");
    EXPECT(c, "((0, 0, -1))", "TOPIC OFFSETS t LATEST");
    redisFree(c);
    server_end(&s);
}

Test(fetch, places_outside_are_answered_with_the_range_that_is_there)
{
    struct server s = server_start(NULL);
    redisContext *c = client_open(&s);
    EXPECT(c, "((0, 0, 3))", "MPRODUCE t VALUES a b c");
    EXPECT_LIKE(c, "-OFFSETOUTOFRANGE *4*0*3*", "FETCH t 0 4");
    EXPECT_LIKE(c, "-ERR *'-1'*", "FETCH t 0 -1");
    EXPECT_LIKE(c, "-ERR *'abc'*", "FETCH t 0 abc");
    EXPECT_LIKE(c, "-ERR *", "FETCH t 0 @abc");
    EXPECT_LIKE(c, "-ERR *", "FETCH t 0 99999999999999999999");
    EXPECT_LIKE(c, "-UNKNOWNPARTITION *", "FETCH t 1 0");
    EXPECT_LIKE(c, "-UNKNOWNTOPIC *'nosuch'*", "FETCH nosuch 0 0");
    EXPECT(c, "-ERR syntax error", "FETCH t 0 0 FOO 1");
    EXPECT(c, "-ERR syntax error", "FETCH t 0 0 COUNT");
    EXPECT_LIKE(c, "-ERR *COUNT*", "FETCH t 0 0 COUNT 0");
    EXPECT_LIKE(c, "-ERR *BLOCK*", "FETCH t 0 0 BLOCK -1");
    EXPECT_LIKE(c, "-ERR *", "FETCH t 0 0 MAXBYTES x");
    EXPECT(c, "+PONG", "PING");
    redisFree(c);
    server_end(&s);
}

Test(fetch, count_and_bytes_limit_a_reply_but_one_record_always_comes)
{
    struct server s = server_start(NULL);
    redisContext *c = client_open(&s);
    char value[1000];
    memset(value, 'v', sizeof(value));
    for (int i = 0; i < 1200; i++)
        redisAppendCommand(c, "PRODUCE t %b ACK WRITTEN", value, sizeof(value));
    for (int i = 0; i < 1200; i++)
        EXPECT_NEXT_LIKE(c, "(0, *)");

    redisReply *reply = redisCommand(c, "FETCH t 0 0");
    cr_assert_eq(reply->elements, 500);
    cr_assert_eq(reply->element[499]->element[0]->integer, 499);
    freeReplyObject(reply);
    reply = redisCommand(c, "FETCH t 0 100 COUNT 5000 MAXBYTES 10000000");
    cr_assert_eq(reply->elements, 1100);
    freeReplyObject(reply);
    reply = redisCommand(c, "FETCH t 0 7 MAXBYTES 5000");
    cr_assert_geq(reply->elements, 1);
    cr_assert_leq(reply->elements, 5);
    cr_assert_eq(reply->element[0]->element[0]->integer, 7);
    freeReplyObject(reply);
    EXPECT_LIKE(c, "((1199, *", "FETCH t 0 1199 MAXBYTES 1");
    redisFree(c);
    server_end(&s);
}

Test(fetch, a_blocked_reader_wakes_when_a_record_comes)
{
    struct server s = server_start(NULL);
    redisContext *c = client_open(&s);
    redisContext *reader = client_open(&s);
    EXPECT(c, "+OK", "TOPIC CREATE t");
    client_send(reader, "FETCH t 0 0 BLOCK 0");
    EXPECT(c, "+PONG", "PING");
    EXPECT(c, "(0, 0)", "PRODUCE t v");
    EXPECT_NEXT_LIKE(reader, "((0, *, nil, \"v\", ()))");

    client_send(reader, "FETCH t 0 LATEST BLOCK 0");
    /* What comes behind a blocked command on the same connection waits for it. */
    client_send(reader, "PING");
    client_send(reader, "FETCH t 0 LATEST BLOCK 10");
    client_await(c, "*blocked_clients:1\\x0d*", "INFO clients");
    EXPECT(c, "(0, 1)", "PRODUCE t w");
    EXPECT_NEXT_LIKE(reader, "((1, *, nil, \"w\", ()))");
    EXPECT_NEXT(reader, "+PONG");
    EXPECT_NEXT(reader, "()");
    redisFree(c);
    redisFree(reader);
    server_end(&s);
}

Test(fetch, block_ends_with_what_is_there_when_its_time_is_up)
{
    struct server s = server_start(NULL);
    redisContext *c = client_open(&s);
    EXPECT(c, "(0, 0)", "PRODUCE t v");
    EXPECT(c, "()", "FETCH t 0 1 BLOCK 20");
    EXPECT_LIKE(c, "((0, *))", "FETCH t 0 0 MINBYTES 100000 BLOCK 20");
    EXPECT_LIKE(c, "((0, *))", "FETCH t 0 0 MINBYTES 100000");
    redisFree(c);
    server_end(&s);
}

Test(fetch, a_blocked_client_can_be_unblocked)
{
    struct server s = server_start(NULL);
    redisContext *c = client_open(&s);
    redisContext *reader = client_open(&s);
    EXPECT(c, "+OK", "TOPIC CREATE t");
    char *id = client_ask(reader, "CLIENT ID");
    EXPECT(c, "0", "CLIENT UNBLOCK %s", id);

    client_send(reader, "FETCH t 0 0 BLOCK 0");
    client_await(c, "1", "CLIENT UNBLOCK %s", id);
    EXPECT_NEXT(reader, "()");

    client_send(reader, "FETCH t 0 0 BLOCK 0");
    client_await(c, "1", "CLIENT UNBLOCK %s ERROR", id);
    EXPECT_NEXT(reader, "-UNBLOCKED client unblocked via CLIENT UNBLOCK");
    EXPECT(reader, "+PONG", "PING");
    free(id);
    redisFree(c);
    redisFree(reader);
    server_end(&s);
}

Test(fetch, many_partitions_are_read_at_once)
{
    struct server s = server_start(NULL);
    redisContext *c = client_open(&s);
    EXPECT(c, "+OK", "TOPIC CREATE a PARTITIONS 2");
    EXPECT(c, "(1, 0)", "PRODUCE a x PARTITION 1");
    EXPECT(c, "(0, 0)", "PRODUCE b y");
    EXPECT_LIKE(c,
                "((\"a\", 0, ()), (\"a\", 1, ((0, *, nil, \"x\", ()))), (\"b\", 0, ((0, *, nil, "
                "\"y\", ()))), "
                "(\"nosuch\", 0, -UNKNOWNTOPIC *))",
                "MFETCH FROM a 0 0 a 1 0 b 0 0 nosuch 0 0");
    EXPECT_LIKE(c, "((\"a\", 1, -OFFSETOUTOFRANGE *))", "MFETCH FROM a 1 7");
    EXPECT_LIKE(c, "-ERR *", "MFETCH FROM a 1");
    EXPECT_LIKE(c, "-ERR *", "MFETCH COUNT 5 a 1 0 FROM");

    redisContext *reader = client_open(&s);
    client_send(reader, "MFETCH BLOCK 0 FROM a 0 0 b 0 1");
    EXPECT(c, "(0, 0)", "PRODUCE a z PARTITION 0");
    EXPECT_NEXT_LIKE(reader, "*(\"a\", 0, ((0, *, nil, \"z\", ())))*");
    redisFree(c);
    redisFree(reader);
    server_end(&s);
}

Test(fetch, a_reader_that_leaves_while_blocked_is_forgotten)
{
    struct server s = server_start(NULL);
    redisContext *c = client_open(&s);
    EXPECT(c, "+OK", "TOPIC CREATE t");
    for (int i = 0; i < 20; i++) {
        redisContext *reader = client_open(&s);
        client_send(reader, "FETCH t 0 0 BLOCK 0");
        redisFree(reader);
    }
    EXPECT(c, "(0, 0)", "PRODUCE t v");
    EXPECT(c, "+PONG", "PING");
    redisFree(c);
    server_end(&s);
}

Test(fetch, so_is_one_that_had_much_more_to_say)
{
    struct server s = server_start(NULL);
    redisContext *c = client_open(&s);
    EXPECT(c, "+OK", "TOPIC CREATE t");
    int fd = raw_open(&s);
    RAW_SEND(fd, "FETCH t 0 LATEST BLOCK 0\r\n");
    client_await(c, "*blocked_clients:1*", "INFO clients");
    /* More than the server takes in meanwhile, and no more than the kernel does: behind a closed window it
     * would not hear of the end. */
    for (int i = 0; i < 9000; i++)
        RAW_SEND(fd, "ECHO hello\r\n");
    close(fd);
    client_await(c, "*blocked_clients:0*", "INFO clients");
    redisFree(c);
    server_end(&s);
}

Test(fetch, small_segments_are_read_across_their_seams)
{
    struct server s = server_start(NULL);
    redisContext *c = client_open(&s);
    EXPECT(c, "+OK", "TOPIC CREATE t CONFIG segment.bytes 16384 ack written");
    for (int i = 0; i < 3000; i++)
        redisAppendCommand(c, "PRODUCE t value-%06d", i);
    for (int i = 0; i < 3000; i++)
        EXPECT_NEXT_LIKE(c, "(0, *)");
    long long next = 0;
    while (next < 3000) {
        redisReply *reply = redisCommand(c, "FETCH t 0 %lld COUNT 77", next);
        cr_assert_eq(reply->type, REDIS_REPLY_ARRAY);
        cr_assert_gt(reply->elements, 0);
        for (size_t i = 0; i < reply->elements; i++, next++) {
            char expected[32];
            snprintf(expected, sizeof(expected), "value-%06lld", next);
            cr_assert_eq(reply->element[i]->element[0]->integer, next);
            cr_assert_str_eq(reply->element[i]->element[3]->str, expected);
        }
        freeReplyObject(reply);
    }
    redisFree(c);
    server_end(&s);
}
