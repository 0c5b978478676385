/* SPDX-License-Identifier: BSD-3-Clause */
/* Random subscribing, unsubscribing, going and publishing, held against a plain table of who has what.
 * ECHOLOG_SEED=n repeats a run. */
#include "base/check.h"
#include "base/glob.h"
#include "base/random.h"
#include "unit/pubsub/listener.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define LISTENERS 6
#define STEPS 40000

/* All of them are used as channels, as patterns and as shard channels. */
static const char *const names[] = {"",   "a",  "b",  "ab",   "abc", "b*",   "a*",    "*",
                                    "*b", "?b", "a?", "[ab]", "\\a", "a\\*", "[^a]*", "*c*"};
#define NAMES COUNT_OF(names)

struct model {
    struct random random;
    struct pubsub *ps;
    struct listener listeners[LISTENERS];
    /* When it was subscribed, or 0. */
    uint64_t since[LISTENERS][PUBSUB_KIND_COUNT][NAMES];
    uint64_t now;
    size_t sequence;
    uint64_t deliveries;
};

static size_t draw(struct model *m, size_t bound)
{
    return (size_t)random_below(&m->random, bound);
}

static struct bytes name_at(size_t i)
{
    return bytes_of_string(names[i]);
}

static void join_or_leave(struct model *m)
{
    size_t who = draw(m, LISTENERS), what = draw(m, NAMES), kind = draw(m, PUBSUB_KIND_COUNT);
    struct subscriber *s = &m->listeners[who].subscriber;
    uint64_t *since = &m->since[who][kind][what];

    if (draw(m, 2) == 0) {
        cr_assert(pubsub_subscribe(s, (enum pubsub_kind)kind, name_at(what)) == (*since == 0));
        if (*since == 0)
            *since = ++m->now;
    } else {
        cr_assert(pubsub_unsubscribe(s, (enum pubsub_kind)kind, name_at(what)) == (*since != 0));
        *since = 0;
    }
}

static void go_and_come(struct model *m)
{
    size_t who = draw(m, LISTENERS);

    listener_deinit(&m->listeners[who]);
    listener_init(&m->listeners[who], m->ps, draw(m, 2) == 0 ? 2 : 3);
    m->listeners[who].sequence = &m->sequence;
    memset(m->since[who], 0, sizeof(m->since[who]));
}

static bool heard_is(const struct listener *l, size_t i, const char *kind, const char *pattern,
                     const char *channel, const char *message)
{
    char text[256];
    int len =
        snprintf(text, sizeof(text), "%c%d\r\n$%zu\r\n%s\r\n", l->subscriber.proto == 3 ? '>' : '*',
                 pattern == NULL ? 3 : 4, strlen(kind), kind);

    if (pattern != NULL)
        len += snprintf(text + len, sizeof(text) - (size_t)len, "$%zu\r\n%s\r\n", strlen(pattern),
                        pattern);
    len += snprintf(text + len, sizeof(text) - (size_t)len, "$%zu\r\n%s\r\n$%zu\r\n%s\r\n",
                    strlen(channel), channel, strlen(message), message);
    return bytes_equal(l->parts[i], bytes_of(text, (size_t)len));
}

/* Patterns come in any order, each once. */
static void check_patterns(struct model *m, size_t who, size_t channel, const char *message,
                           size_t from)
{
    const struct listener *l = &m->listeners[who];
    size_t expected = from;

    for (size_t what = 0; what < NAMES; what++) {
        size_t found = 0;

        if (m->since[who][PUBSUB_PATTERN][what] == 0 ||
            !glob_match(name_at(what), name_at(channel)))
            continue;
        for (size_t i = from; i < l->heard_count; i++)
            found += heard_is(l, i, "pmessage", names[what], names[channel], message);
        cr_assert(found == 1);
        expected++;
    }
    cr_assert(l->heard_count == expected);
}

/* Those of the channel hear it in the order in which they subscribed, before any pattern. */
static void check_order(const struct model *m, enum pubsub_kind kind, size_t channel)
{
    for (size_t i = 0; i < LISTENERS; i++) {
        size_t place = 0;

        if (m->since[i][kind][channel] == 0)
            continue;
        for (size_t j = 0; j < LISTENERS; j++)
            place += m->since[j][kind][channel] != 0 &&
                     m->since[j][kind][channel] < m->since[i][kind][channel];
        cr_assert(m->listeners[i].order[0] == place);
    }
}

static void publish(struct model *m)
{
    enum pubsub_kind kind = draw(m, 4) == 0 ? PUBSUB_SHARD : PUBSUB_CHANNEL;
    size_t channel = draw(m, NAMES), heard = 0, returned;
    char message[32];

    (void)snprintf(message, sizeof(message), "%zu", draw(m, 1000000));
    for (size_t i = 0; i < LISTENERS; i++)
        m->listeners[i].subscriber.proto = draw(m, 2) == 0 ? 2 : 3;
    m->sequence = 0;
    returned = pubsub_publish(m->ps, kind, name_at(channel), bytes_of_string(message));
    check_order(m, kind, channel);
    for (size_t i = 0; i < LISTENERS; i++) {
        struct listener *l = &m->listeners[i];
        bool direct = m->since[i][kind][channel] != 0;

        if (direct) {
            cr_assert(l->heard_count > 0);
            cr_assert(heard_is(l, 0, kind == PUBSUB_SHARD ? "smessage" : "message", NULL,
                               names[channel], message));
        }
        if (kind == PUBSUB_CHANNEL)
            check_patterns(m, i, channel, message, direct);
        else
            cr_assert(l->heard_count == direct);
        heard += l->heard_count;
        listener_forget(l);
    }
    cr_assert(returned == heard);
    m->deliveries += heard;
    cr_assert(pubsub_stats(m->ps)->deliveries == m->deliveries);
}

struct seen {
    const struct model *m;
    size_t kind;
    size_t names;
};

static void check_name(void *ctx, struct bytes name, size_t subscribers)
{
    struct seen *seen = ctx;
    size_t what = 0, expected = 0;

    while (what < NAMES && !bytes_equal(name, name_at(what)))
        what++;
    cr_assert(what < NAMES);
    for (size_t i = 0; i < LISTENERS; i++)
        expected += seen->m->since[i][seen->kind][what] != 0;
    cr_assert(subscribers == expected && expected > 0);
    seen->names++;
}

static void check_tables(const struct model *m)
{
    for (size_t kind = 0; kind < PUBSUB_KIND_COUNT; kind++) {
        struct seen seen = {m, kind, 0};
        size_t distinct = 0;

        pubsub_each_name(m->ps, (enum pubsub_kind)kind, check_name, &seen);
        for (size_t what = 0; what < NAMES; what++) {
            size_t count = 0;

            for (size_t i = 0; i < LISTENERS; i++)
                count += m->since[i][kind][what] != 0;
            distinct += count > 0;
            cr_assert(pubsub_subscriber_count(m->ps, (enum pubsub_kind)kind, name_at(what)) ==
                      count);
        }
        cr_assert(seen.names == distinct);
        if (kind == PUBSUB_PATTERN)
            cr_assert(pubsub_pattern_count(m->ps) == distinct);
    }
}

Test(pubsub_model, behaves_as_a_plain_table_of_subscriptions)
{
    static const struct hash_key key = {{7}};
    const char *given = getenv("ECHOLOG_SEED");
    uint64_t seed = given != NULL ? strtoull(given, NULL, 10) : (uint64_t)time(NULL);
    static struct model m;

    (void)fprintf(stderr, "pubsub_model: ECHOLOG_SEED=%llu\n", (unsigned long long)seed);
    random_seed(&m.random, seed);
    m.ps = pubsub_create(&key);
    for (size_t i = 0; i < LISTENERS; i++) {
        listener_init(&m.listeners[i], m.ps, 2);
        m.listeners[i].sequence = &m.sequence;
    }
    for (int step = 0; step < STEPS; step++) {
        size_t choice = draw(&m, 100);

        if (choice < 50)
            join_or_leave(&m);
        else if (choice < 51)
            go_and_come(&m);
        else if (choice < 55)
            pubsub_end_turn(m.ps);
        else
            publish(&m);
        if (step % 100 == 0)
            check_tables(&m);
    }
    cr_assert(m.deliveries > STEPS / 4, "the run did little");
    for (size_t i = 0; i < LISTENERS; i++)
        listener_deinit(&m.listeners[i]);
    pubsub_destroy(m.ps);
}
