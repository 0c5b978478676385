/* SPDX-License-Identifier: BSD-3-Clause */
/* Replay: reading again, from an offset or from a time. */
#include "lab/lesson.h"

#define RECORDS 4
#define AT_NOON 2 /* the first at or after noon */

enum { NOTHING, LAST, SINCE_NOON, ALL, REFUSED };
enum { FROM_EARLIEST, FROM_NOON, FROM_OFFSET, FROM_LATEST };
enum { MEMBER_LEAVES, MEMBER_STAYS };

static const struct dial dials[] = {
    {.name = "from",
     .what = "where the group billing goes back to",
     .value = FROM_NOON,
     .words = "earliest noon offset latest"},
    {.name = "ann", .what = "whether Ann leaves the group before", .words = "leaves stays"},
};

static size_t taught(const struct dials *d)
{
    static const size_t by_place[] = {[FROM_EARLIEST] = ALL,
                                      [FROM_NOON] = SINCE_NOON,
                                      [FROM_OFFSET] = LAST,
                                      [FROM_LATEST] = NOTHING};

    return dials_get(d, "ann") == MEMBER_STAYS ? REFUSED : by_place[dials_get(d, "from")];
}

static void ask(struct quiz *q, const struct dials *d)
{
    static const char *const places[] = {[FROM_EARLIEST] = "the earliest record there is",
                                         [FROM_NOON] = "noon",
                                         [FROM_OFFSET] = "offset 3",
                                         [FROM_LATEST] = "the end, behind the latest record"};

    quiz_ask(q,
             "Ann writes invoices: she is the only member of the group billing, and has read and "
             "committed four orders, two from the morning and two from the afternoon. Then a "
             "mistake is found: what she wrote since noon is wrong. %s, and you say that billing "
             "is to go on from %s. What does she get when she asks again?",
             dials_get(d, "ann") == MEMBER_STAYS ? "She stays where she is"
                                                 : "She leaves the group",
             places[dials_get(d, "from")]);
}

static void predict(struct quiz *q, const struct dials *d)
{
    int64_t from = dials_get(d, "from");

    ask(q, d);
    quiz_choice(q, "Nothing.");
    if (from == FROM_LATEST)
        quiz_why(q, "The records are all there, but the group was put behind the last of them. It "
                    "goes on with what comes next.");
    else
        quiz_why(q, "Reading takes nothing away from a topic, and neither does a commit: that only "
                    "notes how far the group is. What was read can be read again.");
    quiz_choice(q, "Only the last order.");
    if (from == FROM_OFFSET)
        quiz_why(q, "The four orders have the offsets 0, 1, 2 and 3. A group can be put at any of "
                    "them, and reads on from there.");
    else
        quiz_why(q, "It would be that, if the group were put at offset 3.");
    quiz_choice(q, "The two orders since noon.");
    quiz_why(q, "Each record has a time, and a place can be given as a time: it is the first "
                "record that is at least so late. From there the group reads on, in the same "
                "order, and finds the same offsets.");
    quiz_choice(q, "All four orders.");
    if (from == FROM_EARLIEST)
        quiz_why(q, "The topic still has all of them, and the group reads them once more, in the "
                    "same order. What is done twice now is for the program to know: the offsets "
                    "are those of the first time.");
    else
        quiz_why(q, "That is one way. But a group can be put at any place: EARLIEST, LATEST, an "
                    "offset, or a time.");
    quiz_choice(q, "Nothing changes: the server refuses to move the group.");
    if (dials_get(d, "ann") == MEMBER_STAYS)
        quiz_why(q, "Whoever works in a group is not to have its place moved below their feet. So "
                    "the members leave first, then the group is moved, then they come back.");
    else
        quiz_why(q, "It would, if Ann were still a member. She left, so the group can be moved.");
    quiz_teaches(q, taught(d));
}

/* The time is what a clock shows: 900 is nine o'clock. */
static void produce(struct stage *s, struct actor *you)
{
    static const struct {
        const char *what;
        int time;
    } orders[RECORDS] = {{"book", 900}, {"lamp", 1130}, {"chair", 1205}, {"desk", 1240}};

    stage_say(s,
              "A day of orders. A record's time is in milliseconds since 1970, and whoever "
              "produces may give it. To be short we take what a clock shows: 900 is nine o'clock. "
              "These times are long ago, so the topic is told to keep records for ever.");
    actor_ask(you, "TOPIC CREATE $orders CONFIG retention.ms -1");
    for (int i = 0; i < RECORDS; i++)
        actor_ask(you, "PRODUCE $orders %s TIMESTAMP %d", orders[i].what, orders[i].time);
}

static size_t read_and_commit(struct actor *a, const char *group, const char *name,
                              struct seen_record *records)
{
    size_t count =
        seen_records(actor_ask(a, "CONSUME $%s %s TOPICS $orders", group, name), records, RECORDS);

    actor_ask(a, "COMMIT $%s %s", group, name);
    return count;
}

/* One without a group names the place itself, as often as it likes. */
static void look_from(struct stage *s, struct actor *you, const char *place, size_t first)
{
    struct seen_record records[RECORDS];
    size_t count = seen_records(actor_ask(you, "FETCH $orders 0 %s", place), records, RECORDS);

    stage_expect_number(s, stage_text(s, "records from %s on", place), (int64_t)(RECORDS - first),
                        (int64_t)count);
    stage_expect_number(s, stage_text(s, "the first offset from %s on", place), (int64_t)first,
                        count > 0 ? records[0].offset : SEEN_NOTHING);
}

static void look(struct stage *s, struct actor *you)
{
    stage_say(s, "Both groups have done everything. Whoever only wants to look needs no group: "
                 "FETCH begins at an offset, or at a time: @1200 is noon.");
    look_from(s, you, "EARLIEST", 0);
    look_from(s, you, "3", 3);
    look_from(s, you, "@1200", AT_NOON);
}

/* Whether the group was moved. */
static bool seek(struct stage *s, struct actor *you, struct actor *ann, const struct dials *d)
{
    static const char *const places[] = {[FROM_EARLIEST] = "EARLIEST",
                                         [FROM_NOON] = "@1200",
                                         [FROM_OFFSET] = "3",
                                         [FROM_LATEST] = "LATEST"};
    bool stays = dials_get(d, "ann") == MEMBER_STAYS;

    stage_say(s, stays ? "Now billing is to go back, while Ann is in it."
                       : "Now billing is to go back. Ann leaves first.");
    if (!stays)
        actor_ask(ann, "GROUP LEAVE $billing ann");
    const struct reply *moved =
        actor_ask(you, "GROUP SEEK $billing $orders TO %s", places[dials_get(d, "from")]);
    stage_expect(s, stays == seen_error(moved, "GROUPNOTEMPTY"), "whether the group can be moved",
                 stays ? "that it is refused" : "that it can",
                 stays ? "that it was moved" : "a refusal");
    return moved->kind != REPLY_ERROR;
}

static size_t outcome(struct stage *s, const struct seen_record *first,
                      const struct seen_record *again, size_t count)
{
    static const size_t by_count[RECORDS + 1] = {NOTHING, LAST, SINCE_NOON,
                                                 [RECORDS - 1] = QUIZ_NONE, [RECORDS] = ALL};

    if (count > RECORDS)
        return QUIZ_NONE;
    for (size_t i = 0; i < count; i++) {
        const struct seen_record *before = &first[RECORDS - count + i];

        stage_expect_number(s, "the offset of a record that is read again", before->offset,
                            again[i].offset);
        stage_expect(s, bytes_equal(before->value, again[i].value), "a record that is read again",
                     "what it was the first time", "another value");
    }
    return by_count[count];
}

static size_t play(struct stage *s, const struct dials *d)
{
    struct actor *you = actor_enter(s, "you"), *ann = actor_enter(s, "Ann (billing)");
    struct actor *bob = actor_enter(s, "Bob (shipping)");
    struct seen_record first[RECORDS], again[RECORDS], others[RECORDS];

    produce(s, you);
    stage_say(s, "Two groups read it: Ann for billing, and Bob for shipping.");
    bool complete = stage_expect_number(s, "orders that Ann got", RECORDS,
                                        (int64_t)read_and_commit(ann, "billing", "ann", first));
    stage_expect_number(s, "orders that Bob got", RECORDS,
                        (int64_t)read_and_commit(bob, "shipping", "bob", others));
    look(s, you);
    bool moved = seek(s, you, ann, d);

    stage_say(s, "Ann asks again; and so does Bob, whose group nobody touched.");
    size_t count =
        seen_records(actor_ask(ann, "CONSUME $billing ann TOPICS $orders"), again, RECORDS);
    stage_expect_number(
        s, "orders that Bob gets again", 0,
        (int64_t)seen_records(actor_ask(bob, "CONSUME $shipping bob TOPICS $orders"), others,
                              RECORDS));
    if (!complete)
        return QUIZ_NONE;
    if (!moved)
        return count == 0 ? REFUSED : QUIZ_NONE;
    return outcome(s, first, again, count);
}

const struct lesson lesson_replay = {
    .name = "replay",
    .title = "Replay, and seek by time",
    .question = "The work was done wrongly since noon. Can it be done again?",
    .minutes = 3,
    .page = "docs/tutorial-7.md",
    .story = "A program with a mistake in it has read orders all day. In most systems that hand "
             "out messages, a message that was handled is gone. A topic is a list that stays: how "
             "far somebody has read is only a number, the *offset* of the next record to read. For "
             "a group the server keeps that number, and COMMIT is what moves it on.",
    .rule = "Reading takes nothing away: how far a reader is is a number, and it can be set back, "
            "to an offset or to a time. Other groups do not notice.",
    .vary = "Try v from=earliest, v from=offset, or v ann=stays.",
    LESSON_DIALS(dials),
    .predict = predict,
    .play = play,
};
