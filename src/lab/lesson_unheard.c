/* SPDX-License-Identifier: BSD-3-Clause */
/* The message nobody heard. */
#include "lab/lesson.h"

enum { BOTH, RECORD_ONLY, MESSAGE_ONLY, NEITHER };

static const struct dial dials[] = {
    {.name = "listeners", .what = "how many listen when Ann speaks", .value = 0, .max = 3},
};

static void predict(struct quiz *q, const struct dials *d)
{
    int64_t listeners = dials_get(d, "listeners");

    if (listeners == 0)
        quiz_ask(q, "Nobody listens. Ann publishes a message to a channel, and produces a record "
                    "to a topic. Later Bob comes, and asks for both. What does he get?");
    else
        quiz_ask(q,
                 "%lld listen. Ann publishes a message to a channel, and produces a record to a "
                 "topic. Later Bob comes, and asks for both. What does he get?",
                 (long long)listeners);
    quiz_choice(q, "Both.");
    quiz_why(q, "The channel kept nothing for him. A channel is like a voice in a room: whoever is "
                "not in it has missed what was said.");
    quiz_choice(q, "The record of the topic, and not the message of the channel.");
    quiz_why(
        q,
        "A message on a channel goes to those who listen at that moment, %s, and is gone. A record "
        "in a topic is written down, waits at its offset, and is still there after it was read.",
        listeners == 0 ? "here to nobody" : "whether they are few or many");
    quiz_choice(q, "The message of the channel, and not the record of the topic.");
    quiz_why(
        q,
        "It is the other way round: the topic writes down what it is given, the channel does not.");
    quiz_choice(q, "Neither: nobody was told to keep anything for him.");
    quiz_why(q, "For the channel that is so. The topic keeps its records for whoever comes, "
                "whether anybody was there or not.");
    quiz_teaches(q, RECORD_ONLY);
}

/* Some listen from the beginning; they hear what Bob does not. */
static void bring_listeners(struct stage *s, struct actor **listeners, int64_t count)
{
    for (int64_t i = 0; i < count; i++)
        listeners[i] = actor_enter(s, stage_text(s, "listener %lld", (long long)i + 1));
    for (int64_t i = 0; i < count; i++)
        actor_ask(listeners[i], "SUBSCRIBE $news");
}

static size_t play(struct stage *s, const struct dials *d)
{
    struct actor *listeners[3], *ann = actor_enter(s, "Ann"), *bob = actor_enter(s, "Bob");
    int64_t there = dials_get(d, "listeners");
    struct seen_record records[4];

    bring_listeners(s, listeners, there);
    int64_t heard = seen_number(actor_ask(ann, "PUBLISH $news 'are you there?'"));
    stage_expect_number(s, "how many PUBLISH says have heard it", there, heard);
    actor_ask(ann, "PRODUCE $orders 'a book'");

    stage_say(s,
              "PUBLISH is answered with the number of those who heard the message: %lld. PRODUCE "
              "is answered with the place where the record is kept. Now Bob comes.",
              (long long)heard);
    actor_ask(bob, "SUBSCRIBE $news");
    actor_settle(bob);
    size_t missed = actor_heard(bob, "message");
    size_t found = seen_records(actor_ask(bob, "FETCH $orders 0 EARLIEST"), records, 4);

    stage_say(
        s,
        "Bob listens now. What is said from here on reaches him, and reading took nothing away:");
    heard = seen_number(actor_ask(ann, "PUBLISH $news 'and now?'"));
    actor_settle(bob);
    stage_expect_number(s, "how many PUBLISH says have heard the second message", there + 1, heard);
    stage_expect_number(s, "messages that Bob heard once he listened", 1,
                        (int64_t)(actor_heard(bob, "message") - missed));
    size_t again = seen_records(actor_ask(bob, "FETCH $orders 0 EARLIEST"), records, 4);
    stage_expect_number(s, "records that are there when Bob reads again", (int64_t)found,
                        (int64_t)again);
    for (int64_t i = 0; i < there; i++) {
        actor_settle(listeners[i]);
        stage_expect_number(s, "messages that a listener heard", 2,
                            (int64_t)actor_heard(listeners[i], "message"));
    }
    if (missed > 0)
        return found > 0 ? BOTH : MESSAGE_ONLY;
    return found > 0 ? RECORD_ONLY : NEITHER;
}

const struct lesson lesson_unheard = {
    .name = "unheard",
    .title = "The message nobody heard",
    .question = "A message is sent while nobody listens. Who gets it later?",
    .minutes = 2,
    .page = "docs/tutorial-1.md",
    .story =
        "Echolog has two ways to send something. PUBLISH says it on a channel, to whoever has said "
        "SUBSCRIBE. PRODUCE writes it to a topic, which is a list on disk that only grows; what is "
        "in it is called a record, and its number in the list is its offset. FETCH reads records.",
    .rule = "A channel delivers to those who are there now; a topic keeps its records for those "
            "who come later. If it must not be missed, produce it.",
    .vary = "Try v listeners=2: does it help Bob that others were there?",
    LESSON_DIALS(dials),
    .predict = predict,
    .play = play,
};
