/* SPDX-License-Identifier: BSD-3-Clause */
/* A consumer that commits before the work, and crashes: at most once. */
#include "lab/work.h"

static const struct dial dials[] = {WORK_DIALS};

static void predict(struct quiz *q, const struct dials *d)
{
    struct work_plan plan = work_plan_of(d, true);
    int64_t lost = work_committed(&plan) - (plan.crash_at - 1);

    quiz_ask(q,
             "Now the worker commits first: it takes %lld order%s at a time, commits, and then "
             "charges %s. It crashes before it charges %s. It is started again. How often is each "
             "order charged?",
             (long long)plan.batch, plan.batch == 1 ? "" : "s", plan.batch == 1 ? "it" : "them",
             work_order(plan.crash_at - 1));
    quiz_choice(q, "Each once: the record is still in the topic, and is handed out again.");
    quiz_why(q, "It is still in the topic. But the group has said that it is done with it, and "
                "goes on behind it.");
    quiz_choice(q, "One of them twice.");
    quiz_why(q, "Twice is what comes of the other way round. Here nothing that was committed is "
                "handed out again.");
    quiz_choice(q, "%lld of them never, and none twice.", (long long)lost);
    quiz_why(q, "The group goes on where it committed, and that was ahead of the work. This is "
                "called at most once.");
    quiz_teaches(q, WORK_NEVER);
}

static size_t play(struct stage *s, const struct dials *d)
{
    struct work_plan plan = work_plan_of(d, true);
    struct work_taught taught = {
        .from = plan.crash_at - 1, .until = work_committed(&plan), .times = 0};

    return work_play(s, &plan, taught);
}

const struct lesson lesson_never = {
    .name = "never",
    .title = "A crash after the commit: at most once",
    .question = "A worker commits, and crashes before the work. What is never done?",
    .minutes = 2,
    .page = "docs/tutorial-5.md",
    .story = "Something done twice can be worse than something not done: nobody wants to pay "
             "twice. The order of two steps decides which of them can happen.",
    .rule = "Commit first, then work: nothing is done twice, and something may never be done. "
            "Between \"done\" and \"written down\" there is always a moment to crash in.",
    .vary = "Try v batch=4 crash=1: what was taken and committed at once is lost at once.",
    LESSON_DIALS(dials),
    .predict = predict,
    .play = play,
};
