/* SPDX-License-Identifier: BSD-3-Clause */
/* Where directives come from, which of them wins, and --check-config. */
#include "server/harness.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ROOM 8192

static char here[] = "/tmp/echolog-conf-XXXXXX"; /* a directory of the test's own */

static void set_up(void)
{
    cr_assert_not_null(mkdtemp(here));
}

static void tear_down(void)
{
    char command[64];
    snprintf(command, sizeof(command), "rm -rf %s", here);
    cr_assert_eq(system(command), 0);
}

TestSuite(config_sources, .init = set_up, .fini = tear_down);
TestSuite(check_config, .init = set_up, .fini = tear_down);

/* A path in `here`, good until the next four calls. */
static const char *path_of(const char *name)
{
    static char paths[4][SERVER_PATH_MAX];
    static int next;
    char *path = paths[next++ % 4];
    snprintf(path, SERVER_PATH_MAX, "%s/%s", here, name);
    return path;
}

static const char *put(const char *name, const char *format, ...)
{
    const char *path = path_of(name);
    FILE *f = fopen(path, "w");
    va_list args;
    cr_assert_not_null(f);
    va_start(args, format);
    vfprintf(f, format, args);
    va_end(args);
    cr_assert_eq(fclose(f), 0);
    return path;
}

static void feed_stdin(const char *text)
{
    server_feed(put("stdin", "%s", text));
}

static void expect_text(const char *output, const char *text)
{
    cr_assert_not_null(strstr(output, text), "'%s' is not in: %s", text, output);
}

/* --- where values come from ------------------------------------------------------------------ */

Test(config_sources, options_win_over_variables_and_these_over_the_file)
{
    put("more.conf", "maxclients 20\ntcp-keepalive 20\n");
    const char *file = put("main.conf",
                           "maxclients 10\ntimeout 10\ntcp-keepalive 10\nclient-replies-max 10\n"
                           "include %s/*.conf.d/x\ninclude %s\n",
                           here, path_of("more.conf"));
    setenv("ECHOLOG_TIMEOUT", "30", 1);
    setenv("ECHOLOG_TCP_KEEPALIVE", "30", 1);
    setenv("ECHOLOG_SERVICE_HOST", "10.0.0.1", 1);
    struct server s = server_start_file(file, "--tcp-keepalive", "40", NULL);
    redisContext *c = client_open(&s);
    EXPECT(c, "(\"client-replies-max\", \"10\")", "CONFIG GET client-replies-max");
    EXPECT(c, "(\"maxclients\", \"20\")", "CONFIG GET maxclients");
    EXPECT(c, "(\"timeout\", \"30\")", "CONFIG GET timeout");
    EXPECT(c, "(\"tcp-keepalive\", \"40\")", "CONFIG GET tcp-keepalive");
    EXPECT_LIKE(c, "*config_file:/tmp/echolog-conf-*main.conf*", "INFO server");
    redisFree(c);
    server_end(&s);
}

Test(config_sources, standard_input_is_a_file_without_a_name)
{
    feed_stdin("timeout 10\nmaxclients 10\n");
    struct server s = server_start_file("-", "--maxclients", "20", NULL);
    redisContext *c = client_open(&s);
    EXPECT(c, "(\"timeout\", \"10\")", "CONFIG GET timeout");
    EXPECT(c, "(\"maxclients\", \"20\")", "CONFIG GET maxclients");
    EXPECT_LIKE(c, "*config_file:\\x0d*", "INFO server");
    redisFree(c);
    server_end(&s);
}

Test(config_sources, errors_in_standard_input_and_in_variables_are_named)
{
    char output[ROOM];
    feed_stdin("timeout 10\nprot 1\n");
    cr_assert_eq(server_run(output, ROOM, "--port", "0", "-", NULL), 1);
    expect_text(output, "standard input:2: unknown directive 'prot'; did you mean 'port'?");
    setenv("ECHOLOG_LOG_SEGMENT_BYTE", "5", 1);
    cr_assert_eq(server_run(output, ROOM, "--port", "0", NULL), 1);
    expect_text(output, "unknown variable 'ECHOLOG_LOG_SEGMENT_BYTE'; did you mean "
                        "'ECHOLOG_LOG_SEGMENT_BYTES'?");
}

Test(config_sources, an_error_in_an_included_file_is_named_with_it)
{
    char output[ROOM];
    const char *file = put("main.conf", "include %s\n", put("more.conf", "\nport 1\nprot 2\n"));
    cr_assert_eq(server_run(output, ROOM, file, NULL), 1);
    expect_text(output, "more.conf:3: unknown directive 'prot'");
    put("more.conf", "include %s\n", path_of("main.conf"));
    cr_assert_eq(server_run(output, ROOM, path_of("main.conf"), NULL), 1);
    expect_text(output, "more.conf:1: include '");
    put("more.conf", "include %s\n", here);
    cr_assert_eq(server_run(output, ROOM, path_of("main.conf"), NULL), 1);
    expect_text(output, "Is a directory");
}

/* By somebody who is bound by the modes of directories, unlike the superuser. */
Test(config_sources, a_directory_of_files_that_cannot_be_read_is_an_error)
{
    char output[ROOM];
    if (geteuid() == 0) {
        cr_assert_eq(chown(here, 12345, 12345), 0);
        cr_assert_eq(setgid(12345), 0);
        cr_assert_eq(setuid(12345), 0);
    }
    if (access(getenv("ECHOLOG_SERVER"), X_OK) != 0)
        cr_skip("nobody but the superuser gets at the server");
    const char *file = put("main.conf", "include %s/conf.d/*.conf\n", here);
    cr_assert_eq(server_run(output, ROOM, file, "--dir", here, "--check-config", NULL), 0, "%s",
                 output);
    cr_assert_eq(mkdir(path_of("conf.d"), 0), 0);
    cr_assert_eq(server_run(output, ROOM, file, "--dir", here, "--check-config", NULL), 1);
    expect_text(output, "conf.d/*.conf': a directory in it cannot be read");
    cr_assert_eq(rmdir(path_of("conf.d")), 0);
}

/* --- --check-config --------------------------------------------------------------------------- */

Test(check_config, says_ok_and_starts_nothing)
{
    char output[ROOM];
    const char *file = put("main.conf", "maxclients 5\ndir %s/data\n", here);
    cr_assert_eq(server_run(output, ROOM, file, "--check-config", NULL), 0);
    cr_assert_str_eq(output, "ok\n");
    cr_assert_neq(access(path_of("data"), F_OK), 0);
    cr_assert_eq(server_run(output, ROOM, "--check-config", file, NULL), 0);
}

Test(check_config, the_annotated_file_is_fine)
{
    char output[ROOM];
    cr_assert_eq(
        server_run(output, ROOM, "conf/echolog.conf", "--check-config", "--dir", here, NULL), 0);
    cr_assert_str_eq(output, "ok\n");
}

Test(check_config, tells_every_problem_of_every_source_and_of_the_machine)
{
    char output[ROOM];
    setenv("ECHOLOG_TIMEOUT", "never", 1);
    setenv("ECHOLOG_TIMEUOT", "1", 1);
    const char *file = put("main.conf", "prot 1\nmaxclients 0\nbind 10.0.0.1 nowhere -::1\n");
    cr_assert_eq(server_run(output, ROOM, file, "--dir", "/no/such/dir", "--logfile",
                            "/no-such-dir/log", "--check-config", "--portt", "5", NULL),
                 1);
    expect_text(output, "main.conf:1: unknown directive 'prot'; did you mean 'port'?\n");
    expect_text(output, "main.conf:2: maxclients '0': argument must be between");
    expect_text(output, "echolog-server: ECHOLOG_TIMEOUT 'never': argument couldn't be parsed");
    expect_text(output, "unknown variable 'ECHOLOG_TIMEUOT'; did you mean 'ECHOLOG_TIMEOUT'?\n");
    expect_text(output, "unknown option '--portt'; did you mean '--port'?\n");
    expect_text(output, "dir '/no/such/dir': its parent directory does not exist\n");
    expect_text(output, "logfile '/no-such-dir/log': its parent directory does not exist\n");
    expect_text(output, "bind 'nowhere': it is not an address\n");
    cr_assert_null(strstr(output, "ok"), "%s", output);
}

Test(check_config, users_are_looked_at)
{
    char output[ROOM];
    const char *file = put("main.conf", "user ann on nopass ~* +@all\nuser bob +nosuch\n");
    cr_assert_eq(server_run(output, ROOM, file, "--check-config", "--dir", here, NULL), 1);
    expect_text(output, "nosuch");
    put("main.conf", "user ann on nopass ~* +@all\n");
    cr_assert_eq(server_run(output, ROOM, file, "--check-config", "--dir", here, NULL), 0, "%s",
                 output);
    const char *users = path_of("users.acl");
    put("main.conf", "aclfile %s\n", users);
    cr_assert_eq(server_run(output, ROOM, file, "--check-config", "--dir", here, NULL), 1);
    expect_text(output, "users.acl': No such file or directory");
    put("users.acl", "user ann on\nuser ann off\n");
    cr_assert_eq(server_run(output, ROOM, file, "--check-config", "--dir", here, NULL), 1);
    expect_text(output, "Duplicate user 'ann'");
}

Test(check_config, files_and_directories_are_told_apart)
{
    char output[ROOM];
    cr_assert_eq(server_run(output, ROOM, "--check-config", "--dir", put("file", "x"), "--logfile",
                            here, NULL),
                 1);
    expect_text(output, "file': it is not a directory\n");
    expect_text(output, "it is a directory\n");
    cr_assert_eq(server_run(output, ROOM, "--check-config", "--dir", here, "--logfile",
                            path_of("file"), NULL),
                 0);
}
