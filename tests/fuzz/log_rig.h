/* SPDX-License-Identifier: BSD-3-Clause */
/* What the fuzz targets of the log share: one partition's directory on a disk in memory, files put into it,
 * and all that a reader can see of it written down, so that two views of one log can be compared. */
#ifndef ECHOLOG_TESTS_FUZZ_LOG_RIG_H
#define ECHOLOG_TESTS_FUZZ_LOG_RIG_H

#include "storage/marker.h"
#include "storage/partition.h"
#include "unit/storage/fake_disk.h"

struct log_rig {
    struct fake_disk *disk;
    struct clock clock;
    struct timers timers;
    struct trace trace;
    struct storage *st;
    struct partition *p;
    struct partition_recovery recovery;
};

/* A batch, or with `damaged` a range that a reader was told about. */
struct log_range {
    int64_t from, to; /* exclusive */
    uint32_t crc;
    bool damaged;
};

/* All of a log, ascending. Neighbouring damaged ranges are one. */
struct log_view {
    struct log_range *items; /* owned */
    size_t count;
    int64_t start, next; /* the log's bounds */
};

void log_rig_init(struct log_rig *rig); /* a disk with an empty directory */
void log_rig_deinit(struct log_rig *rig);

/* --- files, durable at once; the disk is quiet meanwhile --- */
void log_rig_put(struct log_rig *rig, int64_t base_offset, const char *suffix,
                 struct bytes content);
void log_rig_put_checkpoint(struct log_rig *rig, const struct checkpoint *c);
void log_rig_put_marker(struct log_rig *rig, const struct marker *m);
/* The bytes of a file, to read. */
struct bytes log_rig_bytes(struct log_rig *rig, int64_t base_offset, const char *suffix);

/* --- the partition --- */
MUST_CHECK
enum err log_rig_open(struct log_rig *rig);
void log_rig_close(struct log_rig *rig);
/* The power goes and comes back: what was not synced is kept, lost, or some of it. */
void log_rig_crash(struct log_rig *rig, enum fake_kept kept, uint64_t seed);
/* One record in a batch of its own, synced; its offset. */
int64_t log_rig_append(struct log_rig *rig, const char *value);

/* Reads everything in steps of about `bytes_max`, and checks what any reader may rely on. */
void log_rig_view(struct log_rig *rig, size_t bytes_max, struct log_view *view);
void log_view_deinit(struct log_view *view);
/* Whether `later` says of the offsets below `limit` what `view` says. */
bool log_view_equal(const struct log_view *view, const struct log_view *later, int64_t limit);

/* One read; the caller ends it. */
void log_rig_read(struct log_rig *rig, struct partition_read *read);
/* A search by time: the offset, and the found timestamp. Checked as far as any log allows. */
int64_t log_rig_seek(struct log_rig *rig, int64_t timestamp_ms, int64_t *found_ms);

#endif
