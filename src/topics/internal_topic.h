/* SPDX-License-Identifier: BSD-3-Clause */
/* Topics that the broker keeps records of its own in: their names begin with "__" (topic_is_internal). Clients
 * may list, describe and read them, nothing else; the broker appends to them as to any topic, with
 * topic_append and ack_wait_start (topics/ack.h). */
#ifndef ECHOLOG_TOPICS_INTERNAL_TOPIC_H
#define ECHOLOG_TOPICS_INTERNAL_TOPIC_H

#include "storage/batch.h"
#include "topics/catalog.h"

/* Small, so that compaction, which leaves the newest segment alone, bounds what a start reads. */
#define INTERNAL_SEGMENT_BYTES (1024 * 1024)
/* What is appended at once stays together in a batch, whatever the server's message-max-bytes says. */
#define INTERNAL_BATCH_BYTES_MAX (16 * 1024 * 1024)

/* The internal topic of that name: one partition, compacted, made if it is not there. It takes records at
 * once; what is appended before it is durable is acknowledged when it is. Cheap when the topic is there:
 * ask again rather than keep it, since one that could not be made is gone.
 * ERR_LIMIT, ERR_FAILED as catalog_create_topic, with `why`. */
MUST_CHECK
enum err internal_topic(struct catalog *c, struct bytes name, struct buf *why,
                        struct topic **topic);

/* Reads an internal topic through: `fn` is called for each record in the order of offsets; a value is null
 * for a tombstone. The record is borrowed for the call. Blocks: for the start only, when nothing else
 * runs. Compaction may be behind: a key may come several times, and the last one counts.
 * Damaged ranges are skipped, each with a warning, and counted in *damaged. A topic that is not there has no
 * records. ERR_IO and others: the log cannot be opened or read, and what was read is not all; traced. */
typedef void internal_record_fn(void *ctx, const struct record_view *record);
MUST_CHECK
enum err internal_topic_read(struct catalog *c, struct bytes name, internal_record_fn *fn,
                             void *ctx, uint64_t *damaged);

/* Writes what was appended to it and waits until it is on the device, or will not be. Blocks: for the start
 * only. ERR_NOT_FOUND there is no such topic; others as ack_wait. */
MUST_CHECK
enum err internal_topic_sync(struct catalog *c, struct bytes name);

#endif
