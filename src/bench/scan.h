/* SPDX-License-Identifier: BSD-3-Clause */
/* Counts the replies in a stream of RESP without building them: how many are whole, how many values they have at
 * one depth, how many are errors. It keeps no bytes but those of a line that is cut in two, so that a
 * generator of load spends its time elsewhere. */
#ifndef ECHOLOG_BENCH_SCAN_H
#define ECHOLOG_BENCH_SCAN_H

#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"

#define SCAN_DEPTH_MAX 8
#define SCAN_ERROR_BYTES 128
#define SCAN_LINE_BYTES 128 /* of a line; what is longer is cut off, for it is an error's text */

struct scan {
    int count_at;                       /* values at this depth are items; 0: each reply is one */
    uint64_t replies;                   /* whole ones */
    uint64_t items;                     /* nulls and empty arrays count as well */
    uint64_t errors;                    /* at any depth */
    char first_error[SCAN_ERROR_BYTES]; /* without the dash; empty: none yet */

    /* Private. */
    uint64_t skip; /* bytes of a bulk, with its line end, that are still to come */
    int depth;     /* of arrays around the next value */
    int64_t left[SCAN_DEPTH_MAX + 1]; /* values still to come in each of them */
    char line[SCAN_LINE_BYTES];       /* the beginning of a line that is not whole */
    size_t line_len;
};

/* Zero is valid, at the beginning of a stream. Counts what is whole with `data` behind what came before.
 * ERR_INVALID  that is not RESP2 (of RESP3: maps, sets, pushes and its scalars are understood too) */
MUST_CHECK
enum err scan_feed(struct scan *s, struct bytes data);

#endif
