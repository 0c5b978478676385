/* SPDX-License-Identifier: BSD-3-Clause */
#include "sim/spoil.h"

#include "base/mem.h"
#include "storage/checkpoint.h"
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

static bool is_checkpoint(const struct file_seen *f)
{
    return strcmp(f->name, "checkpoint") == 0;
}

static bool is_marker(const struct file_seen *f)
{
    return strcmp(f->name, "clean") == 0;
}

/* The base offset of the good batch that the byte is in, and where that begins; or -1. */
static int64_t batch_over(const struct file_seen *f, size_t pos, size_t *start)
{
    for (size_t at = pos < 80000 ? 0 : pos - 80000; at <= pos; at++) {
        struct bytes rest = bytes_of(f->data + at, f->len - at);
        struct batch_header h;
        if (rest.len < BATCH_HEADER_BYTES || rest.data[16] != BATCH_MAGIC ||
            batch_header_read(rest, (int64_t)rest.len, &h) != ERR_OK ||
            batch_header_len(&h) > rest.len || at + batch_header_len(&h) <= pos ||
            !batch_crc_holds(bytes_of(rest.data, batch_header_len(&h))))
            continue;
        *start = at;
        return h.base_offset;
    }
    return -1;
}

static void rot_log(struct world *w, struct part *part, const struct file_seen *f)
{
    char path[128];
    if (f->len == 0)
        return;
    size_t pos = (size_t)world_below(w, f->len), start;
    int64_t base = batch_over(f, pos, &start);
    if (base < 0)
        return;
    if (world_one_in(w, 3)) /* its header, some of which no checksum covers */
        pos = start + (size_t)world_below(w, BATCH_HEADER_BYTES);
    bool of_base = pos < start + sizeof(int64_t);
    if (!model_may_rot(&part->model, base, of_base))
        return;
    snprintf(path, sizeof(path), "%s/%s", part->dir, f->name);
    if (!sim_disk_flip(w->disk, path, pos, (unsigned)world_below(w, 8)))
        return;
    world_tell(w, "%s: a bit of byte %zu of %s has changed, in the batch at %lld", part->dir, pos,
               f->name, (long long)base);
    model_rotted(&part->model, base, of_base);
}

static void path_of(const struct part *part, const struct file_seen *f, char *path, size_t size)
{
    snprintf(path, size, "%s/%s", part->dir, f->name);
}

/* Within what is used of a slot, most likely. */
static uint64_t pos_in_checkpoint(struct world *w)
{
    return world_below(w, 2) * CHECKPOINT_SLOT_BYTES + world_below(w, 200);
}

static bool may_spoil_checkpoint(const struct world *w, const struct part *part)
{
    const struct model_rules *rules = &w->options->rules;
    return rules->checkpoint_rot && model_knows_bases(&part->model) &&
           (rules->both_slots || !part->model.checkpoint_spoiled);
}

static void rot_checkpoint(struct world *w, struct part *part, const char *path)
{
    if (!sim_disk_flip(w->disk, path, pos_in_checkpoint(w), (unsigned)world_below(w, 8)))
        return;
    world_deed(w, DEED_CHECKPOINT_SPOILED);
    world_tell(w, "%s: a bit has changed", path);
    model_checkpoint_spoiled(&part->model);
}

static void rot_marker(struct world *w, struct part *part, const char *path, uint64_t len)
{
    if (!sim_disk_flip(w->disk, path, world_below(w, len), (unsigned)world_below(w, 8)))
        return;
    world_deed(w, DEED_MARKER_SPOILED);
    world_tell(w, "%s: a bit has changed", path);
    model_marker_spoiled(&part->model);
}

void spoil_rot(struct world *w, struct part *part)
{
    static struct files_seen seen;
    sim_disk_each_file(w->disk, part->dir, see_file, &seen);
    if (seen.count > 0) {
        const struct file_seen *f = &seen.items[world_below(w, seen.count)];
        char path[128];
        path_of(part, f, path, sizeof(path));
        if (is_log(f))
            rot_log(w, part, f);
        else if (is_index(f) && f->len > 0)
            (void)sim_disk_flip(w->disk, path, world_below(w, f->len), (unsigned)world_below(w, 8));
        else if (is_checkpoint(f) && may_spoil_checkpoint(w, part))
            rot_checkpoint(w, part, path);
        else if (is_marker(f) && f->len > 0)
            rot_marker(w, part, path, f->len);
    }
    forget_files(&seen);
}

static enum err put_garbage(struct world *w, struct disk_file *file, uint64_t pos)
{
    uint64_t garbage[16];
    for (size_t i = 0; i < COUNT_OF(garbage); i++)
        garbage[i] = world_one_in(w, 3) ? world_below(w, 4000) << 32 : random_next(&w->random);
    return disk_write_all(file, garbage, sizeof(garbage), pos);
}

static void spoil_content(struct world *w, const struct file_seen *f, const char *path)
{
    struct disk_file *file;
    enum err err = disk_open(&w->disk->disk, path, DISK_WRITE, &file);
    ASSERT(err == ERR_OK);
    if (is_checkpoint(f)) {
        err = put_garbage(w, file, pos_in_checkpoint(w));
        if (err == ERR_OK && w->options->rules.both_slots)
            err = put_garbage(w, file, pos_in_checkpoint(w)); /* in half of the cases it is both */
    } else if (world_one_in(w, 2)) {
        err = disk_truncate(file, world_below(w, f->len + 1));
    } else {
        err = put_garbage(w, file, world_below(w, f->len + 1));
    }
    if (err == ERR_OK)
        err = disk_sync(file);
    ASSERT(err == ERR_OK);
    disk_close(file);
}

static void spoil_file(struct world *w, struct part *part, const struct file_seen *f)
{
    char path[128];
    path_of(part, f, path, sizeof(path));
    world_tell(w, "%s is spoiled", path);
    if (is_index(f))
        world_deed(w, DEED_INDEX_SPOILED);
    if (is_checkpoint(f)) {
        world_deed(w, DEED_CHECKPOINT_SPOILED);
        model_checkpoint_spoiled(&part->model);
    }
    if (is_marker(f)) {
        world_deed(w, DEED_MARKER_SPOILED);
        model_marker_spoiled(&part->model);
    }
    if (is_checkpoint(f) || !world_one_in(w, 3)) {
        spoil_content(w, f, path);
        return;
    }
    enum err err = disk_unlink(&w->disk->disk, path);
    if (err == ERR_OK)
        err = disk_sync_dir(&w->disk->disk, part->dir);
    ASSERT(err == ERR_OK);
}

void spoil_at_rest(struct world *w, struct part *part)
{
    static struct files_seen seen;
    sim_disk_each_file(w->disk, part->dir, see_file, &seen);
    if (seen.count > 0) {
        const struct file_seen *f = &seen.items[world_below(w, seen.count)];
        if (is_index(f) || is_marker(f) || (is_checkpoint(f) && may_spoil_checkpoint(w, part)))
            spoil_file(w, part, f);
    }
    forget_files(&seen);
}
