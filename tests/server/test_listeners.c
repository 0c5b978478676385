/* SPDX-License-Identifier: BSD-3-Clause */
/* Addresses and ports, and their change while the server runs. */
#include "server/harness.h"
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static bool answers(const char *address, int port)
{
    redisContext *c = redisConnect(address, port);
    bool ok = c != NULL && c->err == 0;
    if (ok)
        EXPECT(c, "+PONG", "PING");
    redisFree(c);
    return ok;
}

/* A port that nobody has, most likely. */
static int free_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert_eq(bind(fd, (struct sockaddr *)&address, len), 0);
    cr_assert_eq(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    close(fd);
    return ntohs(address.sin_port);
}

/* One that somebody listens on. */
static int taken_port(int *fd)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(address);
    *fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert_eq(bind(*fd, (struct sockaddr *)&address, len), 0);
    cr_assert_eq(listen(*fd, 1), 0);
    cr_assert_eq(getsockname(*fd, (struct sockaddr *)&address, &len), 0);
    return ntohs(address.sin_port);
}

Test(listeners, several_addresses_share_a_port)
{
    struct server s = server_start("--bind", "127.0.0.1 127.0.0.2 -::1 -192.0.2.77", NULL);
    cr_assert(answers("127.0.0.1", s.port));
    cr_assert(answers("127.0.0.2", s.port));
    cr_assert(!answers("127.0.0.3", s.port));
    if (server_has_printed(&s, "[::1]:"))
        cr_assert(answers("::1", s.port));
    server_end(&s);
}

Test(listeners, the_port_moves_and_connections_stay)
{
    struct server s = server_start(NULL);
    redisContext *c = client_open(&s);
    int port = free_port();
    EXPECT(c, "+OK", "CONFIG SET port %d", port);
    EXPECT(c, "+PONG", "PING");
    cr_assert(answers("127.0.0.1", port));
    cr_assert(!answers("127.0.0.1", s.port));
    char expected[64];
    snprintf(expected, sizeof(expected), "*tcp_port:%d\\x0d*", port);
    EXPECT_LIKE(c, expected, "INFO server");
    redisFree(c);
    server_end(&s);
}

Test(listeners, a_port_that_is_taken_changes_nothing)
{
    struct server s = server_start(NULL);
    redisContext *c = client_open(&s);
    int fd, port = taken_port(&fd);
    EXPECT(c,
           "-ERR CONFIG SET failed (possibly related to argument 'port') - Unable to listen on "
           "this port. Check server logs.",
           "CONFIG SET maxclients 55 port %d", port);
    EXPECT(c, "(\"port\", \"0\")", "CONFIG GET port");
    EXPECT(c, "(\"maxclients\", \"10000\")", "CONFIG GET maxclients");
    cr_assert(answers("127.0.0.1", s.port));
    cr_assert(server_has_printed(&s, "the port is in use"));
    close(fd);
    redisFree(c);
    server_end(&s);
}

Test(listeners, addresses_come_and_go)
{
    struct server s = server_start(NULL);
    redisContext *c = client_open(&s);
    EXPECT(c, "+OK", "CONFIG SET bind %s", "127.0.0.2 127.0.0.1");
    cr_assert(answers("127.0.0.1", s.port));
    cr_assert(answers("127.0.0.2", s.port));
    EXPECT(c, "+OK", "CONFIG SET bind 127.0.0.2");
    cr_assert(!answers("127.0.0.1", s.port));
    EXPECT(c,
           "-ERR CONFIG SET failed (possibly related to argument 'bind') - Failed to bind to "
           "specified addresses.",
           "CONFIG SET bind %s", "127.0.0.1 192.0.2.77");
    cr_assert(!answers("127.0.0.1", s.port));
    cr_assert(answers("127.0.0.2", s.port));
    EXPECT(c, "(\"bind\", \"127.0.0.2\")", "CONFIG GET bind");
    redisFree(c);
    server_end(&s);
}

Test(listeners, all_addresses_follow_one_of_them_and_back)
{
    struct server s = server_start(NULL);
    redisContext *c = client_open(&s);
    for (int i = 0; i < 5; i++) {
        EXPECT(c, "+OK", "CONFIG SET bind *");
        cr_assert(answers("127.0.0.3", s.port));
        EXPECT(c, "+OK", "CONFIG SET bind 127.0.0.1");
        cr_assert(!answers("127.0.0.3", s.port));
        cr_assert(answers("127.0.0.1", s.port));
    }
    redisFree(c);
    server_end(&s);
}

Test(listeners, port_0_without_another_way_in_takes_a_free_one)
{
    struct server s = server_start(NULL);
    redisContext *c = client_open(&s);
    EXPECT(c, "+OK", "CONFIG SET port any");
    EXPECT(c, "(\"port\", \"any\")", "CONFIG GET port");
    cr_assert(answers("127.0.0.1", s.port), "a port that was chosen is kept");
    EXPECT(c, "+OK", "CONFIG SET port 0");
    cr_assert(answers("127.0.0.1", s.port));
    redisFree(c);
    server_end(&s);
}
