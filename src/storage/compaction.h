/* SPDX-License-Identifier: BSD-3-Clause */
/* Compaction of sealed segments, the part that workers do. A pass has three steps, each over one segment after
 * the other: note the last offset of every key in what was appended since the last pass; write each
 * segment anew without what those supersede; put the new files in the place of the old.
 *
 * Batches stay one to one, with their offsets, and empty ones go. A tombstone that stays gives its batch a
 * delete horizon, as Kafka does; the first pass after that time drops it. That is safe because segments
 * are replaced in order, each durably before the next: when a horizon is on the device nothing older of
 * that key is left.
 *
 * The new files are <base>.log.cleaned and so on. The log's rename is the one step that counts: a crash
 * before it leaves files that the next opening removes, one after it the new segment, perhaps with old
 * indexes, which are only hints. What is damaged is not compacted.
 *
 * Then small segments next to each other become one, batch by batch as they are: see merge.h. */
#ifndef ECHOLOG_STORAGE_COMPACTION_H
#define ECHOLOG_STORAGE_COMPACTION_H

#include "storage/key_map.h"
#include "storage/merge.h"
#include "storage/segment.h"

#define COMPACTION_SUFFIX ".cleaned"

/* Adds the keys of the records from `from` on to the map. *to is where that ended: behind the segment, or
 * at a batch before which the map has `keys_max` keys or more; it always gets past `from`.
 * ERR_CORRUPT, ERR_UNSUPPORTED: there is something that has no place in a compacted log; ERR_IO. */
MUST_CHECK
enum err compaction_map(const struct segment_view *v, int64_t from, size_t keys_max,
                        struct key_map *map, int64_t *to);

struct compaction_rules {
    const struct key_map *map;
    int64_t mapped_to; /* keys of records from there on are not in the map */
    int64_t now_ms;
    int64_t delete_retention_ms;
};

/* What a segment has become. */
struct compacted {
    bool changed;                /* else there is no new file, and nothing below but `dropped` */
    uint64_t bytes;              /* of the new log */
    int64_t max_timestamp_ms;    /* INT64_MIN when nothing is left */
    int64_t last_base;           /* of the last batch left; -1 when there is none */
    size_t last_len;             /* of it */
    uint64_t dropped;            /* records */
    struct index index;          /* owned; what is pending is in the files */
    struct segment_files *files; /* counted: the new ones, open */
};
/* Writes and syncs the new files, if there is anything to drop or to note. On failure nothing is left but
 * perhaps files to remove. */
MUST_CHECK
enum err compaction_clean(struct disk *disk, const char *dir, const struct segment_view *v,
                          const struct compaction_rules *rules, struct compacted *out);

/* Writes and syncs new files of the first view's base offset with the batches of all `count` of them, which follow
 * on one another. `changed` is false when the new log would be as long as the first: then they stay
 * as they are. ERR_CORRUPT: something is damaged. */
MUST_CHECK
enum err compaction_merge(struct disk *disk, const char *dir, const struct segment_view *views,
                          size_t count, struct compacted *out);

/* Puts the new files in the place of the old; with `remove` both go. *swapped: it took place, also when an
 * error is returned: then it is not known to be durable. */
MUST_CHECK
enum err compaction_swap(struct disk *disk, const char *dir, int64_t base_offset, bool remove,
                         bool *swapped);

/* The same of a merge: the segments up to the note's end go. After an error merge_settle comes before
 * anything else is done to files of this log. */
MUST_CHECK
enum err compaction_swap_merged(struct disk *disk, const char *dir, const struct merge_note *note,
                                bool *swapped);

/* Removes new files that were not put in place. */
void compaction_drop(struct disk *disk, const char *dir, int64_t base_offset);

#endif
