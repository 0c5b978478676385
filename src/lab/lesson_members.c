/* SPDX-License-Identifier: BSD-3-Clause */
/* More members than partitions, fewer, equal. */
#include "lab/lesson.h"

#define MEMBERS_MAX 5
#define PARTITIONS_MAX 6

enum { SPREAD, NOT_ALL_READ, TOGETHER };

static const struct dial dials[] = {
    {.name = "members", .what = "how many the group has", .value = 3, .min = 1, .max = MEMBERS_MAX},
    {.name = "partitions",
     .what = "how many the topic has",
     .value = 2,
     .min = 1,
     .max = PARTITIONS_MAX},
};

/* Which member got the record of which partition. */
struct work {
    size_t readers[PARTITIONS_MAX]; /* by partition */
    size_t taken[MEMBERS_MAX];      /* by member */
};

static const char *plural(int64_t count)
{
    return count == 1 ? "" : "s";
}

/* What the broker does, for this many. */
static void teach(struct quiz *q, int64_t members, int64_t partitions)
{
    if (members > partitions)
        quiz_choice(q, "%lld of them get%s a partition, and %lld wait%s with nothing to do.",
                    (long long)partitions, partitions == 1 ? "s" : "",
                    (long long)(members - partitions), members - partitions == 1 ? "s" : "");
    else if (members == partitions)
        quiz_choice(q, "Each gets one partition.");
    else
        quiz_choice(q, "All partitions are read: each member gets one or more of them.");
    quiz_why(
        q, "%s",
        members > partitions ? "A partition belongs to one member at a time, or its order would be "
                               "lost. Who is left over waits, and takes over when another goes. So "
                               "the number of partitions is the most members that can work."
        : members == partitions
            ? "One each is the most that can be shared out: one more member would have nothing to "
              "do."
            : "Partitions are shared out as evenly as it goes: nobody has two more than another.");
}

static void predict(struct quiz *q, const struct dials *d)
{
    int64_t members = dials_get(d, "members"), partitions = dials_get(d, "partitions");

    quiz_ask(q,
             "A topic has %lld partition%s, and a group of %lld member%s reads it. Who gets what?",
             (long long)partitions, plural(partitions), (long long)members, plural(members));
    teach(q, members, partitions);
    quiz_choice(q, members < partitions
                       ? "Each member gets one partition; the others are not read."
                       : "A member that finds no partition for itself is refused.");
    quiz_why(q, "%s",
             members < partitions ? "Nothing is left out: a member can read several partitions."
                                  : "Everyone may join. There may be no work for all.");
    quiz_choice(
        q, "All members read all partitions together, and each record goes to whoever is free.");
    quiz_why(
        q,
        "A work queue does so, and so has no order. Here partitions are shared out, not records.");
    quiz_teaches(q, SPREAD);
}

static void consume_all(struct actor **members, int64_t count, struct work *work)
{
    for (int64_t m = 0; m < count; m++) {
        struct seen_record records[2 * PARTITIONS_MAX];
        size_t got = seen_records(
            actor_ask(members[m], "CONSUME $team m%lld NOTIFY TOPICS $jobs", (long long)m + 1),
            records, COUNT_OF(records));

        work->taken[m] += got;
        for (size_t i = 0; i < got && i < COUNT_OF(records); i++)
            if (records[i].partition >= 0 && records[i].partition < PARTITIONS_MAX)
                work->readers[records[i].partition]++;
    }
}

/* Every record was read once, and nobody read two more than another. */
static size_t outcome(const struct work *work, int64_t members, int64_t partitions)
{
    size_t most = 0, least = PARTITIONS_MAX;
    bool unread = false, twice = false;

    for (int64_t p = 0; p < partitions; p++) {
        unread |= work->readers[p] == 0;
        twice |= work->readers[p] > 1;
    }
    for (int64_t m = 0; m < members; m++) {
        most = work->taken[m] > most ? work->taken[m] : most;
        least = work->taken[m] < least ? work->taken[m] : least;
    }
    if (twice)
        return TOGETHER;
    if (unread)
        return NOT_ALL_READ;
    return most - least <= 1 ? SPREAD : QUIZ_NONE;
}

static size_t play(struct stage *s, const struct dials *d)
{
    struct actor *writer = actor_enter(s, "writer"), *members[MEMBERS_MAX];
    int64_t count = dials_get(d, "members"), partitions = dials_get(d, "partitions"), idle = 0;
    struct work joining = {0}, work = {0};

    for (int64_t m = 0; m < count; m++)
        members[m] = actor_enter(s, stage_text(s, "m%lld", (long long)m + 1));
    actor_ask(writer, "TOPIC CREATE $jobs PARTITIONS %lld", (long long)partitions);
    stage_say(s, "The members join, one after the other. With NOTIFY each is told what it has. A "
                 "member gives something up when it asks again:");
    consume_all(members, count, &joining);
    consume_all(members, count, &joining);
    stage_say(s, "Now there is work: a record in each partition.");
    for (int64_t p = 0; p < partitions; p++)
        actor_ask(writer, "PRODUCE $jobs 'job %lld' PARTITION %lld", (long long)p + 1,
                  (long long)p);
    consume_all(members, count, &work);
    for (int64_t p = 0; p < partitions; p++)
        stage_expect_number(
            s, stage_text(s, "members that got the record of partition %lld", (long long)p), 1,
            (int64_t)work.readers[p]);
    for (int64_t m = 0; m < count; m++)
        idle += work.taken[m] == 0;
    stage_expect_number(s, "members with nothing to do",
                        count > partitions ? count - partitions : 0, idle);
    return outcome(&work, count, partitions);
}

const struct lesson lesson_members = {
    .name = "members",
    .title = "Members and partitions",
    .question = "What do more members than partitions do, and what fewer?",
    .minutes = 3,
    .page = "docs/tutorial-4.md",
    .story =
        "A group shares the records of a topic among its members, so that more programs get more "
        "done. Would you like it twice as fast? Start twice as many. That goes well up to a point.",
    .rule = "Each partition belongs to one member of a group at a time, so at most as many members "
            "have work as there are partitions. Choose their number with room to grow.",
    .vary = "Try v members=2 (equal), v members=2 partitions=5 (fewer members), or v members=5.",
    LESSON_DIALS(dials),
    .predict = predict,
    .play = play,
};
