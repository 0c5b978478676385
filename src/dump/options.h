/* SPDX-License-Identifier: BSD-3-Clause */
/* The command line of echolog-dump. */
#ifndef ECHOLOG_DUMP_OPTIONS_H
#define ECHOLOG_DUMP_OPTIONS_H

#include <stdbool.h>
#include <stdio.h>

struct options {
    const char *path; /* borrowed from the command line */
    bool json;
    bool deep;      /* look at every batch as a whole and at every record */
    bool batches;   /* print them, and the entries of indexes */
    bool records;   /* print them too */
    bool compacted; /* offsets may be missing */
    bool help;
    bool version;
};

#define OPTIONS_WHY_BYTES 128

/* False: `why` says what is wrong. */
bool options_parse(struct options *o, int argc, char *const *argv, char why[OPTIONS_WHY_BYTES]);
void options_print_help(FILE *out);

#endif
