/* SPDX-License-Identifier: BSD-3-Clause */
/* What the consumer is told. */
#ifndef ECHOLOG_CLI_CONSUME_OPTIONS_H
#define ECHOLOG_CLI_CONSUME_OPTIONS_H

#include "base/flags.h"
#include "cli/record_format.h"

#define CONSUME_FROM_LATEST (-1)
#define CONSUME_FROM_EARLIEST (-2)
#define CONSUME_FROM_TIME (-3) /* `from_ms` */
#define CONSUME_MEMBER_BYTES 64

struct consume_options {
    const char *topic;
    int64_t partition;    /* -1: all */
    int64_t offset;       /* where to begin; or CONSUME_FROM_… */
    int64_t max_messages; /* -1: no limit */
    int64_t timeout_ms;   /* stops after so long without a record; -1: never */
    int64_t from_ms;      /* of CONSUME_FROM_TIME */
    bool until_end;       /* stops behind what was there when it began */
    const char
        *group; /* NULL: none; then earliest and latest count where it has committed nothing */
    const char *member;
    char member_name[CONSUME_MEMBER_BYTES]; /* when none was given */
    struct record_format format;
    bool help;
};

/* argv begins behind the tool's name. False: `why` says what is wrong. */
MUST_CHECK
bool consume_options_parse(struct consume_options *o, int argc, char *const *argv,
                           char why[FLAGS_WHY_BYTES]);

#endif
