/* SPDX-License-Identifier: BSD-3-Clause */
/* Many partitions on one fake disk, with a journal that syncs them together, and a note of what was acknowledged to
 * each. The value of a record says whose it is and where. */
#ifndef ECHOLOG_TESTS_STORAGE_CROWD_H
#define ECHOLOG_TESTS_STORAGE_CROWD_H

#include "bench.h"
#include "storage/partition_internal.h"

#define CROWD_MAX 64
#define CROWD_JOURNAL_BYTES ((uint64_t)1024 * 1024)

struct crowd_member {
    struct crowd *crowd;
    struct partition *p; /* NULL: closed or deleted */
    struct partition_config config;
    struct partition_recovery recovery;
    char dir[32];
    char id[32];
    int64_t acknowledged; /* records */
    /* When it was opened: how many it had, and where it went on; after a power cut there is a gap. */
    int64_t had, began;
    unsigned refusals;
    enum err refused_why;
    void (*on_synced)(struct crowd_member *m);
};

struct crowd {
    struct bench b; /* its storage and disk; no partition of its own */
    struct crowd_member members[CROWD_MAX];
    size_t count;
};

/* New partitions, all there. */
void crowd_init(struct crowd *c, size_t count, uint64_t journal_bytes_max, unsigned group_min);
void crowd_deinit(struct crowd *c);

void crowd_close(struct crowd *c); /* a clean stop of all that are open */
void crowd_start(struct crowd *c); /* a storage with what the journal has */
/* Opens one, which has all that was acknowledged; the same for all, and the end of the start. */
enum err crowd_open_one(struct crowd *c, size_t i);
void crowd_open(struct crowd *c);
void crowd_crash(struct crowd *c, enum fake_kept kept, uint64_t seed); /* and crowd_start */
void crowd_make(struct crowd *c, size_t i, const char *id);

/* One more record for member i, which is to be synced, or only written. */
void crowd_append(struct crowd *c, size_t i);
void crowd_append_written(struct crowd *c, size_t i);
void crowd_append_bytes(struct crowd *c, size_t i, size_t len);
void crowd_sync(struct crowd *c);   /* the end of a turn */
void crowd_settle(struct crowd *c); /* turns, until there is nothing to do */
void crowd_put_all(struct crowd *c);
void crowd_pass(struct crowd *c, int64_t ms); /* time passes, timers fire, turns */

/* All records of member i are there, and are its own; returns how many. */
int64_t crowd_check(struct crowd *c, size_t i);
void crowd_check_acknowledged(struct crowd *c);
/* Files of the journal on the disk. */
size_t crowd_journal_files(struct crowd *c);
const struct storage_stats *crowd_stats(const struct crowd *c);

#endif
