/* SPDX-License-Identifier: BSD-3-Clause */
/* Consumer groups as clients see them. */
#include "server/harness.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void produce(redisContext *c, int count)
{
    for (int i = 0; i < count; i++)
        EXPECT_LIKE(c, "(0, *)", "PRODUCE t value-%d", i);
}

Test(groups, two_members_share_a_topic_and_each_record_comes_once)
{
    struct server s = server_start(NULL);
    redisContext *c = client_open(&s), *d = client_open(&s);
    EXPECT(c, "+OK", "TOPIC CREATE t PARTITIONS 2");
    EXPECT(c, "()", "CONSUME g c TOPICS t");
    EXPECT(d, "()", "CONSUME g d TOPICS t");
    EXPECT(c, "()", "CONSUME g c TOPICS t"); /* gives one up */
    EXPECT(d, "()", "CONSUME g d TOPICS t"); /* takes it */
    EXPECT_LIKE(c, "(\"name\", \"g\", \"state\", \"Stable\", \"epoch\", 2, *", "GROUP DESCRIBE g");
    EXPECT(c, "(0, 0)", "PRODUCE t zero PARTITION 0");
    EXPECT(c, "(1, 0)", "PRODUCE t one PARTITION 1");
    char *first = client_ask(c, "CONSUME g c TOPICS t");
    char *second = client_ask(d, "CONSUME g d TOPICS t");
    cr_expect_neq(strstr(first, "\"zero\"") != NULL, strstr(second, "\"zero\"") != NULL);
    cr_expect_neq(strstr(first, "\"one\"") != NULL, strstr(second, "\"one\"") != NULL);
    free(first);
    free(second);
    redisFree(c);
    redisFree(d);
    server_end(&s);
}

Test(groups, a_blocked_member_is_woken_and_its_partition_goes_to_the_other_when_it_is_gone)
{
    struct server s = server_start(NULL);
    redisContext *c = client_open(&s), *d = client_open(&s), *p = client_open(&s);
    EXPECT(p, "+OK", "TOPIC CREATE t");
    client_send(c, "CONSUME g c BLOCK 0 TOPICS t");
    client_await(p, "*\"name\", \"c\"*\"state\", \"waiting\"*", "GROUP MEMBERS g");
    client_send(d, "CONSUME g d BLOCK 0 TOPICS t");
    client_await(p, "*\"name\", \"d\"*", "GROUP MEMBERS g");
    produce(p, 1);
    EXPECT_NEXT_LIKE(c, "((\"t\", 0, ((0, *, nil, \"value-0\", ()))))");
    client_send(c, "CONSUME g c BLOCK 0 TOPICS t"); /* and commits */
    client_await(p, "*\"lag\", 0, *", "GROUP LAG g");
    redisFree(c);
    client_await(p, "*\"owned\", ((\"t\", 0))*", "GROUP MEMBERS g");
    produce(p, 1);
    EXPECT_NEXT_LIKE(d, "((\"t\", 0, ((1, *, nil, \"value-0\", ()))))");
    redisFree(d);
    redisFree(p);
    server_end(&s);
}

Test(groups, what_was_committed_is_there_after_kill_and_what_was_not_comes_again)
{
    struct server s = server_start(NULL);
    redisContext *c = client_open(&s);
    produce(c, 3);
    EXPECT_LIKE(c, "((\"t\", 0, ((0, *value-0*(1, *value-1*",
                "CONSUME g m COUNT 2 COMMIT MANUAL TOPICS t");
    EXPECT(c, "+OK", "COMMIT g m t 0 1 METADATA half-way");
    redisFree(c);
    server_kill(&s);
    server_again(&s);
    c = client_open(&s);
    EXPECT(c, "(\"g\")", "GROUP LIST");
    EXPECT_LIKE(c, "*\"committed\", 1, *\"metadata\", \"half-way\"*", "GROUP OFFSETS g");
    EXPECT_LIKE(c, "((\"t\", 0, ((1, *value-1*(2, *value-2*", "CONSUME g m TOPICS t");
    redisFree(c);
    server_end(&s);
}

Test(groups, a_member_joins_anew_after_a_restart_under_a_higher_epoch)
{
    struct server s = server_start(NULL);
    redisContext *c = client_open(&s);
    EXPECT(c, "+OK", "TOPIC CREATE t");
    EXPECT(c, "()", "CONSUME g m TOPICS t");
    EXPECT_LIKE(c, "*\"epoch\", 1, *", "GROUP DESCRIBE g");
    EXPECT(c, "+OK", "COMMIT g m t 0 0"); /* what was written before is on the device now */
    redisFree(c);
    server_kill(&s);
    server_again(&s);
    c = client_open(&s);
    EXPECT(c, "()", "CONSUME g m TOPICS t");
    char *text = client_ask(c, "GROUP DESCRIBE g");
    const char *epoch = strstr(text, "\"epoch\", ");
    cr_assert_not_null(epoch);
    cr_expect_gt(atoi(epoch + strlen("\"epoch\", ")), 1);
    free(text);
    redisFree(c);
    server_end(&s);
}

Test(groups, a_consumer_waits_for_a_topic_that_the_first_produce_makes)
{
    struct server s = server_start(NULL);
    redisContext *c = client_open(&s), *p = client_open(&s);
    client_send(c, "CONSUME g m BLOCK 0 TOPICS t");
    client_await(p, "*\"state\", \"waiting\"*", "GROUP MEMBERS g");
    EXPECT_LIKE(p, "(\"Topic 't', which 1 member subscribes to, does not exist*",
                "GROUP EXPLAIN g");
    produce(p, 1);
    EXPECT_NEXT_LIKE(c, "((\"t\", 0, ((0, *value-0*");
    redisFree(c);
    redisFree(p);
    server_end(&s);
}

Test(groups, a_damaged_stretch_is_told_once_and_reading_goes_on_behind_it)
{
    struct server s = server_start(NULL);
    redisContext *c = client_open(&s);
    for (int i = 0; i < 3; i++)
        EXPECT_LIKE(c, "(0, *)", "PRODUCE t needle-%d", i);
    redisFree(c);
    server_stop(&s);

    char path[SERVER_PATH_MAX + 64], bytes[4096];
    snprintf(path, sizeof(path), "%s/t-0/00000000000000000000.log", s.dir);
    FILE *file = fopen(path, "r+");
    cr_assert_not_null(file);
    size_t len = fread(bytes, 1, sizeof(bytes), file);
    const char *at = memmem(bytes, len, "needle-1", 8);
    cr_assert_not_null(at);
    fseek(file, at - bytes, SEEK_SET);
    fputc('N', file);
    fclose(file);

    server_again(&s);
    c = client_open(&s);
    EXPECT_LIKE(c, "((\"t\", 0, ((0, *needle-0*", "CONSUME g m COUNT 1 TOPICS t");
    EXPECT(
        c,
        "((\"t\", 0, -CORRUPT topic 't' partition 0: offsets 1 to 1 are damaged; the next readable "
        "offset is 2))",
        "CONSUME g m TOPICS t");
    EXPECT_LIKE(c, "((\"t\", 0, ((2, *needle-2*", "CONSUME g m TOPICS t");
    EXPECT(c, "()", "CONSUME g m TOPICS t");
    EXPECT_LIKE(c, "*\"committed\", 3, *", "GROUP OFFSETS g");
    redisFree(c);
    server_end(&s);
}

Test(groups, topics_that_grow_and_go_are_followed)
{
    struct server s = server_start(NULL);
    redisContext *c = client_open(&s);
    EXPECT(c, "+OK", "TOPIC CREATE t");
    EXPECT(c, "()", "CONSUME g m RESET LATEST TOPICS t");
    EXPECT(c, "+OK", "TOPIC ALTER t PARTITIONS 2");
    EXPECT(c, "(1, 0)", "PRODUCE t first PARTITION 1");
    EXPECT_LIKE(c, "((\"t\", 1, ((0, *first*", "CONSUME g m RESET LATEST TOPICS t");
    EXPECT(c, "+OK", "TOPIC DELETE t");
    EXPECT(c, "()", "CONSUME g m RESET LATEST TOPICS t");
    EXPECT(c, "()", "GROUP OFFSETS g");
    redisFree(c);
    server_end(&s);
}

Test(groups, a_session_that_runs_out_frees_the_partition)
{
    struct server s = server_start(NULL);
    redisContext *c = client_open(&s), *d = client_open(&s);
    EXPECT(c, "+OK", "TOPIC CREATE t");
    EXPECT(c, "()", "CONSUME g c SESSION 200 TOPICS t");
    produce(d, 1);
    EXPECT_LIKE(d, "((\"t\", 0, ((0, *value-0*", "CONSUME g d BLOCK 10000 TOPICS t");
    EXPECT(c, "-UNKNOWNMEMBER 'c' is not a member of group 'g'", "GROUP HEARTBEAT g c");
    redisFree(c);
    redisFree(d);
    server_end(&s);
}

Test(groups, the_commands_are_documented)
{
    struct server s = server_start(NULL);
    redisContext *c = client_open(&s);
    EXPECT_LIKE(c, "*\"consume\"*\"summary\"*\"group\", \"group\"*", "COMMAND DOCS consume");
    EXPECT_LIKE(c, "*SEEK group topic*", "GROUP HELP");
    redisFree(c);
    server_end(&s);
}
