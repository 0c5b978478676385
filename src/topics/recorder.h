/* SPDX-License-Identifier: BSD-3-Clause */
/* Recorded channels: a message published on a channel that a topic's `record.channels` matches is also a
 * record of that topic (key: the channel, value: the message), and subscribers hear it once it is one.
 *
 *   order     subscribers hear a channel in the order in which it stands in the log, and each publisher's
 *             messages in the order it published them
 *   failure   when the record cannot be written nobody hears the message, and the publisher is told. When
 *             it is written and its sync fails later, the publisher is told, and the message was heard
 *   several   a channel may be recorded in several topics. Whether all of them can take the message is looked
 *             at before it is appended to any. When one of the writes fails then, the publisher is told of
 *             that one and nobody hears the message, though the record stays in the other topics
 *   who       hears it: those who subscribe when it is written, which is in the turn it was published in
 *             unless the disk is busy with the partition. How many hear it is counted when it is
 *             published; where nobody does, nobody will
 *   since     when: a topic records from the moment its creation or configuration is answered, and no longer
 *             when its deletion or configuration is; what was published before keeps what it began with.
 *             What has not been written when a topic is deleted fails
 *
 * Finding the topics of a channel costs the patterns that begin or end as it does (pubsub/patterns.h), and nothing
 * while no topic records. outbox.h has what waits. */
#ifndef ECHOLOG_TOPICS_RECORDER_H
#define ECHOLOG_TOPICS_RECORDER_H

#include "topics/catalog.h"
#include "topics/outbox.h"

struct recorder;

struct recorder_stats {
    uint64_t records;     /* appended */
    uint64_t withdrawn;   /* messages that were not delivered since a record was not written */
    size_t waiting_bytes; /* of memory for messages that wait to be heard */
};

/* All borrowed. Without a catalog (NULL) nothing is recorded. */
struct recorder *recorder_create(struct catalog *catalog, struct pubsub *ps,
                                 const struct hash_key *key);
void recorder_destroy(struct recorder *r); /* before the catalog is closed */
void recorder_stats(const struct recorder *r, struct recorder_stats *stats);

/* Nothing is recorded and nothing waits: publishing is pubsub_publish. */
bool recorder_idle(const struct recorder *r);

struct publication {
    struct outbox_message message; /* borrowed bytes */
    int64_t timestamp_ms;

    /* Result. */
    size_t receivers;               /* who listens now */
    bool waits;                     /* it was not delivered yet */
    const struct recorded *records; /* valid until the next call */
    size_t record_count;

    /* Result of a failure: where, and with ERR_TOO_LARGE how many bytes it would have been. */
    struct topic_partition *refused_by; /* borrowed */
    size_t batch_bytes;
};

/* Publishes, recording where it is to be recorded. Any error: nobody hears it, and (but for a disk that failed
 * this instant) it is recorded nowhere. ERR_TOO_LARGE for a topic's max.message.bytes; else as topic_append. */
MUST_CHECK
enum err recorder_publish(struct recorder *r, struct publication *p);

/* Delivers what was recorded. Once per turn, behind catalog_commit and before the flush. */
void recorder_turn(struct recorder *r);
bool recorder_pending(const struct recorder *r); /* a turn would deliver something */

#endif
