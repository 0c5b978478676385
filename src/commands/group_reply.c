/* SPDX-License-Identifier: BSD-3-Clause */
#include "commands/group_reply.h"

#include "commands/append_hold.h"
#include "commands/errors.h"

struct group *argument_group(struct call *c, struct bytes name)
{
    struct group *g = groups_find(c->sv->groups, name);
    if (g == NULL)
        write_error(&c->w, "UNKNOWNGROUP there is no group '%.*s'", (int)name.len, name.data);
    return g;
}

struct member *argument_member(struct call *c)
{
    struct buf why = {0};
    struct member *m = NULL;
    enum err err = groups_member(c->sv->groups, c->argv[2], c->argv[3], &why, &m);
    if (err != ERR_OK)
        write_group_error(&c->w, err, &why);
    buf_deinit(&why);
    return m;
}

void write_field(struct writer *w, const char *name, struct bytes value)
{
    write_bulk_string(w, name);
    write_bulk(w, value);
}

void write_field_string(struct writer *w, const char *name, const char *value)
{
    write_bulk_string(w, name);
    write_bulk_string(w, value);
}

void write_field_int(struct writer *w, const char *name, int64_t value)
{
    write_bulk_string(w, name);
    write_int(w, value);
}

void write_field_known(struct writer *w, const char *name, int64_t number)
{
    write_bulk_string(w, name);
    if (number < 0)
        write_null(w);
    else
        write_int(w, number);
}

enum ack group_ack(const struct call *c)
{
    return (enum ack)c->sv->config->default_ack;
}

void reply_ok_when_written(struct call *c, struct topic_partition *where, uint64_t batch,
                           enum ack ack)
{
    uint64_t from = c->w.out->pos_end;
    write_ok(&c->w);
    if (where != NULL)
        append_hold(c, from, where, batch, ack);
}
