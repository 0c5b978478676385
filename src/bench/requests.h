/* SPDX-License-Identifier: BSD-3-Clause */
/* Requests that are built beforehand, so that sending them costs nothing but the system call. The words of a command
 * may hold
 *
 *   {i}          a number that rotates: 0, 1, ... names - 1, and again; {i*N}, {i/N}, {i%N} are made of it
 *   {key}        "key:0", "key:1", ... over `keys` of them
 *   {payload}    `size` bytes; as a word of its own {payload*N} stands for N such words */
#ifndef ECHOLOG_BENCH_REQUESTS_H
#define ECHOLOG_BENCH_REQUESTS_H

#include "base/buf.h"
#include "base/bytes.h"
#include "base/check.h"
#include <stdbool.h>
#include <stdint.h>

#define REQUESTS_WHY_BYTES 160
#define REQUESTS_MAX (4 << 20) /* different ones */
#define REQUESTS_BYTES_MAX (UINT64_C(4) << 30)

struct request_plan {
    const char *const *words; /* borrowed */
    size_t word_count;
    int64_t names; /* 1 at least, as are the others */
    int64_t keys;
    int64_t size;
    int64_t depth; /* how many may be taken at once */
};

/* Zero is valid and empty. */
struct requests {
    struct buf data;
    size_t *at;   /* owned; where each begins, and where the last ends */
    size_t count; /* different ones; behind them stand the first again, for those who take many */
    size_t next;
};

/* False: `why` says in a sentence what is wrong with the plan. */
MUST_CHECK
bool requests_build(struct requests *r, const struct request_plan *plan,
                    char why[REQUESTS_WHY_BYTES]);
void requests_deinit(struct requests *r);

/* The next `count`, which is at most the plan's depth. Borrowed from `r`. */
struct bytes requests_take(struct requests *r, size_t count);

#endif
