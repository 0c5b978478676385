/* SPDX-License-Identifier: BSD-3-Clause */
/* echolog-cli tail: several topics and channels on one screen, as what is in them comes. */
#ifndef ECHOLOG_CLI_TOOL_TAIL_H
#define ECHOLOG_CLI_TOOL_TAIL_H

#include "cli/tool.h"

#define TAIL_FROM_NOW (-1)
#define TAIL_FROM_EARLIEST (-2)

struct tail_options {
    struct flag_list topics; /* name, or name/partition */
    struct flag_list channels, patterns;
    const char *key;      /* records whose key matches this glob; NULL: all */
    int64_t since;        /* milliseconds since 1970, or TAIL_FROM_… */
    int64_t max_messages; /* -1: no limit */
    bool help;
};

/* argv begins behind the tool's name. False: `why` says what is wrong. */
MUST_CHECK
bool tail_options_parse(struct tail_options *o, int argc, char *const *argv,
                        char why[FLAGS_WHY_BYTES]);
/* Over the open connection, which speaks RESP3. Records and messages go to `out`, what is said about them (that they
 * are listened to, that some were lost) to `report`. Returns the exit status; an interrupt is a good end. */
int tail_run(struct tool *t, const struct tail_options *o);

/* The whole tool, from its arguments to its exit status. */
int tool_tail(struct connection *c, const struct printer *printer, int argc, char *const *argv);

#endif
