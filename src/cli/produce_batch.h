/* SPDX-License-Identifier: BSD-3-Clause */
/* Gathers lines into the records of one MPRODUCE. */
#ifndef ECHOLOG_CLI_PRODUCE_BATCH_H
#define ECHOLOG_CLI_PRODUCE_BATCH_H

#include "cli/lines.h"

#define PRODUCE_BATCH_LINES_MAX 1000
#define PRODUCE_BATCH_BYTES_MAX (64 * 1024) /* what the server keeps in one batch on disk */
/* What a record needs on disk beside its key and value, and a batch beside its records: no less. */
#define PRODUCE_RECORD_OVERHEAD_BYTES 32
#define PRODUCE_BATCH_OVERHEAD_BYTES 64

struct produce_batch {
    struct bytes
        words[2 * PRODUCE_BATCH_LINES_MAX]; /* values, or key value key value …; borrowed */
    size_t word_count;
    size_t line_count;
    size_t bytes; /* at most this on disk */
};

/* Takes whole lines until none is left or the next would pass a limit; a single line may pass
 * `bytes_max` (the server decides). With `separator` (else null bytes) a line is a key and a value. False:
 * the line that comes next has no separator, and was not taken. */
bool produce_batch_take(struct produce_batch *batch, struct lines *lines, struct bytes separator,
                        size_t bytes_max);

#endif
