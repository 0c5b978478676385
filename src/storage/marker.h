/* SPDX-License-Identifier: BSD-3-Clause */
/* The marker of a clean stop, a file `clean` in the partition's directory: it says that everything is on
 * the device, and what is there, so that a start reads nothing else. It is removed, and its removal made
 * durable, before the first write. All numbers are big-endian:
 *
 *    0  magic "ECLN"            16  sequence and slot of the next checkpoint   u64, u32
 *    4  CRC-32C of 8…  u32      28  next offset i64, newest batch: base i64, length u64
 *    8  length         u32      52  checkpoint image: length u32, bytes
 *   12  version        u32          segment count u32, then of each: base i64, log bytes u64, entries in the
 *                                   index u32 and time index u32, first append ms i64, max timestamp i64,
 *                                   flags u32 (1 that is known, 2 so is the checksum), time index's
 *                                   checksum u32
 *
 * One of version 1, which had no such checksums, is as if there were none. */
#ifndef ECHOLOG_STORAGE_MARKER_H
#define ECHOLOG_STORAGE_MARKER_H

#include "base/buf.h"
#include "base/check.h"
#include "base/err.h"
#include "disk/disk.h"
#include "storage/checkpoint.h"
#include "storage/segment.h"

struct marker_segment {
    int64_t base_offset;
    uint64_t bytes;
    uint32_t index_entries;
    uint32_t time_index_entries;
    uint32_t time_index_crc; /* as in struct index */
    bool time_index_crc_known;
    int64_t began_ms;
    int64_t max_timestamp_ms;
    bool max_timestamp_known;
};

struct marker {
    struct checkpoint_place place;
    struct checkpoint checkpoint;
    int64_t next_offset;
    int64_t last_batch_base;
    uint64_t last_batch_len;
    struct marker_segment *segments; /* at least one */
    size_t segment_count;
};

/* Leaves the marker, durably. What `m` points to stays the caller's. */
MUST_CHECK
enum err marker_write(struct disk *disk, const char *dir, const struct marker *m);
/* ERR_NOT_FOUND there is none; ERR_CORRUPT it is not whole: as if there were none. */
MUST_CHECK
enum err marker_read(struct disk *disk, const char *dir, struct marker *m);
void marker_deinit(struct marker *m); /* frees what marker_read made */
/* Removes it, durably. Fine when there is none. */
MUST_CHECK
enum err marker_remove(struct disk *disk, const char *dir);

/* Whether it speaks of just these segments, by base offset, ascending. */
bool marker_fits(const struct marker *m, const int64_t *bases, size_t count);

/* For tests: the same without a disk. */
void marker_encode(const struct marker *m, struct buf *out);
MUST_CHECK
enum err marker_decode(struct bytes data, struct marker *m);

#endif
