/* SPDX-License-Identifier: BSD-3-Clause */
#include "storage/segment.h"

#include "base/mem.h"
#include "storage/log_scan.h"

#define READ_CHUNK_MIN ((size_t)16 * 1024)
#define READ_BYTES_MAX ((size_t)8 * 1024 * 1024)
/* Scanning this much, and some batches, to find a place means that the index is of no use. */
#define UNINDEXED_BYTES_MAX ((uint64_t)64 * 1024)
#define SEEK_CHUNK ((size_t)1024 * 1024)

struct segment *segment_create(int64_t base_offset)
{
    ASSERT(base_offset >= 0);
    struct segment *s = mem_zalloc(1, sizeof(*s));
    s->refs = 1;
    s->base_offset = base_offset;
    s->began_ms = -1;
    s->max_timestamp_ms = INT64_MIN;
    s->max_timestamp_known = true;
    index_init(&s->index);
    return s;
}

void segment_ref(struct segment *s)
{
    ASSERT(s->refs > 0);
    s->refs++;
}

void segment_unref(struct segment *s)
{
    ASSERT(s->refs > 0);
    if (--s->refs > 0)
        return;
    files_drop(&s->files);
    index_deinit(&s->index);
    mem_free(s);
}

void segment_view_init(struct segment_view *v, const struct segment *s, int64_t end_offset,
                       int64_t offset, int64_t timestamp_ms)
{
    *v = (struct segment_view){.files = s->files,
                               .base_offset = s->base_offset,
                               .version = s->version,
                               .end_offset = end_offset,
                               .bytes = s->bytes,
                               .index_entries = s->index.entries,
                               .time_index_entries = s->index.time_entries,
                               .time_index_crc = s->index.time_crc,
                               .time_index_crc_known = s->index.time_crc_known,
                               .place = {.offset = -1},
                               .pending = {.offset = -1},
                               .time_pending = {.offset = -1},
                               .search_bytes_max = SIZE_MAX};
    struct index_entry entry;
    struct time_index_entry time_entry;
    if (index_lookup_pending(&s->index, s->base_offset, offset, &entry) == ERR_OK)
        v->pending = entry;
    if (time_index_lookup_pending(&s->index, s->base_offset, timestamp_ms, &time_entry) == ERR_OK)
        v->time_pending = time_entry;
}

static struct index_view index_view_of(const struct segment_view *v)
{
    return (struct index_view){.file = v->files->index,
                               .time_file = v->files->time_index,
                               .entries = v->index_entries,
                               .time_entries = v->time_index_entries,
                               .time_crc = v->time_index_crc,
                               .time_crc_known = v->time_index_crc_known,
                               .base_offset = v->base_offset,
                               .cached = v->cached};
}

/* A scan of a view, and the range that was damaged before the place it has reached. */
struct search {
    struct log_scan scan;
    const struct segment_view *view;
    uint64_t scanned_from;
    bool index_bad;
    bool unreadable;                  /* a range was passed over that the device did not give */
    int64_t corrupt_from, corrupt_to; /* the last damaged range; -1 when there was none */
};

static void search_init(struct search *s, const struct segment_view *v, size_t chunk)
{
    log_scan_init(&s->scan, v->files->log, 0, v->bytes);
    s->scan.cached = v->cached;
    s->scan.chunk = chunk;
    s->scan.expected = v->base_offset;
    s->scan.holes_below = v->holes_below;
    log_scan_set_limit(&s->scan, v->base_offset, v->end_offset);
    s->scan.epochs = v->epochs;
    s->scan.epoch_count = v->epoch_count;
    s->view = v;
    s->index_bad = s->unreadable = false;
    s->scanned_from = 0;
    s->corrupt_from = s->corrupt_to = -1;
}

static void search_from(struct search *s, uint64_t pos, int64_t expected)
{
    log_scan_seek(&s->scan, pos);
    s->scan.expected = expected;
    s->scan.epoch = -1;
    s->scanned_from = pos;
}

/* Starts where an index entry points, if there is a good batch that ends with its offset. */
static enum err start_at_entry(struct search *s, const struct index_entry *entry)
{
    struct batch_header header;
    struct bytes batch;
    if (entry->pos >= s->scan.end)
        return ERR_CORRUPT;
    search_from(s, entry->pos, -1);
    enum err err = log_scan_next(&s->scan, &header, &batch);
    if (err == ERR_OK && batch_header_last_offset(&header) != entry->offset)
        err = ERR_CORRUPT;
    if (err != ERR_OK)
        return err;
    search_from(s, entry->pos, header.base_offset);
    return ERR_OK;
}

/* Starts as near before `offset` as is known. Hints that do not hold are passed over. */
static enum err start_near(struct search *s, int64_t offset)
{
    const struct segment_view *v = s->view;
    struct index_entry entry;
    enum err err = ERR_NOT_FOUND;
    if (v->place.offset >= 0 && v->place.offset <= offset) {
        search_from(s, v->place.pos, v->place.offset);
        return ERR_OK;
    }
    if (v->pending.offset >= 0 && v->pending.offset <= offset)
        err = start_at_entry(s, &v->pending);
    if (err != ERR_OK && err != ERR_AGAIN) {
        struct index_view x = index_view_of(v);
        err = index_lookup(&x, offset, &entry);
        if (err == ERR_OK)
            err = start_at_entry(s, &entry);
    }
    if (err == ERR_AGAIN)
        return err;
    s->index_bad = err == ERR_CORRUPT;
    if (err != ERR_OK)
        search_from(s, 0, v->base_offset);
    return ERR_OK;
}

/* Where the device gives nothing for long: goes on at the next place the index knows. */
static enum err skip_unreadable(struct search *s)
{
    struct index_view x = index_view_of(s->view);
    struct index_entry entry = {.pos = s->scan.pos};
    enum err err;
    s->unreadable = true;
    do {
        err = index_next_pos(&x, entry.pos, &entry);
        if (err != ERR_OK)
            return ERR_NOT_FOUND;
        err = start_at_entry(s, &entry);
    } while (err != ERR_OK);
    return ERR_OK;
}

/* The next good batch; damage on the way is noted and passed over: all of it as one, also when what was found
 * behind it could not be read again. */
static enum err search_next(struct search *s, struct batch_header *header, struct bytes *batch)
{
    for (bool damaged = false;; damaged = true) {
        enum err err = log_scan_next(&s->scan, header, batch);
        if (err == ERR_IO && s->scan.chunk > 0) {
            s->scan.chunk = 0; /* perhaps it is only what was read ahead */
            err = log_scan_next(&s->scan, header, batch);
        }
        if (err != ERR_CORRUPT && err != ERR_IO)
            return err;
        if (s->view->cached)
            return ERR_AGAIN; /* the search for what is behind damage may take long */
        if (!damaged)
            s->corrupt_from = s->scan.expected;
        s->unreadable = s->unreadable || err == ERR_IO;
        err = log_scan_resync(&s->scan);
        if (err == ERR_IO)
            err = skip_unreadable(s);
        s->unreadable = s->unreadable || s->scan.unreadable > 0;
        s->corrupt_to = err == ERR_OK ? s->scan.expected : s->view->end_offset;
        if (err != ERR_OK)
            return err;
    }
}

/* At the end: what should be there and is not is damage too. */
static void note_missing_end(struct search *s)
{
    if (s->scan.pos != s->scan.end || s->scan.expected >= s->view->end_offset ||
        s->view->gap_at_end)
        return;
    s->corrupt_from = s->scan.expected;
    s->corrupt_to = s->view->end_offset;
}

/* The first good batch that ends at or behind `offset`. ERR_NOT_FOUND there is none. */
static enum err search_offset(struct search *s, int64_t offset, struct batch_header *header,
                              struct bytes *batch)
{
    enum err err = start_near(s, offset);
    if (err != ERR_OK)
        return err;
    do {
        if (s->view->cached && s->scan.pos - s->scanned_from > s->view->search_bytes_max)
            return ERR_AGAIN;
        err = search_next(s, header, batch);
    } while (err == ERR_OK && batch_header_last_offset(header) < offset);
    if (err == ERR_NOT_FOUND)
        note_missing_end(s);
    if (err == ERR_OK && s->scan.pos - s->scanned_from > UNINDEXED_BYTES_MAX + 3 * batch->len)
        s->index_bad = true; /* it should have brought us nearer */
    return err;
}

/* How many records of a batch are at or behind `offset`, at least: compaction may have left holes. */
static size_t records_behind(const struct batch_header *h, int64_t offset)
{
    int64_t before = offset > h->base_offset ? offset - h->base_offset : 0;
    return before < h->record_count ? (size_t)(h->record_count - before) : 0;
}

/* A read in the making: [from, to) is taken. */
struct taking {
    uint64_t from;
    size_t bytes_max;
    size_t records_max;
    size_t records;
    int64_t offset; /* what is before does not count as a record */
};

static void take(struct taking *t, const struct search *s, const struct batch_header *header,
                 struct segment_read *out)
{
    t->records += records_behind(header, t->offset);
    out->last_base = header->base_offset;
    out->last_pos = s->scan.pos - batch_header_len(header);
    out->next_offset = s->scan.expected;
    out->next_pos = s->scan.pos;
}

/* Takes the batches behind the first as far as the limits go. ERR_AGAIN: they may be there, and it takes
 * a worker to read them. What is wrong with one is a matter of who comes to it. */
static enum err take_following(struct taking *t, struct search *s, struct segment_read *out)
{
    struct batch_header header;
    struct bytes batch;
    while (t->records < t->records_max) {
        enum err err = log_scan_reach(&s->scan, t->from, t->bytes_max);
        if (err == ERR_OK)
            err = log_scan_next(&s->scan, &header, &batch);
        if (err == ERR_AGAIN)
            return err;
        if (err != ERR_OK)
            break;
        take(t, s, &header, out);
    }
    out->batches = log_scan_kept(&s->scan, t->from, out->next_pos);
    return ERR_OK;
}

/* How much to read at once for so many records, going by the mean of the segment: with the batches whose parts
 * they begin and end in. */
static size_t chunk_for(const struct segment_view *v, size_t bytes_max, size_t records_max)
{
    uint64_t records = (uint64_t)(v->end_offset - v->base_offset);
    if (records_max < records) {
        uint64_t bytes = (v->bytes / records + 1) * records_max + BATCH_BYTES_TARGET;
        if (bytes < bytes_max)
            bytes_max = (size_t)bytes;
    }
    size_t chunk = bytes_max + INDEX_INTERVAL_BYTES;
    return chunk < READ_CHUNK_MIN ? READ_CHUNK_MIN : chunk;
}

enum err segment_read(const struct segment_view *v, int64_t offset, size_t bytes_max,
                      size_t records_max, struct segment_read *out)
{
    struct search s;
    struct batch_header header;
    struct bytes batch;
    if (bytes_max > READ_BYTES_MAX)
        bytes_max = READ_BYTES_MAX;
    search_init(&s, v, chunk_for(v, bytes_max, records_max));
    s.scan.window = out->buf;
    out->buf = (struct buf){0};
    buf_clear(&s.scan.window);
    enum err err = search_offset(&s, offset, &header, &batch);
    bool damaged = s.corrupt_from >= 0 && s.corrupt_from <= offset && offset < s.corrupt_to;
    if ((err == ERR_OK || err == ERR_NOT_FOUND) && damaged) {
        out->corrupt_from = s.corrupt_from;
        out->corrupt_to = s.corrupt_to;
        err = ERR_CORRUPT;
    }
    if (err == ERR_OK) {
        struct taking t = {.from = s.scan.pos - batch.len,
                           .bytes_max = bytes_max,
                           .records_max = records_max,
                           .offset = offset};
        take(&t, &s, &header, out);
        err = take_following(&t, &s, out);
    }
    out->index_bad = s.index_bad;
    out->buf = s.scan.window; /* moved: the batches stay where they are */
    s.scan.window = (struct buf){0};
    log_scan_deinit(&s.scan);
    return err;
}

/* --- by time -------------------------------------------------------------------------------- */

/* Where no record before can be `timestamp_ms` or later, according to the time index; -1 unknown. */
static enum err time_hint(const struct segment_view *v, int64_t timestamp_ms, int64_t *offset,
                          bool *index_bad)
{
    struct index_view x = index_view_of(v);
    struct time_index_entry entry = v->time_pending;
    enum err err = entry.offset >= 0 ? ERR_OK : time_index_lookup(&x, timestamp_ms, &entry);
    *offset = -1;
    if (err == ERR_AGAIN)
        return err;
    *index_bad = err == ERR_CORRUPT;
    if (err != ERR_OK || entry.offset >= v->end_offset)
        return ERR_OK;
    /* It is as it was written; that the batch is there as it says costs little. */
    struct search s;
    struct batch_header header;
    struct bytes batch;
    search_init(&s, v, READ_CHUNK_MIN);
    err = search_offset(&s, entry.offset, &header, &batch);
    if (err == ERR_OK && batch_header_last_offset(&header) == entry.offset &&
        header.max_timestamp_ms == entry.timestamp_ms)
        *offset = entry.offset + 1;
    log_scan_deinit(&s.scan);
    return err == ERR_AGAIN ? err : ERR_OK;
}

/* What was passed over unread might have been the answer. Damage is another matter: it has no time. */
static enum err search_result(const struct search *s, enum err err)
{
    return s->unreadable && err != ERR_AGAIN ? ERR_IO : err;
}

/* The first record of the batch that is asked for. */
static enum err find_in_batch(struct bytes batch, int64_t from, int64_t timestamp_ms,
                              struct segment_found *found)
{
    struct batch_iter it;
    struct record_view r;
    enum err err = batch_iter_init(&it, batch);
    while (err == ERR_OK && (err = batch_iter_next(&it, &r)) == ERR_OK) {
        if (r.offset < from || r.timestamp_ms < timestamp_ms)
            continue;
        found->offset = r.offset;
        found->timestamp_ms = r.timestamp_ms;
        return ERR_OK;
    }
    return ERR_NOT_FOUND;
}

/* Where the damage begins, not before `from`, that reaches up to `offset`; -1 if there is none. */
static int64_t damage_up_to(const struct search *s, int64_t from, int64_t offset)
{
    if (s->corrupt_from < 0 || s->corrupt_to != offset)
        return -1;
    return s->corrupt_from > from ? s->corrupt_from : from;
}

enum err segment_seek_time(const struct segment_view *v, int64_t from, int64_t timestamp_ms,
                           struct segment_found *found)
{
    struct search s;
    struct batch_header header;
    struct bytes batch;
    int64_t hint;
    found->damage_from = -1;
    enum err err = time_hint(v, timestamp_ms, &hint, &found->index_bad);
    if (err != ERR_OK)
        return err;
    if (hint > from)
        from = hint;
    search_init(&s, v, v->cached ? READ_CHUNK_MIN : SEEK_CHUNK);
    err = search_offset(&s, from, &header, &batch);
    while (err == ERR_OK && !s.unreadable) {
        if (header.max_timestamp_ms >= timestamp_ms &&
            find_in_batch(batch, from, timestamp_ms, found) == ERR_OK) {
            found->pos = s.scan.pos - batch.len;
            found->damage_from = damage_up_to(&s, from, found->offset);
            break;
        }
        if (v->cached && s.scan.pos - s.scanned_from > v->search_bytes_max)
            err = ERR_AGAIN;
        else
            err = search_next(&s, &header, &batch);
    }
    if (err == ERR_NOT_FOUND) {
        note_missing_end(&s);
        found->damage_from = damage_up_to(&s, from, v->end_offset);
    }
    log_scan_deinit(&s.scan);
    return search_result(&s, err);
}

/* --- by position ---------------------------------------------------------------------------- */

static enum err start_near_pos(struct search *s, uint64_t pos)
{
    struct index_view x = index_view_of(s->view);
    struct index_entry entry = s->view->pending;
    enum err err = entry.offset >= 0 ? ERR_OK : index_lookup_pos(&x, pos, &entry);
    if (err == ERR_OK)
        err = start_at_entry(s, &entry);
    if (err == ERR_AGAIN)
        return err;
    if (err != ERR_OK)
        search_from(s, 0, s->view->base_offset);
    return ERR_OK;
}

static void found_batch(const struct search *s, const struct batch_header *header,
                        struct bytes batch, struct segment_found *found)
{
    found->offset = header->base_offset;
    if (header->attributes & BATCH_TIMESTAMP_APPEND)
        found->timestamp_ms = header->max_timestamp_ms;
    else if (header->attributes & BATCH_DELETE_HORIZON)
        found->timestamp_ms = INT64_MIN; /* the first record's is not in the header */
    else
        found->timestamp_ms = header->base_timestamp_ms;
    found->pos = s->scan.pos - batch.len;
}

enum err segment_seek_pos(const struct segment_view *v, uint64_t pos, struct segment_found *found)
{
    struct search s;
    struct batch_header header;
    struct bytes batch;
    search_init(&s, v, v->cached ? READ_CHUNK_MIN : SEEK_CHUNK);
    enum err err = start_near_pos(&s, pos);
    while (err == ERR_OK && !s.unreadable) {
        if (v->cached && s.scan.pos - s.scanned_from > v->search_bytes_max)
            err = ERR_AGAIN;
        else
            err = search_next(&s, &header, &batch);
        if (err == ERR_OK && s.scan.pos - batch.len >= pos)
            break;
    }
    if (err == ERR_OK && !s.unreadable)
        found_batch(&s, &header, batch, found);
    log_scan_deinit(&s.scan);
    return search_result(&s, err);
}

enum err segment_seek_last(const struct segment_view *v, struct segment_found *found)
{
    struct search s;
    struct batch_header header;
    struct bytes batch;
    bool any = false;
    search_init(&s, v, SEEK_CHUNK);
    enum err err = start_near(&s, v->end_offset);
    while (err == ERR_OK) {
        err = search_next(&s, &header, &batch);
        any = any || err == ERR_OK;
        if (err == ERR_OK)
            found_batch(&s, &header, batch, found);
    }
    log_scan_deinit(&s.scan);
    return search_result(&s, err == ERR_NOT_FOUND && any ? ERR_OK : err);
}

/* --- rebuilding the indexes ------------------------------------------------------------------ */

static void index_all(struct search *s, struct index *x)
{
    struct batch_header header;
    struct bytes batch;
    while (search_next(s, &header, &batch) == ERR_OK)
        index_add(x, s->view->base_offset, batch_header_last_offset(&header),
                  s->scan.pos - batch.len, batch.len, header.max_timestamp_ms);
    index_seal(x, s->view->base_offset);
}

enum err segment_rebuild_index(struct disk *disk, const char *dir, const struct segment_view *v,
                               struct index *x)
{
    struct segment_files *files;
    enum err err = segment_files_open(disk, dir, v->base_offset, DISK_WRITE, &files);
    if (err != ERR_OK)
        return err;
    struct segment_view view = *v;
    struct search s;
    view.files = files;
    view.cached = false;
    search_init(&s, &view, SEEK_CHUNK);
    index_init(x);
    index_all(&s, x);
    log_scan_deinit(&s.scan);
    /* Readers may look in meanwhile: they check what they find. */
    err = disk_truncate(files->index, 0);
    if (err == ERR_OK)
        err = disk_truncate(files->time_index, 0);
    if (err == ERR_OK)
        err = index_flush(x, files->index, files->time_index);
    segment_files_unref(files);
    if (err == ERR_OK)
        index_flushed(x);
    else
        index_deinit(x);
    return err;
}
