/* SPDX-License-Identifier: BSD-3-Clause */
/* Directories of deleted topics. The logs remove them in the background. Until they are gone, ".gone-<id>"
 * says to the next start whose they were, and a new topic of the same name keeps its partitions in
 * directories of another name. */
#include "base/mem.h"
#include "topics/catalog_files.h"
#include "topics/catalog_private.h"
#include "topics/topic_partition.h"

struct catalog_removal {
    struct disk_job job;
    struct list link; /* in catalog.removals */
    struct catalog *c;
    struct topic *topic; /* counted; its partitions have no logs any more, or it stays */
    bool undone_growth;
    struct partition_deletion *deletions; /* owned */
    size_t deleting;                      /* how many of them are not done */

    /* For the worker. */
    struct disk *disk;
    char **directories; /* owned; of partitions that had no log */
    size_t count;
    catalog_path gone_path;
    enum err err; /* the first: something is left */
};

static void run_tidy(struct disk_job *job)
{
    struct catalog_removal *r = CONTAINER_OF(job, struct catalog_removal, job);

    for (size_t i = 0; i < r->count; i++) {
        enum err err = catalog_remove_directory(r->disk, r->directories[i]);

        if (err != ERR_OK && err != ERR_NOT_FOUND && r->err == ERR_OK)
            r->err = err;
    }
    if (r->err == ERR_OK && r->count > 0)
        r->err = disk_sync_dir(r->disk, ""); /* before the note goes */
    if (r->err == ERR_OK && !r->undone_growth) {
        /* If it stays, or a power loss brings it back, the next start finds that it has no directories. */
        enum err ignored = disk_unlink(r->disk, r->gone_path);

        (void)ignored;
    }
}

/* What is left keeps its name taken. */
static void tidied(struct disk_job *job)
{
    struct catalog_removal *r = CONTAINER_OF(job, struct catalog_removal, job);

    if (r->err == ERR_OK) {
        if (r->undone_growth)
            r->topic->growth_undone = false;
        catalog_release_directories(r->c, r->topic);
    }
    list_remove(&r->link);
    for (size_t i = 0; i < r->count; i++)
        mem_free(r->directories[i]);
    mem_free(r->directories);
    mem_free(r->deletions);
    topic_unref(r->topic);
    mem_free(r);
}

static void tidy(struct catalog_removal *r)
{
    if (r->deleting == 0)
        disk_submit(r->disk, DISK_LANE_BULK, &r->job);
}

static void deleted(struct partition_deletion *d)
{
    struct catalog_removal *r = d->ctx;

    if (r->err == ERR_OK)
        r->err = d->err;
    r->deleting--;
    tidy(r);
}

static void remove_partition(struct catalog_removal *r, struct topic_partition *tp,
                             struct partition_deletion *d)
{
    char path[DISK_PATH_BYTES_MAX + 1];

    *d = (struct partition_deletion){.done = deleted, .ctx = r};
    if (topic_partition_delete_log(tp, d)) {
        r->deleting++;
    } else {
        topic_directory(r->topic, tp->number, path);
        r->directories[r->count++] = mem_strdup(path);
    }
}

void catalog_removal_start(struct catalog *c, struct topic *t, struct topic_partition **partitions,
                           int32_t count, bool undone_growth)
{
    struct catalog_removal *r = mem_zalloc(1, sizeof(*r));

    r->c = c;
    r->topic = topic_ref(t);
    r->undone_growth = undone_growth;
    r->disk = c->o.disk;
    r->job.run = run_tidy;
    r->job.done = tidied;
    list_init(&r->job.link);
    catalog_gone_path(r->gone_path, t->id);
    r->deletions = mem_zalloc((size_t)count, sizeof(*r->deletions));
    r->directories = mem_zalloc((size_t)count, sizeof(*r->directories));
    if (undone_growth) {
        t->growth_undone = true;
        catalog_take_directories(c, t);
    }
    list_push_back(&c->removals, &r->link);
    for (int32_t i = 0; i < count; i++)
        remove_partition(r, partitions[i], &r->deletions[i]);
    tidy(r);
}

void catalog_removals_finish(struct catalog *c)
{
    while (!list_empty(&c->removals))
        disk_wait(c->o.disk);
}
