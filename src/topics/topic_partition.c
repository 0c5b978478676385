/* SPDX-License-Identifier: BSD-3-Clause */
/* The meeting of a log and those who wait for it. While a partition is being made nothing is told to
 * anyone: after a crash at that point the topic would not be there, and what a reader had seen of it
 * could be given to other records. */
#include "topics/topic_partition.h"

#include "base/mem.h"
#include "topics/catalog_private.h"
#include "topics/topic_config.h"
#include <stdio.h>

void topic_directory(const struct topic *t, int32_t number, char path[DISK_PATH_BYTES_MAX + 1])
{
    int len;

    if (t->own_directory)
        len = snprintf(path, DISK_PATH_BYTES_MAX + 1, "+%s-%d", t->id, (int)number);
    else
        len = snprintf(path, DISK_PATH_BYTES_MAX + 1, "%s-%d", t->name.data, (int)number);
    ASSERT(len > 0 && len <= DISK_PATH_BYTES_MAX);
}

/* --- acknowledgements ------------------------------------------------------------------------ */

static struct ack_wait *first_wait(const struct list *waits)
{
    return list_empty(waits) ? NULL : CONTAINER_OF(waits->next, struct ack_wait, link);
}

static void wait_over(struct ack_wait *wait, enum err err)
{
    list_remove(&wait->link);
    wait->done(wait, err);
}

/* Those who wait for batches up to `batch` have what they want. */
static void release(struct list *waits, uint64_t batch)
{
    struct ack_wait *wait;

    while ((wait = first_wait(waits)) != NULL && wait->batch <= batch)
        wait_over(wait, ERR_OK);
}

static void refuse(struct list *waits, uint64_t first, uint64_t last, enum err why)
{
    struct list refused;

    /* Out of the list first: `done` may start and cancel others. */
    list_init(&refused);
    LIST_EACH (it, waits) {
        struct ack_wait *wait = CONTAINER_OF(it, struct ack_wait, link);

        if (wait->batch > last)
            break;
        if (wait->batch >= first) {
            list_remove(it);
            list_push_back(&refused, it);
        }
    }
    while (!list_empty(&refused))
        wait_over(first_wait(&refused), why);
}

/* --- events of the log ----------------------------------------------------------------------- */

static void on_written(struct partition *p, void *ctx, uint64_t batch)
{
    struct topic_partition *tp = ctx;
    struct topic *t = tp->topic;

    (void)p;
    if (tp->making)
        return;
    topic_ref(t);
    release(&tp->waits_written, batch);
    topic_partition_wake_readers(tp);
    topic_unref(t);
}

static void on_synced(struct partition *p, void *ctx, uint64_t batch)
{
    struct topic_partition *tp = ctx;
    struct topic *t = tp->topic;

    (void)p;
    if (tp->making)
        return;
    topic_ref(t);
    release(&tp->waits_synced, batch);
    topic_unref(t);
}

static void on_refused(struct partition *p, void *ctx, uint64_t first, uint64_t last, enum err why)
{
    struct topic_partition *tp = ctx;
    struct topic *t = tp->topic;

    (void)p;
    topic_ref(t);
    tp->refused_first = first;
    tp->refused_last = last;
    tp->refused_why = why;
    if (why != ERR_NOSPACE)
        tp->refuses = true;
    refuse(&tp->waits_written, first, last, why);
    refuse(&tp->waits_synced, first, last, why);
    topic_partition_wake_readers(tp);
    topic_unref(t);
}

static void on_trimmed(struct partition *p, void *ctx)
{
    struct topic_partition *tp = ctx;
    struct topic *t = tp->topic;

    (void)p;
    topic_ref(t);
    topic_partition_wake_readers(tp);
    topic_unref(t);
}

static void on_created(struct partition *p, void *ctx, enum err err)
{
    struct topic_partition *tp = ctx;
    struct catalog_job *job = tp->maker;

    (void)p;
    tp->maker = NULL;
    if (job != NULL) /* the first attempt; one more does not save the change */
        catalog_job_made(job, err);
}

static const struct partition_events events = {
    .written = on_written,
    .synced = on_synced,
    .refused = on_refused,
    .trimmed = on_trimmed,
    .created = on_created,
};

/* --- life ------------------------------------------------------------------------------------ */

struct topic_partition *topic_partition_make(struct topic *t, int32_t number)
{
    struct topic_partition *tp = mem_zalloc(1, sizeof(*tp));

    tp->topic = t;
    tp->number = number;
    list_init(&tp->dirty);
    list_init(&tp->waits_written);
    list_init(&tp->waits_synced);
    list_init(&tp->readers);
    return tp;
}

void topic_partition_destroy(struct topic_partition *tp)
{
    ASSERT(tp->log == NULL);
    ASSERT(list_empty(&tp->waits_written) && list_empty(&tp->waits_synced));
    ASSERT(list_empty(&tp->readers));
    list_remove(&tp->dirty);
    if (tp->unopened)
        tp->topic->catalog->stats.partitions_unopened--;
    mem_free(tp);
}

void topic_partition_create_log(struct topic_partition *tp, struct storage *st,
                                struct catalog_job *job)
{
    char path[DISK_PATH_BYTES_MAX + 1];
    struct partition_config config;

    ASSERT(tp->log == NULL);
    topic_directory(tp->topic, tp->number, path);
    topic_config_for_log(&tp->topic->config, &config);
    config.id = tp->topic->id;
    tp->making = true;
    tp->maker = job;
    tp->log = partition_create(st, path, &config, &events, tp);
}

enum err topic_partition_open_log(struct topic_partition *tp, struct storage *st,
                                  struct partition_recovery *recovery)
{
    char path[DISK_PATH_BYTES_MAX + 1];
    struct partition_config config;

    ASSERT(tp->log == NULL);
    topic_directory(tp->topic, tp->number, path);
    topic_config_for_log(&tp->topic->config, &config);
    config.id = tp->topic->id;
    enum err err = partition_open(st, path, &config, &events, tp, recovery, &tp->log);
    if (err != ERR_OK) {
        tp->log = NULL;
        /* A directory that vanished is no deletion of the topic. */
        tp->failed = err == ERR_NOT_FOUND ? ERR_FAILED : err;
        tp->topic->catalog->stats.partitions_unopened++;
        tp->unopened = true;
        return err;
    }
    /* Nobody has kept count of keys over the restart. */
    tp->keyed = partition_next_offset(tp->log) > partition_log_start(tp->log);
    tp->refuses = topic_partition_log_error(tp) != ERR_OK;
    return ERR_OK;
}

void topic_partition_made(struct topic_partition *tp)
{
    struct topic *t = tp->topic;

    if (!tp->making)
        return;
    tp->making = false;
    topic_ref(t);
    topic_partition_end_due(tp);
    topic_partition_wake_readers(tp);
    topic_unref(t);
}

void topic_partition_end_due(struct topic_partition *tp)
{
    if (tp->topic->deleted || tp->log == NULL) {
        topic_partition_end_waits(tp, tp->failed == ERR_OK ? ERR_NOT_FOUND : tp->failed);
        return;
    }
    if (!tp->making) {
        release(&tp->waits_written, partition_batch_written(tp->log));
        release(&tp->waits_synced, partition_batch_synced(tp->log));
    }
    if (tp->refused_last != 0) {
        refuse(&tp->waits_written, tp->refused_first, tp->refused_last, tp->refused_why);
        refuse(&tp->waits_synced, tp->refused_first, tp->refused_last, tp->refused_why);
    }
}

bool topic_partition_delete_log(struct topic_partition *tp, struct partition_deletion *d)
{
    struct partition *log = tp->log;

    list_remove(&tp->dirty);
    tp->failed = ERR_NOT_FOUND;
    tp->log = NULL;
    if (log != NULL)
        partition_delete_then(log, d);
    return log != NULL;
}

enum err topic_partition_log_error(const struct topic_partition *tp)
{
    struct partition_info info;

    partition_describe(tp->log, &info);
    return info.failed;
}

void topic_partition_end_waits(struct topic_partition *tp, enum err err)
{
    refuse(&tp->waits_written, 0, UINT64_MAX, err);
    refuse(&tp->waits_synced, 0, UINT64_MAX, err);
    topic_partition_wake_readers(tp);
}

/* --- readers --------------------------------------------------------------------------------- */

void topic_reader_init(struct topic_reader *r, bool (*due)(struct topic_reader *),
                       void (*wake)(struct topic_reader *))
{
    *r = (struct topic_reader){.due = due, .wake = wake};
    list_init(&r->link);
}

void topic_reader_wait(struct topic_reader *r, struct topic_partition *tp)
{
    ASSERT(list_empty(&r->link));
    r->tp = tp;
    list_push_back(&tp->readers, &r->link);
}

void topic_reader_cancel(struct topic_reader *r)
{
    list_remove(&r->link);
}

void topic_partition_wake_readers(struct topic_partition *tp)
{
    struct list due;

    /* All at once, so that one that comes back to the list is not met again. */
    list_init(&due);
    LIST_EACH (it, &tp->readers) {
        struct topic_reader *r = CONTAINER_OF(it, struct topic_reader, link);

        if (r->due(r)) {
            list_remove(it);
            list_push_back(&due, it);
        }
    }
    while (!list_empty(&due)) {
        struct topic_reader *r = CONTAINER_OF(due.next, struct topic_reader, link);

        list_remove(&r->link);
        r->wake(r);
    }
}
