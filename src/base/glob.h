/* SPDX-License-Identifier: BSD-3-Clause */
/* Redis-style glob patterns: ? * [abc] [^a] [a-z] and \ to quote. Time is at most proportional to
 * pattern length times text length, whatever the pattern. */
#ifndef ECHOLOG_BASE_GLOB_H
#define ECHOLOG_BASE_GLOB_H

#include "base/bytes.h"
#include <stdbool.h>

bool glob_match(struct bytes pattern, struct bytes text);
bool glob_match_nocase(struct bytes pattern, struct bytes text); /* ASCII case does not count */

#endif
