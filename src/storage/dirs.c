/* SPDX-License-Identifier: BSD-3-Clause */
#include "storage/dirs.h"

#include "base/buf.h"
#include "base/mem.h"
#include "storage/compaction.h"
#include <stdio.h>
#include <stdlib.h>

#define BASE_DIGITS 20
#define ORPHANS_MAX 10000
#define PATH_ROOM (DISK_PATH_BYTES_MAX + 1)

/* The names in a directory, each with its NUL. */
struct names {
    struct buf buf;
};

static bool names_add(void *ctx, const char *name, enum disk_entry_kind kind)
{
    struct names *names = ctx;
    if (kind != DISK_ENTRY_DIR)
        buf_append(&names->buf, name, strlen(name) + 1);
    return true;
}

static bool path_make(char *path, const char *dir, const char *name)
{
    int len = snprintf(path, PATH_ROOM, "%s/%s", dir, name);
    return len > 0 && len < PATH_ROOM;
}

static const char *names_end(const struct names *names)
{
    return names->buf.data + names->buf.len;
}

#define NAMES_EACH(name, names)                                                                 \
    for (const char *name = (names)->buf.data; (names)->buf.len > 0 && name < names_end(names); \
         name += strlen(name) + 1)

/* The base offset in "<20 digits>.log", or -1. */
static int64_t segment_name_base(const char *name)
{
    int64_t base = 0;
    for (int i = 0; i < BASE_DIGITS; i++) {
        if (name[i] < '0' || name[i] > '9')
            return -1;
        if (base > (INT64_MAX - (name[i] - '0')) / 10)
            return -1;
        base = base * 10 + (name[i] - '0');
    }
    return strcmp(name + BASE_DIGITS, ".log") == 0 ? base : -1;
}

static int compare_bases(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

enum err dirs_segments(struct disk *disk, const char *dir, int64_t **bases, size_t *count)
{
    struct names names = {0};
    size_t n = 0;
    enum err err = disk_list(disk, dir, names_add, &names);
    if (err != ERR_OK) {
        buf_deinit(&names.buf);
        return err;
    }
    int64_t *found = mem_alloc((names.buf.len / BASE_DIGITS + 1) * sizeof(int64_t));
    NAMES_EACH(name, &names)
    {
        int64_t base = strlen(name) > BASE_DIGITS ? segment_name_base(name) : -1;
        if (base >= 0)
            found[n++] = base;
    }
    buf_deinit(&names.buf);
    qsort(found, n, sizeof(found[0]), compare_bases);
    *bases = found;
    *count = n;
    return ERR_OK;
}

/* The directory above, "" for the root. */
static void parent_of(char *parent, const char *dir)
{
    const char *slash = strrchr(dir, '/');
    size_t len = slash == NULL ? 0 : (size_t)(slash - dir);
    ASSERT(len < PATH_ROOM);
    memcpy(parent, dir, len);
    parent[len] = '\0';
}

enum err dirs_sync(struct disk *disk, const char *dir)
{
    char path[PATH_ROOM];
    parent_of(path, dir);
    enum err err = disk_sync_dir(disk, dir);
    while (err == ERR_OK) {
        err = disk_sync_dir(disk, path);
        if (path[0] == '\0')
            break;
        char above[PATH_ROOM];
        parent_of(above, path);
        memcpy(path, above, sizeof(path));
    }
    return err;
}

static enum err remove_files(struct disk *disk, const char *dir)
{
    struct names names = {0};
    char path[PATH_ROOM];
    enum err err = disk_list(disk, dir, names_add, &names);
    if (err == ERR_OK)
        NAMES_EACH(name, &names)
        {
            enum err one = path_make(path, dir, name) ? disk_unlink(disk, path) : ERR_TOO_LARGE;
            if (one != ERR_OK && one != ERR_NOT_FOUND)
                err = one;
        }
    buf_deinit(&names.buf);
    return err;
}

/* Whether any log in the directory has bytes in it. */
static enum err holds_records(struct disk *disk, const char *dir, bool *holds)
{
    struct names names = {0};
    char path[PATH_ROOM];
    *holds = false;
    enum err err = disk_list(disk, dir, names_add, &names);
    if (err == ERR_OK)
        NAMES_EACH(name, &names)
        {
            struct disk_file *file;
            uint64_t len = 0;
            if (strlen(name) <= BASE_DIGITS || segment_name_base(name) < 0 ||
                !path_make(path, dir, name))
                continue;
            err = disk_open(disk, path, DISK_READ, &file);
            if (err != ERR_OK)
                break;
            err = disk_size(file, &len);
            disk_close(file);
            if (err != ERR_OK || len > 0) {
                *holds = true;
                break;
            }
        }
    buf_deinit(&names.buf);
    return err;
}

static enum err move_aside(struct disk *disk, const char *dir)
{
    char path[PATH_ROOM];
    enum err err = ERR_EXISTS;
    for (int i = 1; i <= ORPHANS_MAX && err == ERR_EXISTS; i++) {
        int len = snprintf(path, sizeof(path), "%s" DIRS_ORPHAN_SUFFIX "%d", dir, i);
        if (len <= 0 || len >= PATH_ROOM)
            return ERR_TOO_LARGE;
        err = disk_mkdir(disk, path); /* takes the name; the rename replaces it */
        if (err == ERR_OK)
            err = disk_rename(disk, dir, path);
    }
    return err;
}

/* Makes a directory and those above it. ERR_EXISTS only for the last. */
static enum err make_with_parents(struct disk *disk, const char *dir)
{
    char path[PATH_ROOM];
    enum err err;
    for (const char *slash = strchr(dir, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        size_t len = (size_t)(slash - dir);
        memcpy(path, dir, len);
        path[len] = '\0';
        err = disk_mkdir(disk, path);
        if (err != ERR_OK && err != ERR_EXISTS)
            return err;
    }
    return disk_mkdir(disk, dir);
}

enum err dirs_make_empty(struct disk *disk, const char *dir, bool *orphaned)
{
    bool holds;
    *orphaned = false;
    enum err err = make_with_parents(disk, dir);
    if (err != ERR_EXISTS)
        return err;
    err = holds_records(disk, dir, &holds);
    if (err != ERR_OK)
        return err;
    if (!holds)
        return remove_files(disk, dir);
    err = move_aside(disk, dir);
    if (err != ERR_OK)
        return err;
    *orphaned = true;
    return disk_mkdir(disk, dir);
}

static bool see_nothing(void *ctx, const char *name, enum disk_entry_kind kind)
{
    (void)ctx;
    (void)name;
    (void)kind;
    return false;
}

/* Something that is no directory was never ours: it was in the way of a partition, and stays. */
static bool is_foreign(struct disk *disk, const char *dir)
{
    return disk_list(disk, dir, see_nothing, NULL) == ERR_INVALID;
}

enum err dirs_remove(struct disk *disk, const char *dir)
{
    char path[PATH_ROOM], parent[PATH_ROOM];
    int len = snprintf(path, sizeof(path), "%s" DIRS_DELETED_SUFFIX, dir);
    if (len <= 0 || len >= PATH_ROOM)
        return ERR_TOO_LARGE;
    if (is_foreign(disk, dir))
        return ERR_OK;
    parent_of(parent, dir);
    enum err err = disk_rename(disk, dir, path);
    if (err == ERR_EXISTS) { /* an earlier removal that a crash ended */
        err = remove_files(disk, path);
        if (err == ERR_OK)
            err = disk_rmdir(disk, path);
        if (err == ERR_OK)
            err = disk_rename(disk, dir, path);
    }
    if (err == ERR_NOT_FOUND)
        return ERR_OK;
    if (err == ERR_OK)
        err = disk_sync_dir(disk, parent);
    if (err == ERR_OK)
        err = remove_files(disk, path);
    if (err == ERR_OK)
        err = disk_rmdir(disk, path);
    return err == ERR_OK ? disk_sync_dir(disk, parent) : err;
}

static bool names_add_deleted(void *ctx, const char *name, enum disk_entry_kind kind)
{
    struct names *names = ctx;
    size_t len = strlen(name), suffix = strlen(DIRS_DELETED_SUFFIX);
    if (kind == DISK_ENTRY_DIR && len > suffix &&
        strcmp(name + len - suffix, DIRS_DELETED_SUFFIX) == 0 && name[len - suffix - 1] >= '0' &&
        name[len - suffix - 1] <= '9')
        buf_append(&names->buf, name, len + 1);
    return true;
}

void dirs_sweep(struct disk *disk)
{
    struct names names = {0};
    enum err err = disk_list(disk, "", names_add_deleted, &names);
    if (err == ERR_OK)
        NAMES_EACH(name, &names)
        {
            err = remove_files(disk, name);
            if (err == ERR_OK)
                err = disk_rmdir(disk, name);
        }
    buf_deinit(&names.buf); /* what could not be removed is left for the next time */
}

static bool names_add_cleaned(void *ctx, const char *name, enum disk_entry_kind kind)
{
    size_t len = strlen(name), suffix_len = strlen(COMPACTION_SUFFIX);
    if (len < suffix_len || strcmp(name + len - suffix_len, COMPACTION_SUFFIX) != 0)
        return true;
    return names_add(ctx, name, kind);
}

void dirs_drop_cleaned(struct disk *disk, const char *dir)
{
    char path[PATH_ROOM];
    struct names names = {0};
    if (disk_list(disk, dir, names_add_cleaned, &names) == ERR_OK)
        NAMES_EACH(name, &names)
        {
            enum err err = path_make(path, dir, name) ? disk_unlink(disk, path) : ERR_OK;
            (void)err; /* they are in nobody's way */
        }
    buf_deinit(&names.buf);
}
