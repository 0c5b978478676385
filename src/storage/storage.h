/* SPDX-License-Identifier: BSD-3-Clause */
/* The storage library: durable, partitioned logs of records. This header is the shared environment of
 * all partitions of one data directory; partition.h is the log itself; batch.h the format.
 *
 * A program uses it like this (utils/storage-example.c is a whole one):
 *
 *   storage_create(&options, &st);                        one per data directory
 *   partition_create(st, "orders-0", &config, &events, ctx, &p);    or partition_open
 *   partition_append(p, records, n, &offset, &batch);     into memory; numbers them
 *   partition_commit(p);                                  seals and writes: one pwritev
 *   partition_want_sync(p);                               to be synced; events.synced says up to where
 *   storage_sync(st);                                     now: workers do it
 *   partition_read(p, &read);                             whole batches, from memory or the page cache
 *   disk_reap(disk); timers_run(timers, now);             every turn of the program's loop
 *
 * One thread owns all of it. Whatever may wait for the device runs in jobs on the disk's workers; their
 * completions come back through disk_reap and from there through partition_events. */
#ifndef ECHOLOG_STORAGE_STORAGE_H
#define ECHOLOG_STORAGE_STORAGE_H

#include "base/clock.h"
#include "base/timers.h"
#include "base/trace.h"
#include "disk/disk.h"

enum storage_work { STORAGE_WRITE, STORAGE_SYNC };

struct storage_options {
    struct disk *disk; /* all borrowed, outlive the storage */
    const struct clock *clock;
    struct timers *timers;
    struct trace *trace;
    size_t tail_bytes_max; /* memory for recent batches, over all partitions */
    /* Open files of segments, over all partitions. Only those with bytes that are not synced yet may go
     * over it; a partition that nobody writes to or reads costs none when others need them. */
    unsigned files_max;
    /* How far those may go: a partition that is to be written to waits then, until others are synced, which it asks
     * for. 0: as far as the system allows, beyond which appends are refused (ERR_LIMIT). */
    unsigned files_written_max;
    /* What the journal, which syncs many partitions at once, may take on the device; of so many at least (group_sync.h).
     * 0: each is synced by itself. */
    uint64_t journal_bytes_max;
    unsigned journal_group_min;
    /* Added to the sequence that its rounds go on at, in each run: one that nobody can guess who may write records, so
     * that none of them can look like a round. Below 2^40. */
    uint64_t journal_skip;
    /* Told how long each write to a log file took, and each sync from when it was asked for. May be NULL. */
    void (*timed)(void *ctx, enum storage_work what, int64_t ns);
    void *ctx;
};

struct storage_stats {
    uint64_t records_appended;
    uint64_t bytes_written; /* of batches, to log files */
    uint64_t batches_written;
    uint64_t writes;   /* pwritev calls */
    uint64_t write_ns; /* spent in them */
    uint64_t syncs;
    uint64_t sync_errors;
    uint64_t journal_syncs; /* of the journal */
    uint64_t journal_bytes; /* written to it */
    uint64_t write_errors;
    uint64_t reads_tail;     /* answered from memory */
    uint64_t reads_cached;   /* from the page cache */
    uint64_t reads_cold;     /* by a worker */
    uint64_t corrupt_ranges; /* met while reading or at start */
    uint64_t segments_removed;
    uint64_t batches_refused;
    uint64_t compactions;
    uint64_t compaction_bytes_before; /* of segments that compaction went over */
    uint64_t compaction_bytes_after;
    uint64_t sync_us; /* that syncs took, until the turn that heard of them */
    /* When a batch was last refused for want of space (monotonic), and nothing has been written since; 0: none. */
    int64_t no_space_us;
    size_t partitions_failed; /* that take no more writes */
    size_t pending_bytes;     /* appended, not written yet */
    size_t tail_bytes;        /* in memory for readers */
    unsigned open_files;
};

struct storage;

struct storage *storage_create(const struct storage_options *options);
/* All partitions must be closed; those that are being deleted are waited for (blocks). */
void storage_destroy(struct storage *st);
const struct storage_stats *storage_stats(const struct storage *st);
/* Reads what a crash left in the journal. Once, before the first partition is opened; without it the journal is not
 * used. Blocks. ERR_UNSUPPORTED: of a later version (traced). ERR_IO, ERR_ACCESS, ERR_LIMIT. */
MUST_CHECK
enum err storage_load_journal(struct storage *st);
/* All partitions that there are have been opened: what was read from the journal is needed no more. Blocks. */
void storage_opened(struct storage *st);
/* At the end of a turn that has called partition_commit or partition_want_sync: those that wait for a sync get it, and
 * with a journal those of one turn may get it together. */
void storage_sync(struct storage *st);
/* Lets a job remove the directories whose deletion a crash has interrupted (named *.deleted). Once, after
 * the start. */
void storage_sweep(struct storage *st);
void storage_set_tail_bytes_max(struct storage *st, size_t bytes);
/* How many keys compaction holds in memory at a time (24 bytes each, and room); with more it takes several
 * passes. */
void storage_set_compaction_keys_max(struct storage *st, size_t keys);

#endif
