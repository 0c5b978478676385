/* SPDX-License-Identifier: BSD-3-Clause */
/* The sticky assignor. Topics that the same members subscribe to are one class: within it, any partition
 * may go to any of them, so all that has to be found is how many of each class a member gets (its shares).
 *
 *   1. each keeps what it has
 *   2. what nobody has goes, one by one, to the subscriber with the least in all
 *   3. while a member has two more than another, and there is a way from the one to the other (a hands one
 *      of a class to b, b one of another class to c, …), one is passed down the shortest such way
 *   4. partitions are handed out by the shares, and whoever had one keeps it if its share allows
 *
 * With one class 2 and 3 are a division. In 3, members are looked at from the one with the most. If no way
 * leads down from it, all that can be reached from it is as even as it will get, and nothing that comes
 * later can change that: it is done with, so what is searched in vain is searched once. */
#include "groups/assignor_sticky.h"

#include "base/check.h"
#include "base/list.h"
#include "base/mem.h"
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* A member's part of a class. */
struct share {
    int32_t member;
    int32_t class;
    int32_t before; /* how many it has now … */
    int32_t count;  /* … and is to have */
};

struct class {
    size_t first_topic, topic_count; /* in `order` */
    size_t first_share, share_count; /* by member */
    int32_t free;                    /* partitions nobody has */
    uint64_t reached;                /* by the search of that number */
};

struct member_state {
    struct list by_load; /* in `loads`, while it is not done with */
    int32_t load;
    size_t first_link, link_count; /* its shares, in `links` */
    bool done;
    uint64_t reached;    /* by the search of that number */
    size_t through_to;   /* the search came to it by this share of its own … */
    size_t through_from; /* … from this one of another */
};

struct sticky {
    const struct assignor_input *in;
    int32_t *targets;
    size_t *partition_base; /* of each topic: the first of its partitions */
    size_t partition_count;
    size_t *order; /* topics that have subscribers, class by class */
    size_t order_count;
    struct class *classes;
    size_t class_count;
    struct share *shares;
    size_t share_count;
    struct member_state *members;
    size_t *links;      /* numbers of shares, member by member */
    int32_t *queue;     /* members: a heap, or those that a search came to */
    struct list *loads; /* heads: of members with that many partitions */
    uint64_t search;    /* number of the one under way */
    size_t open;        /* members that are not done with */
};

/* --- classes --------------------------------------------------------------------------------- */

static int compare_subscribers(const struct assignor_topic *a, const struct assignor_topic *b)
{
    if (a->subscriber_count != b->subscriber_count)
        return a->subscriber_count < b->subscriber_count ? -1 : 1;
    if (a->subscribers == b->subscribers)
        return 0;
    return memcmp(a->subscribers, b->subscribers, a->subscriber_count * sizeof(*a->subscribers));
}

/* Classes with few subscribers first: there is the least choice. In a class, long topics first. */
static int compare_topics(const void *a, const void *b, void *ctx)
{
    const struct assignor_topic *topics = ctx;
    size_t left = *(const size_t *)a, right = *(const size_t *)b;
    int order = compare_subscribers(&topics[left], &topics[right]);

    if (order != 0)
        return order;
    if (topics[left].partition_count != topics[right].partition_count)
        return topics[left].partition_count > topics[right].partition_count ? -1 : 1;
    return left < right ? -1 : 1;
}

static void sort_topics(struct sticky *s)
{
    const struct assignor_input *in = s->in;

    s->partition_base = mem_alloc((in->topic_count + 1) * sizeof(*s->partition_base));
    s->order = mem_alloc((in->topic_count + 1) * sizeof(*s->order));
    for (size_t t = 0; t < in->topic_count; t++) {
        s->partition_base[t] = s->partition_count;
        s->partition_count += (size_t)in->topics[t].partition_count;
        if (in->topics[t].subscriber_count > 0)
            s->order[s->order_count++] = t;
    }
    qsort_r(s->order, s->order_count, sizeof(*s->order), compare_topics,
            (void *)(uintptr_t)in->topics);
}

static void make_classes(struct sticky *s)
{
    const struct assignor_topic *topics = s->in->topics;

    s->classes = mem_zalloc(s->order_count + 1, sizeof(*s->classes));
    for (size_t i = 0; i < s->order_count; i++) {
        const struct assignor_topic *t = &topics[s->order[i]];
        struct class *c = &s->classes[s->class_count];

        if (i > 0 && compare_subscribers(t, &topics[s->order[i - 1]]) == 0) {
            c[-1].topic_count++;
            continue;
        }
        *c = (struct class){.first_topic = i,
                            .topic_count = 1,
                            .first_share = s->share_count,
                            .share_count = t->subscriber_count};
        s->share_count += t->subscriber_count;
        s->class_count++;
    }
}

static void make_shares(struct sticky *s)
{
    size_t first = 0;

    s->shares = mem_zalloc(s->share_count + 1, sizeof(*s->shares));
    s->links = mem_alloc((s->share_count + 1) * sizeof(*s->links));
    for (size_t i = 0; i < s->class_count; i++) {
        const struct class *c = &s->classes[i];
        const int32_t *subscribers = s->in->topics[s->order[c->first_topic]].subscribers;

        for (size_t k = 0; k < c->share_count; k++) {
            s->shares[c->first_share + k].member = subscribers[k];
            s->shares[c->first_share + k].class = (int32_t)i;
            s->members[subscribers[k]].link_count++;
        }
    }
    for (int32_t m = 0; m < s->in->member_count; m++) {
        s->members[m].first_link = first;
        first += s->members[m].link_count;
        s->members[m].link_count = 0;
    }
    for (size_t i = 0; i < s->share_count; i++) {
        struct member_state *m = &s->members[s->shares[i].member];

        s->links[m->first_link + m->link_count++] = i;
    }
}

/* NULL: it does not subscribe. */
static struct share *share_of(const struct sticky *s, const struct class *c, int32_t member)
{
    struct share *shares = s->shares + c->first_share;
    size_t low = 0, high = c->share_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (shares[middle].member == member)
            return &shares[middle];
        if (shares[middle].member < member)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

/* Calls `fn` for each partition of a class, number after number: what comes last, and is given up first, is
 * spread over all topics. */
typedef void partition_fn(struct sticky *s, struct class *c, size_t partition);

static void each_partition(struct sticky *s, struct class *c, partition_fn *fn)
{
    size_t topics = c->topic_count;

    for (int32_t p = 0;; p++) {
        while (topics > 0 &&
               s->in->topics[s->order[c->first_topic + topics - 1]].partition_count <= p)
            topics--; /* they are sorted by length */
        if (topics == 0)
            return;
        for (size_t i = c->first_topic; i < c->first_topic + topics; i++)
            fn(s, c, s->partition_base[s->order[i]] + (size_t)p);
    }
}

static void count_partition(struct sticky *s, struct class *c, size_t partition)
{
    int32_t member = s->in->current[partition];
    struct share *share;

    ASSERT(member >= ASSIGNOR_NOBODY && member < s->in->member_count);
    share = member == ASSIGNOR_NOBODY ? NULL : share_of(s, c, member);
    if (share == NULL) {
        c->free++;
        return;
    }
    share->before++;
    share->count++;
    s->members[member].load++;
}

/* --- one class ------------------------------------------------------------------------------- */

static int compare_shares(const void *a, const void *b)
{
    const struct share *left = *(struct share *const *)a, *right = *(struct share *const *)b;

    if (left->before != right->before)
        return left->before > right->before ? -1 : 1;
    return left->member < right->member ? -1 : 1;
}

/* All subscribe to the same: a division, and who has most now gets the remainder. */
static void divide(struct sticky *s)
{
    const struct class *c = &s->classes[0];
    struct share **sorted = mem_alloc(c->share_count * sizeof(struct share *));
    size_t total = 0;

    for (size_t i = 0; i < c->topic_count; i++)
        total += (size_t)s->in->topics[s->order[i]].partition_count;
    for (size_t i = 0; i < c->share_count; i++)
        sorted[i] = &s->shares[i];
    qsort(sorted, c->share_count, sizeof(struct share *), compare_shares);
    for (size_t i = 0; i < c->share_count; i++)
        sorted[i]->count = (int32_t)(total / c->share_count + (i < total % c->share_count ? 1 : 0));
    mem_free(sorted);
}

/* --- what nobody has --------------------------------------------------------------------------- */

/* Whether share a of a class is to get one before share b. */
static bool lighter(const struct sticky *s, const struct class *c, int32_t a, int32_t b)
{
    int32_t load_a = s->members[s->shares[c->first_share + (size_t)a].member].load;
    int32_t load_b = s->members[s->shares[c->first_share + (size_t)b].member].load;

    return load_a != load_b ? load_a < load_b : a < b;
}

/* The heap in `queue` holds places of shares, the lightest member on top. */
static void sift_down(struct sticky *s, const struct class *c, size_t at)
{
    int32_t item = s->queue[at];

    for (;;) {
        size_t child = 2 * at + 1;

        if (child >= c->share_count)
            break;
        if (child + 1 < c->share_count && lighter(s, c, s->queue[child + 1], s->queue[child]))
            child++;
        if (!lighter(s, c, s->queue[child], item))
            break;
        s->queue[at] = s->queue[child];
        at = child;
    }
    s->queue[at] = item;
}

static void give_free(struct sticky *s, struct class *c)
{
    if (c->free == 0)
        return;
    for (size_t i = 0; i < c->share_count; i++)
        s->queue[i] = (int32_t)i;
    for (size_t i = c->share_count / 2; i-- > 0;)
        sift_down(s, c, i);
    for (int32_t i = 0; i < c->free; i++) {
        struct share *lightest = &s->shares[c->first_share + (size_t)s->queue[0]];

        lightest->count++;
        s->members[lightest->member].load++;
        sift_down(s, c, 0);
    }
}

/* --- evening out ------------------------------------------------------------------------------- */

static void reload(struct sticky *s, int32_t member, int32_t change)
{
    struct member_state *m = &s->members[member];

    m->load += change;
    list_remove(&m->by_load);
    list_push_back(&s->loads[m->load], &m->by_load);
}

/* Passes one partition down the way that the search found. */
static void pass_on(struct sticky *s, int32_t from, int32_t to)
{
    reload(s, from, -1);
    reload(s, to, 1);
    while (to != from) {
        const struct member_state *m = &s->members[to];

        s->shares[m->through_to].count++;
        s->shares[m->through_from].count--;
        to = s->shares[m->through_from].member;
    }
}

/* Adds those whom the holder of a share may hand one to behind `end`. */
static size_t reach_class(struct sticky *s, size_t share, size_t end)
{
    struct class *c = &s->classes[s->shares[share].class];

    c->reached = s->search;
    for (size_t i = c->first_share; i < c->first_share + c->share_count; i++) {
        struct member_state *m = &s->members[s->shares[i].member];

        if (m->reached == s->search || m->done)
            continue;
        m->reached = s->search;
        m->through_to = i;
        m->through_from = share;
        s->queue[end++] = s->shares[i].member;
    }
    return end;
}

static size_t reach_member(struct sticky *s, const struct member_state *m, size_t end)
{
    for (size_t i = m->first_link; i < m->first_link + m->link_count && end < s->open; i++) {
        const struct share *share = &s->shares[s->links[i]];

        if (share->count > 0 && s->classes[share->class].reached != s->search)
            end = reach_class(s, s->links[i], end);
    }
    return end;
}

/* No way leads down from any that the search came to. */
static void finish_reached(struct sticky *s, size_t end)
{
    for (size_t i = 0; i < end; i++) {
        struct member_state *m = &s->members[s->queue[i]];

        m->done = true;
        list_remove(&m->by_load);
    }
    s->open -= end;
}

/* Finds the shortest way from a member to one that has at least two less, the one with the least of those
 * as near, and passes a partition down; or the member is done with. */
static void lighten(struct sticky *s, int32_t from)
{
    size_t begin = 0, end = 1;
    int32_t best = ASSIGNOR_NOBODY, best_load = s->members[from].load - 1;

    s->search++;
    s->queue[0] = from;
    s->members[from].reached = s->search;
    while (begin < end && best == ASSIGNOR_NOBODY) {
        size_t layer_end = end;

        while (begin < layer_end)
            end = reach_member(s, &s->members[s->queue[begin++]], end);
        for (size_t i = layer_end; i < end; i++) {
            int32_t load = s->members[s->queue[i]].load;

            if (load < best_load) {
                best = s->queue[i];
                best_load = load;
            }
        }
    }
    if (best == ASSIGNOR_NOBODY)
        finish_reached(s, end);
    else
        pass_on(s, from, best);
}

static void even_out(struct sticky *s)
{
    int32_t most = 0;

    for (int32_t m = 0; m < s->in->member_count; m++)
        if (s->members[m].load > most)
            most = s->members[m].load;
    s->loads = mem_alloc(((size_t)most + 1) * sizeof(*s->loads));
    for (int32_t load = 0; load <= most; load++)
        list_init(&s->loads[load]);
    for (int32_t m = 0; m < s->in->member_count; m++) {
        s->members[m].done = s->members[m].link_count == 0;
        s->open += !s->members[m].done;
        list_push_back(&s->loads[s->members[m].load], &s->members[m].by_load);
    }
    /* Who has one can give none to who has two less; and only those below `load` get more. */
    for (int32_t load = most; load > 1; load--) {
        while (!list_empty(&s->loads[load])) {
            struct member_state *m =
                CONTAINER_OF(s->loads[load].next, struct member_state, by_load);

            lighten(s, (int32_t)(m - s->members));
        }
    }
    mem_free(s->loads);
}

/* --- handing out ------------------------------------------------------------------------------- */

/* Counts down what is left of the share. */
static void keep_partition(struct sticky *s, struct class *c, size_t partition)
{
    int32_t member = s->in->current[partition];
    struct share *share = member == ASSIGNOR_NOBODY ? NULL : share_of(s, c, member);

    if (share == NULL || share->count == 0)
        return;
    share->count--;
    s->targets[partition] = member;
}

/* Those whose share is not full stand in a circle. */
static size_t queue_up(struct sticky *s, const struct class *c)
{
    size_t waiting = 0;

    for (size_t i = 0; i < c->share_count; i++)
        if (s->shares[c->first_share + i].count > 0)
            s->queue[waiting++] = (int32_t)i;
    return waiting;
}

static void hand_out(struct sticky *s, const struct class *c)
{
    size_t waiting = queue_up(s, c), at = 0, again = 0;

    for (size_t i = c->first_topic; i < c->first_topic + c->topic_count; i++) {
        size_t p = s->partition_base[s->order[i]];
        size_t end = p + (size_t)s->in->topics[s->order[i]].partition_count;

        for (; p < end; p++) {
            struct share *share;

            if (s->targets[p] != ASSIGNOR_NOBODY)
                continue;
            ASSERT(at < waiting);
            share = &s->shares[c->first_share + (size_t)s->queue[at]];
            s->targets[p] = share->member;
            if (--share->count > 0)
                s->queue[again++] = s->queue[at];
            if (++at == waiting) {
                waiting = again;
                at = again = 0;
            }
        }
    }
}

void assignor_sticky(const struct assignor_input *in, int32_t *targets)
{
    size_t members = (size_t)in->member_count;
    struct sticky s = {.in = in, .targets = targets};

    s.members = mem_zalloc(members + 1, sizeof(*s.members));
    s.queue = mem_alloc((members + 1) * sizeof(*s.queue));
    sort_topics(&s);
    make_classes(&s);
    make_shares(&s);
    for (size_t p = 0; p < s.partition_count; p++)
        targets[p] = ASSIGNOR_NOBODY;
    for (size_t i = 0; i < s.class_count; i++)
        each_partition(&s, &s.classes[i], count_partition);
    if (s.class_count == 1) {
        divide(&s);
    } else {
        for (size_t i = 0; i < s.class_count; i++)
            give_free(&s, &s.classes[i]);
        even_out(&s);
    }
    for (size_t i = 0; i < s.class_count; i++) {
        each_partition(&s, &s.classes[i], keep_partition);
        hand_out(&s, &s.classes[i]);
    }
    mem_free(s.partition_base);
    mem_free(s.order);
    mem_free(s.classes);
    mem_free(s.shares);
    mem_free(s.links);
    mem_free(s.queue);
    mem_free(s.members);
}
