/* SPDX-License-Identifier: BSD-3-Clause */
/* Mass insertion (--pipe): commands as RESP or as inline lines, sent as fast as the server takes them, while their
 * replies are only counted. An ECHO of a word that nobody knows marks the end. */
#ifndef ECHOLOG_CLI_MASS_H
#define ECHOLOG_CLI_MASS_H

#include "cli/connection.h"
#include <stdio.h>

#define MASS_READ_BYTES (64 * 1024)
#define MASS_TIMEOUT_S_DEFAULT 30

/* Sends all of `input_fd` over the open connection. What redis-cli prints of it goes to `to`, each error reply to
 * `errors`. When all is sent and no reply comes for `timeout_ms` it gives up (-1: never). Returns the exit status:
 * EXIT_STATUS_REFUSED when a reply was an error. */
int mass_run(struct connection *c, int input_fd, int64_t timeout_ms, FILE *to, FILE *errors);

#endif
