/* SPDX-License-Identifier: BSD-3-Clause */
/* PUBLISH and SPUBLISH. Where a topic records the channel (topics/recorder.h) the reply, how many listen, is
 * written at once and held until the record is as safe as the topic's `ack` says. */
#include "commands/errors.h"
#include "commands/handlers.h"
#include "commands/publish_hold.h"

#define DELIVERIES_USUAL 16

static void reply_refused(struct call *c, const struct publication *p, enum err err)
{
    const struct topic *t = p->refused_by->topic;
    if (err == ERR_TOO_LARGE)
        reply_too_large(c, t->name, p->batch_bytes, t->config.max_message_bytes);
    else
        reply_append_failed(c, p->refused_by, err);
}

static void publish_recorded(struct call *c, enum pubsub_kind kind)
{
    struct publication p = {
        .message = {c->session->id, kind, c->argv[1], c->argv[2]},
        .timestamp_ms = c->sv->clock->wall_ms,
    };
    enum err err = recorder_publish(c->sv->recorder, &p);
    if (err != ERR_OK) {
        reply_refused(c, &p, err);
        return;
    }
    uint64_t from = c->w.out->pos_end;
    write_int(&c->w, (int64_t)p.receivers);
    if (p.record_count > 0)
        publish_hold(c, from, p.records, p.record_count);
    else if (p.waits)
        c->session->produces = true; /* it fills memory that the disk empties */
}

static void publish(struct call *c, enum pubsub_kind kind)
{
    if (!recorder_idle(c->sv->recorder)) {
        publish_recorded(c, kind);
        return;
    }
    size_t deliveries = pubsub_publish(c->sv->pubsub, kind, c->argv[1], c->argv[2]);
    c->heavy = deliveries > DELIVERIES_USUAL;
    write_int(&c->w, (int64_t)deliveries);
}

void cmd_publish(struct call *c)
{
    publish(c, PUBSUB_CHANNEL);
}

void cmd_spublish(struct call *c)
{
    publish(c, PUBSUB_SHARD);
}
