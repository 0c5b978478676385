/* SPDX-License-Identifier: BSD-3-Clause */
/* What the producer is told. */
#ifndef ECHOLOG_CLI_PRODUCE_OPTIONS_H
#define ECHOLOG_CLI_PRODUCE_OPTIONS_H

#include "base/flags.h"
#include "cli/produce_line.h"

struct produce_options {
    const char *topic;
    const char *file; /* NULL: standard input */
    struct produce_layout layout;
    const char *ack;   /* NULL: the topic's own */
    int64_t partition; /* -1: the server chooses */
    int64_t rate;      /* records in a second; 0: no limit */
    bool progress;     /* tell how far it is; not read from options */
    bool help;
};

/* argv begins behind the tool's name. False: `why` says what is wrong. */
MUST_CHECK
bool produce_options_parse(struct produce_options *o, int argc, char *const *argv,
                           char why[FLAGS_WHY_BYTES]);

#endif
