/* SPDX-License-Identifier: BSD-3-Clause */
/* What a learner can vary of a lesson: "members=4", "crash=after". */
#ifndef ECHOLOG_LAB_DIALS_H
#define ECHOLOG_LAB_DIALS_H

#include "base/buf.h"
#include "base/bytes.h"
#include "base/check.h"
#include <stdbool.h>
#include <stdint.h>

#define DIALS_MAX 4
#define DIALS_WHY_BYTES 256

/* One of them, as a lesson declares it: a number, or one of some words. */
struct dial {
    const char *name;
    const char *what;  /* "how many members the group has" */
    int64_t value;     /* at first; of words the index */
    int64_t min, max;  /* of a number */
    const char *words; /* separated by blanks; NULL: it is a number */
};

/* Where the dials of a lesson stand. Zero-initialised is valid: no dials. */
struct dials {
    const struct dial *dials; /* borrowed */
    size_t count;
    int64_t values[DIALS_MAX];
};

void dials_init(struct dials *d, const struct dial *dials, size_t count);
/* The value of the dial of this name, which there must be; of words the index. */
int64_t dials_get(const struct dials *d, const char *name);
/* The same as text: digits, or the word. */
struct bytes dials_text(const struct dials *d, size_t i, char room[32]);
/* Sets one from "name=value" (a blank does as well as the sign). False: `why` says what is possible, and nothing
 * changed. */
MUST_CHECK
bool dials_set(struct dials *d, struct bytes setting, char why[DIALS_WHY_BYTES]);
/* Appends a line for each: how it is set now, what it is, what is possible. */
void dials_print(const struct dials *d, struct buf *out, size_t width);
/* Appends "members=4 partitions=3"; nothing when there are none. */
void dials_summary(const struct dials *d, struct buf *out);

#endif
