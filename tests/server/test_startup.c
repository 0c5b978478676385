/* SPDX-License-Identifier: BSD-3-Clause */
/* Starting: what it prints, and that whatever is wrong ends in one clear line and a status. */
#include "server/harness.h"
#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define ROOM 8192

/* The program ended badly, and its last line (the one a person sees) holds all of `words`. */
static void expect_refusal(int status, const char *output, const char *first, const char *second)
{
    cr_assert_neq(status, 0, "it ended well: %s", output);
    cr_assert_lt(status, 128, "it crashed: %s", output);
    const char *end = output + strlen(output);
    while (end > output && end[-1] == '\n')
        end--;
    const char *line = end;
    while (line > output && line[-1] != '\n')
        line--;
    cr_assert_not_null(strstr(line, first), "'%s' is not in the last line of: %s", first, output);
    cr_assert_not_null(strstr(line, second), "'%s' is not in the last line of: %s", second, output);
}

Test(startup, the_first_lines_tell_version_port_and_directory)
{
    struct server s = server_start(NULL);
    cr_assert(server_has_printed(&s, "Echolog "));
    cr_assert(server_has_printed(&s, s.dir));
    cr_assert(server_has_printed(&s, "Ready to accept connections on 127.0.0.1:"));
    server_end(&s);
}

Test(startup, version_and_help_print_and_end)
{
    char output[ROOM];
    cr_assert_eq(server_run(output, ROOM, "--version", NULL), 0);
    cr_assert_eq(strncmp(output, "echolog-server ", 15), 0, "%s", output);
    cr_assert(isdigit((unsigned char)output[15]), "%s", output);
    cr_assert_eq(server_run(output, ROOM, "--help", NULL), 0);
    cr_assert_not_null(strstr(output, "Usage: echolog-server"), "%s", output);
}

Test(startup, an_unknown_directive_is_named_with_the_nearest_one)
{
    char output[ROOM];
    int status = server_run(output, ROOM, "--maxclient", "5", "--port", "0", NULL);
    expect_refusal(status, output, "maxclient'", "maxclients'");
}

Test(startup, a_bad_value_is_named)
{
    char output[ROOM];
    int status = server_run(output, ROOM, "--port", "abc", NULL);
    expect_refusal(status, output, "port", "abc");
    status = server_run(output, ROOM, "--port", "70000", NULL);
    expect_refusal(status, output, "port", "65535");
    status = server_run(output, ROOM, "--default-ack", "soon", NULL);
    expect_refusal(status, output, "default-ack", "soon");
    status = server_run(output, ROOM, "--port", NULL);
    expect_refusal(status, output, "port", "");
}

Test(startup, a_bad_configuration_file_is_named_with_the_line)
{
    char path[] = "/tmp/echolog-conf-XXXXXX";
    int fd = mkstemp(path);
    cr_assert_geq(fd, 0);
    static const char text[] = "# fine\nport 0\nmaxclients many\n";
    cr_assert_eq(write(fd, text, sizeof(text) - 1), (ssize_t)sizeof(text) - 1);
    close(fd);
    char output[ROOM];
    int status = server_run(output, ROOM, path, NULL);
    expect_refusal(status, output, "3", "maxclients");
    unlink(path);
    status = server_run(output, ROOM, path, NULL);
    expect_refusal(status, output, path, "No such file");
}

Test(startup, a_directory_it_cannot_write_to_is_named)
{
    char output[ROOM];
    int status = server_run(output, ROOM, "--port", "0", "--dir", "/proc/nosuch/data", NULL);
    expect_refusal(status, output, "/proc/nosuch/data", "");
    status = server_run(output, ROOM, "--port", "0", "--dir", "/dev/null", NULL);
    expect_refusal(status, output, "/dev/null", "");
}

Test(startup, a_port_in_use_is_named)
{
    struct server s = server_start(NULL);
    char port[16], dir[300], output[ROOM];
    snprintf(port, sizeof(port), "%d", s.port);
    snprintf(dir, sizeof(dir), "%s/other", s.scratch);
    int status =
        server_run(output, ROOM, "--bind", "127.0.0.1", "--port", port, "--dir", dir, NULL);
    expect_refusal(status, output, port, "in use");
    redisContext *c = client_open(&s);
    EXPECT(c, "+PONG", "PING");
    redisFree(c);
    server_end(&s);
}

Test(startup, a_file_and_the_command_line_go_together)
{
    char path[] = "/tmp/echolog-conf-XXXXXX";
    int fd = mkstemp(path);
    cr_assert_geq(fd, 0);
    static const char text[] = "# a comment\n\nport 1\nmaxclients 33\ndefault-ack \"written\"\n";
    cr_assert_eq(write(fd, text, sizeof(text) - 1), (ssize_t)sizeof(text) - 1);
    close(fd);
    /* A file stands first, so this one is passed on by a directive-less start of our own. */
    char output[ROOM];
    int status = server_run(output, ROOM, path, "--port", "70000", NULL);
    expect_refusal(status, output, "port", "65535");
    status = server_run(output, ROOM, path, "--maxclients", "none", NULL);
    expect_refusal(status, output, "maxclients", "none");
    unlink(path);
}

Test(startup, a_data_directory_in_use_by_another_server_is_refused)
{
    struct server s = server_start(NULL);
    char output[ROOM];
    int status = server_run(output, ROOM, "--port", "0", "--dir", s.dir, NULL);
    expect_refusal(status, output, s.dir, "another server is using it");
    redisContext *c = client_open(&s);
    EXPECT(c, "+PONG", "PING");
    redisFree(c);
    server_end(&s);
}

Test(startup, a_data_directory_without_a_parent_is_refused)
{
    char output[ROOM];
    int status = server_run(output, ROOM, "--port", "0", "--dir", "/tmp/no-such-parent/data", NULL);
    expect_refusal(status, output, "/tmp/no-such-parent/data",
                   "its parent directory does not exist");
}
