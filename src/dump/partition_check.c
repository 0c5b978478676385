/* SPDX-License-Identifier: BSD-3-Clause */
#include "dump/partition_check.h"

#include "base/mem.h"
#include "dump/journal_disk.h"
#include "dump/segment_check.h"
#include "dump/state.h"
#include "storage/dirs.h"
#include "storage/files.h"
#include <inttypes.h>

struct work {
    struct dump *d;
    const char *dir;
    const struct partition_facts *facts;
    struct state before;            /* as of before the segments were looked at */
    int64_t *bases;                 /* owned */
    struct segment_check *segments; /* owned; what was found */
    size_t count;
    bool journaled; /* the journal has bytes of this log, and the next start looks at them */
    int64_t journaled_base;             /* of the newest segment that it has any of */
    struct journal_disk journal;        /* with these; when there is the segment that they go to */
    char path[DISK_PATH_BYTES_MAX + 1]; /* of the log that is spoken of */
};

static const char *log_path(struct work *w, int64_t base)
{
    segment_path(w->path, w->dir, base, "log");
    return w->path;
}

static bool epoch_begins(const struct work *w, int64_t offset)
{
    const struct checkpoint *c = w->before.checkpoint;
    return c == NULL || offset < c->epochs[0].first_offset ||
           log_walk_epoch_begins(c->epochs, c->epoch_count, offset);
}

/* --- the journal ----------------------------------------------------------------------------- */

static bool both_slots_count(const struct state *s)
{
    return s->checkpoint != NULL && s->slots[0].err == ERR_OK && s->slots[1].err == ERR_OK;
}

/* The segment that a start puts it into: the newest, or the one before those that rolls left which did not end. */
static size_t journal_segment(const struct work *w)
{
    size_t i = w->count - 1;
    uint64_t len = 0;
    if (w->journaled_base >= w->bases[i] || !both_slots_count(&w->before))
        return i;
    while (i > 0 && w->bases[i] != w->before.checkpoint->segment_base &&
           segment_log_len(w->d->disk, w->dir, w->bases[i], &len) == ERR_OK && len == 0)
        i--;
    return i;
}

/* After a clean stop the journal is not asked. */
static void open_journal(struct work *w)
{
    const struct checkpoint *c = w->before.checkpoint;
    struct journal_log log = {
        .dir = w->dir,
        .id = w->facts->id,
        .leader_epoch = c == NULL ? -1 : c->epochs[c->epoch_count - 1].epoch,
    };
    w->journaled = w->before.marker_err != ERR_OK && w->d->journal != NULL && log.id != NULL &&
                   journal_replay_newest(w->d->journal, &log, &w->journaled_base);
    if (!w->journaled || w->count == 0)
        return;
    w->journal = (struct journal_disk){
        .below = w->d->disk,
        .journal = w->d->journal,
        .log = log,
        .segment_base = w->bases[journal_segment(w)],
        .newest_base = w->bases[w->count - 1],
    };
    journal_disk_init(&w->journal);
}

static void note_brought(struct work *w, const char *path)
{
    if (w->journal.brought > 0 && (w->facts->parts & DUMP_LOG))
        printer_note(w->d->out, path,
                     "%" PRIu64 " bytes from byte %" PRIu64
                     " on are in the journal only: the next start takes them over",
                     w->journal.brought, w->journal.brought_from);
}

static void check_journaled(struct work *w)
{
    if (w->journaled && (w->count == 0 || w->journaled_base > w->bases[w->count - 1]))
        printer_error(w->d->out, log_path(w, w->journaled_base),
                      "is missing, and the journal has bytes of it");
}

/* --- the segments ---------------------------------------------------------------------------- */

static void look_at_segment(struct work *w, size_t i, int32_t epoch)
{
    const struct checkpoint *c = w->before.checkpoint;
    char index_path[DISK_PATH_BYTES_MAX + 1], time_path[DISK_PATH_BYTES_MAX + 1];
    char path[DISK_PATH_BYTES_MAX + 1];
    struct segment_check *s = &w->segments[i];
    int64_t base = w->bases[i];
    bool last = i + 1 == w->count;
    segment_path(path, w->dir, base, "log");
    segment_path(index_path, w->dir, base, "index");
    segment_path(time_path, w->dir, base, "timeindex");
    *s = (struct segment_check){
        .dump = w->d,
        .log_disk = w->d->disk,
        .log_path = path,
        .index_path = index_path,
        .time_index_path = time_path,
        .parts = w->facts->parts,
        .base_offset = base,
        .last = last,
        .state = &w->before,
        .dir = w->dir,
        .holes = w->d->options->compacted,
        .epochs = c == NULL ? NULL : c->epochs,
        .epoch_count = c == NULL ? 0 : c->epoch_count,
        .epoch = epoch,
    };
    if (c != NULL)
        s->synced_pos = base < c->segment_base    ? UINT64_MAX
                        : base == c->segment_base ? c->synced_pos
                                                  : 0;
    if (w->journaled && base == w->journal.segment_base)
        s->log_disk = &w->journal.disk;
    segment_check_run(s);
    if (s->log_disk != w->d->disk)
        note_brought(w, path);
    s->log_path = s->index_path = s->time_index_path = NULL; /* they end here */
}

static void look_at_segments(struct work *w)
{
    int32_t epoch = -1;
    for (size_t i = 0; i < w->count; i++) {
        if (w->facts->base_offset >= 0 && w->bases[i] != w->facts->base_offset)
            continue;
        look_at_segment(w, i, epoch);
        epoch = w->segments[i].epoch;
    }
}

/* --- how they follow each other -------------------------------------------------------------- */

/* Retention may remove a segment while we look. */
static void check_gone(struct work *w, size_t i, int64_t log_start)
{
    if (!w->segments[i].gone)
        return;
    if (i + 1 < w->count && w->bases[i + 1] <= log_start)
        printer_note(w->d->out, log_path(w, w->bases[i]), "was removed meanwhile");
    else
        printer_error(w->d->out, log_path(w, w->bases[i]), "has vanished");
}

static void check_seam(struct work *w, size_t i)
{
    const struct segment_check *s = &w->segments[i];
    int64_t next_base = w->bases[i + 1];
    if (s->gone || w->segments[i + 1].gone)
        return;
    if (s->next_offset > next_base)
        printer_error(w->d->out, log_path(w, s->base_offset),
                      "reaches to offset %" PRId64 ", but the next segment begins with %" PRId64,
                      s->next_offset - 1, next_base);
    else if (s->next_offset < next_base && !s->damaged && !s->holes && !epoch_begins(w, next_base))
        printer_error(w->d->out, log_path(w, s->base_offset),
                      "ends with offset %" PRId64 ", but the next segment begins with %" PRId64,
                      s->next_offset - 1, next_base);
}

/* Without a checkpoint there is no telling why. */
static void check_missing(struct work *w)
{
    uint64_t missing = 0;
    if (w->before.checkpoint != NULL || w->d->options->compacted)
        return;
    for (size_t i = 0; i < w->count; i++)
        missing += w->segments[i].missing;
    if (missing > 0)
        printer_note(w->d->out, w->dir,
                     "%" PRIu64 " offsets belong to no record: fine after a crash or a compaction",
                     missing);
}

/* --- the checkpoint -------------------------------------------------------------------------- */

static const struct segment_check *segment_of(const struct work *w, int64_t base)
{
    for (size_t i = 0; i < w->count; i++)
        if (w->bases[i] == base)
            return &w->segments[i];
    return NULL;
}

/* What was synced is there, up to a batch that ends where the checkpoint says. */
static void check_synced(struct work *w, const struct state *after)
{
    const struct checkpoint *c = w->before.checkpoint;
    const struct segment_check *s = segment_of(w, c->segment_base);
    if (s == NULL) {
        if (after->checkpoint == NULL || after->checkpoint->segment_base == c->segment_base)
            printer_error(w->d->out, log_path(w, c->segment_base),
                          "is missing, and the checkpoint knows it");
        return;
    }
    if (s->gone)
        return;
    log_path(w, c->segment_base);
    if (s->len < c->synced_pos)
        printer_error(w->d->out, w->path,
                      "is %" PRIu64 " bytes long, but %" PRIu64 " were on the device", s->len,
                      c->synced_pos);
    else if (!s->damaged && s->offset_synced < 0)
        printer_error(w->d->out, w->path,
                      "no batch ends at byte %" PRIu64 ", up to where it was synced",
                      c->synced_pos);
    else if (!s->damaged && s->offset_synced != c->synced_offset &&
             !epoch_begins(w, c->synced_offset))
        printer_error(w->d->out, w->path,
                      "has offset %" PRId64 " at byte %" PRIu64
                      ", where the checkpoint has %" PRId64,
                      s->offset_synced, c->synced_pos, c->synced_offset);
}

static void check_bounds(struct work *w, const struct checkpoint *c)
{
    if (w->bases[0] > c->log_start)
        printer_error(w->d->out, w->dir,
                      "the log starts with offset %" PRId64 ", but the first segment with %" PRId64,
                      c->log_start, w->bases[0]);
    for (size_t i = 0; i < w->count; i++)
        if (!w->segments[i].gone && w->segments[i].next_offset > c->reserved)
            printer_error(w->d->out, log_path(w, w->bases[i]),
                          "has offset %" PRId64 ", but only those below %" PRId64 " were reserved",
                          w->segments[i].next_offset - 1, c->reserved);
}

/* --- the marker ------------------------------------------------------------------------------ */

static void check_marker_segment(struct work *w, const struct marker_segment *m,
                                 const struct segment_check *s)
{
    struct printer *out = w->d->out;
    log_path(w, m->base_offset);
    if (s->len != m->bytes)
        printer_error(out, w->path,
                      "is %" PRIu64 " bytes long, but was %" PRIu64 " at the clean stop", s->len,
                      m->bytes);
    if (m->max_timestamp_known && !s->damaged && s->max_timestamp_ms != m->max_timestamp_ms)
        printer_error(out, w->path,
                      "has the greatest timestamp %" PRId64 ", but %" PRId64 " at the clean stop",
                      s->max_timestamp_ms, m->max_timestamp_ms);
    if (s->index_entries < m->index_entries || s->time_index_entries < m->time_index_entries)
        printer_error(
            out, w->path,
            "its indexes have %" PRIu64 " and %" PRIu64 " entries, but %u and %u at the clean stop",
            s->index_entries, s->time_index_entries, m->index_entries, m->time_index_entries);
}

/* The newest batch may lie in the segment before the newest. */
static const struct segment_check *segment_with_last_batch(const struct work *w)
{
    size_t i = w->count;
    while (i > 1 && w->segments[i - 1].batches == 0)
        i--;
    return &w->segments[i - 1];
}

static void check_marker(struct work *w)
{
    const struct marker *m = &w->before.marker;
    struct printer *out = w->d->out;
    char path[DISK_PATH_BYTES_MAX + 1];
    int len = snprintf(path, sizeof(path), "%s/clean", w->dir);
    ASSERT(len > 0 && (size_t)len < sizeof(path));
    if (!marker_fits(m, w->bases, w->count)) {
        printer_error(out, path, "it knows other segments than those that are there");
        return;
    }
    for (size_t i = 0; i < w->count; i++)
        check_marker_segment(w, &m->segments[i], &w->segments[i]);
    const struct segment_check *last = &w->segments[w->count - 1];
    if (!last->damaged && last->next_offset != m->next_offset && !epoch_begins(w, m->next_offset))
        printer_error(out, path, "the next offset is said to be %" PRId64 ", but is %" PRId64,
                      m->next_offset, last->next_offset);
    const struct segment_check *s = segment_with_last_batch(w);
    if (!s->damaged && m->last_batch_base >= 0 && s->batches > 0 &&
        (s->last_base != m->last_batch_base || s->last_len != m->last_batch_len))
        printer_error(out, path,
                      "the last batch is said to begin with offset %" PRId64 " and to be %" PRIu64
                      " bytes long, but begins with %" PRId64 " and is %" PRIu64 " long",
                      m->last_batch_base, m->last_batch_len, s->last_base, s->last_len);
}

/* --- all of it ------------------------------------------------------------------------------- */

static void compare(struct work *w)
{
    struct state after;
    state_read(&after, w->d->disk, w->dir);
    const struct checkpoint *c = after.checkpoint;
    for (size_t i = 0; i < w->count; i++)
        check_gone(w, i, c == NULL ? 0 : c->log_start);
    for (size_t i = 0; i + 1 < w->count; i++)
        check_seam(w, i);
    check_missing(w);
    if (w->before.checkpoint != NULL)
        check_synced(w, &after);
    if (c != NULL)
        check_bounds(w, c);
    if (state_still_clean(&w->before, w->d->disk, w->dir))
        check_marker(w);
    state_deinit(&after);
}

static bool has_suffix(const char *name, const char *suffix)
{
    size_t len = strlen(name), suffix_len = strlen(suffix);
    return len >= suffix_len && strcmp(name + len - suffix_len, suffix) == 0;
}

static bool note_leftover(void *ctx, const char *name, enum disk_entry_kind kind)
{
    const struct work *w = ctx;
    if (kind != DISK_ENTRY_DIR && has_suffix(name, ".tmp"))
        printer_note(w->d->out, w->dir, "%s is left from a change that did not end", name);
    return true;
}

static void print_partition(const struct work *w)
{
    struct printer *out = w->d->out;
    if (w->facts->parts != DUMP_ALL)
        return;
    printer_begin(out, DEPTH_TOP, "partition");
    printer_word(out, "path", w->dir);
    printer_count(out, "segments", w->count);
    printer_flag(out, "clean", w->before.marker_err == ERR_OK);
    printer_end(out);
}

static void run(struct work *w)
{
    bool whole = w->facts->parts == DUMP_ALL;
    open_journal(w);
    print_partition(w);
    state_print(&w->before, w->d, w->dir, w->facts->parts, w->facts->owned && w->count > 0);
    if (w->facts->parts & (DUMP_LOG | DUMP_INDEX | DUMP_TIME_INDEX))
        look_at_segments(w);
    if (whole && w->count > 0)
        compare(w);
    else if (whole && w->before.checkpoint != NULL && w->before.checkpoint->synced_offset > 0)
        printer_error(w->d->out, w->dir,
                      "there is no segment, but a checkpoint that knows records");
    else if (whole)
        printer_note(w->d->out, w->dir, "nothing was ever written here");
    if (whole)
        check_journaled(w);
    enum err err = whole ? disk_list(w->d->disk, w->dir, note_leftover, w) : ERR_OK;
    if (err != ERR_OK)
        printer_failed(w->d->out, w->dir, err);
}

void partition_check_run(struct dump *d, const char *dir, const struct partition_facts *facts)
{
    struct work w = {.d = d, .dir = dir, .facts = facts};
    state_read(&w.before, d->disk, dir);
    enum err err = dirs_segments(d->disk, dir, &w.bases, &w.count);
    if (err == ERR_OK) {
        w.segments = mem_zalloc(w.count + 1, sizeof(w.segments[0]));
        run(&w);
        mem_free(w.segments);
        mem_free(w.bases);
    } else {
        printer_failed(d->out, dir, err);
    }
    state_deinit(&w.before);
}
