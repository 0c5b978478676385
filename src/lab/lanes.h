/* SPDX-License-Identifier: BSD-3-Clause */
/* Who did what, as columns with time going down:
 *
 *    ann                    │ bob
 *   ────────────────────────┼────────────────────────
 *    > PUBLISH news hello   │
 *      1                    │
 *                           │ < message news "hello"
 *
 * Where columns would be too narrow to read, a line begins with the name instead. Only text is made here. */
#ifndef ECHOLOG_LAB_LANES_H
#define ECHOLOG_LAB_LANES_H

#include "base/buf.h"
#include "base/bytes.h"
#include "cli/style.h"

#define LANES_MAX 12
#define LANES_NAME_BYTES 32
#define LANES_WIDTH_DEFAULT 80 /* where nothing is known of the terminal */
#define LANES_COLUMN_MIN 16    /* columns of a lane; below it names stand in front */
#define LANES_COLUMN_MAX 48

enum lane_kind {
    LANE_TYPED,   /* a command */
    LANE_REPLY,   /* what it was answered */
    LANE_PUSH,    /* what came by itself */
    LANE_TROUBLE, /* an error, a crash */
    LANE_NOTE,    /* what the lesson says of this actor */
};

/* Zero-initialised is valid: no lanes, plain. */
struct lanes {
    struct style style; /* its width may change between lines: it is laid out anew then */
    char names[LANES_MAX][LANES_NAME_BYTES];
    size_t count;
    size_t headed_count, headed_width; /* of the heading that was drawn last; 0: none */
};

/* Returns the number of the new lane; there are at most LANES_MAX, and names are cut. */
size_t lanes_add(struct lanes *lanes, const char *name);
/* Appends the text to `out`, in its lane and in as many lines as it takes, led by a heading where one is needed.
 * The text may have several lines. */
void lanes_put(struct lanes *lanes, struct buf *out, size_t lane, enum lane_kind kind,
               struct bytes text);
/* Something else is printed in between: the next line is led by a heading again. */
void lanes_interrupted(struct lanes *lanes);

#endif
