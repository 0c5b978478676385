/* SPDX-License-Identifier: BSD-3-Clause */
/* MONITOR: a line for every command that is executed. The lines are written by monitors.c. */
#include "commands/handlers.h"

void cmd_monitor(struct call *c)
{
    struct session *s = c->session;
    if (s->transaction.running) {
        write_error(&c->w, "ERR MONITOR isn't allowed for DENY BLOCKING client");
        return;
    }
    if (session_is_monitor(s))
        return; /* as Redis has it: it is told nothing twice, and is not answered */
    list_push_back(&s->sessions->monitors, &s->in_monitors);
    write_ok(&c->w);
}
