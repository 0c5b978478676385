/* SPDX-License-Identifier: BSD-3-Clause */
/* The names' side: who hears what, and the fan-out of a message. A publish costs what it delivers plus
 * the patterns it tries; nothing is encoded before someone wants it. */
#include "pubsub/pubsub.h"
#include "base/check.h"
#include "base/mem.h"
#include "pubsub/audience.h"

struct pubsub *pubsub_create(const struct hash_key *key)
{
    struct pubsub *ps = mem_zalloc(1, sizeof(*ps));

    for (size_t i = 0; i < PUBSUB_KIND_COUNT; i++)
        dict_init(&ps->audiences[i], key);
    dict_remember(&ps->audiences[PUBSUB_CHANNEL], &ps->recent_channels);
    patterns_init(&ps->patterns);
    list_init(&ps->busy);
    ps->turn = 1; /* no audience has heard anything in it */
    return ps;
}

void pubsub_destroy(struct pubsub *ps)
{
    for (size_t i = 0; i < PUBSUB_KIND_COUNT; i++) {
        ASSERT(dict_count(&ps->audiences[i]) == 0);
        dict_deinit(&ps->audiences[i]);
    }
    for (size_t i = 0; i < COUNT_OF(ps->single); i++)
        burst_deinit(&ps->single[i]);
    mem_free(ps);
}

const struct pubsub_stats *pubsub_stats(const struct pubsub *ps)
{
    return &ps->stats;
}

static_assert(offsetof(struct pattern_audience, audience) == 0, "either is freed by its address");

/* --- audiences ------------------------------------------------------------------------------ */

static struct pattern *pattern_of(struct audience *audience)
{
    return &CONTAINER_OF(audience, struct pattern_audience, audience)->pattern;
}

static struct audience *audience_of(struct pattern *pattern)
{
    return &CONTAINER_OF(pattern, struct pattern_audience, pattern)->audience;
}

static struct audience *audience_create(struct pubsub *ps, enum pubsub_kind kind, struct bytes name)
{
    struct audience *audience =
        mem_zalloc(1, kind == PUBSUB_PATTERN ? sizeof(struct pattern_audience) : sizeof(*audience));

    list_init(&audience->subscriptions);
    audience->name = dict_add(&ps->audiences[kind], name, audience);
    if (kind == PUBSUB_PATTERN)
        patterns_add(&ps->patterns, pattern_of(audience), audience->name);
    return audience;
}

static void end_busy(struct busy *busy)
{
    for (size_t i = 0; i < COUNT_OF(busy->bursts); i++)
        burst_deinit(&busy->bursts[i]);
    busy->audience->busy = NULL;
    list_remove(&busy->link);
    mem_free(busy);
}

static void audience_destroy(struct pubsub *ps, enum pubsub_kind kind, struct audience *audience)
{
    ASSERT(audience->count == 0);
    if (ps->found == audience)
        ps->found = NULL;
    if (audience->busy != NULL)
        end_busy(audience->busy);
    if (kind == PUBSUB_PATTERN)
        patterns_remove(&ps->patterns, pattern_of(audience));
    (void)dict_remove(&ps->audiences[kind], audience->name);
    mem_free(audience); /* it stands first in what it is a part of */
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
    struct pubsub *pubsub; /* borrowed */
    struct bytes channel;
    struct bytes text;
    size_t deliveries;
};

static struct busy *make_busy(struct pubsub *ps, struct audience *audience)
{
    struct busy *busy = mem_zalloc(1, sizeof(*busy));

    busy->audience = audience;
    list_push_back(&ps->busy, &busy->link);
    return busy;
}

/* Where to encode a message to the audience, in RESP2 and RESP3. */
static struct burst *bursts_of(struct pubsub *ps, struct audience *audience)
{
    if (audience->busy != NULL)
        return audience->busy->bursts;
    if (audience->turn != ps->turn)
        audience->heard = 0;
    audience->turn = ps->turn;
    if (++audience->heard < BUSY_MESSAGES)
        return ps->single;
    audience->busy = make_busy(ps, audience);
    return audience->busy->bursts;
}

/* The next one is to somebody else. */
static void forget_singles(struct pubsub *ps)
{
    for (size_t i = 0; i < COUNT_OF(ps->single); i++)
        burst_forget(&ps->single[i]);
}

/* The message to one audience, in RESP2 and RESP3. */
struct delivery {
    struct message message;
    struct burst *bursts;
    struct burst_part parts[2]; /* as far as somebody wanted them */
};

/* How many receivers that were: one that has ended is none. */
static inline size_t deliver_to(struct delivery *d, struct subscriber *s)
{
    size_t which = s->proto == 3;
    struct burst_part *part = &d->parts[which];

    if (UNLIKELY(s->ended))
        return 0;
    if (UNLIKELY(part->frame == NULL))
        *part = burst_add(&d->bursts[which], &d->message, s->proto);
    s->deliver(s, part->frame, part->begin);
    return 1;
}

static size_t deliver(const struct publication *p, enum pubsub_kind kind, struct audience *audience)
{
    const struct list *head = &audience->subscriptions;
    struct delivery d = {.message = {kind, audience->name, p->channel, p->text},
                         .bursts = bursts_of(p->pubsub, audience)};
    size_t count = 0;

    for (struct list *it = head->next; it != head; it = it->next)
        count += deliver_to(&d, CONTAINER_OF(it, struct subscription, of_audience)->subscriber);
    if (d.bursts == p->pubsub->single)
        forget_singles(p->pubsub);
    return count;
}

static void deliver_pattern(void *ctx, struct pattern *pattern)
{
    struct publication *p = ctx;

    p->deliveries += deliver(p, PUBSUB_PATTERN, audience_of(pattern));
}

/* Messages tend to go where the one before went. */
static struct audience *find_audience(struct pubsub *ps, enum pubsub_kind kind, struct bytes name)
{
    struct audience *audience = ps->found;

    if (audience != NULL && ps->found_kind == kind && bytes_equal(audience->name, name))
        return audience;
    audience = dict_find(&ps->audiences[kind], name);
    if (audience != NULL) {
        ps->found = audience;
        ps->found_kind = kind;
    }
    return audience;
}

size_t pubsub_publish(struct pubsub *ps, enum pubsub_kind kind, struct bytes channel,
                      struct bytes message)
{
    struct publication p = {.pubsub = ps, .channel = channel, .text = message};
    struct audience *audience;

    ASSERT(kind == PUBSUB_CHANNEL || kind == PUBSUB_SHARD);
    ASSERT(!ps->publishing);
    ps->publishing = true;
    audience = find_audience(ps, kind, channel);
    if (audience != NULL)
        p.deliveries = deliver(&p, kind, audience);
    if (kind == PUBSUB_CHANNEL)
        patterns_match(&ps->patterns, channel, deliver_pattern, &p);
    ps->publishing = false;
    ps->stats.messages++;
    ps->stats.deliveries += p.deliveries;
    return p.deliveries;
}

void pubsub_end_turn(struct pubsub *ps)
{
    ps->turn++;
    LIST_EACH (it, &ps->busy) {
        struct busy *busy = CONTAINER_OF(it, struct busy, link);
        bool rests = busy->bursts[0].bytes + busy->bursts[1].bytes == 0;

        for (size_t i = 0; i < COUNT_OF(busy->bursts); i++)
            burst_end_turn(&busy->bursts[i]);
        if (rests)
            end_busy(busy);
    }
}

static void count_pattern(void *ctx, struct pattern *pattern)
{
    *(size_t *)ctx += audience_of(pattern)->count;
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
