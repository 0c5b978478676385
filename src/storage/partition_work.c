/* SPDX-License-Identifier: BSD-3-Clause */
/* The jobs that change a partition's files. While one is under way the reactor writes nothing to them.
 * Each has a `run` for the worker, which touches only what is in struct partition_work, and an end on the
 * reactor, which takes the results over, calls events last, and lets the partition go on. */
#include "storage/partition_internal.h"

#include "base/mem.h"
#include "storage/dirs.h"
#include "storage/marker.h"

static const char *const segment_suffixes[] = {"log", "index", "timeindex"};

static void work_done(struct disk_job *job);

static struct partition_work *work_begin(struct partition *p, enum work_kind kind,
                                         void (*run)(struct disk_job *))
{
    struct partition_work *w = &p->work;
    ASSERT(w->kind == WORK_NONE && !group_sync_waits(p));
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

/* What could be mistaken for a segment of the log must not stay. One that does ends the log, for no other may come
 * behind it: the next start drops what is empty at the end. */
static void unmake_segment(struct partition_work *w)
{
    char path[DISK_PATH_BYTES_MAX + 1];
    segment_files_unref(w->opened);
    w->opened = NULL;
    for (size_t i = 0; i < COUNT_OF(segment_suffixes); i++) {
        segment_path(path, w->dir, w->base_offset, segment_suffixes[i]);
        enum err err = disk_unlink(w->disk, path);
        if (err != ERR_OK && err != ERR_NOT_FOUND)
            w->err = ERR_IO;
    }
}

static void write_checkpoint(struct partition_work *w)
{
    w->checkpoint_err =
        checkpoint_write(w->disk, w->dir, &w->place, buf_bytes(&w->image), w->checkpoint_sync);
}

static void run_create(struct disk_job *job)
{
    struct partition_work *w = work_of(job);
    w->err = dirs_make_empty(w->disk, w->dir, &w->orphaned);
    if (w->err == ERR_OK)
        w->err = checkpoint_create(w->disk, w->dir, buf_bytes(&w->image));
    if (w->err == ERR_OK)
        w->err = open_new_segment(w);
    if (w->err == ERR_OK)
        w->err = dirs_sync(w->disk, w->dir);
    if (w->err != ERR_OK)
        unmake_segment(w);
}

/* The checkpoint says in which boot that was, and it is on the device before the marker goes: until then the
 * marker alone may know where the log starts, and what it says is still true. */
static void remove_marker(struct partition_work *w)
{
    write_checkpoint(w);
    w->err = w->checkpoint_err;
    if (w->err == ERR_OK)
        w->err = marker_remove(w->disk, w->dir);
}

/* The marker goes before the first write. */
static void run_open(struct disk_job *job)
{
    struct partition_work *w = work_of(job);
    w->err = segment_files_open(w->disk, w->dir, w->base_offset, DISK_WRITE, &w->opened);
    if (w->err == ERR_OK && w->marker)
        remove_marker(w);
}

static void run_checkpoint(struct disk_job *job)
{
    struct partition_work *w = work_of(job);
    if (w->marker)
        remove_marker(w);
    else
        write_checkpoint(w);
}

static void sync_log(struct partition_work *w)
{
    w->sync_err = disk_sync(w->files->log);
    if (w->sync_err == ERR_OK && !w->index_later)
        w->index_err = index_flush(w->index, w->files->index, w->files->time_index);
}

/* To a file that stays open as long as the log does, unless somebody has removed it, and likely the log with it. */
static void write_open_checkpoint(struct partition_work *w)
{
    struct disk_file **file = &w->files->checkpoint;
    if (*file == NULL)
        w->checkpoint_err = checkpoint_open(w->disk, w->dir, file);
    else if (!disk_is_linked(*file))
        w->checkpoint_err = ERR_NOT_FOUND;
    if (w->checkpoint_err == ERR_OK)
        w->checkpoint_err = checkpoint_write_to(*file, &w->place, buf_bytes(&w->image), false);
}

/* A checkpoint that is synced goes by the file's name, so that a directory that was moved away is noticed, too. */
static void run_sync(struct disk_job *job)
{
    struct partition_work *w = work_of(job);
    sync_log(w);
    if (w->sync_err != ERR_OK)
        return;
    if (w->checkpoint_sync)
        write_checkpoint(w);
    else
        write_open_checkpoint(w);
}

/* The old segment is whole on the device before the new one is there: so only the last segment can
 * have a torn tail. */
static void run_roll(struct disk_job *job)
{
    struct partition_work *w = work_of(job);
    sync_log(w);
    if (w->sync_err != ERR_OK)
        return;
    if (w->index_err == ERR_OK)
        w->index_err = disk_sync(w->files->index);
    if (w->index_err == ERR_OK)
        w->index_err = disk_sync(w->files->time_index);
    w->err = open_new_segment(w);
    if (w->err == ERR_OK)
        w->err = disk_sync_dir(w->disk, w->dir);
    if (w->err == ERR_OK)
        write_checkpoint(w);
    else
        unmake_segment(w);
}

static void run_removal(struct disk_job *job)
{
    struct partition_removal *r = CONTAINER_OF(job, struct partition_removal, job);
    char path[DISK_PATH_BYTES_MAX + 1];
    for (size_t i = 0; i < r->count * COUNT_OF(segment_suffixes); i++) {
        segment_path(path, r->dir, r->bases[i / COUNT_OF(segment_suffixes)],
                     segment_suffixes[i % COUNT_OF(segment_suffixes)]);
        enum err err = disk_unlink(r->disk, path);
        if (err != ERR_OK && err != ERR_NOT_FOUND)
            r->err = err;
    }
    enum err err = disk_sync_dir(r->disk, r->dir);
    if (r->err == ERR_OK)
        r->err = err;
}

static void run_delete(struct disk_job *job)
{
    struct partition_work *w = work_of(job);
    w->err = dirs_remove(w->disk, w->dir);
}

/* --- starting ------------------------------------------------------------------------------- */

/* The checkpoint that goes with the job. */
static void lend_checkpoint(struct partition *p, struct partition_work *w, bool sync)
{
    partition_checkpoint_update(p, &w->checkpoint);
    w->checkpoint_sync = sync || partition_checkpoint_due(p, &w->checkpoint);
    w->place = p->checkpoint_place;
    w->marker = p->marker;
    checkpoint_encode(&w->checkpoint, w->place.sequence, &w->image);
}

void work_start_create(struct partition *p)
{
    struct partition_work *w = work_begin(p, WORK_CREATE, run_create);
    w->base_offset = partition_active(p)->base_offset;
    p->checkpoint_place = (struct checkpoint_place){.sequence = 1};
    w->checkpoint = p->checkpoint;
    lend_checkpoint(p, w, true);
    work_submit(w, DISK_LANE_SYNC);
}

void work_start_open(struct partition *p)
{
    struct partition_work *w = work_begin(p, WORK_OPEN, run_open);
    p->st->opening++;
    w->base_offset = partition_active(p)->base_offset;
    w->checkpoint = p->checkpoint;
    lend_checkpoint(p, w, true);
    work_submit(w, DISK_LANE_SYNC);
}

void work_start_checkpoint(struct partition *p)
{
    struct partition_work *w = work_begin(p, WORK_CHECKPOINT, run_checkpoint);
    w->checkpoint = p->checkpoint;
    if (p->batch_log_synced == p->batch_written && p->failed == ERR_OK)
        partition_checkpoint_synced(p, &w->checkpoint);
    lend_checkpoint(p, w, true);
    work_submit(w, DISK_LANE_SYNC);
}

static void note_covered(const struct partition *p, struct partition_work *w)
{
    w->sync_batch = p->batch_written;
    w->sync_offset = p->next_offset;
    w->sync_bytes_total = p->bytes_total;
    w->sync_began_us = p->st->options.clock->mono_us;
}

static void lend_active(struct partition *p, struct partition_work *w)
{
    struct segment *s = partition_active(p);
    ASSERT(partition_ready(p));
    files_use(s->files);
    w->files = s->files;
    segment_files_ref(w->files);
    w->index = &s->index;
    note_covered(p, w);
    p->sync_alone = false;
    p->st->group.alone++;
    p->st->stats.syncs++;
}

void work_start_sync(struct partition *p)
{
    struct partition_work *w = work_begin(p, WORK_SYNC, run_sync);
    lend_active(p, w);
    partition_checkpoint_synced(p, &w->checkpoint);
    lend_checkpoint(p, w, !list_empty(&p->trims) || p->start_due);
    w->index_later = !w->checkpoint_sync && !index_pending_full(w->index) &&
                     p->bytes_total - p->indexed_bytes_total < INDEX_BEHIND_BYTES_MAX;
    work_submit(w, DISK_LANE_SYNC);
}

void work_start_journal(struct partition *p)
{
    note_covered(p, work_begin(p, WORK_JOURNAL, NULL));
}

void work_journal_done(struct partition *p, enum err err)
{
    ASSERT(p->work.kind == WORK_JOURNAL);
    p->work.sync_err = err;
    work_done(&p->work.job);
}

void work_start_roll(struct partition *p)
{
    struct partition_work *w = work_begin(p, WORK_ROLL, run_roll);
    index_seal(&partition_active(p)->index, partition_active(p)->base_offset);
    lend_active(p, w);
    w->base_offset = p->next_offset;
    w->checkpoint = p->checkpoint;
    w->checkpoint.segment_base = w->checkpoint.synced_offset = p->next_offset;
    w->checkpoint.synced_pos = 0;
    w->checkpoint.segment_began_ms = -1;
    w->checkpoint.segment_max_timestamp_ms = INT64_MIN;
    lend_checkpoint(p, w, true);
    work_submit(w, DISK_LANE_SYNC);
}

void work_start_delete(struct partition *p)
{
    ASSERT(p->deleted && !p->removal.under_way && p->compaction == NULL);
    struct partition_work *w = work_begin(p, WORK_DELETE, run_delete);
    files_drop(&partition_active(p)->files);
    work_submit(w, DISK_LANE_BULK);
}

static void removal_done(struct disk_job *job);

void partition_start_removal(struct partition *p, size_t count)
{
    struct partition_removal *r = &p->removal;
    ASSERT(count < p->segment_count && !r->under_way);
    *r = (struct partition_removal){.p = p,
                                    .under_way = true,
                                    .disk = p->st->options.disk,
                                    .dir = p->dir,
                                    .bases = mem_alloc(count * sizeof(int64_t)),
                                    .count = count};
    r->job = (struct disk_job){.run = run_removal, .done = removal_done};
    list_init(&r->job.link);
    for (size_t i = 0; i < count; i++) {
        struct segment *s = p->segments[i];
        r->bases[i] = s->base_offset;
        p->bytes -= s->bytes;
        ASSERT(p->start_skip >= s->bytes);
        p->start_skip -= s->bytes;
        files_drop(&s->files);
        segment_unref(s); /* readers that are at it keep it and the files they have */
    }
    p->segment_count -= count;
    memmove(p->segments, p->segments + count, p->segment_count * sizeof(p->segments[0]));
    disk_submit(r->disk, DISK_LANE_BULK, &r->job);
}

/* --- ending --------------------------------------------------------------------------------- */

/* A creation or roll that failed: whether it is tried once more, after closing files. */
static bool try_again(struct partition *p, const struct partition_work *w)
{
    if (partition_dirty(p) && partition_ready(p))
        files_use(partition_active(p)->files); /* it is about to be written to */
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
    p->work.retried = false;
}

/* Takes over that the job wrote its checkpoint; an error of it if it did not. */
static enum err take_checkpoint(struct partition *p, const struct partition_work *w)
{
    if (w->checkpoint_err == ERR_OK)
        partition_checkpoint_written(p, &w->checkpoint, w->checkpoint_sync);
    return w->checkpoint_err;
}

static void tell_created(struct partition *p, enum err err)
{
    if (p->events != NULL && p->events->created != NULL)
        p->events->created(p, p->ctx, err);
}

static void create_done(struct partition *p, struct partition_work *w)
{
    if (w->orphaned)
        TRACE_WARN(p->st->options.trace,
                   "%s: there were records that belong to nothing here: moved to "
                   "%s" DIRS_ORPHAN_SUFFIX "*",
                   p->dir, p->dir);
    if (w->err != ERR_OK) {
        new_segment_failed(p, w);
        if (!p->work.retried)
            tell_created(p, w->err);
        return;
    }
    p->created = true;
    partition_checkpoint_written(p, &w->checkpoint, true);
    adopt_active(p, w);
    tell_created(p, ERR_OK);
}

static void open_done(struct partition *p, struct partition_work *w)
{
    if (w->err == ERR_OK && w->marker) {
        p->marker = false;
        w->err = take_checkpoint(p, w);
    }
    if (w->err == ERR_OK) {
        adopt_active(p, w);
        return;
    }
    segment_files_unref(w->opened);
    w->opened = NULL;
    new_segment_failed(p, w);
}

/* Whether records cannot be written before a checkpoint reserves their offsets. */
static bool waits_for_bound(const struct partition *p)
{
    return p->tail.waiting > 0 && tail_waiting(&p->tail, 0)->last_offset >= p->reserved;
}

static void checkpoint_done(struct partition *p, struct partition_work *w)
{
    if (w->err == ERR_OK) {
        p->marker = false;
        w->err = take_checkpoint(p, w);
    }
    if (w->err == ERR_OK || p->failed != ERR_OK)
        return;
    TRACE_WARN(p->st->options.trace, "%s: cannot write the checkpoint: %s", p->dir,
               err_text(w->err));
    p->removal_put_off = p->reserve_put_off = true;
    if ((w->err != ERR_NOSPACE && w->err != ERR_LIMIT) || waits_for_bound(p))
        new_segment_failed(p, w);
    else if (!try_again(p, w))
        p->work.retried = false; /* records do without it */
}

static void take_index_result(struct partition *p, const struct partition_work *w)
{
    struct index *x = &partition_active(p)->index;
    if (w->index_later)
        return;
    p->indexed_bytes_total = w->sync_bytes_total;
    if (w->index_err == ERR_OK)
        index_flushed(x);
    else
        index_give_up_pending(x);
}

/* The time in which it waited for its turn, and in which nobody looked, is what those who wait for it see. */
static void count_sync_time(struct partition *p, const struct partition_work *w)
{
    int64_t took_us = p->st->options.clock->mono_us - w->sync_began_us;
    p->st->stats.sync_us += (uint64_t)took_us;
    if (p->st->options.timed != NULL)
        p->st->options.timed(p->st->options.ctx, STORAGE_SYNC, took_us * 1000);
}

/* False: the sync failed and the partition with it. */
static bool sync_done(struct partition *p, struct partition_work *w)
{
    if (w->sync_err != ERR_OK) {
        p->st->stats.sync_errors++;
        partition_fail(p, w->sync_err);
        return false;
    }
    take_index_result(p, w);
    enum err err = w->err == ERR_OK ? take_checkpoint(p, w) : ERR_OK;
    partition_set_log_synced(p, w->sync_batch, w->sync_offset, w->sync_bytes_total);
    /* The log is synced all the same; an older checkpoint only means more to scan. But if its own sync
     * failed, what it reserves is unknown. */
    if (err != ERR_OK && err != ERR_NOSPACE && err != ERR_LIMIT)
        partition_fail(p, err);
    return true;
}

/* Failed, it is as if it had not been tried: the log's own sync is still to come. */
static void journal_done(struct partition *p, const struct partition_work *w)
{
    if (w->sync_err != ERR_OK)
        return;
    count_sync_time(p, w);
    group_sync_journaled(p);
    partition_set_synced(p, w->sync_batch, w->sync_offset, w->sync_bytes_total);
}

static void roll_done(struct partition *p, struct partition_work *w)
{
    struct segment *old = partition_active(p);
    if (w->sync_err != ERR_OK || w->err != ERR_OK) {
        if (sync_done(p, w))
            new_segment_failed(p, w);
        return;
    }
    take_index_result(p, w);
    enum err err = take_checkpoint(p, w);
    files_rest(&p->st->files, old->files);
    partition_add_segment(p, segment_create(w->base_offset));
    p->roll_wanted = false;
    adopt_active(p, w);
    partition_set_log_synced(p, w->sync_batch, w->sync_offset, w->sync_bytes_total);
    if (err != ERR_OK && err != ERR_NOSPACE && err != ERR_LIMIT)
        partition_fail(p, err);
}

static void removal_done(struct disk_job *job)
{
    struct partition_removal *r = CONTAINER_OF(job, struct partition_removal, job);
    struct partition *p = r->p;
    r->under_way = false;
    mem_free(r->bases);
    p->st->stats.segments_removed += r->count;
    if (r->err != ERR_OK)
        TRACE_WARN(p->st->options.trace, "%s: cannot remove old segments: %s", p->dir,
                   err_text(r->err));
    if (p->deleted && p->work.kind == WORK_NONE && p->compaction == NULL)
        work_start_delete(p);
    else if (!p->deleted)
        partition_advance(p);
}

static void delete_done(struct partition *p, const struct partition_work *w)
{
    struct partition_deletion *d = p->deletion;
    if (w->err != ERR_OK)
        TRACE_WARN(p->st->options.trace, "%s: cannot remove the directory: %s", p->dir,
                   err_text(w->err));
    if (d != NULL)
        partition_deletion_end(d);
    partition_free_if_done(p);
    if (d == NULL)
        return;
    d->err = w->err;
    d->done(d);
}

/* Whether the job was to write a checkpoint and nothing but that went wrong. */
static enum err checkpoint_error(const struct partition_work *w)
{
    if (w->kind == WORK_CHECKPOINT && w->err != ERR_OK)
        return w->err;
    return w->kind == WORK_CHECKPOINT || w->kind == WORK_SYNC ? w->checkpoint_err : ERR_OK;
}

static void end_work(struct partition *p)
{
    struct partition_work w = p->work; /* the next job may begin inside an event */
    p->work.kind = WORK_NONE;
    p->st->opening -= w.kind == WORK_OPEN;
    segment_files_unref(w.files);
    buf_deinit(&w.image);
    if (p->deleted) {
        segment_files_unref(w.opened);
        if (w.kind == WORK_DELETE) {
            delete_done(p, &w);
        } else if (!p->removal.under_way && p->compaction == NULL) {
            work_start_delete(p);
        }
        return;
    }
    if (p->failed != ERR_OK &&
        (w.kind != WORK_CHECKPOINT || !w.checkpoint.failed)) { /* nobody waits for a trim then */
        segment_files_unref(w.opened); /* it failed inside an event, after this job had begun */
        if (w.kind == WORK_CHECKPOINT && w.err == ERR_OK)
            p->marker = false;
        if (w.kind == WORK_CHECKPOINT)
            (void)take_checkpoint(p, &w);
        work_start_checkpoint(p);
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
        count_sync_time(p, &w);
        (void)sync_done(p, &w);
        break;
    case WORK_JOURNAL:
        journal_done(p, &w);
        break;
    case WORK_ROLL:
        count_sync_time(p, &w);
        roll_done(p, &w);
        break;
    case WORK_CHECKPOINT:
        checkpoint_done(p, &w);
        break;
    case WORK_DELETE:
    case WORK_NONE:
        ASSERT(false);
    }
    partition_watch_start(p); /* also if it could not be written */
    partition_trims_end(p, checkpoint_error(&w));
    partition_compaction_noted(p, checkpoint_error(&w));
    if (partition_dirty(p))
        partition_commit(p);
    else
        partition_advance(p);
}

static void work_done(struct disk_job *job)
{
    struct partition *p = work_of(job)->p;
    struct storage *st = p->st;
    bool alone = p->work.kind == WORK_SYNC || p->work.kind == WORK_ROLL;
    end_work(p);
    if (alone)
        group_sync_alone_over(st);
}
