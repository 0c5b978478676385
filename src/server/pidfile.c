/* SPDX-License-Identifier: BSD-3-Clause */
#include "server/pidfile.h"

#include "base/buf.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static bool write_new(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (fd < 0)
        return false;
    bool ok = dprintf(fd, "%d\n", (int)getpid()) > 0;
    int errnum = errno;
    close(fd);
    if (!ok)
        unlink(path);
    errno = errnum;
    return ok;
}

/* Made beside it and renamed over it, so that nobody reads half a number. */
bool pidfile_write(const char *path)
{
    struct buf made = {0};
    buf_printf(&made, "%s.%d", path, (int)getpid());
    buf_append_char(&made, '\0');
    unlink(made.data); /* of a process of that number that died here */
    bool ok = write_new(made.data);
    if (ok && rename(made.data, path) != 0) {
        int errnum = errno;
        unlink(made.data);
        errno = errnum;
        ok = false;
    }
    buf_deinit(&made);
    return ok;
}

static long read_pid(const char *path)
{
    char text[32];
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return -1;
    ssize_t len = read(fd, text, sizeof(text) - 1);
    close(fd);
    text[len < 0 ? 0 : len] = '\0';
    return strtol(text, NULL, 10);
}

void pidfile_remove(const char *path)
{
    if (read_pid(path) == (long)getpid())
        unlink(path);
}
