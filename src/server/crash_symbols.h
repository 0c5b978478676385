/* SPDX-License-Identifier: BSD-3-Clause */
/* Names for addresses of the program, read from its own file when a report is made: also those of functions
 * that are private to a file, and without exporting any, which would keep the optimiser from its work. */
#ifndef ECHOLOG_SERVER_CRASH_SYMBOLS_H
#define ECHOLOG_SERVER_CRASH_SYMBOLS_H

#include "base/check.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct crash_symbols {
    const char *file; /* the program's, mapped; NULL: it cannot be read */
    size_t len;
};

/* May be called in a handler of a signal: maps the file, allocates nothing. Without a file, or a file
 * without names (stripped), no name is found. */
void crash_symbols_open(struct crash_symbols *s, const char *path);
void crash_symbols_close(struct crash_symbols *s);

/* The name of the function at `offset` of the program, and how far in it that is; NULL: not known. The
 * name lives as long as the symbols are open. */
const char *crash_symbols_find(const struct crash_symbols *s, uint64_t offset, uint64_t *within);

#endif
