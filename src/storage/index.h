/* SPDX-License-Identifier: BSD-3-Clause */
/* The two sparse indexes of a segment, in Kafka's layout, one entry each about every INDEX_INTERVAL_BYTES:
 *
 *   .index       offset relative to the segment i32, position of its batch i32
 *                (the offset is the last of the batch at that position)
 *   .timeindex   timestamp i64, offset relative to the segment i32
 *                (no record up to that offset is later, and the batch that ends there has that timestamp);
 *                behind the last entry a seal: magic "ECTI", CRC-32C u32 of the segment's base offset i64
 *                and all entries
 *
 * Indexes are hints. Whoever uses an entry checks it against the log and can do without. What a time entry
 * says of the records before its batch cannot be checked without reading them: so a time index is believed
 * only as it was written, as a whole. Entries of the active segment gather in memory until a job writes
 * them. */
#ifndef ECHOLOG_STORAGE_INDEX_H
#define ECHOLOG_STORAGE_INDEX_H

#include "base/buf.h"
#include "base/check.h"
#include "base/err.h"
#include "disk/disk.h"
#include <stdint.h>

#define INDEX_INTERVAL_BYTES 4096
#define INDEX_ENTRY_BYTES 8
#define TIME_INDEX_ENTRY_BYTES 12
#define TIME_INDEX_SEAL_BYTES 8
/* When this much waits in memory it is time to sync. */
#define INDEX_PENDING_BYTES_MAX (32 * 1024)

struct index {
    uint32_t entries;      /* in the file */
    uint32_t time_entries; /* in the file */
    uint32_t time_crc;     /* of those, as in the seal */
    bool time_crc_known;   /* else the file's own seal tells */
    bool seal_due;         /* the file has none behind these entries */
    int64_t base_offset;   /* of the segment, once there is an entry */
    struct buf pending;    /* encoded entries that are not in the file yet; owned */
    struct buf time_pending;
    uint64_t bytes_since; /* of batches since the last entry */
    int64_t max_timestamp_ms;
    int64_t max_timestamp_offset; /* the last offset of the batch that has it */
    int64_t time_entry_ms;        /* of the newest time entry */
};

struct index_entry {
    int64_t offset; /* absolute */
    uint64_t pos;
};

struct time_index_entry {
    int64_t timestamp_ms;
    int64_t offset; /* absolute */
};

void index_init(struct index *x);
void index_deinit(struct index *x);
/* A batch was put at `pos`. */
void index_add(struct index *x, int64_t base_offset, int64_t last_offset, uint64_t pos, size_t len,
               int64_t max_timestamp_ms);
/* Before the segment is sealed: the last time entry says the greatest timestamp of all. */
void index_seal(struct index *x, int64_t base_offset);
bool index_pending_full(const struct index *x);

/* Writes what is pending to the files; any thread, while nobody adds. The caller then says
 * index_flushed on the reactor. */
MUST_CHECK
enum err index_flush(const struct index *x, struct disk_file *file, struct disk_file *time_file);
void index_flushed(struct index *x);
/* They could not be written: readers scan that stretch instead. */
void index_give_up_pending(struct index *x);

/* Of what is in the files, goes on with the entries for what is before position `pos` and `offset` only; of
 * a time index that is not as it was written, with none. Blocks. */
MUST_CHECK
enum err index_load(struct index *x, struct disk_file *file, struct disk_file *time_file,
                    int64_t base_offset, uint64_t pos, int64_t offset);

/* A lookup that a worker can do on its own. */
struct index_view {
    struct disk_file *file;      /* borrowed; may be NULL */
    struct disk_file *time_file; /* borrowed; may be NULL */
    uint32_t entries;
    uint32_t time_entries;
    uint32_t time_crc;
    bool time_crc_known;
    int64_t base_offset;
    bool cached; /* answer ERR_AGAIN rather than wait for the device */
};

/* The last entry whose offset is at most `offset` (timestamp is less than `timestamp_ms`). ERR_NOT_FOUND
 * there is none; ERR_CORRUPT the file is shorter than it should be; ERR_AGAIN as said. */
MUST_CHECK
enum err index_lookup(const struct index_view *v, int64_t offset, struct index_entry *entry);
/* The first entry whose position is greater than `pos`. */
MUST_CHECK
enum err index_next_pos(const struct index_view *v, uint64_t pos, struct index_entry *entry);
/* The last entry whose position is at most `pos`. */
MUST_CHECK
enum err index_lookup_pos(const struct index_view *v, uint64_t pos, struct index_entry *entry);
/* Checks the whole time index against what is known of it, else against its seal. ERR_CORRUPT it is not as
 * it was written. */
MUST_CHECK
enum err time_index_check(const struct index_view *v);
/* Checks it first. ERR_CORRUPT also when it is missing. */
MUST_CHECK
enum err time_index_lookup(const struct index_view *v, int64_t timestamp_ms,
                           struct time_index_entry *entry);
/* The same among the pending ones. */
MUST_CHECK
enum err index_lookup_pending(const struct index *x, int64_t base_offset, int64_t offset,
                              struct index_entry *entry);
MUST_CHECK
enum err index_lookup_pos_pending(const struct index *x, int64_t base_offset, uint64_t pos,
                                  struct index_entry *entry);
MUST_CHECK
enum err time_index_lookup_pending(const struct index *x, int64_t base_offset, int64_t timestamp_ms,
                                   struct time_index_entry *entry);

#endif
