/* SPDX-License-Identifier: BSD-3-Clause */
/* SLOWLOG: the last commands that took long. */
#include "commands/handlers.h"
#include "commands/help.h"
#include "commands/insight.h"

#include "base/num.h"

#define COUNT_DEFAULT 10

static void write_entry(struct writer *w, const struct slow_entry *e)
{
    write_array(w, 6);
    write_int(w, e->id);
    write_int(w, e->wall_s);
    write_int(w, e->took_us);
    write_array(w, (size_t)e->args->argc);
    for (int i = 0; i < e->args->argc; i++)
        write_bulk(w, e->args->argv[i]);
    write_bulk_string(w, e->address);
    write_bulk_string(w, e->name);
}

void cmd_slowlog_get(struct call *c)
{
    const struct slow_log *log = &c->sv->insight->slow_log;
    int64_t count = COUNT_DEFAULT;
    if (c->argc > 3) {
        reply_subcommand_usage(c);
        return;
    }
    if (c->argc == 3 && (!num_parse_i64(c->argv[2], &count) || count < -1)) {
        write_error(&c->w, "ERR count should be greater than or equal to -1");
        return;
    }
    if (count == -1 || (uint64_t)count > log->count)
        count = (int64_t)log->count;
    write_array(&c->w, (size_t)count);
    LIST_EACH (it, &log->entries) {
        if (count-- == 0)
            break;
        write_entry(&c->w, CONTAINER_OF(it, struct slow_entry, link));
    }
}

void cmd_slowlog_len(struct call *c)
{
    write_int(&c->w, (int64_t)c->sv->insight->slow_log.count);
}

void cmd_slowlog_reset(struct call *c)
{
    slow_log_clear(&c->sv->insight->slow_log);
    write_ok(&c->w);
}

void cmd_slowlog_help(struct call *c)
{
    reply_help(c);
}
