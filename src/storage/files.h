/* SPDX-License-Identifier: BSD-3-Clause */
/* Open files of segments, counted, and the LRU that bounds how many stay open. Those that are written to, up to
 * the sync that covers all of it, are not closed, and may go over the bound. Jobs hold a reference
 * while they use them, so that closing (or removing) a segment never pulls a file away from a worker. */
#ifndef ECHOLOG_STORAGE_FILES_H
#define ECHOLOG_STORAGE_FILES_H

#include "base/check.h"
#include "base/err.h"
#include "base/list.h"
#include "disk/disk.h"

#define FILES_PER_SEGMENT 3
#define FILES_PER_WRITABLE_SEGMENT (FILES_PER_SEGMENT + 1)

struct segment_files {
    struct list link; /* in files.used_last while it may be closed */
    unsigned refs;    /* reactor only */
    bool writable;
    unsigned *open_files;         /* the counter they are in; NULL before files_adopt */
    struct segment_files **owner; /* the owner's pointer, cleared when the LRU lets go */
    struct disk_file *log;        /* all owned */
    struct disk_file *index;      /* NULL when missing: it is only a hint */
    struct disk_file *time_index;
    struct disk_file
        *checkpoint; /* of the partition; NULL until the first sync of a writable one */
};

struct files {
    struct list used_last; /* the longest unused first */
    unsigned *count;       /* open through here, also those not in the list; borrowed */
    unsigned count_max;
};

void files_init(struct files *f, unsigned count_max, unsigned *count);

/* "<dir>/<base offset>.<suffix>" into `path` (DISK_PATH_BYTES_MAX + 1 bytes). */
void segment_path(char *path, const char *dir, int64_t base_offset, const char *suffix);

/* How long a segment's log is. */
MUST_CHECK
enum err segment_log_len(struct disk *disk, const char *dir, int64_t base_offset, uint64_t *len);

/* Opens the files of a segment; any thread. They hold one reference, the caller's.
 * Readers need the log and take the indexes if they are there; writers get all three. */
MUST_CHECK
enum err segment_files_open(struct disk *disk, const char *dir, int64_t base_offset,
                            unsigned log_flags, struct segment_files **files);
void segment_files_ref(struct segment_files *files);
void segment_files_unref(struct segment_files *files); /* NULL is allowed */

/* Files of a segment come under the bound: `*owner` takes over the caller's reference. With `in_use` they are
 * not closed until files_rest. */
void files_adopt(struct files *f, struct segment_files **owner, struct segment_files *files,
                 bool in_use);
void files_use(struct segment_files *files); /* not to be closed now */
void files_rest(struct files *f,
                struct segment_files *files); /* may be closed again, also at once */
void files_touch(struct files *f, struct segment_files *files); /* just used */
/* The owner lets go: clears its pointer. */
void files_drop(struct segment_files **owner);
/* Closes all that may be closed; whether there was any. */
bool files_close_idle(struct files *f);

#endif
