/* SPDX-License-Identifier: BSD-3-Clause */
/* TIME, DBSIZE, SHUTDOWN. */
#include "commands/errors.h"
#include "commands/handlers.h"

void cmd_time(struct call *c)
{
    int64_t now_us = c->sv->clock->wall_us;
    write_array(&c->w, 2);
    write_bulk_printf(&c->w, "%lld", (long long)(now_us / 1000000));
    write_bulk_printf(&c->w, "%lld", (long long)(now_us % 1000000));
}

void cmd_dbsize(struct call *c)
{
    write_int(&c->w, (int64_t)catalog_topic_count(c->sv->catalog));
}

/* The options of Redis are understood; what was acknowledged is written out in any case. A stop that has
 * begun executes no more commands, so there is never one to abort. */
void cmd_shutdown(struct call *c)
{
    bool save = false, nosave = false, hurry = false, abort = false;
    for (int i = 1; i < c->argc; i++) {
        if (bytes_is(c->argv[i], "save")) {
            save = true;
        } else if (bytes_is(c->argv[i], "nosave")) {
            nosave = true;
        } else if (bytes_is(c->argv[i], "now") || bytes_is(c->argv[i], "force")) {
            hurry = true;
        } else if (bytes_is(c->argv[i], "abort")) {
            abort = true;
        } else {
            reply_syntax_error(c);
            return;
        }
    }
    if ((save && nosave) || (abort && (save || nosave || hurry)))
        reply_syntax_error(c);
    else if (abort)
        write_error(&c->w, "ERR No shutdown in progress.");
    else
        c->sv->shutdown(c->sv);
}
