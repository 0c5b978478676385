/* SPDX-License-Identifier: BSD-3-Clause */
/* Echo: SUBSCRIBE and its kin, PUBLISH, PUBSUB. */
#include "commands/handlers.h"
#include "commands/help.h"

#include "base/glob.h"

/* --- subscribing ---------------------------------------------------------------------------- */

/* What is answered about subscriptions is pushed as messages are: CLIENT REPLY does not silence it. */
static struct writer push_writer(struct session *s)
{
    session_output_ready(s);
    return (struct writer){.out = &s->out, .proto = s->proto};
}

/* Channels and patterns are counted together, shard channels apart. */
static size_t count_with(const struct session *s, enum pubsub_kind kind)
{
    if (kind == PUBSUB_SHARD)
        return pubsub_count(&s->subscriber, PUBSUB_SHARD);
    return pubsub_count(&s->subscriber, PUBSUB_CHANNEL) +
           pubsub_count(&s->subscriber, PUBSUB_PATTERN);
}

static void push_change(struct call *c, enum pubsub_kind kind, struct bytes name)
{
    struct writer w = push_writer(c->session);
    write_push(&w, 3);
    write_bulk_string(&w, c->command->name);
    write_bulk(&w, name);
    write_int(&w, (int64_t)count_with(c->session, kind));
}

static void subscribe(struct call *c, enum pubsub_kind kind)
{
    for (int i = 1; i < c->argc; i++) {
        pubsub_subscribe(&c->session->subscriber, kind, c->argv[i]);
        push_change(c, kind, c->argv[i]);
    }
}

static void unsubscribe_all(struct call *c, enum pubsub_kind kind)
{
    struct subscriber *subscriber = &c->session->subscriber;
    if (pubsub_count(subscriber, kind) == 0) {
        push_change(c, kind, BYTES_NULL);
        return;
    }
    struct buf copy = {0}; /* the name goes with the subscription */
    struct bytes name;
    while (pubsub_oldest(subscriber, kind, &name)) {
        buf_clear(&copy);
        buf_append_bytes(&copy, name);
        pubsub_unsubscribe(subscriber, kind, buf_bytes(&copy));
        push_change(c, kind, buf_bytes(&copy));
    }
    buf_deinit(&copy);
}

static void unsubscribe(struct call *c, enum pubsub_kind kind)
{
    if (c->argc == 1)
        unsubscribe_all(c, kind);
    for (int i = 1; i < c->argc; i++) {
        pubsub_unsubscribe(&c->session->subscriber, kind, c->argv[i]);
        push_change(c, kind, c->argv[i]);
    }
}

void cmd_subscribe(struct call *c)
{
    subscribe(c, PUBSUB_CHANNEL);
}

void cmd_unsubscribe(struct call *c)
{
    unsubscribe(c, PUBSUB_CHANNEL);
}

void cmd_psubscribe(struct call *c)
{
    subscribe(c, PUBSUB_PATTERN);
}

void cmd_punsubscribe(struct call *c)
{
    unsubscribe(c, PUBSUB_PATTERN);
}

void cmd_ssubscribe(struct call *c)
{
    subscribe(c, PUBSUB_SHARD);
}

void cmd_sunsubscribe(struct call *c)
{
    unsubscribe(c, PUBSUB_SHARD);
}

/* --- publishing ----------------------------------------------------------------------------- */

static void publish(struct call *c, enum pubsub_kind kind)
{
    size_t deliveries = pubsub_publish(c->sv->pubsub, kind, c->argv[1], c->argv[2]);
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

/* --- PUBSUB --------------------------------------------------------------------------------- */

void cmd_pubsub_help(struct call *c)
{
    reply_help(c);
}

struct name_list {
    struct writer *w;     /* NULL: only count */
    struct bytes pattern; /* null: all */
    size_t count;
};

static void list_name(void *ctx, struct bytes name, size_t subscribers)
{
    (void)subscribers;
    struct name_list *list = ctx;
    if (!bytes_is_null(list->pattern) && !glob_match(list->pattern, name))
        return;
    list->count++;
    if (list->w != NULL)
        write_bulk(list->w, name);
}

static void reply_names(struct call *c, enum pubsub_kind kind)
{
    if (c->argc > 3) {
        reply_subcommand_usage(c);
        return;
    }
    struct name_list list = {.pattern = c->argc == 3 ? c->argv[2] : BYTES_NULL};
    pubsub_each_name(c->sv->pubsub, kind, list_name, &list);
    write_array(&c->w, list.count);
    list.w = &c->w;
    pubsub_each_name(c->sv->pubsub, kind, list_name, &list);
}

static void reply_counts(struct call *c, enum pubsub_kind kind)
{
    write_array(&c->w, (size_t)(c->argc - 2) * 2);
    for (int i = 2; i < c->argc; i++) {
        write_bulk(&c->w, c->argv[i]);
        write_int(&c->w, (int64_t)pubsub_subscriber_count(c->sv->pubsub, kind, c->argv[i]));
    }
}

void cmd_pubsub_channels(struct call *c)
{
    reply_names(c, PUBSUB_CHANNEL);
}

void cmd_pubsub_numsub(struct call *c)
{
    reply_counts(c, PUBSUB_CHANNEL);
}

void cmd_pubsub_numpat(struct call *c)
{
    write_int(&c->w, (int64_t)pubsub_pattern_count(c->sv->pubsub));
}

void cmd_pubsub_shardchannels(struct call *c)
{
    reply_names(c, PUBSUB_SHARD);
}

void cmd_pubsub_shardnumsub(struct call *c)
{
    reply_counts(c, PUBSUB_SHARD);
}
