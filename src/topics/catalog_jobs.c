/* SPDX-License-Identifier: BSD-3-Clause */
/* Changes to meta files: creation, growth, configuration and deletion of topics, done one after the
 * other in the order they were asked for, so that commands on a topic that is being created wait in order,
 * and a topic of the same name follows the deletion of the old one.
 *
 * A change first leaves a durable note, the file as it will be; then the partitions' files are made, and
 * the note is put in place last. A crash before the note leaves nothing but blank directories, a crash after
 * it a note that says whose the directories are (and nothing in them was acknowledged); the next start
 * removes either. The note of a creation does not wait for its turn, since the topic takes records at once.
 * A deletion renames the meta file to another note, which stays until the directories have gone. */
#include "base/mem.h"
#include "topics/catalog_files.h"
#include "topics/catalog_private.h"
#include "topics/topic_config.h"
#include "topics/topic_partition.h"

enum job_kind { JOB_CREATE, JOB_GROW, JOB_CONFIGURE, JOB_REMOVE };

/* What comes next. */
enum job_step { STEP_NOTE, STEP_MAKE, STEP_PLACE, STEP_FINISH };

struct catalog_job {
    struct disk_job job;
    struct list link; /* in catalog.jobs */
    struct catalog *c;
    struct topic *topic; /* counted */
    enum job_kind kind;
    enum job_step step;
    bool with_worker;
    size_t making; /* partitions whose files are being made */
    enum err made_err;
    struct topic_change *change; /* borrowed; NULL: nobody waits */

    /* JOB_GROW */
    int32_t partitions;
    bool remap;
    struct topic_partition **added; /* owned, with what is in it, until installed */
    int32_t from;
    /* JOB_CONFIGURE */
    bool reset;
    struct bytes *words; /* owned, with their bytes */
    size_t word_count;
    struct topic_config config; /* as it will be */
    uint64_t set_keys;
    bool has_config;

    /* For the worker. */
    struct disk *disk;
    struct buf text;
    catalog_path meta_path, new_path, gone_path;
    bool placed; /* the meta file is ours, maybe not durably */
    enum err err;
};

static struct catalog_job *job_of(struct disk_job *job)
{
    return CONTAINER_OF(job, struct catalog_job, job);
}

/* --- on the worker --------------------------------------------------------------------------- */

static void drop_note(struct catalog_job *j)
{
    if (j->kind == JOB_CONFIGURE) {
        enum err ignored = disk_unlink(j->disk, j->new_path);

        (void)ignored; /* the next start removes it */
    }
}

static void run_note(struct disk_job *job)
{
    struct catalog_job *j = job_of(job);

    j->err = catalog_write_file(j->disk, j->new_path, buf_bytes(&j->text));
    if (j->err == ERR_OK)
        j->err = disk_sync_dir(j->disk, CATALOG_DIR);
    if (j->err != ERR_OK)
        drop_note(j);
}

static void run_place(struct disk_job *job)
{
    struct catalog_job *j = job_of(job);

    if (j->err == ERR_OK)
        j->err = disk_rename(j->disk, j->new_path, j->meta_path);
    if (j->err != ERR_OK) {
        drop_note(j);
        return;
    }
    j->placed = true;
    j->err = disk_sync_dir(j->disk, CATALOG_DIR);
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
    list_init(&j->job.link);
    catalog_meta_path(j->meta_path, t->name.data);
    catalog_new_path(j->new_path, t->id);
    catalog_gone_path(j->gone_path, t->id);
    j->change = change;
    list_push_back(&c->jobs, &j->link);
    return j;
}

static void job_free(struct catalog_job *j)
{
    ASSERT(j->added == NULL && j->making == 0 && !j->with_worker);
    for (size_t i = 0; i < j->word_count; i++)
        mem_free((char *)(uintptr_t)j->words[i].data);
    mem_free(j->words);
    buf_deinit(&j->text);
    if (j->has_config)
        topic_config_deinit(&j->config);
    topic_unref(j->topic);
    mem_free(j);
}

/* --- beginning ------------------------------------------------------------------------------- */

static void make_logs(struct catalog_job *j, struct topic_partition **partitions, int32_t count)
{
    j->making = (size_t)count;
    for (int32_t i = 0; i < count; i++)
        topic_partition_create_log(partitions[i], j->c->o.storage, j);
}

static void make_added(struct catalog_job *j)
{
    struct topic *t = j->topic;
    int32_t count = j->partitions - t->partition_count;

    j->from = t->partition_count;
    j->added = mem_zalloc((size_t)count, sizeof(*j->added));
    for (int32_t i = 0; i < count; i++)
        j->added[i] = topic_partition_make(t, j->from + i);
    make_logs(j, j->added, count);
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

static void write_text(struct catalog_job *j)
{
    struct topic *t = j->topic;

    switch (j->kind) {
    case JOB_CREATE:
        topic_meta_write(&j->text, t, t->partition_count, &t->config, t->set_keys);
        break;
    case JOB_GROW:
        topic_meta_write(&j->text, t, j->partitions, &t->config, t->set_keys);
        break;
    case JOB_CONFIGURE:
        begin_configure(j);
        topic_meta_write(&j->text, t, t->partition_count, &j->config, j->set_keys);
        break;
    case JOB_REMOVE:
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

static bool keys_have_come(const struct catalog_job *j)
{
    return j->kind == JOB_GROW && !j->remap && catalog_may_hold_keys(j->topic);
}

static void end_grow(struct catalog_job *j)
{
    struct topic *t = j->topic;
    int32_t count = j->partitions - j->from;

    if (j->err == ERR_OK && keys_have_come(j))
        j->err = ERR_INVALID;
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
    if (j->added != NULL)
        catalog_removal_start(j->c, t, j->added, count, true);
    for (int32_t i = 0; i < count && j->added != NULL; i++)
        topic_partition_destroy(j->added[i]);
    mem_free(j->added);
    j->added = NULL;
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
    catalog_tell_configured(j->c, t);
}

static void end_remove(struct catalog_job *j)
{
    struct topic *t = j->topic;

    catalog_tell_gone(j->c, t, j->err);
    if (j->err != ERR_OK) {
        TRACE_WARN(j->c->o.trace,
                   "Topic '%s' could not be deleted, the next start may find it again: %s",
                   t->name.data, err_text(j->err));
        catalog_take_name(j->c, t->name)->meta = true;
        list_push_back(&j->c->kept, &topic_ref(t)->kept);
        return;
    }
    catalog_removal_start(j->c, t, t->partitions, t->partition_count, false);
}

static void finish(struct catalog_job *j)
{
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
    if (j->change != NULL)
        j->change->done(j->change, j->err);
    job_free(j);
}

/* --- running --------------------------------------------------------------------------------- */

/* Why it cannot be done any more. */
static enum err void_error(const struct catalog_job *j)
{
    if (j->kind == JOB_REMOVE)
        return ERR_OK;
    if (j->made_err != ERR_OK)
        return j->made_err;
    if (j->topic->deleted)
        return ERR_NOT_FOUND;
    if (j->kind == JOB_CREATE && catalog_name_has_meta(j->c, j->topic->name))
        return ERR_IO; /* the old topic of that name could not be deleted */
    if (j->kind == JOB_GROW && j->topic->growth_undone)
        return ERR_BUSY;
    return keys_have_come(j) ? ERR_INVALID : ERR_OK;
}

static void submit(struct catalog_job *j, enum job_step next, void (*run)(struct disk_job *))
{
    j->step = next;
    j->with_worker = true;
    j->job.run = run;
    disk_submit(j->disk, DISK_LANE_SYNC, &j->job);
}

static void write_note(struct catalog_job *j)
{
    write_text(j);
    submit(j, STEP_MAKE, run_note);
}

/* Also of what has failed: jobs end where nothing of theirs is under way, not in an event of a log. */
static void place(struct catalog_job *j)
{
    if (j->err == ERR_OK)
        j->err = void_error(j);
    submit(j, STEP_FINISH, run_place);
}

static void go_on(struct catalog_job *j)
{
    switch (j->step) {
    case STEP_NOTE:
        if (j->kind == JOB_REMOVE) {
            j->placed = j->topic->placed;
            submit(j, STEP_FINISH, run_remove);
        } else {
            write_note(j);
        }
        break;
    case STEP_MAKE:
        j->step = STEP_PLACE;
        if (j->kind == JOB_GROW)
            make_added(j);
        break;
    case STEP_PLACE:
        place(j);
        break;
    case STEP_FINISH:
        finish(j);
        break;
    }
}

/* Jobs take their turns; all but the note of a creation is done in a job's own. */
static void run_jobs(struct catalog *c)
{
    while (!list_empty(&c->jobs)) {
        struct catalog_job *j = CONTAINER_OF(c->jobs.next, struct catalog_job, link);

        if (j->with_worker || j->making > 0)
            return;
        if (j->err == ERR_OK && j->step != STEP_FINISH)
            j->err = void_error(j);
        if (j->err != ERR_OK)
            j->step = STEP_FINISH;
        go_on(j);
    }
}

static void job_done(struct disk_job *job)
{
    struct catalog_job *j = job_of(job);

    j->with_worker = false;
    run_jobs(j->c);
}

void catalog_job_made(struct catalog_job *j, enum err err)
{
    ASSERT(j->making > 0);
    j->making--;
    if (j->made_err == ERR_OK)
        j->made_err = err;
    if (j->making == 0 && !j->with_worker && j->c->jobs.next == &j->link)
        place(j);
}

/* Refused jobs must not end inside the call that asked for them, so the first one of the queue begins
 * here only if nothing can be wrong with it: a void job always stands behind another. */
static void enqueue(struct catalog_job *j)
{
    if (j->c->jobs.next == &j->link)
        run_jobs(j->c);
}

void catalog_job_create(struct catalog *c, struct topic *t, struct topic_change *change)
{
    struct catalog_job *j = job_make(c, t, JOB_CREATE, change);

    write_note(j);
    make_logs(j, t->partitions, t->partition_count);
}

void catalog_job_grow(struct catalog *c, struct topic *t, int32_t partitions, bool remap,
                      struct topic_change *change)
{
    struct catalog_job *j = job_make(c, t, JOB_GROW, change);

    j->partitions = partitions;
    j->remap = remap;
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
    while (!list_empty(&c->jobs))
        disk_wait(c->o.disk);
}
