/* SPDX-License-Identifier: BSD-3-Clause */
/* What a lesson is made of. A lesson is one file, lesson_<name>.c, that reads like a script, a line in lessons.c, a row in
 * docs/lab.md, and in tests/clients/test_lab.py the dials it is played with.
 * This is a whole one but for its texts:
 *
 *   enum { KEPT, GONE };                                      // what may happen: the choices, in order
 *
 *   static void predict(struct quiz *q, const struct dials *d)
 *   {
 *       quiz_ask(q, "What does Bob get when he comes later?");
 *       quiz_choice(q, "The message: the server kept it.");
 *       quiz_why(q, "A channel keeps nothing ...");           // said to those who chose it
 *       quiz_choice(q, "Nothing.");
 *       quiz_why(q, "Whoever was not there has missed it.");  // said when it happened
 *       quiz_teaches(q, GONE);                                // may depend on the dials
 *   }
 *
 *   static size_t play(struct stage *s, const struct dials *d)
 *   {
 *       struct actor *ann = actor_enter(s, "Ann"), *bob = actor_enter(s, "Bob");
 *       int64_t heard = seen_number(actor_ask(ann, "PUBLISH $news hello"));
 *
 *       stage_expect_number(s, "who heard it", 0, heard);
 *       actor_ask(bob, "SUBSCRIBE $news");
 *       actor_settle(bob);
 *       return actor_heard(bob, "message") > 0 ? KEPT : GONE; // from what was seen, never from the script
 *   }
 *
 * Rules. Whatever is claimed is computed from replies. Every run holds what it saw against what it teaches: with
 * stage_expect… on the way, and by the choice that `play` returns, which has to be the one that the quiz teaches.
 * Waiting is for something (actor_answer, actor_await, actor_settle, stage_until), never for a while. A run begins on
 * an empty server (or with names that nobody has), and may be played many times with other dials. Text is for somebody
 * who knows neither Redis nor Kafka: everyday words first, then the name of the thing. */
#ifndef ECHOLOG_LAB_LESSON_H
#define ECHOLOG_LAB_LESSON_H

#include "lab/actor.h"
#include "lab/dials.h"
#include "lab/quiz.h"
#include "lab/seen.h"
#include "lab/stage.h"

struct lesson {
    const char *name;     /* a word: what is typed behind `lab` */
    const char *title;    /* "The message nobody heard" */
    const char *question; /* in one line, for the list */
    int minutes;
    const char *page; /* where to read on: "docs/tutorial-1.md" */
    const char *
        story; /* a paragraph or two before the prediction: the words that are needed, and the situation */
    const char *rule; /* what to remember, in one or two sentences */
    const char *vary; /* what is worth trying: "members=4, and see who has nothing to do" */
    const struct dial *dials;
    size_t dial_count;
    bool
        own_server; /* it restarts the server or changes its configuration: not on one that others use */
    void (*predict)(struct quiz *q, const struct dials *d);
    /* Plays it, and returns the choice that happened; QUIZ_NONE: none of them. */
    size_t (*play)(struct stage *s, const struct dials *d);
};

#define LESSON_DIALS(array) .dials = (array), .dial_count = COUNT_OF(array)

#endif
