/* SPDX-License-Identifier: BSD-3-Clause */
/* The names' side: who hears what, and the fan-out of a message. A publish costs what it delivers plus
 * the patterns it tries; nothing is encoded before someone wants it. */
#include "pubsub/pubsub.h"
#include "base/check.h"
#include "base/mem.h"
#include "pubsub/audience.h"
#include "pubsub/message.h"

struct pubsub *pubsub_create(const struct hash_key *key)
{
    struct pubsub *ps = mem_zalloc(1, sizeof(*ps));

    for (size_t i = 0; i < PUBSUB_KIND_COUNT; i++)
        dict_init(&ps->audiences[i], key);
    patterns_init(&ps->patterns);
    return ps;
}

void pubsub_destroy(struct pubsub *ps)
{
    for (size_t i = 0; i < PUBSUB_KIND_COUNT; i++) {
        ASSERT(dict_count(&ps->audiences[i]) == 0);
        dict_deinit(&ps->audiences[i]);
    }
    mem_free(ps);
}

const struct pubsub_stats *pubsub_stats(const struct pubsub *ps)
{
    return &ps->stats;
}

/* --- audiences ------------------------------------------------------------------------------ */

static struct audience *audience_create(struct pubsub *ps, enum pubsub_kind kind, struct bytes name)
{
    struct audience *audience = mem_zalloc(1, sizeof(*audience));

    list_init(&audience->subscriptions);
    audience->name = dict_add(&ps->audiences[kind], name, audience);
    if (kind == PUBSUB_PATTERN)
        patterns_add(&ps->patterns, &audience->pattern, audience->name);
    return audience;
}

static void audience_destroy(struct pubsub *ps, enum pubsub_kind kind, struct audience *audience)
{
    ASSERT(audience->count == 0);
    if (kind == PUBSUB_PATTERN)
        patterns_remove(&audience->pattern);
    (void)dict_remove(&ps->audiences[kind], audience->name);
    mem_free(audience);
}

void pubsub_join(struct pubsub *ps, enum pubsub_kind kind, struct bytes name,
                 struct subscription *subscription)
{
    struct audience *audience = dict_find(&ps->audiences[kind], name);

    if (audience == NULL)
        audience = audience_create(ps, kind, name);
    subscription->audience = audience;
    list_push_back(&audience->subscriptions, &subscription->of_audience);
    audience->count++;
}

void pubsub_leave(struct pubsub *ps, enum pubsub_kind kind, struct subscription *subscription)
{
    struct audience *audience = subscription->audience;

    list_remove(&subscription->of_audience);
    audience->count--;
    if (audience->count == 0)
        audience_destroy(ps, kind, audience);
}

/* --- publishing ----------------------------------------------------------------------------- */

/* A message on its way. */
struct publication {
    struct bytes channel;
    struct bytes message;
    size_t deliveries;
};

static size_t deliver(const struct publication *p, enum pubsub_kind kind,
                      const struct audience *audience)
{
    const struct list *head = &audience->subscriptions;
    struct frame *frames[2] = {NULL, NULL}; /* for RESP2 and RESP3 */
    size_t count = audience->count;

    for (struct list *it = head->next; it != head; it = it->next) {
        struct subscriber *s = CONTAINER_OF(it, struct subscription, of_audience)->subscriber;
        struct frame **frame = &frames[s->proto == 3];

        if (UNLIKELY(s->ended)) {
            count--;
            continue;
        }
        if (*frame == NULL)
            *frame = message_encode(s->proto, kind, audience->name, p->channel, p->message);
        s->deliver(s, *frame);
    }
    for (size_t i = 0; i < COUNT_OF(frames); i++) {
        if (frames[i] != NULL)
            frame_unref(frames[i]);
    }
    return count;
}

static void deliver_pattern(void *ctx, struct pattern *pattern)
{
    struct publication *p = ctx;

    p->deliveries += deliver(p, PUBSUB_PATTERN, CONTAINER_OF(pattern, struct audience, pattern));
}

size_t pubsub_publish(struct pubsub *ps, enum pubsub_kind kind, struct bytes channel,
                      struct bytes message)
{
    struct publication p = {.channel = channel, .message = message};
    const struct audience *audience;

    ASSERT(kind == PUBSUB_CHANNEL || kind == PUBSUB_SHARD);
    ASSERT(!ps->publishing);
    ps->publishing = true;
    audience = dict_find(&ps->audiences[kind], channel);
    if (audience != NULL)
        p.deliveries = deliver(&p, kind, audience);
    if (kind == PUBSUB_CHANNEL)
        patterns_match(&ps->patterns, channel, deliver_pattern, &p);
    ps->publishing = false;
    ps->stats.messages++;
    ps->stats.deliveries += p.deliveries;
    return p.deliveries;
}

static void count_pattern(void *ctx, struct pattern *pattern)
{
    *(size_t *)ctx += CONTAINER_OF(pattern, struct audience, pattern)->count;
}

size_t pubsub_receiver_count(const struct pubsub *ps, enum pubsub_kind kind, struct bytes channel)
{
    size_t count = pubsub_subscriber_count(ps, kind, channel);

    ASSERT(kind == PUBSUB_CHANNEL || kind == PUBSUB_SHARD);
    if (kind == PUBSUB_CHANNEL)
        patterns_match(&ps->patterns, channel, count_pattern, &count);
    return count;
}

/* --- questions ------------------------------------------------------------------------------ */

size_t pubsub_subscriber_count(const struct pubsub *ps, enum pubsub_kind kind, struct bytes name)
{
    const struct audience *audience = dict_find(&ps->audiences[kind], name);

    return audience == NULL ? 0 : audience->count;
}

size_t pubsub_pattern_count(const struct pubsub *ps)
{
    return pubsub_name_count(ps, PUBSUB_PATTERN);
}

size_t pubsub_name_count(const struct pubsub *ps, enum pubsub_kind kind)
{
    return dict_count(&ps->audiences[kind]);
}

void pubsub_each_name(const struct pubsub *ps, enum pubsub_kind kind,
                      void (*fn)(void *ctx, struct bytes name, size_t subscribers), void *ctx)
{
    struct dict_iter it;
    struct bytes name;
    void *audience;

    dict_iter_init(&it, &ps->audiences[kind]);
    while (dict_iter_next(&it, &name, &audience))
        fn(ctx, name, ((const struct audience *)audience)->count);
}
