/* SPDX-License-Identifier: BSD-3-Clause */
/* TOPIC DESCRIBE: a topic's partitions, its configuration, and a sentence on what is kept and why. What is
 * still in memory is written first, so that the figures include one's own records. */
#include "commands/arguments.h"
#include "commands/errors.h"
#include "commands/handlers.h"
#include "commands/late_reply.h"
#include "commands/retention_text.h"

#include "base/mem.h"
#include "topics/ack.h"

struct describe_call;

struct describe_wait {
    struct ack_wait wait;
    struct describe_call *call;
};

struct describe_call {
    struct late_reply reply;
    struct topic *topic; /* counted */
    size_t count;
    size_t pending;
    struct describe_wait waits[]; /* one per partition */
};

/* --- writing -------------------------------------------------------------------------------- */

static void write_pair_int(struct writer *w, const char *name, int64_t value)
{
    write_bulk_string(w, name);
    write_int(w, value);
}

static void write_partition(struct writer *w, const struct topic_partition *tp)
{
    struct partition_info info = {.leader_epoch = -1, .failed = tp->failed};
    if (tp->log != NULL)
        partition_describe(tp->log, &info);
    write_map(w, 9);
    write_pair_int(w, "partition", tp->number);
    write_pair_int(w, "leader", 0);
    write_pair_int(w, "epoch", info.leader_epoch);
    write_pair_int(w, "log-start", info.log_start);
    write_pair_int(w, "next-offset", info.next_offset);
    write_pair_int(w, "synced-offset", info.synced_offset);
    write_pair_int(w, "bytes", info.bytes);
    write_pair_int(w, "segments", info.segment_count);
    write_bulk_string(w, "state");
    write_bulk_string(w, info.failed == ERR_OK ? "ok" : err_text(info.failed));
}

static void write_config(struct writer *w, const struct topic *t)
{
    struct buf text = {0};
    write_map(w, topic_config_table.count);
    for (size_t i = 0; i < topic_config_table.count; i++) {
        const struct directive *d = &topic_config_table.items[i];
        bool is_set;
        buf_clear(&text);
        topic_config_get(t, d, &text, &is_set);
        write_bulk_string(w, d->name);
        write_bulk(w, buf_bytes(&text));
    }
    buf_deinit(&text);
}

static void write_topic(struct writer *w, const struct topic *t)
{
    struct buf kept = {0};
    retention_text(&kept, t);
    write_map(w, 5);
    write_bulk_string(w, "name");
    write_bulk(w, t->name);
    write_bulk_string(w, "id");
    write_bulk_string(w, t->id);
    write_bulk_string(w, "partitions");
    write_array(w, (size_t)t->partition_count);
    for (int32_t i = 0; i < t->partition_count; i++)
        write_partition(w, t->partitions[i]);
    write_bulk_string(w, "config");
    write_config(w, t);
    write_bulk_string(w, "kept");
    write_bulk(w, buf_bytes(&kept));
    buf_deinit(&kept);
}

static void render(struct late_reply *l, struct writer *w)
{
    const struct topic *t = CONTAINER_OF(l, struct describe_call, reply)->topic;
    if (t->deleted)
        write_error(w, "UNKNOWNTOPIC topic '%.*s' was deleted", (int)t->name.len, t->name.data);
    else
        write_topic(w, t);
}

/* --- waiting for what is in memory to be written ----------------------------------------------- */

static void release(struct late_reply *l)
{
    struct describe_call *call = CONTAINER_OF(l, struct describe_call, reply);
    for (size_t i = 0; i < call->count; i++)
        ack_wait_cancel(&call->waits[i].wait);
    topic_unref(call->topic);
    mem_free(call);
}

static void on_written(struct ack_wait *wait, enum err err)
{
    struct describe_call *call = CONTAINER_OF(wait, struct describe_wait, wait)->call;
    (void)err; /* what failed is described as such */
    if (--call->pending == 0)
        late_reply_answer(&call->reply);
}

static struct describe_call *describe_call_create(struct topic *t)
{
    size_t count = (size_t)t->partition_count;
    struct describe_call *call = mem_zalloc(1, sizeof(*call) + count * sizeof(call->waits[0]));
    call->topic = topic_ref(t);
    call->count = count;
    for (size_t i = 0; i < count; i++) {
        list_init(&call->waits[i].wait.link);
        call->waits[i].wait.done = on_written;
        call->waits[i].call = call;
    }
    return call;
}

/* Writes the partition's open batch; whether that must be waited for. */
static bool settle(struct topic_partition *tp, uint64_t *batch)
{
    if (tp->log == NULL)
        return false;
    *batch = topic_partition_settle(tp);
    return !topic_partition_settled(tp, *batch);
}

void cmd_topic_describe(struct call *c)
{
    struct topic *t = argument_topic(c, c->argv[2]);
    if (t == NULL)
        return;
    struct describe_call *call = NULL;
    for (int32_t i = 0; i < t->partition_count; i++) {
        uint64_t batch;
        if (!settle(t->partitions[i], &batch))
            continue;
        if (call == NULL)
            call = describe_call_create(t);
        call->pending++;
        ack_wait_start(&call->waits[i].wait, t->partitions[i], batch, ACK_WRITTEN);
    }
    if (call == NULL) {
        write_topic(&c->w, t);
        return;
    }
    call->reply = (struct late_reply){.render = render, .release = release};
    late_reply_start(&call->reply, c, true);
}
