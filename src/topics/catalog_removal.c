/* SPDX-License-Identifier: BSD-3-Clause */
/* Directories of deleted topics. The log removes them in the background and does not say when it is done,
 * so this looks, now and then. Until they are gone, ".gone-<id>" says to the next start whose they were,
 * and a new topic of the same name keeps its partitions in directories of another name. */
#include "base/mem.h"
#include "topics/catalog_files.h"
#include "topics/catalog_private.h"
#include "topics/topic_partition.h"

#define LOOK_US_MIN 1000
#define LOOK_US_MAX 60000000

struct catalog_removal {
    struct disk_job job;
    struct list link; /* in catalog.removals */
    struct catalog *c;
    struct topic *topic; /* counted; its partitions have no logs any more, or it stays */
    bool undone_growth;
    bool running;
    struct timer timer;
    int64_t wait_us;

    /* For the worker. */
    struct disk *disk;
    char **directories; /* owned */
    size_t count;
    size_t gone; /* the first so many are */
    catalog_path gone_path;
    enum err err; /* ERR_AGAIN: not all yet */
};

static bool see_nothing(void *ctx, const char *name, enum disk_entry_kind kind)
{
    (void)ctx, (void)name, (void)kind;
    return false;
}

static void run_look(struct disk_job *job)
{
    struct catalog_removal *r = CONTAINER_OF(job, struct catalog_removal, job);

    r->err = ERR_AGAIN;
    while (r->gone < r->count &&
           disk_list(r->disk, r->directories[r->gone], see_nothing, NULL) == ERR_NOT_FOUND)
        r->gone++;
    if (r->gone < r->count)
        return;
    r->err = ERR_OK;
    if (!r->undone_growth) {
        /* If it stays, or a power loss brings it back, the next start finds that it has no directories. */
        enum err ignored = disk_unlink(r->disk, r->gone_path);

        (void)ignored;
    }
}

static void removal_free(struct catalog_removal *r)
{
    timers_cancel(r->c->o.timers, &r->timer);
    list_remove(&r->link);
    for (size_t i = 0; i < r->count; i++)
        mem_free(r->directories[i]);
    mem_free(r->directories);
    topic_unref(r->topic);
    mem_free(r);
}

static void look_done(struct disk_job *job)
{
    struct catalog_removal *r = CONTAINER_OF(job, struct catalog_removal, job);
    struct catalog *c = r->c;

    c->removals_running--;
    r->running = false;
    if (r->err == ERR_OK) {
        if (r->undone_growth)
            r->topic->growth_undone = false;
        catalog_release_directories(c, r->topic);
        removal_free(r);
    } else if (!c->closing) {
        timers_set(c->o.timers, &r->timer, c->o.clock->mono_us + r->wait_us);
        r->wait_us = r->wait_us * 2 < LOOK_US_MAX ? r->wait_us * 2 : LOOK_US_MAX;
    }
}

static void look(struct timer *timer)
{
    struct catalog_removal *r = CONTAINER_OF(timer, struct catalog_removal, timer);

    r->running = true;
    r->c->removals_running++;
    disk_submit(r->disk, DISK_LANE_BULK, &r->job);
}

void catalog_removal_start(struct catalog *c, struct topic *t, int32_t from, int32_t to,
                           bool undone_growth)
{
    struct catalog_removal *r = mem_zalloc(1, sizeof(*r));
    char path[DISK_PATH_BYTES_MAX + 1];

    r->c = c;
    r->topic = topic_ref(t);
    r->undone_growth = undone_growth;
    r->disk = c->o.disk;
    r->job.run = run_look;
    r->job.done = look_done;
    list_init(&r->job.link);
    r->wait_us = LOOK_US_MIN;
    timer_init(&r->timer, look);
    catalog_gone_path(r->gone_path, t->id);
    r->directories = mem_zalloc((size_t)(to - from), sizeof(*r->directories));
    for (int32_t i = from; i < to; i++) {
        topic_directory(t, i, path);
        r->directories[r->count++] = mem_strdup(path);
    }
    if (undone_growth) {
        t->growth_undone = true;
        catalog_take_directories(c, t);
    }
    list_push_back(&c->removals, &r->link);
    timers_set(c->o.timers, &r->timer, c->o.clock->mono_us + r->wait_us);
}

void catalog_removals_finish(struct catalog *c)
{
    while (c->removals_running > 0)
        disk_reap(c->o.disk);
    while (!list_empty(&c->removals))
        removal_free(CONTAINER_OF(c->removals.next, struct catalog_removal, link));
}
