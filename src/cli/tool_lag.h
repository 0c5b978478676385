/* SPDX-License-Identifier: BSD-3-Clause */
/* echolog-cli lag: how far behind groups are, once or watched. */
#ifndef ECHOLOG_CLI_TOOL_LAG_H
#define ECHOLOG_CLI_TOOL_LAG_H

#include "cli/tool.h"

#define LAG_INTERVAL_US_DEFAULT 2000000

struct lag_options {
    struct flag_list groups; /* none: all there are */
    bool watch;
    int64_t interval_us;
    int64_t rounds; /* of --watch; 0: until it is stopped */
    bool help;
};

/* argv begins behind the tool's name. False: `why` says what is wrong. */
MUST_CHECK
bool lag_options_parse(struct lag_options *o, int argc, char *const *argv,
                       char why[FLAGS_WHY_BYTES]);
/* Over the open connection. With `keys_fd` (-1: none), a terminal, there is one table that changes, and 'q' ends it; else
 * a line per group and round. Returns the exit status; an interrupt is a good end. */
int lag_run(struct tool *t, const struct lag_options *o, int keys_fd);

/* The whole tool, from its arguments to its exit status. */
int tool_lag(struct connection *c, const struct printer *printer, int argc, char *const *argv);

#endif
