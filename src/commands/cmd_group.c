/* SPDX-License-Identifier: BSD-3-Clause */
/* GROUP LIST, HEARTBEAT, LEAVE, KICK, DELETE, FORGET, EXPLAIN. (Others: cmd_group_describe.c, cmd_group_lag.c,
 * cmd_group_seek.c.) */
#include "commands/arguments.h"
#include "commands/errors.h"
#include "commands/group_reply.h"
#include "commands/handlers.h"
#include "commands/help.h"

#include "base/glob.h"
#include "groups/explain.h"

/* --- GROUP LIST [MATCH pattern] --------------------------------------------------------------- */

struct listing {
    struct writer *w; /* NULL: only count */
    struct bytes pattern;
    size_t count;
};

static void list_group(void *ctx, struct group *g)
{
    struct listing *l = ctx;
    if (!bytes_is_null(l->pattern) && !glob_match(l->pattern, g->name))
        return;
    l->count++;
    if (l->w != NULL)
        write_bulk(l->w, g->name);
}

void cmd_group_list(struct call *c)
{
    struct listing l = {.pattern = BYTES_NULL};
    if (c->argc == 4 && bytes_is(c->argv[2], "match")) {
        l.pattern = c->argv[3];
    } else if (c->argc != 2) {
        reply_syntax_error(c);
        return;
    }
    groups_each(c->sv->groups, list_group, &l);
    write_array(&c->w, l.count);
    l.w = &c->w;
    groups_each(c->sv->groups, list_group, &l);
}

/* --- a member ------------------------------------------------------------------------------- */

void cmd_group_heartbeat(struct call *c)
{
    struct member *m = argument_member(c);
    if (m == NULL)
        return;
    member_seen(m);
    write_ok(&c->w);
}

void cmd_group_leave(struct call *c)
{
    struct member *m = argument_member(c);
    if (m == NULL)
        return;
    group_leave(m);
    write_ok(&c->w);
}

void cmd_group_kick(struct call *c)
{
    struct buf why = {0};
    struct member *m;
    enum err err = groups_others_member(c->sv->groups, c->argv[2], c->argv[3], &why, &m);
    if (err == ERR_OK) {
        group_kick(m);
        write_ok(&c->w);
    } else {
        write_group_error(&c->w, err, &why);
    }
    buf_deinit(&why);
}

/* --- a group -------------------------------------------------------------------------------- */

void cmd_group_delete(struct call *c)
{
    struct group *g = argument_group(c, c->argv[2]);
    if (g == NULL)
        return;
    struct buf why = {0};
    struct topic_partition *where = NULL;
    struct appended appended = {0};
    enum ack ack = group_ack(c);
    enum err err = groups_delete(c->sv->groups, g, ack, &why, &where, &appended);
    if (err == ERR_OK)
        reply_ok_when_written(c, where, appended.batch, ack);
    else
        write_group_error(&c->w, err, &why);
    buf_deinit(&why);
}

/* GROUP FORGET group topic [partition] */
void cmd_group_forget(struct call *c)
{
    struct group *g = argument_group(c, c->argv[2]);
    struct topic *t = g == NULL ? NULL : argument_topic(c, c->argv[3]);
    struct topic_partition *only = NULL;
    if (t == NULL)
        return;
    if (c->argc > 5) {
        reply_syntax_error(c);
        return;
    }
    if (c->argc == 5 && (only = argument_partition(c, t, c->argv[4])) == NULL)
        return;
    struct buf why = {0};
    struct topic_partition *where = NULL;
    struct appended appended = {0};
    enum ack ack = group_ack(c);
    enum err err = groups_forget(c->sv->groups, g, t->name, only == NULL ? -1 : only->number, ack,
                                 &why, &where, &appended);
    if (err == ERR_OK)
        reply_ok_when_written(c, where, appended.batch, ack);
    else
        write_group_error(&c->w, err, &why);
    buf_deinit(&why);
}

struct sentences {
    struct buf text; /* each ended by a NUL */
    size_t count;
};

static void add_sentence(void *ctx, struct bytes sentence)
{
    struct sentences *s = ctx;
    buf_append_bytes(&s->text, sentence);
    buf_append_char(&s->text, '\0');
    s->count++;
}

void cmd_group_explain(struct call *c)
{
    struct group *g = argument_group(c, c->argv[2]);
    if (g == NULL)
        return;
    struct sentences s = {0};
    group_explain(g, add_sentence, &s);
    write_array(&c->w, s.count);
    for (const char *at = s.text.data; s.count > 0; s.count--) {
        write_bulk_string(&c->w, at);
        at += strlen(at) + 1;
    }
    buf_deinit(&s.text);
}

void cmd_group_help(struct call *c)
{
    reply_help(c);
}
