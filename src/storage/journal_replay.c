/* SPDX-License-Identifier: BSD-3-Clause */
#include "storage/journal_replay.h"

#include "base/mem.h"
#include "storage/files.h"
#include "storage/journal_scan.h"
#include <inttypes.h>
#include <stdlib.h>

/* Where some bytes of a log are. */
struct replay_entry {
    size_t names_at; /* in replay.names, while that grows */
    const char *dir; /* borrowed, in there */
    const char *id;  /* behind it */
    uint64_t order;
    uint64_t file; /* its first sequence */
    uint64_t at;   /* in that file */
    size_t len;
    int64_t segment_base;
    uint64_t pos; /* in the segment */
    int32_t leader_epoch;
    bool settled;
};

struct journal_replay {
    struct disk *disk;        /* borrowed */
    struct trace *trace;      /* borrowed */
    uint64_t *files;          /* owned; first sequences, ascending */
    struct replay_entry *all; /* owned; by directory and age */
    struct buf names;         /* directories and ids, each with its NUL */
    size_t file_count;
    size_t count, cap; /* of `all` */
    uint64_t next_sequence;
    bool ended_whole; /* the last file that was read: nothing is behind its last good round */
};

/* --- reading --------------------------------------------------------------------------------- */

static void note_entry(struct journal_replay *r, const struct journal_entry *e, uint64_t file,
                       uint64_t at)
{
    if (r->count == r->cap) {
        r->cap = r->cap == 0 ? 64 : r->cap * 2;
        r->all = mem_realloc(r->all, r->cap * sizeof(r->all[0]));
    }
    r->all[r->count] = (struct replay_entry){.names_at = r->names.len,
                                             .order = r->count,
                                             .file = file,
                                             .at = at,
                                             .len = e->bytes.len,
                                             .segment_base = e->segment_base,
                                             .pos = e->pos,
                                             .leader_epoch = e->leader_epoch};
    r->count++;
    buf_append_bytes(&r->names, e->dir);
    buf_append_char(&r->names, '\0');
    buf_append_bytes(&r->names, e->id);
    buf_append_char(&r->names, '\0');
}

static void note_round(struct journal_replay *r, struct bytes image, uint64_t file, uint64_t pos)
{
    struct bytes rest =
        bytes_of(image.data + JOURNAL_ROUND_HEADER_BYTES, image.len - JOURNAL_ROUND_HEADER_BYTES);
    struct journal_entry e;
    while (journal_entry_next(&rest, &e) == ERR_OK)
        note_entry(r, &e, file, pos + (uint64_t)(e.bytes.data - image.data));
}

/* Rounds are missing before this one: they were synced, and are damaged now. */
static void report_missing(const struct journal_replay *r, uint64_t first, uint64_t sequence)
{
    TRACE_WARN(r->trace,
               JOURNAL_DIR "/%020" PRIu64 JOURNAL_SUFFIX ": damaged: rounds %" PRIu64 " to %" PRIu64
                           " cannot be read; logs that were not synced since may have lost them",
               first, r->next_sequence, sequence - 1);
}

static enum err read_rounds(struct journal_replay *r, struct disk_file *file, uint64_t first,
                            uint64_t len)
{
    struct journal_scan scan;
    struct journal_found found;
    enum err err;
    /* Those before it are settled, and were removed: also between two files of which one was kept at a start. */
    if (r->next_sequence == 0 || (r->ended_whole && r->next_sequence < first))
        r->next_sequence = first;
    journal_scan_init(&scan, file, len);
    scan.sequence_due = first > r->next_sequence ? first : r->next_sequence;
    while ((err = journal_scan_next(&scan, &found)) == ERR_OK) {
        if (found.round.sequence > r->next_sequence)
            report_missing(r, first, found.round.sequence);
        note_round(r, found.image, first, found.pos);
        r->next_sequence = found.round.sequence + 1;
    }
    r->ended_whole = scan.pos >= len;
    journal_scan_deinit(&scan);
    if (r->next_sequence <= first) /* it was being made: no other file is to get its name */
        r->next_sequence = first + 1;
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

static enum err read_file(struct journal_replay *r, uint64_t first)
{
    char path[DISK_PATH_BYTES_MAX + 1];
    struct disk_file *file;
    uint64_t len;
    journal_path(path, first);
    enum err err = disk_open(r->disk, path, DISK_READ, &file);
    if (err == ERR_OK) {
        err = disk_size(file, &len);
        if (err == ERR_OK)
            err = read_rounds(r, file, first, len);
        disk_close(file);
    }
    if (err != ERR_OK)
        TRACE_WARN(r->trace,
                   "%s: cannot be read: %s; moved away, it is not asked for, and what was "
                   "acknowledged and is nowhere else is lost",
                   path,
                   err == ERR_UNSUPPORTED ? "it was written by a later version" : err_text(err));
    return err;
}

static int compare_entries(const void *a, const void *b)
{
    const struct replay_entry *x = a, *y = b;
    int order = strcmp(x->dir, y->dir);
    if (order != 0)
        return order;
    return x->order < y->order ? -1 : x->order > y->order;
}

static void sort_entries(struct journal_replay *r)
{
    for (size_t i = 0; i < r->count; i++) {
        r->all[i].dir = r->names.data + r->all[i].names_at;
        r->all[i].id = r->all[i].dir + strlen(r->all[i].dir) + 1;
    }
    if (r->count > 0)
        qsort(r->all, r->count, sizeof(r->all[0]), compare_entries);
}

enum err journal_replay_load(struct disk *disk, struct trace *trace, struct journal_replay **replay)
{
    struct journal_replay *r = mem_zalloc(1, sizeof(*r));
    r->disk = disk;
    r->trace = trace;
    enum err err = journal_list(disk, &r->files, &r->file_count);
    for (size_t i = 0; i < r->file_count && err == ERR_OK; i++)
        err = read_file(r, r->files[i]);
    if (err != ERR_OK) {
        journal_replay_destroy(r);
        return err;
    }
    sort_entries(r);
    if (r->next_sequence == 0)
        r->next_sequence = 1;
    *replay = r;
    return ERR_OK;
}

uint64_t journal_replay_next_sequence(const struct journal_replay *r)
{
    return r->next_sequence;
}

/* --- applying -------------------------------------------------------------------------------- */

/* The first entry of a directory, or where it would be. */
static size_t find_dir(const struct journal_replay *r, const char *dir)
{
    size_t low = 0, high = r->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(r->all[middle].dir, dir) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool is_of(const struct journal_replay *r, size_t i, const char *dir)
{
    return i < r->count && strcmp(r->all[i].dir, dir) == 0;
}

/* The file that is being read from. */
struct source {
    struct disk_file *file;
    uint64_t first;
};

static enum err source_open(const struct journal_replay *r, struct source *src, uint64_t first)
{
    char path[DISK_PATH_BYTES_MAX + 1];
    if (src->file != NULL && src->first == first)
        return ERR_OK;
    disk_close(src->file);
    src->file = NULL;
    src->first = first;
    journal_path(path, first);
    return disk_open(r->disk, path, DISK_READ, &src->file);
}

/* Whether the entry, which is of its directory, is of the log as it is now. */
static bool is_current(const struct replay_entry *e, const struct journal_log *log)
{
    return strcmp(e->id, log->id) == 0 && e->leader_epoch >= log->leader_epoch;
}

bool journal_replay_newest(const struct journal_replay *r, const struct journal_log *log,
                           int64_t *segment_base)
{
    bool found = false;
    for (size_t i = find_dir(r, log->dir); is_of(r, i, log->dir); i++) {
        if (!is_current(&r->all[i], log))
            continue;
        found = true;
        *segment_base = r->all[i].segment_base;
    }
    return found;
}

bool journal_replay_next(const struct journal_replay *r, const struct journal_log *log,
                         int64_t segment_base, size_t *cursor, struct journal_piece *piece)
{
    for (size_t i = *cursor > 0 ? *cursor : find_dir(r, log->dir); is_of(r, i, log->dir); i++) {
        const struct replay_entry *e = &r->all[i];
        if (e->segment_base != segment_base || !is_current(e, log))
            continue;
        *piece = (struct journal_piece){.pos = e->pos, .len = e->len, .file = e->file, .at = e->at};
        *cursor = i + 1;
        return true;
    }
    return false;
}

static enum err copy_entry(const struct journal_replay *r, const struct replay_entry *e,
                           struct source *src, struct disk_file *log)
{
    struct buf bytes = {0};
    size_t got = 0;
    enum err err = source_open(r, src, e->file);
    if (err == ERR_OK)
        err = disk_read(src->file, buf_reserve(&bytes, e->len), e->len, e->at, &got);
    if (err == ERR_OK && got < e->len)
        err = ERR_IO;
    if (err == ERR_OK)
        err = disk_write_all(log, bytes.data, e->len, e->pos);
    buf_deinit(&bytes);
    return err;
}

/* Of a segment that is not there, though something of it was acknowledged. */
struct gone {
    int64_t segment_base;
    uint64_t bytes;
};

static void report_gone(const struct journal_replay *r, const char *dir, struct gone *gone)
{
    if (gone->bytes > 0)
        TRACE_WARN(r->trace,
                   "%s: the journal has %" PRIu64 " bytes of segment %020" PRId64
                   ", which is not there any more: they are lost",
                   dir, gone->bytes, gone->segment_base);
    gone->bytes = 0;
}

static void note_gone(const struct journal_replay *r, const struct replay_entry *e,
                      struct gone *gone)
{
    if (gone->segment_base != e->segment_base)
        report_gone(r, e->dir, gone);
    gone->segment_base = e->segment_base;
    gone->bytes += e->len;
}

enum err journal_replay_apply(const struct journal_replay *r, const struct journal_log *log,
                              int64_t segment_base, uint64_t *bytes)
{
    char path[DISK_PATH_BYTES_MAX + 1];
    struct disk_file *file = NULL;
    struct source src = {0};
    struct gone gone = {0};
    enum err err = ERR_OK;
    *bytes = 0;
    for (size_t i = find_dir(r, log->dir); is_of(r, i, log->dir) && err == ERR_OK; i++) {
        const struct replay_entry *e = &r->all[i];
        if (!is_current(e, log) || e->segment_base < segment_base)
            continue;
        if (e->segment_base > segment_base) {
            note_gone(r, e, &gone);
            continue;
        }
        if (file == NULL) {
            segment_path(path, log->dir, segment_base, "log");
            err = disk_open(r->disk, path, DISK_WRITE, &file);
        }
        if (err == ERR_OK)
            err = copy_entry(r, e, &src, file);
        if (err == ERR_OK)
            *bytes += e->len;
    }
    report_gone(r, log->dir, &gone);
    disk_close(src.file);
    disk_close(file);
    return err;
}

void journal_replay_settled(struct journal_replay *r, const char *dir)
{
    for (size_t i = find_dir(r, dir); is_of(r, i, dir); i++)
        r->all[i].settled = true;
}

/* --- ending ---------------------------------------------------------------------------------- */

/* Whether a log may still want it. What was deleted does not; and the newest of a directory speaks for all. */
static bool is_wanted(const struct journal_replay *r, size_t i)
{
    const struct replay_entry *e = &r->all[i];
    char path[DISK_PATH_BYTES_MAX + 1];
    struct disk_file *log;
    if (e->settled || is_of(r, i + 1, e->dir))
        return false;
    segment_path(path, e->dir, e->segment_base, "log");
    enum err err = disk_open(r->disk, path, DISK_READ, &log);
    if (err == ERR_OK)
        disk_close(log);
    return err != ERR_NOT_FOUND;
}

/* The files that have something of the directory whose newest entry is the i-th: by age, as its entries are. */
static void keep_files(const struct journal_replay *r, size_t i, bool *kept)
{
    const char *dir = r->all[i].dir;
    size_t file = 0;
    for (size_t n = find_dir(r, dir); is_of(r, n, dir); n++) {
        while (r->files[file] != r->all[n].file)
            file++;
        kept[file] = true;
    }
}

static void remove_files(const struct journal_replay *r, const bool *kept)
{
    for (size_t i = 0; i < r->file_count; i++) {
        char path[DISK_PATH_BYTES_MAX + 1];
        if (kept[i])
            continue;
        journal_path(path, r->files[i]);
        enum err err = disk_unlink(r->disk, path);
        if (err != ERR_OK) /* the next start reads it again, to no effect */
            TRACE_WARN(r->trace, "%s: cannot be removed: %s", path, err_text(err));
    }
    if (r->file_count > 0) {
        enum err err = disk_sync_dir(r->disk, JOURNAL_DIR);
        (void)err; /* as above */
    }
}

void journal_replay_end(struct journal_replay *r)
{
    bool *kept = mem_zalloc(r->file_count + 1, sizeof(*kept));
    for (size_t i = 0; i < r->count; i++) {
        if (!is_wanted(r, i))
            continue;
        TRACE_WARN(r->trace,
                   "%s: was not opened: what the files in " JOURNAL_DIR "/ have of it is kept "
                   "until the next start",
                   r->all[i].dir);
        keep_files(r, i, kept);
    }
    remove_files(r, kept);
    mem_free(kept);
    journal_replay_destroy(r);
}

void journal_replay_destroy(struct journal_replay *r)
{
    mem_free(r->files);
    mem_free(r->all);
    buf_deinit(&r->names);
    mem_free(r);
}
