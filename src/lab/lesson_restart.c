/* SPDX-License-Identifier: BSD-3-Clause */
/* A restart of the server: what remains of echo and of log. */
#include "lab/lesson.h"

#define RECORDS 3 /* one is always acknowledged at SYNCED, the others as the dial says */

enum { NOTHING, RECORDS_ONLY, RECORDS_AND_PLACE, EVERYTHING, NOBODY_KNOWS };
enum { KILLED, STOPPED };
enum { SYNCED, WRITTEN, NONE };

static const struct dial dials[] = {
    {.name = "end", .what = "how the server ends", .words = "kill stop"},
    {.name = "ack",
     .what = "what the server is to wait for before it answers PRODUCE",
     .words = "synced written none"},
};

/* What was there after the restart. */
struct remains {
    size_t records; /* in the topic, the right ones from the first on; 0: the first is not there */
    int64_t next;   /* the offset at which the group goes on; SEEN_NOTHING: it got nothing */
    bool sue_hears; /* without having come back */
};

/* A server that is killed may still have had in its hands what it acknowledged so. */
static bool is_unsure(const struct dials *d)
{
    return dials_get(d, "end") == KILLED && dials_get(d, "ack") == NONE;
}

/* --- the prediction ------------------------------------------------------------------------------- */

static void ask(struct quiz *q, const struct dials *d)
{
    static const char *const levels[] = {
        [SYNCED] = "as soon as they are on the disk (ACK SYNCED, as usual)",
        [WRITTEN] = "as soon as they are in the file (ACK WRITTEN)",
        [NONE] = "without waiting for anything (ACK NONE)",
    };

    quiz_ask(q,
             "Sue is subscribed to a channel. An order of a book is produced, and Gus of the group "
             "billing reads it and commits. A lamp and a chair follow, which the server "
             "acknowledges %s. Then the server is %s, and started again. What is left?",
             levels[dials_get(d, "ack")],
             dials_get(d, "end") == KILLED ? "killed (kill -9)" : "stopped as it should be");
}

static void add_why_remains(struct quiz *q, const struct dials *d)
{
    if (is_unsure(d))
        quiz_why(
            q, "What SYNCED or WRITTEN acknowledged is left, yes. But the lamp and the chair were "
               "acknowledged before they were written, and the server was killed.");
    else if (dials_get(d, "end") == STOPPED)
        quiz_why(q,
                 "A topic is a file: it does not need the server to be there. A server that is "
                 "stopped as it should be writes what it has in its hands before it ends, whatever "
                 "ACK said. A subscription is only in its memory.");
    else if (dials_get(d, "ack") == WRITTEN)
        quiz_why(q,
                 "WRITTEN says that the bytes are in the file. They are the system's then, which "
                 "does not mind that a program is killed. It does mind when the power fails: the "
                 "last second may be lost then, and that is what SYNCED is for. A subscription is "
                 "only in the server's memory.");
    else
        quiz_why(q,
                 "SYNCED says that the bytes are on the disk, where they are safe also when the "
                 "power fails. Committed places are kept in the same way. A subscription is only "
                 "in the server's memory, and ends with the connection.");
}

static void predict(struct quiz *q, const struct dials *d)
{
    bool unsure = is_unsure(d);

    ask(q, d);
    quiz_choice(q, "Nothing: it begins empty.");
    quiz_why(q, "What is in a topic is on disk.");
    quiz_choice(q, "The three orders. Billing begins with the book again.");
    quiz_why(q, "The place of a group is kept as safely as the orders: it is a record itself, in a "
                "topic of the server's own.");
    quiz_choice(q, "The three orders, and the place of billing. Sue is not subscribed any more.");
    add_why_remains(q, d);
    quiz_choice(q, "The three orders, the place of billing, and Sue's subscription.");
    quiz_why(q,
             "A subscription is a connection and a note in the server's memory. Both are gone. Sue "
             "has to come back, and what is published before that she misses.");
    quiz_choice(q, "The book, and the place of billing. Of the lamp and the chair nobody can say.");
    if (unsure)
        quiz_why(q, "NONE is the fastest answer and promises nothing: it says that the server has "
                    "heard you. Mostly it writes at once all the same, so they may well be there. "
                    "WRITTEN outlives the death of the server, SYNCED a power cut as well.");
    else
        quiz_why(q,
                 dials_get(d, "ack") == NONE
                     ? "So it would be, had the server been killed. It was stopped as it should "
                       "be, and then it writes what it has before it ends."
                     : "An acknowledgement at this level is a promise, and being killed is what it "
                       "is for. Of ACK NONE it would be true.");
    quiz_teaches(q, unsure ? NOBODY_KNOWS : RECORDS_AND_PLACE);
}

/* --- the play ------------------------------------------------------------------------------------- */

static void begin(struct stage *s, struct actor *writer, struct actor *gus, struct actor *sue,
                  const struct dials *d)
{
    static const char *const levels[] = {
        [SYNCED] = "SYNCED", [WRITTEN] = "WRITTEN", [NONE] = "NONE"};
    const char *level = levels[dials_get(d, "ack")];
    struct seen_record record;

    actor_ask(sue, "SUBSCRIBE $news");
    stage_expect_number(s, "how many hear a message", 1,
                        seen_number(actor_ask(writer, "PUBLISH $news hello")));
    actor_ask(writer, "PRODUCE $orders book");
    size_t count = seen_records(actor_ask(gus, "CONSUME $billing gus TOPICS $orders"), &record, 1);
    stage_expect_number(s, "orders that Gus got", 1, (int64_t)count);
    actor_ask(gus, "COMMIT $billing gus");
    actor_ask(writer, "PRODUCE $orders lamp ACK %s", level);
    actor_ask(writer, "PRODUCE $orders chair ACK %s", level);
}

static void restart(struct stage *s, const struct dials *d)
{
    if (dials_get(d, "end") == KILLED) {
        stage_say(s, "Now the worst that can happen to a program: kill -9.");
        stage_kill_server(s);
    } else {
        stage_say(s, "Now the server is asked to stop (SIGTERM).");
        stage_stop_server(s);
    }
    stage_say(s, "The server is gone. It is started again, on the same directory. The writer and "
                 "Gus connect anew, Sue not yet.");
    stage_start_server(s);
}

/* How many of the orders are there, from the first on. */
static size_t check_records(struct stage *s, struct actor *writer)
{
    static const char *const orders[RECORDS] = {"book", "lamp", "chair"};
    struct seen_record records[RECORDS];
    size_t count = seen_records(actor_ask(writer, "FETCH $orders 0 EARLIEST"), records, RECORDS);

    for (size_t i = 0; i < count && i < RECORDS; i++) {
        stage_expect_text(s, "an order after the restart", orders[i], records[i].value);
        stage_expect_number(s, "its offset", (int64_t)i, records[i].offset);
    }
    return count;
}

static int64_t next_of_group(struct actor *gus)
{
    struct seen_record records[RECORDS];
    size_t count =
        seen_records(actor_ask(gus, "CONSUME $billing gus TOPICS $orders"), records, RECORDS);

    return count > 0 ? records[0].offset : SEEN_NOTHING;
}

/* Sue comes back, and hears what is said from then on. */
static void sue_returns(struct stage *s, struct actor *writer, struct actor *sue)
{
    size_t before = actor_heard(sue, "message");

    actor_return(sue);
    actor_ask(sue, "SUBSCRIBE $news");
    stage_expect_number(s, "how many hear a message when Sue is back", 1,
                        seen_number(actor_ask(writer, "PUBLISH $news 'and now?'")));
    actor_settle(sue);
    stage_expect_number(s, "messages that Sue hears when she is back", 1,
                        (int64_t)(actor_heard(sue, "message") - before));
}

static size_t outcome(const struct dials *d, const struct remains *r)
{
    size_t wanted = is_unsure(d) ? 1 : RECORDS;
    /* Where nothing is left to read, the group cannot have begun with the book. */
    bool place = r->next == 1 || (r->next == SEEN_NOTHING && r->records == 1);

    if (r->records == 0)
        return NOTHING;
    if (r->records < wanted || r->records > RECORDS)
        return QUIZ_NONE;
    if (!place)
        return RECORDS_ONLY;
    if (r->sue_hears)
        return EVERYTHING;
    return is_unsure(d) ? NOBODY_KNOWS : RECORDS_AND_PLACE;
}

static size_t play(struct stage *s, const struct dials *d)
{
    struct actor *writer = actor_enter(s, "writer"), *gus = actor_enter(s, "Gus (billing)");
    struct actor *sue = actor_enter(s, "Sue");
    struct remains remains;

    begin(s, writer, gus, sue, d);
    restart(s, d);
    actor_return(writer);
    actor_return(gus);
    remains.sue_hears = seen_number(actor_ask(writer, "PUBLISH $news 'are you there?'")) != 0;
    remains.records = check_records(s, writer);
    remains.next = next_of_group(gus);
    if (is_unsure(d) && remains.records > 0)
        stage_say(s,
                  "This time %zu of the two orders without a promise came through. Now Sue comes "
                  "back.",
                  remains.records - 1);
    else
        stage_say(s, "Now Sue comes back.");
    sue_returns(s, writer, sue);
    return outcome(d, &remains);
}

const struct lesson lesson_restart = {
    .name = "restart",
    .title = "A restart of the server",
    .question = "The server is killed. What is left of what was sent, and of who listened?",
    .minutes = 3,
    .page = "docs/tutorial-8.md",
    .story =
        "Servers end: they are updated, they crash, somebody pulls a plug. What was in memory is "
        "gone then, and what was on disk is not. When the server answers PRODUCE, that is an "
        "acknowledgement: a promise that the record is kept. How strong it is can be chosen, by "
        "ACK: SYNCED waits until it is on the disk, WRITTEN until it is in the file, and NONE "
        "waits for nothing.",
    .rule =
        "After a restart everything that was acknowledged is there, and groups go on where they "
        "committed; of a channel nothing is left, and who listened has to come back.",
    .vary = "Try v ack=written, v ack=none, and v ack=none end=stop.",
    LESSON_DIALS(dials),
    .own_server = true,
    .predict = predict,
    .play = play,
};
