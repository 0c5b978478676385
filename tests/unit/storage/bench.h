/* SPDX-License-Identifier: BSD-3-Clause */
/* A storage on a fake disk with a clock that the test moves, one partition in it, and a note of what the
 * partition told. */
#ifndef ECHOLOG_TESTS_STORAGE_BENCH_H
#define ECHOLOG_TESTS_STORAGE_BENCH_H

#include "fake_disk.h"
#include "storage/partition.h"

struct bench {
    struct fake_disk *disk;
    struct clock clock;
    struct timers timers;
    struct trace trace;
    struct storage *st;
    struct partition *p;
    struct partition_config config;
    struct partition_recovery recovery;

    /* What events said. */
    uint64_t written, synced;
    uint64_t refused_first, refused_last;
    unsigned refusals;
    enum err refused_why;
    unsigned trimmed;
    unsigned warnings; /* trace lines */
    void (*on_written)(struct bench *b, uint64_t batch);
    char warned[512]; /* the last of them */

    /* For the next bench_start. */
    size_t tail_bytes_max;
    unsigned files_max;
    bool with_journal;
    uint64_t journal_bytes_max;
    unsigned journal_group_min;
};

void bench_init(struct bench *b);       /* a disk, a storage and a new partition */
void bench_init_alone(struct bench *b); /* a disk and a clock */
void bench_deinit(struct bench *b);

void bench_start(struct bench *b); /* a storage over what is on the disk */
void bench_stop(struct bench *b);  /* closes partition and storage */
enum err bench_open(struct bench *b);
void bench_reopen(struct bench *b); /* stop, start, open */
/* The machine or the process dies, and comes back. */
void bench_crash(struct bench *b, enum fake_kept kept, uint64_t seed);

void bench_pass(struct bench *b, int64_t ms); /* time passes; timers fire; jobs run */
void bench_settle(struct bench *b);           /* jobs run */

/* Appends one record with the value and the clock's time; returns its offset. */
int64_t bench_append(struct bench *b, const char *value);
int64_t bench_append_at(struct bench *b, const char *value, int64_t timestamp_ms);
/* As many bytes as asked for, as its own batch when commit follows. */
int64_t bench_append_bytes(struct bench *b, size_t len);
/* Appends, commits, and waits until it is synced. */
int64_t bench_put(struct bench *b, const char *value);

/* Reads one record: its value, which is good until the next call; NULL when the read gave an error or no
 * such record (the error is in *err, which may be NULL). */
const char *bench_get(struct bench *b, int64_t offset, enum err *err);
/* Reads everything from `offset` on in pieces and counts the records; asserts that offsets ascend. */
size_t bench_count(struct bench *b, int64_t offset, size_t bytes_max);
/* Makes a read wait for its end if it must. */
void bench_read(struct bench *b, struct partition_read *read);
void bench_seek(struct bench *b, struct partition_seek *seek);
void bench_set_done(struct partition_read *read); /* a `done` that sets the bool in read->ctx */

extern const struct partition_events bench_events;

#endif
