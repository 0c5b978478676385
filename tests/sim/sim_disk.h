/* SPDX-License-Identifier: BSD-3-Clause */
/* The simulated disk: src/disk/disk.h in memory, in one thread, with all its chance drawn from one seed.
 *
 * A file is what the page cache has of it, what the device has, and every change since the last sync, sector
 * by sector. A power cut keeps any subset of those changes: each changed sector is as it was at the last
 * sync or after any later write to it (so writes are torn, lost and reordered), the length after any
 * prefix of the changes to it, what was never written inside of it reads as zeros. Names are durable once
 * their directory is synced; before that a power cut keeps any subset of what was made, removed and
 * renamed. A sync that fails leaves any subset on the device and forgets the rest: later ones succeed
 * without writing it, as kernels do.
 *
 * Faults come at random, by the odds that the test sets, or at a given call: from `sim_disk_die_after` on
 * the disk does nothing any more, and the test throws away what ran on it.
 *
 * Jobs run one at a time from disk_reap, in the order of their lane, at random moments. */
#ifndef ECHOLOG_TESTS_SIM_DISK_H
#define ECHOLOG_TESTS_SIM_DISK_H

#include "base/bytes.h"
#include "base/random.h"
#include "disk/disk.h"

#define SIM_SECTOR_BYTES 512

enum sim_fault {
    /* Of calls, by the odds. */
    SIM_COLD_READ,
    SIM_READ_EIO,
    SIM_WRITE_EIO, /* sometimes after a part of the bytes */
    SIM_SYNC_EIO,  /* sometimes with ENOSPC */
    SIM_NAME_EIO,  /* mkdir, unlink, rmdir, rename, truncate */
    SIM_SYNC_DIR_EIO,
    SIM_OPEN_LIMIT,
    SIM_ODDS_COUNT,

    /* Of the disk's size. */
    SIM_WRITE_NOSPACE = SIM_ODDS_COUNT,
    SIM_SHORT_WRITE, /* a part was put before an error */
    SIM_CREATE_NOSPACE,

    /* Of a power cut or a failed sync. */
    SIM_SECTOR_LOST,
    SIM_SECTOR_REORDERED, /* an earlier write is lost, a later one is there */
    SIM_WRITE_TORN,       /* some sectors of one write are there and some not */
    SIM_LENGTH_LOST,
    SIM_TRUNCATE_LOST,
    SIM_NAME_LOST,    /* made, and not there */
    SIM_REMOVAL_LOST, /* removed, and there again */
    SIM_RENAME_LOST,

    SIM_DIED_IN_WRITE,
    SIM_DIED_IN_SYNC,
    SIM_DIED_IN_NAME,
    SIM_BIT_ROT,
    SIM_EVICTED, /* pages that a failed sync had forgotten are as the device has them */
    SIM_FAULT_COUNT
};

extern const char *const sim_fault_names[SIM_FAULT_COUNT];

#define SIM_ODDS_ONE 1000000u
#define SIM_SPACE_ENDLESS UINT64_MAX

struct sim_inode;

/* The changes of directories and files are counted: what a power cut keeps is chosen by that. */
struct sim_disk {
    struct disk disk;
    struct random random;
    struct sim_inode *root; /* owned */
    struct list inodes;     /* all */
    struct list waiting[DISK_LANE_COUNT];
    struct list finished;
    uint64_t sequence; /* of changes */
    uint64_t boots;
    bool dead;
    bool eager;         /* jobs run as soon as they can */
    int64_t calls_left; /* until it dies; -1: it does not */
    uint64_t capacity;  /* in bytes of files */
    unsigned open_handles;
    unsigned locks;
    uint32_t odds[SIM_ODDS_COUNT]; /* of SIM_ODDS_ONE */
    uint64_t hits[SIM_FAULT_COUNT];
};

struct sim_disk *sim_disk_create(uint64_t seed);
void sim_disk_destroy(struct sim_disk *d); /* all files must be closed */

/* --- faults --------------------------------------------------------------------------------- */

void sim_disk_fair(struct sim_disk *d); /* no more odds, endless space */
uint64_t sim_disk_used(const struct sim_disk *d);
/* After `calls` more calls the next one does part of its work, or none, and from then on every call fails
 * and changes nothing. */
void sim_disk_die_after(struct sim_disk *d, int64_t calls);
void sim_disk_die(struct sim_disk *d);

/* The process died, all files are closed: a new one may begin. The page cache is as it was, save for what a
 * failed sync has forgotten, which may be gone. */
void sim_disk_process_restart(struct sim_disk *d);
/* The machine died: there is what the device had, and any subset of the rest. */
void sim_disk_power_cycle(struct sim_disk *d);

/* Whether jobs are waiting or not reaped yet. */
bool sim_disk_busy(const struct sim_disk *d);

/* --- looking in, and spoiling --------------------------------------------------------------- */

/* Called per file of a directory, with what the page cache has. */
typedef void sim_disk_file_fn(void *ctx, const char *name, struct bytes content);
void sim_disk_each_file(struct sim_disk *d, const char *dir, sim_disk_file_fn *fn, void *ctx);
/* Flips a bit that is on the device. False: that byte is not, or newer than there. */
bool sim_disk_flip(struct sim_disk *d, const char *path, uint64_t pos, unsigned bit);

#endif
