/* SPDX-License-Identifier: BSD-3-Clause */
/* What a run that crashed has left in its journal (journal.h): read once at the start, and put into each log before that
 * is looked at. All of this blocks: for the start only, and for who only looks. */
#ifndef ECHOLOG_STORAGE_JOURNAL_REPLAY_H
#define ECHOLOG_STORAGE_JOURNAL_REPLAY_H

#include "base/check.h"
#include "base/err.h"
#include "base/trace.h"
#include "disk/disk.h"
#include <stdbool.h>
#include <stdint.h>

struct journal_replay;

/* Some bytes of a log, and where the journal has them. */
struct journal_piece {
    uint64_t pos; /* in the segment */
    size_t len;
    uint64_t file; /* what it is named by */
    uint64_t at;   /* in that file */
};

/* Reads what there is, which may be nothing. Damage is traced. On an error there is no *replay: ERR_UNSUPPORTED: it is
 * of a later version (traced); ERR_IO, ERR_ACCESS, ERR_LIMIT. `disk` and `trace` are borrowed. */
MUST_CHECK
enum err journal_replay_load(struct disk *disk, struct trace *trace,
                             struct journal_replay **replay);
/* Behind all sequences that there were. */
uint64_t journal_replay_next_sequence(const struct journal_replay *r);
/* Whose entries. What is of an earlier leader epoch than the log has come to is settled: a start has seen to it since, and
 * may have cut the log, so that other bytes are in its place by now. */
struct journal_log {
    const char *dir; /* borrowed */
    const char *id;  /* borrowed */
    int32_t leader_epoch;
};

/* The newest segment of the log of which there is anything. False: there is nothing. */
bool journal_replay_newest(const struct journal_replay *r, const struct journal_log *log,
                           int64_t *segment_base);
/* Steps through what there is of a segment of the log, the oldest first: what comes later lies above it. *cursor begins
 * with 0. False: no more. */
bool journal_replay_next(const struct journal_replay *r, const struct journal_log *log,
                         int64_t segment_base, size_t *cursor, struct journal_piece *piece);
/* Writes what there is of the log into the file of its newest segment, which begins at `segment_base`. Those before it
 * were synced. Synced it is not yet. *bytes says how many. What is of later segments is reported as lost. */
MUST_CHECK
enum err journal_replay_apply(const struct journal_replay *r, const struct journal_log *log,
                              int64_t segment_base, uint64_t *bytes);
/* The partition in `dir` needs it no more: all of it is synced in its log. */
void journal_replay_settled(struct journal_replay *r, const char *dir);
/* After the start: removes the files, except those that a partition needs at the next start which is there and could not
 * be opened (traced). Frees. */
void journal_replay_end(struct journal_replay *r);
/* Frees, and leaves the files. */
void journal_replay_destroy(struct journal_replay *r);

#endif
