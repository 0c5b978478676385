/* SPDX-License-Identifier: BSD-3-Clause */
/* The disk interface for looking only: needs no permission to write, starts no workers, and has none of the
 * calls that change anything. Of the interface there are disk_open with DISK_READ, disk_read,
 * disk_read_cached (which may wait), disk_size, disk_list, disk_read_file and disk_close. */
#ifndef ECHOLOG_DUMP_READ_DISK_H
#define ECHOLOG_DUMP_READ_DISK_H

#include "base/check.h"
#include "base/err.h"
#include "disk/disk.h"

/* `root` is a directory that is there. The errors of names. */
MUST_CHECK
enum err read_disk_create(const char *root, struct disk **disk);
void read_disk_destroy(struct disk *d);

#endif
