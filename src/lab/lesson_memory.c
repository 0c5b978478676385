/* SPDX-License-Identifier: BSD-3-Clause */
/* Pub/sub with a memory: what was said, and then what is said, from one cursor. */
#include "base/num.h"
#include "lab/lesson.h"

#define LINES_BEFORE 3
#define LINES_MEANWHILE 4 /* while Bob comes: nobody waits for anybody */
#define LINES_LATER 2
#define LINES (LINES_BEFORE + LINES_MEANWHILE + LINES_LATER)
#define HEARD_MAX 64

enum { NEW_ONLY, ALL_ONCE, SOME_TWICE, SOME_MISSING };
enum { FOLLOWS, PATTERN, SUBSCRIBES };
enum { FROM_EARLIEST, FROM_SECOND, FROM_LATEST };

static const struct dial dials[] = {
    {.name = "bob", .what = "how Bob listens", .words = "follows pattern subscribes"},
    {.name = "from",
     .what = "where he begins, unless he subscribes",
     .words = "earliest second latest"},
};

static bool has_memory(const struct dials *d)
{
    return dials_get(d, "bob") != SUBSCRIBES && dials_get(d, "from") != FROM_LATEST;
}

/* --- the prediction ------------------------------------------------------------------------------- */

static void ask(struct quiz *q, const struct dials *d)
{
    static const char *const ways[] = {
        [FOLLOWS] = "He says FOLLOW to the topic, from ",
        [PATTERN] = "His program knows only pub/sub: he subscribes to a pattern that begins with "
                    "log: and names the topic and a place, ",
        [SUBSCRIBES] = "He subscribes to the channel.",
    };
    static const char *const places[] = {[FROM_EARLIEST] = "the earliest line",
                                         [FROM_SECOND] = "the second line",
                                         [FROM_LATEST] = "behind the latest line"};
    bool subscribes = dials_get(d, "bob") == SUBSCRIBES;

    quiz_ask(
        q,
        "Ann talks on a channel that is recorded in a topic. She has said %d lines and goes on "
        "talking, without a pause, when Bob comes. %s%s%s What does he get?",
        LINES_BEFORE, ways[dials_get(d, "bob")], subscribes ? "" : places[dials_get(d, "from")],
        subscribes ? "" : ".");
}

static void predict(struct quiz *q, const struct dials *d)
{
    bool memory = has_memory(d), subscribes = dials_get(d, "bob") == SUBSCRIBES;

    ask(q, d);
    quiz_choice(q, "Only what is said from then on.");
    quiz_why(q,
             memory ? "That is a subscriber of the channel. Bob asked for the topic in which it is "
                      "recorded, and that has what was said."
             : subscribes
                 ? "That the channel is recorded changes nothing for those who listen to it. It is "
                   "another way to listen that has a memory: FOLLOW, or a pattern with log:."
                 : "He asked to begin behind the latest line, and then a follower is like a "
                   "subscriber; but one that is never cut off for being slow.");
    quiz_choice(q, "Everything from the %s line on, each line once.",
                dials_get(d, "from") == FROM_SECOND && !subscribes ? "second" : "first");
    quiz_why(q, memory
                    ? "What was said and what is being said are one list to a follower, and he has "
                      "one place in it. So there is no seam at which something could be lost or "
                      "come twice, however fast she talks."
                    : "For that he has to begin in the past: FOLLOW room FROM EARLIEST, or "
                      "PSUBSCRIBE log:room@earliest.");
    quiz_choice(q, "All of it, but some that was said while he came he gets twice.");
    quiz_why(q, "That happens to those who subscribe first, then read the history, and put the two "
                "together themselves. A follower has one place in one list.");
    quiz_choice(q, "What was said before and what is said now, but some in between is missing.");
    quiz_why(q,
             "That happens to those who read the history first and subscribe then. A follower has "
             "one place in one list.");
    quiz_teaches(q, memory ? ALL_ONCE : NEW_ONLY);
}

/* --- what Bob hears ------------------------------------------------------------------------------- */

static const char *kind_of(const struct dials *d)
{
    static const char *const kinds[] = {
        [FOLLOWS] = "record", [PATTERN] = "pmessage", [SUBSCRIBES] = "message"};

    return kinds[dials_get(d, "bob")];
}

/* "line 7" */
static int64_t number_of(struct bytes line)
{
    int64_t number;

    if (!bytes_starts_with(line, "line ") ||
        !num_parse_i64(bytes_of(line.data + 5, line.len - 5), &number))
        return SEEN_NOTHING;
    return number;
}

/* The number of the i-th line that Bob heard. */
static int64_t heard_line(const struct actor *bob, const char *kind, size_t i)
{
    const struct reply *push = actor_heard_at(bob, kind, i);
    struct seen_record record;

    if (seen_records(push, &record, 1) == 1)
        return number_of(record.value);
    return push->count > 0 ? number_of(seen_text(&push->items[push->count - 1])) : SEEN_NOTHING;
}

struct wanted {
    const struct actor *bob;
    const char *kind;
    int64_t line;
};

static bool has_heard(const void *ctx)
{
    const struct wanted *wanted = ctx;
    size_t count = actor_heard(wanted->bob, wanted->kind);

    return count > 0 && heard_line(wanted->bob, wanted->kind, count - 1) >= wanted->line;
}

/* The lines that he heard, from the i-th on, one behind the other? */
static size_t outcome(struct stage *s, const struct actor *bob, const struct dials *d)
{
    const char *kind = kind_of(d);
    int64_t first = heard_line(bob, kind, 0), last = first - 1;
    int64_t begin = dials_get(d, "from") == FROM_SECOND ? 2 : 1;
    size_t count = actor_heard(bob, kind);

    for (size_t i = 0; i < count; i++) {
        int64_t line = heard_line(bob, kind, i);

        if (line <= last)
            return SOME_TWICE;
        if (line > last + 1)
            return SOME_MISSING;
        last = line;
    }
    if (count == 0 || !stage_expect_number(s, "the last line that Bob heard", LINES, last))
        return QUIZ_NONE;
    if (first > LINES_BEFORE)
        return NEW_ONLY;
    return first == begin ? ALL_ONCE : QUIZ_NONE;
}

/* --- the play ------------------------------------------------------------------------------------- */

static void say_lines(struct actor *ann, int from, int to)
{
    for (int i = from; i <= to; i++)
        actor_type(ann, "PUBLISH $chat 'line %d'", i);
}

static void listen(struct actor *bob, const struct dials *d)
{
    static const char *const places[] = {
        [FROM_EARLIEST] = "earliest", [FROM_SECOND] = "1", [FROM_LATEST] = "latest"};
    const char *place = places[dials_get(d, "from")];

    if (dials_get(d, "bob") == FOLLOWS)
        actor_type(bob, "FOLLOW $room FROM %s", place);
    else if (dials_get(d, "bob") == PATTERN)
        actor_type(bob, "PSUBSCRIBE log:$room@%s", place);
    else
        actor_type(bob, "SUBSCRIBE $chat");
}

/* Nobody waits for anybody: Ann goes on talking while Bob asks. */
static void come_in_between(struct stage *s, struct actor *ann, struct actor *bob,
                            const struct dials *d)
{
    int middle = LINES_BEFORE + LINES_MEANWHILE / 2, end = LINES_BEFORE + LINES_MEANWHILE;
    const struct wanted wanted = {bob, kind_of(d), LINES};

    stage_say(s, "Bob comes, and Ann does not wait for him.");
    say_lines(ann, LINES_BEFORE + 1, middle);
    listen(bob, d);
    say_lines(ann, middle + 1, end);
    (void)actor_answer(bob);
    (void)actor_answer(ann);
    stage_say(s, "And a little later:");
    say_lines(ann, end + 1, LINES);
    (void)actor_answer(ann);
    (void)stage_wait(s, has_heard, &wanted, STAGE_DEADLINE_MS);
}

/* His connection breaks. Who knows how far he was can go on there. */
static void come_back(struct stage *s, struct actor *ann, struct actor *bob, const struct dials *d)
{
    const char *kind = kind_of(d);
    bool subscribes = dials_get(d, "bob") == SUBSCRIBES;
    size_t before = actor_heard(bob, kind);
    const struct wanted wanted = {bob, kind, LINES + 1};

    stage_say(s, subscribes
                     ? "Bob's connection breaks, and he comes back."
                     : "Bob's connection breaks. He knows the offset of the last line that he "
                       "heard, and comes back to the one behind it.");
    actor_crash(bob, "the connection breaks");
    say_lines(ann, LINES + 1, LINES + 1);
    (void)actor_answer(ann);
    actor_return(bob);
    if (dials_get(d, "bob") == FOLLOWS)
        actor_ask(bob, "FOLLOW $room FROM %d", LINES);
    else if (dials_get(d, "bob") == PATTERN)
        actor_ask(bob, "PSUBSCRIBE log:$room@%d", LINES);
    else
        actor_ask(bob, "SUBSCRIBE $chat");
    if (!subscribes)
        (void)stage_wait(s, has_heard, &wanted, STAGE_DEADLINE_MS);
    actor_settle(bob);
    stage_expect_number(s, "lines that Bob hears of what he missed", subscribes ? 0 : 1,
                        (int64_t)(actor_heard(bob, kind) - before));
}

static size_t play(struct stage *s, const struct dials *d)
{
    struct actor *ann = actor_enter(s, "Ann"), *bob = actor_enter(s, "Bob");

    stage_say(s, "A topic may record channels: what is published there is also written down.");
    actor_ask(ann, "TOPIC CREATE $room CONFIG record.channels $chat");
    say_lines(ann, 1, LINES_BEFORE);
    (void)actor_answer(ann);
    come_in_between(s, ann, bob, d);
    size_t happened = outcome(s, bob, d);
    come_back(s, ann, bob, d);
    return happened;
}

const struct lesson lesson_memory = {
    .name = "memory",
    .title = "Pub/sub with a memory",
    .question = "Who comes into a conversation wants what was said, and then what is said. How?",
    .minutes = 3,
    .page = "docs/pubsub-with-a-memory.md",
    .story =
        "Bob enters a chat. He wants to read what was said before, and then hear each new line as "
        "it is said, without one missing or coming twice. With a channel alone he has no history. "
        "With a topic alone he has to ask again and again. To read the one and then listen to the "
        "other leaves a seam between the two.",
    .rule =
        "A follower gets what was said and then what is said, from one place in one list: no gap "
        "and no repeat. Who comes back says where to go on.",
    .vary = "Try v bob=pattern, v from=latest, or v bob=subscribes.",
    LESSON_DIALS(dials),
    .predict = predict,
    .play = play,
};
