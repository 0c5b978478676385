/* SPDX-License-Identifier: BSD-3-Clause */
/* Changes to meta files: creation, growth, configuration and deletion of topics, done one after the
 * other in the order they were asked for, so that commands on a topic that is being created wait in order,
 * and a topic of the same name follows the deletion of the old one.
 *
 * A creation writes the new file aside, waits for the partitions' files, and puts it in place last: a
 * crash before that leaves no topic (and nothing of it was acknowledged), a crash after it the whole one.
 * A deletion renames the meta file first; the directories follow. */
#include "base/mem.h"
#include "topics/catalog_files.h"
#include "topics/catalog_private.h"
#include "topics/topic_config.h"
#include "topics/topic_partition.h"

#define RETRY_US_MIN 500
#define RETRY_US_MAX 64000
#define RETRIES_MAX 200           /* some ten seconds in which nothing comes forward */
#define RETRIES_CLOSING_MAX 20000 /* without pauses */

enum job_kind { JOB_CREATE, JOB_GROW, JOB_CONFIGURE, JOB_REMOVE };

struct catalog_job {
    struct disk_job job;
    struct list link; /* in catalog.jobs */
    struct catalog *c;
    struct topic *topic; /* counted */
    enum job_kind kind;
    bool begun;
    struct topic_change *change; /* borrowed; NULL: nobody waits */

    /* JOB_GROW */
    int32_t partitions;
    struct topic_partition **added; /* owned, with what is in it, until installed */
    int32_t from;
    /* JOB_CONFIGURE */
    bool reset;
    struct bytes *words; /* owned, with their bytes */
    size_t word_count;
    struct topic_config config; /* as it will be */
    uint64_t set_keys;
    bool has_config;

    /* The files of the partitions are not all there yet. */
    struct timer retry;
    int64_t retry_us;
    int retries;             /* since a directory was last found to be there */
    size_t directories_seen; /* at the last try */

    /* For the worker. */
    struct disk *disk;
    struct buf text;
    bool text_written;
    char **directories; /* owned; those that must be there before the meta file is */
    size_t directory_count;
    size_t directories_there; /* the first so many have been seen */
    catalog_path meta_path, new_path, gone_path;
    bool placed; /* the meta file is ours, maybe not durably */
    enum err err;
};

static void start_next(struct catalog *c);

static struct catalog_job *job_of(struct disk_job *job)
{
    return CONTAINER_OF(job, struct catalog_job, job);
}

/* --- on the worker --------------------------------------------------------------------------- */

static enum err check_directories(struct catalog_job *j)
{
    enum err err = ERR_OK;

    while (j->directories_there < j->directory_count) {
        err = catalog_check_partition(j->disk, j->directories[j->directories_there]);
        if (err != ERR_OK)
            return err;
        j->directories_there++;
    }
    /* Their makers sync them too, but maybe later. */
    for (size_t i = 0; i < j->directory_count && err == ERR_OK; i++)
        err = disk_sync_dir(j->disk, j->directories[i]);
    if (err == ERR_OK && j->directory_count > 0)
        err = disk_sync_dir(j->disk, "");
    return err;
}

static enum err place_meta(struct catalog_job *j)
{
    enum err err = ERR_OK;

    if (!j->text_written)
        err = catalog_write_file(j->disk, j->new_path, buf_bytes(&j->text));
    if (err != ERR_OK)
        return err;
    j->text_written = true;
    err = check_directories(j);
    if (err == ERR_OK)
        err = disk_rename(j->disk, j->new_path, j->meta_path);
    if (err != ERR_OK)
        return err;
    j->placed = true;
    return disk_sync_dir(j->disk, CATALOG_DIR);
}

static void run_place(struct disk_job *job)
{
    struct catalog_job *j = job_of(job);

    j->err = place_meta(j);
    if (j->err != ERR_OK && j->err != ERR_AGAIN && j->kind == JOB_CONFIGURE && !j->placed) {
        enum err ignored = disk_unlink(j->disk, j->new_path);

        (void)ignored; /* the next start removes it */
    }
}

/* A topic whose creation failed has the new file only, or none. */
static void run_remove(struct disk_job *job)
{
    struct catalog_job *j = job_of(job);

    j->err = disk_rename(j->disk, j->placed ? j->meta_path : j->new_path, j->gone_path);
    if (j->err == ERR_NOT_FOUND)
        j->err = ERR_OK;
    if (j->err == ERR_OK)
        j->err = disk_sync_dir(j->disk, CATALOG_DIR);
}

/* --- life of a job --------------------------------------------------------------------------- */

static void retry_fired(struct timer *timer);
static void job_done(struct disk_job *job);

static struct catalog_job *job_make(struct catalog *c, struct topic *t, enum job_kind kind,
                                    struct topic_change *change)
{
    struct catalog_job *j = mem_zalloc(1, sizeof(*j));

    j->c = c;
    j->topic = topic_ref(t);
    j->kind = kind;
    j->disk = c->o.disk;
    j->job.done = job_done;
    j->job.run = kind == JOB_REMOVE ? run_remove : run_place;
    list_init(&j->job.link);
    timer_init(&j->retry, retry_fired);
    j->retry_us = RETRY_US_MIN;
    catalog_meta_path(j->meta_path, t->name.data);
    catalog_new_path(j->new_path, t->id);
    catalog_gone_path(j->gone_path, t->id);
    if (change != NULL) {
        j->change = change;
        change->job = j;
    }
    list_push_back(&c->jobs, &j->link);
    return j;
}

static void job_free(struct catalog_job *j)
{
    ASSERT(j->added == NULL);
    for (size_t i = 0; i < j->word_count; i++)
        mem_free((char *)(uintptr_t)j->words[i].data);
    mem_free(j->words);
    for (size_t i = 0; i < j->directory_count; i++)
        mem_free(j->directories[i]);
    mem_free(j->directories);
    buf_deinit(&j->text);
    if (j->has_config)
        topic_config_deinit(&j->config);
    timers_cancel(j->c->o.timers, &j->retry);
    topic_unref(j->topic);
    mem_free(j);
}

void topic_change_cancel(struct topic_change *change)
{
    if (change->job != NULL)
        change->job->change = NULL;
    change->job = NULL;
}

/* --- beginning ------------------------------------------------------------------------------- */

static void need_directories(struct catalog_job *j, int32_t from, int32_t to)
{
    char path[DISK_PATH_BYTES_MAX + 1];

    j->directories = mem_zalloc((size_t)(to - from), sizeof(*j->directories));
    for (int32_t i = from; i < to; i++) {
        topic_directory(j->topic, i, path);
        j->directories[j->directory_count++] = mem_strdup(path);
    }
}

static void begin_grow(struct catalog_job *j)
{
    struct topic *t = j->topic;
    int32_t count = j->partitions - t->partition_count;

    j->from = t->partition_count;
    j->added = mem_zalloc((size_t)count, sizeof(*j->added));
    for (int32_t i = 0; i < count; i++) {
        j->added[i] = topic_partition_make(t, j->from + i);
        topic_partition_create_log(j->added[i], j->c->o.storage);
    }
    need_directories(j, j->from, j->partitions);
}

static void begin_configure(struct catalog_job *j)
{
    struct topic *t = j->topic;
    struct buf why = {0};
    enum err err;

    topic_config_copy(&j->config, &t->config);
    j->set_keys = t->set_keys;
    j->has_config = true;
    if (j->reset)
        err = topic_config_reset(&j->config, &j->set_keys, j->words, j->word_count, j->c->o.config,
                                 &why);
    else
        err = topic_config_set(&j->config, &j->set_keys, j->words, j->word_count / 2, &why);
    ASSERT(err == ERR_OK); /* it was tried when it was asked for */
    buf_deinit(&why);
}

static void begin(struct catalog_job *j)
{
    struct topic *t = j->topic;

    j->begun = true;
    switch (j->kind) {
    case JOB_CREATE:
        need_directories(j, 0, t->partition_count);
        topic_meta_write(&j->text, t, t->partition_count, &t->config, t->set_keys);
        break;
    case JOB_GROW:
        begin_grow(j);
        topic_meta_write(&j->text, t, j->partitions, &t->config, t->set_keys);
        break;
    case JOB_CONFIGURE:
        begin_configure(j);
        topic_meta_write(&j->text, t, t->partition_count, &j->config, j->set_keys);
        break;
    case JOB_REMOVE:
        j->placed = t->placed;
        break;
    }
}

/* --- ending ---------------------------------------------------------------------------------- */

static void end_create(struct catalog_job *j)
{
    struct topic *t = j->topic;

    t->placed = j->placed;
    if (j->err == ERR_OK) {
        t->creating = false;
        if (!t->deleted)
            catalog_tell_created(j->c, t);
        for (int32_t i = 0; i < t->partition_count; i++)
            topic_partition_made(t->partitions[i]);
        return;
    }
    if (t->deleted)
        return; /* meanwhile; its removal stands behind this job */
    TRACE_WARN(j->c->o.trace, "Topic '%s' could not be created: %s", t->name.data,
               err_text(j->err));
    catalog_forget(j->c, t, j->err, NULL);
}

static void end_grow(struct catalog_job *j)
{
    struct topic *t = j->topic;
    int32_t count = j->partitions - j->from;

    if (j->added != NULL && j->err == ERR_OK && !t->deleted) {
        catalog_install(j->c, t, j->added, count);
        j->added = NULL;
        return;
    }
    if (j->err == ERR_OK)
        j->err = ERR_NOT_FOUND;
    if (!t->deleted) {
        j->c->partitions_planned -= (size_t)(t->partitions_planned - t->partition_count);
        t->partitions_planned = t->partition_count;
        TRACE_WARN(j->c->o.trace, "Topic '%s' could not grow to %d partitions: %s", t->name.data,
                   (int)j->partitions, err_text(j->err));
    }
    if (j->added == NULL)
        return;
    for (int32_t i = 0; i < count; i++) {
        topic_partition_end_waits(j->added[i], j->err);
        topic_partition_delete_log(j->added[i]);
        topic_partition_destroy(j->added[i]);
    }
    mem_free(j->added);
    j->added = NULL;
    catalog_removal_start(j->c, t, j->from, j->partitions, true);
    if (j->placed && !t->deleted) /* it may say the greater number: say the right one */
        catalog_job_configure(j->c, t, false, NULL, 0, NULL);
}

static void end_configure(struct catalog_job *j)
{
    struct topic *t = j->topic;
    struct topic_config before = t->config;

    if (!j->has_config || j->err != ERR_OK || t->deleted)
        return;
    t->config = j->config;
    t->set_keys = j->set_keys;
    j->config = before; /* freed with the job */
    topic_config_follow(&t->config, t->set_keys, j->c->o.config);
    catalog_configure_logs(t);
}

static void end_remove(struct catalog_job *j)
{
    struct topic *t = j->topic;

    if (j->err != ERR_OK) {
        TRACE_WARN(j->c->o.trace,
                   "Topic '%s' could not be deleted, the next start may find it again: %s",
                   t->name.data, err_text(j->err));
        catalog_take_name(j->c, t->name)->meta = true;
        list_push_back(&j->c->kept, &topic_ref(t)->kept);
        return;
    }
    for (int32_t i = 0; i < t->partition_count; i++)
        topic_partition_delete_log(t->partitions[i]);
    catalog_removal_start(j->c, t, 0, t->partition_count, false);
}

static void finish(struct catalog_job *j)
{
    struct topic_change *change;

    switch (j->kind) {
    case JOB_CREATE:
        end_create(j);
        break;
    case JOB_GROW:
        end_grow(j);
        break;
    case JOB_CONFIGURE:
        end_configure(j);
        break;
    case JOB_REMOVE:
        end_remove(j);
        break;
    }
    list_remove(&j->link);
    change = j->change;
    if (change != NULL) {
        change->job = NULL;
        change->done(change, j->err);
    }
    job_free(j);
}

/* --- running --------------------------------------------------------------------------------- */

/* Why this job need not wait for the files of its partitions any more. */
static enum err partitions_error(const struct catalog_job *j)
{
    struct topic_partition **partitions = j->kind == JOB_GROW ? j->added : j->topic->partitions;
    enum err err = ERR_OK;

    if (j->topic->deleted)
        return ERR_NOT_FOUND;
    if (j->retries >= (j->c->closing ? RETRIES_CLOSING_MAX : RETRIES_MAX))
        return ERR_IO;
    for (size_t i = 0; i < j->directory_count && err == ERR_OK; i++)
        err = topic_partition_log_error(partitions[i]);
    return err;
}

static void try_later(struct catalog_job *j)
{
    j->retries = j->directories_there > j->directories_seen ? 0 : j->retries + 1;
    j->directories_seen = j->directories_there;
    timers_set(j->c->o.timers, &j->retry, j->c->o.clock->mono_us + j->retry_us);
    j->retry_us = j->retry_us * 2 < RETRY_US_MAX ? j->retry_us * 2 : RETRY_US_MAX;
}

static void job_done(struct disk_job *job)
{
    struct catalog_job *j = job_of(job);
    struct catalog *c = j->c;

    c->job_running = false;
    if (j->err == ERR_AGAIN) {
        j->err = partitions_error(j);
        if (j->err == ERR_OK) {
            try_later(j);
            return;
        }
    }
    finish(j);
    start_next(c);
}

static void submit(struct catalog_job *j)
{
    j->c->job_running = true;
    disk_submit(j->disk, DISK_LANE_SYNC, &j->job);
}

static void retry_fired(struct timer *timer)
{
    submit(CONTAINER_OF(timer, struct catalog_job, retry));
}

/* Why it cannot be done any more. */
static enum err void_error(const struct catalog_job *j)
{
    if (j->kind == JOB_REMOVE)
        return ERR_OK;
    if (j->topic->deleted)
        return ERR_NOT_FOUND;
    if (j->kind == JOB_CREATE && catalog_name_has_meta(j->c, j->topic->name))
        return ERR_IO; /* the old topic of that name could not be deleted */
    if (j->kind == JOB_GROW && j->topic->growth_undone)
        return ERR_BUSY;
    return ERR_OK;
}

static void start_next(struct catalog *c)
{
    while (!list_empty(&c->jobs) && !c->job_running) {
        struct catalog_job *j = CONTAINER_OF(c->jobs.next, struct catalog_job, link);

        if (j->begun)
            return; /* it waits for its next try */
        j->err = void_error(j);
        if (j->err == ERR_OK) {
            begin(j);
            submit(j);
        } else {
            j->begun = true;
            finish(j);
        }
    }
}

/* Refused jobs must not end inside the call that asked for them, so the first one of the queue begins
 * here only if nothing can be wrong with it: a void job always stands behind another. */
static void enqueue(struct catalog_job *j)
{
    if (j->c->jobs.next == &j->link)
        start_next(j->c);
}

void catalog_job_create(struct catalog *c, struct topic *t, struct topic_change *change)
{
    enqueue(job_make(c, t, JOB_CREATE, change));
}

void catalog_job_grow(struct catalog *c, struct topic *t, int32_t partitions,
                      struct topic_change *change)
{
    struct catalog_job *j = job_make(c, t, JOB_GROW, change);

    j->partitions = partitions;
    enqueue(j);
}

void catalog_job_configure(struct catalog *c, struct topic *t, bool reset,
                           const struct bytes *words, size_t count, struct topic_change *change)
{
    struct catalog_job *j = job_make(c, t, JOB_CONFIGURE, change);

    j->reset = reset;
    j->words = count == 0 ? NULL : mem_zalloc(count, sizeof(*j->words));
    j->word_count = count;
    for (size_t i = 0; i < count; i++)
        j->words[i] = bytes_of(mem_strndup(words[i].data, words[i].len), words[i].len);
    enqueue(j);
}

void catalog_job_remove(struct catalog *c, struct topic *t, struct topic_change *change)
{
    enqueue(job_make(c, t, JOB_REMOVE, change));
}

void catalog_jobs_finish(struct catalog *c)
{
    while (!list_empty(&c->jobs)) {
        struct catalog_job *j = CONTAINER_OF(c->jobs.next, struct catalog_job, link);

        if (!c->job_running) {
            timers_cancel(c->o.timers, &j->retry);
            if (j->begun)
                submit(j);
            else
                start_next(c);
        }
        disk_reap(c->o.disk);
    }
}
