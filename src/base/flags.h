/* SPDX-License-Identifier: BSD-3-Clause */
/* Command line options from a table. A value follows its option, or is joined to a long one by '='. */
#ifndef ECHOLOG_BASE_FLAGS_H
#define ECHOLOG_BASE_FLAGS_H

#include "base/check.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FLAGS_WHY_BYTES 256
#define FLAGS_LIST_MAX 64
#define FLAGS_SECONDS_MAX (24 * 3600)

/* An option that may come several times. Zero-initialised is valid and empty. */
struct flag_list {
    const char *items[FLAGS_LIST_MAX]; /* borrowed from argv */
    size_t count;
};

/* Exactly one of the targets is set; what is not given is left as it was. */
struct flag {
    const char *name; /* with its dashes */
    bool *set;
    const char **text; /* becomes borrowed from argv */
    int64_t *number;
    int64_t number_min;
    int64_t number_max;
    int64_t *micros; /* given in seconds, with or without a fraction */
    struct flag_list *list;
};

/* Reads options from the front of argv, up to the first argument that does not begin with a dash (a lone
 * "-" does not count, "--" is taken and ends the options). *used says how many arguments that was. False:
 * `why` says in a sentence what is wrong. */
MUST_CHECK
bool flags_parse(const struct flag *flags, size_t count, int argc, char *const *argv, int *used,
                 char why[FLAGS_WHY_BYTES]);

#endif
