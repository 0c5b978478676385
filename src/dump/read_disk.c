/* SPDX-License-Identifier: BSD-3-Clause */
#include "dump/read_disk.h"

#include "base/mem.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

struct read_disk {
    struct disk disk;
    int root_fd; /* owned */
};

struct read_file {
    struct disk_file file;
    int fd; /* owned */
};

static int root_of(struct disk *d)
{
    return CONTAINER_OF(d, struct read_disk, disk)->root_fd;
}

static int fd_of(struct disk_file *file)
{
    return CONTAINER_OF(file, struct read_file, file)->fd;
}

static enum err read_disk_open(struct disk *d, const char *path, unsigned flags,
                               struct disk_file **file)
{
    struct stat st;
    ASSERT(flags == DISK_READ);
    /* A pipe of that name would make a plain open wait. */
    int fd = openat(root_of(d), path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return err_from_errno(errno);
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        close(fd);
        return ERR_INVALID;
    }
    struct read_file *f = mem_zalloc(1, sizeof(*f));
    f->file.disk = d;
    f->fd = fd;
    *file = &f->file;
    return ERR_OK;
}

static void read_disk_close(struct disk_file *file)
{
    struct read_file *f = CONTAINER_OF(file, struct read_file, file);
    close(f->fd);
    mem_free(f);
}

static enum err read_disk_read(struct disk_file *file, void *data, size_t len, uint64_t pos,
                               bool cached, size_t *got)
{
    char *to = data;
    size_t done = 0;
    (void)cached;
    while (done < len) {
        ssize_t n = pread(fd_of(file), to + done, len - done, (off_t)(pos + done));
        if (n == 0)
            break;
        if (n < 0 && errno != EINTR)
            return ERR_IO;
        done += n < 0 ? 0 : (size_t)n;
    }
    *got = done;
    return ERR_OK;
}

static enum err read_disk_size(struct disk_file *file, uint64_t *len)
{
    struct stat st;
    if (fstat(fd_of(file), &st) != 0)
        return ERR_IO;
    *len = (uint64_t)st.st_size;
    return ERR_OK;
}

static enum disk_entry_kind entry_kind(int dir_fd, const struct dirent *entry)
{
    struct stat st;
    if (entry->d_type == DT_REG)
        return DISK_ENTRY_FILE;
    if (entry->d_type == DT_DIR)
        return DISK_ENTRY_DIR;
    /* Some file systems do not say; and what a link leads to counts. */
    if (fstatat(dir_fd, entry->d_name, &st, 0) != 0)
        return DISK_ENTRY_OTHER;
    return S_ISREG(st.st_mode)   ? DISK_ENTRY_FILE
           : S_ISDIR(st.st_mode) ? DISK_ENTRY_DIR
                                 : DISK_ENTRY_OTHER;
}

static enum err read_disk_list(struct disk *d, const char *path, disk_list_fn *fn, void *ctx)
{
    int fd = openat(root_of(d), path[0] == '\0' ? "." : path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd); /* owns fd from here */
    if (dir == NULL) {
        enum err err = err_from_errno(errno);
        if (fd >= 0)
            close(fd);
        return err;
    }
    const struct dirent *entry;
    errno = 0; /* the only way to tell the end from an error */
    while ((entry = readdir(dir)) != NULL) {
        bool dots = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
        if (!dots && !fn(ctx, entry->d_name, entry_kind(fd, entry)))
            break;
        errno = 0;
    }
    enum err err = entry != NULL || errno == 0 ? ERR_OK : ERR_IO;
    closedir(dir);
    return err;
}

static const struct disk_ops read_disk_ops = {
    .open = read_disk_open,
    .close = read_disk_close,
    .read = read_disk_read,
    .size = read_disk_size,
    .list = read_disk_list,
};

enum err read_disk_create(const char *root, struct disk **disk)
{
    int fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return err_from_errno(errno);
    struct read_disk *d = mem_zalloc(1, sizeof(*d));
    d->disk.ops = &read_disk_ops;
    d->root_fd = fd;
    *disk = &d->disk;
    return ERR_OK;
}

void read_disk_destroy(struct disk *d)
{
    struct read_disk *own = CONTAINER_OF(d, struct read_disk, disk);
    close(own->root_fd);
    mem_free(own);
}
