/* SPDX-License-Identifier: BSD-3-Clause */
/* Where the trace goes: lines with process, time and level, as Redis writes them, to standard output
 * or a file. */
#ifndef ECHOLOG_SERVER_TRACE_FILE_H
#define ECHOLOG_SERVER_TRACE_FILE_H

#include "base/check.h"
#include "base/trace.h"
#include <stdio.h>

struct trace_file {
    struct trace trace;
    FILE *file; /* owned unless it is standard output */
};

/* `path` "" is standard output. False when the file cannot be opened (errno says why). */
MUST_CHECK
bool trace_file_open(struct trace_file *t, const char *path, enum trace_level level);
void trace_file_close(struct trace_file *t);

#endif
