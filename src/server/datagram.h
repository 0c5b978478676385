/* SPDX-License-Identifier: BSD-3-Clause */
/* Datagrams to a Unix socket of this machine: how a supervisor and the system's logger are told things.
 * Sending never waits: a receiver that does not read must not hold the server. */
#ifndef ECHOLOG_SERVER_DATAGRAM_H
#define ECHOLOG_SERVER_DATAGRAM_H

#include "base/check.h"
#include <stdbool.h>
#include <stddef.h>

/* A descriptor connected to the socket at `path` ('@' first: a name in the abstract space), or -1 with
 * errno set. */
MUST_CHECK
int datagram_connect(const char *path);
/* False with errno set; EAGAIN: the receiver has too much to read already. */
MUST_CHECK
bool datagram_send(int fd, const void *data, size_t len);

#endif
