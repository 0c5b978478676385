/* SPDX-License-Identifier: BSD-3-Clause */
/* CLIENT PAUSE and UNPAUSE. What is postponed and what is not: dispatch.c. */
#include "commands/handlers.h"
#include "commands/help.h"

#include "base/num.h"

/* Farther than any clock goes, and near enough to be counted in microseconds. */
#define PAUSE_MS_MAX (INT64_MAX / 4000)

void cmd_client_pause(struct call *c)
{
    enum pause_kind kind = PAUSE_ALL;
    if (c->argc > 4) {
        reply_subcommand_usage(c);
        return;
    }
    if (c->argc == 4 && bytes_is(c->argv[3], "write")) {
        kind = PAUSE_WRITES;
    } else if (c->argc == 4 && !bytes_is(c->argv[3], "all")) {
        write_error(&c->w, "ERR CLIENT PAUSE mode must be WRITE or ALL");
        return;
    }
    int64_t ms;
    if (!num_parse_i64(c->argv[2], &ms)) {
        write_error(&c->w, "ERR timeout is not an integer or out of range");
    } else if (ms < 0) {
        write_error(&c->w, "ERR timeout is negative");
    } else {
        int64_t us = (ms < PAUSE_MS_MAX ? ms : PAUSE_MS_MAX) * 1000;
        sessions_pause(c->sv->sessions, kind, c->sv->clock->mono_us + us);
        write_ok(&c->w);
    }
}

void cmd_client_unpause(struct call *c)
{
    sessions_unpause(c->sv->sessions);
    write_ok(&c->w);
}
