/* SPDX-License-Identifier: BSD-3-Clause */
/* The end of the road for our own mistakes: says which condition failed and where, then aborts. */
#include "base/check.h"
#include <stdio.h>
#include <stdlib.h>

void check_failed(const char *condition, const char *file, int line)
{
    fprintf(stderr, "assertion failed: %s (%s:%d)\n", condition, file, line);
    fflush(stderr);
    abort();
}
