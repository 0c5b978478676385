/* SPDX-License-Identifier: BSD-3-Clause */
/* A topic: a name, a configuration and its partitions, each a durable log (storage/partition.h) with
 * those who wait for it: acknowledgements (topics/ack.h) and parked readers (topics/fetch.h). */
#ifndef ECHOLOG_TOPICS_TOPIC_H
#define ECHOLOG_TOPICS_TOPIC_H

#include "base/bytes.h"
#include "base/list.h"
#include "config/directive.h"
#include "storage/partition.h"
#include <stdbool.h>
#include <stdint.h>

#define TOPIC_NAME_BYTES_MAX 249
#define TOPIC_ID_TEXT_BYTES 22 /* 16 random bytes in URL-safe base64, as Kafka prints ids */
#define TOPIC_PARTITIONS_MAX 100000 /* of all topics together */

enum ack { ACK_NONE, ACK_WRITTEN, ACK_SYNCED };

/* Kafka's names; the table is topic_config_table. */
struct topic_config {
    int64_t retention_ms;
    int64_t retention_bytes;
    int64_t segment_bytes;
    int64_t segment_ms;
    int cleanup_policy; /* enum cleanup_policy */
    int64_t max_message_bytes;
    int timestamp_type; /* 0 CreateTime, 1 LogAppendTime */
    int64_t timestamp_after_max_ms;
    int64_t delete_retention_ms;
    char *min_cleanable_dirty_ratio; /* decimal text in [0, 1] */
    int64_t flush_ms;
    int compression_type; /* 0 producer, 1 uncompressed */
    int ack;              /* enum ack */
    char *record_channels; /* blank-separated globs; "" is none */
};
enum cleanup_policy { CLEANUP_DELETE = 1, CLEANUP_COMPACT = 2, CLEANUP_COMPACT_DELETE = 3 };

extern const struct directive_table topic_config_table;

struct topic_partition {
    struct topic *topic; /* borrowed */
    int32_t number;
    struct partition *log;        /* owned; NULL when it could not be opened (then `failed`) */
    enum err failed;
    struct list dirty;            /* in the catalog's list of partitions to commit this turn */
    struct list waits_written;    /* of struct ack_wait, in batch order */
    struct list waits_synced;
    struct list readers;          /* of struct fetch_part: parked fetches */
    bool keyed;                   /* a record with a key was appended in this run */
};

struct topic {
    struct catalog *catalog; /* borrowed */
    struct bytes name;       /* the catalog's copy */
    char id[TOPIC_ID_TEXT_BYTES + 1];
    struct topic_config config;
    uint64_t set_keys; /* bit i: topic_config_table.items[i] was set for this topic; others follow the
                          server's defaults */
    int32_t partition_count;
    struct topic_partition **partitions; /* owned, each at its address for the topic's life */
    int32_t sticky_partition;            /* where records without a key go this turn */
    uint64_t sticky_turn;
    bool creating; /* its files are being made */
    bool deleted;  /* out of the catalog; freed when the last reference goes */
    uint32_t refs;
};

/* Topics are counted: whoever keeps one across turns holds a reference. */
struct topic *topic_ref(struct topic *t);
void topic_unref(struct topic *t);

/* ERR_INVALID: `why` says what is wrong with the name. */
MUST_CHECK enum err topic_check_name(struct bytes name, struct buf *why);
/* Names that begin with "__". */
bool topic_is_internal(struct bytes name);
/* NULL if out of range. */
struct topic_partition *topic_partition(const struct topic *t, int64_t number);

/* Where a record goes: murmur2 of the key as Kafka's Java client; a null key is sticky for a turn. */
struct topic_partition *topic_partition_for_key(struct topic *t, struct bytes key);

#endif
