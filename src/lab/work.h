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

/* What became of the orders. */
struct work_done {
    int64_t charged[WORK_ORDERS]; /* how often each was */
    int64_t committed;            /* how many were when it crashed, as the server has it */
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
/* Plays it, shows it, and counts. */
struct work_done work_play(struct stage *s, const struct work_plan *plan);
const char *work_order(int64_t i); /* "a book" */

#endif
