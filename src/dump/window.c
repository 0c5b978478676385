/* SPDX-License-Identifier: BSD-3-Clause */
#include "dump/window.h"

enum err window_open(struct window *w, struct disk *disk, const char *path, size_t chunk)
{
    *w = (struct window){.chunk = chunk};
    enum err err = disk_open(disk, path, DISK_READ, &w->file);
    if (err != ERR_OK)
        return err;
    err = disk_size(w->file, &w->end);
    if (err != ERR_OK)
        window_close(w);
    return err;
}

void window_close(struct window *w)
{
    disk_close(w->file);
    w->file = NULL;
    buf_deinit(&w->buf);
}

enum err window_get(struct window *w, uint64_t pos, size_t len, struct bytes *bytes)
{
    ASSERT(pos <= w->end && len <= w->end - pos);
    if (pos < w->pos || pos > w->pos + w->buf.len) {
        buf_clear(&w->buf);
        w->pos = pos;
    }
    uint64_t have = w->pos + w->buf.len - pos;
    if (have < len) {
        buf_consume(&w->buf, (size_t)(pos - w->pos));
        w->pos = pos;
        size_t want = len - (size_t)have, got;
        want = want < w->chunk ? w->chunk : want;
        if (want > w->end - (pos + have))
            want = (size_t)(w->end - (pos + have));
        char *room = buf_reserve(&w->buf, want);
        enum err err = disk_read(w->file, room, want, pos + have, &got);
        if (err != ERR_OK)
            return err;
        w->buf.len += got;
        if (w->buf.len < len)
            return ERR_NOT_FOUND;
    }
    *bytes = bytes_of(w->buf.data + (pos - w->pos), len);
    return ERR_OK;
}
