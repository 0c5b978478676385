/* SPDX-License-Identifier: BSD-3-Clause */
/* How many descriptors the system allows, and so how many clients. */
#ifndef ECHOLOG_SERVER_FILE_LIMIT_H
#define ECHOLOG_SERVER_FILE_LIMIT_H

#include "base/trace.h"
#include "config/config_part.h"

/* Raises the process's limit to what the configuration wants, and more for segments that are written to, of
 * which there may be many. Where the system does not allow as much for clients, maxclients is lowered, which is traced.
 * Returns how many descriptors there are for the log. */
int64_t file_limit_fit(struct config *c, struct trace *trace);
/* Takes part in changes: more clients than the system allows are refused. */
void file_limit_part_init(struct config_part *part);

#endif
