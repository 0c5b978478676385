/* SPDX-License-Identifier: BSD-3-Clause */
/* The course: one lesson after the other, each with its story, the learner's prediction, the run, what came of it,
 * and runs with other dials. */
#ifndef ECHOLOG_LAB_COURSE_H
#define ECHOLOG_LAB_COURSE_H

#include "cli/connection.h"
#include "lab/host.h"
#include "lab/learner.h"
#include "lab/lesson.h"

struct course {
    struct learner learner;
    const struct connection_target *given; /* borrowed: the server to use; NULL: one of its own */
    struct host host;
    char prefix[STAGE_PREFIX_BYTES];    /* of names on a server that was given */
    bool asks;                          /* the learner is asked; else it plays by itself */
    size_t held, contradicted, skipped; /* runs so far */
    bool broken; /* a server could not be started or reached: nothing more can be played */
};

enum course_result {
    COURSE_HELD,
    COURSE_CONTRADICTED, /* the broker did what the lesson says it does not */
    COURSE_SKIPPED,      /* it needs a server of its own; why is said */
    COURSE_LEFT,         /* the learner left */
    COURSE_BROKEN,       /* no server; why is said */
};

void course_init(struct course *c, const struct connection_target *given, int interrupt_fd);
/* Stops and removes what was started. */
void course_deinit(struct course *c);

/* One lesson, once: `story` says whether it is told from the beginning. */
enum course_result course_play(struct course *c, const struct lesson *lesson, const struct dials *d,
                               bool story);
/* The lessons from this one on for a learner, who chooses what comes next. */
void course_teach(struct course *c, const struct lesson *first, const struct dials *d);
/* "13 lessons, 13 held" */
void course_summary(const struct course *c, FILE *to);

#endif
