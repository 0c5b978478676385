/* SPDX-License-Identifier: BSD-3-Clause */
/* The disk interface over POSIX files. Every name is resolved from a descriptor of the root, so that a
 * change of the working directory or a rename of the root above us changes nothing. */
#include "disk/posix_disk.h"

#include "base/mem.h"
#include "disk/workers.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define POSIX_SYNC_WORKERS 4
#define POSIX_BULK_WORKERS 2
#define POSIX_LOCKS_MAX 4
#define POSIX_DIR_MODE 0750
#define POSIX_FILE_MODE 0640

/* The root's own name, in its parent. */
enum root_name {
    ROOT_NAME_UNKNOWN, /* made by this process, or by one that may have died before it was durable */
    ROOT_NAME_DURABLE,
    ROOT_NAME_DOUBTFUL, /* a sync of it failed: another one would say nothing */
};

struct posix_disk {
    struct disk disk;
    int root_fd; /* owned */
    pthread_mutex_t root_name_lock;
    enum root_name root_name;
    struct workers *workers;    /* owned */
    int locks[POSIX_LOCKS_MAX]; /* owned descriptors; closing one gives its lock back */
    unsigned lock_count;
};

struct posix_file {
    struct disk_file file;
    int fd;                  /* owned */
    atomic_bool cache_blind; /* the file system cannot tell what is cached */
};

static struct posix_disk *posix_disk_of(struct disk *d)
{
    return CONTAINER_OF(d, struct posix_disk, disk);
}

static struct posix_file *posix_file_of(struct disk_file *file)
{
    return CONTAINER_OF(file, struct posix_file, file);
}

static int root_of(struct disk *d)
{
    return posix_disk_of(d)->root_fd;
}

/* For calls on names: what is not about names is about the device. */
static enum err name_error(int errnum)
{
    enum err err = err_from_errno(errnum);
    return err == ERR_AGAIN || err == ERR_CLOSED ? ERR_IO : err;
}

/* For calls on an open file, where a device may answer with almost any number, even that of a network
 * that timed out. */
static enum err data_error(int errnum)
{
    enum err err = err_from_errno(errnum);
    return err == ERR_NOSPACE || err == ERR_TOO_LARGE ? err : ERR_IO;
}

static enum err name_result(int rc)
{
    return rc == 0 ? ERR_OK : name_error(errno);
}

static enum err data_result(int rc)
{
    return rc == 0 ? ERR_OK : data_error(errno);
}

static int open_at(int dir_fd, const char *path, int flags)
{
    int fd;
    do
        fd = openat(dir_fd, path, flags | O_CLOEXEC, POSIX_FILE_MODE);
    while (fd < 0 && errno == EINTR);
    return fd;
}

/* --- files ---------------------------------------------------------------------------------- */

static enum err posix_open(struct disk *d, const char *path, unsigned flags,
                           struct disk_file **file)
{
    int how = (flags & DISK_WRITE ? O_RDWR : O_RDONLY) | (flags & DISK_CREATE ? O_CREAT : 0) |
              (flags & DISK_EXCLUSIVE ? O_EXCL : 0) | (flags & DISK_TRUNCATE ? O_TRUNC : 0);
    int fd = open_at(root_of(d), path, how);
    if (fd < 0)
        return name_error(errno);
    struct posix_file *f = mem_zalloc(1, sizeof(*f));
    f->file.disk = d;
    f->fd = fd;
    *file = &f->file;
    return ERR_OK;
}

static void posix_close(struct disk_file *file)
{
    struct posix_file *f = posix_file_of(file);
    close(f->fd);
    mem_free(f);
}

/* Where a vectored write goes on: the piece and how much of it is in. */
struct write_place {
    int index;
    size_t into;
};

static void advance(struct write_place *at, const struct iovec *iov, int count, size_t wrote)
{
    while (at->index < count && wrote >= iov[at->index].iov_len - at->into) {
        wrote -= iov[at->index].iov_len - at->into;
        at->index++;
        at->into = 0;
    }
    at->into += wrote;
}

static enum err posix_write(struct disk_file *file, const struct iovec *iov, int count,
                            uint64_t pos, size_t *put)
{
    int fd = posix_file_of(file)->fd;
    struct write_place at = {0, 0};
    *put = 0;
    advance(&at, iov, count, 0); /* past empty pieces */
    while (at.index < count) {
        const struct iovec *piece = &iov[at.index];
        ssize_t wrote;
        /* A piece that went in by half is finished alone, which leaves the caller's iov as it is; the last one is
         * alone, and a vector is dearer. */
        if (at.into > 0 || at.index == count - 1)
            wrote = pwrite(fd, (const char *)piece->iov_base + at.into, piece->iov_len - at.into,
                           (off_t)(pos + *put));
        else
            wrote = pwritev(fd, piece, count - at.index, (off_t)(pos + *put));
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote < 0)
            return data_error(errno);
        if (wrote == 0)
            return ERR_IO; /* never seen for bytes that are there to write; not a reason to spin */
        *put += (size_t)wrote;
        advance(&at, iov, count, (size_t)wrote);
    }
    return ERR_OK;
}

static enum err posix_size(struct disk_file *file, uint64_t *len)
{
    struct stat st;
    if (fstat(posix_file_of(file)->fd, &st) != 0)
        return data_error(errno);
    *len = (uint64_t)st.st_size;
    return ERR_OK;
}

static bool posix_linked(struct disk_file *file)
{
    struct stat st;
    return fstat(posix_file_of(file)->fd, &st) != 0 || st.st_nlink > 0;
}

static enum err read_waiting(int fd, char *data, size_t len, uint64_t pos, size_t *got)
{
    size_t in = 0;
    while (in < len) {
        ssize_t n = pread(fd, data + in, len - in, (off_t)(pos + in));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return data_error(errno);
        if (n == 0)
            break;
        in += (size_t)n;
    }
    *got = in;
    return ERR_OK;
}

static enum err read_cached(struct posix_file *f, char *data, size_t len, uint64_t pos, size_t *got)
{
    if (atomic_load_explicit(&f->cache_blind, memory_order_relaxed))
        return ERR_AGAIN;
    size_t in = 0;
    while (in < len) {
        struct iovec piece = {.iov_base = data + in, .iov_len = len - in};
        ssize_t n = preadv2(f->fd, &piece, 1, (off_t)(pos + in), RWF_NOWAIT);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && (errno == EOPNOTSUPP || errno == ENOSYS)) {
            atomic_store_explicit(&f->cache_blind, true, memory_order_relaxed);
            return ERR_AGAIN;
        }
        if (n < 0)
            return errno == EAGAIN ? ERR_AGAIN : data_error(errno);
        if (n == 0)
            break;
        in += (size_t)n;
    }
    if (in < len) {
        /* Some kernels answer 0 where EAGAIN is meant, so nothing but the size proves the end. */
        uint64_t size;
        enum err err = posix_size(&f->file, &size);
        if (err != ERR_OK)
            return err;
        if (pos + in < size)
            return ERR_AGAIN;
    }
    *got = in;
    return ERR_OK;
}

static enum err posix_read(struct disk_file *file, void *data, size_t len, uint64_t pos,
                           bool cached, size_t *got)
{
    struct posix_file *f = posix_file_of(file);
    if (cached)
        return read_cached(f, data, len, pos, got);
    return read_waiting(f->fd, data, len, pos, got);
}

static enum err posix_sync(struct disk_file *file)
{
    int rc;
    do
        rc = fdatasync(posix_file_of(file)->fd);
    while (rc != 0 && errno == EINTR);
    return data_result(rc);
}

/* Without the flags that wait: those would take an error away from the sync that has to tell of it. */
static void posix_begin_sync(struct disk_file *file, uint64_t pos, uint64_t len)
{
    int rc =
        sync_file_range(posix_file_of(file)->fd, (off_t)pos, (off_t)len, SYNC_FILE_RANGE_WRITE);
    (void)rc;
}

static enum err posix_truncate(struct disk_file *file, uint64_t len)
{
    int rc;
    do
        rc = ftruncate(posix_file_of(file)->fd, (off_t)len);
    while (rc != 0 && errno == EINTR);
    return data_result(rc);
}

/* --- names ---------------------------------------------------------------------------------- */

static enum err posix_rename(struct disk *d, const char *from, const char *to)
{
    return name_result(renameat(root_of(d), from, root_of(d), to));
}

static enum err posix_unlink(struct disk *d, const char *path)
{
    return name_result(unlinkat(root_of(d), path, 0));
}

static enum err posix_mkdir(struct disk *d, const char *path)
{
    return name_result(mkdirat(root_of(d), path, POSIX_DIR_MODE));
}

static enum err posix_rmdir(struct disk *d, const char *path)
{
    return name_result(unlinkat(root_of(d), path, AT_REMOVEDIR));
}

static int open_dir(int dir_fd, const char *path)
{
    return open_at(dir_fd, path[0] == '\0' ? "." : path, O_RDONLY | O_DIRECTORY);
}

static enum err sync_dir_fd(int fd)
{
    int rc;
    do
        rc = fsync(fd);
    while (rc != 0 && errno == EINTR);
    /* EINVAL: this file system has no such thing, and makes names durable by itself. */
    return rc != 0 && errno == EINVAL ? ERR_OK : data_result(rc);
}

/* A root that is a file system of its own has no name that could be lost. */
static bool has_same_device(int a, int b)
{
    struct stat x, y;
    return fstat(a, &x) == 0 && fstat(b, &y) == 0 && x.st_dev == y.st_dev;
}

/* A parent that we may not read is not ours to sync. */
static enum err sync_root_name(struct posix_disk *p)
{
    int fd = open_dir(p->root_fd, "..");
    if (fd < 0 && errno != EACCES)
        return name_error(errno);
    enum err err = fd >= 0 && has_same_device(fd, p->root_fd) ? sync_dir_fd(fd) : ERR_OK;
    if (fd >= 0)
        close(fd);
    p->root_name = err == ERR_OK ? ROOT_NAME_DURABLE : ROOT_NAME_DOUBTFUL;
    return err;
}

/* No name below the root is durable before its own is. That waits for the first of them, so that a start on a new
 * directory waits for no device. */
static enum err need_root_name(struct posix_disk *p)
{
    pthread_mutex_lock(&p->root_name_lock);
    enum err err = p->root_name == ROOT_NAME_DURABLE    ? ERR_OK
                   : p->root_name == ROOT_NAME_DOUBTFUL ? ERR_IO
                                                        : sync_root_name(p);
    pthread_mutex_unlock(&p->root_name_lock);
    return err;
}

static enum err posix_sync_dir(struct disk *d, const char *path)
{
    enum err err = need_root_name(posix_disk_of(d));
    if (err != ERR_OK)
        return err;
    int fd = open_dir(root_of(d), path);
    if (fd < 0)
        return name_error(errno);
    err = sync_dir_fd(fd);
    close(fd);
    return err;
}

static enum disk_entry_kind entry_kind(int dir_fd, const struct dirent *entry)
{
    struct stat st;
    switch (entry->d_type) {
    case DT_REG:
        return DISK_ENTRY_FILE;
    case DT_DIR:
        return DISK_ENTRY_DIR;
    case DT_UNKNOWN: /* not every file system says */
        if (fstatat(dir_fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0)
            return DISK_ENTRY_OTHER;
        return S_ISREG(st.st_mode)   ? DISK_ENTRY_FILE
               : S_ISDIR(st.st_mode) ? DISK_ENTRY_DIR
                                     : DISK_ENTRY_OTHER;
    default:
        return DISK_ENTRY_OTHER;
    }
}

static enum err posix_list(struct disk *d, const char *path, disk_list_fn *fn, void *ctx)
{
    int fd = open_dir(root_of(d), path);
    if (fd < 0)
        return name_error(errno);
    DIR *dir = fdopendir(fd); /* owns fd from here */
    if (dir == NULL) {
        enum err err = name_error(errno);
        close(fd);
        return err;
    }
    enum err err = ERR_OK;
    for (;;) {
        errno = 0; /* the only way to tell the end from an error */
        const struct dirent *entry = readdir(dir);
        if (entry == NULL) {
            err = errno == 0 ? ERR_OK : name_error(errno);
            break;
        }
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        if (!fn(ctx, entry->d_name, entry_kind(fd, entry)))
            break;
    }
    closedir(dir);
    return err;
}

static enum err posix_lock(struct disk *d, const char *path)
{
    struct posix_disk *p = posix_disk_of(d);
    if (p->lock_count == POSIX_LOCKS_MAX)
        return ERR_FULL;
    int fd = open_at(p->root_fd, path, O_RDWR | O_CREAT);
    if (fd < 0)
        return name_error(errno);
    /* A lock of the open file: unlike a process's it does not vanish when some other descriptor of the
     * same file is closed. */
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    if (fcntl(fd, F_OFD_SETLK, &whole) != 0) {
        bool taken = errno == EAGAIN || errno == EACCES;
        enum err err = taken ? ERR_BUSY : name_error(errno);
        close(fd);
        return err;
    }
    p->locks[p->lock_count++] = fd;
    return ERR_OK;
}

/* --- jobs ----------------------------------------------------------------------------------- */

static void posix_submit(struct disk *d, enum disk_lane lane, struct disk_job *job)
{
    workers_submit(posix_disk_of(d)->workers, lane, job);
}

static size_t posix_reap(struct disk *d)
{
    return workers_reap(posix_disk_of(d)->workers);
}

static size_t posix_wait(struct disk *d)
{
    return workers_wait(posix_disk_of(d)->workers);
}

/* --- life ----------------------------------------------------------------------------------- */

static const struct disk_ops posix_ops = {
    .open = posix_open,
    .close = posix_close,
    .write = posix_write,
    .read = posix_read,
    .sync = posix_sync,
    .begin_sync = posix_begin_sync,
    .truncate = posix_truncate,
    .size = posix_size,
    .linked = posix_linked,
    .rename = posix_rename,
    .unlink = posix_unlink,
    .mkdir = posix_mkdir,
    .rmdir = posix_rmdir,
    .sync_dir = posix_sync_dir,
    .list = posix_list,
    .lock = posix_lock,
    .submit = posix_submit,
    .reap = posix_reap,
    .wait = posix_wait,
};

/* Leaves "" where the system does not say. */
static void read_boot_id(char *boot_id, size_t cap)
{
    boot_id[0] = '\0';
    int fd = open_at(AT_FDCWD, "/proc/sys/kernel/random/boot_id", O_RDONLY);
    if (fd < 0)
        return;
    size_t got = 0;
    if (read_waiting(fd, boot_id, cap - 1, 0, &got) != ERR_OK)
        got = 0;
    boot_id[got] = '\0';
    boot_id[strcspn(boot_id, "\n")] = '\0';
    close(fd);
}

/* Opens the root, after making it if need be, and proves that we may write there. */
static enum err open_root(const char *root, int *root_fd)
{
    if (mkdir(root, POSIX_DIR_MODE) != 0 && errno != EEXIST)
        return name_error(errno);
    int fd = open_dir(AT_FDCWD, root);
    if (fd < 0)
        return name_error(errno);
    enum err err = name_result(faccessat(fd, ".", R_OK | W_OK | X_OK, AT_EACCESS));
    if (err != ERR_OK) {
        close(fd);
        return err;
    }
    *root_fd = fd;
    return ERR_OK;
}

enum err posix_disk_create(const struct posix_disk_options *options, struct disk **disk)
{
    int root_fd = -1;
    enum err err = open_root(options->root, &root_fd);
    if (err != ERR_OK)
        return err;

    const unsigned threads_max[DISK_LANE_COUNT] = {
        [DISK_LANE_SYNC] = options->sync_workers == 0 ? POSIX_SYNC_WORKERS : options->sync_workers,
        [DISK_LANE_BULK] = options->bulk_workers == 0 ? POSIX_BULK_WORKERS : options->bulk_workers,
    };
    struct workers *workers = NULL;
    err = workers_create(threads_max, &workers);
    if (err != ERR_OK) {
        close(root_fd);
        return err;
    }
    struct posix_disk *p = mem_zalloc(1, sizeof(*p));
    p->disk.ops = &posix_ops;
    p->root_fd = root_fd;
    pthread_mutex_init(&p->root_name_lock, NULL);
    p->workers = workers;
    read_boot_id(p->disk.boot_id, sizeof(p->disk.boot_id));
    *disk = &p->disk;
    return ERR_OK;
}

void posix_disk_destroy(struct disk *d)
{
    struct posix_disk *p = posix_disk_of(d);
    workers_destroy(p->workers);
    while (p->lock_count > 0)
        close(p->locks[--p->lock_count]);
    close(p->root_fd);
    pthread_mutex_destroy(&p->root_name_lock);
    mem_free(p);
}

int posix_disk_fd(const struct disk *d)
{
    static_assert(offsetof(struct posix_disk, disk) == 0, "a disk is cast to its driver's struct");
    return workers_fd(((const struct posix_disk *)d)->workers);
}
