/* SPDX-License-Identifier: BSD-3-Clause */
/* The bytes on the wire: framing, fragments, inline commands, limits, and what a broken protocol
 * answers before the connection is closed. */
#include "server/harness.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

Test(protocol, arrays_of_bulks_and_inline_commands_are_the_same)
{
    struct server s = server_start(NULL);
    int fd = raw_open(&s);
    RAW_SEND(fd, "*2\r\n$4\r\nECHO\r\n$2\r\nhi\r\nECHO hi\r\nPING\n");
    raw_expect(fd, "$2\r\nhi\r\n$2\r\nhi\r\n+PONG\r\n");
    RAW_SEND(fd, "\r\n\r\n*0\r\n*-1\r\nPING\r\n");
    raw_expect(fd, "+PONG\r\n");
    close(fd);
    server_end(&s);
}

Test(protocol, inline_arguments_can_be_quoted)
{
    struct server s = server_start(NULL);
    int fd = raw_open(&s);
    RAW_SEND(fd, "ECHO \"a b\\x41\\n\"\r\nECHO 'it\\'s'\r\nECHO   spaced  \r\nECHO ''\r\n");
    raw_expect(fd, "$5\r\na bA\n\r\n$4\r\nit's\r\n$6\r\nspaced\r\n$0\r\n\r\n");
    close(fd);
    server_end(&s);
}

Test(protocol, a_request_may_come_byte_by_byte)
{
    static const char request[] =
        "*3\r\n$7\r\nPUBLISH\r\n$1\r\na\r\n$4\r\nx\r\ny\r\nECHO 'b c'\r\n";
    struct server s = server_start(NULL);
    int fd = raw_open(&s);
    for (size_t i = 0; i < sizeof(request) - 1; i++)
        raw_send(fd, request + i, 1);
    raw_expect(fd, ":0\r\n$3\r\nb c\r\n");
    close(fd);
    server_end(&s);
}

Test(protocol, a_bulk_of_a_megabyte_comes_back_whole)
{
    size_t len = 1024 * 1024;
    char *big = malloc(len);
    for (size_t i = 0; i < len; i++)
        big[i] = (char)(i * 7);

    struct server s = server_start(NULL);
    redisContext *c = client_open(&s);
    redisReply *reply = redisCommand(c, "ECHO %b", big, len);
    cr_assert_eq(reply->type, REDIS_REPLY_STRING);
    cr_assert_eq((size_t)reply->len, len);
    cr_assert_eq(memcmp(reply->str, big, len), 0);
    freeReplyObject(reply);
    free(big);
    redisFree(c);
    server_end(&s);
}

/* Sends `bytes` on a connection of its own, expects the error and the end of the connection. */
static void expect_protocol_error(const struct server *s, const char *bytes, const char *error)
{
    int fd = raw_open(s);
    raw_send(fd, bytes, strlen(bytes));
    raw_expect(fd, error);
    raw_expect_closed(fd);
    close(fd);
}

Test(protocol, what_is_not_the_protocol_is_answered_and_closed)
{
    struct server s = server_start(NULL);
    expect_protocol_error(&s, "*1\r\n:4\r\n", "-ERR Protocol error: expected '$', got ':'\r\n");
    expect_protocol_error(&s, "*abc\r\n", "-ERR Protocol error: invalid multibulk length\r\n");
    expect_protocol_error(&s, "*1\r\n$abc\r\n", "-ERR Protocol error: invalid bulk length\r\n");
    expect_protocol_error(&s, "*1\r\n$-5\r\n", "-ERR Protocol error: invalid bulk length\r\n");
    expect_protocol_error(&s, "*1\r\n$999999999999\r\n",
                          "-ERR Protocol error: invalid bulk length\r\n");
    expect_protocol_error(&s, "*99999999999\r\n",
                          "-ERR Protocol error: invalid multibulk length\r\n");
    expect_protocol_error(&s, "\"abc\r\n", "-ERR Protocol error: unbalanced quotes in request\r\n");
    expect_protocol_error(&s, "ECHO \"a\"b\r\n",
                          "-ERR Protocol error: unbalanced quotes in request\r\n");

    /* What came before the error is answered first, and others do not notice. */
    expect_protocol_error(&s, "PING\r\n*abc\r\nPING\r\n",
                          "+PONG\r\n-ERR Protocol error: invalid multibulk length\r\n");
    redisContext *c = client_open(&s);
    EXPECT(c, "+PONG", "PING");
    redisFree(c);
    server_end(&s);
}

Test(protocol, an_endless_line_is_refused)
{
    struct server s = server_start(NULL);
    int fd = raw_open(&s);
    char line[1024];
    memset(line, 'a', sizeof(line));
    for (int i = 0; i < 64; i++)
        raw_send(fd, line, sizeof(line));
    RAW_SEND(fd, "a");
    raw_expect(fd, "-ERR Protocol error: too big inline request\r\n");
    raw_expect_closed(fd);
    close(fd);

    fd = raw_open(&s);
    RAW_SEND(fd, "*");
    memset(line, '1', sizeof(line));
    for (int i = 0; i < 64; i++)
        raw_send(fd, line, sizeof(line));
    raw_expect(fd, "-ERR Protocol error: too big mbulk count string\r\n");
    raw_expect_closed(fd);
    close(fd);
    server_end(&s);
}

Test(protocol, a_bulk_over_the_configured_limit_is_refused)
{
    struct server s = server_start("--proto-max-bulk-len", "1mb", NULL);
    int fd = raw_open(&s);
    RAW_SEND(fd, "*2\r\n$4\r\nECHO\r\n$1048577\r\n");
    raw_expect(fd, "-ERR Protocol error: invalid bulk length\r\n");
    raw_expect_closed(fd);
    close(fd);
    server_end(&s);
}

Test(protocol, without_a_password_the_limits_are_small)
{
    struct server s = server_start("--requirepass", "sesame", NULL);
    int fd = raw_open(&s);
    RAW_SEND(fd, "*100\r\n");
    raw_expect(fd, "-ERR Protocol error: unauthenticated multibulk length\r\n");
    raw_expect_closed(fd);
    close(fd);

    fd = raw_open(&s);
    RAW_SEND(fd, "*2\r\n$4\r\nAUTH\r\n$100000\r\n");
    raw_expect(fd, "-ERR Protocol error: unauthenticated bulk length\r\n");
    raw_expect_closed(fd);
    close(fd);
    server_end(&s);
}

Test(protocol, a_connection_that_ends_mid_request_changes_nothing)
{
    struct server s = server_start(NULL);
    int fd = raw_open(&s);
    RAW_SEND(fd, "*3\r\n$7\r\nPRODUCE\r\n$1\r\nt\r\n$100\r\nonly a part");
    close(fd);

    redisContext *c = client_open(&s);
    EXPECT(c, "()", "TOPIC LIST");
    EXPECT(c, "+PONG", "PING");
    redisFree(c);
    server_end(&s);
}

Test(protocol, resp3_has_types_of_its_own)
{
    struct server s = server_start(NULL);
    int fd = raw_open(&s);
    RAW_SEND(fd, "HELLO 3\r\n");
    free(raw_read_until(fd, "$7\r\nmodules\r\n*0\r\n"));
    RAW_SEND(fd, "CLIENT GETNAME\r\nCONFIG GET maxclients\r\nPRODUCE t v HEADER a b\r\n");
    raw_expect(fd, "_\r\n%1\r\n$10\r\nmaxclients\r\n$5\r\n10000\r\n*2\r\n:0\r\n:0\r\n");
    RAW_SEND(fd, "FETCH t 0 0\r\n");
    raw_expect(fd, "*1\r\n*5\r\n:0\r\n:");
    free(raw_read_until(fd, "\r\n"));
    raw_expect(fd, "_\r\n$1\r\nv\r\n%1\r\n$1\r\na\r\n$1\r\nb\r\n");
    close(fd);
    server_end(&s);
}
