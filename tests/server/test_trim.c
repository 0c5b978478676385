/* SPDX-License-Identifier: BSD-3-Clause */
/* TOPIC TRIM: dropping what is before an offset. */
#include "server/harness.h"
#include <unistd.h>

static void produce(redisContext *c, int count)
{
    for (int i = 0; i < count; i++)
        EXPECT_LIKE(c, "(0, *)", "PRODUCE t value-%d", i);
}

Test(trim, what_is_before_the_offset_is_gone_and_stays_gone)
{
    struct server s = server_start(NULL);
    redisContext *c = client_open(&s);
    produce(c, 10);
    EXPECT(c, "4", "TOPIC TRIM t 0 BEFORE 4");
    EXPECT(c, "((0, 4, -1))", "TOPIC OFFSETS t EARLIEST");
    EXPECT_LIKE(c, "-OFFSETOUTOFRANGE *begins at 4 and ends before 10*", "FETCH t 0 3");
    EXPECT_LIKE(c, "((4, *value-4*", "FETCH t 0 EARLIEST COUNT 1");
    redisFree(c);
    server_kill(&s);
    server_again(&s);
    c = client_open(&s);
    EXPECT(c, "((0, 4, -1))", "TOPIC OFFSETS t EARLIEST");
    EXPECT_LIKE(c, "((4, *value-4*", "FETCH t 0 EARLIEST COUNT 1");
    redisFree(c);
    server_end(&s);
}

Test(trim, an_offset_before_the_log_start_changes_nothing)
{
    struct server s = server_start(NULL);
    redisContext *c = client_open(&s);
    produce(c, 5);
    EXPECT(c, "3", "TOPIC TRIM t 0 BEFORE 3");
    EXPECT(c, "3", "TOPIC TRIM t 0 BEFORE 0");
    EXPECT(c, "5", "TOPIC TRIM t 0 BEFORE 5");
    EXPECT(c, "(0, 5)", "PRODUCE t next");
    redisFree(c);
    server_end(&s);
}

Test(trim, what_cannot_be_is_refused_with_the_range)
{
    struct server s = server_start(NULL);
    redisContext *c = client_open(&s);
    produce(c, 5);
    EXPECT(c, "2", "TOPIC TRIM t 0 BEFORE 2");
    EXPECT(c,
           "-OFFSETOUTOFRANGE topic 't' partition 0 cannot be trimmed before 6: it begins at 2 and "
           "ends before 5",
           "TOPIC TRIM t 0 BEFORE 6");
    EXPECT_LIKE(c, "-UNKNOWNTOPIC *", "TOPIC TRIM none 0 BEFORE 6");
    EXPECT_LIKE(c, "-*partition*", "TOPIC TRIM t 1 BEFORE 6");
    EXPECT_LIKE(c, "-ERR *BEFORE*", "TOPIC TRIM t 0 BEFORE -1");
    EXPECT_LIKE(c, "-ERR value is not an integer*", "TOPIC TRIM t 0 BEFORE x");
    EXPECT(c, "-ERR syntax error", "TOPIC TRIM t 0 AFTER 1");
    EXPECT_LIKE(c, "-ERR wrong number of arguments*", "TOPIC TRIM t 0");
    redisFree(c);
    server_end(&s);
}

Test(trim, what_was_produced_in_the_same_breath_counts)
{
    struct server s = server_start(NULL);
    int fd = raw_open(&s);
    RAW_SEND(fd, "PRODUCE t a\r\nPRODUCE t b\r\nTOPIC TRIM t 0 BEFORE 2\r\nPRODUCE t c\r\n"
                 "FETCH t 0 1\r\n");
    raw_expect(fd, "*2\r\n:0\r\n:0\r\n*2\r\n:0\r\n:1\r\n:2\r\n*2\r\n:0\r\n:2\r\n"
                   "-OFFSETOUTOFRANGE topic 't' partition 0 has no offset 1: it begins at 2 and "
                   "ends before 3\r\n");
    close(fd);
    server_end(&s);
}

Test(trim, a_parked_reader_below_the_new_start_is_told)
{
    struct server s = server_start(NULL);
    redisContext *c = client_open(&s);
    redisContext *reader = client_open(&s);
    produce(c, 5);
    client_send(reader, "FETCH t 0 1 MINBYTES 100000 BLOCK 0");
    client_await(c, "*blocked_clients:1*", "INFO clients");
    EXPECT(c, "4", "TOPIC TRIM t 0 BEFORE 4");
    EXPECT_NEXT_LIKE(reader, "-OFFSETOUTOFRANGE *begins at 4*");
    redisFree(reader);
    redisFree(c);
    server_end(&s);
}
