/* SPDX-License-Identifier: BSD-3-Clause */
/* The command of the command line: once or again and again, its last word perhaps from standard input. */
#ifndef ECHOLOG_CLI_SINGLE_H
#define ECHOLOG_CLI_SINGLE_H

#include "cli/connection.h"
#include "cli/printer.h"
#include <stdio.h>

#define SINGLE_FOREVER (-1)
#define SINGLE_INPUT_BYTES_MAX ((size_t)512 * 1024 * 1024) /* what a server takes as one word */

struct single {
    char *const *words; /* borrowed */
    size_t count;
    int64_t repeat;       /* how often; or SINGLE_FOREVER */
    int64_t interval_us;  /* between one and the next */
    bool last_from_input; /* one word more: all that comes from `input_fd`, byte for byte */
    int input_fd;
};

/* Opens the connection and runs the command. Error replies do not end the repetition. Returns the exit status
 * (exit_status.h). */
int single_run(struct connection *c, const struct single *s, const struct printer *p, FILE *to);

#endif
