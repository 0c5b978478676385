/* SPDX-License-Identifier: BSD-3-Clause */
#include "storage/storage.h"

#include "base/mem.h"
#include "storage/dirs.h"
#include "storage/storage_internal.h"

#define COMPACTION_KEYS_MAX ((size_t)768 * 1024)
#define READ_SPARE_BYTES_MAX ((size_t)2 * 1024 * 1024)

struct storage *storage_create(const struct storage_options *options)
{
    struct storage *st = mem_zalloc(1, sizeof(*st));
    st->options = *options;
    tail_init(&st->tail, options->tail_bytes_max, &st->stats.tail_bytes);
    files_init(&st->files, options->files_max, &st->stats.open_files);
    list_init(&st->partitions);
    list_init(&st->deleted);
    list_init(&st->holders);
    list_init(&st->room_waiters);
    group_sync_init(st);
    st->compaction_keys_max = COMPACTION_KEYS_MAX;
    return st;
}

void storage_destroy(struct storage *st)
{
    ASSERT(list_empty(&st->partitions));
    while (!list_empty(&st->deleted))
        disk_wait(st->options.disk);
    ASSERT(st->stats.pending_bytes == 0);
    group_sync_deinit(st);
    if (st->replay != NULL)
        journal_replay_destroy(st->replay);
    buf_deinit(&st->read_spare);
    tail_deinit(&st->tail);
    mem_free(st);
}

enum err storage_load_journal(struct storage *st)
{
    ASSERT(st->replay == NULL && list_empty(&st->partitions));
    enum err err = journal_replay_load(st->options.disk, st->options.trace, &st->replay);
    if (err == ERR_OK)
        group_sync_ready(st, journal_replay_next_sequence(st->replay));
    return err;
}

void storage_opened(struct storage *st)
{
    if (st->replay != NULL)
        journal_replay_end(st->replay);
    st->replay = NULL;
}

void storage_sync(struct storage *st)
{
    group_sync_go_on(st);
}

const struct storage_stats *storage_stats(const struct storage *st)
{
    return &st->stats;
}

void storage_set_tail_bytes_max(struct storage *st, size_t bytes)
{
    st->options.tail_bytes_max = bytes;
    tail_set_bytes_max(&st->tail, bytes);
}

void storage_set_compaction_keys_max(struct storage *st, size_t keys)
{
    st->compaction_keys_max = keys;
}

/* Holds what it needs: the storage may be gone before it is done. */
struct sweep {
    struct disk_job job;
    struct disk *disk; /* borrowed */
};

static void sweep_run(struct disk_job *job)
{
    struct sweep *s = CONTAINER_OF(job, struct sweep, job);
    dirs_sweep(s->disk);
}

static void sweep_done(struct disk_job *job)
{
    mem_free(CONTAINER_OF(job, struct sweep, job));
}

void storage_sweep(struct storage *st)
{
    struct sweep *s = mem_zalloc(1, sizeof(*s));
    s->disk = st->options.disk;
    s->job = (struct disk_job){.run = sweep_run, .done = sweep_done};
    list_init(&s->job.link);
    disk_submit(s->disk, DISK_LANE_BULK, &s->job);
}

struct buf storage_take_read_buf(struct storage *st)
{
    struct buf b = st->read_spare;
    st->read_spare = (struct buf){0};
    return b;
}

void storage_give_read_buf(struct storage *st, struct buf *b)
{
    if (b->cap > st->read_spare.cap && b->cap <= READ_SPARE_BYTES_MAX) {
        struct buf smaller = st->read_spare;
        st->read_spare = *b;
        *b = smaller;
        buf_clear(&st->read_spare);
    }
    buf_deinit(b);
}
