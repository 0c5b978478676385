/* SPDX-License-Identifier: BSD-3-Clause */
#include "sim/spoil.h"

#include "base/mem.h"
#include <stdio.h>

struct file_seen {
    char name[64];
    char *data; /* owned */
    size_t len;
};

struct files_seen {
    struct file_seen items[512];
    size_t count;
};

static void see_file(void *ctx, const char *name, struct bytes content)
{
    struct files_seen *seen = ctx;
    if (seen->count == COUNT_OF(seen->items) || strlen(name) >= sizeof(seen->items[0].name))
        return;
    struct file_seen *f = &seen->items[seen->count++];
    snprintf(f->name, sizeof(f->name), "%s", name);
    f->data = mem_alloc(content.len + 1);
    memcpy(f->data, content.data, content.len);
    f->len = content.len;
}

static void forget_files(struct files_seen *seen)
{
    for (size_t i = 0; i < seen->count; i++)
        mem_free(seen->items[i].data);
    seen->count = 0;
}

static bool is_log(const struct file_seen *f)
{
    size_t len = strlen(f->name);
    return len == 24 && strcmp(f->name + 20, ".log") == 0;
}

static bool is_index(const struct file_seen *f)
{
    const char *dot = strchr(f->name, '.');
    return dot != NULL && (strcmp(dot, ".index") == 0 || strcmp(dot, ".timeindex") == 0);
}

/* The base offset of the good batch that the byte is in, or -1. */
static int64_t batch_over(const struct file_seen *f, size_t pos)
{
    for (size_t at = pos < 80000 ? 0 : pos - 80000; at <= pos; at++) {
        struct bytes rest = bytes_of(f->data + at, f->len - at);
        struct batch_header h;
        if (rest.len < BATCH_HEADER_BYTES || rest.data[16] != BATCH_MAGIC ||
            batch_header_read(rest, (int64_t)rest.len, &h) != ERR_OK ||
            batch_header_len(&h) > rest.len || at + batch_header_len(&h) <= pos ||
            !batch_crc_holds(bytes_of(rest.data, batch_header_len(&h))))
            continue;
        return h.base_offset;
    }
    return -1;
}

static void rot_log(struct world *w, struct part *part, const struct file_seen *f)
{
    char path[128];
    if (f->len == 0)
        return;
    size_t pos = (size_t)world_below(w, f->len);
    int64_t base = batch_over(f, pos);
    if (base < 0)
        return;
    if (world_one_in(w, 3)) { /* its header, some of which no checksum covers */
        size_t back = 0;
        while (back < pos && batch_over(f, pos - back - 1) == base)
            back++;
        pos = pos - back + (size_t)world_below(w, BATCH_HEADER_BYTES);
    }
    snprintf(path, sizeof(path), "%s/%s", part->dir, f->name);
    if (!sim_disk_flip(w->disk, path, pos, (unsigned)world_below(w, 8)))
        return;
    world_tell(w, "%s: a bit of byte %zu of %s has changed, in the batch at %lld", part->dir, pos,
               f->name, (long long)base);
    model_rotted(&part->model, base);
}

void spoil_rot(struct world *w, struct part *part)
{
    static struct files_seen seen;
    sim_disk_each_file(w->disk, part->dir, see_file, &seen);
    if (seen.count > 0) {
        const struct file_seen *f = &seen.items[world_below(w, seen.count)];
        char path[128];
        snprintf(path, sizeof(path), "%s/%s", part->dir, f->name);
        if (is_log(f))
            rot_log(w, part, f);
        else if (is_index(f) && f->len > 0)
            (void)sim_disk_flip(w->disk, path, world_below(w, f->len), (unsigned)world_below(w, 8));
    }
    forget_files(&seen);
}

void spoil_index(struct world *w, struct part *part)
{
    static struct files_seen seen;
    sim_disk_each_file(w->disk, part->dir, see_file, &seen);
    if (seen.count > 0) {
        const struct file_seen *f = &seen.items[world_below(w, seen.count)];
        char path[128];
        struct disk_file *file;
        enum err err = ERR_OK;
        snprintf(path, sizeof(path), "%s/%s", part->dir, f->name);
        if (!is_index(f)) {
            forget_files(&seen);
            return;
        }
        world_deed(w, DEED_INDEX_SPOILED);
        world_tell(w, "%s is spoiled", path);
        if (world_one_in(w, 3)) {
            err = disk_unlink(&w->disk->disk, path);
            if (err == ERR_OK)
                err = disk_sync_dir(&w->disk->disk, part->dir);
        } else if (disk_open(&w->disk->disk, path, DISK_WRITE, &file) == ERR_OK) {
            uint64_t garbage[16];
            for (size_t i = 0; i < COUNT_OF(garbage); i++)
                garbage[i] =
                    world_one_in(w, 3) ? world_below(w, 4000) << 32 : random_next(&w->random);
            if (world_one_in(w, 2))
                err = disk_truncate(file, world_below(w, f->len + 1));
            else
                err = disk_write_all(file, garbage, sizeof(garbage), world_below(w, f->len + 1));
            if (err == ERR_OK)
                err = disk_sync(file);
            disk_close(file);
        }
        ASSERT(err == ERR_OK);
    }
    forget_files(&seen);
}
