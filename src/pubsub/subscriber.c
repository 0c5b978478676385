/* SPDX-License-Identifier: BSD-3-Clause */
/* The receivers' side: what each is subscribed to. */
#include "base/check.h"
#include "base/mem.h"
#include "pubsub/audience.h"

void subscriber_init(struct subscriber *s, struct pubsub *ps,
                     void (*deliver)(struct subscriber *, struct frame *, size_t begin))
{
    s->pubsub = ps;
    s->proto = 2;
    s->ended = false;
    s->deliver = deliver;
    for (size_t i = 0; i < PUBSUB_KIND_COUNT; i++) {
        list_init(&s->subscriptions[i]);
        dict_init(&s->names[i], ps->audiences[i].key);
    }
}

static struct subscription *of_subscriber(struct list *link)
{
    return CONTAINER_OF(link, struct subscription, of_subscriber);
}

static bool has_any(const struct subscriber *s)
{
    for (size_t i = 0; i < PUBSUB_KIND_COUNT; i++) {
        if (!list_empty(&s->subscriptions[i]))
            return true;
    }
    return false;
}

/* Takes a subscription away on both sides, except from the subscriber's names. */
static void end(struct subscriber *s, enum pubsub_kind kind, struct subscription *subscription)
{
    struct pubsub_stats *stats = &s->pubsub->stats;

    pubsub_leave(s->pubsub, kind, subscription);
    list_remove(&subscription->of_subscriber);
    mem_free(subscription);
    stats->subscriptions[kind]--;
    stats->subscribers -= !has_any(s);
}

void subscriber_deinit(struct subscriber *s)
{
    ASSERT(!s->pubsub->publishing);
    for (int i = 0; i < PUBSUB_KIND_COUNT; i++) {
        LIST_EACH (it, &s->subscriptions[i])
            end(s, (enum pubsub_kind)i, of_subscriber(it));
        dict_deinit(&s->names[i]);
    }
}

bool subscriber_end(struct subscriber *s, size_t *budget)
{
    ASSERT(!s->pubsub->publishing);
    ASSERT(s->ended);
    for (int i = 0; i < PUBSUB_KIND_COUNT; i++) {
        struct list *head = &s->subscriptions[i];

        while (!list_empty(head)) {
            struct subscription *subscription = of_subscriber(head->next);

            if (*budget == 0)
                return false;
            --*budget;
            (void)dict_remove(&s->names[i], subscription->audience->name);
            end(s, (enum pubsub_kind)i, subscription);
        }
    }
    return true;
}

bool pubsub_subscribe(struct subscriber *s, enum pubsub_kind kind, struct bytes name)
{
    struct subscription *subscription;

    ASSERT(!s->pubsub->publishing);
    if (pubsub_is_subscribed(s, kind, name))
        return false;
    subscription = mem_alloc(sizeof(*subscription));
    subscription->subscriber = s;
    s->pubsub->stats.subscribers += !has_any(s);
    s->pubsub->stats.subscriptions[kind]++;
    pubsub_join(s->pubsub, kind, name, subscription);
    list_push_back(&s->subscriptions[kind], &subscription->of_subscriber);
    (void)dict_add(&s->names[kind], name, subscription);
    return true;
}

bool pubsub_unsubscribe(struct subscriber *s, enum pubsub_kind kind, struct bytes name)
{
    struct subscription *subscription;

    ASSERT(!s->pubsub->publishing);
    subscription = dict_remove(&s->names[kind], name);
    if (subscription == NULL)
        return false;
    end(s, kind, subscription); /* `name` may be gone with it */
    return true;
}

bool pubsub_is_subscribed(const struct subscriber *s, enum pubsub_kind kind, struct bytes name)
{
    return dict_find(&s->names[kind], name) != NULL;
}

size_t pubsub_count(const struct subscriber *s, enum pubsub_kind kind)
{
    return dict_count(&s->names[kind]);
}

size_t pubsub_memory(const struct subscriber *s)
{
    size_t bytes = 0;

    for (int i = 0; i < PUBSUB_KIND_COUNT; i++)
        bytes += dict_memory(&s->names[i]) + dict_count(&s->names[i]) * sizeof(struct subscription);
    return bytes;
}

bool pubsub_oldest(const struct subscriber *s, enum pubsub_kind kind, struct bytes *name)
{
    if (list_empty(&s->subscriptions[kind]))
        return false;
    *name = of_subscriber(s->subscriptions[kind].next)->audience->name;
    return true;
}

void pubsub_each_of(const struct subscriber *s, enum pubsub_kind kind,
                    void (*fn)(void *ctx, struct bytes name), void *ctx)
{
    const struct list *head = &s->subscriptions[kind];

    for (struct list *it = head->next; it != head; it = it->next)
        fn(ctx, of_subscriber(it)->audience->name);
}
