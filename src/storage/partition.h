/* SPDX-License-Identifier: BSD-3-Clause */
/* A partition: an append-only log of records in a directory of its own.
 *
 *   appended      partition_append gave the record an offset; it is in the open batch, in memory
 *   written       its batch is in the file (page cache): readers see it, a crash of the process keeps it
 *   synced        its batch, all earlier ones and the directory entry are on the device
 *
 * Batches are numbered from 1 as they are opened, per run; a batch is written, synced or refused as a
 * whole, so a batch number is what an acknowledgement waits for.
 *
 * While a job works on the log's files (create, roll, sync) nothing is written to them; batches gather in
 * memory and go out when it ends. At most one such job per partition is under way. */
#ifndef ECHOLOG_STORAGE_PARTITION_H
#define ECHOLOG_STORAGE_PARTITION_H

#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"
#include "storage/batch.h"
#include "storage/storage.h"
#include <stdint.h>

struct partition;

struct partition_config {
    int64_t segment_bytes;
    int64_t segment_ms;
    int64_t retention_ms;        /* -1: for ever */
    int64_t retention_bytes;     /* -1: without limit */
    int64_t batch_bytes_max;     /* Kafka's max.message.bytes: of one batch as written */
    int64_t flush_ms;            /* how long written bytes may stay unsynced */
    bool compact;                /* of each key the last record stays */
    int64_t delete_retention_ms; /* how long tombstones stay then */
    double min_dirty_ratio;      /* of what was never compacted in all: less is not worth it */
    bool append_time;            /* record timestamps are the server's */
    /* Tells this log from any that was or will be in a directory of its name, for good; borrowed. Counts when it is
     * created or opened. NULL or "": it has none, and is always synced by itself. */
    const char *id;
};

struct partition_events {
    /* Readers may now see all records of batches up to number `batch`. */
    void (*written)(struct partition *p, void *ctx, uint64_t batch);
    void (*synced)(struct partition *p, void *ctx, uint64_t batch);
    /* Batches `first`..`last` will never be in the log, or (written before, so readers may have seen
     * them) cannot be made durable. ERR_NOSPACE, ERR_LIMIT: the offsets are free again, later appends may
     * succeed. Anything else sticks: the partition takes no more. */
    void (*refused)(struct partition *p, void *ctx, uint64_t first, uint64_t last, enum err why);
    /* Records before the new log start are gone (retention, trim). */
    void (*trimmed)(struct partition *p, void *ctx);
    /* An attempt to make the directory and the first segment has ended. ERR_OK: they are there, durably;
     * said once. Else they are not: the next append tries again, unless the partition has failed. May
     * be NULL. */
    void (*created)(struct partition *p, void *ctx, enum err err);
};

struct partition_info {
    int64_t log_start;     /* offset of the oldest record, or where it would be */
    int64_t next_offset;   /* the next record's, among those written */
    int64_t synced_offset; /* all records before it are on the device */
    int64_t bytes;         /* of all segments */
    uint32_t segment_count;
    int32_t leader_epoch;
    int64_t max_timestamp_ms; /* -1 when there was never a record */
    enum err failed;          /* ERR_OK, or why it takes no more writes */
};

/* --- life ----------------------------------------------------------------------------------- */

/* Begins a new, empty partition in directory `dir` (relative to the disk's root). A directory of that name
 * that holds records already is moved aside to `dir`.orphan<n>, with a warning; one that is being
 * deleted is waited for. It takes appends at once; directory and first segment are made by a job, and nothing counts as written before that. If
 * it fails, everything appended is refused with the cause. `events` and `ctx` are borrowed. */
struct partition *partition_create(struct storage *st, const char *dir,
                                   const struct partition_config *config,
                                   const struct partition_events *events, void *ctx);

struct partition_recovery {
    bool clean; /* a clean stop: nothing was scanned */
    uint64_t bytes_scanned;
    uint64_t bytes_replayed; /* from the journal */
    uint64_t bytes_cut;      /* a torn tail */
    uint64_t corrupt_ranges;
};
/* Opens an existing one; blocks (start-up). After a clean stop nothing is scanned. Else scans what may not
 * have been synced, cuts a torn tail, keeps what is damaged in the middle, syncs what it keeps; if a reader
 * may have seen offsets that are lost, the log goes on behind them under a new leader epoch. ERR_NOT_FOUND no such directory; ERR_CORRUPT it cannot be read as a log at all;
 * ERR_IO; ERR_ACCESS. */
MUST_CHECK
enum err partition_open(struct storage *st, const char *dir, const struct partition_config *config,
                        const struct partition_events *events, void *ctx,
                        struct partition_recovery *recovery, struct partition **p);

/* Writes and syncs everything (blocks: stop of the program only), leaves the marker of a clean stop, and
 * frees the partition. No events are called. Outstanding reads and trims must be cancelled before; a job
 * under way is waited for through `disk_wait`. The first error is returned; the memory is freed all the same. */
enum err partition_close(struct partition *p);
/* The same of many at once, whose syncs overlap. Each has files open meanwhile. The first error is returned. */
enum err partition_close_all(struct partition *const *partitions, size_t count);

/* Ends the partition and removes its directory in the background. Batches not yet acknowledged are
 * refused with ERR_NOT_FOUND, reads and trims under way end with it, and events are not called after
 * return. */
void partition_delete(struct partition *p);

/* The end of a deletion, for who waits for it; the caller's, in place until `done`. */
struct partition_deletion {
    void (*done)(struct partition_deletion *d);
    void *ctx; /* the caller's */

    /* Result. ERR_OK: nothing of that name is there any more, durably (something that is no directory was
     * never the partition's, and stays). Else it may still be there, or have become `dir`.deleted, which
     * storage_sweep removes after the next start. */
    enum err err;

    /* Private. */
    struct partition *p;
};
/* As partition_delete; `done` is called once, later, from disk_reap. The partition is no more then. */
void partition_delete_then(struct partition *p, struct partition_deletion *d);
/* Before `done`: it will not be called, though the deletion goes on. Harmless later. */
void partition_deletion_end(struct partition_deletion *d);

void partition_configure(struct partition *p, const struct partition_config *config);

/* --- appending ------------------------------------------------------------------------------ */

/* Appends `count` >= 1 records to the open batch: together in one batch with consecutive offsets. The
 * first one's goes to *offset, the number of the batch to *batch.
 * ERR_TOO_LARGE over batch_bytes_max: nothing was appended
 * ERR_FAILED    an earlier write or sync error; nothing was appended */
MUST_CHECK
enum err partition_append(struct partition *p, const struct record *records, size_t count,
                          int64_t *offset, uint64_t *batch);
/* Whether records wait in memory: the owner calls partition_commit this turn. */
bool partition_dirty(const struct partition *p);
/* Seals the open batch and writes all that waits with one pwritev, unless a job has the files (then its
 * end does it). Calls events.written or events.refused. Rolls the segment when it is full or old. */
void partition_commit(struct partition *p);
/* Asks for everything written or appended so far to be synced as soon as possible. Without this call
 * written bytes are synced within flush_ms. */
void partition_want_sync(struct partition *p);

/* Batches up to here are written (synced): an acknowledgement that waits for one of them is due. */
uint64_t partition_batch_written(const struct partition *p);
uint64_t partition_batch_synced(const struct partition *p);
/* The number of the newest batch that holds anything, open or sealed; 0 when there was none. */
uint64_t partition_batch_last(const struct partition *p);

/* --- reading -------------------------------------------------------------------------------- */

/* Memory that it takes: its structures, records that wait to be written, and recent ones kept for readers. */
size_t partition_memory(const struct partition *p);
void partition_describe(const struct partition *p, struct partition_info *info);
/* Offsets as readers see them: cheap accessors. The log start is as of the last partition_retain or read:
 * call partition_retain before relying on it, and take ERR_RANGE from a read at it as "ask again". */
int64_t partition_log_start(const struct partition *p);
int64_t partition_next_offset(const struct partition *p);
/* The offset the next append gets: behind what is written when records wait in memory. */
int64_t partition_append_offset(const struct partition *p);
/* Counts bytes of batches ever written in this run: two readings tell how much has come since. */
uint64_t partition_bytes_total(const struct partition *p);

/* A read of whole batches. The caller fills in the first part and keeps it in place until done. */
struct partition_read {
    int64_t offset;     /* in [log start, next offset] */
    size_t bytes_max;   /* about how much; the first batch always comes whole */
    size_t records_max; /* no batch more than holds so many from `offset` on; 0: no limit */
    void (*done)(struct partition_read *read);
    void *ctx; /* the caller's */

    /* Result. ERR_OK: `batches` holds whole, checked batches; the first may begin before `offset` (skip
     * its earlier records) or, after a gap, behind it; empty at the end of the log.
     * ERR_RANGE outside [log start, next offset]; ERR_CORRUPT `corrupt_from`..`corrupt_to` (exclusive) is
     * damaged and begins at or before `offset`: what follows is readable from `corrupt_to` on; ERR_NOT_FOUND deleted meanwhile; ERR_IO. */
    enum err err;
    struct bytes batches;
    int64_t corrupt_from, corrupt_to;
    int64_t
        next_offset; /* where to go on, with ERR_OK: behind the batches, or if there are none (the end
                            of the log, perhaps behind a gap) where the next record will be */

    /* Private. */
    struct partition_read_state *state;
};
/* ERR_OK: `read` holds its result now (which may be an error in read->err). ERR_AGAIN: a worker was asked,
 * `done` will be called from disk_reap. `batches` is valid until partition_read_end, and, since it may
 * point into the in-memory tail, at most until the end of this turn. */
MUST_CHECK
enum err partition_read(struct partition *p, struct partition_read *read);
/* Releases the result; before `done`, cancels the read (which is then not called). */
void partition_read_end(struct partition_read *read);

/* A search by time, as Kafka's offsetsForTimes:
 * the first record whose timestamp is `timestamp_ms` or later. */
struct partition_seek {
    int64_t timestamp_ms;
    void (*done)(struct partition_seek *seek);
    void *ctx;

    enum err err;               /* ERR_OK, ERR_NOT_FOUND (deleted), ERR_CORRUPT, ERR_IO */
    int64_t offset;             /* next_offset when there is no such record */
    int64_t found_timestamp_ms; /* -1 when there is no such record */

    struct partition_seek_state *state;
};
MUST_CHECK
enum err partition_seek(struct partition *p, struct partition_seek *seek);
void partition_seek_end(struct partition_seek *seek);

/* --- retention ------------------------------------------------------------------------------ */

/* Moves the log start by time and size as of the clock's wall time, lets a job remove segments that are
 * wholly before it, and begins compaction when it is due: one partition of a storage at a time, beside
 * everything else, on sealed segments. A log start that moved is durable within flush_ms, and before any file
 * goes. Offsets do not change; a read may skip those that are gone. Called by the owner now and then; cheap when there is nothing to do. Reads
 * and searches do the first part themselves: none returns a record past its limit. */
void partition_retain(struct partition *p);

/* A log start moved by hand (Kafka's DeleteRecords). */
struct partition_trim {
    void (*done)(struct partition_trim *t);
    void *ctx; /* the caller's */

    /* Result. ERR_RANGE: not in 0..next offset, nothing happened. ERR_NOT_FOUND: deleted meanwhile. Any
     * other error: readers see the new log start, a restart may bring the old one back. */
    enum err err;
    int64_t log_start; /* on the device when there was no error */

    /* Private. */
    struct list link;
    bool told_later;
};
/* Moves the log start on to `offset`; where it is further on already it stays. Needs no space on the
 * device. Segments wholly before it are removed by a job. ERR_OK: `t` holds its result now; ERR_AGAIN:
 * `done` will be called. */
MUST_CHECK
enum err partition_trim(struct partition *p, int64_t offset, struct partition_trim *t);
/* Before `done`: it will not be called, though the log start moves. Harmless later. */
void partition_trim_end(struct partition_trim *t);

#endif
