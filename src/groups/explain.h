/* SPDX-License-Identifier: BSD-3-Clause */
/* GROUP EXPLAIN: why a group is (not) moving, in sentences. */
#ifndef ECHOLOG_GROUPS_EXPLAIN_H
#define ECHOLOG_GROUPS_EXPLAIN_H

#include "groups/groups.h"

#define EXPLAIN_SENTENCES_MAX 100 /* the last one then says that there is more */

/* Calls `say` for each sentence, the weightiest first; at least one. */
void group_explain(const struct group *g, void (*say)(void *ctx, struct bytes sentence), void *ctx);

#endif
