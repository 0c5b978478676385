/* SPDX-License-Identifier: BSD-3-Clause */
/* A disk in memory for tests: the disk interface with a page cache that a power cut loses, names that are
 * only durable once their directory was synced, faults on demand, and jobs that run when the test says
 * so, all in one thread. */
#ifndef ECHOLOG_TESTS_FAKE_DISK_H
#define ECHOLOG_TESTS_FAKE_DISK_H

#include "base/buf.h"
#include "disk/disk.h"

enum fake_call {
    FAKE_OPEN,
    FAKE_WRITE,
    FAKE_READ,
    FAKE_SYNC,
    FAKE_TRUNCATE,
    FAKE_RENAME,
    FAKE_UNLINK,
    FAKE_MKDIR,
    FAKE_SYNC_DIR,
    FAKE_CALL_COUNT
};

/* The call after `after` more of its kind fails, and `times` in all; after 0 the next. */
struct fake_fault {
    int after;
    int times;
    enum err err;
};

#define FAKE_SPACE_ENDLESS UINT64_MAX

struct fake_inode;

struct fake_disk {
    struct disk disk;
    struct fake_inode *root;   /* owned */
    struct list inodes;        /* all */
    struct list waiting;       /* jobs to run */
    struct list finished;      /* jobs to reap */
    bool hold;                 /* jobs run only when the test says so, not in disk_reap */
    bool cold;                 /* nothing is in the page cache */
    bool off;                  /* the power is out: everything fails */
    uint64_t off_after;        /* so many calls from now it goes out; 0: it does not */
    uint64_t bad_from, bad_to; /* bytes of any file that the device cannot read */
    uint64_t space_left;       /* bytes that files may still grow */
    struct fake_fault faults[FAKE_CALL_COUNT];
    uint64_t calls[FAKE_CALL_COUNT];
    unsigned open_handles;
};

struct fake_disk *fake_disk_create(void);
void fake_disk_destroy(struct fake_disk *d);

void fake_disk_fail(struct fake_disk *d, enum fake_call call, int after, int times, enum err err);

/* --- jobs --- */
size_t fake_disk_waiting(const struct fake_disk *d);
/* Runs the oldest waiting job, without its `done`. False: there is none. */
bool fake_disk_run_one(struct fake_disk *d);
/* Runs and reaps until nothing is left. */
void fake_disk_settle(struct fake_disk *d);

/* --- crashes: power off, close everything (it all fails), power on --- */
void fake_disk_power_off(struct fake_disk *d);
enum fake_kept {
    FAKE_KEEP_ALL,    /* only the process died: the page cache is as it was */
    FAKE_KEEP_SYNCED, /* all that was not synced is gone */
    FAKE_KEEP_SOME,   /* of what was not synced, any sectors and names are there */
};
void fake_disk_power_on(struct fake_disk *d, enum fake_kept kept, uint64_t seed);

/* --- looking in, and spoiling --- */
bool fake_disk_exists(struct fake_disk *d, const char *path);
/* The bytes of a file, to read or to spoil; NULL when there is none. */
struct buf *fake_disk_bytes(struct fake_disk *d, const char *path);

#endif
