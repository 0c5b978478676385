/* SPDX-License-Identifier: BSD-3-Clause */
/* One run of the storage library from one seed: partitions on a simulated disk are appended to, read,
 * searched, rolled, retained, deleted, stopped, killed, cut off from power, spoiled and recovered, in an
 * order that the seed chooses, and each answer is held against the model. */
#ifndef ECHOLOG_TESTS_SIM_LOG_H
#define ECHOLOG_TESTS_SIM_LOG_H

#include "sim/model.h"
#include "sim/sim_disk.h"

enum sim_deed {
    DEED_RECORDS,
    DEED_WRITTEN, /* batches */
    DEED_SYNCED,
    DEED_REFUSED,
    DEED_PARTITION_FAILED,
    DEED_READ,
    DEED_READ_WAITED, /* for a worker */
    DEED_READ_CANCELLED,
    DEED_READ_CORRUPT,
    DEED_READ_OUT_OF_RANGE,
    DEED_SEEK,
    DEED_ROLLED,
    DEED_START_MOVED,
    DEED_TRIM,
    DEED_TRIM_ANSWERED,
    DEED_TRIM_FAILED,
    DEED_TRIM_CANCELLED,
    DEED_SEGMENT_REMOVED,
    DEED_COMPACTED,
    DEED_COMPACTION_DIED, /* with new files not in place */
    DEED_RECORD_COMPACTED,
    DEED_DELETED,
    DEED_CLEAN_STOP,
    DEED_KILLED,
    DEED_POWER_CUT,
    DEED_OPENED,
    DEED_OPENED_CLEAN, /* nothing was scanned */
    DEED_TAIL_CUT,
    DEED_DAMAGE_FOUND,
    DEED_ROUND,
    DEED_REPLAYED,
    DEED_BATCH_LOST, /* which nobody was promised */
    DEED_INDEX_SPOILED,
    DEED_CHECKPOINT_SPOILED,
    DEED_MARKER_SPOILED,
    DEED_LOG_GIVEN_UP, /* nothing in it looked like a log */
    DEED_COUNT
};

extern const char *const sim_deed_names[DEED_COUNT];

struct sim_report {
    uint64_t step;
    uint64_t deeds[DEED_COUNT];
    uint64_t faults[SIM_FAULT_COUNT];
};

struct sim_options {
    uint64_t seed;
    uint64_t steps;
    bool verbose; /* says what it does */
    struct model_rules rules;
};

/* Returns when all was well; else model_fail_sink is called. */
void sim_log_run(const struct sim_options *options, struct sim_report *report);

#endif
