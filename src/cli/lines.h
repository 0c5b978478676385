/* SPDX-License-Identifier: BSD-3-Clause */
/* Lines of any bytes from a descriptor, in whatever pieces they come. The newline ends a line and is not
 * part of it; a last line without one counts; an empty line is a line. */
#ifndef ECHOLOG_CLI_LINES_H
#define ECHOLOG_CLI_LINES_H

#include "base/buf.h"
#include "base/err.h"

#define LINES_READ_BYTES (128 * 1024)
#define LINES_LINE_BYTES_MAX ((size_t)512 * 1024 * 1024)

/* Zero-initialised is valid and empty. */
struct lines {
    struct buf in;
    size_t pos;      /* where the next line begins in `in` */
    size_t scanned;  /* bytes behind pos known to hold no newline */
    bool ended;      /* the descriptor has nothing more */
    uint64_t number; /* of the line given out last; the first is 1 */
};

void lines_deinit(struct lines *l);
/* Reads once. At the end of the input `ended` is set.
 * ERR_TOO_LARGE  a line passes LINES_LINE_BYTES_MAX
 * ERR_IO         the descriptor cannot be read: errno says why */
MUST_CHECK
enum err lines_fill(struct lines *l, int fd);
/* False while no whole line is there. A line stays valid until the next lines_fill. */
bool lines_next(struct lines *l, struct bytes *line);
/* Gives the last line back: the next lines_next has it again. */
void lines_unread(struct lines *l, struct bytes line);

/* What lies before and behind the first separator (which is not empty); false when there is none. */
bool line_split(struct bytes line, struct bytes separator, struct bytes *key, struct bytes *value);

#endif
