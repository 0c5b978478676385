/* SPDX-License-Identifier: BSD-3-Clause */
/* The assignors: Kafka's two by cases worked out by hand from its documentation, the sticky one by what it
 * promises, on groups drawn from a seed. ASSIGNOR_SEED runs one seed again. */
#include "groups/assignor.h"

#include "base/check.h"
#include "base/mem.h"
#include "base/random.h"
#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TOPICS_MAX 64
#define SEEDS 400

/* A group in the making. */
struct plan {
    int32_t member_count;
    size_t topic_count;
    int32_t partitions[TOPICS_MAX];
    bool *subscribed; /* [topic * member_count + member] */
    int32_t *lists[TOPICS_MAX];
    struct assignor_topic topics[TOPICS_MAX];
    size_t total;
    int32_t *current, *targets;
};

static bool *subscribes(const struct plan *p, size_t topic, int32_t member)
{
    return &p->subscribed[topic * (size_t)p->member_count + (size_t)member];
}

static void plan_open(struct plan *p, int32_t members, size_t topics, const int32_t *partitions)
{
    *p = (struct plan){.member_count = members, .topic_count = topics};
    p->subscribed = mem_zalloc(topics * (size_t)members + 1, sizeof(bool));
    for (size_t t = 0; t < topics; t++) {
        p->partitions[t] = partitions[t];
        p->total += (size_t)partitions[t];
        p->lists[t] = mem_zalloc((size_t)members + 1, sizeof(int32_t));
        for (int32_t m = 0; m < members; m++)
            *subscribes(p, t, m) = true;
    }
    p->current = mem_alloc((p->total + 1) * sizeof(int32_t));
    p->targets = mem_alloc((p->total + 1) * sizeof(int32_t));
    for (size_t i = 0; i < p->total; i++)
        p->current[i] = ASSIGNOR_NOBODY;
}

static void plan_close(struct plan *p)
{
    for (size_t t = 0; t < p->topic_count; t++)
        mem_free(p->lists[t]);
    mem_free(p->subscribed);
    mem_free(p->current);
    mem_free(p->targets);
}

static void run(struct plan *p, enum assignor kind)
{
    struct assignor_input in = {.kind = kind,
                                .member_count = p->member_count,
                                .topics = p->topics,
                                .topic_count = p->topic_count,
                                .current = p->current};

    for (size_t t = 0; t < p->topic_count; t++) {
        size_t count = 0;

        for (int32_t m = 0; m < p->member_count; m++)
            if (*subscribes(p, t, m))
                p->lists[t][count++] = m;
        p->topics[t] = (struct assignor_topic){p->partitions[t], p->lists[t], count};
    }
    for (size_t i = 0; i < p->total; i++)
        p->targets[i] = 12345; /* nothing may be left unsaid */
    assignor_run(&in, p->targets);
}

/* "0 1 1|0 -": targets of each topic. */
static void expect(const struct plan *p, const char *expected)
{
    char text[512];
    size_t len = 0, i = 0;

    for (size_t t = 0; t < p->topic_count; t++) {
        if (t > 0)
            text[len++] = '|';
        for (int32_t n = 0; n < p->partitions[t]; n++, i++) {
            if (n > 0)
                text[len++] = ' ';
            len += (size_t)(p->targets[i] == ASSIGNOR_NOBODY
                                ? snprintf(text + len, sizeof(text) - len, "-")
                                : snprintf(text + len, sizeof(text) - len, "%d", p->targets[i]));
        }
    }
    text[len] = '\0';
    cr_assert_str_eq(text, expected);
}

static void adopt(struct plan *p)
{
    memcpy(p->current, p->targets, p->total * sizeof(int32_t));
}

static size_t moved(const struct plan *p)
{
    size_t count = 0;

    for (size_t i = 0; i < p->total; i++)
        count += p->targets[i] != p->current[i];
    return count;
}

/* --- Kafka's --------------------------------------------------------------------------------- */

Test(assignor, range_gives_the_first_members_one_more_of_each_topic)
{
    struct plan p;

    /* From the documentation of RangeAssignor: C0: t0p0 t0p1 t1p0 t1p1, C1: t0p2 t1p2. */
    plan_open(&p, 2, 2, (const int32_t[]){3, 3});
    run(&p, ASSIGNOR_RANGE);
    expect(&p, "0 0 1|0 0 1");
    plan_close(&p);
}

Test(assignor, range_with_more_members_than_partitions_leaves_the_last_ones_idle)
{
    struct plan p;

    plan_open(&p, 4, 2, (const int32_t[]){2, 10});
    run(&p, ASSIGNOR_RANGE);
    expect(&p, "0 1|0 0 0 1 1 1 2 2 3 3");
    plan_close(&p);
}

Test(assignor, range_counts_only_the_members_that_subscribe)
{
    struct plan p;

    plan_open(&p, 3, 3, (const int32_t[]){3, 2, 2});
    *subscribes(&p, 0, 1) = false;
    for (int32_t m = 0; m < 3; m++)
        *subscribes(&p, 1, m) = false;
    *subscribes(&p, 2, 0) = false;
    run(&p, ASSIGNOR_RANGE);
    expect(&p, "0 0 2|- -|1 2");
    plan_close(&p);
}

Test(assignor, roundrobin_goes_through_all_topics_in_turn)
{
    struct plan p;

    /* From the documentation of RoundRobinAssignor: C0: t0p0 t0p2 t1p1, C1: t0p1 t1p0 t1p2. */
    plan_open(&p, 2, 2, (const int32_t[]){3, 3});
    run(&p, ASSIGNOR_ROUNDROBIN);
    expect(&p, "0 1 0|1 0 1");
    plan_close(&p);
}

Test(assignor, roundrobin_passes_over_members_that_do_not_subscribe)
{
    struct plan p;

    /* The same: t0 1, t1 2, t2 3 partitions; C0 t0, C1 t0 t1, C2 all:
     * C0: t0p0; C1: t1p0; C2: t1p1 t2p0 t2p1 t2p2. */
    plan_open(&p, 3, 3, (const int32_t[]){1, 2, 3});
    *subscribes(&p, 1, 0) = false;
    *subscribes(&p, 2, 0) = *subscribes(&p, 2, 1) = false;
    run(&p, ASSIGNOR_ROUNDROBIN);
    expect(&p, "0|1 2|2 2 2");
    plan_close(&p);
}

Test(assignor, roundrobin_goes_on_in_the_circle_where_the_topic_before_ended)
{
    struct plan p;

    /* t0 by 1 and 3: 1 3 1; next is 2, but t1 is for 0, 1 and 3: 3 0 1 3; t2 by nobody; t3 by all: 0. */
    plan_open(&p, 4, 4, (const int32_t[]){3, 4, 2, 2});
    *subscribes(&p, 0, 0) = *subscribes(&p, 0, 2) = *subscribes(&p, 1, 2) = false;
    for (int32_t m = 0; m < 4; m++)
        *subscribes(&p, 2, m) = false;
    run(&p, ASSIGNOR_ROUNDROBIN);
    expect(&p, "1 3 1|3 0 1 3|- -|0 1");
    plan_close(&p);
}

Test(assignor, without_members_nobody_gets_anything)
{
    for (int kind = ASSIGNOR_STICKY; kind <= ASSIGNOR_ROUNDROBIN; kind++) {
        struct plan p;

        plan_open(&p, 0, 2, (const int32_t[]){2, 1});
        run(&p, (enum assignor)kind);
        expect(&p, "- -|-");
        plan_close(&p);
    }
}

Test(assignor, is_fine_without_topics)
{
    for (int kind = ASSIGNOR_STICKY; kind <= ASSIGNOR_ROUNDROBIN; kind++) {
        struct plan p;

        plan_open(&p, 3, 0, NULL);
        run(&p, (enum assignor)kind);
        expect(&p, "");
        plan_close(&p);
    }
}

Test(assignor, names_are_lower_case_words)
{
    cr_assert_str_eq(assignor_name(ASSIGNOR_STICKY), "sticky");
    cr_assert_str_eq(assignor_name(ASSIGNOR_RANGE), "range");
    cr_assert_str_eq(assignor_name(ASSIGNOR_ROUNDROBIN), "roundrobin");
}

/* --- sticky, by hand ------------------------------------------------------------------------- */

Test(assignor, sticky_deals_each_topic_out_over_all_members)
{
    struct plan p;

    plan_open(&p, 2, 2, (const int32_t[]){4, 4});
    run(&p, ASSIGNOR_STICKY);
    expect(&p, "0 1 0 1|0 1 0 1");
    plan_close(&p);
}

Test(assignor, sticky_takes_from_each_topic_for_a_new_member)
{
    struct plan p;

    plan_open(&p, 2, 2, (const int32_t[]){4, 4});
    for (size_t i = 0; i < p.total; i++)
        p.current[i] = 0;
    run(&p, ASSIGNOR_STICKY);
    expect(&p, "0 0 1 1|0 0 1 1");
    plan_close(&p);
}

Test(assignor, sticky_passes_on_over_a_member_in_between)
{
    struct plan p;

    /* 0 reads a, 1 reads a and b, 2 reads b. 0 has two more than 2, and no partition that 2 may take. */
    plan_open(&p, 3, 2, (const int32_t[]){4, 2});
    *subscribes(&p, 1, 0) = *subscribes(&p, 0, 2) = false;
    memcpy(p.current, (const int32_t[]){0, 0, 0, 1, 1, 2}, 6 * sizeof(int32_t));
    run(&p, ASSIGNOR_STICKY);
    expect(&p, "0 0 1 1|2 2");
    plan_close(&p);
}

Test(assignor, sticky_takes_away_what_is_not_subscribed_any_more)
{
    struct plan p;

    plan_open(&p, 2, 2, (const int32_t[]){2, 2});
    *subscribes(&p, 1, 0) = false;
    memcpy(p.current, (const int32_t[]){0, 0, 0, 0}, 4 * sizeof(int32_t));
    run(&p, ASSIGNOR_STICKY);
    expect(&p, "0 0|1 1");
    plan_close(&p);
}

#define LARGE 10000

Test(assignor, sticky_gives_one_each_to_as_many_members_as_partitions)
{
    struct plan p;
    bool *has = mem_zalloc(LARGE, sizeof(bool));

    plan_open(&p, LARGE, 1, (const int32_t[]){LARGE});
    for (int32_t i = 0; i < LARGE; i++)
        p.current[i] = i % 3 == 0 ? LARGE - 1 - i : 5;
    run(&p, ASSIGNOR_STICKY);
    for (int32_t i = 0; i < LARGE; i++) {
        cr_assert_not(has[p.targets[i]]);
        has[p.targets[i]] = true;
        if (i % 3 == 0)
            cr_assert_eq(p.targets[i], p.current[i]);
    }
    mem_free(has);
    plan_close(&p);
}

/* --- sticky, from seeds ------------------------------------------------------------------------ */

static int32_t *loads_of(const struct plan *p, const int32_t *assigned)
{
    int32_t *loads = mem_zalloc((size_t)p->member_count + 1, sizeof(int32_t));

    for (size_t i = 0; i < p->total; i++)
        if (assigned[i] >= 0)
            loads[assigned[i]]++;
    return loads;
}

/* Every partition with a subscriber is a subscriber's. */
static void check_legal(const struct plan *p, uint64_t seed)
{
    size_t i = 0;

    for (size_t t = 0; t < p->topic_count; t++) {
        for (int32_t n = 0; n < p->partitions[t]; n++, i++) {
            if (p->topics[t].subscriber_count == 0) {
                cr_assert_eq(p->targets[i], ASSIGNOR_NOBODY, "seed %" PRIu64, seed);
                continue;
            }
            cr_assert(p->targets[i] >= 0 && p->targets[i] < p->member_count, "seed %" PRIu64, seed);
            cr_assert(*subscribes(p, t, p->targets[i]), "seed %" PRIu64, seed);
        }
    }
}

/* Marks whom `from` can pass a partition on to, over others too. */
static void mark_reachable(const struct plan *p, int32_t from, bool *reached)
{
    bool grew = true;

    memset(reached, 0, (size_t)p->member_count);
    reached[from] = true;
    while (grew) {
        size_t i = 0;

        grew = false;
        for (size_t t = 0; t < p->topic_count; t++) {
            bool open = false;

            for (int32_t n = 0; n < p->partitions[t]; n++, i++)
                open = open || (p->targets[i] >= 0 && reached[p->targets[i]]);
            for (int32_t m = 0; open && m < p->member_count; m++) {
                if (*subscribes(p, t, m) && !reached[m])
                    reached[m] = grew = true;
            }
        }
    }
}

/* Nothing that is passed on, by one member or along a chain, makes it more even. */
static void check_even(const struct plan *p, uint64_t seed)
{
    int32_t *loads = loads_of(p, p->targets);
    bool *reached = mem_zalloc((size_t)p->member_count + 1, sizeof(bool));

    for (int32_t a = 0; a < p->member_count; a++) {
        mark_reachable(p, a, reached);
        for (int32_t b = 0; b < p->member_count; b++)
            cr_assert(!reached[b] || loads[a] <= loads[b] + 1,
                      "seed %" PRIu64 ": member %d has %d, member %d has %d", seed, a, loads[a], b,
                      loads[b]);
    }
    mem_free(reached);
    mem_free(loads);
}

/* With equal subscriptions: no fewer could have moved. */
static void check_fewest_moves(const struct plan *p, uint64_t seed)
{
    int32_t *before = loads_of(p, p->current), *after = loads_of(p, p->targets);
    size_t must = 0, members = (size_t)p->member_count, each = p->total / members;
    size_t more = p->total % members;

    /* Each keeps up to `each`, and `more` members that have it one above. */
    for (size_t m = 0; m < members; m++) {
        size_t keeps = (size_t)before[m] < each ? (size_t)before[m] : each;

        if ((size_t)before[m] > each && more > 0) {
            keeps++;
            more--;
        }
        must += keeps;
    }
    cr_assert_eq(moved(p), p->total - must, "seed %" PRIu64 ": %zu moved, %zu had to", seed,
                 moved(p), p->total - must);
    mem_free(before);
    mem_free(after);
}

static void check_same_again(struct plan *p, uint64_t seed)
{
    int32_t *first = mem_alloc((p->total + 1) * sizeof(int32_t));

    memcpy(first, p->targets, p->total * sizeof(int32_t));
    run(p, ASSIGNOR_STICKY);
    cr_assert_eq(memcmp(first, p->targets, p->total * sizeof(int32_t)), 0, "seed %" PRIu64, seed);
    mem_free(first);
    adopt(p);
    run(p, ASSIGNOR_STICKY);
    cr_assert_eq(moved(p), 0, "seed %" PRIu64 ": what is even is left alone", seed);
}

static void draw(struct plan *p, struct random *r)
{
    int32_t partitions[TOPICS_MAX];
    size_t topics = 1 + random_below(r, 8);

    for (size_t t = 0; t < topics; t++)
        partitions[t] = (int32_t)(1 + random_below(r, 20));
    plan_open(p, (int32_t)(1 + random_below(r, 12)), topics, partitions);
}

static void draw_subscriptions(struct plan *p, struct random *r)
{
    uint64_t of = 2 + random_below(r, 4);

    for (size_t t = 0; t < p->topic_count; t++)
        for (int32_t m = 0; m < p->member_count; m++)
            *subscribes(p, t, m) = random_below(r, of) == 0;
}

/* Anything may be had now, by few or by many. */
static void draw_current(struct plan *p, struct random *r)
{
    uint64_t holders = 1 + random_below(r, (uint64_t)p->member_count);

    for (size_t i = 0; i < p->total; i++)
        p->current[i] =
            random_below(r, 4) == 0 ? ASSIGNOR_NOBODY : (int32_t)random_below(r, holders);
}

static void each_seed(void (*fn)(struct random *r, uint64_t seed))
{
    const char *text = getenv("ASSIGNOR_SEED");
    uint64_t first = text == NULL ? 1 : strtoull(text, NULL, 10);
    uint64_t count = text == NULL ? SEEDS : 1;

    for (uint64_t seed = first; seed < first + count; seed++) {
        struct random r;

        random_seed(&r, seed);
        fn(&r, seed);
    }
}

static void equal_subscriptions(struct random *r, uint64_t seed)
{
    struct plan p;

    draw(&p, r);
    draw_current(&p, r);
    run(&p, ASSIGNOR_STICKY);
    check_legal(&p, seed);
    check_even(&p, seed);
    check_fewest_moves(&p, seed);
    check_same_again(&p, seed);
    plan_close(&p);
}

Test(assignor, sticky_with_equal_subscriptions_is_even_and_moves_no_more_than_it_must)
{
    each_seed(equal_subscriptions);
}

static void different_subscriptions(struct random *r, uint64_t seed)
{
    struct plan p;

    draw(&p, r);
    draw_subscriptions(&p, r);
    draw_current(&p, r);
    run(&p, ASSIGNOR_STICKY);
    check_legal(&p, seed);
    check_even(&p, seed);
    check_same_again(&p, seed);
    plan_close(&p);
}

Test(assignor, sticky_with_different_subscriptions_is_as_even_as_they_allow)
{
    each_seed(different_subscriptions);
}

/* One that subscribes to nothing is as good as one who is not there. */
static void leave(struct plan *p, int32_t member)
{
    for (size_t t = 0; t < p->topic_count; t++)
        *subscribes(p, t, member) = false;
}

static void equal_join_and_leave(struct random *r, uint64_t seed)
{
    struct plan p;
    int32_t who;

    draw(&p, r);
    who = (int32_t)random_below(r, (uint64_t)p.member_count);
    leave(&p, who);
    run(&p, ASSIGNOR_STICKY);
    adopt(&p);
    for (size_t t = 0; t < p.topic_count; t++)
        *subscribes(&p, t, who) = true;
    run(&p, ASSIGNOR_STICKY);
    check_even(&p, seed);
    for (size_t i = 0; i < p.total; i++)
        cr_assert(p.targets[i] == p.current[i] || p.targets[i] == who, "seed %" PRIu64, seed);
    adopt(&p);
    leave(&p, who);
    run(&p, ASSIGNOR_STICKY);
    check_legal(&p, seed);
    for (size_t i = 0; i < p.total; i++)
        cr_assert(p.targets[i] == p.current[i] || p.current[i] == who, "seed %" PRIu64, seed);
    plan_close(&p);
}

Test(assignor, sticky_moves_only_what_a_member_gets_that_joins_or_had_that_leaves)
{
    each_seed(equal_join_and_leave);
}

/* With different subscriptions others may have to move too, but not many: each step on the way to the new
 * balance is one partition, and no way is longer than there are members. */
Test(assignor, sticky_with_different_subscriptions_moves_few_when_a_member_leaves)
{
    size_t all = 0, over = 0;

    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct random r;
        struct plan p;
        int32_t who;
        size_t had = 0;

        random_seed(&r, seed);
        draw(&p, &r);
        draw_subscriptions(&p, &r);
        run(&p, ASSIGNOR_STICKY);
        adopt(&p);
        who = (int32_t)random_below(&r, (uint64_t)p.member_count);
        for (size_t i = 0; i < p.total; i++)
            had += p.current[i] == who;
        leave(&p, who);
        run(&p, ASSIGNOR_STICKY);
        check_even(&p, seed);
        all += had;
        over += moved(&p) - had;
        plan_close(&p);
    }
    cr_assert_lt(over * 10, all, "%zu had to move, %zu more did", all, over);
}
