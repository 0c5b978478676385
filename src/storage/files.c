/* SPDX-License-Identifier: BSD-3-Clause */
#include "storage/files.h"

#include "base/mem.h"
#include <inttypes.h>
#include <stdio.h>

void files_init(struct files *f, unsigned count_max, unsigned *count)
{
    *f = (struct files){.count_max = count_max, .count = count};
    list_init(&f->used_last);
}

void segment_path(char *path, const char *dir, int64_t base_offset, const char *suffix)
{
    int len =
        snprintf(path, DISK_PATH_BYTES_MAX + 1, "%s/%020" PRId64 ".%s", dir, base_offset, suffix);
    ASSERT(len > 0 && len <= DISK_PATH_BYTES_MAX);
}

/* Opens an index. Readers do without a missing one. */
static enum err open_index(struct disk *disk, const char *dir, int64_t base_offset,
                           const char *suffix, unsigned flags, struct disk_file **file)
{
    char path[DISK_PATH_BYTES_MAX + 1];
    segment_path(path, dir, base_offset, suffix);
    enum err err = disk_open(disk, path, flags, file);
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

enum err segment_log_len(struct disk *disk, const char *dir, int64_t base_offset, uint64_t *len)
{
    char path[DISK_PATH_BYTES_MAX + 1];
    struct disk_file *file;
    segment_path(path, dir, base_offset, "log");
    enum err err = disk_open(disk, path, DISK_READ, &file);
    if (err != ERR_OK)
        return err;
    err = disk_size(file, len);
    disk_close(file);
    return err;
}

enum err segment_files_open(struct disk *disk, const char *dir, int64_t base_offset,
                            unsigned log_flags, struct segment_files **files)
{
    char path[DISK_PATH_BYTES_MAX + 1];
    struct segment_files *f = mem_zalloc(1, sizeof(*f));
    unsigned index_flags = log_flags & DISK_WRITE ? log_flags | DISK_CREATE : DISK_READ;
    list_init(&f->link);
    f->refs = 1;
    f->writable = (log_flags & DISK_WRITE) != 0;
    segment_path(path, dir, base_offset, "log");
    enum err err = disk_open(disk, path, log_flags, &f->log);
    if (err == ERR_OK)
        err = open_index(disk, dir, base_offset, "index", index_flags, &f->index);
    if (err == ERR_OK)
        err = open_index(disk, dir, base_offset, "timeindex", index_flags, &f->time_index);
    if (err != ERR_OK) {
        segment_files_unref(f);
        return err;
    }
    *files = f;
    return ERR_OK;
}

static unsigned file_count(const struct segment_files *files)
{
    return files->writable ? FILES_PER_WRITABLE_SEGMENT : FILES_PER_SEGMENT;
}

void segment_files_ref(struct segment_files *files)
{
    ASSERT(files->refs > 0);
    files->refs++;
}

void segment_files_unref(struct segment_files *files)
{
    if (files == NULL)
        return;
    ASSERT(files->refs > 0);
    if (--files->refs > 0)
        return;
    ASSERT(files->owner == NULL);
    if (files->open_files != NULL)
        *files->open_files -= file_count(files);
    disk_close(files->checkpoint);
    disk_close(files->time_index);
    disk_close(files->index);
    disk_close(files->log);
    mem_free(files);
}

void files_drop(struct segment_files **owner)
{
    struct segment_files *files = *owner;
    if (files == NULL)
        return;
    ASSERT(files->owner == owner);
    *owner = NULL;
    files->owner = NULL;
    list_remove(&files->link);
    segment_files_unref(files);
}

static void close_longest_unused(struct files *f)
{
    struct segment_files *oldest = CONTAINER_OF(f->used_last.next, struct segment_files, link);
    files_drop(oldest->owner);
}

void files_adopt(struct files *f, struct segment_files **owner, struct segment_files *files,
                 bool in_use)
{
    ASSERT(*owner == NULL && files->owner == NULL);
    ASSERT(files->open_files == NULL);
    while (*f->count + file_count(files) > f->count_max && !list_empty(&f->used_last))
        close_longest_unused(f);
    files->open_files = f->count;
    *f->count += file_count(files);
    files->owner = owner;
    *owner = files;
    if (!in_use)
        list_push_back(&f->used_last, &files->link);
}

void files_use(struct segment_files *files)
{
    ASSERT(files->owner != NULL);
    list_remove(&files->link);
}

void files_rest(struct files *f, struct segment_files *files)
{
    ASSERT(files->owner != NULL);
    list_remove(&files->link);
    list_push_back(&f->used_last, &files->link);
    while (*f->count > f->count_max && !list_empty(&f->used_last))
        close_longest_unused(f);
}

void files_touch(struct files *f, struct segment_files *files)
{
    if (f->used_last.prev == &files->link || list_empty(&files->link))
        return;
    list_remove(&files->link);
    list_push_back(&f->used_last, &files->link);
}

bool files_close_idle(struct files *f)
{
    bool any = !list_empty(&f->used_last);
    while (!list_empty(&f->used_last))
        close_longest_unused(f);
    return any;
}
