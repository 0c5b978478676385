/* SPDX-License-Identifier: BSD-3-Clause */
/* The last values of a number as a line of small bars: ▁▂▃▅▇█. The lowest bar is zero, the highest the greatest of
 * them. */
#ifndef ECHOLOG_CLI_SPARKLINE_H
#define ECHOLOG_CLI_SPARKLINE_H

#include "base/buf.h"

#define SPARKLINE_VALUES_MAX 32

/* Zero-initialised is valid and empty. */
struct sparkline {
    int64_t values[SPARKLINE_VALUES_MAX]; /* a ring */
    size_t next, count;
};

/* The oldest goes when it is full. A value below zero counts as zero. */
void sparkline_add(struct sparkline *s, int64_t value);
/* The newest stands at the right end. */
void sparkline_append(const struct sparkline *s, struct buf *out);

#endif
