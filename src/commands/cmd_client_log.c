/* SPDX-License-Identifier: BSD-3-Clause */
/* CLIENT LOG: the connections that the server cut off, newest first, shaped like ACL LOG. */
#include "commands/errors.h"
#include "commands/handlers.h"
#include "commands/help.h"

#include "base/num.h"

#define SHOWN_BY_DEFAULT 10

static void write_field_text(struct writer *w, const char *name, struct bytes value)
{
    write_bulk_string(w, name);
    write_bulk(w, value);
}

static void write_field_int(struct writer *w, const char *name, int64_t value)
{
    write_bulk_string(w, name);
    write_int(w, value);
}

static void write_entry(struct writer *w, const struct client_log_entry *e, int64_t now_ms)
{
    write_map(w, 11);
    write_field_int(w, "count", (int64_t)e->count);
    write_field_text(w, "reason", bytes_of_string(cut_off_text(e->why)));
    write_field_text(w, "detail", buf_bytes(&e->detail));
    write_field_int(w, "dropped-bytes", (int64_t)e->bytes);
    write_field_int(w, "dropped-messages", (int64_t)e->messages);
    write_field_text(w, "username", buf_bytes(&e->user));
    write_bulk_string(w, "age-seconds");
    write_double(w, (double)(now_ms - e->created_ms) / 1000);
    write_field_text(w, "client-info", buf_bytes(&e->info));
    write_field_int(w, "entry-id", (int64_t)e->id);
    write_field_int(w, "timestamp-created", e->created_ms);
    write_field_int(w, "timestamp-last-updated", e->updated_ms);
}

void cmd_client_log(struct call *c)
{
    struct client_log *log = &c->sv->sessions->client_log;
    int64_t left = SHOWN_BY_DEFAULT;
    if (c->argc > 3) {
        reply_subcommand_usage(c);
        return;
    }
    if (c->argc == 3 && bytes_is(c->argv[2], "reset")) {
        client_log_clear(log);
        write_ok(&c->w);
        return;
    }
    if (c->argc == 3 && !num_parse_i64(c->argv[2], &left)) {
        reply_not_an_integer(c);
        return;
    }
    if (left < 0)
        left = 0;
    if ((uint64_t)left > log->count)
        left = (int64_t)log->count;
    write_array(&c->w, (size_t)left);
    for (struct list *it = log->entries.next; left > 0; it = it->next, left--)
        write_entry(&c->w, CONTAINER_OF(it, struct client_log_entry, link), c->sv->clock->wall_ms);
}
