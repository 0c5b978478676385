/* SPDX-License-Identifier: BSD-3-Clause */
/* Reads and searches. Each goes as far as it can on the reactor, from memory and the page cache; where it
 * would wait for the device, the segment it is at goes to a worker as a view, and the end of that job
 * goes on from there. A job holds references to the segment and its files, so that retention and
 * deletion never wait for a reader. */
#include "storage/partition_internal.h"

#include "base/mem.h"

/* What the reactor itself scans to find a place. */
#define SEARCH_BYTES_MAX ((size_t)512 * 1024)

enum reader_kind { READER_READ, READER_SEEK, READER_SEEK_POS };

/* What a read and a search have in common: one segment after the other, here or on a worker. */
struct reader {
    struct disk_job job;
    struct list link; /* in p->reads while the job is under way, or in p->retention_waiters */
    enum reader_kind kind;
    struct partition *p; /* borrowed; for the reactor, while under way */
    struct storage *st;  /* borrowed */
    bool under_way;
    bool cancelled;
    bool retried;
    bool by_name;   /* it opens the segment's files itself */
    bool retained;  /* the log start was brought up to date for this one */
    enum err doubt; /* or why not */
    bool stored;    /* it is retention's own: it looks for what is inside the limit */

    int64_t offset;               /* where to go on */
    int64_t timestamp_ms;         /* of a search */
    uint64_t pos;                 /* of a search by position, in the segment */
    size_t bytes_max;             /* of a read */
    size_t records_max;           /* the same */
    struct segment *segment;      /* counted while under way */
    struct segment_view view;     /* its files are counted while under way */
    struct segment_files *opened; /* counted; by the worker */
    const char *dir;              /* borrowed from p */

    enum err err;
    struct segment_read result;
    struct segment_found found;
};

struct partition_read_state {
    struct reader reader;
    struct partition_read *read; /* borrowed */
    struct tail_batch *pinned;   /* counted, or NULL */
};

struct partition_seek_state {
    struct reader reader;
    struct partition_seek *seek; /* borrowed */
    int64_t damage_from;         /* from here up to where it is all is damaged; -1: nothing is */
};

/* What a segment gave is taken and the rest done; ERR_AGAIN: there is nothing to take yet. */
static void read_go_on(struct reader *r, enum err err);
static void seek_go_on(struct reader *r, enum err err);

/* --- where the last reads ended ------------------------------------------------------------- */

static void place_remember(struct partition *p, const struct reader *r)
{
    for (size_t i = 0; i < PLACES_MAX; i++)
        if (p->places[i].next_offset == r->result.next_offset)
            return;
    p->places[p->place_next++ % PLACES_MAX] = (struct partition_place){
        .offset = r->result.last_base,
        .next_offset = r->result.next_offset,
        .pos = r->result.last_pos,
        .next_pos = r->result.next_pos,
        .segment_base = r->view.base_offset,
        .segment_version = r->view.version,
    };
}

static void place_find(const struct partition *p, struct segment_view *v, int64_t offset)
{
    for (size_t i = 0; i < PLACES_MAX; i++) {
        const struct partition_place *place = &p->places[i];
        if (place->segment_base != v->base_offset || place->segment_version != v->version)
            continue;
        if (place->next_offset == offset && place->next_pos < v->bytes)
            v->place = (struct index_entry){.offset = offset, .pos = place->next_pos};
        else if (place->offset <= offset && offset < place->next_offset)
            v->place = (struct index_entry){.offset = place->offset, .pos = place->pos};
    }
}

/* --- one segment ---------------------------------------------------------------------------- */

static void reader_init(struct reader *r, struct partition *p, enum reader_kind kind)
{
    r->kind = kind;
    r->p = p;
    r->st = p->st;
    r->dir = p->dir;
    list_init(&r->link);
}

static enum err reader_work(struct reader *r)
{
    if (r->kind == READER_SEEK_POS)
        return segment_seek_pos(&r->view, r->pos, &r->found);
    if (r->kind == READER_SEEK)
        return segment_seek_time(&r->view, r->offset, r->timestamp_ms, &r->found);
    return segment_read(&r->view, r->offset, r->bytes_max, r->records_max, &r->result);
}

/* On the worker. */
static void reader_run(struct disk_job *job)
{
    struct reader *r = CONTAINER_OF(job, struct reader, job);
    if (r->view.files == NULL) {
        r->err = segment_files_open(r->st->options.disk, r->dir, r->view.base_offset, DISK_READ,
                                    &r->opened);
        if (r->err == ERR_NOT_FOUND)
            r->err = ERR_IO; /* which is not "no such record" */
        if (r->err != ERR_OK)
            return;
        r->view.files = r->opened;
    }
    r->err = reader_work(r);
}

/* Gives back what the job held; files it opened stay open for the next reader. */
static void reader_release(struct reader *r)
{
    struct segment *s = r->segment;
    bool still_there = s->refs > 1;
    if (r->by_name)
        s->opening--;
    r->segment = NULL;
    if (r->opened == NULL)
        segment_files_unref(r->view.files);
    else if (still_there && s->files == NULL && !s->pinned)
        files_adopt(&r->st->files, &s->files, r->opened, false);
    else
        segment_files_unref(r->opened);
    r->opened = NULL;
    r->view.files = NULL;
    segment_unref(s);
}

static void reader_free(struct reader *r)
{
    storage_give_read_buf(r->st, &r->result.buf);
    if (r->kind == READER_READ)
        mem_free(CONTAINER_OF(r, struct partition_read_state, reader));
    else
        mem_free(CONTAINER_OF(r, struct partition_seek_state, reader));
}

static void reader_end(struct reader *r)
{
    if (r->under_way) {
        r->cancelled = true; /* freed by the end of its job */
        return;
    }
    list_remove(&r->link); /* it may wait for retention */
    reader_free(r);
}

static void reader_done(struct disk_job *job)
{
    struct reader *r = CONTAINER_OF(job, struct reader, job);
    struct partition *p = r->p;
    if (r->err == ERR_LIMIT && !r->retried && !p->deleted && !r->cancelled &&
        files_close_idle(&r->st->files)) {
        r->retried = true;
        disk_submit(r->st->options.disk, DISK_LANE_BULK, &r->job);
        return;
    }
    r->under_way = false;
    list_remove(&r->link);
    reader_release(r);
    if (r->cancelled)
        reader_free(r);
    else if (r->kind == READER_READ)
        read_go_on(r, r->err);
    else
        seek_go_on(r, r->err);
    partition_compaction_opened(p);
    partition_free_if_done(p);
}

static void reader_submit(struct reader *r)
{
    r->under_way = true;
    r->retried = false;
    r->view.cached = false;
    segment_ref(r->segment);
    r->by_name = r->view.files == NULL;
    if (r->by_name)
        r->segment->opening++;
    else
        segment_files_ref(r->view.files);
    list_push_back(&r->p->reads, &r->link);
    r->job = (struct disk_job){.run = reader_run, .done = reader_done};
    list_init(&r->job.link);
    disk_submit(r->st->options.disk, DISK_LANE_BULK, &r->job);
}

void partition_view_of(const struct partition *p, size_t i, int64_t offset, int64_t timestamp_ms,
                       struct segment_view *v)
{
    segment_view_init(v, p->segments[i], partition_segment_end(p, i), offset, timestamp_ms);
    v->epochs = p->checkpoint.epochs; /* they change before the first read only */
    v->epoch_count = p->checkpoint.epoch_count;
    v->holes_below = p->compacted_to;
    v->gap_at_end = v->end_offset <= p->compacted_to || partition_epoch_begins(p, v->end_offset);
}

static void find_pos_pending(struct reader *r, const struct segment *s)
{
    struct index_entry entry;
    r->view.pending.offset = -1;
    if (index_lookup_pos_pending(&s->index, s->base_offset, r->pos, &entry) == ERR_OK)
        r->view.pending = entry;
}

/* The reader goes on when the log start is known. */
static enum err reader_wait(struct reader *r)
{
    list_push_back(&r->p->retention_waiters, &r->link);
    return ERR_AGAIN;
}

/* Whether the log start is up to date, or the reader has to wait for that. */
static bool reader_retained(struct reader *r)
{
    if (r->retained)
        return true;
    r->retained = true; /* once is enough: what moves on meanwhile is a matter of the next reader */
    if (!partition_retain_now(r->p))
        return false;
    r->doubt = partition_start_doubt(r->p);
    return true;
}

/* Works on the segment that holds r->offset. ERR_AGAIN: a worker does it. */
static enum err reader_try(struct reader *r)
{
    struct partition *p = r->p;
    size_t i = partition_segment_of(p, r->offset);
    struct segment *s = p->segments[i];
    partition_view_of(p, i, r->offset, r->timestamp_ms, &r->view);
    if (r->kind == READER_SEEK_POS)
        find_pos_pending(r, s);
    else
        place_find(p, &r->view, r->offset);
    r->found = (struct segment_found){.damage_from = -1};
    if (s->bytes == 0)
        return ERR_NOT_FOUND;
    if (s->files != NULL) {
        r->view.cached = true;
        r->view.search_bytes_max = SEARCH_BYTES_MAX;
        files_touch(&r->st->files, s->files);
        enum err err = reader_work(r);
        if (err != ERR_AGAIN) {
            r->st->stats.reads_cached++;
            return err;
        }
    }
    r->st->stats.reads_cold++;
    r->segment = s;
    reader_submit(r);
    return ERR_AGAIN;
}

/* --- an index that does not help -------------------------------------------------------------- */

/* A job that makes the indexes of a sealed segment anew. */
struct rebuild {
    struct disk_job job;
    struct list link;    /* in p->reads */
    struct partition *p; /* for `done` only */
    struct disk *disk;
    const char *dir;
    struct segment *segment; /* counted; for `done` only */
    struct segment_view view;
    struct index index;
    enum err err;
};

static void rebuild_run(struct disk_job *job)
{
    struct rebuild *b = CONTAINER_OF(job, struct rebuild, job);
    b->err = segment_rebuild_index(b->disk, b->dir, &b->view, &b->index);
}

static void rebuild_done(struct disk_job *job)
{
    struct rebuild *b = CONTAINER_OF(job, struct rebuild, job);
    struct partition *p = b->p;
    struct segment *s = b->segment;
    list_remove(&b->link);
    if (b->err == ERR_OK) {
        index_deinit(&s->index);
        s->index = b->index;
        if (!s->pinned)
            files_drop(&s->files); /* they may have been opened without an index */
        TRACE_NOTE(p->st->options.trace, "%s/%020lld.log: its indexes were made anew", p->dir,
                   (long long)s->base_offset);
    }
    s->opening--;
    segment_unref(s);
    mem_free(b);
    partition_compaction_opened(p);
    partition_free_if_done(p);
}

static void rebuild_index(struct partition *p, int64_t base_offset)
{
    size_t i = partition_segment_of(p, base_offset);
    struct segment *s = p->segments[i];
    if (s->base_offset != base_offset || s->index_rebuilt || s->pinned)
        return;
    if (i + 1 == p->segment_count)
        return; /* the active one's is being written */
    s->index_rebuilt = true;
    struct rebuild *b = mem_zalloc(1, sizeof(*b));
    b->p = p;
    b->disk = p->st->options.disk;
    b->dir = p->dir;
    b->segment = s;
    segment_ref(s);
    s->opening++;
    partition_view_of(p, i, s->base_offset, INT64_MIN, &b->view);
    b->view.files = NULL;
    list_push_back(&p->reads, &b->link);
    b->job = (struct disk_job){.run = rebuild_run, .done = rebuild_done};
    list_init(&b->job.link);
    disk_submit(p->st->options.disk, DISK_LANE_BULK, &b->job);
}

/* --- reads ---------------------------------------------------------------------------------- */

static void read_set(struct partition_read *read, enum err err)
{
    read->err = err;
    read->batches = bytes_of("", 0);
    read->corrupt_from = read->corrupt_to = -1;
    read->next_offset = read->offset;
}

/* The first record at *offset or behind it, and the time by which it ages as far as the batches tell: the
 * greatest up to it. INT64_MAX when there is no such record. */
static int64_t age_of_first(struct bytes batches, int64_t *offset)
{
    struct batch_header header;
    struct batch_iter it;
    struct record_view r;
    int64_t age_ms = INT64_MIN;
    while (batches.len > 0 && batch_header_read(batches, INT32_MAX, &header) == ERR_OK) {
        size_t len = batch_header_len(&header);
        if (batch_iter_init(&it, bytes_of(batches.data, len)) == ERR_OK)
            while (batch_iter_next(&it, &r) == ERR_OK) {
                if (r.timestamp_ms > age_ms)
                    age_ms = r.timestamp_ms;
                if (r.offset >= *offset) {
                    *offset = r.offset;
                    return age_ms;
                }
            }
        batches = bytes_of(batches.data + len, batches.len - len);
    }
    return INT64_MAX;
}

/* No read returns a record past its limit, also when it is not known which those are. */
static void read_check(struct partition_read_state *s)
{
    struct partition_read *read = s->read;
    const struct partition *p = s->reader.p;
    enum err doubt = s->reader.doubt;
    int64_t offset = read->offset;
    if (partition_vouch(p, doubt, offset, INT64_MIN) == ERR_OK)
        return; /* as ever */
    int64_t age_ms = age_of_first(read->batches, &offset);
    enum err err = partition_vouch(p, doubt, offset, age_ms);
    if (err == ERR_OK)
        return;
    read_set(read, err);
    if (err != ERR_CORRUPT)
        return;
    read->corrupt_from = read->offset;
    read->corrupt_to = p->sure_from;
}

/* How many of its records are at or behind `offset`, which is not behind it: compaction has never seen it. */
static size_t tail_records(const struct tail_batch *batch, int64_t offset)
{
    return (size_t)(batch->last_offset -
                    (offset > batch->base_offset ? offset : batch->base_offset) + 1);
}

/* Batches from memory: one as it lies there, several copied together. */
static bool read_tail(struct partition_read_state *s)
{
    struct reader *r = &s->reader;
    const struct tail_log *log = &r->p->tail;
    size_t i;
    if (!tail_find(log, r->offset, &i))
        return false;
    if (!r->retained && !partition_retains(r->p, tail_at(log, i)))
        return false;
    size_t written = log->count - log->waiting, n = i + 1;
    size_t bytes = tail_at(log, i)->buf.len;
    size_t records = tail_records(tail_at(log, i), r->offset);
    while (n < written && records < r->records_max &&
           bytes + tail_at(log, n)->buf.len <= r->bytes_max) {
        records += tail_records(tail_at(log, n), r->offset);
        bytes += tail_at(log, n++)->buf.len;
    }
    read_set(s->read, ERR_OK);
    r->st->stats.reads_tail++;
    s->read->next_offset = tail_at(log, n - 1)->last_offset + 1;
    if (n == i + 1) {
        s->pinned = tail_at(log, i);
        tail_batch_ref(s->pinned);
        s->read->batches = buf_bytes(&s->pinned->buf);
        read_check(s);
        return true;
    }
    buf_clear(&r->result.buf);
    if (r->result.buf.cap == 0)
        r->result.buf = storage_take_read_buf(r->st);
    buf_reserve(&r->result.buf, bytes);
    for (; i < n; i++)
        buf_append_bytes(&r->result.buf, buf_bytes(&tail_at(log, i)->buf));
    s->read->batches = buf_bytes(&r->result.buf);
    read_check(s);
    return true;
}

/* Takes what a segment gave. False: nothing there, go on behind it. */
static bool read_take(struct partition_read_state *s, enum err err)
{
    struct reader *r = &s->reader;
    struct partition *p = r->p;
    if (err == ERR_NOT_FOUND) {
        r->offset = r->view.end_offset;
        return false;
    }
    read_set(s->read, err);
    if (r->result.index_bad)
        rebuild_index(p, r->view.base_offset);
    if (err == ERR_OK) {
        s->read->batches = r->result.batches;
        s->read->next_offset = r->result.next_offset;
        place_remember(p, r);
        read_check(s);
    } else if (err == ERR_CORRUPT) {
        /* Between the offset and the damage there may be a gap. */
        s->read->corrupt_from =
            r->result.corrupt_from < s->read->offset ? r->result.corrupt_from : s->read->offset;
        s->read->corrupt_to = r->result.corrupt_to;
        r->st->stats.corrupt_ranges++;
    }
    return true;
}

/* ERR_AGAIN: a worker has it. */
static enum err read_run(struct partition_read_state *s)
{
    struct reader *r = &s->reader;
    struct partition *p = r->p;
    for (;;) {
        if (s->read->offset < p->log_start) {
            read_set(s->read, ERR_RANGE); /* also when retention has overtaken it */
            return ERR_OK;
        }
        if (r->offset >= p->next_offset) {
            read_set(s->read, ERR_OK);
            s->read->next_offset = p->next_offset;
            return ERR_OK;
        }
        if (read_tail(s))
            return ERR_OK;
        if (!r->retained) {
            if (!reader_retained(r))
                return reader_wait(r);
            continue;
        }
        if (r->result.buf.cap == 0)
            r->result.buf = storage_take_read_buf(r->st);
        enum err err = reader_try(r);
        if (err == ERR_AGAIN)
            return ERR_AGAIN;
        if (read_take(s, err))
            return ERR_OK;
    }
}

static void read_go_on(struct reader *r, enum err err)
{
    struct partition_read_state *s = CONTAINER_OF(r, struct partition_read_state, reader);
    struct partition *p = r->p;
    bool complete = true;
    if (p->deleted)
        read_set(s->read, ERR_NOT_FOUND);
    else if (s->read->offset < p->log_start)
        read_set(s->read, ERR_RANGE);
    else if (err == ERR_AGAIN || !read_take(s, err))
        complete = read_run(s) == ERR_OK;
    if (complete)
        s->read->done(s->read);
}

enum err partition_read(struct partition *p, struct partition_read *read)
{
    ASSERT(!p->deleted);
    read->state = NULL;
    if (read->offset < p->log_start || read->offset > p->next_offset) {
        read_set(read, ERR_RANGE);
        return ERR_OK;
    }
    if (read->offset == p->next_offset) {
        read_set(read, ERR_OK);
        return ERR_OK;
    }
    struct partition_read_state *s = mem_zalloc(1, sizeof(*s));
    reader_init(&s->reader, p, READER_READ);
    s->read = read;
    s->reader.offset = read->offset;
    s->reader.bytes_max = read->bytes_max;
    s->reader.records_max = read->records_max == 0 ? SIZE_MAX : read->records_max;
    s->reader.timestamp_ms = INT64_MIN;
    read->state = s;
    return read_run(s);
}

void partition_read_end(struct partition_read *read)
{
    struct partition_read_state *s = read->state;
    read->state = NULL;
    if (s == NULL)
        return;
    if (s->pinned != NULL)
        tail_batch_unref(s->pinned);
    reader_end(&s->reader);
}

/* --- searches ------------------------------------------------------------------------------- */

static void seek_set(struct partition_seek *seek, enum err err, int64_t offset,
                     int64_t timestamp_ms)
{
    seek->err = err;
    seek->offset = offset;
    seek->found_timestamp_ms = timestamp_ms;
}

/* Puts the damage that a segment tells of together with that at the end of the one before. */
static void seek_take_damage(struct partition_seek_state *s, enum err err)
{
    const struct reader *r = &s->reader;
    int64_t base = r->view.base_offset, from = r->found.damage_from;
    if (from < 0 && err == ERR_OK && r->found.offset == base)
        return; /* the first record here, right behind that damage */
    if (s->damage_from < 0 || from != base)
        s->damage_from = from;
}

/* Takes what a segment gave. False: nothing there, go on behind it. */
static bool seek_take(struct partition_seek_state *s, enum err err)
{
    struct reader *r = &s->reader;
    if (r->kind == READER_SEEK)
        seek_take_damage(s, err);
    if (r->found.index_bad)
        rebuild_index(r->p, r->view.base_offset);
    if (err == ERR_NOT_FOUND) {
        r->offset = r->view.end_offset;
        r->pos = 0;
        return false;
    }
    if (err == ERR_OK && r->kind == READER_SEEK && !r->stored)
        err = partition_vouch(r->p, r->doubt, r->found.offset, r->found.timestamp_ms);
    if (err == ERR_OK)
        seek_set(s->seek, ERR_OK, r->found.offset, r->found.timestamp_ms);
    else
        seek_set(s->seek, err, -1, -1);
    return true;
}

static enum err seek_run(struct partition_seek_state *s)
{
    struct reader *r = &s->reader;
    struct partition *p = r->p;
    for (;;) {
        if (!reader_retained(r))
            return reader_wait(r);
        if (r->offset < p->log_start && r->kind == READER_SEEK)
            r->offset = p->log_start;
        if (r->offset >= p->next_offset) {
            seek_set(s->seek, ERR_OK, p->next_offset, -1);
            return ERR_OK;
        }
        size_t i = partition_segment_of(p, r->offset);
        const struct segment *segment = p->segments[i];
        if (r->kind == READER_SEEK && segment->max_timestamp_known &&
            segment->max_timestamp_ms < r->timestamp_ms) {
            r->offset = partition_segment_end(p, i);
            s->damage_from = -1;
            continue;
        }
        enum err err = reader_try(r);
        if (err == ERR_AGAIN)
            return ERR_AGAIN;
        if (seek_take(s, err))
            return ERR_OK;
    }
}

static void seek_go_on(struct reader *r, enum err err)
{
    struct partition_seek_state *s = CONTAINER_OF(r, struct partition_seek_state, reader);
    struct partition *p = r->p;
    bool complete = true;
    if (p->deleted)
        seek_set(s->seek, ERR_NOT_FOUND, -1, -1);
    else if (err == ERR_OK && r->found.offset < p->log_start && r->kind == READER_SEEK)
        complete = seek_run(s) == ERR_OK; /* retention has taken what was found */
    else if (err == ERR_AGAIN || !seek_take(s, err))
        complete = seek_run(s) == ERR_OK;
    if (complete)
        s->seek->done(s->seek);
}

static struct partition_seek_state *seek_begin(struct partition *p, enum reader_kind kind,
                                               struct partition_seek *seek)
{
    ASSERT(!p->deleted);
    struct partition_seek_state *s = mem_zalloc(1, sizeof(*s));
    reader_init(&s->reader, p, kind);
    s->seek = seek;
    s->damage_from = -1;
    s->reader.offset = p->log_start;
    s->reader.timestamp_ms = seek->timestamp_ms;
    seek->state = s;
    return s;
}

enum err partition_seek(struct partition *p, struct partition_seek *seek)
{
    return seek_run(seek_begin(p, READER_SEEK, seek));
}

enum err partition_seek_stored(struct partition *p, struct partition_seek *seek)
{
    struct partition_seek_state *s = seek_begin(p, READER_SEEK, seek);
    s->reader.retained = s->reader.stored = true;
    return seek_run(s);
}

enum err partition_seek_pos(struct partition *p, uint64_t pos, struct partition_seek *seek)
{
    struct partition_seek_state *s = seek_begin(p, READER_SEEK_POS, seek);
    size_t i = 0;
    while (i + 1 < p->segment_count && pos >= p->segments[i]->bytes)
        pos -= p->segments[i++]->bytes;
    s->reader.retained = true;
    s->reader.offset = p->segments[i]->base_offset;
    s->reader.pos = pos;
    return seek_run(s);
}

uint64_t partition_seek_skip(const struct partition *p, const struct partition_seek *seek)
{
    const struct reader *r = &seek->state->reader;
    uint64_t skip = 0;
    if (seek->offset >= p->next_offset)
        return p->bytes;
    if (r->view.base_offset < p->segments[0]->base_offset)
        return p->start_skip; /* its segment is gone */
    size_t i = partition_segment_of(p, r->view.base_offset);
    for (size_t k = 0; k < i; k++)
        skip += p->segments[k]->bytes;
    const struct segment *s = p->segments[i];
    bool same = s->base_offset == r->view.base_offset && s->version == r->view.version;
    return same ? skip + r->found.pos : skip; /* or it was compacted since */
}

int64_t partition_seek_damage(const struct partition_seek *seek)
{
    return seek->state->damage_from;
}

void partition_wake_readers(struct partition *p)
{
    struct list waiters;
    list_init(&waiters);
    list_splice_back(&waiters, &p->retention_waiters);
    while (!list_empty(&waiters)) {
        struct reader *r = CONTAINER_OF(waiters.next, struct reader, link);
        list_remove(&r->link);
        r->doubt = partition_start_doubt(p);
        if (r->kind == READER_READ)
            read_go_on(r, ERR_AGAIN);
        else
            seek_go_on(r, ERR_AGAIN);
    }
}

void partition_seek_end(struct partition_seek *seek)
{
    struct partition_seek_state *s = seek->state;
    seek->state = NULL;
    if (s == NULL)
        return;
    reader_end(&s->reader);
}
