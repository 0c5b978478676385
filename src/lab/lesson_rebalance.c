/* SPDX-License-Identifier: BSD-3-Clause */
/* A rebalance as it happens. */
#include "lab/lesson.h"

#define PARTITIONS_MAX 8
#define SESSION_MS 1000 /* of who is about to hang */

enum { ONLY_WHAT_MUST, ALL_ANEW, NOTHING_MOVES };
enum { JOINS, CRASHES, HANGS };

static const struct dial dials[] = {
    {.name = "change",
     .what = "what happens to the group",
     .value = JOINS,
     .words = "joins crashes hangs"},
    {.name = "partitions",
     .what = "how many the topic has",
     .value = 4,
     .min = 2,
     .max = PARTITIONS_MAX},
};

#define NOBODY (-1)

/* Who has which partition, at one moment. */
struct owners {
    int64_t partitions;
    int owner[PARTITIONS_MAX]; /* the member's number, or NOBODY */
    bool shared;               /* some partition had two at once */
};

static const char *const names[] = {"ann", "bob", "cem"};

static void predict(struct quiz *q, const struct dials *d)
{
    int64_t change = dials_get(d, "change"), partitions = dials_get(d, "partitions");

    quiz_ask(q,
             "Ann and Bob are a group that shares %lld partitions, and wait for records. %s What "
             "happens to the partitions?",
             (long long)partitions,
             change == JOINS ? "Cem joins."
             : change == CRASHES
                 ? "Bob's program crashes."
                 : "Bob's program hangs: its connection stands, and it asks for nothing any more.");
    if (change == JOINS)
        quiz_choice(q, "Those that Cem is to have go to him; the others stay where they are.");
    else
        quiz_choice(q, "Ann gets Bob's%s, and keeps her own.",
                    change == HANGS ? " once he was silent for as long as his session allows"
                                    : " at once");
    quiz_why(q,
             "The group is shared out anew, which is called a rebalance, and only what has to move "
             "moves%s. At no moment has a partition two owners: the next one gets it when the last "
             "has given it up, has gone, or has not been heard of for the length of his session.",
             change == JOINS ? "" : ": what belonged to the one who is gone");
    quiz_choice(q, "All partitions are taken back, and dealt out from the beginning.");
    quiz_why(q, "Some systems do that, and all work stops for it. Here those who stay keep what "
                "they have.");
    quiz_choice(q, "Nothing, until somebody starts the group again.");
    quiz_why(q, "Nobody has to: the server sees who comes and goes, and shares out what there is.");
    quiz_teaches(q, ONLY_WHAT_MUST);
}

/* --- looking -------------------------------------------------------------------------------------- */

static int number_of(struct bytes name)
{
    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (bytes_is(name, names[i]))
            return (int)i;
    return NOBODY;
}

/* GROUP MEMBERS: who owns what. */
static struct owners owners_of(const struct reply *members, int64_t partitions)
{
    struct owners o = {.partitions = partitions};

    for (int64_t p = 0; p < partitions; p++)
        o.owner[p] = NOBODY;
    for (size_t m = 0; m < members->count; m++) {
        const struct reply *owned = seen_field(&members->items[m], "owned");

        for (size_t i = 0; i < owned->count; i++) {
            int64_t p = seen_number(seen_item(&owned->items[i], 1));

            if (p < 0 || p >= partitions)
                continue;
            o.shared |= o.owner[p] != NOBODY;
            o.owner[p] = number_of(seen_text(seen_field(&members->items[m], "name")));
        }
    }
    return o;
}

/* What is waited for: all partitions belong to somebody, and each of these members has some. */
struct wanted {
    int64_t partitions;
    bool has[COUNT_OF(names)];
    bool *shared; /* was any shared, at any look */
};

static bool is_settled(const struct reply *members, const void *ctx)
{
    const struct wanted *wanted = ctx;
    struct owners o = owners_of(members, wanted->partitions);
    size_t count[COUNT_OF(names)] = {0};

    *wanted->shared |= o.shared;
    for (int64_t p = 0; p < wanted->partitions; p++) {
        if (o.owner[p] == NOBODY)
            return false;
        count[o.owner[p]]++;
    }
    for (size_t i = 0; i < COUNT_OF(names); i++)
        if ((count[i] > 0) != wanted->has[i])
            return false;
    return true;
}

static struct owners await_shares(struct stage *s, const char *what, const struct wanted *wanted)
{
    return owners_of(stage_until(s, what, is_settled, wanted, "GROUP MEMBERS $team"),
                     wanted->partitions);
}

/* --- playing -------------------------------------------------------------------------------------- */

static void wait_for_work(struct actor *a, size_t member)
{
    actor_type(a, "CONSUME $team %s NOTIFY BLOCK 0 TOPICS $jobs", names[member]);
}

/* Joins and takes his share. He does not wait in a command: it is his session that says that he is there. */
static void work_a_little(struct actor *bob)
{
    for (int i = 0; i < 2; i++)
        actor_ask(bob, "CONSUME $team bob NOTIFY TOPICS $jobs");
}

/* The last that is heard of him makes the session short, for this is a lesson. */
static void hang(struct actor *bob)
{
    actor_ask(bob, "CONSUME $team bob SESSION %d NOTIFY TOPICS $jobs", SESSION_MS);
    actor_note(bob, "hangs: it asks for nothing any more");
}

static void change_group(struct stage *s, struct actor **members, int64_t change,
                         struct wanted *wanted)
{
    if (change == JOINS) {
        members[2] = actor_enter(s, names[2]);
        wait_for_work(members[2], 2);
        wanted->has[2] = wanted->partitions > 2;
    } else if (change == CRASHES) {
        actor_crash(members[1], "crashes");
        wanted->has[1] = false;
    } else {
        hang(members[1]);
        wanted->has[1] = false;
    }
}

/* With two partitions there is nothing for a third: he waits, and it is known from what he was told. */
static void await_told(struct stage *s, struct actor *cem)
{
    stage_expect(s, actor_await(cem, "assignment", 1) > 0, "what Cem is told",
                 "his share, which may be nothing", "nothing was said");
}

static size_t outcome(const struct owners *before, const struct owners *after, int64_t change)
{
    size_t moved = 0, needless = 0;

    for (int64_t p = 0; p < before->partitions; p++) {
        int from = before->owner[p], to = after->owner[p];

        moved += from != to;
        needless += from != to && (change == JOINS ? to != 2 : from != 1);
    }
    if (needless > 0)
        return ALL_ANEW;
    return moved > 0 || (change == JOINS && before->partitions == 2) ? ONLY_WHAT_MUST
                                                                     : NOTHING_MOVES;
}

/* A record into each partition: it comes to whoever owns it. */
static void try_out(struct actor *writer, const struct owners *now)
{
    for (int64_t p = 0; p < now->partitions; p++)
        actor_ask(writer, "PRODUCE $jobs 'job %lld' PARTITION %lld", (long long)p + 1,
                  (long long)p);
}

static void check_work(struct stage *s, struct actor **members, const struct owners *now)
{
    for (size_t m = 0; m < COUNT_OF(names); m++) {
        struct seen_record record;
        bool owns = false;

        for (int64_t p = 0; p < now->partitions; p++)
            owns |= now->owner[p] == (int)m;
        if (!owns || members[m] == NULL)
            continue;
        size_t got = seen_records(actor_answer(members[m]), &record, 1);
        stage_expect(s, got > 0, stage_text(s, "what %s gets", names[m]),
                     "a record of a partition that it has", "none");
        if (got > 0 && record.partition >= 0 && record.partition < now->partitions)
            stage_expect(s, now->owner[record.partition] == (int)m,
                         stage_text(s, "what %s gets", names[m]),
                         "a record of a partition that it has", "one of another's");
    }
}

static size_t play(struct stage *s, const struct dials *d)
{
    struct actor *writer = actor_enter(s, "writer"), *members[COUNT_OF(names)] = {NULL};
    int64_t change = dials_get(d, "change");
    bool shared = false;
    struct wanted wanted = {
        .partitions = dials_get(d, "partitions"), .has = {true, true}, .shared = &shared};

    for (size_t m = 0; m < 2; m++)
        members[m] = actor_enter(s, names[m]);
    actor_ask(writer, "TOPIC CREATE $jobs PARTITIONS %lld", (long long)wanted.partitions);
    wait_for_work(members[0], 0);
    if (change == HANGS)
        work_a_little(members[1]);
    else
        wait_for_work(members[1], 1);
    struct owners before = await_shares(s, "that both have a share", &wanted);

    stage_say(s, "Both have their share. Now it happens:");
    change_group(s, members, change, &wanted);
    struct owners after = await_shares(s, "that the partitions are shared out again", &wanted);
    if (change == JOINS)
        await_told(s, members[2]);
    stage_say(s, "It has settled: %s. A record for each partition:",
              change == JOINS ? "whoever had to give something up did" : "Ann has all of them");
    if (change != JOINS)
        members[1] = NULL;
    try_out(writer, &after);
    check_work(s, members, &after);
    stage_expect(s, !shared, "owners of a partition, whenever one looked", "at most one",
                 "two at once");
    return outcome(&before, &after, change);
}

const struct lesson lesson_rebalance = {
    .name = "rebalance",
    .title = "A rebalance as it happens",
    .question = "A member comes, crashes or hangs. What becomes of the partitions?",
    .minutes = 3,
    .page = "docs/tutorial-4.md",
    .story = "Programs come and go: a new version is started, a machine dies. A group goes on "
             "meanwhile. Here its members say CONSUME with BLOCK 0: they wait until there is "
             "something for them, and with NOTIFY they are told whenever their share changes.",
    .rule = "A group shares its partitions out again whenever somebody comes or goes. Only what "
            "has to move moves, and a partition never has two owners at once.",
    .vary = "Try v change=crashes, v change=hangs, or v partitions=2.",
    LESSON_DIALS(dials),
    .predict = predict,
    .play = play,
};
