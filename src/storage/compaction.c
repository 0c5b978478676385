/* SPDX-License-Identifier: BSD-3-Clause */
#include "storage/compaction.h"

#include "base/mem.h"
#include "storage/batch.h"
#include "storage/log_scan.h"

#define WRITE_BYTES ((size_t)1024 * 1024)

static const char *const suffixes[] = {"index", "timeindex", "log"}; /* in the order of the swap */
static const char *const cleaned_suffixes[] = {
    "index" COMPACTION_SUFFIX, "timeindex" COMPACTION_SUFFIX, "log" COMPACTION_SUFFIX};

/* --- reading --------------------------------------------------------------------------------- */

static void scan_init(struct log_scan *s, const struct segment_view *v)
{
    log_scan_init(s, v->files->log, 0, v->bytes);
    s->expected = v->base_offset;
    s->limit = v->end_offset;
    s->holes_below = v->holes_below;
    s->epochs = v->epochs;
    s->epoch_count = v->epoch_count;
}

/* At the end of a scan: whether all is there that should be. */
static enum err scan_end(const struct log_scan *s, const struct segment_view *v, enum err err)
{
    if (err != ERR_NOT_FOUND)
        return err;
    return s->expected < v->end_offset && !v->gap_at_end ? ERR_CORRUPT : ERR_OK;
}

static bool compactable(const struct batch_header *h)
{
    return (h->attributes & (BATCH_TRANSACTIONAL | BATCH_CONTROL | BATCH_COMPRESSION_MASK)) == 0;
}

static enum err map_batch(struct bytes batch, int64_t from, struct key_map *map)
{
    struct batch_iter it;
    struct record_view r;
    int64_t last = -1;
    enum err err = batch_iter_init(&it, batch);
    if (err == ERR_OK && !compactable(&it.header))
        err = ERR_UNSUPPORTED;
    while (err == ERR_OK && (err = batch_iter_next(&it, &r)) == ERR_OK) {
        if (r.offset <= last)
            return ERR_CORRUPT;
        last = r.offset;
        if (r.offset >= from && !bytes_is_null(r.key))
            key_map_put(map, r.key, r.offset);
    }
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

enum err compaction_map(const struct segment_view *v, int64_t from, size_t keys_max,
                        struct key_map *map, int64_t *to)
{
    struct log_scan scan;
    struct batch_header header;
    struct bytes batch;
    int64_t end = from;
    scan_init(&scan, v);
    enum err err;
    while ((err = log_scan_next(&scan, &header, &batch)) == ERR_OK) {
        if (batch_header_last_offset(&header) < from)
            continue;
        if (map->count >= keys_max && end > from) {
            *to = end;
            goto out;
        }
        err = map_batch(batch, from, map);
        if (err != ERR_OK)
            goto out;
        end = batch_header_last_offset(&header) + 1;
    }
    err = scan_end(&scan, v, err);
    if (err == ERR_OK)
        *to = v->end_offset;
out:
    log_scan_deinit(&scan);
    return err;
}

/* --- what stays ------------------------------------------------------------------------------ */

struct cleaner {
    struct disk *disk;
    const char *dir;
    const struct segment_view *view;
    const struct compaction_rules *rules;
    struct compacted *out;
    struct buf pending; /* whole batches that are not in the new log yet; owned */
    struct buf batch;   /* owned */

    /* Of the batch at work. */
    bool tombstones_may_go;
    bool tombstone_stays; /* one that is mapped, and so the last of its key */
    uint64_t dropped;
};

static bool keep(void *ctx, const struct record_view *r)
{
    struct cleaner *c = ctx;
    const struct compaction_rules *rules = c->rules;
    if (bytes_is_null(r->key))
        return true; /* from before the topic was compacted */
    bool superseded = key_map_find(rules->map, r->key) > r->offset;
    bool last_tombstone = bytes_is_null(r->value) && r->offset < rules->mapped_to;
    if (superseded || (last_tombstone && c->tombstones_may_go)) {
        c->dropped++;
        return false;
    }
    c->tombstone_stays |= last_tombstone;
    return true;
}

/* Makes c->batch the batch as it stays. *same: it is as it was. */
static enum err clean_batch(struct cleaner *c, struct bytes batch, const struct batch_header *h,
                            int32_t *kept, bool *same)
{
    bool has_horizon = (h->attributes & BATCH_DELETE_HORIZON) != 0;
    if (!compactable(h))
        return ERR_UNSUPPORTED;
    c->tombstones_may_go = has_horizon && h->base_timestamp_ms <= c->rules->now_ms;
    c->tombstone_stays = false;
    c->dropped = 0;
    enum err err = batch_filter(batch, keep, c, -1, &c->batch, kept);
    if (err != ERR_OK)
        return err;
    *same = c->dropped == 0 && *kept > 0;
    if (!c->tombstone_stays || has_horizon)
        return ERR_OK;
    *same = false;
    uint64_t dropped = c->dropped;
    int64_t horizon_ms = c->rules->now_ms + c->rules->delete_retention_ms;
    err = batch_filter(batch, keep, c, horizon_ms, &c->batch, kept);
    c->dropped = dropped;
    return err;
}

/* --- writing --------------------------------------------------------------------------------- */

static enum err flush(struct cleaner *c)
{
    uint64_t pos = c->out->bytes - c->pending.len;
    enum err err = disk_write_all(c->out->files->log, c->pending.data, c->pending.len, pos);
    buf_clear(&c->pending);
    return err;
}

static enum err put(struct cleaner *c, struct bytes bytes)
{
    buf_append_bytes(&c->pending, bytes);
    c->out->bytes += bytes.len;
    if (c->out->bytes > SEGMENT_BYTES_MAX)
        return ERR_TOO_LARGE;
    return c->pending.len >= WRITE_BYTES ? flush(c) : ERR_OK;
}

static enum err open_cleaned(struct cleaner *c)
{
    struct segment_files *f = mem_zalloc(1, sizeof(*f));
    struct disk_file **file[] = {&f->index, &f->time_index, &f->log};
    char path[DISK_PATH_BYTES_MAX + 1];
    list_init(&f->link);
    f->refs = 1;
    c->out->files = f;
    for (size_t i = 0; i < COUNT_OF(cleaned_suffixes); i++) {
        segment_path(path, c->dir, c->view->base_offset, cleaned_suffixes[i]);
        enum err err = disk_open(c->disk, path, DISK_WRITE | DISK_CREATE | DISK_TRUNCATE, file[i]);
        if (err != ERR_OK)
            return err;
    }
    return ERR_OK;
}

/* The first change is at `pos`: what is before it comes along as it is. */
static enum err begin_change(struct cleaner *c, uint64_t pos)
{
    char *chunk = mem_alloc(WRITE_BYTES);
    enum err err = open_cleaned(c);
    c->out->changed = true;
    c->out->bytes = 0;
    for (uint64_t at = 0; at < pos && err == ERR_OK;) {
        size_t want = pos - at < WRITE_BYTES ? (size_t)(pos - at) : WRITE_BYTES, got = 0;
        err = disk_read(c->view->files->log, chunk, want, at, &got);
        if (err == ERR_OK && got < want)
            err = ERR_CORRUPT;
        if (err == ERR_OK)
            err = put(c, bytes_of(chunk, want));
        at += want;
    }
    mem_free(chunk);
    return err;
}

static void note_batch(struct cleaner *c, const struct batch_header *h, size_t len)
{
    struct compacted *out = c->out;
    index_add(&out->index, c->view->base_offset, batch_header_last_offset(h), out->bytes, len,
              h->max_timestamp_ms);
    if (h->max_timestamp_ms > out->max_timestamp_ms)
        out->max_timestamp_ms = h->max_timestamp_ms;
    out->last_base = h->base_offset;
    out->last_len = len;
}

/* Everything is in the new files, on the device. */
static enum err finish(struct cleaner *c)
{
    struct compacted *out = c->out;
    struct segment_files *f = out->files;
    index_seal(&out->index, c->view->base_offset);
    enum err err = flush(c);
    if (err == ERR_OK)
        err = index_flush(&out->index, f->index, f->time_index);
    if (err != ERR_OK)
        return err;
    index_flushed(&out->index);
    err = disk_sync(f->log);
    if (err == ERR_OK)
        err = disk_sync(f->index);
    return err == ERR_OK ? disk_sync(f->time_index) : err;
}

static enum err clean_next(struct cleaner *c, uint64_t pos, struct bytes batch,
                           const struct batch_header *header)
{
    struct batch_header cleaned;
    int32_t kept;
    bool same;
    enum err err = clean_batch(c, batch, header, &kept, &same);
    if (err == ERR_OK && !same && !c->out->changed)
        err = begin_change(c, pos);
    if (err != ERR_OK)
        return err;
    c->out->dropped += c->dropped;
    if (kept == 0)
        return ERR_OK;
    struct bytes stays = same ? batch : buf_bytes(&c->batch);
    err = batch_header_read(stays, INT32_MAX, &cleaned);
    if (err != ERR_OK)
        return err;
    note_batch(c, &cleaned, stays.len);
    if (c->out->changed)
        return put(c, stays);
    c->out->bytes += stays.len;
    return ERR_OK;
}

static void begin(struct cleaner *c)
{
    *c->out = (struct compacted){.max_timestamp_ms = INT64_MIN, .last_base = -1};
    index_init(&c->out->index);
}

static enum err end(struct cleaner *c, enum err err)
{
    struct compacted *out = c->out;
    if (err == ERR_OK && out->changed)
        err = finish(c);
    buf_deinit(&c->pending);
    buf_deinit(&c->batch);
    if (err != ERR_OK || !out->changed) {
        index_deinit(&out->index);
        segment_files_unref(out->files);
        out->files = NULL;
    }
    return err;
}

enum err compaction_clean(struct disk *disk, const char *dir, const struct segment_view *v,
                          const struct compaction_rules *rules, struct compacted *out)
{
    struct cleaner c = {.disk = disk, .dir = dir, .view = v, .rules = rules, .out = out};
    struct log_scan scan;
    struct batch_header header;
    struct bytes batch;
    enum err err;
    begin(&c);
    scan_init(&scan, v);
    do {
        uint64_t pos = scan.pos;
        err = log_scan_next(&scan, &header, &batch);
        if (err == ERR_OK)
            err = clean_next(&c, pos, batch, &header);
    } while (err == ERR_OK);
    err = scan_end(&scan, v, err);
    log_scan_deinit(&scan);
    return end(&c, err);
}

/* --- one of several --------------------------------------------------------------------------- */

static enum err copy_batches(struct cleaner *c, const struct segment_view *v)
{
    struct log_scan scan;
    struct batch_header header;
    struct bytes batch;
    enum err err;
    scan_init(&scan, v);
    while ((err = log_scan_next(&scan, &header, &batch)) == ERR_OK) {
        note_batch(c, &header, batch.len);
        err = put(c, batch);
        if (err != ERR_OK)
            break;
    }
    err = scan_end(&scan, v, err);
    log_scan_deinit(&scan);
    return err;
}

enum err compaction_merge(struct disk *disk, const char *dir, const struct segment_view *views,
                          size_t count, struct compacted *out)
{
    struct cleaner c = {.disk = disk, .dir = dir, .view = &views[0], .out = out};
    uint64_t len_before;
    begin(&c);
    enum err err = disk_size(views[0].files->log, &len_before);
    if (err == ERR_OK)
        err = open_cleaned(&c);
    for (size_t i = 0; i < count && err == ERR_OK; i++)
        err = copy_batches(&c, &views[i]);
    out->changed = err == ERR_OK && out->bytes != len_before;
    return end(&c, err);
}

/* --- putting in place ------------------------------------------------------------------------ */

void compaction_drop(struct disk *disk, const char *dir, int64_t base_offset)
{
    char path[DISK_PATH_BYTES_MAX + 1];
    for (size_t i = 0; i < COUNT_OF(cleaned_suffixes); i++) {
        segment_path(path, dir, base_offset, cleaned_suffixes[i]);
        enum err err = disk_unlink(disk, path);
        (void)err; /* the next opening tries again */
    }
}

static enum err remove_old(struct disk *disk, const char *dir, int64_t base_offset, bool *swapped)
{
    char path[DISK_PATH_BYTES_MAX + 1];
    for (size_t i = COUNT_OF(suffixes); i-- > 0;) { /* the log first */
        segment_path(path, dir, base_offset, suffixes[i]);
        enum err err = disk_unlink(disk, path);
        if (err != ERR_OK && err != ERR_NOT_FOUND && !*swapped)
            return err;
        *swapped = true;
    }
    compaction_drop(disk, dir, base_offset);
    return ERR_OK;
}

static enum err rename_new(struct disk *disk, const char *dir, int64_t base_offset, bool *swapped)
{
    char from[DISK_PATH_BYTES_MAX + 1], to[DISK_PATH_BYTES_MAX + 1];
    for (size_t i = 0; i < COUNT_OF(suffixes); i++) {
        segment_path(from, dir, base_offset, cleaned_suffixes[i]);
        segment_path(to, dir, base_offset, suffixes[i]);
        enum err err = disk_rename(disk, from, to);
        if (err != ERR_OK)
            return err;
    }
    *swapped = true;
    return ERR_OK;
}

enum err compaction_swap(struct disk *disk, const char *dir, int64_t base_offset, bool remove,
                         bool *swapped)
{
    *swapped = false;
    enum err err = remove ? remove_old(disk, dir, base_offset, swapped)
                          : rename_new(disk, dir, base_offset, swapped);
    if (err != ERR_OK) {
        compaction_drop(disk, dir, base_offset);
        return err;
    }
    return disk_sync_dir(disk, dir);
}

enum err compaction_swap_merged(struct disk *disk, const char *dir, const struct merge_note *note,
                                bool *swapped)
{
    *swapped = false;
    enum err err = merge_note_write(disk, dir, note);
    if (err == ERR_OK)
        err = rename_new(disk, dir, note->base_offset, swapped);
    if (err == ERR_OK)
        return merge_finish(disk, dir);
    enum err removed = merge_note_remove(disk, dir);
    (void)removed; /* merge_settle sees that the new log is not there */
    compaction_drop(disk, dir, note->base_offset);
    return err;
}
