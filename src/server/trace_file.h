/* SPDX-License-Identifier: BSD-3-Clause */
/* Where the trace goes: lines with process, time and level, as Redis writes them, to standard output or
 * a file, and to the system's logger beside it.
 *
 * A line is one write at the end of the file, so a file may be moved away (and reopened) or cut to nothing
 * while the server runs. The loop must not stand still for it: where standard output is a pipe or a
 * terminal that nobody reads, a line waits TRACE_FILE_WAIT_MS at most, not more than one in a second does, and is lost then. What is lost is
 * counted in `trace.lost`, and the next line that can be written is preceded by one that says so. */
#ifndef ECHOLOG_SERVER_TRACE_FILE_H
#define ECHOLOG_SERVER_TRACE_FILE_H

#include "base/check.h"
#include "base/trace.h"
#include "server/trace_syslog.h"

#define TRACE_FILE_WAIT_MS 100

struct trace_file {
    struct trace trace;
    const char *path;            /* borrowed; "" is standard output */
    int fd;                      /* owned unless it is standard output */
    bool journal;                /* standard output is read by systemd's journal */
    time_t waited;               /* the second in which a line waited for room last */
    bool torn;                   /* a part of a line was written: the next begins a new one */
    uint64_t missing;            /* lines lost that the file does not tell of yet */
    struct trace_syslog *syslog; /* borrowed; NULL: not there too */
};

/* `path` "" is standard output. `journal_stream` is the variable JOURNAL_STREAM, or NULL: it says whether
 * standard output is systemd's journal, which has times itself and is told the level by a prefix. False when
 * the file cannot be opened (errno says why). */
MUST_CHECK
bool trace_file_open(struct trace_file *t, const char *path, enum trace_level level,
                     const char *journal_stream);
/* Opens the file by its name again, which may be another one now. On failure (errno) all stays as it is. */
MUST_CHECK
bool trace_file_reopen(struct trace_file *t);
void trace_file_close(struct trace_file *t);

#endif
