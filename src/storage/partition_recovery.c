/* SPDX-License-Identifier: BSD-3-Clause */
/* Opening a partition that is there, and closing it. Both may block: they belong to start and stop. */
#include "storage/partition_internal.h"

#include "base/mem.h"
#include "storage/dirs.h"
#include "storage/log_scan.h"

/* What the scan of one segment goes by. */
struct recovery {
    struct partition *p;
    struct partition_recovery *report;
    int64_t expected; /* the next offset */
    int32_t epoch;
};

static void take_batch(struct recovery *rc, struct segment *s, const struct batch_header *h,
                       uint64_t pos, size_t len)
{
    struct partition *p = rc->p;
    if (s->began_ms < 0)
        s->began_ms = h->base_timestamp_ms < p->st->options.clock->wall_ms
                          ? h->base_timestamp_ms
                          : p->st->options.clock->wall_ms;
    index_add(&s->index, s->base_offset, batch_header_last_offset(h), pos, len,
              h->max_timestamp_ms);
    if (h->max_timestamp_ms > s->max_timestamp_ms)
        s->max_timestamp_ms = h->max_timestamp_ms;
    rc->expected = batch_header_last_offset(h) + 1;
    rc->epoch = h->leader_epoch;
    s->bytes = pos + len;
    p->last_batch_base = h->base_offset;
    p->last_batch_len = len;
}

/* Reads the whole log of a segment. Ends behind the last good batch. */
static enum err scan_segment(struct recovery *rc, struct segment *s, struct disk_file *file,
                             uint64_t end, int64_t limit)
{
    struct log_scan scan;
    struct batch_header header;
    struct bytes batch;
    enum err err;
    log_scan_init(&scan, file, 0, end);
    scan.expected = s->base_offset;
    scan.limit = limit;
    for (;;) {
        uint64_t pos = scan.pos;
        err = log_scan_next(&scan, &header, &batch);
        if (err == ERR_OK) {
            take_batch(rc, s, &header, pos, batch.len);
            continue;
        }
        if (err != ERR_CORRUPT)
            break;
        int64_t from = scan.expected;
        err = log_scan_resync(&scan);
        if (err != ERR_OK)
            break;
        rc->report->corrupt_ranges++;
        rc->p->st->stats.corrupt_ranges++;
        TRACE_WARN(rc->p->st->options.trace,
                   "%s/%020lld.log: damaged from byte %llu to %llu: offsets %lld to %lld cannot be "
                   "read",
                   rc->p->dir, (long long)s->base_offset, (unsigned long long)pos,
                   (unsigned long long)scan.pos, (long long)from, (long long)scan.expected - 1);
    }
    rc->report->bytes_scanned += end;
    log_scan_deinit(&scan);
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

/* The log ends behind its last good batch: what follows is a write that did not end. */
static enum err cut(struct recovery *rc, struct segment *s, struct disk_file *file, uint64_t len)
{
    if (s->bytes == len)
        return ERR_OK;
    rc->report->bytes_cut += len - s->bytes;
    TRACE_WARN(rc->p->st->options.trace,
               "%s/%020lld.log: cut a torn tail of %llu bytes behind offset %lld", rc->p->dir,
               (long long)s->base_offset, (unsigned long long)(len - s->bytes),
               (long long)rc->expected - 1);
    return disk_truncate(file, s->bytes);
}

static enum err rebuild_indexes(struct segment *s, struct segment_files *files)
{
    enum err err = disk_truncate(files->index, 0);
    if (err == ERR_OK)
        err = disk_truncate(files->time_index, 0);
    if (err == ERR_OK)
        err = index_flush(&s->index, files->index, files->time_index);
    if (err == ERR_OK)
        index_flushed(&s->index);
    else
        index_give_up_pending(&s->index);
    return err;
}

static enum err recover_segment(struct recovery *rc, struct segment *s, bool last, int64_t limit)
{
    struct partition *p = rc->p;
    struct segment_files *files;
    uint64_t len;
    enum err err =
        segment_files_open(p->st->options.disk, p->dir, s->base_offset, DISK_WRITE, &files);
    if (err != ERR_OK)
        return err;
    err = disk_size(files->log, &len);
    if (err == ERR_OK)
        err = scan_segment(rc, s, files->log, len, limit);
    if (err == ERR_OK && last)
        err = cut(rc, s, files->log, len);
    if (err == ERR_OK && !last)
        index_seal(&s->index, s->base_offset);
    if (err == ERR_OK)
        err = rebuild_indexes(s, files);
    if (err == ERR_OK)
        err = disk_sync(files->log);
    segment_files_unref(files);
    return err;
}

static enum err recover(struct partition *p, struct partition_recovery *report,
                        const int64_t *bases, size_t count)
{
    struct recovery rc = {.p = p, .report = report, .epoch = -1};
    for (size_t i = 0; i < count; i++) {
        bool last = i + 1 == count;
        struct segment *s = segment_create(bases[i]);
        partition_add_segment(p, s);
        rc.expected = s->base_offset;
        enum err err = recover_segment(&rc, s, last, last ? INT64_MAX : bases[i + 1]);
        if (err != ERR_OK)
            return err;
        p->bytes += s->bytes;
        if (s->max_timestamp_ms > p->max_timestamp_ms)
            p->max_timestamp_ms = s->max_timestamp_ms;
    }
    p->log_start = bases[0];
    p->next_offset = p->synced_offset = p->append_offset = rc.expected;
    return disk_sync_dir(p->st->options.disk, p->dir);
}

enum err partition_open(struct storage *st, const char *dir, const struct partition_config *config,
                        const struct partition_events *events, void *ctx,
                        struct partition_recovery *recovery, struct partition **opened)
{
    int64_t *bases;
    size_t count;
    enum err err = dirs_segments(st->options.disk, dir, &bases, &count);
    if (err != ERR_OK)
        return err;
    *recovery = (struct partition_recovery){0};
    struct partition *p = partition_new(st, dir, config, events, ctx);
    if (count == 0) {
        /* A creation that a crash ended: it is made again before the first write. */
        partition_add_segment(p, segment_create(0));
    } else {
        p->created = true;
        err = recover(p, recovery, bases, count);
    }
    mem_free(bases);
    if (err != ERR_OK) {
        partition_free(p);
        return err;
    }
    *opened = p;
    return ERR_OK;
}

enum err partition_close(struct partition *p)
{
    struct disk *disk = p->st->options.disk;
    ASSERT(!p->deleted);
    p->events = NULL;
    partition_want_sync(p);
    if (p->work.kind == WORK_NONE)
        partition_commit(p);
    /* Jobs go on as ever, only nobody is told. */
    while (p->work.kind != WORK_NONE || !list_empty(&p->reads))
        disk_reap(disk);
    enum err err = p->failed;
    if (err == ERR_OK && p->batch_synced < p->batch_last)
        err = p->refused_last;
    partition_free(p);
    return err;
}
