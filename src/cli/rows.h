/* SPDX-License-Identifier: BSD-3-Clause */
/* Records for people, a row each:
 *
 *   partition  offset  time                      key    value      headers
 *   orders/0        0  2026-01-01T00:00:00.000Z  "ann"  "a book"   "shop"="north"
 *   orders/1        7  2026-01-01T00:00:00.417Z  (nil)  "a lamp"
 *
 * An error that stands in the place of a partition's records has a line of its own below. */
#ifndef ECHOLOG_CLI_ROWS_H
#define ECHOLOG_CLI_ROWS_H

#include "cli/style.h"
#include "resp/reply.h"

/* What FETCH answers: records of the partition that its arguments name. False, and nothing is appended: the reply
 * is something else, or has no records. */
bool rows_print_records(struct buf *out, const struct style *style, struct bytes topic,
                        struct bytes partition, const struct reply *reply);
/* The same for MFETCH and CONSUME: [[topic, partition, [record, ...] | error], ...]. */
bool rows_print_partitions(struct buf *out, const struct style *style, const struct reply *reply);

#endif
