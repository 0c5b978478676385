/* SPDX-License-Identifier: BSD-3-Clause */
#include "lab/work.h"

static const char *const orders[WORK_ORDERS] = {"a book", "a lamp", "a chair", "a desk"};

const char *work_order(int64_t i)
{
    return orders[i];
}

struct work_plan work_plan_of(const struct dials *d, bool commit_first)
{
    return (struct work_plan){.batch = dials_get(d, "batch"),
                              .crash_at = dials_get(d, "crash"),
                              .commit_first = commit_first};
}

int64_t work_committed(const struct work_plan *plan)
{
    int64_t before = (plan->crash_at - 1) / plan->batch * plan->batch; /* batches that were whole */

    if (!plan->commit_first)
        return before;
    return before + plan->batch < WORK_ORDERS ? before + plan->batch : WORK_ORDERS;
}

/* --- the worker ----------------------------------------------------------------------------------- */

struct worker {
    struct stage *stage;
    struct actor *actor, *till;
    const struct work_plan *plan;
    int64_t charged[WORK_ORDERS]; /* how often each order was */
    int64_t at;                   /* which order it is at, from 1, over its whole life */
    bool crashed;                 /* once is enough */
};

static int64_t number_of(struct bytes value)
{
    for (int64_t i = 0; i < WORK_ORDERS; i++)
        if (bytes_is(value, orders[i]))
            return i;
    return SEEN_NOTHING;
}

static void charge(struct worker *w, struct bytes value)
{
    int64_t order = number_of(value);

    stage_expect(w->stage, order != SEEN_NOTHING, "what the worker is given", "one of the orders",
                 "something else");
    if (order == SEEN_NOTHING)
        return;
    w->charged[order]++;
    actor_note(w->till, "charges %s%s", orders[order], w->charged[order] > 1 ? ", again" : "");
}

static void crash(struct worker *w)
{
    w->crashed = true;
    actor_crash(w->actor,
                w->plan->commit_first ? "crashes before the work" : "crashes before the commit");
}

static void commit(struct worker *w)
{
    actor_ask(w->actor, "COMMIT $payments w1");
}

/* The records of one CONSUME. False: it crashed. */
static bool work_on(struct worker *w, const struct seen_record *records, size_t count)
{
    if (w->plan->commit_first)
        commit(w);
    for (size_t i = 0; i < count; i++) {
        bool now = !w->crashed && ++w->at == w->plan->crash_at;

        if (now && w->plan->commit_first) {
            crash(w);
            return false;
        }
        charge(w, records[i].value);
        if (now) {
            crash(w);
            return false;
        }
    }
    if (!w->plan->commit_first)
        commit(w);
    return true;
}

/* Takes and works until there is nothing left, or it crashes. A broker that gives the same for ever is not waited for. */
static void work(struct worker *w)
{
    for (int i = 0; i < 2 * WORK_ORDERS; i++) {
        struct seen_record records[WORK_ORDERS];
        size_t count = seen_records(
            actor_ask(w->actor, "CONSUME $payments w1 COUNT %lld COMMIT MANUAL TOPICS $orders",
                      (long long)w->plan->batch),
            records, WORK_ORDERS);

        if (count == 0 || !work_on(w, records, count < WORK_ORDERS ? count : WORK_ORDERS))
            return;
    }
}

/* --- the play ------------------------------------------------------------------------------------- */

/* As the server has it: nothing is committed yet, or the offset is how many were. */
static int64_t committed_now(struct stage *s)
{
    const struct reply *lag = stage_ask(s, "GROUP LAG $payments");
    const struct reply *partition = seen_item(seen_field(lag, "partitions"), 0);
    int64_t committed = seen_number(seen_field(partition, "committed"));

    return committed == SEEN_NOTHING ? 0 : committed;
}

static size_t hold_against(struct stage *s, const struct worker *w, struct work_taught taught)
{
    bool twice = false, never = false;

    for (int64_t i = 0; i < WORK_ORDERS; i++) {
        bool meant = i >= taught.from && i < taught.until;

        stage_expect_number(s, stage_text(s, "how often %s is charged", orders[i]),
                            meant ? taught.times : 1, w->charged[i]);
        twice |= w->charged[i] > 1;
        never |= w->charged[i] == 0;
    }
    if (twice && never)
        return taught.times > 1 ? WORK_NEVER : WORK_TWICE;
    return twice ? WORK_TWICE : never ? WORK_NEVER : WORK_ONCE;
}

size_t work_play(struct stage *s, const struct work_plan *plan, struct work_taught taught)
{
    struct worker w = {.stage = s, .plan = plan};
    struct actor *shop = actor_enter(s, "shop");

    w.actor = actor_enter(s, "worker");
    w.till = actor_enter_silent(s, "till");
    actor_ask(shop, "MPRODUCE $orders VALUES '%s' '%s' '%s' '%s'", orders[0], orders[1], orders[2],
              orders[3]);
    work(&w);
    stage_expect(s, w.crashed, "the worker", "that it comes to the order at which it crashes",
                 "that it did not");
    int64_t committed = committed_now(s);
    stage_say(s,
              "The worker is gone, and its connection with it. %lld of %d orders are committed. It "
              "is started again, "
              "under its old name:",
              (long long)committed, WORK_ORDERS);
    actor_return(w.actor);
    work(&w);
    stage_expect_number(s, "orders that were committed at the crash", work_committed(plan),
                        committed);
    return hold_against(s, &w, taught);
}
