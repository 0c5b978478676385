/* SPDX-License-Identifier: BSD-3-Clause */
/* The internal topic __consumer_offsets: one partition, compacted, of small segments (see
 * topics/internal_topic.h), made when something is first to be written. It is read once, at start, and
 * written ever after; what counts in between is in memory (group.h). */
#ifndef ECHOLOG_GROUPS_OFFSET_STORE_H
#define ECHOLOG_GROUPS_OFFSET_STORE_H

#include "groups/offset_codec.h"
#include "topics/ack.h"
#include "topics/catalog.h"

#define OFFSET_TOPIC "__consumer_offsets"
#define OFFSET_RECORDS_MAX 10000 /* written at once */

struct offset_store {
    struct catalog *catalog; /* borrowed, as the next two */
    const struct clock *clock;
    struct trace *trace;
    struct buf scratch; /* keys and values, and the records of them with their headers */
    struct buf records;
    struct buf headers;
    struct buf why;           /* the sentence of the last failure, where there is one; for people */
    struct list unheard;      /* writes nobody waits for, until it is known what became of them */
    uint64_t records_written; /* appended, that is */
    uint64_t failures; /* of writes nobody waited for: calls that were refused, batches lost */
    bool failing;      /* traced already */
};

void offset_store_init(struct offset_store *s, struct catalog *catalog, const struct clock *clock,
                       struct trace *trace);
/* What is still being written goes on, unheard. Before the catalog is closed. */
void offset_store_deinit(struct offset_store *s);

/* What reading at start finds, record by record in order: later ones replace earlier ones of their key.
 * `value` is NULL where the record is a tombstone. Names are such as topics may have; texts are borrowed
 * for the call. */
struct offset_reader {
    void *ctx;
    void (*offset)(void *ctx, const struct offset_key *key, const struct offset_value *value);
    void (*group)(void *ctx, const struct offset_key *key, const struct group_value *value);
};
/* Blocks. Nothing there is fine. A record that cannot be understood and a damaged range are traced and
 * skipped. ERR_IO, …: it cannot be read; groups must not start as if nothing had been committed. */
MUST_CHECK
enum err offset_store_load(struct offset_store *s, const struct offset_reader *reader);

/* One change of the topic. `offset` and `group` NULL: a tombstone. */
struct offset_change {
    struct offset_key key;
    const struct offset_value *offset;
    const struct group_value *group;
};
/* Appends up to OFFSET_RECORDS_MAX changes as one batch, all or nothing; they are written with this turn's
 * commit. `where` and `result` say what to wait for (append_hold, ack_wait). On failure nothing was
 * appended. ERR_TOO_LARGE more bytes than a batch may have; others as internal_topic and topic_append. */
MUST_CHECK
enum err offset_store_write(struct offset_store *s, const struct offset_change *changes,
                            size_t count, enum ack ack, struct topic_partition **where,
                            struct appended *result);
/* The same, for what nobody waits for, in as many batches as it takes: a failure, also one that shows only
 * later, is counted, and traced once until a write succeeds. */
void offset_store_write_unheard(struct offset_store *s, const struct offset_change *changes,
                                size_t count, enum ack ack);

#endif
