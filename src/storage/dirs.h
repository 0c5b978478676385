/* SPDX-License-Identifier: BSD-3-Clause */
/* Directories of partitions: making, listing and removing them so that a crash at any step leaves either
 * the partition or nothing that is taken for one. All of this may block: jobs and start-up only. */
#ifndef ECHOLOG_STORAGE_DIRS_H
#define ECHOLOG_STORAGE_DIRS_H

#include "base/check.h"
#include "base/err.h"
#include "disk/disk.h"
#include <stdint.h>

#define DIRS_DELETED_SUFFIX ".deleted"
#define DIRS_ORPHAN_SUFFIX ".orphan"
/* No segment begins further on: offsets are counted on from there. */
#define DIRS_BASE_MAX ((int64_t)1 << 62)

/* Makes an empty directory, with those above it. What a crashed creation left in it is removed; one that
 * holds records is moved aside, and *orphaned is set. Not durable before dirs_sync. */
MUST_CHECK
enum err dirs_make_empty(struct disk *disk, const char *dir, bool *orphaned);
/* Syncs the directory and all above it, up to the root. */
MUST_CHECK
enum err dirs_sync(struct disk *disk, const char *dir);
/* Removes a directory with its files. It gets another name first, so that what a crash leaves is not
 * taken for a partition. */
MUST_CHECK
enum err dirs_remove(struct disk *disk, const char *dir);
/* Removes what crashes have left of such removals in the root. */
void dirs_sweep(struct disk *disk);
/* Removes what a compaction left that did not end. */
void dirs_drop_cleaned(struct disk *disk, const char *dir);
/* The base offsets that files are named by, ascending; *bases is the caller's (mem_free). They may be beyond
 * DIRS_BASE_MAX: then they are none of ours. */
MUST_CHECK
enum err dirs_segments(struct disk *disk, const char *dir, int64_t **bases, size_t *count);

#endif
