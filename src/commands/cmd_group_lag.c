/* SPDX-License-Identifier: BSD-3-Clause */
/* GROUP LAG: how far behind a group is, in all and per partition. The age of a record is read from the log,
 * so the answer may come later. */
#include "commands/group_reply.h"
#include "commands/handlers.h"
#include "commands/late_reply.h"

#include "base/mem.h"
#include "groups/lag.h"

struct lag_call {
    struct late_reply reply;
    struct lag_query query;
    char *name; /* owned: for a group that is gone */
};

static void write_part(struct writer *w, const struct lag_part *part)
{
    const struct group_partition *gp = part->gp;
    bool known = part->records >= 0;
    write_map(w, 9);
    write_field(w, "topic", gp->topic->name);
    write_field_int(w, "partition", gp->number);
    write_field_known(w, "committed", gp->committed);
    write_field_known(w, "position", gp->state == POSITION_UNKNOWN ? -1 : gp->position);
    write_field_known(w, "log-start", known ? part->log_start : -1);
    write_field_known(w, "end", known ? part->end : -1);
    write_field_known(w, "lag", part->records);
    write_field_known(w, "lag-ms", part->ms);
    write_field(w, "owner", gp->owner == NULL ? BYTES_NULL : gp->owner->name);
}

static void write_lag(struct writer *w, const struct lag_call *call)
{
    const struct lag_query *q = &call->query;
    if (q->gone) {
        write_error(w, "UNKNOWNGROUP group '%s' was deleted", call->name);
        return;
    }
    write_map(w, 5);
    write_field_string(w, "group", call->name);
    write_field_int(w, "lag", q->records);
    write_field_int(w, "lag-max", q->records_max);
    write_field_known(w, "lag-ms-max", q->part_count == 0 ? 0 : q->ms_max);
    write_bulk_string(w, "partitions");
    write_array(w, q->part_count);
    for (size_t i = 0; i < q->part_count; i++)
        write_part(w, &q->parts[i]);
}

static void lag_call_free(struct lag_call *call)
{
    lag_query_end(&call->query);
    mem_free(call->name);
    mem_free(call);
}

static void render(struct late_reply *l, struct writer *w)
{
    write_lag(w, CONTAINER_OF(l, struct lag_call, reply));
}

static void release(struct late_reply *l)
{
    lag_call_free(CONTAINER_OF(l, struct lag_call, reply));
}

static void on_done(struct lag_query *q)
{
    late_reply_answer(&CONTAINER_OF(q, struct lag_call, query)->reply);
}

void cmd_group_lag(struct call *c)
{
    struct group *g = argument_group(c, c->argv[2]);
    if (g == NULL)
        return;
    struct lag_call *call = mem_zalloc(1, sizeof(*call));
    call->name = mem_strndup(g->name.data, g->name.len);
    call->query = (struct lag_query){.groups = c->sv->groups, .group = g, .done = on_done};
    if (lag_query_start(&call->query) == ERR_OK) {
        write_lag(&c->w, call);
        lag_call_free(call);
        return;
    }
    call->reply = (struct late_reply){.render = render, .release = release};
    late_reply_start(&call->reply, c, true);
}
