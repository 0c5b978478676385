/* SPDX-License-Identifier: BSD-3-Clause */
/* Where a group goes on: said, or moved to. A listing of group, topic, partition, offset (what is committed; null:
 * nothing) and new-offset. */
#ifndef ECHOLOG_CLI_GROUP_RESET_H
#define ECHOLOG_CLI_GROUP_RESET_H

#include "cli/tool_groups.h"

/* Without --execute nothing is changed: the places are worked out as GROUP SEEK would. A topic that is refused does not
 * keep the others from their turn. */
void group_reset_run(struct tool *t, const struct groups_options *o);

#endif
