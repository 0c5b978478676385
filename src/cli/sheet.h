/* SPDX-License-Identifier: BSD-3-Clause */
/* A description (a map of RESP3, or several) for people: single values as lines, what is there several times as a
 * table, each with the names that the server gave.
 *
 *   group       billing
 *   lag         5
 *   partitions
 *     topic   partition  committed  end  lag  owner
 *     orders          0          -    2    2  m1 */
#ifndef ECHOLOG_CLI_SHEET_H
#define ECHOLOG_CLI_SHEET_H

#include "cli/style.h"
#include "resp/reply.h"

/* False, and nothing is appended: the reply is neither a map nor an array of maps. */
bool sheet_print(struct buf *out, const struct style *style, const struct reply *reply);

#endif
