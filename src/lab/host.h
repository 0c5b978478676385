/* SPDX-License-Identifier: BSD-3-Clause */
/* The course's own server: a process on a directory that is thrown away, on the loopback interface and a free port.
 * It ends with this process, however that ends. */
#ifndef ECHOLOG_LAB_HOST_H
#define ECHOLOG_LAB_HOST_H

#include "base/check.h"
#include "base/err.h"
#include <stdbool.h>
#include <sys/types.h>

#define HOST_PATH_BYTES 512
#define HOST_WHY_BYTES 1024
#define HOST_START_MS_MAX 30000 /* until it takes connections */
#define HOST_STOP_MS_MAX 10000  /* then it is killed */

/* Zero-initialised is valid: not started. */
struct host {
    char program[HOST_PATH_BYTES];
    char dir[HOST_PATH_BYTES]; /* "": there is none */
    pid_t pid;                 /* 0: not running */
    int port;                  /* kept over restarts; 0 before the first */
    char why[HOST_WHY_BYTES];  /* what went wrong */
};

/* Starts the echolog-server that lies beside this program, or else the one in PATH, and waits until it takes
 * connections; on the data that it left, when it ran before. `why` says what failed. An interrupt ends the wait.
 * ERR_NOT_FOUND  there is no such program
 * ERR_IO         it did not start; it is not running */
MUST_CHECK
enum err host_start(struct host *h, int interrupt_fd);
/* Ends it in peace (SIGTERM), or at once (SIGKILL); the data stays. Harmless when it is not running. */
void host_stop(struct host *h);
void host_kill(struct host *h);
/* Ends it and removes the directory. */
void host_remove(struct host *h);

#endif
