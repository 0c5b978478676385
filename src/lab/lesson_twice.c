/* SPDX-License-Identifier: BSD-3-Clause */
/* A consumer that crashes before its commit: at least once. */
#include "lab/work.h"

static const struct dial dials[] = {WORK_DIALS};

static void predict(struct quiz *q, const struct dials *d)
{
    struct work_plan plan = work_plan_of(d, false);
    int64_t again = plan.crash_at - work_committed(&plan);

    quiz_ask(q,
             "A worker takes %lld order%s at a time, charges %s, and then commits. It crashes when "
             "it has charged %s and has not committed that. It is started again. How often is each "
             "order charged?",
             (long long)plan.batch, plan.batch == 1 ? "" : "s", plan.batch == 1 ? "it" : "them",
             work_order(plan.crash_at - 1));
    quiz_choice(q, "Each once: the server knows what it handed out.");
    quiz_why(q, "It knows that it handed the order out. Whether the work was done it cannot know: "
                "that is what the commit is there to say, and it was not said.");
    quiz_choice(q, "%lld of them twice, and none is left out.", (long long)again);
    quiz_why(q,
             "The worker goes on behind its last commit, and so %s again: what was done since then "
             "is done once more. This is called at least once.",
             again == 1 ? "one order comes" : "some orders come");
    quiz_choice(q, "The order at which it crashed is never charged.");
    quiz_why(
        q, "It was charged before the crash, and what is not committed is handed out again. It is "
           "the other way round, to commit first and work later, that can leave something out.");
    quiz_teaches(q, WORK_TWICE);
}

static size_t play(struct stage *s, const struct dials *d)
{
    struct work_plan plan = work_plan_of(d, false);
    struct work_taught taught = {.from = work_committed(&plan), .until = plan.crash_at, .times = 2};

    return work_play(s, &plan, taught);
}

const struct lesson lesson_twice = {
    .name = "twice",
    .title = "A crash before the commit: at least once",
    .question = "A worker crashes when the work is done and not yet committed. What is done twice?",
    .minutes = 3,
    .page = "docs/tutorial-5.md",
    .story = "The server remembers for each group how far it is. It does not guess: the group says "
             "so, with COMMIT, and that is on disk. This worker says COMMIT MANUAL when it reads, "
             "which means: I will say it myself. It commits when the work is done.",
    .rule = "Work first, then commit: nothing is left out, and something may be done twice. So "
            "make work that can be done twice without harm.",
    .vary = "Try v crash=1, v batch=3, or v batch=4 crash=4: the more at a time, the more is done "
            "again.",
    LESSON_DIALS(dials),
    .predict = predict,
    .play = play,
};
