/* SPDX-License-Identifier: BSD-3-Clause */
/* The disk interface: checks what the core asks for, hands it to the driver, and builds the few
 * compound calls out of the plain ones, so that every driver (and its faults) goes through them. */
#include "disk/disk.h"

#include "base/mem.h"
#include <stdio.h>

#define REPLACE_SUFFIX ".tmp"

/* Relative, without ".." and of bounded length: nothing outside the root can be named. */
static bool path_acceptable(const char *path)
{
    size_t len = strlen(path);
    if (len == 0 || len > DISK_PATH_BYTES_MAX || path[0] == '/')
        return false;
    for (const char *part = path; part != NULL; part = strchr(part, '/')) {
        part += part[0] == '/';
        if (strcmp(part, "..") == 0 || strncmp(part, "../", 3) == 0)
            return false;
    }
    return true;
}

/* As above, or "" for the root itself. */
static bool dir_acceptable(const char *path)
{
    return path[0] == '\0' || path_acceptable(path);
}

/* --- files ---------------------------------------------------------------------------------- */

enum err disk_open(struct disk *d, const char *path, unsigned flags, struct disk_file **file)
{
    ASSERT(path_acceptable(path));
    ASSERT((flags & DISK_WRITE) || !(flags & (DISK_CREATE | DISK_TRUNCATE)));
    ASSERT((flags & DISK_CREATE) || !(flags & DISK_EXCLUSIVE));
    return d->ops->open(d, path, flags, file);
}

void disk_close(struct disk_file *file)
{
    if (file != NULL)
        file->disk->ops->close(file);
}

enum err disk_write(struct disk_file *file, const struct iovec *iov, int count, uint64_t pos,
                    size_t *put)
{
    ASSERT(count >= 0 && count <= DISK_IOV_MAX);
    return file->disk->ops->write(file, iov, count, pos, put);
}

enum err disk_write_all(struct disk_file *file, const void *data, size_t len, uint64_t pos)
{
    union {
        const void *in;
        void *out;
    } base = {.in = data}; /* an iovec has no const, though a write only reads */
    struct iovec iov = {.iov_base = base.out, .iov_len = len};
    size_t put;
    return disk_write(file, &iov, 1, pos, &put);
}

enum err disk_read(struct disk_file *file, void *data, size_t len, uint64_t pos, size_t *got)
{
    return file->disk->ops->read(file, data, len, pos, false, got);
}

enum err disk_read_cached(struct disk_file *file, void *data, size_t len, uint64_t pos, size_t *got)
{
    return file->disk->ops->read(file, data, len, pos, true, got);
}

enum err disk_sync(struct disk_file *file)
{
    return file->disk->ops->sync(file);
}

void disk_begin_sync(struct disk_file *file, uint64_t pos, uint64_t len)
{
    if (file->disk->ops->begin_sync != NULL)
        file->disk->ops->begin_sync(file, pos, len);
}

enum err disk_truncate(struct disk_file *file, uint64_t len)
{
    return file->disk->ops->truncate(file, len);
}

enum err disk_size(struct disk_file *file, uint64_t *len)
{
    return file->disk->ops->size(file, len);
}

bool disk_is_linked(struct disk_file *file)
{
    return file->disk->ops->linked == NULL || file->disk->ops->linked(file);
}

/* --- names ---------------------------------------------------------------------------------- */

enum err disk_rename(struct disk *d, const char *from, const char *to)
{
    ASSERT(path_acceptable(from));
    ASSERT(path_acceptable(to));
    return d->ops->rename(d, from, to);
}

enum err disk_unlink(struct disk *d, const char *path)
{
    ASSERT(path_acceptable(path));
    return d->ops->unlink(d, path);
}

enum err disk_mkdir(struct disk *d, const char *path)
{
    ASSERT(path_acceptable(path));
    return d->ops->mkdir(d, path);
}

enum err disk_rmdir(struct disk *d, const char *path)
{
    ASSERT(path_acceptable(path));
    return d->ops->rmdir(d, path);
}

enum err disk_sync_dir(struct disk *d, const char *path)
{
    ASSERT(dir_acceptable(path));
    return d->ops->sync_dir(d, path);
}

enum err disk_list(struct disk *d, const char *path, disk_list_fn *fn, void *ctx)
{
    ASSERT(dir_acceptable(path));
    return d->ops->list(d, path, fn, ctx);
}

enum err disk_lock(struct disk *d, const char *path)
{
    ASSERT(path_acceptable(path));
    return d->ops->lock(d, path);
}

/* --- whole files ---------------------------------------------------------------------------- */

/* Reads the open file whole into *data, which is then the caller's. */
static enum err read_whole(struct disk_file *file, size_t len_max, char **data, size_t *len)
{
    uint64_t size;
    enum err err = disk_size(file, &size);
    if (err != ERR_OK)
        return err;
    if (size > len_max)
        return ERR_TOO_LARGE;

    char *whole = mem_alloc((size_t)size + 1);
    size_t got = 0;
    if (size > 0)
        err = disk_read(file, whole, (size_t)size, 0, &got);
    if (err != ERR_OK) {
        mem_free(whole);
        return err;
    }
    whole[got] = '\0';
    *data = whole;
    *len = got;
    return ERR_OK;
}

enum err disk_read_file(struct disk *d, const char *path, size_t len_max, char **data, size_t *len)
{
    struct disk_file *file;
    enum err err = disk_open(d, path, DISK_READ, &file);
    if (err != ERR_OK)
        return err;
    err = read_whole(file, len_max, data, len);
    disk_close(file);
    return err;
}

/* Puts the directory that holds `path` into `parent`; "" is the root. */
static void parent_of(const char *path, char parent[DISK_PATH_BYTES_MAX + 1])
{
    const char *slash = strrchr(path, '/');
    size_t len = slash == NULL ? 0 : (size_t)(slash - path);
    memcpy(parent, path, len);
    parent[len] = '\0';
}

static enum err write_synced(struct disk *d, const char *path, const void *data, size_t len)
{
    struct disk_file *file;
    enum err err = disk_open(d, path, DISK_WRITE | DISK_CREATE | DISK_TRUNCATE, &file);
    if (err != ERR_OK)
        return err;
    err = disk_write_all(file, data, len, 0);
    if (err == ERR_OK)
        err = disk_sync(file);
    disk_close(file);
    return err;
}

enum err disk_replace_file(struct disk *d, const char *path, const void *data, size_t len)
{
    ASSERT(strlen(path) + strlen(REPLACE_SUFFIX) <= DISK_PATH_BYTES_MAX);
    char fresh[DISK_PATH_BYTES_MAX + 1];
    snprintf(fresh, sizeof(fresh), "%s" REPLACE_SUFFIX, path);

    enum err err = write_synced(d, fresh, data, len);
    if (err == ERR_OK)
        err = disk_rename(d, fresh, path);
    if (err != ERR_OK) {
        /* The old file is untouched; what is left of the new one only takes up room. */
        enum err ignored = disk_unlink(d, fresh);
        (void)ignored;
        return err;
    }
    char parent[DISK_PATH_BYTES_MAX + 1];
    parent_of(path, parent);
    return disk_sync_dir(d, parent);
}

/* --- jobs ----------------------------------------------------------------------------------- */

void disk_submit(struct disk *d, enum disk_lane lane, struct disk_job *job)
{
    ASSERT(lane < DISK_LANE_COUNT);
    ASSERT(job->run != NULL && job->done != NULL);
    d->ops->submit(d, lane, job);
}

size_t disk_reap(struct disk *d)
{
    return d->ops->reap(d);
}

size_t disk_wait(struct disk *d)
{
    return d->ops->wait != NULL ? d->ops->wait(d) : d->ops->reap(d);
}
