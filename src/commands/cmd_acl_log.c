/* SPDX-License-Identifier: BSD-3-Clause */
/* ACL LOG: what was refused lately. */
#include "commands/errors.h"
#include "commands/handlers.h"
#include "commands/help.h"

#include "access/access_log.h"
#include "base/num.h"

#define COUNT_DEFAULT 10

static void write_field(struct writer *w, const char *name, struct bytes value)
{
    write_bulk_string(w, name);
    write_bulk(w, value);
}

static void write_entry(struct call *c, const struct access_log_entry *e)
{
    struct writer *w = &c->w;
    write_map(w, 7);
    write_bulk_string(w, "count");
    write_int(w, (int64_t)e->count);
    write_field(w, "reason", bytes_of_string(access_reason_word(e->reason)));
    write_field(w, "context", bytes_of_string(e->in_transaction ? "multi" : "toplevel"));
    write_field(w, "object", e->object);
    write_field(w, "username", e->username);
    write_bulk_string(w, "age-seconds");
    write_double(w, (double)((c->sv->clock->mono_us - e->updated_us) / 1000) / 1000);
    write_field(w, "client-info", e->client);
}

void cmd_acl_log(struct call *c)
{
    struct access_log *log = c->sv->access_log;
    int64_t count = COUNT_DEFAULT;
    if (c->argc > 3) {
        reply_subcommand_usage(c);
        return;
    }
    if (c->argc == 3 && bytes_is(c->argv[2], "reset")) {
        access_log_trim(log, 0);
        write_ok(&c->w);
        return;
    }
    if (c->argc == 3 && !num_parse_i64(c->argv[2], &count)) {
        reply_not_an_integer(c);
        return;
    }
    size_t left = count < 0 ? 0 : (uint64_t)count < log->count ? (size_t)count : log->count;
    write_array(&c->w, left);
    LIST_EACH (it, &log->entries) {
        if (left-- == 0)
            break;
        write_entry(c, CONTAINER_OF(it, struct access_log_entry, link));
    }
}
