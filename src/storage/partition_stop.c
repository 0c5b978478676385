/* SPDX-License-Identifier: BSD-3-Clause */
/* A clean stop, and the opening after one: the marker says all there is to know, and nothing is scanned. */
#include "storage/partition_internal.h"

#include "base/mem.h"
#include "storage/marker.h"

/* --- opening --------------------------------------------------------------------------------- */

static void take_marker_segment(struct partition *p, const struct marker_segment *m)
{
    struct segment *s = segment_create(m->base_offset);
    s->bytes = m->bytes;
    s->began_ms = m->began_ms;
    s->max_timestamp_ms = m->max_timestamp_ms;
    s->max_timestamp_known = m->max_timestamp_known;
    s->index.entries = m->index_entries;
    s->index.time_entries = m->time_index_entries;
    s->index.time_crc = m->time_index_crc;
    s->index.time_crc_known = m->time_index_crc_known;
    s->index.bytes_since = INDEX_INTERVAL_BYTES + 1;
    partition_add_segment(p, s);
    p->bytes += s->bytes;
}

static void take_marker(struct partition *p, struct marker *m)
{
    partition_take_checkpoint(p, &m->checkpoint, &m->place);
    m->checkpoint.epochs = NULL; /* the partition's now */
    for (size_t i = 0; i < m->segment_count; i++)
        take_marker_segment(p, &m->segments[i]);
    struct segment *active = partition_active(p);
    active->index.max_timestamp_ms = active->max_timestamp_ms;
    active->index.max_timestamp_offset = p->checkpoint.segment_max_timestamp_offset;
    p->next_offset = p->synced_offset = p->append_offset = m->next_offset;
    p->last_batch_base = m->last_batch_base;
    p->last_batch_len = m->last_batch_len;
    p->created = p->marker = true;
}

/* Whether the newest file is as long as the marker says: the one that something may have touched. */
static enum err active_as_said(struct disk *disk, const char *dir, const struct marker *m,
                               bool *yes)
{
    const struct marker_segment *last = &m->segments[m->segment_count - 1];
    uint64_t len = 0;
    enum err err = segment_log_len(disk, dir, last->base_offset, &len);
    *yes = err == ERR_OK && len == last->bytes;
    return err;
}

enum err partition_open_clean(struct partition *p, const int64_t *bases, size_t count, bool *clean)
{
    struct disk *disk = p->st->options.disk;
    struct marker m;
    *clean = false;
    enum err err = marker_read(disk, p->dir, &m);
    if (err != ERR_OK)
        return err == ERR_IO || err == ERR_LIMIT || err == ERR_ACCESS ? err : ERR_OK;
    if (marker_fits(&m, bases, count))
        err = active_as_said(disk, p->dir, &m, clean);
    if (*clean)
        take_marker(p, &m);
    else if (err == ERR_OK)
        TRACE_WARN(p->st->options.trace,
                   "%s: the files are not as the clean stop left them: they are checked", p->dir);
    marker_deinit(&m);
    return err;
}

/* --- closing --------------------------------------------------------------------------------- */

static enum err leave_marker(struct partition *p)
{
    struct marker m = {
        .place = p->checkpoint_place,
        .next_offset = p->next_offset,
        .last_batch_base = p->last_batch_base,
        .last_batch_len = p->last_batch_len,
        .segment_count = p->segment_count,
        .segments = mem_zalloc(p->segment_count, sizeof(struct marker_segment)),
    };
    partition_checkpoint_synced(p, &m.checkpoint);
    partition_checkpoint_update(p, &m.checkpoint);
    m.checkpoint.reserved = p->reserved > p->next_offset ? p->reserved : p->next_offset;
    for (size_t i = 0; i < p->segment_count; i++) {
        const struct segment *s = p->segments[i];
        m.segments[i] = (struct marker_segment){
            .base_offset = s->base_offset,
            .bytes = s->bytes,
            .index_entries = s->index.entries,
            .time_index_entries = s->index.time_entries,
            .time_index_crc = s->index.time_crc,
            .time_index_crc_known = s->index.time_crc_known,
            .began_ms = s->began_ms,
            .max_timestamp_ms = s->max_timestamp_ms,
            .max_timestamp_known = s->max_timestamp_known,
        };
    }
    enum err err = marker_write(p->st->options.disk, p->dir, &m);
    mem_free(m.segments);
    return err;
}

static void wait_for_jobs(struct partition *p)
{
    while (p->work.kind != WORK_NONE || p->removal.under_way || !list_empty(&p->reads) ||
           p->compaction != NULL || (!p->created && partition_dirty(p) && partition_dir_busy(p)))
        disk_wait(p->st->options.disk); /* jobs go on as ever, only nobody is told */
}

/* Should the marker not count, the checkpoint knows. */
static void save_moved_start(struct partition *p)
{
    if (p->durable_start >= p->log_start)
        return;
    p->start_due = true;
    partition_advance(p);
    wait_for_jobs(p);
}

/* One that is not on the device for sure must not be there: a start would believe it and go on from what it
 * says, until a power cut takes it back. */
static enum err leave_durable_marker(struct partition *p)
{
    enum err err = leave_marker(p);
    if (err == ERR_OK)
        return ERR_OK;
    enum err removed = marker_remove(p->st->options.disk, p->dir);
    (void)removed;
    return err;
}

/* What syncs left for later. It is a hint: without it the next run looks longer for a place. */
static void save_index(struct partition *p)
{
    struct segment *s = partition_active(p);
    struct segment_files *files;
    if (s->index.pending.len == 0 && s->index.time_pending.len == 0)
        return;
    if (segment_files_open(p->st->options.disk, p->dir, s->base_offset, DISK_WRITE, &files) !=
        ERR_OK)
        return;
    if (index_flush(&s->index, files->index, files->time_index) == ERR_OK)
        index_flushed(&s->index);
    segment_files_unref(files);
}

/* One that is being closed, with the job that leaves its marker. Until that is done nobody else touches the partition. */
struct closing {
    struct disk_job job;
    struct partition *p;
    bool under_way;
    enum err err; /* the first one */
};

static void begin_close(struct closing *c, struct partition *p)
{
    ASSERT(!p->deleted);
    *c = (struct closing){.p = p};
    p->events = NULL;
    p->closing = true;
    list_remove(&p->room_link);
    group_sync_forget(p);
    partition_want_sync(p);
    partition_commit(p);
    partition_compaction_abort(p);
}

static void leave_run(struct disk_job *job)
{
    struct closing *c = CONTAINER_OF(job, struct closing, job);
    save_index(c->p);
    enum err left = leave_durable_marker(c->p);
    c->err = c->err == ERR_OK ? left : c->err;
}

static void leave_done(struct disk_job *job)
{
    CONTAINER_OF(job, struct closing, job)->under_way = false;
}

/* Everything is written and synced. False: no marker is to be left. */
static bool end_writing(struct closing *c)
{
    struct partition *p = c->p;
    wait_for_jobs(p);
    save_moved_start(p); /* it may have moved meanwhile */
    c->err = p->failed;
    if (c->err == ERR_OK && p->batch_synced < p->batch_last)
        c->err = p->refused_last;
    bool said = p->marker && p->durable_start >= p->log_start; /* by the marker that is there */
    return p->failed == ERR_OK && p->created && !said && p->batch_log_synced == p->batch_written;
}

static void start_leaving(struct closing *c)
{
    c->under_way = true;
    c->job = (struct disk_job){.run = leave_run, .done = leave_done};
    list_init(&c->job.link);
    disk_submit(c->p->st->options.disk, DISK_LANE_SYNC, &c->job);
}

static enum err end_close(struct closing *c)
{
    while (c->under_way)
        disk_wait(c->p->st->options.disk);
    partition_free(c->p);
    return c->err;
}

enum err partition_close(struct partition *p)
{
    struct closing c;
    begin_close(&c, p);
    if (end_writing(&c))
        leave_run(&c.job); /* alone it needs no worker */
    return end_close(&c);
}

enum err partition_close_all(struct partition *const *partitions, size_t count)
{
    struct closing *all = mem_zalloc(count + 1, sizeof(*all));
    enum err first = ERR_OK;
    for (size_t i = 0; i < count; i++)
        begin_close(&all[i], partitions[i]);
    for (size_t i = 0; i < count; i++)
        if (end_writing(&all[i]))
            start_leaving(&all[i]);
    for (size_t i = 0; i < count; i++) {
        enum err err = end_close(&all[i]);
        first = first == ERR_OK ? err : first;
    }
    mem_free(all);
    return first;
}
