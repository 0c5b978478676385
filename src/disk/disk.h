/* SPDX-License-Identifier: BSD-3-Clause */
/* The disk as the core sees it: files under one root directory, and jobs for whatever may block.
 *
 * File calls are synchronous and may be made from any thread. The reactor thread makes only those that
 * do not wait for a device: disk_write to a file that no job is using, disk_read_cached, and, at start
 * and stop only, all of them. Everything else belongs in a job.
 *
 * A job is a struct its owner embeds. `run` executes on a worker and touches nothing but what it was
 * handed (its own struct, files and buffers lent to it, and this interface). Later `done` is called on
 * the reactor thread, from disk_reap, exactly once for every submitted job. That split is what lets a
 * simulator stand in for the device: it implements the same calls in memory and runs the jobs in any
 * order it likes, in one thread.
 *
 * Paths are relative to the root, use '/', and are at most DISK_PATH_BYTES_MAX long.
 *
 * Errors of calls on names: ERR_NOT_FOUND, ERR_EXISTS (also a directory that is not empty), ERR_ACCESS,
 * ERR_NOSPACE, ERR_LIMIT (out of descriptors), ERR_INVALID (a file where a directory is needed, or the
 * other way round), ERR_IO (anything else the system says). Of calls on an open file: ERR_NOSPACE,
 * ERR_TOO_LARGE (longer than a file may get), ERR_IO. */
#ifndef ECHOLOG_DISK_DISK_H
#define ECHOLOG_DISK_DISK_H

#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"
#include "base/list.h"
#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

#define DISK_PATH_BYTES_MAX 512
#define DISK_IOV_MAX 1024

struct disk;

/* An open file. A driver embeds this. */
struct disk_file {
    struct disk *disk; /* borrowed */
};

enum disk_lane {
    DISK_LANE_SYNC, /* short and waited for: syncs, file creation */
    DISK_LANE_BULK, /* may take long: cold reads, compaction, deletion */
    DISK_LANE_COUNT
};

struct disk_job {
    void (*run)(struct disk_job *job);  /* on a worker */
    void (*done)(struct disk_job *job); /* on the reactor; may free the job */
    struct list link;                   /* the driver's while the job is under way */
};

enum disk_open_flags {
    DISK_READ = 0,
    DISK_WRITE = 1,     /* read and write */
    DISK_CREATE = 2,    /* with DISK_WRITE: make the file if it is not there */
    DISK_EXCLUSIVE = 4, /* with DISK_CREATE: ERR_EXISTS if it is */
    DISK_TRUNCATE = 8,  /* with DISK_WRITE: start empty */
};

enum disk_entry_kind { DISK_ENTRY_FILE, DISK_ENTRY_DIR, DISK_ENTRY_OTHER };

/* Called per directory entry except "." and ".."; false stops the listing. */
typedef bool disk_list_fn(void *ctx, const char *name, enum disk_entry_kind kind);

struct disk_ops {
    enum err (*open)(struct disk *, const char *path, unsigned flags, struct disk_file **file);
    void (*close)(struct disk_file *);
    enum err (*write)(struct disk_file *, const struct iovec *, int count, uint64_t pos,
                      size_t *put);
    enum err (*read)(struct disk_file *, void *, size_t len, uint64_t pos, bool cached,
                     size_t *got);
    enum err (*sync)(struct disk_file *);
    void (*begin_sync)(struct disk_file *, uint64_t pos, uint64_t len); /* NULL: it does nothing */
    enum err (*truncate)(struct disk_file *, uint64_t len);
    enum err (*size)(struct disk_file *, uint64_t *len);
    bool (*linked)(struct disk_file *); /* NULL: nobody takes files away from under this disk */
    enum err (*rename)(struct disk *, const char *from, const char *to);
    enum err (*unlink)(struct disk *, const char *path);
    enum err (*mkdir)(struct disk *, const char *path);
    enum err (*rmdir)(struct disk *, const char *path);
    enum err (*sync_dir)(struct disk *, const char *path);
    enum err (*list)(struct disk *, const char *path, disk_list_fn *fn, void *ctx);
    enum err (*lock)(struct disk *, const char *path);
    void (*submit)(struct disk *, enum disk_lane lane, struct disk_job *job);
    size_t (*reap)(struct disk *);
    size_t (*wait)(struct disk *); /* NULL: nothing is to be waited for, jobs run in `reap` */
};

struct disk {
    const struct disk_ops *ops;
    char boot_id[40]; /* tells one run of the kernel from another; "" when unknown */
};

/* --- files ---------------------------------------------------------------------------------- */

/* `flags` are disk_open_flags. The file is the caller's until disk_close. */
MUST_CHECK
enum err disk_open(struct disk *d, const char *path, unsigned flags, struct disk_file **file);
void disk_close(struct disk_file *file); /* NULL is allowed */

/* Writes all `count` (<= DISK_IOV_MAX) pieces at `pos`, continuing after short writes. On an error
 * *put says how many bytes got there before it: the caller cuts them off or overwrites them. */
MUST_CHECK
enum err disk_write(struct disk_file *file, const struct iovec *iov, int count, uint64_t pos,
                    size_t *put);
/* The same for one piece, when a partial write needs no care. */
MUST_CHECK
enum err disk_write_all(struct disk_file *file, const void *data, size_t len, uint64_t pos);

/* Reads up to `len` bytes at `pos`; *got < len only at the end of the file. May block. */
MUST_CHECK
enum err disk_read(struct disk_file *file, void *data, size_t len, uint64_t pos, size_t *got);
/* The same, without waiting for the device: ERR_AGAIN when any byte of it is not in the page cache
 * (or the file system cannot tell): give it to a worker. */
MUST_CHECK
enum err disk_read_cached(struct disk_file *file, void *data, size_t len, uint64_t pos,
                          size_t *got);

/* fdatasync. After an error the state of everything written since the last success is unknown, and
 * calling again proves nothing. */
MUST_CHECK
enum err disk_sync(struct disk_file *file);
/* A hint: the device may begin to write these bytes, so that a later disk_sync has less to do. Promises nothing;
 * that sync tells of its errors, too. */
void disk_begin_sync(struct disk_file *file, uint64_t pos, uint64_t len);
MUST_CHECK
enum err disk_truncate(struct disk_file *file, uint64_t len);
MUST_CHECK
enum err disk_size(struct disk_file *file, uint64_t *len);
/* False when the open file has been removed: what is written to it nobody will find. */
bool disk_is_linked(struct disk_file *file);

/* --- names ---------------------------------------------------------------------------------- */

MUST_CHECK
enum err disk_rename(struct disk *d, const char *from, const char *to); /* replaces `to` */
MUST_CHECK
enum err disk_unlink(struct disk *d, const char *path);
MUST_CHECK
enum err disk_mkdir(struct disk *d, const char *path);
MUST_CHECK
enum err disk_rmdir(struct disk *d, const char *path);
/* Makes the names in a directory durable; "" is the root. So is that of the root then, if it was not; where that
 * fails no other name is made durable any more. */
MUST_CHECK
enum err disk_sync_dir(struct disk *d, const char *path);
/* In no particular order. */
MUST_CHECK
enum err disk_list(struct disk *d, const char *path, disk_list_fn *fn, void *ctx);
/* Takes the file (made if missing) for this disk until it is destroyed. ERR_BUSY: another has it, here
 * or in another process. ERR_FULL: this disk holds too many locks. Reactor thread only. */
MUST_CHECK
enum err disk_lock(struct disk *d, const char *path);

/* Reads a whole file of at most `len_max` bytes and NUL-terminates it; *data is the caller's (mem_free).
 * ERR_TOO_LARGE when it is longer. */
MUST_CHECK
enum err disk_read_file(struct disk *d, const char *path, size_t len_max, char **data, size_t *len);
/* Puts a file in place as a whole, or not at all: writes `path`.tmp, syncs it, renames it over `path`
 * and syncs the directory. A crash leaves the old file or the new one, and maybe a .tmp. */
MUST_CHECK
enum err disk_replace_file(struct disk *d, const char *path, const void *data, size_t len);

/* --- jobs ----------------------------------------------------------------------------------- */

/* Hands the job over until its `done`. Jobs of one lane start in order; they may overlap. Reactor
 * thread only, also from inside a `done`. */
void disk_submit(struct disk *d, enum disk_lane lane, struct disk_job *job);
/* Calls `done` of all finished jobs; returns how many. Reactor thread only. */
size_t disk_reap(struct disk *d);
/* The same, and sleeps first until one has finished, unless none is under way. For start and stop, where there is nothing
 * else to do meanwhile. */
size_t disk_wait(struct disk *d);

#endif
