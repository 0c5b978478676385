/* SPDX-License-Identifier: BSD-3-Clause */
/* The trace for the system's logger, by its socket. The C library's own way waits when the logger does
 * not read, and says nothing of lines it could not deliver. */
#ifndef ECHOLOG_SERVER_TRACE_SYSLOG_H
#define ECHOLOG_SERVER_TRACE_SYSLOG_H

#include "base/trace.h"
#include <stdint.h>
#include <time.h>

#define TRACE_SYSLOG_PATH "/dev/log"

struct trace_syslog {
    const char *path;  /* borrowed, as ident */
    const char *ident; /* who is speaking */
    int facility;      /* as in <syslog.h>, shifted */
    int fd;            /* owned; -1 while there is no connection */
    uint64_t lost;     /* lines since the last one that got through */
};

void trace_syslog_init(struct trace_syslog *s, const char *path, const char *ident, int facility);
void trace_syslog_deinit(struct trace_syslog *s);

/* How a level is called in <syslog.h>. */
int trace_syslog_priority(enum trace_level level);

/* False: the line is lost, and counted; the next one that gets through is told how many were. A logger that
 * was started anew is found again. */
bool trace_syslog_line(struct trace_syslog *s, enum trace_level level, const struct tm *when,
                       const char *line);

#endif
