/* SPDX-License-Identifier: BSD-3-Clause */
#include "dump/journal_check.h"

#include "base/mem.h"
#include "dump/batch_show.h"
#include "dump/log_walk.h"
#include "storage/journal_scan.h"
#include "storage/segment.h"
#include <inttypes.h>

/* A server removes files while they are looked for. */
#define LOAD_TRIES 5

struct work {
    struct dump *d;
    const char *path;
    uint64_t first;      /* of the file's name; 0: it says none */
    uint64_t next_first; /* of the file behind it; 0: there is none */
    struct journal_scan scan;
    struct log_walk walk; /* opened for the first batches that are looked at */
    bool walking;
    struct buf why, name;
    uint64_t rounds, entries;
    uint64_t first_sequence, last_sequence; /* of the rounds that were found */
};

/* --- what is printed ------------------------------------------------------------------------- */

static void print_heading(const struct work *w)
{
    struct printer *out = w->d->out;
    if (!w->d->options->batches)
        return;
    printer_begin(out, DEPTH_TOP, "journal_file");
    printer_word(out, "path", w->path);
    printer_count(out, "bytes", w->scan.len);
    printer_end(out);
}

static void print_round(const struct work *w, const struct journal_found *found)
{
    struct printer *out = w->d->out;
    if (!w->d->options->batches)
        return;
    printer_begin(out, DEPTH_FILE, "round");
    printer_count(out, "pos", found->pos);
    printer_count(out, "bytes", found->round.len);
    printer_count(out, "sequence", found->round.sequence);
    printer_count(out, "entries", found->round.entry_count);
    printer_end(out);
}

static void print_name(struct work *w, const char *name, struct bytes value)
{
    buf_clear(&w->name);
    buf_append_bytes(&w->name, value);
    buf_append_char(&w->name, '\0');
    printer_word(w->d->out, name, w->name.data);
}

/* `pos` is where the bytes of the log are in the file. */
static void print_entry(struct work *w, const struct journal_entry *e, uint64_t pos)
{
    struct printer *out = w->d->out;
    if (!w->d->options->batches)
        return;
    printer_begin(out, DEPTH_BATCH, "journal_entry");
    printer_count(out, "pos", pos);
    printer_count(out, "bytes", e->bytes.len);
    print_name(w, "directory", e->dir);
    print_name(w, "id", e->id);
    printer_number(out, "leader_epoch", e->leader_epoch);
    printer_number(out, "segment", e->segment_base);
    printer_count(out, "segment_pos", e->pos);
    printer_end(out);
}

static void print_summary(const struct work *w)
{
    struct printer *out = w->d->out;
    printer_begin(out, DEPTH_TOP, "journal");
    printer_word(out, "path", w->path);
    printer_count(out, "bytes", w->scan.len);
    printer_count(out, "rounds", w->rounds);
    printer_count(out, "entries", w->entries);
    if (w->rounds > 0) {
        printer_count(out, "first_sequence", w->first_sequence);
        printer_count(out, "last_sequence", w->last_sequence);
    }
    printer_end(out);
}

/* --- one entry ------------------------------------------------------------------------------- */

static enum err walk_open(struct work *w)
{
    if (w->walking)
        return ERR_OK;
    enum err err = log_walk_open(&w->walk, w->d->disk, w->path, true);
    w->walking = err == ERR_OK;
    return err;
}

/* The checksum of the round holds, so whatever is wrong here was written so. */
static void look_at_batches(struct work *w, const struct journal_entry *e, uint64_t pos)
{
    struct walk_batch batch;
    enum err err = walk_open(w);
    if (err == ERR_OK) {
        w->walk.pos = pos;
        w->walk.window.end = pos + e->bytes.len;
        w->walk.expected = w->walk.epoch = -1;
        w->d->deeper = 1;
        while ((err = log_walk_next(&w->walk, &batch, &w->why)) == ERR_OK)
            batch_show(w->d, w->path, &batch, false);
        w->d->deeper = 0;
    }
    if (err == ERR_CORRUPT)
        printer_error(w->d->out, w->path, "byte %" PRIu64 ": no good batch in the entry: %s",
                      w->walk.pos, w->why.data);
    else if (err != ERR_NOT_FOUND)
        printer_failed(w->d->out, w->path, err);
}

static void look_at_entry(struct work *w, const struct journal_entry *e, uint64_t pos)
{
    print_entry(w, e, pos);
    if (e->segment_base < 0 || e->pos > SEGMENT_BYTES_MAX ||
        e->pos + e->bytes.len > SEGMENT_BYTES_MAX)
        printer_error(w->d->out, w->path,
                      "byte %" PRIu64 ": the entry is for no place in a segment", pos);
    if (w->d->options->deep || w->d->options->records)
        look_at_batches(w, e, pos);
}

/* --- the rounds ------------------------------------------------------------------------------ */

static void look_at_round(struct work *w, const struct journal_found *found)
{
    struct bytes rest = bytes_of(found->image.data + JOURNAL_ROUND_HEADER_BYTES,
                                 found->image.len - JOURNAL_ROUND_HEADER_BYTES);
    struct journal_entry e;
    uint64_t entries = 0;
    enum err err;
    print_round(w, found);
    while ((err = journal_entry_next(&rest, &e)) == ERR_OK) {
        look_at_entry(w, &e, found->pos + (uint64_t)(e.bytes.data - found->image.data));
        entries++;
    }
    if (err != ERR_NOT_FOUND || entries != found->round.entry_count)
        printer_error(w->d->out, w->path,
                      "byte %" PRIu64 ": the entries of round %" PRIu64 " do not add up",
                      found->pos, found->round.sequence);
    if (w->rounds == 0)
        w->first_sequence = found->round.sequence;
    w->rounds++;
    w->entries += entries;
    w->last_sequence = found->round.sequence;
}

/* What there is to say against a round at `pos`. */
static const char *round_fault(const struct work *w, uint64_t pos)
{
    char header[JOURNAL_ROUND_HEADER_BYTES];
    struct journal_round round;
    size_t got;
    if (disk_read(w->scan.file, header, sizeof(header), pos, &got) != ERR_OK ||
        got < sizeof(header) || journal_round_header(header, &round) != ERR_OK)
        return "there is no header of one";
    if (round.sequence < w->scan.sequence_due)
        return "its sequence is too low";
    if (w->scan.sequence_due > 0 && round.sequence > w->scan.sequence_due)
        return "its sequence is too high";
    return round.len > w->scan.len - pos ? "it is said to be longer than what is left"
                                         : "its checksum does not match";
}

/* The sequence of the round that follows what was found. 0: any. */
static uint64_t sequence_due(const struct work *w)
{
    return w->rounds == 0 ? w->first : w->last_sequence + 1;
}

/* Between the round before, which ended at `from`, and this one. */
static void check_gap(const struct work *w, uint64_t from, const char *fault,
                      const struct journal_found *found)
{
    struct printer *out = w->d->out;
    uint64_t due = sequence_due(w), sequence = found->round.sequence;
    bool missing = due > 0 && sequence > due;
    if (found->pos > from && missing)
        printer_error(out, w->path,
                      "byte %" PRIu64 ": no good round up to byte %" PRIu64 " (rounds %" PRIu64
                      " to %" PRIu64 "): %s",
                      from, found->pos, due, sequence - 1, fault);
    else if (found->pos > from)
        printer_error(out, w->path, "byte %" PRIu64 ": no good round up to byte %" PRIu64 ": %s",
                      from, found->pos, fault);
    else if (missing)
        printer_error(out, w->path,
                      "byte %" PRIu64 ": is round %" PRIu64 ", where %" PRIu64 " was due", from,
                      sequence, due);
}

/* Where the next file goes on behind what should be here this was no round that did not end. One that was being made is
 * named by a sequence that no other gets, and has none perhaps. Of files that end whole those between may be gone. */
static void check_end(const struct work *w)
{
    struct printer *out = w->d->out;
    uint64_t pos = w->scan.pos, left = w->scan.len - pos;
    uint64_t due = sequence_due(w), made = w->rounds == 0 && due > 0 ? 1 : 0;
    bool missing = w->next_first > due + made;
    if (missing && pos < w->scan.len)
        printer_error(out, w->path,
                      "byte %" PRIu64 ": no good round in the last %" PRIu64
                      " bytes (rounds %" PRIu64 " to %" PRIu64 "): %s",
                      pos, left, due, w->next_first - 1, round_fault(w, pos));
    else if (missing)
        printer_note(out, w->path,
                     "ends before round %" PRIu64 ", and the next file begins with %" PRIu64, due,
                     w->next_first);
    else if (pos < w->scan.len)
        printer_note(out, w->path,
                     "byte %" PRIu64 ": the last %" PRIu64 " bytes are an unfinished round: %s",
                     pos, left, round_fault(w, pos));
}

static void walk_rounds(struct work *w)
{
    struct journal_found found;
    for (;;) {
        uint64_t pos = w->scan.pos;
        const char *fault = pos < w->scan.len ? round_fault(w, pos) : NULL;
        enum err err = journal_scan_next(&w->scan, &found);
        if (err == ERR_OK) {
            check_gap(w, pos, fault, &found);
            look_at_round(w, &found);
            continue;
        }
        if (err == ERR_NOT_FOUND)
            check_end(w);
        else if (err == ERR_UNSUPPORTED)
            printer_error(w->d->out, w->path,
                          "byte %" PRIu64 ": what follows is of a later version", pos);
        else
            printer_failed(w->d->out, w->path, err);
        return;
    }
}

/* --- the files ------------------------------------------------------------------------------- */

static void run(struct work *w, struct disk_file *file, uint64_t len)
{
    journal_scan_init(&w->scan, file, len);
    w->scan.sequence_due = w->first;
    print_heading(w);
    walk_rounds(w);
    print_summary(w);
    w->d->journal_files++;
    w->d->journal_rounds += w->rounds;
    w->d->journal_bytes += len;
    journal_scan_deinit(&w->scan);
    if (w->walking)
        log_walk_close(&w->walk);
    buf_deinit(&w->why);
    buf_deinit(&w->name);
}

/* `may_go`: a server may have removed it since its name was seen. */
static void look_at_file(struct dump *d, const char *path, uint64_t first, uint64_t next_first,
                         bool may_go)
{
    struct work w = {.d = d, .path = path, .first = first, .next_first = next_first};
    struct disk_file *file;
    uint64_t len;
    enum err err = disk_open(d->disk, path, DISK_READ, &file);
    if (err == ERR_OK) {
        err = disk_size(file, &len);
        if (err == ERR_OK)
            run(&w, file, len);
        disk_close(file);
    }
    if (err != ERR_OK && (err != ERR_NOT_FOUND || !may_go))
        printer_failed(d->out, path, err);
}

void journal_check_all(struct dump *d)
{
    char path[DISK_PATH_BYTES_MAX + 1];
    uint64_t *files;
    size_t count;
    enum err err = journal_list(d->disk, &files, &count);
    if (err != ERR_OK) {
        printer_failed(d->out, JOURNAL_DIR, err);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        journal_path(path, files[i]);
        look_at_file(d, path, files[i], i + 1 < count ? files[i + 1] : 0, true);
    }
    mem_free(files);
}

/* The name of the first file in journal/ behind `first`; 0: there is none. */
static uint64_t next_file(struct dump *d, uint64_t first)
{
    uint64_t *files, next = 0;
    size_t count;
    if (journal_list(d->disk, &files, &count) != ERR_OK)
        return 0;
    for (size_t i = count; i > 0 && files[i - 1] > first; i--)
        next = files[i - 1];
    mem_free(files);
    return next;
}

void journal_check_file(struct dump *d, const char *path)
{
    uint64_t first = 0;
    const char *slash = strrchr(path, '/');
    bool named = journal_name_parse(slash == NULL ? path : slash + 1, &first);
    bool at_home = named && bytes_starts_with(bytes_of_string(path), JOURNAL_DIR "/");
    look_at_file(d, path, first, at_home ? next_file(d, first) : 0, false);
}

/* --- what a start takes over ------------------------------------------------------------------- */

static void say_nothing(struct trace *trace, enum trace_level level, const char *line)
{
    (void)trace, (void)level, (void)line; /* what is wrong is said by the check */
}

struct journal_replay *journal_check_load(struct dump *d, bool complain)
{
    struct journal_replay *replay = NULL;
    enum err err = ERR_NOT_FOUND;
    d->quiet = (struct trace){.level = TRACE_WARNING, .sink = say_nothing};
    for (int i = 0; i < LOAD_TRIES && err == ERR_NOT_FOUND; i++)
        err = journal_replay_load(d->disk, &d->quiet, &replay);
    if (err == ERR_OK)
        return replay;
    if (complain)
        printer_note(d->out, JOURNAL_DIR, "cannot be read, and the next start may need it: %s",
                     err_text(err));
    return NULL;
}
