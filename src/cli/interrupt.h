/* SPDX-License-Identifier: BSD-3-Clause */
/* The user wants to stop (Ctrl-C, SIGTERM): a byte waits in a pipe that main.c fills from its signal
 * handler. So whatever waits can wait for it too, without a race and without shared state. */
#ifndef ECHOLOG_CLI_INTERRUPT_H
#define ECHOLOG_CLI_INTERRUPT_H

#include <stdbool.h>

/* Both take the pipe's non-blocking read end; -1 is never interrupted. */
bool interrupt_pending(int fd);
void interrupt_clear(int fd);

#endif
