/* SPDX-License-Identifier: BSD-3-Clause */
/* The Unix socket: its file, and all that goes over it. */
#include "server/way.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define ROOM 8192

static char folder[] = "/tmp/echolog-sock-XXXXXX";
static char path[64];

static redisContext *open_client(const struct way *way)
{
    return client_open_unix(way->path);
}

static int open_raw(const struct way *way)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    strcpy(address.sun_path, way->path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert_eq(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}

static void prepare(void)
{
    cr_assert_not_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/sock", folder);
}

static void end(struct server *s)
{
    server_end(s);
    unlink(path);
    cr_assert_eq(rmdir(folder), 0);
}

static void carries(void (*what)(const struct way *))
{
    prepare();
    struct server s = server_start("--port", "any", "--unixsocket", path, NULL);
    struct way w = {.open = open_client, .open_raw = open_raw, .server = &s, .path = path};
    what(&w);
    end(&s);
}

Test(unix_socket, carries_pubsub)
{
    carries(way_carries_pubsub);
}

Test(unix_socket, carries_blocking_reads)
{
    carries(way_carries_blocking_reads);
}

Test(unix_socket, carries_follows)
{
    carries(way_carries_follows);
}

Test(unix_socket, carries_large_arguments)
{
    carries(way_carries_large_arguments);
}

Test(unix_socket, carries_long_pipelines)
{
    carries(way_carries_long_pipelines);
}

Test(unix_socket, carries_both_ways_at_once)
{
    carries(way_carries_both_ways_at_once);
}

Test(unix_socket, tells_that_a_blocked_client_left)
{
    carries(way_tells_that_a_blocked_client_left);
}

Test(unix_socket, its_clients_are_listed_as_in_redis)
{
    prepare();
    struct server s = server_start("--port", "any", "--unixsocket", path, NULL);
    redisContext *c = client_open_unix(path);
    char expected[256];
    snprintf(expected, sizeof(expected), "\"id=* addr=%s:0 laddr=%s:0 fd=* flags=U *", path, path);
    EXPECT_LIKE(c, expected, "CLIENT LIST");
    redisFree(c);
    end(&s);
}

Test(unix_socket, its_file_has_the_permissions_and_goes_at_the_end)
{
    prepare();
    struct server s =
        server_start("--port", "any", "--unixsocket", path, "--unixsocketperm", "705", NULL);
    struct stat st;
    cr_assert_eq(stat(path, &st), 0);
    cr_assert_eq(st.st_mode & 0777, 0705);
    redisContext *c = client_open(&s);
    EXPECT(c, "(\"unixsocketperm\", \"705\")", "CONFIG GET unixsocketperm");
    redisFree(c);
    server_stop(&s);
    cr_assert_neq(stat(path, &st), 0, "the file is still there");
    end(&s);
}

Test(unix_socket, what_a_killed_server_left_is_replaced)
{
    prepare();
    struct server s = server_start("--port", "any", "--unixsocket", path, NULL);
    server_kill(&s);
    cr_assert_eq(access(path, F_OK), 0);
    server_again(&s);
    redisContext *c = client_open_unix(path);
    EXPECT(c, "+PONG", "PING");
    redisFree(c);
    end(&s);
}

Test(unix_socket, a_living_server_keeps_its_own)
{
    prepare();
    struct server s = server_start("--port", "any", "--unixsocket", path, NULL);
    char output[ROOM], dir[64];
    snprintf(dir, sizeof(dir), "%s/data", folder);
    int status =
        server_run(output, ROOM, "--port", "any", "--unixsocket", path, "--dir", dir, NULL);
    cr_assert_neq(status, 0);
    cr_assert_not_null(strstr(output, "another server listens on it"), "%s", output);
    redisContext *c = client_open_unix(path);
    EXPECT(c, "+PONG", "PING");
    redisFree(c);
    snprintf(output, sizeof(output), "rm -r '%s'", dir);
    cr_assert_eq(system(output), 0);
    end(&s);
}

Test(unix_socket, what_is_no_socket_is_not_touched)
{
    prepare();
    FILE *f = fopen(path, "w");
    fputs("precious", f);
    fclose(f);
    char output[ROOM], dir[64];
    snprintf(dir, sizeof(dir), "%s/data", folder);
    int status =
        server_run(output, ROOM, "--port", "any", "--unixsocket", path, "--dir", dir, NULL);
    cr_assert_neq(status, 0);
    cr_assert_not_null(strstr(output, "no socket"), "%s", output);
    struct stat st;
    cr_assert_eq(stat(path, &st), 0);
    cr_assert_eq(st.st_size, 8);
    snprintf(output, sizeof(output), "rm -r '%s'", folder);
    cr_assert_eq(system(output), 0);
}

Test(unix_socket, port_0_leaves_it_as_the_only_way_in)
{
    prepare();
    struct server s = server_start("--port", "any", "--unixsocket", path, NULL);
    redisContext *c = client_open_unix(path);
    EXPECT(c, "+OK", "CONFIG SET port 0");
    EXPECT(c, "(\"port\", \"0\")", "CONFIG GET port");
    EXPECT_LIKE(c, "*tcp_port:0\\x0d*", "INFO server");
    redisContext *refused = redisConnect("127.0.0.1", s.port);
    cr_assert_neq(refused->err, 0, "the port is still open");
    redisFree(refused);
    redisFree(c);
    end(&s);
}
