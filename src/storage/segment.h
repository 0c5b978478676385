/* SPDX-License-Identifier: BSD-3-Clause */
/* One segment of a partition: a log file and its two indexes. The struct is the reactor's; a segment_view
 * is what a worker (or the reactor itself) needs to read in it. */
#ifndef ECHOLOG_STORAGE_SEGMENT_H
#define ECHOLOG_STORAGE_SEGMENT_H

#include "base/buf.h"
#include "base/check.h"
#include "base/err.h"
#include "storage/checkpoint.h"
#include "storage/files.h"
#include "storage/index.h"
#include <stdint.h>

/* Positions and relative offsets in the indexes have 31 bits. */
#define SEGMENT_BYTES_MAX INT32_MAX

struct segment {
    unsigned refs;
    int64_t base_offset;
    uint64_t bytes;           /* of whole batches in the log */
    int64_t began_ms;         /* wall time of the first append, -1 when empty */
    int64_t max_timestamp_ms; /* INT64_MIN when empty */
    bool max_timestamp_known; /* false: nobody has looked since the start */
    bool index_rebuilt;       /* once a run is enough */
    uint32_t version;         /* how often it was compacted in this run */
    unsigned opening;         /* jobs that open its files by their names */
    bool pinned;              /* its files are being replaced: those that are open stay open */
    struct index index;
    struct segment_files *files; /* counted; NULL while closed */
};

struct segment *segment_create(int64_t base_offset);
void segment_ref(struct segment *s);
void segment_unref(struct segment *s); /* the last one closes the files */

/* Everything a read of one segment needs, as of one moment. */
struct segment_view {
    struct segment_files
        *files; /* counted by whoever made the view; may be NULL: open them first */
    bool cached;
    int64_t base_offset;
    int64_t end_offset; /* of the next segment, or where the log ends */
    uint64_t bytes;
    uint32_t index_entries;
    uint32_t time_index_entries;
    uint32_t time_index_crc; /* as in struct index */
    bool time_index_crc_known;
    const struct checkpoint_epoch *epochs; /* borrowed: what epochs batches may have */
    size_t epoch_count;
    int64_t holes_below;      /* before this offset records may be missing */
    uint32_t version;         /* of the segment */
    bool gap_at_end;          /* the log may well end before end_offset: an epoch begins there */
    struct index_entry place; /* a batch that begins with place.offset, at or before what is sought;
                                        offset -1: none is known */
    struct index_entry pending; /* as found among the entries in memory; offset -1: nothing */
    struct time_index_entry time_pending; /* the same */
    size_t search_bytes_max;              /* ERR_AGAIN after scanning this much for the place */
};

/* The view for a search of `offset` (and `timestamp_ms`) in the segment, which ends at `end_offset`. */
void segment_view_init(struct segment_view *v, const struct segment *s, int64_t end_offset,
                       int64_t offset, int64_t timestamp_ms);

struct segment_read {
    struct buf buf; /* the batches are in here; owned by the caller */
    bool index_bad; /* the index did not help as it should have */
    struct bytes batches;
    int64_t last_base; /* of the last batch read: its first offset, and where it is */
    uint64_t last_pos;
    int64_t next_offset; /* behind it */
    uint64_t next_pos;
    int64_t corrupt_from, corrupt_to; /* with ERR_CORRUPT */
};

/* Reads whole good batches from the one that holds `offset` on, about `bytes_max` bytes and no more than hold
 * `records_max` records from there on, at least one batch. ERR_NOT_FOUND no batch in this segment is at or behind `offset`; ERR_AGAIN; ERR_CORRUPT `offset`
 * lies in a damaged range; ERR_IO. */
MUST_CHECK
enum err segment_read(const struct segment_view *v, int64_t offset, size_t bytes_max,
                      size_t records_max, struct segment_read *out);

struct segment_found {
    int64_t offset;
    int64_t timestamp_ms;
    uint64_t pos; /* of its batch */
    /* Of a search by time: from here up to the record (with ERR_NOT_FOUND: to the end) all is damaged, and
     * may hold what is sought; -1: nothing is. */
    int64_t damage_from;
    bool index_bad; /* of a search by time: the index did not help as it should have */
};
/* The first record at or behind `from` whose timestamp is `timestamp_ms` or later.
 * ERR_NOT_FOUND there is none; ERR_AGAIN; ERR_IO. Damaged ranges are passed over. */
MUST_CHECK
enum err segment_seek_time(const struct segment_view *v, int64_t from, int64_t timestamp_ms,
                           struct segment_found *found);

/* The first batch that begins at position `pos` or behind it: `found` is its first record.
 * ERR_NOT_FOUND there is none; ERR_AGAIN; ERR_IO. Damaged ranges are passed over. */
MUST_CHECK
enum err segment_seek_pos(const struct segment_view *v, uint64_t pos, struct segment_found *found);
/* The same of the last good batch. */
MUST_CHECK
enum err segment_seek_last(const struct segment_view *v, struct segment_found *found);

/* Makes the indexes anew from the log: any thread. What is in `x` then is in the files. */
MUST_CHECK
enum err segment_rebuild_index(struct disk *disk, const char *dir, const struct segment_view *v,
                               struct index *x);

#endif
