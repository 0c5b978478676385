/* SPDX-License-Identifier: BSD-3-Clause */
/* The partition's state, shared by the partition_*.c files and by nobody else.
 *
 *   partition.c            append, commit, and the one place that decides what happens next
 *   partition_work.c       the jobs that change files: create, open, sync, roll, checkpoint, delete; removal
 *   partition_read.c       reads and searches by time
 *   partition_recovery.c   opening
 *   partition_replay.c     taking over what the journal has of it
 *   partition_stop.c       a clean stop, and the opening after one
 *   partition_retention.c  moving the log start by time and size
 *   partition_room.c       waiting until it may open files
 *   group_sync.c           syncing many at once
 *   partition_trim.c       moving it by hand, and making it durable
 *   partition_compaction.c which segment is compacted when */
#ifndef ECHOLOG_STORAGE_PARTITION_INTERNAL_H
#define ECHOLOG_STORAGE_PARTITION_INTERNAL_H

#include "storage/checkpoint.h"
#include "storage/partition.h"
#include "storage/segment.h"
#include "storage/storage_internal.h"

#define PLACES_MAX 8
/* How many offsets are reserved ahead: as few as do not make it a frequent matter. */
#define RESERVE_AHEAD_MIN 1024
#define RESERVE_AHEAD_MAX (1 << 22)
#define RESERVE_CALM_US (10 * 1000000LL)
/* The index, which is a hint, is brought up to date with the first sync after so many bytes or with one of the checkpoint. */
#define INDEX_BEHIND_BYTES_MAX (1024 * 1024)

enum work_kind {
    WORK_NONE,
    WORK_CREATE, /* the directory and the first segment */
    WORK_OPEN,   /* the active segment's files, before the first write in some time */
    WORK_SYNC,
    WORK_JOURNAL,    /* no job of its own: it is in a round of the journal that is being written */
    WORK_ROLL,       /* syncs the active segment and begins the next */
    WORK_CHECKPOINT, /* to reserve offsets, to make the log start durable, to note a failure */
    WORK_DELETE,     /* of the whole partition */
};

/* The one job that may change files. */
struct partition_work {
    struct disk_job job;
    struct partition *p; /* for `done` only */
    enum work_kind kind;

    /* Lent to the worker. */
    struct disk *disk;
    const char *dir;
    struct segment_files *files;  /* counted: to sync */
    const struct index *index;    /* of the active segment: nobody adds while the job runs */
    int64_t base_offset;          /* of the segment to make or open */
    bool marker;                  /* the marker of a clean stop is there, and goes first */
    struct checkpoint checkpoint; /* to be written when the rest is done; epochs borrowed from p */
    struct checkpoint_place place;
    struct buf image; /* of it; owned */
    bool checkpoint_sync;
    bool index_later; /* its new entries stay in memory this time */

    /* Covered by the sync. */
    int64_t sync_began_us;
    uint64_t sync_batch;
    int64_t sync_offset;
    uint64_t sync_bytes_total;

    /* Results. */
    enum err sync_err;
    enum err index_err;
    enum err checkpoint_err;
    enum err err;
    struct segment_files *opened; /* counted */
    bool orphaned;
    bool retried;
};

/* Segments before the log start are removed beside everything else: nobody needs them. */
struct partition_removal {
    struct disk_job job;
    struct partition *p; /* for `done` only */
    bool under_way;
    struct disk *disk;
    const char *dir;
    int64_t *bases; /* owned */
    size_t count;
    enum err err;
};

/* The last batch of a read: the next one probably begins in it, or right behind it. */
struct partition_place {
    int64_t offset, next_offset; /* it holds those from one up to the other; -1: nothing */
    uint64_t pos, next_pos;
    int64_t segment_base;
    uint32_t segment_version;
};

struct partition {
    struct storage *st; /* borrowed */
    struct list link;   /* in st->partitions */
    char *dir;          /* owned; does not change */
    char *id;           /* owned; "" when it has none */
    struct partition_config config;
    const struct partition_events *events; /* borrowed; NULL once closing or deleted */
    void *ctx;

    bool created; /* the directory and the first segment are there, durably */
    bool deleted;
    enum err failed;       /* sticks */
    enum err refused_last; /* why batches were last refused */

    struct segment **segments; /* owned array of counted ones, ascending; the last is active */
    size_t segment_count;
    size_t segment_cap;
    uint64_t bytes; /* of all segments */

    int64_t log_start;
    int64_t next_offset; /* behind what is written */
    int64_t synced_offset;
    int32_t leader_epoch;
    int64_t max_timestamp_ms; /* -1 when there was never a record */
    uint64_t bytes_total;
    uint64_t indexed_bytes_total; /* of these, what the index in the file covers */

    struct batch_builder open; /* count 0: no open batch */
    int64_t append_offset;     /* the next to hand out */
    struct tail_log tail;
    uint64_t batch_last;
    uint64_t batch_written;
    uint64_t batch_synced;     /* in the log, or in the journal */
    uint64_t batch_log_synced; /* in the log */
    uint64_t sync_wanted;
    uint64_t log_sync_wanted;
    uint64_t durable_bytes_total; /* of bytes_total, what batch_synced covers */
    bool sync_alone;              /* the next sync is one of the log */
    struct list sync_link; /* in storage.group.waiting while it waits for a sync with others */
    struct list
        unsynced_link; /* in storage.group.unsynced while the journal has what the log may not */
    struct list settle_link; /* in storage.group.settling while its log is to be synced some time */
    uint64_t journal_file;   /* then: the first file that does */
    bool tail_torn;          /* bytes of a failed write are behind the active segment's end */
    bool roll_wanted;
    struct timer flush_timer;
    uint64_t flush_from; /* batch_written when that was armed */
    struct partition_work work;
    struct list room_link;   /* in storage.room_waiters while it waits for its turn to open files */
    struct list holder_link; /* in storage.holders while its files are kept open until a sync */
    bool closing;            /* it waits for nobody any more */
    struct partition_removal removal;
    struct partition_deletion *deletion; /* borrowed: who waits for it; or NULL */
    struct list trims;                   /* who waits for the log start to be durable */
    struct timer start_timer;            /* then a log start that moved is made durable */
    bool start_due;                      /* it is time */
    bool removal_put_off; /* to the next partition_retain: the checkpoint could not be written */

    /* The checkpoint. */
    struct checkpoint
        checkpoint; /* as of the last sync; epochs owned: the history up to leader_epoch */
    struct checkpoint_place checkpoint_place;
    int64_t reserved;      /* durably: offsets below it may be shown to readers */
    int64_t reserve_ahead; /* how many are reserved at a time */
    bool
        reserve_put_off; /* more are, with the next sync or when they are used up: the checkpoint failed */
    int64_t durable_start; /* the log start of the last synced checkpoint */
    int64_t checkpoint_synced_us;
    bool marker; /* the marker of a clean stop is there */

    /* Compaction. */
    struct partition_compaction *compaction; /* owned; NULL when there is none */
    bool compaction_wanted;                  /* when it is this one's turn */
    int64_t compaction_wait_us;              /* after something went wrong, longer each time */
    int64_t compaction_not_before_us;
    int64_t compacted_to;         /* below this records may be missing */
    int64_t noted_compacted_to;   /* as of the last synced checkpoint */
    int64_t durable_compacted_to; /* as of the two last ones: whichever rots, the other knows */
    int64_t cleaned_to;           /* below this every key was looked at */
    bool merge_unsettled;         /* the note of a merge may still be there */

    struct list reads; /* jobs of reads and searches */
    struct partition_place places[PLACES_MAX];
    unsigned place_next;

    /* Retention. */
    int64_t
        start_age_ms; /* the timestamp by which the record at the log start ages; INT64_MIN unknown */
    uint64_t start_skip;     /* bytes in segments[0] and on that are before the log start's batch */
    int64_t dropped_max_ms;  /* the greatest timestamp before the log start, as far as known */
    int64_t last_batch_base; /* of the newest written batch; -1 when there is none */
    uint64_t last_batch_len;
    int64_t
        sure_from; /* from here on records are as young as start_age_ms; what is before was damaged
                             when it was looked at */
    enum err retain_err;  /* of the last search */
    bool retaining;       /* the new log start is being looked for */
    bool retaining_bytes; /* by size, else by time */
    struct partition_seek retention_seek;
    struct list retention_waiters; /* readers that go on when it is found */
};

static inline struct segment *partition_active(const struct partition *p)
{
    ASSERT(p->segment_count > 0);
    return p->segments[p->segment_count - 1];
}

/* Whether the active segment is open for writing: not before the first write of a run, nor after a time in
 * which nothing was written. */
static inline bool partition_ready(const struct partition *p)
{
    const struct segment_files *files = partition_active(p)->files;
    return files != NULL && files->writable;
}

/* How long a log file may get. */
static inline uint64_t partition_segment_bytes_max(const struct partition *p)
{
    uint64_t max = (uint64_t)p->config.segment_bytes;
    return max < SEGMENT_BYTES_MAX ? max : SEGMENT_BYTES_MAX;
}

/* --- partition.c --- */
struct partition *partition_new(struct storage *st, const char *dir,
                                const struct partition_config *config,
                                const struct partition_events *events, void *ctx);
/* Frees it if its deletion is done and nothing refers to it any more. */
void partition_free_if_done(struct partition *p);
void partition_free(struct partition *p);
/* Whether another partition in the same directory is still being deleted: creation waits for that. */
bool partition_dir_busy(const struct partition *p);
void partition_add_segment(struct partition *p, struct segment *s);
/* Does what can be done now: write, roll, sync. Calls events. */
void partition_advance(struct partition *p);
/* No more writes, for good. Calls events.refused. */
void partition_fail(struct partition *p, enum err why);
/* What waits will not be written; later appends may. Calls events.refused. */
void partition_refuse_waiting(struct partition *p, enum err why);
/* Everything up to there is on the device. Calls events.synced. */
void partition_set_synced(struct partition *p, uint64_t batch, int64_t offset,
                          uint64_t bytes_total);
/* The same, and in the log itself. */
void partition_set_log_synced(struct partition *p, uint64_t batch, int64_t offset,
                              uint64_t bytes_total);
/* The place in `segments` of the segment that holds `offset`, which is at least the first base. */
size_t partition_segment_of(const struct partition *p, int64_t offset);
/* When what happens now has to be on the device. */
int64_t partition_flush_due_us(const struct partition *p);
/* Whether it has been written to for as long as one file is. */
bool partition_segment_old(const struct partition *p, const struct segment *s);
/* Where a segment ends: the next one's base, or the end of the log. */
int64_t partition_segment_end(const struct partition *p, size_t i);

/* --- partition_room.c --- */
/* Whether it waits now, until files of others are closed, before its own are opened to be written to. */
bool partition_waits_for_room(struct partition *p);
/* Files may have been closed: who waited goes on. */
void partition_room_made(struct storage *st);

/* --- partition_work.c --- */
void work_start_create(struct partition *p);
void work_start_open(struct partition *p);
void work_start_sync(struct partition *p);
void work_start_journal(struct partition *p);
void work_journal_done(struct partition *p, enum err err); /* the round is written, or not */
void work_start_roll(struct partition *p);
void work_start_checkpoint(struct partition *p);
void work_start_delete(struct partition *p);
void partition_start_removal(struct partition *p, size_t count); /* of the oldest segments */

/* --- partition_checkpoint.c --- */
/* The state as it is now, everything in the active segment counting as synced. Epochs stay borrowed. */
void partition_checkpoint_synced(const struct partition *p, struct checkpoint *c);
/* Brings what does not depend on a sync up to date, and reserves more offsets if few are left. */
void partition_checkpoint_update(struct partition *p, struct checkpoint *c);
/* Whether more offsets should be reserved with the next one. */
bool partition_reserve_low(const struct partition *p);
/* It was written (and synced): takes over what that means. */
void partition_checkpoint_written(struct partition *p, const struct checkpoint *c, bool synced);
/* The part of the state that one says which was read; takes its epochs over. */
void partition_take_checkpoint(struct partition *p, struct checkpoint *c,
                               const struct checkpoint_place *place);
/* Whether the checkpoint that goes with a sync has to be synced too. */
bool partition_checkpoint_due(const struct partition *p, const struct checkpoint *c);
/* A new leader epoch begins with this offset. */
void partition_begin_epoch(struct partition *p, int32_t epoch, int64_t first_offset);
/* Whether an epoch begins there: what is before it may be a gap. */
bool partition_epoch_begins(const struct partition *p, int64_t offset);

/* --- partition_read.c --- */
/* As partition_seek, but without looking at retention first. */
MUST_CHECK
enum err partition_seek_stored(struct partition *p, struct partition_seek *seek);
/* The first batch that begins at least `pos` bytes behind the start of the oldest segment. */
MUST_CHECK
enum err partition_seek_pos(struct partition *p, uint64_t pos, struct partition_seek *seek);
/* The bytes in segments before the batch that a search has found. */
uint64_t partition_seek_skip(const struct partition *p, const struct partition_seek *seek);
/* Where the damage begins that reaches up to what a search by time has found; -1 if there is none. */
int64_t partition_seek_damage(const struct partition_seek *seek);
/* The view of a segment for a search of `offset` (and `timestamp_ms`). */
void partition_view_of(const struct partition *p, size_t i, int64_t offset, int64_t timestamp_ms,
                       struct segment_view *v);
/* Readers that waited for retention go on. */
void partition_wake_readers(struct partition *p);

/* --- partition_replay.c --- */
/* Puts what the journal has into the newest of the segments that begin at `bases`. ERR_CORRUPT: there is none any more. */
MUST_CHECK
enum err partition_replay(struct partition *p, const int64_t *bases, size_t count,
                          struct partition_recovery *report);
/* How many segments there are up to the last that has bytes, or the one that the checkpoint speaks of (-1: none). */
MUST_CHECK
enum err partition_segments_used(const struct partition *p, const int64_t *bases, int64_t spoken_of,
                                 size_t *count);

/* --- partition_stop.c --- */
/* *clean: the marker says all there is to know. One that cannot be read now is not as if there were none: it may
 * be the only one to know where the log starts. */
MUST_CHECK
enum err partition_open_clean(struct partition *p, const int64_t *bases, size_t count, bool *clean);

/* --- partition_retention.c --- */
/* Brings the log start up to the clock and the limits. False: a worker was asked first. */
bool partition_retain_now(struct partition *p);
/* After partition_retain_now: why the log start is not up to date. */
enum err partition_start_doubt(const struct partition *p);
/* Whether a record is inside the limit for sure, by its own timestamp or what is known of those before it.
 * If not, why: the `doubt` there was about the log start, or ERR_CORRUPT: it was damaged then. */
enum err partition_vouch(const struct partition *p, enum err doubt, int64_t offset,
                         int64_t timestamp_ms);
/* Whether records of this batch in memory are kept for sure. */
bool partition_retains(const struct partition *p, const struct tail_batch *batch);
/* The log start moves on to `offset` in a batch with `skip` bytes before it. Calls events.trimmed. */
void partition_move_start(struct partition *p, int64_t offset, int64_t age_ms, uint64_t skip);
/* What is before `offset` will be dropped and may be younger than what stays: that then ages by it. */
void partition_note_dropped(struct partition *p, int64_t offset);
/* Lets segments before the log start be removed, once that is durable. */
void partition_remove_old(struct partition *p);

/* --- partition_compaction.c --- */
/* Begins it when it is due. */
void partition_compact(struct partition *p);
/* Ends it: at once, or when its job is done. */
void partition_compaction_abort(struct partition *p);
/* Whether it waits for a checkpoint that says what it will do. */
bool partition_compaction_noting(const struct partition *p);
/* A job that writes checkpoints has ended. */
void partition_compaction_noted(struct partition *p, enum err err);
/* A job has opened the files it wanted by name. */
void partition_compaction_opened(struct partition *p);
/* Whether it is at a segment: none may be removed meanwhile. */
bool partition_compaction_busy(const struct partition *p);

/* --- partition_trim.c --- */
/* Bytes of the segments that are wholly before `offset`: as near as one knows without a search. Retention
 * by size finds out the rest when it matters. */
uint64_t partition_bytes_before(const struct partition *p, int64_t offset);
/* Lets a job make the log start durable. */
void partition_save_start(struct partition *p);
/* Sees to it that a log start that moved is durable within flush_ms. */
void partition_watch_start(struct partition *p);
void partition_start_timer_fired(struct timer *timer);
/* Those that have what they wait for are told; with an error all are. Calls their `done`. */
void partition_trims_end(struct partition *p, enum err err);

#endif
