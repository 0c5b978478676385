/* SPDX-License-Identifier: BSD-3-Clause */
/* The person at the terminal: what is printed for them, how fast, and what they answer. */
#ifndef ECHOLOG_LAB_LEARNER_H
#define ECHOLOG_LAB_LEARNER_H

#include "base/buf.h"
#include "base/check.h"
#include "cli/quiet.h"
#include "cli/style.h"
#include <stdio.h>

#define LEARNER_PACE_MS_DEFAULT 500

struct learner {
    FILE *out;          /* borrowed */
    int in_fd;          /* borrowed: their keyboard; -1: they are not asked */
    int interrupt_fd;   /* borrowed: they want to stop; -1: they cannot */
    bool terminal;      /* `out` is one */
    int64_t pace_ms;    /* a pause behind each thing that happens; 0: none */
    struct quiet quiet; /* what they type while something plays would be drawn into it */
    struct buf typed;   /* owned: what they typed and was not looked at yet */
    bool left;          /* they want to stop, or closed their input */
};

void learner_deinit(struct learner *l);
/* How things may look now: the window may have another size than before. */
struct style learner_style(const struct learner *l);
/* Prints the text and empties it. */
void learner_print(struct learner *l, struct buf *text);
/* Text in lines as wide as the window, `first` in front of the first. */
void learner_prose(struct learner *l, const char *first, struct bytes text);
/* A line by itself, as a heading. */
void learner_heading(struct learner *l, const char *text);
/* Lets them read. Enter ends it; so does a wish to stop, which is false. */
bool learner_pause(struct learner *l, int64_t ms);
/* Asks for a line, without its end and the blanks around it. False: they left. */
MUST_CHECK
bool learner_ask(struct learner *l, const char *prompt, struct buf *line);

#endif
