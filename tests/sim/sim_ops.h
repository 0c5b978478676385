/* SPDX-License-Identifier: BSD-3-Clause */
/* The calls of the simulated disk: files in sim_files.c, names and directories in sim_names.c, the rest and
 * what all have in common in sim_disk.c. */
#ifndef ECHOLOG_TESTS_SIM_OPS_H
#define ECHOLOG_TESTS_SIM_OPS_H

#include "sim/sim_inode.h"

static inline struct sim_disk *sim_of(struct disk *d)
{
    return CONTAINER_OF(d, struct sim_disk, disk);
}

static inline bool sim_chance(struct sim_disk *d, uint64_t one_in)
{
    return random_below(&d->random, one_in) == 0;
}

/* --- at the start of a call ----------------------------------------------------------------- */

enum call_end { CALL_GOES_ON, CALL_DIES, CALL_DEAD };
enum call_end sim_call_begin(struct sim_disk *d);
/* Of one that changes a name or cuts a file. *dies: it is done, and fails all the same. */
enum err sim_name_begin(struct sim_disk *d, bool *dies);
bool sim_odds_hit(struct sim_disk *d, enum sim_fault fault);
uint64_t sim_room(const struct sim_disk *d); /* in bytes */

/* --- files ---------------------------------------------------------------------------------- */

enum err sim_open(struct disk *disk, const char *path, unsigned flags, struct disk_file **file);
void sim_close(struct disk_file *file);
enum err sim_write(struct disk_file *file, const struct iovec *iov, int count, uint64_t pos,
                   size_t *put);
enum err sim_read(struct disk_file *file, void *data, size_t len, uint64_t pos, bool cached,
                  size_t *got);
enum err sim_sync(struct disk_file *file);
enum err sim_truncate(struct disk_file *file, uint64_t len);
enum err sim_size(struct disk_file *file, uint64_t *len);

/* --- names ---------------------------------------------------------------------------------- */

enum err sim_rename(struct disk *disk, const char *from, const char *to);
enum err sim_unlink(struct disk *disk, const char *path);
enum err sim_rmdir(struct disk *disk, const char *path);
enum err sim_mkdir(struct disk *disk, const char *path);
enum err sim_sync_dir(struct disk *disk, const char *path);
enum err sim_list(struct disk *disk, const char *path, disk_list_fn *fn, void *ctx);

#endif
