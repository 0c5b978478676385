/* SPDX-License-Identifier: BSD-3-Clause */
/* The jobs that change a partition's files. While one is under way the reactor writes nothing to them.
 * Each has a `run` for the worker, which touches only what is in struct partition_work, and an end on the
 * reactor, which takes the results over, calls events last, and lets the partition go on. */
#include "storage/partition_internal.h"

#include "base/mem.h"
#include "storage/dirs.h"

static void work_done(struct disk_job *job);

static struct partition_work *work_begin(struct partition *p, enum work_kind kind,
                                         void (*run)(struct disk_job *))
{
    struct partition_work *w = &p->work;
    ASSERT(w->kind == WORK_NONE);
    *w = (struct partition_work){
        .p = p, .kind = kind, .disk = p->st->options.disk, .dir = p->dir, .retried = w->retried};
    w->job.run = run;
    w->job.done = work_done;
    list_init(&w->job.link);
    return w;
}

static void work_submit(struct partition_work *w, enum disk_lane lane)
{
    disk_submit(w->disk, lane, &w->job);
}

static struct partition_work *work_of(struct disk_job *job)
{
    return CONTAINER_OF(job, struct partition_work, job);
}

/* --- on the worker -------------------------------------------------------------------------- */

static enum err open_new_segment(struct partition_work *w)
{
    return segment_files_open(w->disk, w->dir, w->base_offset,
                              DISK_WRITE | DISK_CREATE | DISK_TRUNCATE, &w->opened);
}

/* What could be mistaken for a segment of the log must not stay. */
static void unmake_segment(struct partition_work *w)
{
    static const char *const suffixes[] = {"log", "index", "timeindex"};
    char path[DISK_PATH_BYTES_MAX + 1];
    segment_files_unref(w->opened);
    w->opened = NULL;
    for (size_t i = 0; i < COUNT_OF(suffixes); i++) {
        segment_path(path, w->dir, w->base_offset, suffixes[i]);
        enum err err = disk_unlink(w->disk, path);
        (void)err; /* opening drops an empty segment that another one overlaps */
    }
}

static void run_create(struct disk_job *job)
{
    struct partition_work *w = work_of(job);
    w->err = dirs_make_empty(w->disk, w->dir, &w->orphaned);
    if (w->err == ERR_OK)
        w->err = open_new_segment(w);
    if (w->err == ERR_OK)
        w->err = dirs_sync(w->disk, w->dir);
    if (w->err != ERR_OK)
        unmake_segment(w);
}

static void run_open(struct disk_job *job)
{
    struct partition_work *w = work_of(job);
    w->err = segment_files_open(w->disk, w->dir, w->base_offset, DISK_WRITE, &w->opened);
}

static void run_sync(struct disk_job *job)
{
    struct partition_work *w = work_of(job);
    w->sync_err = disk_sync(w->files->log);
    if (w->sync_err == ERR_OK)
        w->index_err = index_flush(w->index, w->files->index, w->files->time_index);
}

/* The old segment is whole on the device before the new one is there: so only the last segment can
 * have a torn tail. */
static void run_roll(struct disk_job *job)
{
    struct partition_work *w = work_of(job);
    run_sync(job);
    if (w->sync_err != ERR_OK)
        return;
    if (w->index_err == ERR_OK)
        w->index_err = disk_sync(w->files->index);
    if (w->index_err == ERR_OK)
        w->index_err = disk_sync(w->files->time_index);
    w->err = open_new_segment(w);
    if (w->err == ERR_OK)
        w->err = disk_sync_dir(w->disk, w->dir);
    if (w->err != ERR_OK)
        unmake_segment(w);
}

static void run_remove(struct disk_job *job)
{
    static const char *const suffixes[] = {"log", "index", "timeindex"};
    struct partition_work *w = work_of(job);
    char path[DISK_PATH_BYTES_MAX + 1];
    for (size_t i = 0; i < w->remove_count * COUNT_OF(suffixes); i++) {
        segment_path(path, w->dir, w->remove_bases[i / COUNT_OF(suffixes)],
                     suffixes[i % COUNT_OF(suffixes)]);
        enum err err = disk_unlink(w->disk, path);
        if (err != ERR_OK && err != ERR_NOT_FOUND)
            w->err = err;
    }
    enum err err = disk_sync_dir(w->disk, w->dir);
    if (w->err == ERR_OK)
        w->err = err;
}

static void run_delete(struct disk_job *job)
{
    struct partition_work *w = work_of(job);
    w->err = dirs_remove(w->disk, w->dir);
}

/* --- starting ------------------------------------------------------------------------------- */

void work_start_create(struct partition *p)
{
    struct partition_work *w = work_begin(p, WORK_CREATE, run_create);
    w->base_offset = partition_active(p)->base_offset;
    work_submit(w, DISK_LANE_SYNC);
}

void work_start_open(struct partition *p)
{
    struct partition_work *w = work_begin(p, WORK_OPEN, run_open);
    w->base_offset = partition_active(p)->base_offset;
    work_submit(w, DISK_LANE_SYNC);
}

static void lend_active(struct partition *p, struct partition_work *w)
{
    struct segment *s = partition_active(p);
    ASSERT(p->ready && s->files != NULL);
    w->files = s->files;
    segment_files_ref(w->files);
    w->index = &s->index;
    w->sync_batch = p->batch_written;
    w->sync_offset = p->next_offset;
}

void work_start_sync(struct partition *p)
{
    struct partition_work *w = work_begin(p, WORK_SYNC, run_sync);
    lend_active(p, w);
    p->st->stats.syncs++;
    work_submit(w, DISK_LANE_SYNC);
}

void work_start_roll(struct partition *p)
{
    struct partition_work *w = work_begin(p, WORK_ROLL, run_roll);
    index_seal(&partition_active(p)->index, partition_active(p)->base_offset);
    lend_active(p, w);
    w->base_offset = p->next_offset;
    p->st->stats.syncs++;
    work_submit(w, DISK_LANE_SYNC);
}

void work_start_remove(struct partition *p, size_t count)
{
    ASSERT(count < p->segment_count);
    struct partition_work *w = work_begin(p, WORK_REMOVE, run_remove);
    w->remove_bases = mem_alloc(count * sizeof(int64_t));
    w->remove_count = count;
    for (size_t i = 0; i < count; i++) {
        struct segment *s = p->segments[i];
        w->remove_bases[i] = s->base_offset;
        p->bytes -= s->bytes;
        ASSERT(p->start_skip >= s->bytes);
        p->start_skip -= s->bytes;
        segment_unref(s); /* readers that are at it keep it and its files */
    }
    p->segment_count -= count;
    memmove(p->segments, p->segments + count, p->segment_count * sizeof(p->segments[0]));
    work_submit(w, DISK_LANE_BULK);
}

void work_start_delete(struct partition *p)
{
    ASSERT(p->deleted);
    struct partition_work *w = work_begin(p, WORK_DELETE, run_delete);
    files_drop(&partition_active(p)->files);
    work_submit(w, DISK_LANE_BULK);
}

/* --- ending --------------------------------------------------------------------------------- */

/* A creation or roll that failed: whether it is tried once more, after closing files. */
static bool try_again(struct partition *p, const struct partition_work *w)
{
    if (w->err != ERR_LIMIT || w->retried || !files_close_idle(&p->st->files))
        return false;
    p->work.retried = true;
    return true;
}

static void new_segment_failed(struct partition *p, struct partition_work *w)
{
    if (try_again(p, w))
        return; /* partition_commit starts it again */
    p->work.retried = false;
    p->roll_wanted = false;
    if (w->err == ERR_NOSPACE || w->err == ERR_LIMIT)
        partition_refuse_waiting(p, w->err);
    else
        partition_fail(p, w->err);
}

static void adopt_active(struct partition *p, struct partition_work *w)
{
    struct segment *s = partition_active(p);
    files_drop(&s->files); /* one that readers opened */
    files_adopt(&p->st->files, &s->files, w->opened, true);
    w->opened = NULL;
    p->ready = true;
    p->work.retried = false;
}

static void create_done(struct partition *p, struct partition_work *w)
{
    if (w->orphaned)
        TRACE_WARN(p->st->options.trace,
                   "%s: there were records of no topic here: moved to %s" DIRS_ORPHAN_SUFFIX "*",
                   p->dir, p->dir);
    if (w->err != ERR_OK) {
        new_segment_failed(p, w);
        return;
    }
    p->created = true;
    adopt_active(p, w);
}

static void open_done(struct partition *p, struct partition_work *w)
{
    if (w->err == ERR_OK)
        adopt_active(p, w);
    else
        new_segment_failed(p, w);
}

static void take_index_result(struct index *x, enum err err)
{
    if (err == ERR_OK)
        index_flushed(x);
    else
        index_give_up_pending(x);
}

/* False: the sync failed and the partition with it. */
static bool sync_done(struct partition *p, struct partition_work *w)
{
    if (w->sync_err != ERR_OK) {
        p->st->stats.sync_errors++;
        partition_fail(p, w->sync_err);
        return false;
    }
    struct segment *s = partition_active(p);
    take_index_result(&s->index, w->index_err);
    partition_set_synced(p, w->sync_batch, w->sync_offset);
    return true;
}

static void roll_done(struct partition *p, struct partition_work *w)
{
    struct segment *old = partition_active(p);
    if (w->sync_err == ERR_OK && w->err == ERR_OK) {
        take_index_result(&old->index, w->index_err);
        files_retire(&p->st->files, old->files);
        partition_add_segment(p, segment_create(w->base_offset));
        p->roll_wanted = false;
        adopt_active(p, w);
        partition_set_synced(p, w->sync_batch, w->sync_offset);
    } else if (sync_done(p, w)) {
        new_segment_failed(p, w);
    }
}

static void remove_done(struct partition *p, struct partition_work *w)
{
    p->st->stats.segments_removed += w->remove_count;
    if (w->err != ERR_OK)
        TRACE_WARN(p->st->options.trace, "%s: cannot remove old segments: %s", p->dir,
                   err_text(w->err));
}

static void delete_done(struct partition *p, struct partition_work *w)
{
    if (w->err != ERR_OK)
        TRACE_WARN(p->st->options.trace, "%s: cannot remove the directory: %s", p->dir,
                   err_text(w->err));
}

static void work_done(struct disk_job *job)
{
    struct partition *p = work_of(job)->p;
    struct partition_work w = p->work; /* the next job may begin inside an event */
    p->work.kind = WORK_NONE;
    segment_files_unref(w.files);
    mem_free(w.remove_bases);
    if (p->deleted) {
        segment_files_unref(w.opened);
        if (w.kind == WORK_DELETE) {
            delete_done(p, &w);
            partition_free_if_done(p);
        } else {
            work_start_delete(p);
        }
        return;
    }
    switch (w.kind) {
    case WORK_CREATE:
        create_done(p, &w);
        break;
    case WORK_OPEN:
        open_done(p, &w);
        break;
    case WORK_SYNC:
        (void)sync_done(p, &w);
        break;
    case WORK_ROLL:
        roll_done(p, &w);
        break;
    case WORK_REMOVE:
        remove_done(p, &w);
        break;
    case WORK_DELETE:
    case WORK_NONE:
        ASSERT(false);
    }
    if (partition_dirty(p))
        partition_commit(p);
    else
        partition_advance(p);
}
