/* SPDX-License-Identifier: BSD-3-Clause */
/* TOPIC OFFSETS: where partitions begin or end, or which offset a time has. Answers an array of
 * [partition, offset, timestamp]; the timestamp is that of the record found by time, else -1. */
#include "commands/arguments.h"
#include "commands/errors.h"
#include "commands/handlers.h"
#include "commands/late_reply.h"

#include "base/mem.h"
#include "base/num.h"

struct offsets_call;

struct offsets_part {
    struct offset_query query;
    struct offsets_call *call;
};

struct offsets_call {
    struct late_reply reply;
    struct topic *topic; /* counted */
    size_t count;
    size_t pending;
    struct offsets_part parts[];
};

static void write_query(struct writer *w, const struct offset_query *q)
{
    const struct bytes name = q->tp->topic->name;
    if (q->err == ERR_NOT_FOUND) {
        write_error(w, "UNKNOWNTOPIC topic '%.*s' was deleted", (int)name.len, name.data);
    } else if (q->err != ERR_OK) {
        write_error(w, "%s topic '%.*s' partition %d cannot be searched: %s", error_code(q->err),
                    (int)name.len, name.data, q->tp->number, err_text(q->err));
    } else {
        write_array(w, 3);
        write_int(w, q->tp->number);
        write_int(w, q->offset);
        write_int(w, q->timestamp_ms);
    }
}

static void write_queries(struct writer *w, const struct offsets_call *call)
{
    write_array(w, call->count);
    for (size_t i = 0; i < call->count; i++)
        write_query(w, &call->parts[i].query);
}

static void offsets_call_free(struct offsets_call *call)
{
    for (size_t i = 0; i < call->count; i++)
        offset_query_end(&call->parts[i].query);
    topic_unref(call->topic);
    mem_free(call);
}

static void render(struct late_reply *l, struct writer *w)
{
    write_queries(w, CONTAINER_OF(l, struct offsets_call, reply));
}

static void release(struct late_reply *l)
{
    offsets_call_free(CONTAINER_OF(l, struct offsets_call, reply));
}

static void on_done(struct offset_query *q)
{
    struct offsets_call *call = CONTAINER_OF(q, struct offsets_part, query)->call;
    if (--call->pending == 0)
        late_reply_answer(&call->reply);
}

struct offsets_options {
    struct bytes partition; /* null: all */
    enum fetch_from from;
    int64_t value;
};

static bool read_options(struct call *c, struct offsets_options *o)
{
    int at = 3;
    int64_t number;
    if (at < c->argc && num_parse_i64(c->argv[at], &number))
        o->partition = c->argv[at++];
    int rest = c->argc - at;
    if (rest == 0 || (rest == 1 && bytes_is(c->argv[at], "latest"))) {
        o->from = FETCH_FROM_LATEST;
    } else if (rest == 1 && bytes_is(c->argv[at], "earliest")) {
        o->from = FETCH_FROM_EARLIEST;
    } else if (rest == 2 && bytes_is(c->argv[at], "at")) {
        o->from = FETCH_FROM_TIME;
        return argument_int(c, c->argv[at + 1], "AT", 0, INT64_MAX, &o->value);
    } else {
        reply_syntax_error(c);
        return false;
    }
    return true;
}

static void start(struct call *c, struct topic *t, struct topic_partition *only,
                  const struct offsets_options *o)
{
    size_t count = only != NULL ? 1 : (size_t)t->partition_count;
    struct offsets_call *call = mem_zalloc(1, sizeof(*call) + count * sizeof(call->parts[0]));
    call->topic = topic_ref(t);
    call->count = count;
    for (size_t i = 0; i < count; i++) {
        struct offsets_part *part = &call->parts[i];
        part->call = call;
        part->query = (struct offset_query){.tp = only != NULL ? only : t->partitions[i],
                                            .from = o->from,
                                            .value = o->value,
                                            .done = on_done};
        if (offset_query_start(&part->query) == ERR_AGAIN)
            call->pending++;
    }
    if (call->pending == 0) {
        write_queries(&c->w, call);
        offsets_call_free(call);
        return;
    }
    call->reply = (struct late_reply){.render = render, .release = release};
    late_reply_start(&call->reply, c, true);
}

void cmd_topic_offsets(struct call *c)
{
    struct offsets_options o = {.partition = BYTES_NULL};
    if (!read_options(c, &o))
        return;
    struct topic *t = argument_topic(c, c->argv[2]);
    if (t == NULL)
        return;
    struct topic_partition *only = NULL;
    if (!bytes_is_null(o.partition) && (only = argument_partition(c, t, o.partition)) == NULL)
        return;
    start(c, t, only, &o);
}
