/* SPDX-License-Identifier: BSD-3-Clause */
#include "server/trace_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define PREFIX_BYTES_MAX 128

/* --- writing -------------------------------------------------------------------------------- */

static bool poll_room(int fd, int wait_ms)
{
    struct pollfd p = {.fd = fd, .events = POLLOUT};
    int count;
    do {
        count = poll(&p, 1, wait_ms);
    } while (count < 0 && errno == EINTR);
    return count > 0;
}

/* Whether a line can be written without standing still. A file of a disk always says yes: its pages are the
 * kernel's business, as are those of the durable log. */
static bool has_room(struct trace_file *t)
{
    if (poll_room(t->fd, 0))
        return true;
    time_t now = time(NULL);
    if (t->waited == now)
        return false;
    t->waited = now;
    return poll_room(t->fd, TRACE_FILE_WAIT_MS);
}

static bool put(struct trace_file *t, const char *text, size_t len)
{
    if (!has_room(t))
        return false;
    for (size_t done = 0; done < len;) {
        ssize_t got = write(t->fd, text + done, len - done);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            t->torn = t->torn || done > 0;
            return false;
        }
        done += (size_t)got;
    }
    t->torn = false;
    return true;
}

/* What stands before the text of a line. */
static int format_prefix(const struct trace_file *t, enum trace_level level, struct timeval now,
                         const struct tm *local, char *text)
{
    static const char marks[] = {'.', '-', '*', '#'};
    const char *begin = t->torn ? "\n" : "";
    if (t->journal)
        return snprintf(text, PREFIX_BYTES_MAX, "%s<%d>", begin, trace_syslog_priority(level));
    char when[64];
    strftime(when, sizeof(when), "%d %b %Y %H:%M:%S", local);
    return snprintf(text, PREFIX_BYTES_MAX, "%s%d:M %s.%03d %c ", begin, (int)getpid(), when,
                    (int)(now.tv_usec / 1000), marks[level]);
}

static bool put_line(struct trace_file *t, enum trace_level level, struct timeval now,
                     const struct tm *local, const char *line)
{
    char text[PREFIX_BYTES_MAX + TRACE_LINE_BYTES_MAX + 1];
    int prefix = format_prefix(t, level, now, local, text);
    size_t len = strlen(line);
    ASSERT(prefix > 0 && prefix < PREFIX_BYTES_MAX);
    ASSERT(len < TRACE_LINE_BYTES_MAX);
    memcpy(text + prefix, line, len);
    text[(size_t)prefix + len] = '\n';
    return put(t, text, (size_t)prefix + len + 1);
}

/* Says what is missing, when it can be said. */
static void tell_missing(struct trace_file *t, struct timeval now, const struct tm *local)
{
    char told[128];
    snprintf(told, sizeof(told), "%" PRIu64 " lines are missing here: they could not be written",
             t->missing);
    if (put_line(t, TRACE_WARNING, now, local, told))
        t->missing = 0;
}

static void write_line(struct trace *trace, enum trace_level level, const char *line)
{
    struct trace_file *t = CONTAINER_OF(trace, struct trace_file, trace);
    struct timeval now;
    struct tm local;
    gettimeofday(&now, NULL);
    localtime_r(&now.tv_sec, &local);
    if (t->missing > 0)
        tell_missing(t, now, &local);
    if (t->missing > 0 || !put_line(t, level, now, &local, line)) {
        t->missing++;
        trace->lost++;
    }
    if (t->syslog != NULL && !trace_syslog_line(t->syslog, level, &local, line))
        trace->lost++;
}

/* --- opening -------------------------------------------------------------------------------- */

/* "device:inode" of the stream that a supervisor made for us; a redirection makes it another. */
static bool is_journal(const char *journal_stream)
{
    struct stat st;
    char own[64];
    if (journal_stream == NULL || fstat(STDOUT_FILENO, &st) != 0)
        return false;
    snprintf(own, sizeof(own), "%ju:%ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
    return strcmp(own, journal_stream) == 0;
}

static int open_file(const char *path)
{
    return open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0644);
}

bool trace_file_open(struct trace_file *t, const char *path, enum trace_level level,
                     const char *journal_stream)
{
    *t = (struct trace_file){
        .trace = {.level = level, .sink = write_line}, .path = path, .fd = STDOUT_FILENO};
    if (path[0] == '\0')
        t->journal = is_journal(journal_stream);
    else
        t->fd = open_file(path);
    return t->fd >= 0;
}

bool trace_file_reopen(struct trace_file *t)
{
    if (t->path[0] == '\0')
        return true;
    int fd = open_file(t->path);
    if (fd < 0)
        return false;
    /* Under the same number: there is never a time without a file, and who knows the number may go on. */
    bool ok = dup3(fd, t->fd, O_CLOEXEC) >= 0;
    close(fd);
    if (ok)
        t->torn = false;
    return ok;
}

void trace_file_close(struct trace_file *t)
{
    if (t->fd >= 0 && t->fd != STDOUT_FILENO)
        close(t->fd);
    t->fd = -1;
}
