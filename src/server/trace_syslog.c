/* SPDX-License-Identifier: BSD-3-Clause */
/* A datagram for each line: "<priority>Nov 30 17:05:09 ident[pid]: line". */
#include "server/trace_syslog.h"

#include "server/datagram.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <syslog.h>
#include <unistd.h>

#define HEADER_BYTES_MAX 640 /* the ident is a directive of at most CONFIG_TEXT_BYTES_MAX */

void trace_syslog_init(struct trace_syslog *s, const char *path, const char *ident, int facility)
{
    *s = (struct trace_syslog){.path = path, .ident = ident, .facility = facility, .fd = -1};
}

void trace_syslog_deinit(struct trace_syslog *s)
{
    if (s->fd >= 0)
        close(s->fd);
    s->fd = -1;
}

int trace_syslog_priority(enum trace_level level)
{
    switch (level) {
    case TRACE_DEBUG:
        return LOG_DEBUG;
    case TRACE_VERBOSE:
        return LOG_INFO;
    case TRACE_NOTICE:
        return LOG_NOTICE;
    case TRACE_WARNING:
        return LOG_WARNING;
    }
    ASSERT(!"a level that exists");
    return LOG_WARNING;
}

/* Months are spelled in English there, whatever the locale. */
static int format(const struct trace_syslog *s, char *text, size_t room, enum trace_level level,
                  const struct tm *when, const char *line)
{
    static const char months[][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    return snprintf(text, room, "<%d>%s %2d %02d:%02d:%02d %s[%d]: %s",
                    s->facility | trace_syslog_priority(level), months[when->tm_mon], when->tm_mday,
                    when->tm_hour, when->tm_min, when->tm_sec, s->ident, (int)getpid(), line);
}

/* A logger that went away has left a connection to nobody: then once more with a new one. */
static bool deliver(struct trace_syslog *s, const char *text, size_t len)
{
    for (int attempt = 0; attempt < 2; attempt++) {
        if (s->fd < 0)
            s->fd = datagram_connect(s->path);
        if (s->fd < 0)
            return false;
        if (datagram_send(s->fd, text, len))
            return true;
        if (errno == EAGAIN)
            return false;
        trace_syslog_deinit(s);
    }
    return false;
}

static bool send_line(struct trace_syslog *s, enum trace_level level, const struct tm *when,
                      const char *line)
{
    char text[TRACE_LINE_BYTES_MAX + HEADER_BYTES_MAX];
    int len = format(s, text, sizeof(text), level, when, line);
    ASSERT(len > 0 && len < (int)sizeof(text));
    return deliver(s, text, (size_t)len);
}

bool trace_syslog_line(struct trace_syslog *s, enum trace_level level, const struct tm *when,
                       const char *line)
{
    if (s->lost > 0) {
        char told[128];
        snprintf(told, sizeof(told),
                 "%" PRIu64 " lines before this one could not be handed to the system's logger",
                 s->lost);
        if (send_line(s, TRACE_WARNING, when, told))
            s->lost = 0;
    }
    if (s->lost == 0 && send_line(s, level, when, line))
        return true;
    s->lost++;
    return false;
}
