/* SPDX-License-Identifier: BSD-3-Clause */
/* How many descriptors the system allows, and so how many clients. */
#ifndef ECHOLOG_SERVER_FILE_LIMIT_H
#define ECHOLOG_SERVER_FILE_LIMIT_H

#include "base/trace.h"
#include "config/config_part.h"

/* Raises the process's limit to what the configuration wants. Where the system does not allow as much,
 * maxclients is lowered, which is traced. */
void file_limit_fit(struct config *c, struct trace *trace);
/* Takes part in changes: more clients than the system allows are refused. */
void file_limit_part_init(struct config_part *part);

#endif
