/* SPDX-License-Identifier: BSD-3-Clause */
/* Syncing many partitions at once. Where few wait for a sync (options.journal_group_min) their logs are synced, each by a job of
 * its own. When many wait, what they wrote goes to the journal (journal.h) in one round, with one sync, and that acknowledges it;
 * the logs themselves are synced one after another, when nothing was written to them for flush_ms or the journal goes
 * on to another file. Whoever waits for a round writes nothing meanwhile: so one write and one entry take what
 * came in that time.
 *
 * A log that needs its own sync for another reason (offsets to reserve, a log start to save, much to write, records
 * that are in memory no more) gets it. So does every log while the journal cannot be used: its files are full and
 * needed still, or it failed; the syncs are what makes its files free again. Private to this folder. */
#ifndef ECHOLOG_STORAGE_GROUP_SYNC_H
#define ECHOLOG_STORAGE_GROUP_SYNC_H

#include "base/buf.h"
#include "base/list.h"
#include "disk/disk.h"
#include <stdint.h>

struct partition;
struct storage;

/* The job that writes a round. One at a time. */
struct journal_write {
    struct disk_job job;
    bool under_way;

    /* Lent to the worker. */
    struct disk *disk;
    struct disk_file *file; /* NULL: to be made */
    uint64_t file_first;    /* what the file is named by */
    uint64_t pos;
    uint64_t sequence;
    struct buf image; /* owned */

    enum err err;
};

/* A file of it that nobody needs any more. */
struct journal_removal {
    struct disk_job job;
    bool under_way;
    struct disk *disk;
    uint64_t file_first;
};

struct group_sync {
    struct list waiting;        /* partitions that wait for a sync */
    size_t waiting_count;       /* also of those that are taken out and put back just now */
    unsigned alone;             /* jobs under way that sync a log */
    bool forming;               /* a round */
    struct partition **members; /* owned; of the round */
    size_t member_count, member_cap;
    struct journal_write write;

    bool ready;           /* what earlier runs left is read */
    struct list unsynced; /* partitions with entries whose logs are not synced; the oldest first */
    struct list settling; /* of these, whose logs are to be synced when there is time */
    uint64_t next_sequence; /* of the next round */
    struct disk_file *file; /* owned; that is written to; NULL: none yet */
    uint64_t file_first;    /* 0: none yet */
    uint64_t file_pos;
    uint64_t old_first; /* the one before it; 0: none */
    struct journal_removal removal;
    bool failed; /* nothing more goes to these files */
    int64_t not_before_us;
    bool kept; /* a partition was closed whose log is not synced: no file goes any more */
};

void group_sync_init(struct storage *st);
/* Removes the journal's files if all logs are synced. All partitions are closed. Blocks. */
void group_sync_deinit(struct storage *st);
/* From now on the journal may be used. */
void group_sync_ready(struct storage *st, uint64_t next_sequence);

/* The partition's newest batches are to be synced: now, or in a while together with others. It is written to no more
 * until then; see group_sync_waits. */
void group_sync_add(struct partition *p);
/* The same before what it has is written, when a round is under way: it waits for the next one. False: it does not. */
bool group_sync_gathers(struct partition *p);
bool group_sync_waits(const struct partition *p);
/* It does not wait any more, whatever for. */
void group_sync_forget(struct partition *p);
/* Those that wait have their turn, alone or together. */
void group_sync_go_on(struct storage *st);
/* A job that syncs a log is over. */
void group_sync_alone_over(struct storage *st);

/* Its log is to be synced, too, when there is time. */
void group_sync_settle(struct partition *p);
/* The partition's batches are in the journal; or in its log, synced: then the journal is not needed for it. */
void group_sync_journaled(struct partition *p);
void group_sync_log_synced(struct partition *p);
/* It is being freed. */
void group_sync_leave(struct partition *p);

#endif
