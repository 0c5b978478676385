/* SPDX-License-Identifier: BSD-3-Clause */
/* A worker that charges orders, takes so many at a time, commits before or after the work, crashes, and is started
 * again: what two lessons have in common. */
#ifndef ECHOLOG_LAB_WORK_H
#define ECHOLOG_LAB_WORK_H

#include "lab/lesson.h"

#define WORK_ORDERS 4

/* How it works, and when it crashes. */
struct work_plan {
    int64_t batch;     /* how many records it takes at a time */
    int64_t crash_at;  /* while it is at this order, from 1 */
    bool commit_first; /* before the work; else when all of the batch is charged */
};

/* What may become of the orders: the choices of both lessons, in order. */
enum { WORK_ONCE, WORK_TWICE, WORK_NEVER };

/* What is taught: orders from `from` up to before `until`, counted from 0, are charged `times`, the others once. */
struct work_taught {
    int64_t from, until;
    int64_t times; /* 0 or 2 */
};

/* The dials "batch" and "crash" of both lessons. */
#define WORK_DIALS                                                                               \
    {.name = "batch",                                                                            \
     .what = "how many records the worker takes at a time",                                      \
     .value = 1,                                                                                 \
     .min = 1,                                                                                   \
     .max = WORK_ORDERS},                                                                        \
    {                                                                                            \
        .name = "crash", .what = "at which of the four orders it crashes", .value = 2, .min = 1, \
        .max = WORK_ORDERS                                                                       \
    }

struct work_plan work_plan_of(const struct dials *d, bool commit_first);
/* How many orders are committed when it crashes. */
int64_t work_committed(const struct work_plan *plan);
/* Plays it, shows it, and holds what came of it against what is taught. Returns what happened; of two things the
 * one that is not taught. */
size_t work_play(struct stage *s, const struct work_plan *plan, struct work_taught taught);
const char *work_order(int64_t i); /* "a book" */

#endif
