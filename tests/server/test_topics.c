/* SPDX-License-Identifier: BSD-3-Clause */
/* The TOPIC family: making, describing, growing, configuring and deleting topics. */
#include "server/harness.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

Test(topics, a_topic_is_created_once)
{
    struct server s = server_start(NULL);
    redisContext *c = client_open(&s);
    EXPECT(c, "()", "TOPIC LIST");
    EXPECT(c, "+OK", "TOPIC CREATE orders PARTITIONS 4");
    EXPECT_LIKE(c, "-TOPICEXISTS *orders*", "TOPIC CREATE orders");
    EXPECT(c, "+OK", "TOPIC CREATE orders IF NOT EXISTS PARTITIONS 9");
    EXPECT(c, "((0, 0, -1), (1, 0, -1), (2, 0, -1), (3, 0, -1))", "TOPIC OFFSETS orders LATEST");
    EXPECT(c, "(\"orders\")", "TOPIC LIST");
    redisFree(c);
    server_end(&s);
}

Test(topics, a_list_can_be_narrowed_by_a_pattern)
{
    struct server s = server_start(NULL);
    redisContext *c = client_open(&s);
    EXPECT(c, "+OK", "TOPIC CREATE a.1");
    EXPECT(c, "+OK", "TOPIC CREATE a.2");
    EXPECT(c, "+OK", "TOPIC CREATE b.1");
    EXPECT(c, "(\"b.1\")", "TOPIC LIST MATCH b*");
    EXPECT(c, "()", "TOPIC LIST MATCH c*");
    redisReply *all = redisCommand(c, "TOPIC LIST");
    cr_assert_eq(all->elements, 3);
    freeReplyObject(all);
    EXPECT(c, "3", "DBSIZE");
    redisFree(c);
    server_end(&s);
}

Test(topics, names_that_cannot_be_are_refused)
{
    struct server s = server_start(NULL);
    redisContext *c = client_open(&s);
    char name[251];
    memset(name, 'n', 250);
    name[250] = '\0';
    EXPECT_LIKE(c, "-INVALIDTOPIC *", "TOPIC CREATE %s", name);
    EXPECT(c, "+OK", "TOPIC CREATE %s", name + 1);
    EXPECT_LIKE(c, "-INVALIDTOPIC *", "TOPIC CREATE %s", "");
    EXPECT_LIKE(c, "-INVALIDTOPIC *", "TOPIC CREATE .");
    EXPECT_LIKE(c, "-INVALIDTOPIC *", "TOPIC CREATE ..");
    EXPECT_LIKE(c, "-INVALIDTOPIC *", "TOPIC CREATE a/b");
    EXPECT_LIKE(c, "-INVALIDTOPIC *", "TOPIC CREATE %s", "a b");
    EXPECT_LIKE(c, "-INVALIDTOPIC *", "TOPIC CREATE %b", "a\0b", (size_t)3);
    EXPECT_LIKE(c, "-INVALIDTOPIC *", "TOPIC CREATE caf\xc3\xa9");
    EXPECT_LIKE(c, "-INVALIDTOPIC *", "TOPIC CREATE __mine");
    EXPECT_LIKE(c, "-INVALIDTOPIC *", "PRODUCE a/b v");
    EXPECT_LIKE(c, "-INVALIDTOPIC *", "PRODUCE __mine v");
    EXPECT(c, "1", "DBSIZE");
    redisFree(c);
    server_end(&s);
}

Test(topics, a_growth_ends_when_a_key_or_a_deletion_comes_meanwhile)
{
    struct server s = server_start(NULL);
    redisContext *c = client_open(&s);
    EXPECT(c, "+OK", "TOPIC CREATE t");
    EXPECT(c, "+OK", "MULTI");
    EXPECT(c, "+QUEUED", "TOPIC ALTER t PARTITIONS 4");
    EXPECT(c, "+QUEUED", "PRODUCE t v KEY k");
    EXPECT_LIKE(c, "(-ERR *'t'*REMAP*, (0, 0))", "EXEC");
    EXPECT(c, "((0, 1, -1))", "TOPIC OFFSETS t LATEST");
    EXPECT(c, "+OK", "MULTI");
    EXPECT(c, "+QUEUED", "TOPIC ALTER t PARTITIONS 4 REMAP");
    EXPECT(c, "+QUEUED", "TOPIC DELETE t");
    EXPECT(c, "(-UNKNOWNTOPIC topic 't' was deleted, +OK)", "EXEC");
    redisFree(c);
    server_end(&s);
}

Test(topics, internal_topics_are_not_for_clients_to_change)
{
    struct server s = server_start(NULL);
    redisContext *c = client_open(&s);
    const char *refused = "-INVALIDTOPIC *'__mine'*internal*";
    EXPECT_LIKE(c, "-INVALIDTOPIC *internal*", "TOPIC CREATE __mine");
    EXPECT_LIKE(c, refused, "TOPIC ALTER __mine PARTITIONS 2");
    EXPECT_LIKE(c, refused, "TOPIC CONFIG SET __mine retention.ms 1");
    EXPECT_LIKE(c, refused, "TOPIC CONFIG RESET __mine retention.ms");
    EXPECT_LIKE(c, refused, "TOPIC TRIM __mine 0 BEFORE 0");
    EXPECT_LIKE(c, refused, "TOPIC DELETE __mine");
    EXPECT_LIKE(c, refused, "MPRODUCE __mine VALUES v");
    EXPECT_LIKE(c, "-UNKNOWNTOPIC *", "TOPIC CONFIG GET __mine");
    EXPECT_LIKE(c, "-UNKNOWNTOPIC *", "TOPIC DESCRIBE __mine");
    redisFree(c);
    server_end(&s);
}

Test(topics, bad_options_are_refused_and_create_nothing)
{
    struct server s = server_start(NULL);
    redisContext *c = client_open(&s);
    EXPECT(c, "-ERR syntax error", "TOPIC CREATE t FOO 1");
    EXPECT(c, "-ERR syntax error", "TOPIC CREATE t PARTITIONS");
    EXPECT(c, "-ERR syntax error", "TOPIC CREATE t IF NOT");
    EXPECT_LIKE(c, "-ERR *PARTITIONS*", "TOPIC CREATE t PARTITIONS 0");
    EXPECT_LIKE(c, "-ERR *PARTITIONS*", "TOPIC CREATE t PARTITIONS -3");
    EXPECT_LIKE(c, "-ERR *PARTITIONS*", "TOPIC CREATE t PARTITIONS 100001");
    EXPECT_LIKE(c, "-ERR *", "TOPIC CREATE t PARTITIONS abc");
    EXPECT_LIKE(c, "-INVALIDCONFIG *retention.ms*", "TOPIC CREATE t CONFIG retention.m 5");
    EXPECT_LIKE(c, "-INVALIDCONFIG *", "TOPIC CREATE t CONFIG retention.ms soon");
    EXPECT_LIKE(c, "-INVALIDCONFIG *", "TOPIC CREATE t CONFIG compression.type zstd");
    EXPECT_LIKE(c, "-INVALIDCONFIG *", "TOPIC CREATE t CONFIG segment.bytes 0");
    EXPECT_LIKE(c, "-ERR unknown subcommand 'FOO'*", "TOPIC FOO");
    EXPECT_LIKE(c, "-ERR wrong number of arguments for 'topic|create' command", "TOPIC CREATE");
    EXPECT(c, "()", "TOPIC LIST");
    redisFree(c);
    server_end(&s);
}

Test(topics, config_can_be_read_set_and_reset)
{
    struct server s = server_start(NULL);
    redisContext *c = client_open(&s);
    EXPECT(c, "+OK", "TOPIC CREATE t CONFIG retention.ms 60000 ack written");
    EXPECT(c, "(\"retention.ms\", \"60000\")", "TOPIC CONFIG GET t retention.ms");
    EXPECT(c, "(\"ack\", \"written\")", "TOPIC CONFIG GET t a*");
    EXPECT(c, "(\"cleanup.policy\", \"delete\")", "TOPIC CONFIG GET t cleanup.policy");
    EXPECT(c, "+OK", "TOPIC CONFIG SET t ack none segment.bytes 1048576");
    EXPECT(c, "(\"ack\", \"none\")", "TOPIC CONFIG GET t ack");
    EXPECT(c, "(0, -1)", "PRODUCE t v");
    EXPECT(c, "+OK", "TOPIC CONFIG RESET t ack retention.ms");
    EXPECT(c, "(\"ack\", \"synced\")", "TOPIC CONFIG GET t ack");
    EXPECT(c, "(\"retention.ms\", \"604800000\")", "TOPIC CONFIG GET t retention.ms");
    EXPECT(c, "(\"segment.bytes\", \"1048576\")", "TOPIC CONFIG GET t segment.bytes");

    /* All or nothing, and the nearest known name. */
    EXPECT_LIKE(c, "-INVALIDCONFIG *flush.ms*", "TOPIC CONFIG SET t ack none flush.m 5");
    EXPECT(c, "(\"ack\", \"synced\")", "TOPIC CONFIG GET t ack");
    EXPECT_LIKE(c, "-UNKNOWNTOPIC *nosuch*", "TOPIC CONFIG GET nosuch");
    redisFree(c);
    server_end(&s);
}

Test(topics, topics_and_their_config_survive_a_restart)
{
    struct server s = server_start(NULL);
    redisContext *c = client_open(&s);
    EXPECT(c, "+OK", "TOPIC CREATE orders PARTITIONS 3 CONFIG retention.ms 60000");
    EXPECT(c, "+OK", "TOPIC CREATE plain");
    EXPECT(c, "+OK", "TOPIC CONFIG SET plain ack written");
    EXPECT(c, "+OK", "TOPIC CREATE gone");
    EXPECT(c, "+OK", "TOPIC DELETE gone");
    redisFree(c);

    for (int killed = 0; killed <= 1; killed++) {
        if (killed)
            server_kill(&s);
        else
            server_stop(&s);
        server_again(&s);
        c = client_open(&s);
        EXPECT(c, "2", "DBSIZE");
        EXPECT(c, "((0, 0, -1), (1, 0, -1), (2, 0, -1))", "TOPIC OFFSETS orders LATEST");
        EXPECT(c, "(\"retention.ms\", \"60000\")", "TOPIC CONFIG GET orders retention.ms");
        EXPECT(c, "(\"ack\", \"written\")", "TOPIC CONFIG GET plain ack");
        redisFree(c);
    }
    server_end(&s);
}

Test(topics, partitions_only_grow)
{
    struct server s = server_start(NULL);
    redisContext *c = client_open(&s);
    EXPECT(c, "+OK", "TOPIC CREATE t PARTITIONS 2");
    EXPECT(c, "(1, 0)", "PRODUCE t v PARTITION 1");
    EXPECT(c, "+OK", "TOPIC ALTER t PARTITIONS 4");
    EXPECT(c, "(3, 0)", "PRODUCE t w PARTITION 3");
    EXPECT_LIKE(c, "((0, *, nil, \"v\", ()))", "FETCH t 1 0");
    EXPECT_LIKE(c, "-ERR *", "TOPIC ALTER t PARTITIONS 3");
    EXPECT_LIKE(c, "-UNKNOWNTOPIC *", "TOPIC ALTER nosuch PARTITIONS 3");
    EXPECT(c, "((0, 0, -1), (1, 1, -1), (2, 0, -1), (3, 1, -1))", "TOPIC OFFSETS t LATEST");
    redisFree(c);
    server_end(&s);
}

Test(topics, growing_under_keys_needs_consent)
{
    struct server s = server_start(NULL);
    redisContext *c = client_open(&s);
    EXPECT(c, "+OK", "TOPIC CREATE t PARTITIONS 2");
    EXPECT_LIKE(c, "(*, 0)", "PRODUCE t v KEY k");
    EXPECT_LIKE(c, "-ERR *REMAP*", "TOPIC ALTER t PARTITIONS 4");
    EXPECT(c, "+OK", "TOPIC ALTER t PARTITIONS 4 REMAP");
    redisFree(c);
    server_end(&s);
}

Test(topics, deleting_takes_the_records_and_a_new_one_inherits_nothing)
{
    struct server s = server_start(NULL);
    redisContext *c = client_open(&s);
    EXPECT(c, "+OK", "TOPIC CREATE t PARTITIONS 2 CONFIG ack written");
    EXPECT(c, "(1, 0)", "PRODUCE t v PARTITION 1");
    EXPECT_LIKE(c, "-UNKNOWNTOPIC *nosuch*", "TOPIC DELETE t nosuch");
    EXPECT(c, "1", "DBSIZE");
    EXPECT(c, "+OK", "TOPIC DELETE t");
    EXPECT_LIKE(c, "-UNKNOWNTOPIC *", "FETCH t 1 0");
    EXPECT_LIKE(c, "-UNKNOWNTOPIC *", "TOPIC DESCRIBE t");
    EXPECT_LIKE(c, "-UNKNOWNTOPIC *", "TOPIC DELETE t");

    EXPECT(c, "+OK", "TOPIC CREATE t");
    EXPECT(c, "((0, 0, -1))", "TOPIC OFFSETS t LATEST");
    EXPECT(c, "(\"ack\", \"synced\")", "TOPIC CONFIG GET t ack");
    EXPECT(c, "()", "FETCH t 0 0");
    redisFree(c);
    server_end(&s);
}

Test(topics, deleting_answers_readers_that_wait)
{
    struct server s = server_start(NULL);
    redisContext *c = client_open(&s);
    redisContext *reader = client_open(&s);
    EXPECT(c, "+OK", "TOPIC CREATE t");
    client_send(reader, "FETCH t 0 0 BLOCK 0");
    EXPECT(c, "+OK", "TOPIC DELETE t");
    EXPECT_NEXT_LIKE(reader, "-UNKNOWNTOPIC *");
    EXPECT(reader, "+PONG", "PING");
    redisFree(c);
    redisFree(reader);
    server_end(&s);
}

Test(topics, describe_tells_partitions_and_config)
{
    struct server s = server_start(NULL);
    redisContext *c = client_open(&s);
    EXPECT(c, "+OK", "TOPIC CREATE t PARTITIONS 2 CONFIG retention.ms 60000");
    EXPECT(c, "(1, 0)", "PRODUCE t v PARTITION 1");
    EXPECT_LIKE(c, "(*\"id\", *\"partitions\", ((*), (*))*\"retention.ms\", \"60000\"*)",
                "TOPIC DESCRIBE t");
    EXPECT_LIKE(c, "-UNKNOWNTOPIC *nosuch*", "TOPIC DESCRIBE nosuch");
    redisFree(c);
    server_end(&s);
}

Test(topics, offsets_are_found_by_place_and_time)
{
    struct server s = server_start("--log-retention-ms", "-1", NULL);
    redisContext *c = client_open(&s);
    EXPECT(c, "+OK", "TOPIC CREATE t PARTITIONS 2");
    EXPECT(c, "(0, 0)", "PRODUCE t a PARTITION 0 TIMESTAMP 1000");
    EXPECT(c, "(0, 1)", "PRODUCE t b PARTITION 0 TIMESTAMP 3000");
    EXPECT(c, "(0, 2)", "PRODUCE t c PARTITION 0 TIMESTAMP 2000");
    EXPECT(c, "((0, 0, -1), (1, 0, -1))", "TOPIC OFFSETS t EARLIEST");
    EXPECT(c, "((0, 3, -1), (1, 0, -1))", "TOPIC OFFSETS t LATEST");
    EXPECT(c, "((0, 3, -1))", "TOPIC OFFSETS t 0 LATEST");
    EXPECT(c, "((0, 0, 1000))", "TOPIC OFFSETS t 0 AT 0");
    EXPECT(c, "((0, 1, 3000))", "TOPIC OFFSETS t 0 AT 1001");
    EXPECT(c, "((0, 1, 3000))", "TOPIC OFFSETS t 0 AT 3000");
    EXPECT(c, "((1, 3000, nil, \"b\", ()), (2, 2000, nil, \"c\", ()))", "FETCH t 0 @1500");
    EXPECT_LIKE(c, "-UNKNOWNPARTITION *", "TOPIC OFFSETS t 2");
    EXPECT_LIKE(c, "-UNKNOWNTOPIC *", "TOPIC OFFSETS nosuch");
    EXPECT_LIKE(c, "-ERR *", "TOPIC OFFSETS t 0 AT soon");
    redisFree(c);
    server_end(&s);
}

Test(topics, the_files_lie_where_a_kafka_user_looks_for_them)
{
    struct server s = server_start(NULL);
    redisContext *c = client_open(&s);
    EXPECT(c, "+OK", "TOPIC CREATE orders PARTITIONS 2");
    EXPECT(c, "(1, 0)", "PRODUCE orders v PARTITION 1");
    char path[512];
    struct stat st;
    snprintf(path, sizeof(path), "%s/orders-1/00000000000000000000.log", s.dir);
    cr_assert_eq(stat(path, &st), 0, "there is no %s", path);
    cr_assert_gt(st.st_size, 61);
    snprintf(path, sizeof(path), "%s/topics/orders.meta", s.dir);
    cr_assert_eq(stat(path, &st), 0, "there is no %s", path);
    redisFree(c);
    server_end(&s);
}

Test(topics, retention_removes_what_is_past_its_age_on_the_clock)
{
    struct server s = server_start("--log-retention-check-ms", "50", NULL);
    redisContext *c = client_open(&s);
    EXPECT(c, "+OK", "TOPIC CREATE t CONFIG retention.ms 60000");
    EXPECT(c, "(0, 0)", "PRODUCE t old TIMESTAMP 1000");
    EXPECT(c, "(0, 1)", "PRODUCE t new");
    /* The old one is past its age from the start: no read may return it. */
    EXPECT_LIKE(c, "((1, *, nil, \"new\", ()))", "FETCH t 0 EARLIEST");
    EXPECT_LIKE(c, "-OFFSETOUTOFRANGE *1*2*", "FETCH t 0 0");
    redisFree(c);
    server_end(&s);
}
