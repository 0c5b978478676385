/* SPDX-License-Identifier: BSD-3-Clause */
/* Retention: a reader that is behind what the topic still keeps. */
#include "lab/lesson.h"

#define RECORDS 4
#define READ 1 /* the reader has read so many, and goes on at this offset */
#define KEPT 2 /* the first offset that is left */
#define HOUR_MS 3600000LL

enum { STILL_THERE, TOLD, PASSED_OVER, RENUMBERED };
enum { BY_TIME, BY_BYTES, BY_HAND, BY_NOTHING };
enum { FETCHES, CONSUMES, FOLLOWS };

static const char *const clicks[RECORDS] = {"three hours ago", "two hours ago", "one hour ago",
                                            "now"};

static const struct dial dials[] = {
    {.name = "by", .what = "what takes the oldest away", .words = "time bytes trim nothing"},
    {.name = "gus", .what = "how Gus reads", .words = "fetches consumes follows"},
};

/* --- the prediction ------------------------------------------------------------------------------- */

static void ask(struct quiz *q, const struct dials *d)
{
    static const char *const ways[] = {
        [BY_TIME] = "Meanwhile the topic is told to keep only 90 minutes (retention.ms)",
        [BY_BYTES] = "Meanwhile the topic is told to keep only half of its bytes (retention.bytes)",
        [BY_HAND] = "Meanwhile somebody cuts off everything before offset 2 (TOPIC TRIM)",
        [BY_NOTHING] = "Meanwhile nothing happens; the topic keeps its records for ever",
    };
    static const char *const readers[] = {
        [FETCHES] = "asks for offset 1",
        [CONSUMES] = "asks for what comes next for his group, which has committed one",
        [FOLLOWS] = "follows the topic from offset 1",
    };

    quiz_ask(
        q,
        "A topic has four clicks: from three hours ago, two hours ago, one hour ago, and now. Gus "
        "has read the first. %s. Then Gus %s. What does he get?",
        ways[dials_get(d, "by")], readers[dials_get(d, "gus")]);
}

static void add_why_told(struct quiz *q, const struct dials *d)
{
    if (dials_get(d, "by") == BY_NOTHING)
        quiz_why(q, "He would be told, if something were gone. Nothing is.");
    else if (dials_get(d, "gus") == FETCHES)
        quiz_why(q, "Nothing is lost silently. The error names the range that is there, and Gus "
                    "chooses where to go on.");
    else if (dials_get(d, "gus") == CONSUMES)
        quiz_why(q,
                 "Nothing is lost silently. The error names the offsets that the group has lost, "
                 "and comes again and again until somebody says where to go on (RESET): a group is "
                 "never moved on behind its back.");
    else
        quiz_why(q, "Nothing is lost silently. In the place of what is gone comes a message that "
                    "names it, and then what is left.");
}

static void predict(struct quiz *q, const struct dials *d)
{
    bool nothing = dials_get(d, "by") == BY_NOTHING;

    ask(q, d);
    quiz_choice(q, "The click from two hours ago: what he has not read yet is still there.");
    quiz_why(q, nothing
                    ? "Records stay until something takes them. Here nothing does."
                    : "A topic does not know who has read what, and does not wait for readers. It "
                      "keeps what it was told to keep: so long, or so much.");
    quiz_choice(q, "He is told that it is gone, and what is there.");
    add_why_told(q, d);
    quiz_choice(q, "The click from one hour ago: what is gone is passed over.");
    quiz_why(q, nothing ? "Nothing is gone here."
                        : "Then Gus would never know that he missed one. Whoever counts clicks, or "
                          "money, has to.");
    quiz_choice(q, "The click from one hour ago, which is number 1 now.");
    quiz_why(q, "Offsets never change. The first that is left is not 0 then, that is all.");
    quiz_teaches(q, nothing ? STILL_THERE : TOLD);
}

/* --- what is taken away --------------------------------------------------------------------------- */

static void produce(struct stage *s, struct actor *writer)
{
    int64_t now = seen_time_ms(stage_ask(s, "TIME"));

    actor_ask(writer, "TOPIC CREATE $clicks CONFIG retention.ms -1");
    for (int i = 0; i < RECORDS; i++)
        actor_ask(writer, "PRODUCE $clicks '%s' TIMESTAMP %lld", clicks[i],
                  (long long)(now - (RECORDS - 1 - i) * HOUR_MS));
}

static int64_t bytes_of_topic(struct stage *s)
{
    const struct reply *topic = stage_ask(s, "TOPIC DESCRIBE $clicks");

    return seen_number(seen_field(seen_item(seen_field(topic, "partitions"), 0), "bytes"));
}

static void take_away(struct stage *s, struct actor *writer, const struct dials *d)
{
    switch (dials_get(d, "by")) {
    case BY_TIME:
        stage_say(s, "While Gus is away the topic is told to keep 90 minutes: 5,400,000 ms.");
        actor_ask(writer, "TOPIC CONFIG SET $clicks retention.ms 5400000");
        break;
    case BY_BYTES: {
        int64_t bytes = bytes_of_topic(s);

        stage_say(s, "While Gus is away the topic, which has %lld bytes now, is told to keep half.",
                  (long long)bytes);
        actor_ask(writer, "TOPIC CONFIG SET $clicks retention.bytes %lld", (long long)bytes / 2);
        break;
    }
    case BY_HAND:
        stage_say(s, "While Gus is away somebody cuts off the beginning of partition 0.");
        actor_ask(writer, "TOPIC TRIM $clicks 0 BEFORE %d", KEPT);
        break;
    default:
        stage_say(s, "Gus is away for a while, and comes back.");
    }
}

/* --- Gus ------------------------------------------------------------------------------------------ */

static void read_first(struct stage *s, struct actor *gus, bool consumes)
{
    struct seen_record record;
    const struct reply *reply =
        consumes ? actor_ask(gus, "CONSUME $counting gus COUNT %d TOPICS $clicks", READ)
                 : actor_ask(gus, "FETCH $clicks 0 0 COUNT %d", READ);

    stage_expect_number(s, "clicks that Gus read at first", READ,
                        (int64_t)seen_records(reply, &record, 1));
    if (consumes)
        actor_ask(gus, "COMMIT $counting gus");
}

/* What he is told is right: it names what is there, or what is lost. */
static void check_error(struct stage *s, const struct reply *error, const char *named)
{
    struct bytes text = seen_text(error);

    stage_expect(s, seen_error(error, "OFFSETOUTOFRANGE"), "what Gus is told", "OFFSETOUTOFRANGE",
                 stage_text(s, "'%.*s'", (int)text.len, text.data));
    stage_expect(s, text.len > 0 && memmem(text.data, text.len, named, strlen(named)) != NULL,
                 "what the error names", named, stage_text(s, "'%.*s'", (int)text.len, text.data));
}

/* What is left has the offsets it always had. Returns how many there are from `first` on. */
static size_t check_left(struct stage *s, const struct seen_record *records, size_t count,
                         size_t first)
{
    stage_expect_number(s, "clicks that are left", (int64_t)(RECORDS - first), (int64_t)count);
    for (size_t i = 0; i < count && first + i < RECORDS; i++) {
        stage_expect_number(s, "the offset of a click", (int64_t)(first + i), records[i].offset);
        stage_expect_text(s, "the click at that offset", clicks[first + i], records[i].value);
    }
    return count;
}

/* He got records, and was told nothing. */
static size_t outcome_of_records(struct stage *s, const struct seen_record *records, size_t count)
{
    if (count == 0 || count > RECORDS)
        return QUIZ_NONE;
    if (bytes_is(records[0].value, clicks[READ])) {
        check_left(s, records, count, READ);
        return STILL_THERE;
    }
    return records[0].offset == READ ? RENUMBERED : PASSED_OVER;
}

static size_t fetch_on(struct stage *s, struct actor *gus)
{
    struct seen_record records[RECORDS];
    const struct reply *reply = actor_ask(gus, "FETCH $clicks 0 %d", READ);

    if (reply->kind != REPLY_ERROR)
        return outcome_of_records(s, records, seen_records(reply, records, RECORDS));
    check_error(s, reply, "begins at 2 and ends before 4");
    stage_say(s, "Gus knows now that he missed one, and goes on with the earliest there is.");
    check_left(s, records,
               seen_records(actor_ask(gus, "FETCH $clicks 0 EARLIEST"), records, RECORDS), KEPT);
    return TOLD;
}

static size_t consume_on(struct stage *s, struct actor *gus)
{
    struct seen_record records[RECORDS];
    const struct reply *reply = actor_ask(gus, "CONSUME $counting gus TOPICS $clicks");

    if (reply->kind == REPLY_ARRAY && reply->count == 0) /* not yet */
        reply = actor_ask(gus, "CONSUME $counting gus TOPICS $clicks");
    const struct reply *part = seen_item(seen_item(reply, 0), 2);
    if (part->kind != REPLY_ERROR)
        return outcome_of_records(s, records, seen_records(reply, records, RECORDS));
    check_error(s, part, "lost offsets 1 to 1");
    reply = actor_ask_unseen(gus, "CONSUME $counting gus TOPICS $clicks");
    check_error(s, seen_item(seen_item(reply, 0), 2), "lost offsets 1 to 1");
    stage_say(s, "The group stays where it is until somebody says how to go on.");
    reply = actor_ask(gus, "CONSUME $counting gus RESET EARLIEST TOPICS $clicks");
    if (seen_records(reply, records, RECORDS) == 0) /* it was told once more what is lost */
        reply = actor_ask(gus, "CONSUME $counting gus TOPICS $clicks");
    check_left(s, records, seen_records(reply, records, RECORDS), KEPT);
    return TOLD;
}

static size_t follow_on(struct stage *s, struct actor *gus, bool nothing_gone)
{
    struct seen_record records[RECORDS];
    size_t count = 0, wanted = RECORDS - (nothing_gone ? READ : KEPT);

    actor_ask(gus, "FOLLOW $clicks FROM %d", READ);
    (void)actor_await(gus, "record", wanted);
    actor_settle(gus);
    while (count < RECORDS &&
           seen_records(actor_heard_at(gus, "record", count), &records[count], 1) > 0)
        count++;
    if (actor_heard(gus, "lost") == 0)
        return outcome_of_records(s, records, count);
    const struct reply *lost = actor_heard_at(gus, "lost", 0);
    stage_expect_number(s, "the first offset that is lost", READ, seen_number(seen_item(lost, 3)));
    stage_expect_number(s, "the offset at which it goes on", KEPT, seen_number(seen_item(lost, 4)));
    check_left(s, records, count, KEPT);
    return TOLD;
}

static size_t play(struct stage *s, const struct dials *d)
{
    struct actor *writer = actor_enter(s, "writer"), *gus = actor_enter(s, "Gus");
    int64_t reader = dials_get(d, "gus");

    produce(s, writer);
    read_first(s, gus, reader == CONSUMES);
    take_away(s, writer, d);
    if (reader == FETCHES)
        return fetch_on(s, gus);
    return reader == CONSUMES ? consume_on(s, gus)
                              : follow_on(s, gus, dials_get(d, "by") == BY_NOTHING);
}

const struct lesson lesson_retention = {
    .name = "retention",
    .title = "Retention: what goes, and who is told",
    .question = "A log cannot grow for ever. What happens to a reader who comes too late?",
    .minutes = 3,
    .page = "docs/tutorial-9.md",
    .story = "A topic keeps its records whether they were read or not, but not for ever: a week, "
             "unless it is told something else. That is called retention. It can be so long "
             "(retention.ms) or so much (retention.bytes), and it takes the oldest first. Records "
             "may be given a time when they are produced; so here we need not wait for hours.",
    .rule = "What is kept depends on age and size, never on who has read it. Whoever asks for what "
            "is gone is told so; offsets never change.",
    .vary = "Try v by=trim, v gus=consumes, v gus=follows, or v by=nothing.",
    LESSON_DIALS(dials),
    .predict = predict,
    .play = play,
};
