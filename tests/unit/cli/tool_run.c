/* SPDX-License-Identifier: BSD-3-Clause */
#include "tool_run.h"
#include <stdlib.h>

void tool_run_open(struct tool_run *r)
{
    *r = (struct tool_run){0};
    peer_open(&r->peer);
    r->tool = (struct tool){.connection = &r->peer.connection,
                            .printer = &r->printer,
                            .out = open_memstream(&r->printed, &r->printed_len),
                            .report = open_memstream(&r->report, &r->report_len)};
}

void tool_run_ended(struct tool_run *r)
{
    fclose(r->tool.out);
    fclose(r->tool.report);
}

void tool_run_close(struct tool_run *r)
{
    peer_close(&r->peer);
    free(r->printed);
    free(r->report);
}
