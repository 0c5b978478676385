/* SPDX-License-Identifier: BSD-3-Clause */
#include "server/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void daemon_none(struct daemon *d)
{
    d->ready_fd = -1;
}

static enum daemon_role refuse(int *status)
{
    fprintf(stderr, "echolog-server: cannot go to the background: %s\n", strerror(errno));
    *status = EXIT_FAILURE;
    return DAEMON_CALLER;
}

/* A byte comes when the server serves; the end without one says that it does not live any more. */
static int await_ready(int fd)
{
    char byte;
    ssize_t got;
    do {
        got = read(fd, &byte, 1);
    } while (got < 0 && errno == EINTR);
    close(fd);
    if (got == 1)
        return EXIT_SUCCESS;
    fprintf(stderr, "echolog-server: the start failed\n");
    return EXIT_FAILURE;
}

/* The second fork makes it a process that leads no session and so never gets a terminal. */
enum daemon_role daemon_detach(struct daemon *d, int *status)
{
    int ends[2];
    daemon_none(d);
    if (pipe2(ends, O_CLOEXEC) != 0)
        return refuse(status);
    pid_t child = fork();
    if (child < 0) {
        close(ends[0]);
        close(ends[1]);
        return refuse(status);
    }
    if (child > 0) {
        close(ends[1]);
        *status = await_ready(ends[0]);
        return DAEMON_CALLER;
    }
    close(ends[0]);
    setsid();
    child = fork();
    if (child < 0)
        return refuse(status);
    if (child > 0) {
        *status = EXIT_SUCCESS; /* of the one between, which nobody asks */
        return DAEMON_CALLER;
    }
    d->ready_fd = ends[1];
    return DAEMON_SERVER;
}

void daemon_ready(struct daemon *d)
{
    if (d->ready_fd < 0)
        return;
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    for (int fd = STDIN_FILENO; null >= 0 && fd <= STDERR_FILENO; fd++)
        dup2(null, fd);
    if (null > STDERR_FILENO)
        close(null);
    ssize_t told = write(d->ready_fd, "1", 1);
    (void)told; /* a caller that did not wait has no use for it */
    close(d->ready_fd);
    daemon_none(d);
}
