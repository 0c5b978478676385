/* SPDX-License-Identifier: BSD-3-Clause */
/* The catalog's inside, shared by the files of src/topics. */
#ifndef ECHOLOG_TOPICS_CATALOG_PRIVATE_H
#define ECHOLOG_TOPICS_CATALOG_PRIVATE_H

#include "base/dict.h"
#include "topics/catalog.h"

/* What is in the way of a topic's name. */
struct taken_name {
    unsigned directories; /* reasons why some "<name>-<n>" may be on the disk: use others */
    bool meta;            /* "<name>.meta" is there and is not to be touched: no such topic */
};

struct catalog {
    struct catalog_options o;
    struct dict topics; /* name -> struct topic, of which it holds a reference */
    struct dict_recent recent_topics;
    struct dict taken;    /* name -> struct taken_name, owned */
    struct roster roster; /* of the same topics */
    struct catalog_stats stats;
    size_t partition_count;
    size_t partitions_planned; /* with growth under way */
    uint64_t turn;
    struct list dirty;     /* of topic_partition.dirty */
    struct list observers; /* of catalog_observer.link */
    struct list kept;      /* of topic.kept: deleted but still on the disk; owned references */
    struct list jobs;      /* of catalog_job.link: one after the other; owned */
    struct list removals;  /* of catalog_removal.link; owned */

    struct timer retention;
    struct topic **retention_topics; /* owned, with references: what a pass has to look at */
    size_t retention_count;
    size_t retention_topic; /* where the pass is */
    int32_t retention_partition;
};

/* --- catalog.c ------------------------------------------------------------------------------- */

struct catalog *catalog_make(const struct catalog_options *options);
/* All of them, each with a reference; the array is the caller's. */
struct topic **catalog_all_topics(const struct catalog *c, size_t *count);
void catalog_release_topics(struct topic **topics, size_t count);
struct topic *catalog_make_topic(struct catalog *c, struct bytes name);
/* Whether keys would go elsewhere if the topic grew. */
bool catalog_may_hold_keys(const struct topic *t);
/* Into the table, which takes over the caller's reference. */
void catalog_add(struct catalog *c, struct topic *t);
void catalog_tell_created(struct catalog *c, struct topic *t);
void catalog_tell_configured(struct catalog *c, struct topic *t);
void catalog_tell_gone(struct catalog *c, struct topic *t, enum err err);
/* Adds partitions up to `count`. */
void catalog_install(struct catalog *c, struct topic *t, struct topic_partition **added,
                     int32_t count);
/* Hands the configuration in force to the logs. */
void catalog_configure_logs(struct topic *t);
/* Out of the table, not found any more, its files on the way out; who waits for it gets `cause`. */
void catalog_forget(struct catalog *c, struct topic *t, enum err cause,
                    struct topic_change *change);

struct taken_name *catalog_take_name(struct catalog *c, struct bytes name);
bool catalog_name_has_directories(const struct catalog *c, struct bytes name);
/* The directories of a topic are on their way out: a new one of that name takes others. */
void catalog_take_directories(struct catalog *c, const struct topic *t);
void catalog_release_directories(struct catalog *c, const struct topic *t);

/* --- catalog_jobs.c: changes to meta files, one after the other ------------------------------- */

struct catalog_job;

/* Also makes the logs of the topic's partitions. */
void catalog_job_create(struct catalog *c, struct topic *t, struct topic_change *change);
void catalog_job_grow(struct catalog *c, struct topic *t, int32_t partitions, bool remap,
                      struct topic_change *change);
/* `words` are pairs, or, for a reset, names. */
void catalog_job_configure(struct catalog *c, struct topic *t, bool reset,
                           const struct bytes *words, size_t count, struct topic_change *change);
void catalog_job_remove(struct catalog *c, struct topic *t, struct topic_change *change);
/* The files of one of the partitions that the job makes are there, or could not be made. */
void catalog_job_made(struct catalog_job *j, enum err err);
/* Blocks until all are done. */
void catalog_jobs_finish(struct catalog *c);

/* --- catalog_retention.c ---------------------------------------------------------------------- */

void catalog_retention_init(struct catalog *c);
void catalog_retention_deinit(struct catalog *c);
/* A round not later than the period from now. */
void catalog_retention_arm(struct catalog *c);

/* --- catalog_removal.c: directories that are going away ---------------------------------------- */

/* Removes the logs of `count` partitions of `t` with their directories; then the name, taken when the topic
 * was forgotten, may use them again. What cannot be removed is for the next start. `undone_growth`: of a
 * topic that may stay. */
void catalog_removal_start(struct catalog *c, struct topic *t, struct topic_partition **partitions,
                           int32_t count, bool undone_growth);
/* Blocks until all are done. */
void catalog_removals_finish(struct catalog *c);

#endif
