/* SPDX-License-Identifier: BSD-3-Clause */
/* What the argument names: a data directory, a partition's, or a file, and the walk through it. */
#ifndef ECHOLOG_DUMP_TARGET_H
#define ECHOLOG_DUMP_TARGET_H

#include "dump/options.h"
#include <stdio.h>

enum target_status { TARGET_FINE = 0, TARGET_WRONG = 1, TARGET_NOT_LOOKED = 2 };

/* Prints all to `out`; what kept it from looking goes to `complaints`. */
enum target_status target_run(const struct options *options, FILE *out, FILE *complaints);

#endif
