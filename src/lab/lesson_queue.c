/* SPDX-License-Identifier: BSD-3-Clause */
/* Push and pull beside a classic work queue. What such a queue would do is told; what the broker does is played. */
#include "lab/lesson.h"

#define ORDERS 4
#define PARTITIONS 2
#define READ_MAX 16

enum { ONE_AND_GONE, ONE_AND_KEPT, BOTH_AND_KEPT, THERE_AND_GONE };
enum { CHANNEL, ONE_GROUP, TWO_GROUPS };
enum { NOBODY_DIES, ANN_DIES };

static const struct dial dials[] = {
    {.name = "way",
     .what = "by which way the orders come",
     .value = ONE_GROUP,
     .words = "channel group groups"},
    {.name = "dies", .what = "whether Ann dies in the middle of an order", .words = "no yes"},
};

/* One who works, and what was handed to them. */
struct worker {
    struct actor *actor;
    const char *name, *group;
    size_t handed[ORDERS]; /* how often each order was */
};

/* --- the prediction ------------------------------------------------------------------------------- */

static void ask(struct quiz *q, const struct dials *d)
{
    static const char *const ways[] = {
        [CHANNEL] = "Ann and Bob have both subscribed to the channel on which they are published.",
        [ONE_GROUP] = "They are produced to a topic, and Ann and Bob are the members of one group, "
                      "packing.",
        [TWO_GROUPS] = "They are produced to a topic. Ann is the group packing, Bob the group "
                       "billing.",
    };

    quiz_ask(q, "Four orders come. %s %sWho is handed what, and what is there afterwards?",
             ways[dials_get(d, "way")],
             dials_get(d, "dies") == ANN_DIES
                 ? "Ann dies in the middle of an order, and is started again. "
                 : "");
}

static const char *why_one_and_kept(const struct dials *d)
{
    switch (dials_get(d, "way")) {
    case CHANNEL:
        return "A channel does not share out: it tells everyone. And it keeps nothing.";
    case TWO_GROUPS:
        return "So it would be, were they members of one group. Here each is a group.";
    default:
        return dials_get(d, "dies") == ANN_DIES
                   ? "A group shares the work as a queue does, and as there, what was not said to "
                     "be done is handed out again. But saying so (COMMIT) only moves the group's "
                     "place in the topic; nothing is destroyed, and another program may read it "
                     "too."
                   : "A group shares the work as a queue does. But saying that it is done (COMMIT) "
                     "only moves the group's place in the topic; nothing is destroyed, and another "
                     "program may read it too. One thing is different: a queue hands the next "
                     "message to whoever is free, so two orders of one customer may be done at "
                     "once and overtake each other. In a topic a partition belongs to one member, "
                     "and within it the order is kept.";
    }
}

static const char *why_both_and_kept(const struct dials *d)
{
    switch (dials_get(d, "way")) {
    case CHANNEL:
        return "Both are told, yes. But a channel keeps nothing: what was said is gone.";
    case TWO_GROUPS:
        return "Two groups are two readers of the same list, each with a place of its own; neither "
               "notices the other, nor its death. With queues somebody has to think of it before: "
               "a second queue, and a copy of each message into it.";
    default:
        return "Members of one group share the work. Were each of them a group, both would get "
               "all.";
    }
}

static void predict(struct quiz *q, const struct dials *d)
{
    static const size_t taught[] = {
        [CHANNEL] = THERE_AND_GONE, [ONE_GROUP] = ONE_AND_KEPT, [TWO_GROUPS] = BOTH_AND_KEPT};
    bool dies = dials_get(d, "dies") == ANN_DIES;

    ask(q, d);
    quiz_choice(q, "Each order to one of them; when it is done it is gone.");
    quiz_why(q,
             "That is the classic queue. It is good at sharing out, and it forgets: what was done "
             "nobody can have again, no second program, and not you tomorrow.");
    quiz_choice(q, "Each order to one of them%s; all four can still be read.",
                dies ? ", the one that Ann died with once more" : "");
    quiz_why(q, "%s", why_one_and_kept(d));
    quiz_choice(q, "Each order to both%s; all four can still be read.",
                dies ? ", the one that Ann died with once more" : "");
    quiz_why(q, "%s", why_both_and_kept(d));
    quiz_choice(q, "Each order to whoever is there at that moment; nothing can be read again.");
    quiz_why(
        q, dials_get(d, "way") != CHANNEL ? "That is a channel. A topic keeps what it is given."
           : dies ? "A channel tells those who are there, and keeps nothing. What Ann died with is "
                    "not handed out again, and what came while she was away she never hears of: "
                    "nobody knows what was done."
                  : "A channel tells everyone who is there. It cannot share work: both would pack "
                    "the same parcel. And there is nothing to say that it is done.");
    quiz_teaches(q, taught[dials_get(d, "way")]);
}

/* --- what was handed out -------------------------------------------------------------------------- */

/* Counts an order by its text, "order 3". */
static void count_order(struct worker *w, struct bytes text)
{
    for (size_t i = 0; i < ORDERS; i++) {
        const char name[] = {'o', 'r', 'd', 'e', 'r', ' ', (char)('1' + i), '\0'};

        w->handed[i] += bytes_is(text, name);
    }
}

/* How many of the orders were handed to this one, be it once or more. */
static size_t orders_of(const struct worker *w)
{
    size_t orders = 0;

    for (size_t i = 0; i < ORDERS; i++)
        orders += w->handed[i] > 0;
    return orders;
}

/* --- by a channel --------------------------------------------------------------------------------- */

static bool is_one_subscriber(const struct reply *reply, const void *ctx)
{
    (void)ctx;
    return seen_number(seen_item(reply, 1)) == 1; /* [channel, how many] */
}

static void publish(struct stage *s, struct actor *shop, int from, int to, int64_t listeners)
{
    for (int i = from; i <= to; i++)
        stage_expect_number(s, "how many PUBLISH says have heard it", listeners,
                            seen_number(actor_ask(shop, "PUBLISH $orders 'order %d'", i)));
}

static void hear(struct worker *w)
{
    actor_settle(w->actor);
    for (size_t i = 0; i < actor_heard(w->actor, "message"); i++)
        count_order(w, seen_text(seen_item(actor_heard_at(w->actor, "message", i), 2)));
}

/* Once to each who was there. `again`: so many came to one who listened anew. */
static size_t outcome_of_channel(struct stage *s, const struct worker *ann,
                                 const struct worker *bob, bool dies, size_t again)
{
    if (again > 0)
        return BOTH_AND_KEPT;
    if (orders_of(ann) + orders_of(bob) == ORDERS)
        return ONE_AND_GONE;
    for (size_t i = 0; i < ORDERS; i++) {
        stage_expect_number(s, stage_text(s, "how often Ann heard order %zu", i + 1),
                            dies && i >= ORDERS / 2 ? 0 : 1, (int64_t)ann->handed[i]);
        stage_expect_number(s, stage_text(s, "how often Bob heard order %zu", i + 1), 1,
                            (int64_t)bob->handed[i]);
    }
    return THERE_AND_GONE;
}

static size_t play_channel(struct stage *s, struct actor *shop, struct worker *ann,
                           struct worker *bob, bool dies)
{
    actor_ask(ann->actor, "SUBSCRIBE $orders");
    actor_ask(bob->actor, "SUBSCRIBE $orders");
    publish(s, shop, 1, ORDERS / 2, 2);
    actor_settle(ann->actor);
    if (dies) {
        actor_crash(ann->actor, "dies in the middle of order 2");
        stage_until(s, "that Bob listens alone", is_one_subscriber, NULL, "PUBSUB NUMSUB $orders");
    }
    publish(s, shop, ORDERS / 2 + 1, ORDERS, dies ? 1 : 2);
    actor_settle(bob->actor);
    stage_say(s, dies ? "Ann is started again, and listens."
                      : "Ann would like to have them once more, and listens anew.");
    size_t before = actor_heard(ann->actor, "message");
    if (dies)
        actor_return(ann->actor);
    else
        actor_ask(ann->actor, "UNSUBSCRIBE $orders");
    actor_ask(ann->actor, "SUBSCRIBE $orders");
    hear(ann);
    hear(bob);
    size_t again = actor_heard(ann->actor, "message") - before;
    actor_note(ann->actor, "hears %zu of the orders from before", again);
    return outcome_of_channel(s, ann, bob, dies, again);
}

/* --- by a topic ----------------------------------------------------------------------------------- */

/* Asks, which says that what came before is done. Within a partition offsets have to grow. */
static size_t consume(struct stage *s, struct worker *w, const char *count)
{
    struct seen_record records[READ_MAX];
    size_t got = seen_records(
        actor_ask(w->actor, "CONSUME $%s %s%s TOPICS $orders", w->group, w->name, count), records,
        READ_MAX);

    for (size_t i = 0; i < got && i < READ_MAX; i++) {
        count_order(w, records[i].value);
        if (i > 0 && records[i].partition == records[i - 1].partition)
            stage_expect(s, records[i].offset > records[i - 1].offset, "orders of a partition",
                         "the order in which they came", "another");
    }
    return got;
}

/* All that is still there, read by one who is in no group. */
static size_t left(struct actor *shop)
{
    struct seen_record records[ORDERS];
    size_t count = 0;

    for (int p = 0; p < PARTITIONS; p++)
        count += seen_records(actor_ask(shop, "FETCH $orders %d EARLIEST", p), records, ORDERS);
    return count;
}

static void enter_groups(struct stage *s, struct actor *shop, struct worker *ann,
                         struct worker *bob, bool together)
{
    stage_say(s, "%s",
              together ? "The topic has two partitions, so that two can share it. The first "
                         "CONSUME makes each a member; at the second each has its share."
                       : "The first CONSUME makes each the member of a group.");
    actor_ask(shop, "TOPIC CREATE $orders PARTITIONS %d", PARTITIONS);
    for (int round = 0; round < (together ? 2 : 1); round++) {
        consume(s, ann, "");
        consume(s, bob, "");
    }
    for (int i = 0; i < ORDERS; i++)
        actor_ask(shop, "PRODUCE $orders 'order %d' PARTITION %d", i + 1, i % PARTITIONS);
}

static void work(struct stage *s, struct worker *ann, struct worker *bob, bool dies)
{
    stage_expect_number(s, "orders that Ann takes at first", 1,
                        (int64_t)consume(s, ann, " COUNT 1"));
    if (dies) {
        actor_crash(ann->actor, "dies in the middle of it");
        actor_return(ann->actor);
        actor_note(ann->actor, "is started again");
    }
    consume(s, ann, "");
    consume(s, bob, "");
    actor_ask(ann->actor, "COMMIT $%s %s", ann->group, ann->name);
    actor_ask(bob->actor, "COMMIT $%s %s", bob->group, bob->name);
}

/* Each once to whom it belongs, but for what Ann had in her hands. */
static size_t outcome(struct stage *s, const struct worker *ann, const struct worker *bob,
                      bool dies, size_t kept)
{
    size_t both = 0, again = 0;

    for (size_t i = 0; i < ORDERS; i++) {
        both += ann->handed[i] > 0 && bob->handed[i] > 0;
        again += ann->handed[i] > 1;
        stage_expect(s, ann->handed[i] > 0 || bob->handed[i] > 0, stage_text(s, "order %zu", i + 1),
                     "that it is handed out", "that nobody got it");
        stage_expect(s, bob->handed[i] <= 1 && ann->handed[i] <= 2,
                     stage_text(s, "how often order %zu is handed out", i + 1), "once to each",
                     "more often");
    }
    stage_expect_number(s, "orders that Ann was handed twice", dies ? 1 : 0, (int64_t)again);
    if (kept != ORDERS)
        return kept == 0 && both == 0 ? ONE_AND_GONE : QUIZ_NONE;
    return both == 0 ? ONE_AND_KEPT : both == ORDERS ? BOTH_AND_KEPT : QUIZ_NONE;
}

static size_t play_topic(struct stage *s, struct actor *shop, struct worker *ann,
                         struct worker *bob, bool dies)
{
    enter_groups(s, shop, ann, bob, strcmp(ann->group, bob->group) == 0);
    stage_say(s,
              "Now they work. Asking for more says that what came before is done, and COMMIT says "
              "so at the end.");
    work(s, ann, bob, dies);
    stage_say(s, "All is done. What a queue would have destroyed by now, whoever likes can read:");
    return outcome(s, ann, bob, dies, left(shop));
}

static size_t play(struct stage *s, const struct dials *d)
{
    struct actor *shop = actor_enter(s, "shop");
    int64_t way = dials_get(d, "way");
    bool dies = dials_get(d, "dies") == ANN_DIES;
    struct worker ann = {.name = "ann", .group = "packing"};
    struct worker bob = {.name = "bob", .group = way == TWO_GROUPS ? "billing" : "packing"};

    ann.actor = actor_enter(s, "Ann");
    bob.actor = actor_enter(s, "Bob");
    return way == CHANNEL ? play_channel(s, shop, &ann, &bob, dies)
                          : play_topic(s, shop, &ann, &bob, dies);
}

const struct lesson lesson_queue = {
    .name = "queue",
    .title = "Beside a classic work queue",
    .question = "Work is to be shared out. Is a channel or a topic like a queue?",
    .minutes = 4,
    .page = "docs/delivery-semantics.md",
    .story =
        "Many know message queues: each message is handed to one worker, whoever is free, and "
        "destroyed when the worker says that it is done. If the worker dies before, it is handed "
        "to another one. Echolog has no such queue (so what a queue does is told here, and not "
        "played). It has channels, topics and groups. How do they compare?",
    .rule =
        "One group is like a queue that forgets nothing and keeps the order of each partition; "
        "another group is another reader of the same. A channel is no queue: it tells everyone, "
        "once.",
    .vary = "Try v way=groups, v way=channel, and each with dies=yes.",
    LESSON_DIALS(dials),
    .predict = predict,
    .play = play,
};
