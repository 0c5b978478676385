/* SPDX-License-Identifier: BSD-3-Clause */
/* A topic: a name, a configuration and its partitions, each a durable log (storage/partition.h) with
 * those who wait for it: acknowledgements (topics/ack.h) and parked readers (topics/fetch.h). */
#ifndef ECHOLOG_TOPICS_TOPIC_H
#define ECHOLOG_TOPICS_TOPIC_H

#include "base/bytes.h"
#include "base/list.h"
#include "base/roster.h"
#include "config/directive.h"
#include "storage/partition.h"
#include <stdbool.h>
#include <stdint.h>

#define TOPIC_NAME_BYTES_MAX 249
#define TOPIC_ID_TEXT_BYTES 22      /* 16 random bytes in URL-safe base64, as Kafka prints ids */
#define TOPIC_PARTITIONS_MAX 100000 /* of all topics together */
#define TOPIC_RATIO_BYTES_MAX 15
#define TOPIC_TIMESTAMP_AFTER_MAX_MS 3600000 /* the default: an hour ahead */
#define TOPIC_CHANNELS_BYTES_MAX 4096        /* of record.channels */

enum ack { ACK_NONE, ACK_WRITTEN, ACK_SYNCED };

/* Kafka's names; the table is topic_config_table. */
struct topic_config {
    int64_t retention_ms;
    int64_t retention_bytes;
    int64_t segment_bytes;
    int64_t segment_ms;
    int cleanup_policy; /* enum cleanup_policy */
    int64_t max_message_bytes;
    int timestamp_type; /* enum timestamp_type */
    int64_t timestamp_after_max_ms;
    int64_t delete_retention_ms;
    char min_cleanable_dirty_ratio[TOPIC_RATIO_BYTES_MAX + 1]; /* decimal text in [0, 1] */
    int64_t flush_ms;
    int compression_type;  /* enum compression_type */
    int ack;               /* enum ack */
    char *record_channels; /* blank-separated globs; "" is none */
};
enum cleanup_policy { CLEANUP_DELETE = 1, CLEANUP_COMPACT = 2, CLEANUP_COMPACT_DELETE = 3 };
enum timestamp_type { TIMESTAMP_CREATE, TIMESTAMP_APPEND };
enum compression_type { COMPRESSION_PRODUCER, COMPRESSION_NONE };

extern const struct directive_table topic_config_table;

struct topic_partition {
    struct topic *topic; /* borrowed */
    int32_t number;
    struct partition *log;     /* owned; NULL when it could not be opened, or was deleted */
    enum err failed;           /* why `log` is NULL */
    bool keyed;                /* may hold records with keys */
    struct list dirty;         /* in the catalog's list of partitions to commit this turn */
    struct list waits_written; /* of struct ack_wait, in batch order */
    struct list waits_synced;
    struct list readers; /* of struct topic_reader: those who wait for something to read */

    /* Private to src/topics. */
    bool making; /* its files or its place in the topic's are not durable: nothing counts as
                               written yet */
    struct catalog_job
        *maker;             /* borrowed: the change whose files of this partition are being made */
    bool want_sync;         /* the next commit also asks for a sync */
    bool unopened;          /* the start could not open its log */
    bool refuses;           /* an error stuck: it takes no more records */
    uint64_t refused_first; /* the newest batches that were refused; 0 when none were */
    uint64_t refused_last;
    enum err refused_why;
};

struct topic {
    struct catalog *catalog; /* borrowed */
    struct bytes name;       /* a copy, NUL-terminated */
    char id[TOPIC_ID_TEXT_BYTES + 1];
    struct topic_config config; /* in force */
    uint64_t
        set_keys; /* bit i: topic_config_table.items[i] was set for this topic; others follow the
                          server's defaults */
    int32_t partition_count;
    struct topic_partition **partitions; /* owned, each at its address for the topic's life */
    int32_t sticky_partition;            /* where records without a key go this turn */
    uint64_t sticky_turn;
    bool creating; /* its files are being made */
    bool deleted;  /* out of the catalog; freed when the last reference goes */
    uint32_t refs;
    uint64_t records_read, bytes_read; /* given to readers since the start, as they were sent */
    struct roster_entry of_catalog;    /* in catalog_roster; out when it is deleted */

    /* Private to src/topics. */
    int32_t partitions_planned; /* with growth that is not durable yet */
    bool own_directory;         /* its directories are named by id; see topic_directory */
    bool placed;                /* the meta file is in place */
    bool growth_undone;         /* files of a failed growth are being removed */
    struct list kept;           /* in catalog.kept: could not be deleted */
};

/* Topics are counted: whoever keeps one across turns holds a reference. */
struct topic *topic_ref(struct topic *t);
void topic_unref(struct topic *t);

/* ERR_INVALID: `why` says what is wrong with the name. */
MUST_CHECK
enum err topic_check_name(struct bytes name, struct buf *why);
/* Names that begin with "__". */
bool topic_is_internal(struct bytes name);
/* NULL if out of range. */
struct topic_partition *topic_partition(const struct topic *t, int64_t number);

/* The number of a key's partition among so many: murmur2, as Kafka's Java client has it. */
int32_t partition_of_key(struct bytes key, int32_t partitions);

/* Where a record goes: murmur2 of the key as Kafka's Java client; a null key is sticky for a turn, and
 * keeps away from partitions that take no records while there are others. */
struct topic_partition *topic_partition_for_key(struct topic *t, struct bytes key);

/* --- readers -------------------------------------------------------------------------------- */

/* Someone who waits at a partition for something to read. Embedded; in at most one list. After each
 * change of the partition (written, refused, trimmed, made, deleted) those that are due are taken out of
 * the list and woken. */
struct topic_reader {
    struct list link;
    struct topic_partition *tp; /* borrowed */
    bool (*due)(struct topic_reader *reader);
    void (*wake)(struct topic_reader *reader);
};

#endif
