/* SPDX-License-Identifier: BSD-3-Clause */
/* GROUP SEEK group topic [partition] TO EARLIEST|LATEST|offset|@ms|SHIFT n: where a group without members
 * goes on. What was produced before is written first; places are looked up; then all are committed in one
 * batch, and the answer, [topic, partition, offset] of each, comes when that is as safe as default-ack
 * says. A new group is made. */
#include "commands/arguments.h"
#include "commands/errors.h"
#include "commands/group_reply.h"
#include "commands/handlers.h"
#include "commands/late_reply.h"

#include "base/mem.h"
#include "base/num.h"
#include "groups/commit.h"

struct seek_target {
    bool shift; /* by `value`; else a place */
    enum fetch_from from;
    int64_t value;
};

struct seek_call;

struct seek_part {
    struct offset_query query;
    struct seek_call *call;
    int64_t offset;
};

struct seek_call {
    struct late_reply reply;
    struct services *sv;
    struct topic *topic; /* counted */
    char *group;         /* owned */
    struct seek_target target;
    enum ack ack;
    struct ack_wait wait;
    struct topic_partition *where; /* with `waiting` */
    bool waiting;
    struct buf error; /* the whole answer, with its code; empty: it worked */
    size_t pending;
    size_t count;
    struct seek_part parts[];
};

/* --- answering ------------------------------------------------------------------------------ */

static void write_answer(struct writer *w, const struct seek_call *call)
{
    if (call->error.len > 0) {
        write_error(w, "%.*s", (int)call->error.len, call->error.data);
        return;
    }
    write_array(w, call->count);
    for (size_t i = 0; i < call->count; i++) {
        write_array(w, 3);
        write_bulk(w, call->topic->name);
        write_int(w, call->parts[i].query.tp->number);
        write_int(w, call->parts[i].offset);
    }
}

static void seek_call_free(struct seek_call *call)
{
    for (size_t i = 0; i < call->count; i++)
        offset_query_end(&call->parts[i].query);
    if (call->waiting)
        ack_wait_cancel(&call->wait);
    topic_unref(call->topic);
    mem_free(call->group);
    buf_deinit(&call->error);
    mem_free(call);
}

static void render(struct late_reply *l, struct writer *w)
{
    write_answer(w, CONTAINER_OF(l, struct seek_call, reply));
}

static void release(struct late_reply *l)
{
    seek_call_free(CONTAINER_OF(l, struct seek_call, reply));
}

/* --- committing ----------------------------------------------------------------------------- */

static void on_safe(struct ack_wait *wait, enum err err)
{
    struct seek_call *call = CONTAINER_OF(wait, struct seek_call, wait);
    call->waiting = false;
    if (err != ERR_OK) {
        struct buf line = {0}; /* "-CODE ...\r\n" */
        error_append_failed(&line, call->where, err);
        buf_append(&call->error, line.data + 1, line.len - 3);
        buf_deinit(&line);
    }
    late_reply_answer(&call->reply);
}

/* Where the partition is to go on; false with an error. */
static bool place(struct seek_call *call, struct seek_part *part, const struct group_partition *gp)
{
    const struct offset_query *q = &part->query;
    const struct bytes name = call->topic->name;
    if (q->err != ERR_OK || call->topic->deleted || q->tp->log == NULL) {
        if (q->err == ERR_NOT_FOUND || call->topic->deleted)
            buf_printf(&call->error, "UNKNOWNTOPIC topic '%.*s' was deleted", (int)name.len,
                       name.data);
        else
            buf_printf(&call->error, "%s topic '%.*s' partition %d cannot be searched: %s",
                       error_code(q->err), (int)name.len, name.data, q->tp->number,
                       err_text(q->err));
        return false;
    }
    int64_t start = partition_log_start(q->tp->log), end = partition_next_offset(q->tp->log);
    int64_t to = q->offset;
    if (call->target.shift) {
        int64_t base = gp != NULL && gp->committed >= 0 ? gp->committed : start;
        base = base < start ? start : base > end ? end : base;
        /* `base` is in the log, so neither difference overflows. */
        int64_t by = call->target.value;
        to = by < start - base ? start : by > end - base ? end : base + by;
    } else if (call->target.from == FETCH_FROM_OFFSET) {
        to = call->target.value;
        if (to < start || to > end) {
            buf_printf(&call->error,
                       "OFFSETOUTOFRANGE group '%s' cannot go to offset %lld of topic '%.*s' "
                       "partition %d: it begins at %lld and ends before %lld",
                       call->group, (long long)to, (int)name.len, name.data, q->tp->number,
                       (long long)start, (long long)end);
            return false;
        }
    }
    part->offset = to;
    return true;
}

static void set_error(struct seek_call *call, enum err err, const struct buf *why)
{
    /* Its creation is not durable yet. */
    const char *code = err == ERR_NOT_FOUND ? "UNKNOWNTOPIC" : error_code_group(err);
    if (why->len > 0)
        buf_printf(&call->error, "%s %.*s", code, (int)why->len, why->data);
    else
        buf_printf(&call->error, "%s %s", code, err_text(err));
}

static bool has_members(struct buf *error, const struct group *g)
{
    if (g == NULL || g->member_count == 0)
        return false;
    buf_printf(
        error,
        "GROUPNOTEMPTY group '%.*s' has %zu member%s, and SEEK moves only one that has none: they "
        "must leave first",
        (int)g->name.len, g->name.data, g->member_count, g->member_count == 1 ? "" : "s");
    return true;
}

/* All places; false with an error. */
static bool place_all(struct seek_call *call, const struct group *g, struct commit *commits)
{
    const struct group_topic *gt = g == NULL ? NULL : group_topic(g, call->topic->name);
    for (size_t i = 0; i < call->count; i++) {
        struct seek_part *part = &call->parts[i];
        int32_t number = part->query.tp->number;
        struct group_partition *gp = gt == NULL ? NULL : group_partition(gt, number);
        if (!place(call, part, gp))
            return false;
        commits[i] = (struct commit){.topic = call->topic->name,
                                     .number = number,
                                     .gp = gp,
                                     .offset = part->offset,
                                     .metadata = BYTES_NULL};
    }
    return true;
}

/* ERR_OK: the answer is there; ERR_AGAIN: on_safe comes. */
static enum err seek(struct seek_call *call)
{
    struct groups *gs = call->sv->groups;
    struct group *g = groups_find(gs, bytes_of_string(call->group));
    struct commit *commits = mem_zalloc(call->count, sizeof(*commits));
    struct commit_result result = {.where = NULL};
    struct buf why = {0};
    if (!has_members(&call->error, g) && place_all(call, g, commits)) {
        enum err err = groups_get(gs, bytes_of_string(call->group), &why, &g);
        if (err == ERR_OK)
            err = commit_seek(g, commits, call->count, call->ack, &why, &result);
        if (err != ERR_OK)
            set_error(call, err, &why);
    }
    mem_free(commits);
    buf_deinit(&why);
    if (call->error.len > 0 || result.where == NULL || call->ack == ACK_NONE)
        return ERR_OK;
    call->where = result.where;
    call->waiting = true;
    list_init(&call->wait.link);
    call->wait.done = on_safe;
    ack_wait_start(&call->wait, result.where, result.appended.batch, call->ack);
    return ERR_AGAIN;
}

static void on_found(struct offset_query *q)
{
    struct seek_call *call = CONTAINER_OF(q, struct seek_part, query)->call;
    if (--call->pending == 0 && seek(call) == ERR_OK)
        late_reply_answer(&call->reply);
}

/* --- asking --------------------------------------------------------------------------------- */

static bool read_target(struct call *c, int at, struct seek_target *target)
{
    *target = (struct seek_target){0};
    int words = c->argc - at;
    if (words == 2 && bytes_is(c->argv[at], "shift")) {
        target->shift = true;
        target->from = FETCH_FROM_LATEST;
        if (num_parse_i64(c->argv[at + 1], &target->value))
            return true;
        reply_not_an_integer(c);
        return false;
    }
    if (words == 1 && argument_position(c->argv[at], &target->from, &target->value))
        return true;
    if (words == 1)
        write_error(&c->w,
                    "ERR invalid place '%.*s': it is a number, EARLIEST, LATEST, @ms or SHIFT n",
                    c->argv[at].len < 64 ? (int)c->argv[at].len : 64, c->argv[at].data);
    else
        reply_syntax_error(c);
    return false;
}

static struct seek_call *seek_call_create(struct call *c, struct topic *t,
                                          struct topic_partition *only,
                                          const struct seek_target *target)
{
    size_t count = only != NULL ? 1 : (size_t)t->partition_count;
    struct seek_call *call = mem_zalloc(1, sizeof(*call) + count * sizeof(call->parts[0]));
    call->reply = (struct late_reply){.render = render, .release = release};
    call->sv = c->sv;
    call->topic = topic_ref(t);
    call->group = mem_strndup(c->argv[2].data, c->argv[2].len);
    call->target = *target;
    call->ack = group_ack(c);
    call->count = count;
    /* A given offset is only checked: against the end of the log. */
    enum fetch_from from = target->from == FETCH_FROM_OFFSET ? FETCH_FROM_LATEST : target->from;
    for (size_t i = 0; i < count; i++) {
        struct seek_part *part = &call->parts[i];
        part->call = call;
        part->query = (struct offset_query){.tp = only != NULL ? only : t->partitions[i],
                                            .from = from,
                                            .value = target->value,
                                            .done = on_found};
    }
    return call;
}

static void start(struct call *c, struct seek_call *call)
{
    for (size_t i = 0; i < call->count; i++)
        call->pending += offset_query_start(&call->parts[i].query) == ERR_AGAIN;
    if (call->pending == 0 && seek(call) == ERR_OK) {
        write_answer(&c->w, call);
        seek_call_free(call);
        return;
    }
    late_reply_start(&call->reply, c, true);
}

void cmd_group_seek(struct call *c)
{
    bool one = !bytes_is(c->argv[4], "to");
    int at = one ? 6 : 5;
    struct seek_target target;
    if (one && !bytes_is(c->argv[5], "to")) {
        reply_syntax_error(c);
        return;
    }
    if (!read_target(c, at, &target))
        return;
    struct buf why = {0};
    enum err err = groups_check_name("group", c->argv[2], &why);
    if (err != ERR_OK)
        write_group_error(&c->w, err, &why);
    else if (has_members(&why, groups_find(c->sv->groups, c->argv[2])))
        write_error(&c->w, "%.*s", (int)why.len, why.data);
    bool refused = why.len > 0;
    buf_deinit(&why);
    struct topic *t = refused ? NULL : argument_topic(c, c->argv[3]);
    if (t == NULL)
        return;
    struct topic_partition *only = NULL;
    if (one && (only = argument_partition(c, t, c->argv[4])) == NULL)
        return;
    start(c, seek_call_create(c, t, only, &target));
}
