/* SPDX-License-Identifier: BSD-3-Clause */
/* A data directory in the file system with one partition, "t-0", written by the storage library; means to
 * spoil its files; and runs of echolog-dump over it with what they print. */
#ifndef ECHOLOG_TESTS_DUMP_SCRATCH_H
#define ECHOLOG_TESTS_DUMP_SCRATCH_H

#include "base/buf.h"
#include "dump/target.h"
#include "storage/partition.h"

#define SCRATCH_LOG "t-0/00000000000000000000.log"
#define SCRATCH_INDEX "t-0/00000000000000000000.index"
#define SCRATCH_TIME_INDEX "t-0/00000000000000000000.timeindex"
#define SCRATCH_NOW_MS 1700000000000

struct scratch {
    char dir[64];
    struct disk *disk;
    struct clock clock;
    struct timers timers;
    struct trace trace;
    struct storage *st;
    struct partition *p;
    int64_t segment_bytes;
    bool compact;

    char *said;       /* by the last run; owned, NUL-terminated */
    char *complained; /* the same */
};

void scratch_init(struct scratch *s); /* an empty partition, open for writing */
void scratch_deinit(struct scratch *s);
void scratch_close(struct scratch *s); /* a clean stop */
void scratch_open(struct scratch *s);  /* goes on */

/* Each makes a batch of its own, synced; the clock goes on by one millisecond. */
void scratch_put(struct scratch *s, const char *key, const char *value);
void scratch_put_bytes(struct scratch *s, size_t len);
void scratch_put_record(struct scratch *s, const struct record *r);
void scratch_compact(struct scratch *s); /* what was put with `compact` set */

/* Files, by their path below the directory. */
struct buf scratch_read(struct scratch *s, const char *path); /* the caller's */
void scratch_write(struct scratch *s, const char *path, const void *data, size_t len);
void scratch_append(struct scratch *s, const char *path, const void *data, size_t len);
void scratch_remove(struct scratch *s, const char *path);
void scratch_truncate(struct scratch *s, const char *path, size_t len);
bool scratch_has(struct scratch *s, const char *path);
/* Flips one bit at `pos`; again brings it back. */
void scratch_flip(struct scratch *s, const char *path, size_t pos);
/* From here on this process may read everything in it and write nothing. */
void scratch_forbid_writing(struct scratch *s);
void scratch_allow_writing(struct scratch *s);
/* The meta file of topic "t" with so many partitions and these lines. */
void scratch_meta(struct scratch *s, int partitions, const char *lines);

/* Runs over `path` below the directory ("" is all of it), with options "--deep" and so on in one string. */
enum target_status scratch_dump(struct scratch *s, const char *path, const char *options);
bool scratch_said(const struct scratch *s, const char *text);
size_t scratch_lines(const struct scratch *s, const char *kind); /* that begin so */

#endif
