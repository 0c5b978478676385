/* SPDX-License-Identifier: BSD-3-Clause */
#include "dump/journal_disk.h"

#include "base/mem.h"
#include "storage/dirs.h"
#include "storage/files.h"
#include "storage/journal.h"
#include "storage/segment.h"

#define COMPARE_CHUNK ((size_t)64 * 1024)

struct piece {
    struct journal_piece place;
    struct disk_file *file; /* borrowed from the log file's sources */
};

struct source {
    uint64_t first;
    struct disk_file *file; /* owned; NULL: it is gone, so its logs are synced */
};

struct log_file {
    struct disk_file file;
    struct disk_file *log; /* owned; as it is */
    uint64_t log_len, len; /* as it is, as it will be */
    struct piece *pieces;  /* owned; the oldest first */
    size_t piece_count;
    uint64_t from;          /* where the first of them begins */
    struct source *sources; /* owned */
    size_t source_count;
};

static struct log_file *log_file_of(struct disk_file *file)
{
    return CONTAINER_OF(file, struct log_file, file);
}

static struct journal_disk *journal_disk_of(struct disk *d)
{
    return CONTAINER_OF(d, struct journal_disk, disk);
}

static void log_close(struct disk_file *file)
{
    struct log_file *f = log_file_of(file);
    for (size_t i = 0; i < f->source_count; i++)
        disk_close(f->sources[i].file);
    disk_close(f->log);
    mem_free(f->sources);
    mem_free(f->pieces);
    mem_free(f);
}

/* --- reading --------------------------------------------------------------------------------- */

/* The part of a piece that lies in [pos, pos + len) is put where it belongs in `data`. */
static enum err lay_over(const struct piece *piece, char *data, uint64_t pos, size_t len)
{
    uint64_t from = piece->place.pos, to = from + piece->place.len;
    size_t got;
    from = from < pos ? pos : from;
    to = to > pos + len ? pos + len : to;
    if (from >= to)
        return ERR_OK;
    enum err err = disk_read(piece->file, data + (from - pos), (size_t)(to - from),
                             piece->place.at + (from - piece->place.pos), &got);
    return err == ERR_OK && got < to - from ? ERR_IO : err;
}

static enum err log_read(struct disk_file *file, void *data, size_t len, uint64_t pos, bool cached,
                         size_t *got)
{
    struct log_file *f = log_file_of(file);
    size_t below = 0;
    (void)cached;
    if (pos >= f->len)
        len = 0;
    else if (len > f->len - pos)
        len = (size_t)(f->len - pos);
    enum err err = disk_read(f->log, data, len, pos, &below);
    memset((char *)data + below, 0, len - below);
    for (size_t i = 0; i < f->piece_count && err == ERR_OK && pos + len > f->from; i++)
        err = lay_over(&f->pieces[i], data, pos, len);
    if (err == ERR_OK)
        *got = len;
    return err;
}

static enum err log_size(struct disk_file *file, uint64_t *len)
{
    *len = log_file_of(file)->len;
    return ERR_OK;
}

/* --- opening --------------------------------------------------------------------------------- */

static struct source *source_of(struct log_file *f, uint64_t first)
{
    for (size_t i = 0; i < f->source_count; i++)
        if (f->sources[i].first == first)
            return &f->sources[i];
    return NULL;
}

static enum err source_open(struct journal_disk *d, struct log_file *f, uint64_t first,
                            struct disk_file **file)
{
    char path[DISK_PATH_BYTES_MAX + 1];
    struct source *source = source_of(f, first);
    if (source == NULL) {
        struct source fresh = {.first = first};
        journal_path(path, first);
        enum err err = disk_open(d->below, path, DISK_READ, &fresh.file);
        if (err != ERR_OK && err != ERR_NOT_FOUND)
            return err;
        f->sources = mem_realloc(f->sources, (f->source_count + 1) * sizeof(f->sources[0]));
        f->sources[f->source_count] = fresh;
        source = &f->sources[f->source_count++];
    }
    *file = source->file;
    return ERR_OK;
}

static void take_piece(struct log_file *f, const struct journal_piece *place,
                       struct disk_file *file)
{
    uint64_t end = place->pos + place->len;
    if ((f->piece_count & (f->piece_count + 1)) == 0) /* full at 2^n - 1 */
        f->pieces = mem_realloc(f->pieces, (2 * f->piece_count + 1) * sizeof(f->pieces[0]));
    f->pieces[f->piece_count++] = (struct piece){.place = *place, .file = file};
    f->from = place->pos < f->from ? place->pos : f->from;
    f->len = end > f->len ? end : f->len;
}

static enum err take_pieces(struct journal_disk *d, struct log_file *f)
{
    struct journal_piece place;
    size_t cursor = 0;
    enum err err = ERR_OK;
    while (err == ERR_OK &&
           journal_replay_next(d->journal, &d->log, d->segment_base, &cursor, &place)) {
        struct disk_file *file = NULL;
        if (place.pos > SEGMENT_BYTES_MAX || place.len > SEGMENT_BYTES_MAX - place.pos)
            continue;
        err = source_open(d, f, place.file, &file);
        if (err == ERR_OK && file != NULL)
            take_piece(f, &place, file);
    }
    return err;
}

/* Counts what the log has not. */
static enum err compare(struct journal_disk *d, struct log_file *f)
{
    char *is = mem_alloc(2 * COMPARE_CHUNK), *will_be = is + COMPARE_CHUNK;
    enum err err = ERR_OK;
    for (uint64_t pos = f->from; pos < f->len && err == ERR_OK; pos += COMPARE_CHUNK) {
        size_t have = 0, len = 0;
        err = disk_read(f->log, is, COMPARE_CHUNK, pos, &have);
        if (err == ERR_OK)
            err = log_read(&f->file, will_be, COMPARE_CHUNK, pos, false, &len);
        for (size_t i = 0; i < len && err == ERR_OK; i++) {
            if (i < have && is[i] == will_be[i])
                continue;
            if (d->brought++ == 0)
                d->brought_from = pos + i;
        }
    }
    mem_free(is);
    return err;
}

/* Asked when the log is open already: a segment is sealed, and then perhaps compacted, when there is a newer one. */
static enum err is_sealed(struct journal_disk *d, bool *sealed)
{
    int64_t *bases;
    size_t count;
    enum err err = dirs_segments(d->below, d->log.dir, &bases, &count);
    if (err != ERR_OK)
        return err;
    *sealed = count > 0 && bases[count - 1] > d->newest_base;
    mem_free(bases);
    return ERR_OK;
}

static enum err open_log(struct journal_disk *d, struct log_file *f)
{
    bool sealed = false;
    d->brought = 0;
    enum err err = disk_size(f->log, &f->log_len);
    f->len = f->log_len;
    if (err == ERR_OK)
        err = take_pieces(d, f);
    if (err == ERR_OK)
        err = compare(d, f);
    if (err == ERR_OK && d->brought > 0)
        err = is_sealed(d, &sealed);
    if (err == ERR_OK && (sealed || d->brought == 0)) {
        f->len = f->log_len;
        f->piece_count = 0;
        d->brought = 0;
    }
    return err;
}

static enum err journal_disk_open(struct disk *disk, const char *path, unsigned flags,
                                  struct disk_file **file)
{
    struct journal_disk *d = journal_disk_of(disk);
    char log_path[DISK_PATH_BYTES_MAX + 1];
    struct disk_file *below;
    enum err err = disk_open(d->below, path, flags, &below);
    segment_path(log_path, d->log.dir, d->segment_base, "log");
    if (err != ERR_OK || strcmp(path, log_path) != 0) {
        if (err == ERR_OK)
            *file = below; /* its calls go to the disk below */
        return err;
    }
    struct log_file *f = mem_zalloc(1, sizeof(*f));
    f->file.disk = disk;
    f->log = below;
    f->from = UINT64_MAX;
    err = open_log(d, f);
    if (err != ERR_OK) {
        log_close(&f->file);
        return err;
    }
    *file = &f->file;
    return ERR_OK;
}

static enum err journal_disk_list(struct disk *disk, const char *path, disk_list_fn *fn, void *ctx)
{
    return disk_list(journal_disk_of(disk)->below, path, fn, ctx);
}

static const struct disk_ops journal_disk_ops = {
    .open = journal_disk_open,
    .close = log_close,
    .read = log_read,
    .size = log_size,
    .list = journal_disk_list,
};

void journal_disk_init(struct journal_disk *d)
{
    d->disk = (struct disk){.ops = &journal_disk_ops};
    d->brought = 0;
}
