/* SPDX-License-Identifier: BSD-3-Clause */
/* All topics of a server. Creation, growth and deletion are prepared in memory at once and made durable
 * by jobs; a `struct topic_change` tells when. `<dir>/topics/<name>.meta` holds id, partition count and
 * configuration of a topic as text. */
#ifndef ECHOLOG_TOPICS_CATALOG_H
#define ECHOLOG_TOPICS_CATALOG_H

#include "base/hash.h"
#include "base/random.h"
#include "config/config.h"
#include "storage/storage.h"
#include "topics/topic.h"

struct catalog;

struct catalog_options {
    struct storage *storage; /* all borrowed, outlive the catalog */
    struct disk *disk;
    const struct clock *clock;
    struct timers *timers;
    struct trace *trace;
    struct random *random;
    const struct hash_key *hash_key;
    const struct config *config; /* server defaults, read when used */
    /* Told by catalog_open before each partition, with how many are open. May be NULL. */
    void (*opening)(void *ctx, size_t partitions);
    void *opening_ctx;
};

struct catalog_recovery {
    size_t topics, partitions;
    size_t partitions_scanned; /* not stopped cleanly */
    size_t partitions_failed;
    uint64_t bytes_replayed, bytes_scanned, bytes_cut, corrupt_ranges;
};

/* What other folders (groups, followers) learn of topics. Of each topic `created` is told once, `grown` for
 * each growth, `deleted` at most once, in that order; a topic that was deleted before it was durable, or
 * could not be made, is never told. A new topic of an old name is told after the old one's `deleted`.
 * Events come from disk_reap, from catalog_delete_topic, or from catalog_close. Within one, topics may be
 * found, read, appended to, created and kept (topic_ref), but not grown, configured or deleted. */
struct catalog_observer {
    /* It is durable. Its creator, its producers and its readers are answered after this. */
    void (*created)(struct catalog_observer *o, struct topic *t);
    /* Durable too; partitions from `partitions_before` on are new and empty. Before the answer. */
    void (*grown)(struct catalog_observer *o, struct topic *t, int32_t partitions_before);
    /* Another configuration is in force, durably. Between `created` and `deleted`; before the answer. May be
     * NULL. */
    void (*configured)(struct catalog_observer *o, struct topic *t);
    /* It is not found any more, takes no records and gives none. Before its parked readers and waiting
     * producers are answered. It is not durable: a crash before the deletion is answered may bring the
     * topic back, with the same id and all that was in it. */
    void (*deleted)(struct catalog_observer *o, struct topic *t);
    /* What came of it: with ERR_OK no restart brings the topic back. After `deleted`; before the answer, and
     * before a new topic of that name is told. Not told of what the end of the server overtakes. May be
     * NULL. */
    void (*gone)(struct catalog_observer *o, struct topic *t, enum err err);
    struct list link;
};

/* Reads the topics of the data directory and opens their logs; blocks. A topic that cannot be read fails
 * alone and is traced; ERR_IO, ERR_ACCESS: the directory itself cannot be used. */
MUST_CHECK
enum err catalog_open(const struct catalog_options *options, struct catalog_recovery *recovery,
                      struct catalog **catalog);
/* Closes all logs cleanly (blocks) and frees everything; returns the first error. */
enum err catalog_close(struct catalog *c);

/* Tells `created` of the topics that are there, in name order, before it returns; then what comes. `o` is
 * borrowed until catalog_unobserve or catalog_close; observers are told in the order they came. */
void catalog_observe(struct catalog *c, struct catalog_observer *o);
void catalog_unobserve(struct catalog_observer *o);

size_t catalog_topic_count(const struct catalog *c);
size_t catalog_partition_count(const struct catalog *c);
struct topic *catalog_find(const struct catalog *c, struct bytes name); /* NULL if unknown */
/* There is a file of a topic of that name, and it could not be read (or, after a deletion, removed): it is
 * not found and not created, and its records are left alone. */
bool catalog_name_has_meta(const struct catalog *c, struct bytes name);
/* In name order. */
void catalog_each(const struct catalog *c, void (*fn)(void *ctx, struct topic *t), void *ctx);
/* The same topics by `of_catalog`, for those who go through them over many turns. */
struct roster *catalog_roster(struct catalog *c);

struct catalog_stats {
    uint64_t records_read, bytes_read; /* of all topics that there were, as in struct topic */
    size_t partitions_unopened;        /* that are there, and whose log could not be opened */
};
const struct catalog_stats *catalog_stats(const struct catalog *c);
/* Records of a topic were given to a reader in so many bytes. */
void catalog_count_read(struct topic *t, uint64_t records, uint64_t bytes);

/* --- changes -------------------------------------------------------------------------------- */

/* Completion of a change: embedded by who waits. `done` comes once, later (from disk_reap or
 * timers_run), unless the change was refused at once. Changes are made in the order they were asked for;
 * a topic that is deleted meanwhile ends those behind it with ERR_NOT_FOUND. */
struct topic_change {
    void (*done)(struct topic_change *change, enum err err);
};

/* Creates a topic: it is found and takes records at once; durable when `change` is done. On failure it
 * is gone again and what was appended is refused. `change` may be NULL. `config_pairs`: name, value, …
 * ERR_EXISTS; ERR_INVALID (name, partitions, configuration: `why` is a full sentence); ERR_LIMIT too
 * many partitions; ERR_FAILED a file of an earlier topic is in the way. In these cases nothing happened and `done` is not called. */
MUST_CHECK
enum err catalog_create_topic(struct catalog *c, struct bytes name, int64_t partitions,
                              const struct bytes *config_pairs, size_t pair_count,
                              struct topic_change *change, struct buf *why, struct topic **topic);
/* Grows; the new partitions are there when `change` is done. ERR_INVALID: fewer or as many as now, or
 * records with keys may exist and `remap` was not given; ERR_LIMIT too many partitions; ERR_BUSY the files
 * of a growth that failed are still being removed; ERR_NOT_FOUND deleted. `why` says more. `change` also ends
 * with ERR_INVALID, and nothing has grown, when records with keys came meanwhile and `remap` was not given. */
MUST_CHECK
enum err catalog_grow_topic(struct catalog *c, struct topic *t, int64_t partitions, bool remap,
                            struct topic_change *change, struct buf *why);
/* Sets (`pairs` name, value, …) or resets (`names`) configuration, all or nothing; in force when `change`
 * is done. ERR_INVALID: `why` is a sentence; ERR_NOT_FOUND deleted. */
MUST_CHECK
enum err catalog_set_config(struct catalog *c, struct topic *t, const struct bytes *pairs,
                            size_t pair_count, struct topic_change *change, struct buf *why);
MUST_CHECK
enum err catalog_reset_config(struct catalog *c, struct topic *t, const struct bytes *names,
                              size_t count, struct topic_change *change, struct buf *why);
/* Deletes: not found any more at once; parked readers and waiting acknowledgements end with
 * ERR_NOT_FOUND; `change` is done when a restart cannot bring it back. That they need not wait for that breaks
 * no promise: as with any failed append the record may yet be found, if a crash undoes the deletion; and who
 * then appends to a new topic of that name hears of it only when the deletion is durable. */
void catalog_delete_topic(struct catalog *c, struct topic *t, struct topic_change *change);

/* The configuration in force for `d` in topic `t`, as text. */
void topic_config_get(const struct topic *t, const struct directive *d, struct buf *text,
                      bool *is_set);

/* --- the turn ------------------------------------------------------------------------------- */

/* Marks a partition whose open batch is to be written this turn. Called by topics/produce. */
void catalog_mark_dirty(struct catalog *c, struct topic_partition *tp);
/* Commit: writes every partition that has something to write and starts the syncs that are wanted. */
void catalog_commit(struct catalog *c);
/* Counts turns, for sticky partitioning. Called once at the beginning of a turn. */
void catalog_begin_turn(struct catalog *c);
uint64_t catalog_turn(const struct catalog *c);
/* The server's defaults changed (CONFIG SET): hand them to the logs. */
void catalog_defaults_changed(struct catalog *c);

#endif
