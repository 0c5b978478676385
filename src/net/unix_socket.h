/* SPDX-License-Identifier: BSD-3-Clause */
/* Listening on a Unix socket: a file that programs of this machine connect to. */
#ifndef ECHOLOG_NET_UNIX_SOCKET_H
#define ECHOLOG_NET_UNIX_SOCKET_H

#include "net/listener.h"
#include <sys/types.h>

struct unix_socket;

struct unix_socket_options {
    const char *path;
    mode_t perm; /* of the file; 0: as the umask leaves it */
    int backlog;
    struct listener_owner owner;
};

/* A socket that nobody listens on any more is replaced.
 * ERR_EXISTS     somebody listens on it
 * ERR_INVALID    there is something else under that name
 * ERR_TOO_LARGE  the path is longer than the system takes
 * ERR_NOT_FOUND, ERR_ACCESS  as the system says of its directory */
MUST_CHECK
enum err unix_socket_listen(struct reactor *r, const struct unix_socket_options *options,
                            struct unix_socket **socket);
/* Removes the file, unless it is somebody else's by now. */
void unix_socket_close(struct unix_socket *u);

#endif
