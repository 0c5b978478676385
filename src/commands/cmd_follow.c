/* SPDX-License-Identifier: BSD-3-Clause */
/* FOLLOW and UNFOLLOW. The same for clients that only know pub/sub is in cmd_pubsub.c. */
#include "commands/arguments.h"
#include "commands/errors.h"
#include "commands/follow_call.h"
#include "commands/follow_push.h"
#include "commands/handlers.h"

/* --- FOLLOW topic[/partition] [KEY glob] [FROM position] [topic …] …-------------------------------- */

/* Reads the topic at argv[at] with its options; returns the place of the next one, or 0 with an
 * answer. */
static int read_wish(struct call *c, const struct bytes *argv, int at, struct follow_wish *wish)
{
    *wish = (struct follow_wish){.from = FETCH_FROM_LATEST};
    if (!read_followed_topic(c, argv[at], &wish->topic, &wish->partition))
        return 0;
    for (at++; at < c->argc; at += 2) {
        bool key = bytes_is(argv[at], "key");
        if (!key && !bytes_is(argv[at], "from"))
            break;
        if (at + 1 == c->argc) {
            reply_syntax_error(c);
            return 0;
        }
        struct bytes value = argv[at + 1];
        if (key) {
            wish->key = value;
        } else if (!argument_position(value, &wish->from, &wish->value)) {
            reply_bad_position(c, value);
            return 0;
        }
    }
    return at;
}

struct confirmation {
    const struct follower *follower;
    struct writer *w;
};

static void confirm(void *ctx, const struct topic_partition *tp, int64_t offset)
{
    const struct confirmation *to = ctx;
    write_follow(to->w, to->follower, tp, offset);
}

static void begin(struct follow_call *f, struct writer *w)
{
    struct confirmation to = {&f->session->follower, w};
    for (size_t i = 0; i < f->wish_count; i++)
        follow_begin(&f->opening, i, confirm, &to);
}

void cmd_follow(struct call *c)
{
    struct follow_call *f = follow_call_create(c, begin);
    for (int at = 1; at < c->argc;) {
        at = read_wish(c, f->argv, at, &f->wishes[f->wish_count]);
        if (at == 0) {
            follow_call_free(f);
            return;
        }
        f->wish_count++;
    }
    follow_call_run(c, f);
}

/* --- UNFOLLOW [topic[/partition] …] --------------------------------------------------------------- */

static void confirm_end(void *ctx, const struct topic_partition *tp, int64_t offset)
{
    const struct confirmation *to = ctx;
    write_unfollow(to->w, to->follower, tp, offset);
}

/* What was not followed is confirmed as well, as UNSUBSCRIBE does. */
static void confirm_nothing(struct confirmation *to, struct bytes topic, int64_t partition)
{
    write_push(to->w, 6);
    write_bulk_string(to->w, "unfollow");
    write_bulk(to->w, topic);
    if (partition == FOLLOW_ALL_PARTITIONS)
        write_null(to->w);
    else
        write_int(to->w, partition);
    write_null(to->w);
    write_int(to->w, (int64_t)follower_partition_count(to->follower));
    write_null(to->w);
}

static void unfollow_all(struct session *s, struct confirmation *to)
{
    struct bytes topic;
    if (follower_topic_count(&s->follower) == 0)
        confirm_nothing(to, BYTES_NULL, FOLLOW_ALL_PARTITIONS);
    while (follower_oldest_topic(&s->follower, &topic))
        follower_unfollow(&s->follower, topic, FOLLOW_ALL_PARTITIONS, confirm_end, to);
}

void cmd_unfollow(struct call *c)
{
    struct session *s = c->session;
    struct writer w = {.out = &s->out, .proto = s->proto, .counts = &s->sessions->errors};
    struct confirmation to = {&s->follower, &w};
    struct bytes topic;
    int64_t partition;
    for (int i = 1; i < c->argc; i++)
        if (!read_followed_topic(c, c->argv[i], &topic, &partition))
            return;
    session_output_ready(s);
    if (c->argc == 1)
        unfollow_all(s, &to);
    for (int i = 1; i < c->argc; i++) {
        (void)read_followed_topic(c, c->argv[i], &topic, &partition);
        if (!follower_unfollow(&s->follower, topic, partition, confirm_end, &to))
            confirm_nothing(&to, topic, partition);
    }
}
