/* SPDX-License-Identifier: BSD-3-Clause */
/* What a partition must be like, kept in plain memory, and the checks that hold the log against it. It hears
 * what was appended and what the partition's events said, and judges every answer. It knows nothing of
 * who appends and breaks things.
 *
 * A record's content is made from its id, so the model keeps only that. Batches are kept whole: they are
 * written, synced, refused, lost and damaged as such. */
#ifndef ECHOLOG_TESTS_SIM_MODEL_H
#define ECHOLOG_TESTS_SIM_MODEL_H

#include "base/check.h"
#include "storage/partition.h"

/* An id says which key the record has, in its low bits. */
#define MODEL_KEYS_MAX 63
#define MODEL_ID_STEP (MODEL_KEYS_MAX + 1)

/* Promises that can be switched off while the storage does not keep them yet. */
struct model_rules {
    bool reserved;       /* what a reader has seen keeps its offset through a power cut */
    bool log_start;      /* a log start that moved is durable within flush_ms */
    bool checkpoint_rot; /* a checkpoint that is spoiled costs what is said there and no more */
    bool both_slots;     /* the same of one of which nothing is left */
    bool forgotten;      /* what a failed sync forgot is written anew at the next start */
};

enum model_state {
    MODEL_APPENDED, /* no reader may see it */
    MODEL_WRITTEN,  /* survives the end of the process */
    MODEL_DURABLE   /* survives a power cut */
};

struct model_record {
    uint64_t id;
    int64_t timestamp_ms;
    bool found; /* in the audit under way */
};

struct model_batch {
    uint64_t number; /* in this run; 0: of an earlier one */
    int64_t base;
    size_t count;
    struct model_record *records; /* owned */
    enum model_state state;
    bool doubtful; /* refused, or the end of the process met it: it may be there or not */
    bool damaged;  /* reads of it may say so */
    bool base_rotted;
    bool append_time;
    int64_t max_before_ms; /* the greatest timestamp before it */
    int64_t written_us;
    int64_t horizon_ms; /* from then on a tombstone in it may be gone */
    bool found, told;   /* read, or told to be damaged, in the audit under way */
};

#define MODEL_MOVES_MAX 64

struct model_move {
    int64_t start;
    int64_t at_us;
};

struct model {
    const char *name;
    const struct model_rules *rules;
    const struct clock *clock;
    struct model_batch *batches; /* owned, ascending */
    size_t count, cap;
    int64_t start;        /* log start, as last seen */
    int64_t start_firm;   /* the log start does not go back behind it: a checkpoint has it */
    int64_t start_marker; /* nor behind this, while the marker of a clean stop is there */
    /* A move that failed may be in the checkpoint all the same. A start after a clean stop goes by the marker, and looks
     * at nothing else: the log start is there as soon as the marker rots. */
    int64_t start_tried;
    bool checkpoint_spoiled, marker_spoiled;
    int64_t trim_to; /* it was asked to move so far */
    struct model_move
        moves[MODEL_MOVES_MAX]; /* of the log start that may not be durable, ascending */
    size_t move_count;
    int64_t next;       /* the next append gets it */
    int64_t seen_bound; /* readers have seen no record from here on */
    uint64_t number_written, number_synced;
    bool compacts; /* or did once */
    int64_t delete_retention_ms;
    int64_t wall_max_ms;                     /* before the clock was set back */
    int64_t last_of_key[MODEL_KEYS_MAX + 1]; /* the last offset known to be on the device; -1 */
    bool failed;                             /* the partition takes no more in this run */
    bool unheard;                            /* a sync failed that no start can know of */
    bool cut_told;                           /* by the restart under audit */
    bool bytes_known;                        /* no bytes are in the files but the batches */
};

/* How a run ended. */
enum model_end {
    MODEL_END_CLEAN, /* closed without an error */
    MODEL_END_KILL,  /* the page cache is there */
    MODEL_END_POWER
};

/* What was true when a read or search began. */
struct model_moment {
    int64_t start;
    int64_t next;      /* behind the last written record */
    int64_t cutoff_ms; /* no record that ages by less may be read; INT64_MIN: all may */
    bool trouble;      /* the disk may answer with errors */
};

/* Says what is wrong and ends the process. */
NORETURN void model_fail(const struct model *m, const char *format, ...) PRINTF_LIKE(2, 3);
/* Set by the program: called with the text. */
extern void (*model_fail_sink)(const char *text);

void model_init(struct model *m, const char *name, const struct model_rules *rules,
                const struct clock *clock);
void model_deinit(struct model *m);

/* A record with the content of `id`. It points into `scratch`, which is good until the next call. */
struct model_scratch {
    char bytes[8192];
    struct record_header headers[4];
};
void model_make(uint64_t id, int64_t timestamp_ms, struct model_scratch *scratch, struct record *r);

/* --- what happened -------------------------------------------------------------------------- */

void model_appended(struct model *m, int64_t offset, uint64_t number, const uint64_t *ids,
                    const int64_t *timestamps_ms, size_t count, bool append_time);
void model_written(struct model *m, uint64_t number, int64_t now_us);
void model_synced(struct model *m, uint64_t number);
void model_refused(struct model *m, uint64_t first, uint64_t last, enum err why);
/* It takes no more; nothing had to be refused. */
void model_failed(struct model *m, enum err why);
/* It goes by these limits from now on. */
void model_configured(struct model *m, const struct partition_config *config);
/* Whether no base offset has rotted: to tell takes the leader epochs of the checkpoint, and no gaps of compaction. */
bool model_knows_bases(const struct model *m);
/* The wall clock was set back. */
void model_time_back(struct model *m, int64_t before_ms);
/* The log start has moved. */
void model_trimmed(struct model *m, int64_t log_start, int64_t cutoff_ms, int64_t bytes_max,
                   int64_t now_us);
/* A trim begins; the log start may move so far by it. */
void model_trim_asked(struct model *m, int64_t offset);
/* A trim was answered. */
void model_trim_durable(struct model *m, int64_t log_start);
/* All is quiet: the log start is where it was then at least, durably. */
void model_quiet(struct model *m, int64_t before_us);
/* The file is not as it was written.
 *
 * The marker: the next start scans, and a log start that is in no checkpoint is back where it was.
 *
 * Both slots of the checkpoint: the start reads all segments and knows nothing but what is in them. So the log start
 * is the base of the first file (trimmed records that have a file still are back; where a file is gone behind one that
 * is there, damage is told or compaction blamed); the times of dropped records
 * are forgotten (later ones expire by their own); the log goes on 3 * RESERVE_AHEAD_MAX behind the last batch, under
 * an epoch of its own; a last batch that is rotten too is cut as
 * a torn tail is, with a word in the trace; in a compact topic any gap before the last segment passes for
 * compaction's, in one that is compact no more it is told as damage; and where no segment begins with
 * a good batch the log is refused as corrupt. No good batch is lost or called damaged, and no offset that a
 * reader saw is given out again. One slot: the same at most, the log start is the one of that slot, and gaps of
 * compaction are no damage. */
void model_marker_spoiled(struct model *m);
void model_checkpoint_spoiled(struct model *m);
/* It was closed, and all is durable. */
void model_closed(struct model *m);
/* Nothing is known of what is not durable yet. */
void model_doubt(struct model *m);
/* The same, since a sync failed and the run ended before it could hear of it. */
void model_doubt_unheard(struct model *m);
/* The batch at `base` was spoiled on the device, in its base offset or elsewhere. The checksum does not cover
 * the base offset: that it follows on tells. So nothing tells where compaction, more damage or a restart left a gap
 * beside it, and such rot must not be. */
bool model_may_rot(const struct model *m, int64_t base, bool of_base);
void model_rotted(struct model *m, int64_t base, bool of_base);

/* --- checks --------------------------------------------------------------------------------- */

/* What a describe must say. */
void model_check_info(struct model *m, const struct partition_info *info);
struct model_moment model_now(const struct model *m, int64_t cutoff_ms, bool trouble);
void model_check_read(struct model *m, const struct model_moment *began,
                      const struct partition_read *read);
void model_check_seek(struct model *m, const struct model_moment *began,
                      const struct partition_seek *seek);
/* What was written before `before_us` is synced, unless it was refused. */
void model_check_flushed(const struct model *m, int64_t before_us);
/* Where retention may have moved the log start to: [*low, *high]. */
void model_start_bounds(const struct model *m, int64_t cutoff_ms, int64_t bytes_max, int64_t *low,
                        int64_t *high);

struct model_restart {
    enum model_end end; /* of the run before */
    int64_t start_max;  /* the log start may have moved up to there before */
    bool cut_told;      /* it told of a cut or damage at the end */
    bool clean;         /* nothing was scanned */
};
/* After a restart: begin, one call per read of the whole log in order, end. What was found is then durable and
 * what was not is forgotten. */
void model_audit_begin(struct model *m, const struct model_restart *restart,
                       const struct partition_info *info);
/* Returns where to read on. */
int64_t model_audit_read(struct model *m, const struct partition_read *read);
/* Returns how many records compaction had removed. */
size_t model_audit_end(struct model *m, enum model_end end, const struct partition_info *info);

/* Whether readers must find a record in the range. */
bool model_keeps_any(const struct model *m, int64_t from, int64_t to);
/* How many records of live batches there are. */
size_t model_records(const struct model *m);

#endif
