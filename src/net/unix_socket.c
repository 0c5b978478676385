/* SPDX-License-Identifier: BSD-3-Clause */
/* Unix sockets: the file under the listener. */
#include "net/unix_socket.h"

#include "base/mem.h"
#include "net/socket_stream.h"
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct unix_socket {
    struct listener *listener; /* owned */
    char *path;                /* owned */
    dev_t device;              /* these two say whether the file is still ours */
    ino_t inode;
};

/* Whether somebody accepts connections there: a socket without anybody refuses them. A full backlog is
 * somebody too. */
static bool is_listened_on(const union socket_address *address)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return true;
    bool refused = connect(fd, &address->any, sizeof(address->un)) != 0 && errno == ECONNREFUSED;
    close(fd);
    return !refused;
}

/* Makes the name free, when what stands there is a socket that was left behind. */
static enum err clear_name(const union socket_address *address)
{
    struct stat st;
    if (lstat(address->un.sun_path, &st) != 0)
        return errno == ENOENT ? ERR_OK : err_from_errno(errno);
    if (!S_ISSOCK(st.st_mode))
        return ERR_INVALID;
    if (is_listened_on(address))
        return ERR_EXISTS;
    return unlink(address->un.sun_path) == 0 || errno == ENOENT ? ERR_OK : err_from_errno(errno);
}

static enum err bind_error(int errnum)
{
    return errnum == EADDRINUSE ? ERR_EXISTS : err_from_errno(errnum);
}

/* Between bind and listen nobody can connect, so the permissions are there before the first client. */
static enum err open_listening(const struct unix_socket_options *options, int *listening,
                               struct stat *st)
{
    union socket_address address = {.un.sun_family = AF_UNIX};
    size_t len = strlen(options->path);
    if (len == 0)
        return ERR_INVALID;
    if (len >= sizeof(address.un.sun_path))
        return ERR_TOO_LARGE;
    memcpy(address.un.sun_path, options->path, len + 1);
    enum err err = clear_name(&address);
    if (err != ERR_OK)
        return err;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return err_from_errno(errno);
    if (bind(fd, &address.any, sizeof(address.un)) != 0) {
        err = bind_error(errno);
        close(fd);
        return err;
    }
    if ((options->perm != 0 && chmod(options->path, options->perm) != 0) ||
        listen(fd, options->backlog) != 0 || lstat(options->path, st) != 0) {
        err = err_from_errno(errno);
        unlink(options->path);
        close(fd);
        return err;
    }
    *listening = fd;
    return ERR_OK;
}

enum err unix_socket_listen(struct reactor *r, const struct unix_socket_options *options,
                            struct unix_socket **socket)
{
    int fd = -1;
    struct stat st;
    struct listener *listener = NULL;
    enum err err = open_listening(options, &fd, &st);
    if (err != ERR_OK)
        return err;
    err = listener_create(r, fd, &options->owner, &listener);
    if (err != ERR_OK) {
        unlink(options->path);
        close(fd);
        return err;
    }
    struct unix_socket *u = mem_zalloc(1, sizeof(*u));
    *u = (struct unix_socket){.listener = listener,
                              .path = mem_strdup(options->path),
                              .device = st.st_dev,
                              .inode = st.st_ino};
    *socket = u;
    return ERR_OK;
}

void unix_socket_close(struct unix_socket *u)
{
    struct stat st;
    if (lstat(u->path, &st) == 0 && st.st_dev == u->device && st.st_ino == u->inode)
        unlink(u->path);
    listener_close(u->listener);
    mem_free(u->path);
    mem_free(u);
}
