/* SPDX-License-Identifier: BSD-3-Clause */
/* What a supervisor is told, by the protocol of sd_notify(3): assignments in datagrams to a socket. One
 * that was not asked for, or that cannot be reached, is told nothing: all calls are harmless then. */
#ifndef ECHOLOG_SERVER_NOTIFY_H
#define ECHOLOG_SERVER_NOTIFY_H

#include "base/check.h"
#include <stdbool.h>
#include <stdint.h>

/* How much longer than planned a step of the start may take, told before each. */
#define NOTIFY_STEP_S 300

struct notify {
    int fd;              /* owned; -1: nobody is told */
    int64_t watchdog_us; /* between two signs of life; 0: none are wanted */
    int64_t next_ping_us;
    int64_t next_step_us;
};

/* `socket`, `watchdog_us` and `watchdog_pid` are the variables NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID,
 * NULL when not set. False, with errno: the socket cannot be reached. */
MUST_CHECK
bool notify_open(struct notify *n, const char *socket, const char *watchdog_us,
                 const char *watchdog_pid);
void notify_none(struct notify *n); /* nobody is told */
void notify_close(struct notify *n);

/* The start goes on: `partitions` are open. Told at most once a second. */
void notify_step(struct notify *n, int64_t mono_us, uint64_t partitions);
/* Clients are served; `status` is for people. */
void notify_ready(const struct notify *n, const char *status);
/* Before and after (notify_ready) something is read anew. */
void notify_reloading(const struct notify *n, int64_t mono_us);
void notify_stopping(const struct notify *n);

/* Once per turn: a sign of life when one is due. A loop that stands still gives none. */
void notify_turn(struct notify *n, int64_t mono_us);
/* `wait_us` (negative: for ever), or less where a sign of life is due before that. */
int64_t notify_wait_us(const struct notify *n, int64_t mono_us, int64_t wait_us);

#endif
