/* SPDX-License-Identifier: BSD-3-Clause */
/* The disk interface over POSIX files and a pool of worker threads. */
#ifndef ECHOLOG_DISK_POSIX_DISK_H
#define ECHOLOG_DISK_POSIX_DISK_H

#include "disk/disk.h"

struct posix_disk_options {
    const char *root;      /* made if missing (its parent must be there) */
    unsigned sync_workers; /* threads for DISK_LANE_SYNC; 0 means a sensible number */
    unsigned bulk_workers; /* threads for DISK_LANE_BULK; 0 means a sensible number */
};

/* ERR_NOT_FOUND the parent is missing; ERR_ACCESS it is not writable. Workers block all signals. */
MUST_CHECK
enum err posix_disk_create(const struct posix_disk_options *options, struct disk **disk);
/* Waits for the jobs under way, calls their `done`, joins the workers, gives locks back. */
void posix_disk_destroy(struct disk *d);
/* Readable (poll) while finished jobs wait for disk_reap. Stays the disk's. */
int posix_disk_fd(const struct disk *d);

#endif
