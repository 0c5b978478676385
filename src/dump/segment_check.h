/* SPDX-License-Identifier: BSD-3-Clause */
/* One segment: walks its log, holds its indexes against it, prints both. */
#ifndef ECHOLOG_DUMP_SEGMENT_CHECK_H
#define ECHOLOG_DUMP_SEGMENT_CHECK_H

#include "dump/dump.h"
#include "dump/index_check.h"
#include "dump/log_walk.h"
#include "dump/state.h"

struct segment_check {
    /* What the caller knows; all borrowed. */
    struct dump *dump;
    struct disk *log_disk; /* the log is looked at on */
    const char *log_path;
    const char *index_path; /* may be NULL */
    const char *time_index_path;
    unsigned parts;      /* to print and to report on; enum dump_part */
    int64_t base_offset; /* -1 unknown */
    bool last;           /* the newest one: a crash may have cut its last write short */
    const struct state
        *state;          /* unless a marker in here, still there, says that nothing was; or NULL */
    const char *dir;     /* of the partition, for that; or NULL */
    bool holes;          /* offsets may be missing, whatever the checkpoint in `dir` says */
    uint64_t synced_pos; /* what is before it was on the device */
    const struct checkpoint_epoch *epochs;
    size_t epoch_count;

    /* What was before and is behind: carried from one segment to the next. */
    int32_t epoch; /* of the batch before; -1 unknown */

    /* What was found. */
    bool gone;    /* there is no log file (any more); nothing else is set */
    bool damaged; /* what follows may be off because of it */
    uint64_t len; /* of the file */
    uint64_t batches, records, missing;
    int64_t first_offset;  /* -1 when there is no batch */
    int64_t next_offset;   /* behind the last batch */
    int64_t offset_synced; /* the next offset at synced_pos; -1 when no batch ends there */
    int64_t min_timestamp_ms, max_timestamp_ms;
    int64_t last_base;
    uint64_t last_len;
    uint64_t index_entries, time_index_entries;
};

void segment_check_run(struct segment_check *s);

#endif
