/* SPDX-License-Identifier: BSD-3-Clause */
#include "dump/segment_check.h"

#include "dump/batch_show.h"
#include <inttypes.h>

struct work {
    struct segment_check *s;
    struct log_walk walk;
    struct index_check index, time_index;
    struct buf why;
};

static bool reports_log(const struct segment_check *s)
{
    return (s->parts & DUMP_LOG) != 0;
}

/* Whether what is at the end of the files may be what a crash, or a server that is writing now, leaves. */
static bool end_may_be_torn(const struct segment_check *s)
{
    return s->last && (s->state == NULL || !state_still_clean(s->state, s->dump->disk, s->dir));
}

/* --- what is printed ------------------------------------------------------------------------- */

static void print_heading(const struct segment_check *s)
{
    struct printer *out = s->dump->out;
    if (!reports_log(s) || !s->dump->options->batches)
        return;
    printer_begin(out, DEPTH_FILE, "log");
    printer_word(out, "path", s->log_path);
    printer_count(out, "bytes", s->len);
    printer_end(out);
}

static void print_summary(const struct segment_check *s)
{
    struct printer *out = s->dump->out;
    if (!reports_log(s))
        return;
    printer_begin(out, DEPTH_FILE, "segment");
    printer_word(out, "path", s->log_path);
    printer_count(out, "bytes", s->len);
    printer_count(out, "batches", s->batches);
    printer_count(out, "records", s->records);
    if (s->batches > 0) {
        printer_number(out, "first_offset", s->first_offset);
        printer_number(out, "last_offset", s->next_offset - 1);
        printer_number(out, "min_timestamp", s->min_timestamp_ms);
        printer_number(out, "max_timestamp", s->max_timestamp_ms);
    }
    if (s->missing > 0)
        printer_count(out, "missing_offsets", s->missing);
    printer_end(out);
}

/* --- the log --------------------------------------------------------------------------------- */

static void take_batch(struct work *w, const struct walk_batch *b)
{
    struct segment_check *s = w->s;
    const struct batch_header *h = &b->header;
    if (s->batches == 0)
        s->first_offset = h->base_offset;
    s->batches++;
    s->records += (uint64_t)h->record_count;
    s->missing += (uint64_t)b->missing + (uint64_t)((int64_t)h->last_offset_delta + 1) -
                  (uint64_t)h->record_count;
    if (h->base_timestamp_ms < s->min_timestamp_ms && !(h->attributes & BATCH_DELETE_HORIZON))
        s->min_timestamp_ms = h->base_timestamp_ms;
    if (h->max_timestamp_ms > s->max_timestamp_ms)
        s->max_timestamp_ms = h->max_timestamp_ms;
    s->last_base = h->base_offset;
    s->last_len = b->len;
    s->next_offset = w->walk.expected;
    if (w->walk.pos == s->synced_pos)
        s->offset_synced = s->next_offset;
    index_check_batch(&w->index, b);
    index_check_batch(&w->time_index, b);
    if (!reports_log(s))
        return;
    batch_show(s->dump, s->log_path, b, s->holes);
    if (s->base_offset >= 0 && s->next_offset - 1 - s->base_offset > INT32_MAX)
        printer_error(s->dump->out, s->log_path,
                      "byte %" PRIu64 ": offset %" PRId64 " is too far from the segment's first",
                      b->pos, s->next_offset - 1);
}

/* No batch begins at the walk's place. False: nothing good follows either. */
static bool pass_damage(struct work *w)
{
    struct segment_check *s = w->s;
    struct printer *out = s->dump->out;
    uint64_t from_pos = w->walk.pos;
    int64_t from = w->walk.expected;
    enum err err = log_walk_resync(&w->walk);
    if (err == ERR_OK) {
        s->damaged = true;
        index_check_skip(&w->index, w->walk.pos, w->walk.expected);
        index_check_skip(&w->time_index, w->walk.pos, w->walk.expected);
        if (reports_log(s))
            printer_error(out, s->log_path,
                          "byte %" PRIu64 ": no good batch up to byte %" PRIu64 " (offsets %" PRId64
                          " to %" PRId64 "): %s",
                          from_pos, w->walk.pos, from, w->walk.expected - 1, w->why.data);
        return true;
    }
    bool torn = from_pos >= s->synced_pos && end_may_be_torn(s);
    s->damaged = s->damaged || !torn;
    if (!reports_log(s))
        return false;
    if (err != ERR_NOT_FOUND && err != ERR_CORRUPT)
        printer_failed(out, s->log_path, err);
    else if (torn)
        printer_note(out, s->log_path,
                     "byte %" PRIu64 ": the last %" PRIu64 " bytes are an unfinished write: %s",
                     from_pos, s->len - from_pos, w->why.data);
    else
        printer_error(out, s->log_path,
                      "byte %" PRIu64 ": no good batch in the last %" PRIu64
                      " bytes (from offset %" PRId64 " on): %s",
                      from_pos, s->len - from_pos, from, w->why.data);
    return false;
}

static void walk_log(struct work *w)
{
    struct segment_check *s = w->s;
    struct walk_batch batch;
    for (;;) {
        enum err err = log_walk_next(&w->walk, &batch, &w->why);
        if (err == ERR_OK) {
            take_batch(w, &batch);
            continue;
        }
        if (err == ERR_NOT_FOUND)
            break;
        if (err == ERR_CORRUPT && pass_damage(w))
            continue;
        if (err != ERR_CORRUPT) {
            s->damaged = true;
            if (reports_log(s))
                printer_failed(s->dump->out, s->log_path, err);
        }
        break;
    }
    s->epoch = w->walk.epoch;
}

/* --- all of it ------------------------------------------------------------------------------- */

static void open_indexes(struct work *w)
{
    struct segment_check *s = w->s;
    w->index.done = w->time_index.done = true;
    if (s->index_path != NULL && (s->parts & DUMP_INDEX))
        index_check_open(&w->index, s->dump, s->index_path, false, s->base_offset);
    if (s->time_index_path != NULL && (s->parts & DUMP_TIME_INDEX))
        index_check_open(&w->time_index, s->dump, s->time_index_path, true, s->base_offset);
    s->index_entries = w->index.count;
    s->time_index_entries = w->time_index.count;
}

static void end_index(struct segment_check *s, struct index_check *x)
{
    if (x->missing && s->batches > 0)
        printer_note(s->dump->out, x->path, "is missing: readers search without it");
    if (x->path != NULL)
        index_check_end(x, end_may_be_torn(s));
    index_check_print(x);
}

/* The newest segment is never compacted. */
static bool may_have_holes(const struct segment_check *s)
{
    return s->holes || (!s->last && s->dir != NULL &&
                        s->base_offset < state_compacted_to(s->dump->disk, s->dir));
}

void segment_check_run(struct segment_check *s)
{
    struct work w = {.s = s};
    bool whole = s->dump->options->deep || s->dump->options->records;
    s->first_offset = s->offset_synced = s->last_base = -1;
    s->next_offset = s->base_offset;
    s->min_timestamp_ms = INT64_MAX;
    s->max_timestamp_ms = INT64_MIN;

    open_indexes(&w); /* before the log: all that their entries are for is in it by then */
    enum err err = log_walk_open(&w.walk, s->log_disk, s->log_path, whole);
    if (err == ERR_OK) {
        w.walk.holes = s->holes = may_have_holes(s);
        w.walk.expected = s->base_offset;
        w.walk.epoch = s->epoch;
        w.walk.epochs = s->epochs;
        w.walk.epoch_count = s->epoch_count;
        s->len = w.walk.window.end;
        if (s->synced_pos == 0)
            s->offset_synced = s->base_offset;
        print_heading(s);
        walk_log(&w);
        print_summary(s);
        end_index(s, &w.index);
        end_index(s, &w.time_index);
        s->dump->segments++;
        s->dump->batches += s->batches;
        s->dump->records += s->records;
        s->dump->bytes += s->len;
    } else if (err == ERR_NOT_FOUND) {
        s->gone = true;
        index_check_print(&w.index);
        index_check_print(&w.time_index);
    } else {
        printer_failed(s->dump->out, s->log_path, err);
        s->damaged = true;
    }
    log_walk_close(&w.walk);
    index_check_close(&w.index);
    index_check_close(&w.time_index);
    buf_deinit(&w.why);
}
