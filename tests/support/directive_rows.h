/* SPDX-License-Identifier: BSD-3-Clause */
/* A row for every directive of the server: a value that is not its default, one that is refused and why, and the
 * test that shows what it does. Tests go through all of them, and fail for a directive without a row; a row may be
 * there for a directive that a build leaves out. Knows nothing of src: server tests use it too. */
#ifndef ECHOLOG_TESTS_DIRECTIVE_ROWS_H
#define ECHOLOG_TESTS_DIRECTIVE_ROWS_H

#include <stddef.h>

#define ROW_ANY_TEXT ((const char *)-1) /* `bad` of one that refuses nothing */

enum directive_row_flags {
    ROW_MACHINE = 1, /* a running server takes the value only where the machine has what it names */
    ROW_HIDDEN = 2,  /* not told by CONFIG GET */
};

struct directive_row {
    const char *name;
    const char *value;  /* acceptable, and not the default */
    const char *shown;  /* as CONFIG GET tells it; NULL: as it was given */
    const char *bad;    /* refused; NULL: every text of more than 512 bytes */
    const char *reason; /* in the error */
    const char *effect; /* "file:test", below tests/ */
    unsigned flags;
};

extern const struct directive_row directive_rows[];
extern const size_t directive_row_count;

#endif
