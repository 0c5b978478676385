/* SPDX-License-Identifier: BSD-3-Clause */
/* A point in time as people write it:
 *
 *   2026-01-31  2026-01-31T10:00  2026-01-31T10:00:00.250  2026-01-31T10:00:00Z  2026-01-31T10:00:00+02:00
 *   1769853600000                 milliseconds since 1970
 *   90s  10m  2h  1d  P1DT2H30M   so long ago, the last as ISO 8601 has durations
 *
 * Without a zone it is UTC. */
#ifndef ECHOLOG_CLI_MOMENT_H
#define ECHOLOG_CLI_MOMENT_H

#include "base/check.h"
#include <stdbool.h>
#include <stdint.h>

#define MOMENT_EXAMPLES "2026-01-31T10:00:00, milliseconds since 1970, or 10m for so long ago"

/* False, and *ms is left alone: it is none of these. */
MUST_CHECK
bool moment_parse(const char *text, int64_t now_ms, int64_t *ms);
/* The same for those that say how long ago. */
MUST_CHECK
bool moment_parse_ago(const char *text, int64_t now_ms, int64_t *ms);
int64_t moment_now_ms(void);

#endif
