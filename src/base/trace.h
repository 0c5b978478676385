/* SPDX-License-Identifier: BSD-3-Clause */
/* The trace: what the server says to people. (The word "log" is kept for the durable log.) A trace is
 * passed in; where its lines go is the sink's business. */
#ifndef ECHOLOG_BASE_TRACE_H
#define ECHOLOG_BASE_TRACE_H

#include "base/check.h"
#include <stdbool.h>
#include <stdint.h>

/* As Redis's loglevel. */
enum trace_level { TRACE_DEBUG, TRACE_VERBOSE, TRACE_NOTICE, TRACE_WARNING };

#define TRACE_LINE_BYTES_MAX 1024

struct trace {
    enum trace_level level; /* lines below it are not made */
    /* One line without its newline, shorter than TRACE_LINE_BYTES_MAX, with control bytes escaped. */
    void (*sink)(struct trace *trace, enum trace_level level, const char *line);
    uint64_t lost; /* lines that the sink could not deliver */
};

void trace_printf(struct trace *t, enum trace_level level, const char *format, ...)
    PRINTF_LIKE(3, 4);

#define TRACE_WARN(t, ...) trace_printf(t, TRACE_WARNING, __VA_ARGS__)
#define TRACE_NOTE(t, ...) trace_printf(t, TRACE_NOTICE, __VA_ARGS__)
#define TRACE_INFO(t, ...) trace_printf(t, TRACE_VERBOSE, __VA_ARGS__)
#define TRACE_FINE(t, ...) trace_printf(t, TRACE_DEBUG, __VA_ARGS__)

#endif
