/* SPDX-License-Identifier: BSD-3-Clause */
/* Garbage of all kinds: the server answers or closes, stays up, and stores nothing. */
#include "server/harness.h"
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* A small generator, so that every run tries the same. */
static uint32_t next_random(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

/* Sends bytes and half-closes; reads whatever comes until the server closes. */
static void pour(const struct server *s, const char *bytes, size_t len)
{
    int fd = raw_open(s);
    if (len > 0)
        send(fd, bytes, len, MSG_NOSIGNAL);
    shutdown(fd, SHUT_WR);
    char sink[4096];
    while (recv(fd, sink, sizeof(sink), 0) > 0)
        ;
    close(fd);
}

static void expect_untouched(const struct server *s)
{
    redisContext *c = client_open(s);
    EXPECT(c, "+PONG", "PING");
    EXPECT(c, "(\"t\")", "TOPIC LIST");
    EXPECT_LIKE(c, "((0, *, nil, \"kept\", ()))", "FETCH t 0 0");
    redisFree(c);
}

Test(bad_input, random_bytes_do_no_harm)
{
    struct server s = server_start(NULL);
    redisContext *c = client_open(&s);
    EXPECT(c, "(0, 0)", "PRODUCE t kept");
    redisFree(c);

    static const char alphabet[] = "*$:+-_%>\r\n0123456789abc \"'\\x\0\xff";
    uint32_t state = 2463534242;
    char bytes[512];
    for (int round = 0; round < 300; round++) {
        size_t len = next_random(&state) % sizeof(bytes);
        for (size_t i = 0; i < len; i++)
            bytes[i] = alphabet[next_random(&state) % (sizeof(alphabet) - 1)];
        pour(&s, bytes, len);
    }
    expect_untouched(&s);
    server_end(&s);
}

Test(bad_input, a_request_cut_at_any_byte_does_no_harm)
{
    static const char request[] =
        "*5\r\n$7\r\nPRODUCE\r\n$1\r\nu\r\n$3\r\nabc\r\n$3\r\nKEY\r\n$1\r\nk";
    struct server s = server_start(NULL);
    redisContext *c = client_open(&s);
    EXPECT(c, "(0, 0)", "PRODUCE t kept");
    redisFree(c);
    for (size_t len = 0; len < sizeof(request); len++)
        pour(&s, request, len);
    expect_untouched(&s);
    server_end(&s);
}

Test(bad_input, a_changed_byte_in_a_request_does_no_harm)
{
    static const char request[] = "*3\r\n$4\r\nECHO\r\n$3\r\nabc\r\n$1\r\nk\r\n";
    struct server s = server_start(NULL);
    redisContext *c = client_open(&s);
    EXPECT(c, "(0, 0)", "PRODUCE t kept");
    redisFree(c);
    uint32_t state = 88172645;
    for (size_t at = 0; at < sizeof(request) - 1; at++) {
        char bytes[sizeof(request)];
        memcpy(bytes, request, sizeof(request));
        bytes[at] = (char)next_random(&state);
        pour(&s, bytes, sizeof(request) - 1);
    }
    expect_untouched(&s);
    server_end(&s);
}

Test(bad_input, every_command_survives_empty_and_binary_arguments)
{
    struct server s = server_start(NULL);
    redisContext *c = client_open(&s);
    EXPECT(c, "(0, 0)", "PRODUCE t kept");
    redisReply *list = redisCommand(c, "COMMAND LIST");
    for (size_t i = 0; i < list->elements; i++) {
        char name[64];
        snprintf(name, sizeof(name), "%s", list->element[i]->str);
        char *sub = strchr(name, '|');
        if (sub != NULL)
            *sub++ = '\0';
        if (strcmp(name, "shutdown") == 0 || strcmp(name, "monitor") == 0)
            continue;
        for (int extra = 0; extra <= 6; extra++) {
            static const char *const odd[] = {"", "\xff\xfe", "-1", "*", "99999999999999999999"};
            const char *argv[10] = {name};
            size_t lens[10] = {strlen(name)};
            int argc = 1;
            if (sub != NULL) {
                argv[argc] = sub;
                lens[argc++] = strlen(sub);
            }
            for (int k = 0; k < extra; k++) {
                argv[argc] = odd[(size_t)(k + extra) % 5];
                lens[argc] = strlen(argv[argc]);
                argc++;
            }
            /* A connection of its own: some commands change what the next ones may do. */
            redisContext *own = client_open(&s);
            freeReplyObject(redisCommandArgv(own, argc, argv, lens));
            redisFree(own);
        }
    }
    freeReplyObject(list);
    /* Some of these words are good names for a topic: others may have come, this one is as it was. */
    EXPECT_LIKE(c, "((0, *, nil, \"kept\", ()))", "FETCH t 0 0");
    redisFree(c);
    server_end(&s);
}

Test(bad_input, many_connections_that_say_nothing_do_not_stop_others)
{
    struct server s = server_start(NULL);
    int fds[200];
    for (int i = 0; i < 200; i++) {
        fds[i] = raw_open(&s);
        RAW_SEND(fds[i], "*2\r\n$4\r\nECH");
    }
    redisContext *c = client_open(&s);
    EXPECT(c, "(0, 0)", "PRODUCE t v");
    for (int i = 0; i < 200; i++)
        close(fds[i]);
    EXPECT(c, "+PONG", "PING");
    redisFree(c);
    server_end(&s);
}
