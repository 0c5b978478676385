/* SPDX-License-Identifier: BSD-3-Clause */
/* A console tool against a peer: what it printed, what it reported. */
#ifndef ECHOLOG_TESTS_UNIT_CLI_TOOL_RUN_H
#define ECHOLOG_TESTS_UNIT_CLI_TOOL_RUN_H

#include "cli/tool.h"
#include "peer.h"

struct tool_run {
    struct peer peer;
    struct printer printer; /* plain text unless changed before the run */
    struct tool tool;
    char *printed, *report;
    size_t printed_len, report_len;
};

void tool_run_open(struct tool_run *r);
/* Behind the tool's run: `printed` and `report` can be read. */
void tool_run_ended(struct tool_run *r);
void tool_run_close(struct tool_run *r);

#endif
