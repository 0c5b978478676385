/* SPDX-License-Identifier: BSD-3-Clause */
/* A catalog over a real disk in a scratch directory, with a clock that tests move. Waiting is for the
 * disk's completions, never for time. */
#ifndef ECHOLOG_TESTS_TOPICS_RIG_H
#define ECHOLOG_TESTS_TOPICS_RIG_H

#include "disk/posix_disk.h"
#include "topics/ack.h"
#include "topics/catalog.h"
#include "topics/fetch.h"
#include <stdatomic.h>

#define RIG_TRACE_BYTES 65536
#define RIG_RECORD_MS 1700000000000 /* the timestamp of every record */

struct rig {
    char root[64];
    struct disk *disk;
    const struct disk_ops *disk_ops; /* the driver's own */
    struct disk_ops faulty_ops;
    unsigned sync_workers; /* 0 is one: jobs of a lane end in the order they were asked for */
    atomic_bool mkdir_hangs;
    struct clock clock;
    struct timers timers;
    struct trace trace;
    char traced[RIG_TRACE_BYTES]; /* all lines */
    struct random random;
    struct hash_key key;
    struct config config;
    struct storage *storage;
    struct catalog *catalog;
    struct catalog_recovery recovery;
    struct buf why;
};

void rig_open(struct rig *b);  /* in a new directory */
void rig_close(struct rig *b); /* and removes the directory */
/* Clean stop and start on the same directory. */
void rig_restart(struct rig *b);
void rig_stop(struct rig *b);
void rig_start(struct rig *b);
/* Closes a catalog of which some partition has failed, and removes the directory. */
void rig_abandon(struct rig *b);

/* What the disk does from now on. */
enum rig_fault {
    RIG_NO_FAULT,
    RIG_WRITE_FULL,  /* writes find no space */
    RIG_SYNC_FAILS,  /* syncs of files answer ERR_IO */
    RIG_COLD,        /* nothing is in the page cache */
    RIG_MKDIR_HANGS, /* until there is no fault any more */
};
void rig_fault(struct rig *b, enum rig_fault fault);

/* A copy of the directory as a crash would leave it, for rig_start. */
void rig_copy(const struct rig *b, struct rig *after);
/* The same, started; `b` goes on. */
void rig_crash_copy(const struct rig *b, struct rig *after);
/* The same, when the file `from` had not been renamed to `to` yet. */
void rig_crash_copy_renamed(const struct rig *b, const char *to, const char *from,
                            struct rig *after);

/* One turn of the program's loop. */
void rig_turn(struct rig *b);
/* The same, and until something may have come from the disk. */
void rig_turn_and_wait(struct rig *b);
/* Turns until *flag; fails the test when the disk does not get there. */
void rig_until(struct rig *b, const bool *flag);
void rig_until_idle(struct rig *b); /* until no change is under way, nor anything else */

bool rig_exists(const struct rig *b, const char *path);
void rig_write_file(const struct rig *b, const char *path, const char *text);
char *rig_read_file(const struct rig *b, const char *path); /* the caller's */
void rig_remove(const struct rig *b, const char *path);
void rig_rename(const struct rig *b, const char *from, const char *to);
size_t rig_count(const struct rig *b, const char *path); /* entries of a directory */
void rig_mkdir(const struct rig *b, const char *path);
const char *rig_why(struct rig *b); /* NUL-terminated, and empties it */

/* A change and what became of it. */
struct awaited {
    struct topic_change change;
    bool done;
    enum err err;
};
void awaited_init(struct awaited *a);

/* Creates a topic and waits until it is durable. */
struct topic *rig_topic(struct rig *b, const char *name, int partitions);
/* The same with the outcome; *topic is borrowed. */
enum err rig_create(struct rig *b, const char *name, int partitions, struct topic **topic);
void rig_delete(struct rig *b, struct topic *t);

/* Appends one record; returns its offset. */
int64_t rig_append(struct topic_partition *tp, const char *key, const char *value, enum ack ack);
struct awaited_ack {
    struct ack_wait wait;
    bool done;
    enum err err;
};
void rig_append_wait(struct topic_partition *tp, const char *value, enum ack ack,
                     struct awaited_ack *a);
/* Appends and waits until it is written (synced). */
void rig_append_now(struct rig *b, struct topic_partition *tp, const char *value, enum ack ack);

/* The values of all records in a fetched part from its offset on, joined by blanks; the caller's. */
char *rig_values(const struct fetch_part *part);

#endif
