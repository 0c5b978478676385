/* SPDX-License-Identifier: BSD-3-Clause */
/* Echo: SUBSCRIBE and its kin, PUBSUB. */
#include "commands/follow_call.h"
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

/* Channels and patterns are counted together, whatever they are matched with; shard channels apart. */
static size_t count_with(const struct session *s, enum pubsub_kind kind)
{
    if (kind == PUBSUB_SHARD)
        return pubsub_count(&s->subscriber, PUBSUB_SHARD);
    return pubsub_count(&s->subscriber, PUBSUB_CHANNEL) +
           pubsub_count(&s->subscriber, PUBSUB_PATTERN) + follower_pattern_count(&s->follower);
}

static void write_change(struct writer *w, const struct session *s, const char *word,
                         enum pubsub_kind kind, struct bytes name)
{
    write_push(w, 3);
    write_bulk_string(w, word);
    write_bulk(w, name);
    write_int(w, (int64_t)count_with(s, kind));
}

static void push_change(struct call *c, enum pubsub_kind kind, struct bytes name)
{
    struct writer w = push_writer(c->session);
    write_change(&w, c->session, c->command->name, kind, name);
}

static void subscribe(struct call *c, enum pubsub_kind kind)
{
    for (int i = 1; i < c->argc; i++) {
        pubsub_subscribe(&c->session->subscriber, kind, c->argv[i]);
        push_change(c, kind, c->argv[i]);
    }
}

static bool oldest(struct session *s, enum pubsub_kind kind, struct bytes *name)
{
    return pubsub_oldest(&s->subscriber, kind, name) ||
           (kind == PUBSUB_PATTERN && follower_oldest_pattern(&s->follower, name));
}

static void end(struct session *s, enum pubsub_kind kind, struct bytes name)
{
    if (kind != PUBSUB_PATTERN || !follower_unfollow_pattern(&s->follower, name))
        pubsub_unsubscribe(&s->subscriber, kind, name);
}

static void unsubscribe_all(struct call *c, enum pubsub_kind kind)
{
    struct session *s = c->session;
    struct buf copy = {0}; /* the name goes with the subscription */
    struct bytes name;
    if (!oldest(s, kind, &name))
        push_change(c, kind, BYTES_NULL);
    while (oldest(s, kind, &name)) {
        buf_clear(&copy);
        buf_append_bytes(&copy, name);
        end(s, kind, buf_bytes(&copy));
        push_change(c, kind, buf_bytes(&copy));
    }
    buf_deinit(&copy);
}

static void unsubscribe(struct call *c, enum pubsub_kind kind)
{
    if (c->argc == 1)
        unsubscribe_all(c, kind);
    for (int i = 1; i < c->argc; i++) {
        end(c->session, kind, c->argv[i]);
        push_change(c, kind, c->argv[i]);
    }
}

/* --- patterns of the log form ----------------------------------------------------------------- */

static void no_confirmation(void *ctx, const struct topic_partition *tp, int64_t offset)
{
    (void)ctx; /* the pattern is what is confirmed */
    (void)tp;
    (void)offset;
}

/* The wishes stand in the order of the words they are about. */
static void begin_patterns(struct follow_call *f, struct writer *w)
{
    struct session *s = f->session;
    size_t wish = 0;
    for (int i = 1; i < f->argc; i++) {
        struct bytes word = f->argv[i];
        bool asked = wish < f->wish_count && f->wishes[wish].pattern.data == word.data &&
                     f->wishes[wish].pattern.len == word.len;
        if (asked && !follower_has_pattern(&s->follower, word))
            follow_begin(&f->opening, wish, no_confirmation, NULL);
        else if (!asked && !follower_has_pattern(&s->follower, word))
            pubsub_subscribe(&s->subscriber, PUBSUB_PATTERN, word);
        wish += asked;
        write_change(w, s, "psubscribe", PUBSUB_PATTERN, word);
    }
}

static void follow_patterns(struct call *c)
{
    struct follow_call *f = follow_call_create(c, begin_patterns);
    for (int i = 1; i < c->argc; i++) {
        if (!is_follow_pattern(c->sv->config, f->argv[i]) ||
            follower_has_pattern(&c->session->follower, f->argv[i]))
            continue;
        if (!read_follow_pattern(c, f->argv[i], &f->wishes[f->wish_count])) {
            follow_call_free(f);
            return;
        }
        f->wish_count++;
    }
    follow_call_run(c, f);
}

/* --- the commands ------------------------------------------------------------------------------ */

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
    for (int i = 1; i < c->argc; i++) {
        if (is_follow_pattern(c->sv->config, c->argv[i])) {
            follow_patterns(c);
            return;
        }
    }
    subscribe(c, PUBSUB_PATTERN);
}

void cmd_punsubscribe(struct call *c)
{
    unsubscribe(c, PUBSUB_PATTERN);
}

/* Redis queues it and refuses it then, unlike its kin. */
void cmd_ssubscribe(struct call *c)
{
    if (c->session->transaction.running) {
        write_error(&c->w, "ERR SSUBSCRIBE isn't allowed for a DENY BLOCKING client");
        return;
    }
    subscribe(c, PUBSUB_SHARD);
}

void cmd_sunsubscribe(struct call *c)
{
    unsubscribe(c, PUBSUB_SHARD);
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
    write_int(&c->w, (int64_t)pubsub_pattern_count(c->sv->pubsub) +
                         (int64_t)follows_pattern_count(c->sv->follows));
}

void cmd_pubsub_shardchannels(struct call *c)
{
    reply_names(c, PUBSUB_SHARD);
}

void cmd_pubsub_shardnumsub(struct call *c)
{
    reply_counts(c, PUBSUB_SHARD);
}
