/* SPDX-License-Identifier: BSD-3-Clause */
#include "server/way.h"
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define LARGE_BYTES ((size_t)64 * 1024 * 1024)
#define PIPELINE 100000

void way_carries_pubsub(const struct way *w)
{
    redisContext *hears = w->open(w), *says = w->open(w);
    EXPECT(hears, "(\"subscribe\", \"news\", 1)", "SUBSCRIBE news");
    EXPECT(hears, "(\"psubscribe\", \"n*\", 2)", "PSUBSCRIBE n*");
    for (int i = 0; i < 100; i++) {
        char expected[64];
        EXPECT(says, "2", "PUBLISH news %d", i);
        snprintf(expected, sizeof(expected), "(\"message\", \"news\", \"%d\")", i);
        EXPECT_NEXT(hears, expected);
        snprintf(expected, sizeof(expected), "(\"pmessage\", \"n*\", \"news\", \"%d\")", i);
        EXPECT_NEXT(hears, expected);
    }
    redisFree(hears);
    client_await(says, "0", "PUBLISH news gone");
    redisFree(says);
}

void way_carries_blocking_reads(const struct way *w)
{
    redisContext *reads = w->open(w), *writes = w->open(w);
    EXPECT(writes, "(0, 0)", "PRODUCE blocked first");
    for (int i = 1; i < 20; i++) {
        char expected[64];
        client_send(reads, "FETCH blocked 0 %d BLOCK 0", i);
        client_await(writes, "*blocked_clients:1*", "INFO clients");
        snprintf(expected, sizeof(expected), "(0, %d)", i);
        EXPECT(writes, expected, "PRODUCE blocked v%d", i);
        snprintf(expected, sizeof(expected), "((%d, *, nil, \"v%d\", ()))", i, i);
        EXPECT_NEXT_LIKE(reads, expected);
    }
    redisFree(reads);
    redisFree(writes);
}

void way_carries_follows(const struct way *w)
{
    redisContext *writes = w->open(w), *follows = w->open(w);
    for (int i = 0; i < 1000; i++)
        redisAppendCommand(writes, "PRODUCE followed value-%d ACK WRITTEN", i);
    for (int i = 0; i < 1000; i++)
        EXPECT_NEXT_LIKE(writes, "(0, *)");
    EXPECT(follows, "(\"psubscribe\", \"log:followed@earliest\", 1)",
           "PSUBSCRIBE log:followed@earliest");
    for (int i = 0; i < 1000; i++) {
        char expected[128];
        snprintf(expected, sizeof(expected),
                 "(\"pmessage\", \"log:followed@earliest\", \"followed/0@%d\", \"value-%d\")", i,
                 i);
        EXPECT_NEXT(follows, expected);
    }
    EXPECT(writes, "(0, 1000)", "PRODUCE followed live");
    EXPECT_NEXT(follows,
                "(\"pmessage\", \"log:followed@earliest\", \"followed/0@1000\", \"live\")");
    int fd = w->open_raw(w);
    RAW_SEND(fd, "HELLO 3\r\nFOLLOW followed FROM 999\r\n");
    free(raw_read_until(fd, "value-999\r\n"));
    free(raw_read_until(fd, "live\r\n"));
    close(fd);
    redisFree(writes);
    redisFree(follows);
}

void way_carries_large_arguments(const struct way *w)
{
    redisContext *c = w->open(w);
    char *large = malloc(LARGE_BYTES);
    for (size_t i = 0; i < LARGE_BYTES; i++)
        large[i] = (char)(i * 2654435761u >> 13);
    redisReply *reply = redisCommand(c, "ECHO %b", large, LARGE_BYTES);
    cr_assert_not_null(reply, "%s", c->errstr);
    cr_assert_eq(reply->type, REDIS_REPLY_STRING);
    cr_assert_eq((size_t)reply->len, LARGE_BYTES);
    cr_assert(memcmp(reply->str, large, LARGE_BYTES) == 0);
    freeReplyObject(reply);
    free(large);
    EXPECT(c, "+PONG", "PING");
    redisFree(c);
}

void way_carries_long_pipelines(const struct way *w)
{
    redisContext *c = w->open(w);
    for (int i = 0; i < PIPELINE; i++)
        redisAppendCommand(c, "ECHO %d", i);
    for (int i = 0; i < PIPELINE; i++) {
        char expected[32];
        snprintf(expected, sizeof(expected), "\"%d\"", i);
        EXPECT_NEXT(c, expected);
    }
    redisFree(c);
}

/* Sends and reads as either is possible: neither side ever waits for the other to stop. */
void way_carries_both_ways_at_once(const struct way *w)
{
    static char request[8192], got[65536];
    size_t size = 0, to_send, to_get, sent = 0, seen = 0;
    size_t head = (size_t)snprintf(request, sizeof(request), "*2\r\n$4\r\nECHO\r\n$4000\r\n");
    memset(request + head, 'x', 4000);
    memcpy(request + head + 4000, "\r\n", 2);
    size = head + 4002;
    to_send = size * 5000;
    to_get = (size_t)(7 + 4002) * 5000; /* "$4000\r\n" and the value */
    int fd = w->open_raw(w);
    while (seen < to_get) {
        struct pollfd p = {.fd = fd, .events = (short)(POLLIN | (sent < to_send ? POLLOUT : 0))};
        cr_assert_gt(poll(&p, 1, 60000), 0, "%zu of %zu sent, %zu of %zu seen", sent, to_send, seen,
                     to_get);
        if (p.revents & POLLOUT) {
            ssize_t n =
                send(fd, request + sent % size, size - sent % size, MSG_DONTWAIT | MSG_NOSIGNAL);
            sent += n > 0 ? (size_t)n : 0;
        }
        if (p.revents & (POLLIN | POLLHUP)) {
            ssize_t n = recv(fd, got, sizeof(got), MSG_DONTWAIT);
            cr_assert_neq(n, 0, "the end after %zu of %zu", seen, to_get);
            seen += n > 0 ? (size_t)n : 0;
        }
    }
    cr_assert_eq(seen, to_get);
    close(fd);
}

void way_tells_that_a_blocked_client_left(const struct way *w)
{
    redisContext *c = client_open(w->server);
    EXPECT(c, "+OK", "TOPIC CREATE empty");
    int fd = w->open_raw(w);
    RAW_SEND(fd, "FETCH empty 0 LATEST BLOCK 0\r\n");
    client_await(c, "*blocked_clients:1*", "INFO clients");
    close(fd);
    client_await(c, "*blocked_clients:0*", "INFO clients");
    redisFree(c);
}
