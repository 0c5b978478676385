/* SPDX-License-Identifier: BSD-3-Clause */
#include "storage/merge.h"

#include "base/crc32c.h"
#include "base/mem.h"
#include "storage/bigendian.h"
#include "storage/dirs.h"
#include "storage/files.h"
#include <stdio.h>

enum field {
    AT_CRC = 4,
    AT_BASE = 8,
    AT_END = 16,
    AT_BYTES = 24,
    NOTE_BYTES = 32,
};

static const char note_magic[4] = {'E', 'C', 'M', 'G'};
static const char *const suffixes[] = {"index", "timeindex", "log"}; /* in the order they go */

static void note_path(char *path, const char *dir)
{
    int len = snprintf(path, DISK_PATH_BYTES_MAX + 1, "%s/merge", dir);
    ASSERT(len > 0 && len <= DISK_PATH_BYTES_MAX);
}

enum err merge_note_write(struct disk *disk, const char *dir, const struct merge_note *note)
{
    char path[DISK_PATH_BYTES_MAX + 1], data[NOTE_BYTES];
    ASSERT(note->base_offset < note->end_offset);
    memcpy(data, note_magic, sizeof(note_magic));
    put_u64(data + AT_BASE, (uint64_t)note->base_offset);
    put_u64(data + AT_END, (uint64_t)note->end_offset);
    put_u64(data + AT_BYTES, note->bytes);
    put_u32(data + AT_CRC, crc32c(data + AT_BASE, NOTE_BYTES - AT_BASE));
    note_path(path, dir);
    return disk_replace_file(disk, path, data, sizeof(data));
}

enum err merge_note_remove(struct disk *disk, const char *dir)
{
    char path[DISK_PATH_BYTES_MAX + 1];
    note_path(path, dir);
    enum err err = disk_unlink(disk, path);
    if (err != ERR_OK && err != ERR_NOT_FOUND)
        return err;
    return disk_sync_dir(disk, dir); /* also when it is gone already: perhaps not durably */
}

static enum err note_read(struct disk *disk, const char *dir, struct merge_note *note)
{
    char path[DISK_PATH_BYTES_MAX + 1], *data;
    size_t len;
    note_path(path, dir);
    enum err err = disk_read_file(disk, path, NOTE_BYTES, &data, &len);
    if (err == ERR_TOO_LARGE)
        return ERR_CORRUPT;
    if (err != ERR_OK)
        return err;
    if (len != NOTE_BYTES || memcmp(data, note_magic, sizeof(note_magic)) != 0 ||
        get_u32(data + AT_CRC) != crc32c(data + AT_BASE, NOTE_BYTES - AT_BASE))
        err = ERR_CORRUPT;
    else
        *note = (struct merge_note){.base_offset = (int64_t)get_u64(data + AT_BASE),
                                    .end_offset = (int64_t)get_u64(data + AT_END),
                                    .bytes = get_u64(data + AT_BYTES)};
    mem_free(data);
    return err;
}

/* Whether the new log is in place. */
static enum err in_place(struct disk *disk, const char *dir, const struct merge_note *note,
                         bool *yes)
{
    uint64_t len = 0;
    enum err err = segment_log_len(disk, dir, note->base_offset, &len);
    *yes = err == ERR_OK && len == note->bytes;
    return err == ERR_NOT_FOUND ? ERR_OK : err; /* it was before the log start */
}

static enum err remove_segment(struct disk *disk, const char *dir, int64_t base_offset)
{
    char path[DISK_PATH_BYTES_MAX + 1];
    for (size_t i = 0; i < COUNT_OF(suffixes); i++) {
        segment_path(path, dir, base_offset, suffixes[i]);
        enum err err = disk_unlink(disk, path);
        if (err != ERR_OK && err != ERR_NOT_FOUND)
            return err;
    }
    return ERR_OK;
}

static enum err remove_inner(struct disk *disk, const char *dir, const struct merge_note *note)
{
    int64_t *bases;
    size_t count;
    enum err err = dirs_segments(disk, dir, &bases, &count);
    if (err != ERR_OK)
        return err;
    for (size_t i = 0; i < count && err == ERR_OK; i++)
        if (bases[i] > note->base_offset && bases[i] < note->end_offset)
            err = remove_segment(disk, dir, bases[i]);
    mem_free(bases);
    return err;
}

enum err merge_finish(struct disk *disk, const char *dir)
{
    struct merge_note note;
    bool yes = false;
    enum err err = note_read(disk, dir, &note);
    if (err == ERR_NOT_FOUND)
        return ERR_OK;
    if (err == ERR_OK)
        err = in_place(disk, dir, &note, &yes);
    else if (err == ERR_CORRUPT) /* it was whole before anything else was done: rotten since */
        err = ERR_OK;
    if (err == ERR_OK && yes) {
        err = disk_sync_dir(disk, dir); /* the new log, before the old ones go */
        if (err == ERR_OK)
            err = remove_inner(disk, dir, &note);
        if (err == ERR_OK)
            err = disk_sync_dir(disk, dir);
    }
    return err == ERR_OK ? merge_note_remove(disk, dir) : err;
}

enum err merge_settle(struct disk *disk, const char *dir)
{
    enum err err = merge_finish(disk, dir);
    return err == ERR_OK ? merge_note_remove(disk, dir) : err;
}
