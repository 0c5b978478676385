/* SPDX-License-Identifier: BSD-3-Clause */
/* Lines that are whole, files that move away under them, and what is said of those that were lost. */
#include "server/trace_file.h"
#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <syslog.h>
#include <unistd.h>

#define ROOM 65536

struct fixture {
    char dir[64];
    char path[96];
    struct trace_file t;
};

static void setup(struct fixture *f)
{
    snprintf(f->dir, sizeof(f->dir), "/tmp/echolog-trace-XXXXXX");
    cr_assert_not_null(mkdtemp(f->dir));
    snprintf(f->path, sizeof(f->path), "%s/log", f->dir);
}

static void teardown(struct fixture *f)
{
    trace_file_close(&f->t);
    unlink(f->path);
    rmdir(f->dir);
}

static void open_plain(struct fixture *f)
{
    setup(f);
    cr_assert(trace_file_open(&f->t, f->path, TRACE_NOTICE, NULL));
}

static const char *content(const char *path, char text[ROOM])
{
    int fd = open(path, O_RDONLY);
    cr_assert_geq(fd, 0);
    ssize_t len = read(fd, text, ROOM - 1);
    cr_assert_geq(len, 0);
    close(fd);
    text[len] = '\0';
    return text;
}

static size_t lines(const char *text)
{
    size_t count = 0;
    for (; *text != '\0'; text++)
        count += *text == '\n';
    return count;
}

Test(trace_file, a_line_has_process_time_level_and_text)
{
    struct fixture f;
    char text[ROOM], expected[64];
    open_plain(&f);
    TRACE_WARN(&f.t.trace, "is %s", "wrong");
    content(f.path, text);
    snprintf(expected, sizeof(expected), "%d:M ", (int)getpid());
    cr_assert_eq(strncmp(text, expected, strlen(expected)), 0, "%s", text);
    cr_assert_not_null(strstr(text, " # is wrong\n"), "%s", text);
    cr_assert_eq(f.t.trace.lost, 0);
    teardown(&f);
}

Test(trace_file, lines_go_to_the_new_file_when_it_is_reopened)
{
    struct fixture f;
    char old[128], text[ROOM];
    open_plain(&f);
    TRACE_NOTE(&f.t.trace, "before");
    snprintf(old, sizeof(old), "%s.1", f.path);
    cr_assert_eq(rename(f.path, old), 0);
    TRACE_NOTE(&f.t.trace, "between");
    cr_assert(trace_file_reopen(&f.t));
    TRACE_NOTE(&f.t.trace, "after");
    content(old, text);
    cr_assert_not_null(strstr(text, "before"));
    cr_assert_not_null(strstr(text, "between"));
    cr_assert_null(strstr(text, "after"));
    cr_assert_not_null(strstr(content(f.path, text), "after"));
    unlink(old);
    teardown(&f);
}

Test(trace_file, a_file_that_cannot_be_reopened_goes_on_being_used)
{
    struct fixture f;
    char old[128], text[ROOM];
    open_plain(&f);
    snprintf(old, sizeof(old), "%s.1", f.path);
    cr_assert_eq(rename(f.path, old), 0);
    cr_assert_eq(mkdir(f.path, 0700), 0);
    cr_assert_not(trace_file_reopen(&f.t));
    TRACE_NOTE(&f.t.trace, "still here");
    cr_assert_not_null(strstr(content(old, text), "still here"));
    rmdir(f.path);
    unlink(old);
    teardown(&f);
}

Test(trace_file, a_file_that_is_cut_to_nothing_begins_anew_without_a_hole)
{
    struct fixture f;
    char text[ROOM];
    open_plain(&f);
    TRACE_NOTE(&f.t.trace, "before");
    cr_assert_eq(truncate(f.path, 0), 0);
    TRACE_NOTE(&f.t.trace, "after");
    content(f.path, text);
    cr_assert_eq(lines(text), 1);
    cr_assert_not_null(strstr(text, "after"));
    teardown(&f);
}

/* Standard output is a pipe of its own, in a test's process of its own. */
static int be_piped(struct fixture *f, const char *journal)
{
    int ends[2];
    cr_assert_eq(pipe(ends), 0);
    cr_assert_geq(dup2(ends[1], STDOUT_FILENO), 0);
    close(ends[1]);
    cr_assert(trace_file_open(&f->t, "", TRACE_NOTICE, journal));
    return ends[0];
}

Test(trace_file, a_pipe_that_nobody_reads_loses_lines_and_says_how_many)
{
    struct fixture f;
    static char text[1024 * 1024];
    char told[64];
    int fd = be_piped(&f, NULL);
    size_t written = 0;
    while (f.t.trace.lost < 5) {
        TRACE_NOTE(&f.t.trace, "line %zu", written);
        cr_assert_lt(++written, 100000, "the pipe never filled up");
    }
    size_t len = 0;
    ssize_t got;
    fcntl(fd, F_SETFL, O_NONBLOCK);
    while ((got = read(fd, text + len, sizeof(text) - 1 - len)) > 0)
        len += (size_t)got;
    text[len] = '\0';
    cr_assert_eq(lines(text), written - 5);
    TRACE_NOTE(&f.t.trace, "heard again");
    got = read(fd, text, sizeof(text) - 1);
    cr_assert_gt(got, 0);
    text[got] = '\0';
    snprintf(told, sizeof(told), " # %d lines are missing here", 5);
    cr_assert_not_null(strstr(text, told), "%s", text);
    cr_assert_not_null(strstr(text, "heard again"), "%s", text);
    cr_assert_eq(f.t.missing, 0);
    cr_assert_eq(f.t.trace.lost, 5);
}

Test(trace_file, a_pipe_without_a_reader_is_no_end)
{
    struct fixture f;
    signal(SIGPIPE, SIG_IGN);
    close(be_piped(&f, NULL));
    TRACE_NOTE(&f.t.trace, "to nobody");
    cr_assert_eq(f.t.trace.lost, 1);
}

Test(trace_file, a_full_disk_loses_lines_and_is_no_end)
{
    struct fixture f = {0};
    if (access("/dev/full", W_OK) != 0)
        cr_skip_test("no /dev/full here");
    cr_assert(trace_file_open(&f.t, "/dev/full", TRACE_NOTICE, NULL));
    TRACE_NOTE(&f.t.trace, "nowhere");
    TRACE_NOTE(&f.t.trace, "nowhere");
    cr_assert_eq(f.t.trace.lost, 2);
    trace_file_close(&f.t);
}

Test(trace_file, the_journal_gets_levels_and_no_times)
{
    struct fixture f;
    struct stat st;
    char journal[64], text[ROOM];
    int fd = be_piped(&f, NULL);
    fstat(STDOUT_FILENO, &st);
    snprintf(journal, sizeof(journal), "%ju:%ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
    cr_assert(trace_file_open(&f.t, "", TRACE_DEBUG, journal));
    TRACE_WARN(&f.t.trace, "a");
    TRACE_NOTE(&f.t.trace, "b");
    TRACE_INFO(&f.t.trace, "c");
    TRACE_FINE(&f.t.trace, "d");
    ssize_t len = read(fd, text, sizeof(text) - 1);
    text[len < 0 ? 0 : len] = '\0';
    cr_assert_str_eq(text, "<4>a\n<5>b\n<6>c\n<7>d\n");
}

Test(trace_file, a_redirected_output_is_not_the_journal)
{
    struct fixture f;
    be_piped(&f, "1:1");
    cr_assert_not(f.t.journal);
}

/* --- the system's logger ---------------------------------------------------------------------- */

static int be_logger(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
    unlink(path);
    cr_assert_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}

static const char *heard(int fd, char text[ROOM])
{
    ssize_t len = recv(fd, text, ROOM - 1, 0);
    text[len < 0 ? 0 : len] = '\0';
    return text;
}

Test(trace_syslog, lines_have_priority_time_name_and_process)
{
    struct fixture f;
    struct trace_syslog s;
    char expected[128], text[ROOM];
    setup(&f);
    int fd = be_logger(f.path);
    struct tm when = {.tm_mon = 10, .tm_mday = 3, .tm_hour = 17, .tm_min = 5, .tm_sec = 9};
    trace_syslog_init(&s, f.path, "ident", LOG_LOCAL3);
    cr_assert(trace_syslog_line(&s, TRACE_WARNING, &when, "text"));
    snprintf(expected, sizeof(expected), "<%d>Nov  3 17:05:09 ident[%d]: text", 19 * 8 + 4,
             (int)getpid());
    cr_assert_str_eq(heard(fd, text), expected);
    trace_syslog_deinit(&s);
    close(fd);
    unlink(f.path);
    rmdir(f.dir);
}

Test(trace_syslog, a_logger_that_was_started_anew_is_found_and_told_what_it_missed)
{
    struct fixture f;
    struct trace_syslog s;
    char text[ROOM];
    struct tm when = {.tm_mday = 1};
    setup(&f);
    trace_syslog_init(&s, f.path, "ident", LOG_USER);
    cr_assert_not(trace_syslog_line(&s, TRACE_NOTICE, &when, "nobody there"));
    int fd = be_logger(f.path);
    cr_assert(trace_syslog_line(&s, TRACE_NOTICE, &when, "first"));
    cr_assert_not_null(strstr(heard(fd, text), ": 1 lines before this one"), "%s", text);
    cr_assert_not_null(strstr(heard(fd, text), ": first"), "%s", text);
    close(fd);
    fd = be_logger(f.path);
    cr_assert(trace_syslog_line(&s, TRACE_NOTICE, &when, "second"), "the old one is gone");
    cr_assert_not_null(strstr(heard(fd, text), ": second"), "%s", text);
    trace_syslog_deinit(&s);
    close(fd);
    unlink(f.path);
    rmdir(f.dir);
}

Test(trace_syslog, a_logger_that_does_not_read_holds_nobody)
{
    struct fixture f;
    struct trace_syslog s;
    struct tm when = {.tm_mday = 1};
    setup(&f);
    int fd = be_logger(f.path);
    trace_syslog_init(&s, f.path, "ident", LOG_USER);
    int sent = 0;
    while (trace_syslog_line(&s, TRACE_NOTICE, &when, "text"))
        cr_assert_lt(++sent, 1000000);
    cr_assert_eq(s.lost, 1);
    trace_syslog_deinit(&s);
    close(fd);
    unlink(f.path);
    rmdir(f.dir);
}
