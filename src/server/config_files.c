/* SPDX-License-Identifier: BSD-3-Clause */
#include "server/config_files.h"

#include "base/mem.h"
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_MODE 0644 /* of one that was not there */

static enum err failed(struct buf *why, int errnum)
{
    buf_append_string(why, strerror(errnum));
    return ERR_INVALID;
}

/* --- reading -------------------------------------------------------------------------------- */

static enum err read_all(int fd, struct buf *text, struct buf *why)
{
    for (;;) {
        ssize_t got = read(fd, buf_reserve(text, 4096), 4096);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return failed(why, errno);
        if (got == 0)
            return ERR_OK;
        text->len += (size_t)got;
        if (text->len > CONFIG_FILE_BYTES_MAX) {
            buf_append_string(why, "it is longer than 1 MiB");
            return ERR_INVALID;
        }
    }
}

static enum err read_file(const struct config_files *f, const char *path, struct buf *text,
                          struct buf *id, struct buf *why)
{
    (void)f;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        enum err err = errno == ENOENT ? ERR_NOT_FOUND : ERR_INVALID;
        buf_append_string(why, strerror(errno));
        return err;
    }
    struct stat st;
    enum err err = fstat(fd, &st) != 0 ? failed(why, errno) : read_all(fd, text, why);
    if (err == ERR_OK)
        buf_printf(id, "%llu:%llu", (unsigned long long)st.st_dev, (unsigned long long)st.st_ino);
    close(fd);
    return err;
}

/* A directory that is not there matches nothing; what one holds that cannot be read is not known. */
static int is_unknown(const char *path, int errnum)
{
    (void)path;
    return errnum != ENOENT;
}

static enum err match_files(const struct config_files *f, const char *pattern,
                            enum err (*found)(void *ctx, const char *path), void *ctx)
{
    (void)f;
    glob_t matches;
    int result = glob(pattern, 0, is_unknown, &matches);
    enum err err = result == 0 || result == GLOB_NOMATCH ? ERR_OK : ERR_ACCESS;
    if (result == 0)
        for (size_t i = 0; err == ERR_OK && i < matches.gl_pathc; i++)
            err = found(ctx, matches.gl_pathv[i]);
    globfree(&matches);
    return err;
}

enum err config_files_read_stdin(struct buf *text, struct buf *why)
{
    return read_all(STDIN_FILENO, text, why);
}

/* --- replacing ------------------------------------------------------------------------------ */

static bool write_all(int fd, struct bytes text)
{
    while (text.len > 0) {
        ssize_t put = write(fd, text.data, text.len);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return false;
        text = bytes_of(text.data + put, text.len - (size_t)put);
    }
    return true;
}

/* An owner that cannot be kept is no reason to fail where we own the file ourselves. */
static bool keep_owner(int fd, const struct stat *old)
{
    struct stat now;
    if (fstat(fd, &now) != 0)
        return false;
    if (now.st_uid == old->st_uid && now.st_gid == old->st_gid)
        return true;
    return fchown(fd, old->st_uid, old->st_gid) == 0;
}

/* Owner before mode: changing the owner takes some bits of the mode away. */
static bool fill(int fd, const char *path, struct bytes text)
{
    struct stat old;
    if (stat(path, &old) == 0) {
        if (!keep_owner(fd, &old) || fchmod(fd, old.st_mode & 07777) != 0)
            return false;
    } else if (errno != ENOENT || fchmod(fd, FILE_MODE) != 0) {
        return false;
    }
    return write_all(fd, text) && fsync(fd) == 0;
}

/* The name in its directory is durable when this returns true. */
static bool sync_directory_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *dir = slash == NULL   ? mem_strdup(".")
                : slash == path ? mem_strdup("/")
                                : mem_strndup(path, (size_t)(slash - path));
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    mem_free(dir);
    if (fd < 0)
        return false;
    bool synced = fsync(fd) == 0;
    int errnum = errno;
    close(fd);
    errno = errnum;
    return synced;
}

/* A new file is written beside it and takes its name. */
static enum err replace_file(const struct config_files *f, const char *path, struct bytes text,
                             struct buf *why)
{
    (void)f;
    if (text.len > CONFIG_FILE_BYTES_MAX) {
        buf_append_string(why, "it would be longer than 1 MiB");
        return ERR_INVALID;
    }
    struct buf name = {0};
    buf_printf(&name, "%s.XXXXXX", path);
    buf_append_char(&name, '\0');
    int fd = mkostemp(name.data, O_CLOEXEC);
    enum err err = fd < 0 ? failed(why, errno) : ERR_OK;
    if (err == ERR_OK && (!fill(fd, path, text) || rename(name.data, path) != 0)) {
        err = failed(why, errno);
        unlink(name.data);
    } else if (err == ERR_OK && !sync_directory_of(path)) {
        err = failed(why, errno);
    }
    if (fd >= 0)
        close(fd);
    buf_deinit(&name);
    return err;
}

const struct config_files config_files = {
    .read = read_file, .match = match_files, .replace = replace_file};
