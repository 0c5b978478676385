/* SPDX-License-Identifier: BSD-3-Clause */
#include "fuzz/log_rig.h"

#include "base/mem.h"
#include "storage/files.h"
#include <stdio.h>

#define DIR "fuzz-0"
#define FILES_MAX 30
#define TAIL_BYTES_MAX 4096

/* --- environment ----------------------------------------------------------------------------- */

static void on_batch(struct partition *p, void *ctx, uint64_t batch)
{
    (void)p;
    (void)ctx;
    (void)batch;
}

static void on_refused(struct partition *p, void *ctx, uint64_t first, uint64_t last, enum err why)
{
    struct log_rig *rig = ctx;
    (void)p;
    (void)first;
    (void)last;
    (void)why;
    ASSERT(rig->disk->off); /* this disk has room and no faults */
}

static void on_trimmed(struct partition *p, void *ctx)
{
    (void)p;
    (void)ctx;
}

static const struct partition_events rig_events = {
    .written = on_batch, .synced = on_batch, .refused = on_refused, .trimmed = on_trimmed};

static const struct partition_config rig_config = {.segment_bytes = 1 << 30,
                                                   .segment_ms = 7 * 86400000LL,
                                                   .retention_ms = -1,
                                                   .retention_bytes = -1,
                                                   .batch_bytes_max = 1 << 20,
                                                   .flush_ms = 1000};

static void sink(struct trace *trace, enum trace_level level, const char *line)
{
    (void)trace;
    (void)level;
    (void)line;
}

static void no_update(struct clock *clock)
{
    (void)clock;
}

static void start(struct log_rig *rig)
{
    struct storage_options options = {
        .disk = &rig->disk->disk,
        .clock = &rig->clock,
        .timers = &rig->timers,
        .trace = &rig->trace,
        .tail_bytes_max = TAIL_BYTES_MAX,
        .files_max = FILES_MAX,
    };
    rig->st = storage_create(&options);
}

void log_rig_init(struct log_rig *rig)
{
    *rig = (struct log_rig){
        .disk = fake_disk_create(),
        .clock = {.wall_ms = 1700000000000, .mono_us = 1000000, .update = no_update},
        .trace = {.level = TRACE_NOTICE, .sink = sink},
    };
    timers_init(&rig->timers);
    enum err err = disk_mkdir(&rig->disk->disk, DIR);
    ASSERT(err == ERR_OK);
    err = disk_sync_dir(&rig->disk->disk, "");
    ASSERT(err == ERR_OK);
    start(rig);
}

void log_rig_deinit(struct log_rig *rig)
{
    log_rig_close(rig);
    storage_destroy(rig->st);
    fake_disk_destroy(rig->disk);
    timers_deinit(&rig->timers);
}

/* --- files ------------------------------------------------------------------------------------ */

void log_rig_put(struct log_rig *rig, int64_t base_offset, const char *suffix, struct bytes content)
{
    char path[DISK_PATH_BYTES_MAX + 1];
    struct disk_file *file;
    segment_path(path, DIR, base_offset, suffix);
    enum err err =
        disk_open(&rig->disk->disk, path, DISK_WRITE | DISK_CREATE | DISK_TRUNCATE, &file);
    ASSERT(err == ERR_OK);
    err = disk_write_all(file, content.data, content.len, 0);
    ASSERT(err == ERR_OK);
    err = disk_sync(file);
    ASSERT(err == ERR_OK);
    disk_close(file);
    err = disk_sync_dir(&rig->disk->disk, DIR);
    ASSERT(err == ERR_OK);
}

void log_rig_put_checkpoint(struct log_rig *rig, const struct checkpoint *c)
{
    struct buf image = {0};
    checkpoint_encode(c, 1, &image);
    enum err err = checkpoint_create(&rig->disk->disk, DIR, buf_bytes(&image));
    ASSERT(err == ERR_OK);
    err = disk_sync_dir(&rig->disk->disk, DIR);
    ASSERT(err == ERR_OK);
    buf_deinit(&image);
}

void log_rig_put_marker(struct log_rig *rig, const struct marker *m)
{
    enum err err = marker_write(&rig->disk->disk, DIR, m);
    ASSERT(err == ERR_OK);
}

struct bytes log_rig_bytes(struct log_rig *rig, int64_t base_offset, const char *suffix)
{
    char path[DISK_PATH_BYTES_MAX + 1];
    segment_path(path, DIR, base_offset, suffix);
    const struct buf *content = fake_disk_bytes(rig->disk, path);
    return content == NULL ? BYTES_NULL : buf_bytes(content);
}

/* --- the partition ---------------------------------------------------------------------------- */

enum err log_rig_open(struct log_rig *rig)
{
    ASSERT(rig->p == NULL);
    return partition_open(rig->st, DIR, &rig_config, &rig_events, rig, &rig->recovery, &rig->p);
}

void log_rig_close(struct log_rig *rig)
{
    if (rig->p == NULL)
        return;
    enum err err = partition_close(rig->p);
    ASSERT(err == ERR_OK || rig->disk->off);
    rig->p = NULL;
}

void log_rig_crash(struct log_rig *rig, enum fake_kept kept, uint64_t seed)
{
    fake_disk_power_off(rig->disk);
    log_rig_close(rig);
    storage_destroy(rig->st);
    fake_disk_power_on(rig->disk, kept, seed);
    start(rig);
}

int64_t log_rig_append(struct log_rig *rig, const char *value)
{
    struct record r = {.timestamp_ms = rig->clock.wall_ms, .value = bytes_of_string(value)};
    int64_t offset, due = partition_append_offset(rig->p);
    uint64_t batch;
    enum err err = partition_append(rig->p, &r, 1, &offset, &batch);
    ASSERT(err == ERR_OK);
    ASSERT(offset == due);
    partition_want_sync(rig->p);
    partition_commit(rig->p);
    fake_disk_settle(rig->disk);
    ASSERT(partition_batch_synced(rig->p) == batch);
    return offset;
}

/* --- reading ---------------------------------------------------------------------------------- */

static void read_done(struct partition_read *read)
{
    *(bool *)read->ctx = true;
}

void log_rig_read(struct log_rig *rig, struct partition_read *read)
{
    bool done = false;
    read->done = read_done;
    read->ctx = &done;
    if (partition_read(rig->p, read) == ERR_AGAIN) {
        fake_disk_settle(rig->disk);
        ASSERT(done);
    }
}

static void seek_done(struct partition_seek *seek)
{
    *(bool *)seek->ctx = true;
}

int64_t log_rig_seek(struct log_rig *rig, int64_t timestamp_ms, int64_t *found_ms)
{
    bool done = false;
    struct partition_seek seek = {.timestamp_ms = timestamp_ms, .done = seek_done, .ctx = &done};
    if (partition_seek(rig->p, &seek) == ERR_AGAIN) {
        fake_disk_settle(rig->disk);
        ASSERT(done);
    }
    ASSERT(seek.err == ERR_OK);
    int64_t offset = seek.offset;
    *found_ms = seek.found_timestamp_ms;
    partition_seek_end(&seek);
    ASSERT(offset >= partition_log_start(rig->p) && offset <= partition_next_offset(rig->p));
    ASSERT(offset == partition_next_offset(rig->p) || *found_ms >= timestamp_ms);
    return offset;
}

static void view_add(struct log_view *view, const struct log_range *range)
{
    struct log_range *last = view->count == 0 ? NULL : &view->items[view->count - 1];
    ASSERT(range->from < range->to);
    if (last != NULL)
        ASSERT(range->from >= last->to);
    if (last != NULL && last->damaged && range->damaged && last->to == range->from) {
        last->to = range->to;
        return;
    }
    view->items = mem_realloc(view->items, (view->count + 1) * sizeof(view->items[0]));
    view->items[view->count++] = *range;
}

/* Its checksum holds, so the records are as somebody wrote them: they may be nonsense, but reading them
 * ends. */
static void walk_records(struct bytes batch, const struct batch_header *header)
{
    struct batch_iter it;
    struct record_view r;
    enum err err = batch_iter_init(&it, batch);
    while (err == ERR_OK && (err = batch_iter_next(&it, &r)) == ERR_OK)
        ASSERT(r.offset >= header->base_offset && r.len <= batch.len);
    ASSERT(err == ERR_NOT_FOUND || err == ERR_CORRUPT || err == ERR_UNSUPPORTED);
}

static void view_batches(struct log_view *view, const struct partition_read *read)
{
    struct bytes rest = read->batches;
    while (rest.len > 0) {
        struct batch_header h;
        enum err err = batch_header_read(rest, INT32_MAX, &h);
        ASSERT(err == ERR_OK);
        ASSERT(batch_header_len(&h) <= rest.len);
        struct bytes batch = bytes_of(rest.data, batch_header_len(&h));
        ASSERT(batch_crc_holds(batch));
        struct log_range range = {
            .from = h.base_offset, .to = batch_header_last_offset(&h) + 1, .crc = h.crc};
        ASSERT(range.to > read->offset); /* the first holds the offset or is behind it */
        view_add(view, &range);
        walk_records(batch, &h);
        rest = bytes_of(rest.data + batch.len, rest.len - batch.len);
    }
    ASSERT(view->items[view->count - 1].to <= read->next_offset);
}

/* Notes what the read gave; where to go on. */
static int64_t view_read(struct log_view *view, const struct partition_read *read)
{
    if (read->err == ERR_CORRUPT) {
        struct log_range range = {.from = read->offset, .to = read->corrupt_to, .damaged = true};
        ASSERT(read->corrupt_from <= read->offset);
        view_add(view, &range);
        return read->corrupt_to;
    }
    ASSERT(read->err == ERR_OK);
    if (read->batches.len > 0)
        view_batches(view, read);
    else
        ASSERT(read->next_offset == view->next);
    ASSERT(read->next_offset > read->offset);
    return read->next_offset;
}

void log_rig_view(struct log_rig *rig, size_t bytes_max, struct log_view *view)
{
    *view = (struct log_view){.start = partition_log_start(rig->p),
                              .next = partition_next_offset(rig->p)};
    ASSERT(view->start <= view->next);
    for (int64_t offset = view->start; offset < view->next;) {
        struct partition_read read = {.offset = offset, .bytes_max = bytes_max};
        log_rig_read(rig, &read);
        offset = view_read(view, &read);
        partition_read_end(&read);
        ASSERT(offset <= view->next);
    }
}

void log_view_deinit(struct log_view *view)
{
    mem_free(view->items);
}

static size_t count_below(const struct log_view *view, int64_t limit)
{
    size_t i = 0;
    while (i < view->count && view->items[i].from < limit)
        i++;
    return i;
}

bool log_view_equal(const struct log_view *view, const struct log_view *later, int64_t limit)
{
    size_t count = count_below(view, limit);
    if (view->start != later->start || count_below(later, limit) != count)
        return false;
    for (size_t i = 0; i < count; i++) {
        const struct log_range *a = &view->items[i], *b = &later->items[i];
        if (a->from != b->from || a->to != b->to || a->damaged != b->damaged || a->crc != b->crc)
            return false;
    }
    return true;
}
