/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/buf.h"
#include "base/mem.h"
#include "pubsub/pubsub.h"
#include "unit/pubsub/listener.h"
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>

#define NEWS BYTES_LITERAL("news")
#define HELLO BYTES_LITERAL("hello")

static const struct hash_key key = {{1, 2, 3}};
static struct pubsub *ps;
static struct listener a, b;

static void set_up(void)
{
    ps = pubsub_create(&key);
    listener_init(&a, ps, 2);
    listener_init(&b, ps, 2);
}

static void tear_down(void)
{
    listener_deinit(&a);
    listener_deinit(&b);
    pubsub_destroy(ps);
}

TestSuite(pubsub, .init = set_up, .fini = tear_down);

Test(pubsub, a_message_that_nobody_waits_for_is_gone)
{
    cr_assert(pubsub_publish(ps, PUBSUB_CHANNEL, NEWS, HELLO) == 0);
    cr_assert(pubsub_subscribe(&a.subscriber, PUBSUB_CHANNEL, NEWS));
    cr_assert(a.heard_count == 0);
    cr_assert(pubsub_stats(ps)->messages == 1 && pubsub_stats(ps)->deliveries == 0);
}

Test(pubsub, every_subscriber_of_the_channel_hears_it_and_nobody_else)
{
    cr_assert(pubsub_subscribe(&a.subscriber, PUBSUB_CHANNEL, NEWS));
    cr_assert(pubsub_subscribe(&b.subscriber, PUBSUB_CHANNEL, NEWS));
    cr_assert(pubsub_subscribe(&b.subscriber, PUBSUB_CHANNEL, BYTES_LITERAL("other")));
    cr_assert(pubsub_publish(ps, PUBSUB_CHANNEL, NEWS, HELLO) == 2);
    cr_assert(pubsub_publish(ps, PUBSUB_CHANNEL, BYTES_LITERAL("other"), BYTES_LITERAL("")) == 1);
    cr_assert_str_eq(listener_text(&a), "*3\r\n$7\r\nmessage\r\n$4\r\nnews\r\n$5\r\nhello\r\n");
    cr_assert_str_eq(listener_text(&b), "*3\r\n$7\r\nmessage\r\n$4\r\nnews\r\n$5\r\nhello\r\n"
                                        "*3\r\n$7\r\nmessage\r\n$5\r\nother\r\n$0\r\n\r\n");
    cr_assert(pubsub_stats(ps)->messages == 2 && pubsub_stats(ps)->deliveries == 3);
}

Test(pubsub, one_who_has_channel_and_pattern_hears_both_the_channel_first)
{
    cr_assert(pubsub_subscribe(&a.subscriber, PUBSUB_PATTERN, BYTES_LITERAL("n*")));
    cr_assert(pubsub_subscribe(&a.subscriber, PUBSUB_CHANNEL, NEWS));
    cr_assert(pubsub_publish(ps, PUBSUB_CHANNEL, NEWS, HELLO) == 2);
    cr_assert_str_eq(listener_text(&a),
                     "*3\r\n$7\r\nmessage\r\n$4\r\nnews\r\n$5\r\nhello\r\n"
                     "*4\r\n$8\r\npmessage\r\n$2\r\nn*\r\n$4\r\nnews\r\n$5\r\nhello\r\n");
}

Test(pubsub, channels_come_before_patterns_for_all_in_order_of_subscribing)
{
    size_t sequence = 0;

    a.sequence = b.sequence = &sequence;
    cr_assert(pubsub_subscribe(&a.subscriber, PUBSUB_PATTERN, BYTES_LITERAL("*")));
    cr_assert(pubsub_subscribe(&b.subscriber, PUBSUB_CHANNEL, NEWS));
    cr_assert(pubsub_subscribe(&a.subscriber, PUBSUB_CHANNEL, NEWS));
    cr_assert(pubsub_publish(ps, PUBSUB_CHANNEL, NEWS, HELLO) == 3);
    cr_assert(b.order[0] == 0 && a.order[0] == 1 && a.order[1] == 2);
}

Test(pubsub, shard_channels_are_a_world_of_their_own)
{
    cr_assert(pubsub_subscribe(&a.subscriber, PUBSUB_SHARD, NEWS));
    cr_assert(pubsub_subscribe(&a.subscriber, PUBSUB_PATTERN, BYTES_LITERAL("*")));
    cr_assert(pubsub_subscribe(&b.subscriber, PUBSUB_CHANNEL, NEWS));
    cr_assert(pubsub_publish(ps, PUBSUB_SHARD, NEWS, HELLO) == 1);
    cr_assert_str_eq(listener_text(&a), "*3\r\n$8\r\nsmessage\r\n$4\r\nnews\r\n$5\r\nhello\r\n");
    cr_assert(b.heard_count == 0);
}

Test(pubsub, each_hears_its_own_protocol_from_one_frame_per_protocol)
{
    struct listener third;

    listener_init(&third, ps, 3);
    b.subscriber.proto = 3;
    cr_assert(pubsub_subscribe(&a.subscriber, PUBSUB_CHANNEL, NEWS));
    cr_assert(pubsub_subscribe(&b.subscriber, PUBSUB_CHANNEL, NEWS));
    cr_assert(pubsub_subscribe(&third.subscriber, PUBSUB_CHANNEL, NEWS));
    cr_assert(pubsub_publish(ps, PUBSUB_CHANNEL, NEWS, HELLO) == 3);
    cr_assert(a.heard[0]->data[0] == '*');
    cr_assert(b.heard[0]->data[0] == '>');
    cr_assert(b.heard[0] == third.heard[0]);
    cr_assert(b.heard[0] != a.heard[0]);
    listener_deinit(&third);
}

Test(pubsub, the_protocol_counts_at_the_time_of_the_message)
{
    cr_assert(pubsub_subscribe(&a.subscriber, PUBSUB_PATTERN, BYTES_LITERAL("*")));
    a.subscriber.proto = 3;
    cr_assert(pubsub_publish(ps, PUBSUB_CHANNEL, NEWS, HELLO) == 1);
    cr_assert_str_eq(listener_text(&a),
                     ">4\r\n$8\r\npmessage\r\n$1\r\n*\r\n$4\r\nnews\r\n$5\r\nhello\r\n");
}

Test(pubsub, subscribing_twice_changes_nothing)
{
    cr_assert(pubsub_subscribe(&a.subscriber, PUBSUB_CHANNEL, NEWS));
    cr_assert(!pubsub_subscribe(&a.subscriber, PUBSUB_CHANNEL, NEWS));
    cr_assert(pubsub_count(&a.subscriber, PUBSUB_CHANNEL) == 1);
    cr_assert(pubsub_publish(ps, PUBSUB_CHANNEL, NEWS, HELLO) == 1);
}

Test(pubsub, the_same_name_may_be_channel_pattern_and_shard_channel)
{
    for (int kind = 0; kind < PUBSUB_KIND_COUNT; kind++)
        cr_assert(pubsub_subscribe(&a.subscriber, (enum pubsub_kind)kind, NEWS));
    cr_assert(pubsub_unsubscribe(&a.subscriber, PUBSUB_PATTERN, NEWS));
    cr_assert(pubsub_is_subscribed(&a.subscriber, PUBSUB_CHANNEL, NEWS));
    cr_assert(!pubsub_is_subscribed(&a.subscriber, PUBSUB_PATTERN, NEWS));
    cr_assert(pubsub_is_subscribed(&a.subscriber, PUBSUB_SHARD, NEWS));
}

Test(pubsub, after_unsubscribing_nothing_is_heard)
{
    cr_assert(pubsub_subscribe(&a.subscriber, PUBSUB_CHANNEL, NEWS));
    cr_assert(pubsub_subscribe(&b.subscriber, PUBSUB_CHANNEL, NEWS));
    cr_assert(pubsub_unsubscribe(&a.subscriber, PUBSUB_CHANNEL, NEWS));
    cr_assert(!pubsub_unsubscribe(&a.subscriber, PUBSUB_CHANNEL, NEWS));
    cr_assert(pubsub_publish(ps, PUBSUB_CHANNEL, NEWS, HELLO) == 1);
    cr_assert(a.heard_count == 0 && b.heard_count == 1);
}

Test(pubsub, names_are_any_bytes_the_empty_one_too)
{
    cr_assert(pubsub_subscribe(&a.subscriber, PUBSUB_CHANNEL, BYTES_LITERAL("")));
    cr_assert(pubsub_subscribe(&a.subscriber, PUBSUB_CHANNEL, BYTES_LITERAL("a\0b")));
    cr_assert(pubsub_publish(ps, PUBSUB_CHANNEL, BYTES_LITERAL(""), HELLO) == 1);
    cr_assert(pubsub_publish(ps, PUBSUB_CHANNEL, BYTES_LITERAL("a\0b"), HELLO) == 1);
    cr_assert(pubsub_publish(ps, PUBSUB_CHANNEL, BYTES_LITERAL("a\0c"), HELLO) == 0);
    cr_assert(pubsub_publish(ps, PUBSUB_CHANNEL, BYTES_LITERAL("a"), HELLO) == 0);
}

static void gather(void *ctx, struct bytes name)
{
    struct buf *names = ctx;

    buf_append_bytes(names, name);
    buf_append_char(names, ' ');
}

static void subscribe_words(struct listener *l, enum pubsub_kind kind, const char *const *words,
                            size_t count)
{
    for (size_t i = 0; i < count; i++)
        cr_assert(pubsub_subscribe(&l->subscriber, kind, bytes_of_string(words[i])));
}

Test(pubsub, subscriptions_are_listed_oldest_first)
{
    static const char *const words[] = {"c", "a", "b"};
    struct buf names = {0};

    subscribe_words(&a, PUBSUB_CHANNEL, words, COUNT_OF(words));
    cr_assert(pubsub_unsubscribe(&a.subscriber, PUBSUB_CHANNEL, BYTES_LITERAL("c")));
    cr_assert(pubsub_subscribe(&a.subscriber, PUBSUB_CHANNEL, BYTES_LITERAL("c")));
    pubsub_each_of(&a.subscriber, PUBSUB_CHANNEL, gather, &names);
    cr_assert(bytes_equal(buf_bytes(&names), BYTES_LITERAL("a b c ")));
    buf_deinit(&names);
}

Test(pubsub, all_can_be_ended_one_by_one_by_the_names_it_gives)
{
    static const char *const words[] = {"c", "a", "b"};
    struct buf names = {0};
    struct bytes name;

    subscribe_words(&a, PUBSUB_PATTERN, words, COUNT_OF(words));
    subscribe_words(&b, PUBSUB_PATTERN, words, 1);
    while (pubsub_oldest(&a.subscriber, PUBSUB_PATTERN, &name)) {
        gather(&names, name);
        cr_assert(pubsub_unsubscribe(&a.subscriber, PUBSUB_PATTERN, name));
    }
    cr_assert(bytes_equal(buf_bytes(&names), BYTES_LITERAL("c a b ")));
    cr_assert(pubsub_count(&a.subscriber, PUBSUB_PATTERN) == 0);
    cr_assert(pubsub_pattern_count(ps) == 1);
    buf_deinit(&names);
}

static void gather_count(void *ctx, struct bytes name, size_t subscribers)
{
    struct buf *names = ctx;

    buf_printf(names, "%.*s=%zu ", (int)name.len, name.data, subscribers);
}

Test(pubsub, names_are_known_while_they_have_subscribers)
{
    struct buf names = {0};

    cr_assert(pubsub_subscribe(&a.subscriber, PUBSUB_CHANNEL, NEWS));
    cr_assert(pubsub_subscribe(&b.subscriber, PUBSUB_CHANNEL, NEWS));
    cr_assert(pubsub_subscribe(&a.subscriber, PUBSUB_PATTERN, NEWS));
    cr_assert(pubsub_subscribe(&b.subscriber, PUBSUB_PATTERN, NEWS));
    cr_assert(pubsub_subscribe(&b.subscriber, PUBSUB_PATTERN, BYTES_LITERAL("*")));
    cr_assert(pubsub_subscriber_count(ps, PUBSUB_CHANNEL, NEWS) == 2);
    cr_assert(pubsub_subscriber_count(ps, PUBSUB_SHARD, NEWS) == 0);
    cr_assert(pubsub_pattern_count(ps) == 2);
    pubsub_each_name(ps, PUBSUB_CHANNEL, gather_count, &names);
    cr_assert(bytes_equal(buf_bytes(&names), BYTES_LITERAL("news=2 ")));
    buf_clear(&names);

    subscriber_deinit(&b.subscriber);
    cr_assert(pubsub_unsubscribe(&a.subscriber, PUBSUB_CHANNEL, NEWS));
    pubsub_each_name(ps, PUBSUB_CHANNEL, gather_count, &names);
    cr_assert(names.len == 0);
    cr_assert(pubsub_subscriber_count(ps, PUBSUB_CHANNEL, NEWS) == 0);
    cr_assert(pubsub_pattern_count(ps) == 1);
    buf_deinit(&names);
}

Test(pubsub, a_subscriber_with_very_many_subscriptions_goes_and_leaves_nothing)
{
    char name[32];

    for (int i = 0; i < 100000; i++) {
        int len = snprintf(name, sizeof(name), "channel-%d", i);

        cr_assert(pubsub_subscribe(&a.subscriber, (enum pubsub_kind)(i % PUBSUB_KIND_COUNT),
                                   bytes_of(name, (size_t)len)));
    }
    cr_assert(pubsub_subscribe(&b.subscriber, PUBSUB_CHANNEL, BYTES_LITERAL("channel-0")));
    subscriber_deinit(&a.subscriber);
    cr_assert(pubsub_pattern_count(ps) == 0);
    cr_assert(pubsub_publish(ps, PUBSUB_CHANNEL, BYTES_LITERAL("channel-0"), HELLO) == 1);
    cr_assert(pubsub_publish(ps, PUBSUB_CHANNEL, BYTES_LITERAL("channel-1"), HELLO) == 0);
    cr_assert(b.heard_count == 1);
}

static size_t overheard;

static void overhear(struct subscriber *s, struct frame *frame, size_t begin)
{
    (void)s;
    (void)begin;
    overheard += frame->refs;
}

Test(pubsub, a_channel_with_very_many_subscribers_loses_them_in_any_order)
{
    const size_t count = 100000;
    struct subscriber *crowd = mem_zalloc(count, sizeof(*crowd));

    for (size_t i = 0; i < count; i++) {
        subscriber_init(&crowd[i], ps, overhear);
        cr_assert(pubsub_subscribe(&crowd[i], PUBSUB_CHANNEL, NEWS));
    }
    cr_assert(pubsub_publish(ps, PUBSUB_CHANNEL, NEWS, HELLO) == count);
    cr_assert(overheard == count);
    for (size_t i = 0; i < count; i += 2)
        subscriber_deinit(&crowd[i]);
    cr_assert(pubsub_publish(ps, PUBSUB_CHANNEL, NEWS, HELLO) == count / 2);
    cr_assert(overheard == count + count / 2);
    for (size_t i = count - 1; i < count; i -= 2)
        subscriber_deinit(&crowd[i]);
    cr_assert(pubsub_subscriber_count(ps, PUBSUB_CHANNEL, NEWS) == 0);
    mem_free(crowd);
}

/* --- several messages in a turn ------------------------------------------------------------------ */

static void publish_times(size_t count)
{
    for (size_t i = 0; i < count; i++)
        cr_assert_gt(pubsub_publish(ps, PUBSUB_CHANNEL, NEWS, HELLO), 0);
}

/* Whether they stand one behind the other in the frame of the first. */
static bool follow_on_one_another(const struct listener *l, size_t from, size_t to)
{
    for (size_t i = from + 1; i < to; i++)
        if (l->heard[i] != l->heard[from] ||
            l->parts[i].data != l->parts[i - 1].data + l->parts[i - 1].len)
            return false;
    return true;
}

Test(pubsub, messages_of_one_turn_follow_on_one_another_in_one_frame)
{
    cr_assert(pubsub_subscribe(&a.subscriber, PUBSUB_CHANNEL, NEWS));
    cr_assert(pubsub_subscribe(&b.subscriber, PUBSUB_CHANNEL, NEWS));
    publish_times(12); /* that it is busy shows after a few */
    cr_assert(follow_on_one_another(&a, 3, 12));
    cr_assert(follow_on_one_another(&b, 3, 12));
    cr_assert_eq(a.heard[3], b.heard[3]);
}

Test(pubsub, those_of_the_next_turn_are_in_another)
{
    cr_assert(pubsub_subscribe(&a.subscriber, PUBSUB_CHANNEL, NEWS));
    publish_times(6);
    pubsub_end_turn(ps);
    publish_times(3);
    cr_assert_neq(a.heard[6], a.heard[5]);
    cr_assert(follow_on_one_another(&a, 6, 9));
}

/* What a busy channel needs for that goes with the turn in which nothing came. */
Test(pubsub, a_channel_that_rests_costs_what_it_did_before)
{
    cr_assert(pubsub_subscribe(&a.subscriber, PUBSUB_CHANNEL, NEWS));
    cr_assert(pubsub_subscribe(&b.subscriber, PUBSUB_CHANNEL, BYTES_LITERAL("other")));
    publish_times(6);
    pubsub_end_turn(ps);
    pubsub_end_turn(ps);
    publish_times(1);
    cr_assert_eq(pubsub_publish(ps, PUBSUB_CHANNEL, BYTES_LITERAL("other"), HELLO), 1);
    cr_assert_eq(b.heard[0], a.heard[6]); /* the frame of all that are not busy */
}

Test(pubsub, a_few_messages_in_each_of_many_turns_do_not_make_it_busy)
{
    cr_assert(pubsub_subscribe(&a.subscriber, PUBSUB_CHANNEL, NEWS));
    cr_assert(pubsub_subscribe(&b.subscriber, PUBSUB_CHANNEL, BYTES_LITERAL("other")));
    for (size_t turn = 0; turn < 10; turn++) {
        publish_times(3);
        pubsub_end_turn(ps);
    }
    publish_times(1);
    cr_assert_eq(pubsub_publish(ps, PUBSUB_CHANNEL, BYTES_LITERAL("other"), HELLO), 1);
    cr_assert_eq(b.heard[0], a.heard[a.heard_count - 1]);
}

/* --- what a delivery must not do -------------------------------------------------------------- */

Test(pubsub, one_that_has_ended_hears_nothing_and_is_not_counted)
{
    cr_assert(pubsub_subscribe(&a.subscriber, PUBSUB_CHANNEL, NEWS));
    cr_assert(pubsub_subscribe(&a.subscriber, PUBSUB_PATTERN, BYTES_LITERAL("n*")));
    cr_assert(pubsub_subscribe(&b.subscriber, PUBSUB_CHANNEL, NEWS));
    a.subscriber.ended = true;
    cr_assert_eq(pubsub_publish(ps, PUBSUB_CHANNEL, NEWS, HELLO), 1);
    cr_assert_eq(a.heard_count, 0);
    cr_assert_eq(b.heard_count, 1);
}

Test(pubsub, one_that_has_ended_is_taken_out_in_pieces)
{
    size_t budget = 2;
    cr_assert(pubsub_subscribe(&a.subscriber, PUBSUB_CHANNEL, NEWS));
    cr_assert(pubsub_subscribe(&a.subscriber, PUBSUB_PATTERN, BYTES_LITERAL("n*")));
    cr_assert(pubsub_subscribe(&a.subscriber, PUBSUB_SHARD, NEWS));
    cr_assert_gt(pubsub_memory(&a.subscriber), 0);
    a.subscriber.ended = true;
    cr_assert_not(subscriber_end(&a.subscriber, &budget));
    cr_assert_eq(budget, 0);
    cr_assert_eq(pubsub_pattern_count(ps), 0);
    cr_assert_eq(pubsub_subscriber_count(ps, PUBSUB_SHARD, NEWS), 1);
    budget = 5;
    cr_assert(subscriber_end(&a.subscriber, &budget));
    cr_assert_eq(budget, 4);
    cr_assert_eq(pubsub_subscriber_count(ps, PUBSUB_SHARD, NEWS), 0);
}

static void subscribe_more(struct subscriber *s, struct frame *frame, size_t begin)
{
    (void)frame;
    (void)begin;
    (void)pubsub_subscribe(s, PUBSUB_CHANNEL, BYTES_LITERAL("more"));
}

static void unsubscribe(struct subscriber *s, struct frame *frame, size_t begin)
{
    (void)frame;
    (void)begin;
    (void)pubsub_unsubscribe(s, PUBSUB_CHANNEL, NEWS);
}

static void go(struct subscriber *s, struct frame *frame, size_t begin)
{
    (void)frame;
    (void)begin;
    subscriber_deinit(s);
}

static void answer(struct subscriber *s, struct frame *frame, size_t begin)
{
    (void)frame;
    (void)begin;
    (void)pubsub_publish(s->pubsub, PUBSUB_CHANNEL, NEWS, HELLO);
}

static void publish_to(void (*deliver)(struct subscriber *, struct frame *, size_t))
{
    a.subscriber.deliver = deliver;
    cr_assert(pubsub_subscribe(&a.subscriber, PUBSUB_CHANNEL, NEWS));
    (void)pubsub_publish(ps, PUBSUB_CHANNEL, NEWS, HELLO);
}

Test(pubsub, subscribing_in_a_delivery_is_our_mistake, .signal = SIGABRT)
{
    publish_to(subscribe_more);
}

Test(pubsub, unsubscribing_in_a_delivery_is_our_mistake, .signal = SIGABRT)
{
    publish_to(unsubscribe);
}

Test(pubsub, going_in_a_delivery_is_our_mistake, .signal = SIGABRT)
{
    publish_to(go);
}

Test(pubsub, publishing_in_a_delivery_is_our_mistake, .signal = SIGABRT)
{
    publish_to(answer);
}

Test(pubsub, destroying_it_under_a_subscriber_is_our_mistake, .signal = SIGABRT)
{
    cr_assert(pubsub_subscribe(&a.subscriber, PUBSUB_CHANNEL, NEWS));
    pubsub_destroy(ps);
}
