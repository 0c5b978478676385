/* SPDX-License-Identifier: BSD-3-Clause */
/* Everyone hears, or one hears: fan-out, one group, two groups. */
#include "lab/lesson.h"

#define MESSAGES 4 /* as many as the topic has partitions */
#define MEMBERS_MAX 3
#define SEEN_MAX 64

enum { EVERYONE_ALL, GROUPS_SHARE, ONE_EACH };

static const struct dial dials[] = {
    {.name = "shipping", .what = "members of the group shipping", .value = 2, .min = 1, .max = 3},
    {.name = "billing", .what = "members of the group billing", .value = 1, .min = 0, .max = 3},
};

/* One who listens to the channel, and works as a member of a group. */
struct worker {
    struct actor *actor;
    const char *name, *group;
    struct seen_record records[SEEN_MAX];
    size_t count;
};

struct crew {
    struct worker workers[2 * MEMBERS_MAX];
    size_t count;
};

static void predict(struct quiz *q, const struct dials *d)
{
    int64_t shipping = dials_get(d, "shipping"), billing = dials_get(d, "billing");
    static const char *const others[] = {"", " and the group billing 1", " and the group billing 2",
                                         " and the group billing 3"};
    bool alone = shipping == 1 && billing <= 1;

    quiz_ask(
        q,
        "The group shipping has %lld member%s%s. All of them also listen to a channel. %d messages "
        "are published on the channel, and %d records are produced to the topic. Who gets what?",
        (long long)shipping, shipping == 1 ? "" : "s", others[billing], MESSAGES, MESSAGES);
    quiz_choice(q, "Everyone gets all %d messages and all %d records.", MESSAGES, MESSAGES);
    if (alone)
        quiz_why(q, "Every subscriber hears every message; and every group gets every record. Each "
                    "group has one member here, with whom it shares with nobody.");
    else
        quiz_why(q, "So it is on the channel. But members of a group are there to divide the work: "
                    "each record goes to one of them.");
    quiz_choice(q, alone ? "Everyone gets all messages; the records are shared out among all."
                         : "Everyone gets all messages; the records go once to each group, and its "
                           "members share them.");
    if (alone)
        quiz_why(q, "Records are shared inside a group, never between groups.");
    else
        quiz_why(q,
                 "Every subscriber is another copy. A group is one reader, whatever the number of "
                 "its members: it gets each record once, and each partition of the topic belongs "
                 "to one of its members. Another group is another reader, and gets all of it too.");
    quiz_choice(q, "Each message and each record goes to one of them.");
    quiz_why(q, "That is how a work queue does it. A channel cannot share work at all, and a topic "
                "shares it only inside a group.");
    quiz_teaches(q, alone ? EVERYONE_ALL : GROUPS_SHARE);
}

static void enter_members(struct stage *s, struct crew *crew, const char *group,
                          const char *const *names, int64_t count)
{
    for (int64_t i = 0; i < count; i++) {
        struct worker *w = &crew->workers[crew->count++];

        *w = (struct worker){.group = group, .name = names[i]};
        w->actor = actor_enter(s, w->name);
    }
}

/* Each reads once. */
static void consume_all(struct crew *crew)
{
    for (size_t i = 0; i < crew->count; i++) {
        struct worker *w = &crew->workers[i];

        w->count +=
            seen_records(actor_ask(w->actor, "CONSUME $%s %s TOPICS $orders", w->group, w->name),
                         w->records + w->count, SEEN_MAX - w->count);
    }
}

/* How many members of the group got this record. */
static size_t readers_of(const struct crew *crew, const char *group, int64_t partition)
{
    size_t readers = 0;

    for (size_t i = 0; i < crew->count; i++)
        for (size_t r = 0; r < crew->workers[i].count && r < SEEN_MAX; r++)
            readers += strcmp(crew->workers[i].group, group) == 0 &&
                       crew->workers[i].records[r].partition == partition;
    return readers;
}

static void hear_messages(struct stage *s, struct actor *writer, struct crew *crew)
{
    for (size_t i = 0; i < crew->count; i++)
        actor_ask(crew->workers[i].actor, "SUBSCRIBE $news");
    for (int i = 1; i <= MESSAGES; i++)
        stage_expect_number(s, "how many PUBLISH says have heard it", (int64_t)crew->count,
                            seen_number(actor_ask(writer, "PUBLISH $news 'goal %d'", i)));
    for (size_t i = 0; i < crew->count; i++) {
        actor_settle(crew->workers[i].actor);
        stage_expect_number(s, stage_text(s, "messages that %s heard", crew->workers[i].name),
                            MESSAGES, (int64_t)actor_heard(crew->workers[i].actor, "message"));
    }
}

static void check_group(struct stage *s, const struct crew *crew, const char *group)
{
    for (int64_t p = 0; p < MESSAGES; p++)
        stage_expect_number(
            s, stage_text(s, "members of %s that got record %lld", group, (long long)p + 1), 1,
            (int64_t)readers_of(crew, group, p));
}

static size_t outcome(const struct crew *crew)
{
    size_t all = 0, total = 0;

    for (size_t i = 0; i < crew->count; i++) {
        all += crew->workers[i].count == MESSAGES;
        total += crew->workers[i].count;
    }
    if (all == crew->count)
        return EVERYONE_ALL;
    return total == MESSAGES && readers_of(crew, "billing", 0) > 0 ? ONE_EACH : GROUPS_SHARE;
}

static size_t play(struct stage *s, const struct dials *d)
{
    static const char *const shipping[] = {"ann", "bob", "cem"}, *const billing[] = {"eve", "fay",
                                                                                     "gus"};
    struct actor *writer = actor_enter(s, "writer");
    struct crew crew = {0};

    enter_members(s, &crew, "shipping", shipping, dials_get(d, "shipping"));
    enter_members(s, &crew, "billing", billing, dials_get(d, "billing"));
    stage_say(s, "First the channel.");
    hear_messages(s, writer, &crew);

    stage_say(s,
              "Everyone heard everything. Now the topic: it is split into %d partitions, so that "
              "it can be shared. The first CONSUME makes each a member of its group, the second "
              "takes its share.",
              MESSAGES);
    actor_ask(writer, "TOPIC CREATE $orders PARTITIONS %d", MESSAGES);
    consume_all(&crew);
    consume_all(&crew);
    for (int i = 0; i < MESSAGES; i++)
        actor_ask(writer, "PRODUCE $orders 'order %d' PARTITION %d", i + 1, i);
    stage_say(s, "The records wait. Each member asks for more:");
    consume_all(&crew);
    consume_all(&crew);
    check_group(s, &crew, "shipping");
    if (dials_get(d, "billing") > 0)
        check_group(s, &crew, "billing");
    return outcome(&crew);
}

const struct lesson lesson_sharing = {
    .name = "sharing",
    .title = "Everyone hears, or one hears",
    .question = "Several programs listen. Does each get everything, or do they share?",
    .minutes = 3,
    .page = "docs/tutorial-2.md",
    .story = "Often several copies of a program run at once. Sometimes all of them are to know "
             "something: the price has changed. Sometimes one of them is to do something, and only "
             "one: send this parcel. Those who read a topic can say that they belong together: "
             "CONSUME names a group, and who of the group is asking.",
    .rule = "Subscribers each get everything. Members of one group share the records; each group "
            "gets all of them. Everyone hears: a group each. One hears: one group.",
    .vary = "Try v billing=0, v shipping=1, or v shipping=3 billing=2.",
    LESSON_DIALS(dials),
    .predict = predict,
    .play = play,
};
