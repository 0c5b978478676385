/* SPDX-License-Identifier: BSD-3-Clause */
#include "storage/write_back.h"

/* Copying so few bytes costs less than a write. What is gathered is still in the cache of the processor. */
#define SMALL_BYTES ((size_t)16 * 1024)
#define GATHERED_BYTES_MAX ((size_t)128 * 1024)
/* The device begins with so many at once: large enough for it to work in one piece. */
#define BEGIN_BYTES ((uint64_t)4 * 1024 * 1024)

static_assert(SMALL_BYTES <= GATHERED_BYTES_MAX, "a small piece has room");

void write_back_init(struct write_back *w, struct disk_file *file, uint64_t pos)
{
    *w = (struct write_back){.file = file, .begun = pos};
}

static enum err write_bytes(struct write_back *w, struct bytes bytes, uint64_t pos)
{
    uint64_t end = pos + bytes.len;
    enum err err = disk_write_all(w->file, bytes.data, bytes.len, pos);
    if (err == ERR_OK && end - w->begun >= BEGIN_BYTES) {
        disk_begin_sync(w->file, w->begun, end - w->begun);
        w->begun = end;
    }
    return err;
}

static enum err write_gathered(struct write_back *w)
{
    if (w->gathered.len == 0)
        return ERR_OK;
    enum err err = write_bytes(w, buf_bytes(&w->gathered), w->gathered_pos);
    buf_clear(&w->gathered);
    return err;
}

enum err write_back_add(struct write_back *w, struct bytes piece, uint64_t pos)
{
    if (w->file == NULL)
        return ERR_OK;
    uint64_t gathered_end = w->gathered_pos + w->gathered.len;
    bool fits = piece.len <= SMALL_BYTES && pos == gathered_end &&
                w->gathered.len + piece.len <= GATHERED_BYTES_MAX;
    ASSERT(pos >= gathered_end);
    enum err err = fits ? ERR_OK : write_gathered(w);
    if (err != ERR_OK)
        return err;
    if (piece.len > SMALL_BYTES)
        return write_bytes(w, piece, pos);
    if (w->gathered.len == 0)
        w->gathered_pos = pos;
    buf_append_bytes(&w->gathered, piece);
    return ERR_OK;
}

enum err write_back_end(struct write_back *w)
{
    return w->file == NULL ? ERR_OK : write_gathered(w);
}

void write_back_deinit(struct write_back *w)
{
    buf_deinit(&w->gathered);
}
