/* SPDX-License-Identifier: BSD-3-Clause */
#include "dump/index_check.h"

#include "storage/bigendian.h"
#include <inttypes.h>

#define CHUNK ((size_t)64 * 1024)

static size_t entry_bytes(const struct index_check *x)
{
    return x->is_time ? TIME_INDEX_ENTRY_BYTES : INDEX_ENTRY_BYTES;
}

static void wrong(struct index_check *x, const char *format, ...) PRINTF_LIKE(2, 3);
static void wrong(struct index_check *x, const char *format, ...)
{
    struct buf text = {0};
    va_list args;
    va_start(args, format);
    buf_vprintf(&text, format, args);
    va_end(args);
    printer_error(x->dump->out, x->path, "entry %" PRIu64 " of %" PRIu64 " %.*s", x->next, x->count,
                  (int)text.len, text.data);
    buf_deinit(&text);
    x->done = true;
}

/* Puts entry x->next into x. */
static bool read_entry(struct index_check *x)
{
    struct bytes e;
    enum err err = window_get(&x->window, x->next * entry_bytes(x), entry_bytes(x), &e);
    if (err != ERR_OK) {
        x->done = true;
        if (err != ERR_NOT_FOUND)
            printer_failed(x->dump->out, x->path, err);
        return false;
    }
    const char *relative = x->is_time ? e.data + 8 : e.data;
    x->offset = x->base_offset + (int32_t)get_u32(relative);
    if (x->is_time)
        x->timestamp_ms = (int64_t)get_u64(e.data);
    else
        x->pos = get_u32(e.data + 4);
    return true;
}

/* Goes to the next entry, which must not be before the last. */
static void step(struct index_check *x)
{
    int64_t offset = x->offset, timestamp_ms = x->timestamp_ms;
    uint64_t pos = x->pos;
    if (++x->next == x->count)
        x->done = true;
    if (x->done || !read_entry(x))
        return;
    bool ascends = x->is_time ? x->offset >= offset && x->timestamp_ms >= timestamp_ms
                              : x->offset > offset && x->pos > pos;
    if (!ascends)
        wrong(x, "lies before the one in front of it");
}

bool index_check_open(struct index_check *x, struct dump *d, const char *path, bool is_time,
                      int64_t base_offset)
{
    *x = (struct index_check){.dump = d,
                              .path = path,
                              .is_time = is_time,
                              .base_offset = base_offset,
                              .max_timestamp_ms = INT64_MIN};
    enum err err = window_open(&x->window, d->disk, path, CHUNK);
    if (err != ERR_OK) {
        x->done = true;
        x->missing = err == ERR_NOT_FOUND;
        if (!x->missing)
            printer_failed(d->out, path, err);
        return false;
    }
    x->count = x->window.end / entry_bytes(x);
    if (x->count == 0)
        x->done = true;
    else
        read_entry(x);
    return true;
}

void index_check_close(struct index_check *x)
{
    window_close(&x->window);
}

static void check_place(struct index_check *x, const struct walk_batch *b)
{
    if (!x->done && x->pos < b->pos + b->len) {
        if (x->pos != b->pos)
            wrong(x, "points to byte %" PRIu64 ", where no batch begins", x->pos);
        else if (x->offset != batch_header_last_offset(&b->header))
            wrong(x,
                  "says that the batch at byte %" PRIu64 " ends with offset %" PRId64
                  ", but that is %" PRId64,
                  x->pos, x->offset, batch_header_last_offset(&b->header));
        else
            step(x);
    }
}

static void check_time(struct index_check *x, const struct walk_batch *b)
{
    int64_t last = batch_header_last_offset(&b->header);
    if (b->header.max_timestamp_ms > x->max_timestamp_ms)
        x->max_timestamp_ms = b->header.max_timestamp_ms;
    while (!x->done && x->offset <= last) {
        if (x->offset != last)
            wrong(x, "is for offset %" PRId64 ", with which no batch ends", x->offset);
        else if (x->timestamp_ms != b->header.max_timestamp_ms ||
                 x->timestamp_ms < x->max_timestamp_ms)
            wrong(x,
                  "says %" PRId64 " for offset %" PRId64 ", but that batch has %" PRId64
                  " and up to there it is %" PRId64,
                  x->timestamp_ms, x->offset, b->header.max_timestamp_ms, x->max_timestamp_ms);
        else
            step(x);
    }
}

void index_check_batch(struct index_check *x, const struct walk_batch *b)
{
    if (x->is_time)
        check_time(x, b);
    else
        check_place(x, b);
}

void index_check_skip(struct index_check *x, uint64_t pos_to, int64_t offset_to)
{
    while (!x->done && (x->is_time ? x->offset < offset_to : x->pos < pos_to))
        step(x);
}

/* The server believes a time index only as a whole, and makes any other anew. */
static void check_seal(struct index_check *x, bool loose)
{
    struct index_view v = {.time_file = x->window.file,
                           .time_entries = (uint32_t)x->count,
                           .base_offset = x->base_offset};
    if (x->window.file == NULL || x->window.end == 0)
        return;
    enum err err = time_index_check(&v);
    if (err != ERR_OK && err != ERR_CORRUPT)
        printer_failed(x->dump->out, x->path, err);
    else if (x->window.end != x->count * entry_bytes(x) + TIME_INDEX_SEAL_BYTES)
        err = ERR_CORRUPT;
    if (err == ERR_CORRUPT && loose)
        printer_note(x->dump->out, x->path, "is not sealed");
    else if (err == ERR_CORRUPT)
        printer_error(x->dump->out, x->path, "is not sealed");
}

void index_check_end(struct index_check *x, bool loose)
{
    if (!x->done && loose)
        printer_note(x->dump->out, x->path,
                     "the last %" PRIu64 " entries are for what is not in the log",
                     x->count - x->next);
    else if (!x->done)
        wrong(x, "is for offset %" PRId64 ", which is behind the end of the log", x->offset);
    if (x->is_time) {
        check_seal(x, loose);
    } else if (x->window.file != NULL && x->window.end % entry_bytes(x) != 0) {
        if (loose)
            printer_note(x->dump->out, x->path, "ends in the middle of an entry");
        else
            printer_error(x->dump->out, x->path, "ends in the middle of an entry");
    }
    x->done = true;
}

static void print_entry(struct index_check *x)
{
    struct printer *out = x->dump->out;
    printer_begin(out, DEPTH_BATCH, "entry");
    if (x->is_time)
        printer_number(out, "timestamp", x->timestamp_ms);
    printer_number(out, "offset", x->offset);
    if (!x->is_time)
        printer_count(out, "pos", x->pos);
    printer_end(out);
}

void index_check_print(struct index_check *x)
{
    if (x->window.file == NULL)
        return;
    struct printer *out = x->dump->out;
    printer_begin(out, DEPTH_FILE, x->is_time ? "timeindex" : "index");
    printer_word(out, "path", x->path);
    printer_count(out, "entries", x->count);
    printer_end(out);
    if (x->dump->options->batches)
        for (x->next = 0; x->next < x->count && read_entry(x); x->next++)
            print_entry(x);
    x->done = true;
}
