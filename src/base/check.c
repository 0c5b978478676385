/* SPDX-License-Identifier: BSD-3-Clause */
/* The end of the road for our own mistakes: says which condition failed and where, then aborts. */
#include "base/check.h"
#include <stdio.h>
#include <stdlib.h>

/* What stands here when the program has none of its own. */
__attribute__((weak)) void check_on_fatal(const char *text)
{
    (void)text;
}

void check_fatal(const char *text)
{
    fprintf(stderr, "%s\n", text);
    fflush(stderr);
    check_on_fatal(text);
    abort();
}

void check_failed(const char *condition, const char *file, int line)
{
    char text[512];
    snprintf(text, sizeof(text), "assertion failed: %s (%s:%d)", condition, file, line);
    check_fatal(text);
}
