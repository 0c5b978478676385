/* SPDX-License-Identifier: BSD-3-Clause */
/* TOPIC TRIM name partition BEFORE offset: drops the records before an offset. What was produced before in
 * the same breath is written first, so that its offsets count; the answer, the new log start, comes when
 * that is on the device. */
#include "commands/arguments.h"
#include "commands/change_reply.h"
#include "commands/errors.h"
#include "commands/handlers.h"
#include "commands/late_reply.h"

#include "base/mem.h"

struct trim_call {
    struct late_reply reply;
    struct offset_query end; /* asks for the end of the log, to wait for what is being written */
    struct partition_trim trim;
    struct topic_partition *tp; /* its topic is counted */
    int64_t offset;
    bool trimming;
    enum err err;
};

static void write_result(struct writer *w, const struct trim_call *call)
{
    const struct topic_partition *tp = call->tp;
    const struct bytes name = tp->topic->name;
    if (call->err == ERR_OK)
        write_int(w, call->trim.log_start);
    else if (call->err == ERR_RANGE)
        write_error(w,
                    "OFFSETOUTOFRANGE topic '%.*s' partition %d cannot be trimmed before %lld: it "
                    "begins at %lld and ends before %lld",
                    (int)name.len, name.data, tp->number, (long long)call->offset,
                    (long long)partition_log_start(tp->log),
                    (long long)partition_next_offset(tp->log));
    else if (call->err == ERR_NOT_FOUND)
        write_error(w, "UNKNOWNTOPIC topic '%.*s' was deleted", (int)name.len, name.data);
    else
        write_error(w, "%s topic '%.*s' partition %d cannot be trimmed: %s", error_code(call->err),
                    (int)name.len, name.data, tp->number, err_text(call->err));
}

static void trim_call_free(struct trim_call *call)
{
    if (call->trimming)
        partition_trim_end(&call->trim);
    offset_query_end(&call->end);
    topic_unref(call->tp->topic);
    mem_free(call);
}

static void render(struct late_reply *l, struct writer *w)
{
    write_result(w, CONTAINER_OF(l, struct trim_call, reply));
}

static void release(struct late_reply *l)
{
    trim_call_free(CONTAINER_OF(l, struct trim_call, reply));
}

static void on_trimmed(struct partition_trim *t)
{
    struct trim_call *call = t->ctx;
    call->err = t->err;
    late_reply_answer(&call->reply);
}

/* ERR_AGAIN: on_trimmed comes later. */
static enum err trim(struct trim_call *call)
{
    call->err = call->end.err;
    if (call->err != ERR_OK)
        return ERR_OK;
    call->trim = (struct partition_trim){.done = on_trimmed, .ctx = call};
    call->trimming = true;
    if (partition_trim(call->tp->log, call->offset, &call->trim) == ERR_AGAIN)
        return ERR_AGAIN;
    call->err = call->trim.err;
    return ERR_OK;
}

static void on_written(struct offset_query *q)
{
    struct trim_call *call = CONTAINER_OF(q, struct trim_call, end);
    if (trim(call) == ERR_OK)
        late_reply_answer(&call->reply);
}

void cmd_topic_trim(struct call *c)
{
    int64_t offset;
    if (!bytes_is(c->argv[4], "before")) {
        reply_syntax_error(c);
        return;
    }
    if (!argument_int(c, c->argv[5], "BEFORE", 0, INT64_MAX, &offset))
        return;
    struct topic *t = change_topic(c, c->argv[2]);
    struct topic_partition *tp = t == NULL ? NULL : argument_partition(c, t, c->argv[3]);
    if (tp == NULL)
        return;
    struct trim_call *call = mem_zalloc(1, sizeof(*call));
    call->reply = (struct late_reply){.render = render, .release = release};
    call->tp = tp;
    call->offset = offset;
    call->end =
        (struct offset_query){.tp = tp, .from = FETCH_FROM_LATEST, .value = -1, .done = on_written};
    topic_ref(t);
    if (offset_query_start(&call->end) == ERR_AGAIN || trim(call) == ERR_AGAIN) {
        late_reply_start(&call->reply, c, true);
        return;
    }
    write_result(&c->w, call);
    trim_call_free(call);
}
