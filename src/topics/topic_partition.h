/* SPDX-License-Identifier: BSD-3-Clause */
/* One partition of a topic: its log's life, and what the log's events mean for those who wait. Inside
 * src/topics; the struct is in topic.h. */
#ifndef ECHOLOG_TOPICS_TOPIC_PARTITION_H
#define ECHOLOG_TOPICS_TOPIC_PARTITION_H

#include "disk/disk.h"
#include "topics/ack.h"
#include "topics/topic.h"

/* The directory of partition `number`, relative to the disk's root: "<topic>-<number>", or, for a topic
 * that was created while directories of an earlier one of that name were still there,
 * "+<id>-<number>". */
void topic_directory(const struct topic *t, int32_t number, char path[DISK_PATH_BYTES_MAX + 1]);

struct catalog_job;

/* Without a log yet. */
struct topic_partition *topic_partition_make(struct topic *t, int32_t number);
void topic_partition_destroy(struct topic_partition *tp); /* the log is gone by then */

/* Begins a new log; `making` until topic_partition_made. The job is told when its files are there. */
void topic_partition_create_log(struct topic_partition *tp, struct storage *st,
                                struct catalog_job *job);
/* Opens what is there; blocks. On failure `failed` is set as well. */
MUST_CHECK
enum err topic_partition_open_log(struct topic_partition *tp, struct storage *st,
                                  struct partition_recovery *recovery);
/* Files and place in the topic are durable: what was written and synced meanwhile counts from now. */
void topic_partition_made(struct topic_partition *tp);
/* Removes the log and its directory in the background; `d` says when. False: there is no log, though there
 * may be a directory. */
bool topic_partition_delete_log(struct topic_partition *tp, struct partition_deletion *d);
/* Whether the log takes no more records, and why. */
enum err topic_partition_log_error(const struct topic_partition *tp);

/* Ends the waits that are over already: they were started after their batch's fate was known. The caller
 * holds a reference to the topic. */
void topic_partition_end_due(struct topic_partition *tp);
/* Ends all waits with `err` and wakes the readers that are due. */
void topic_partition_end_waits(struct topic_partition *tp, enum err err);
void topic_partition_wake_readers(struct topic_partition *tp);

/* --- for readers ----------------------------------------------------------------------------- */

void topic_reader_init(struct topic_reader *r, bool (*due)(struct topic_reader *),
                       void (*wake)(struct topic_reader *));
void topic_reader_wait(struct topic_reader *r, struct topic_partition *tp);
void topic_reader_cancel(struct topic_reader *r); /* harmless when it does not wait */

#endif
