/* SPDX-License-Identifier: BSD-3-Clause */
/* Where a group goes on: said, moved to, or forgotten. What becomes of each partition is a row: group, topic, partition,
 * offset (what is committed; null: nothing) and, but for what is forgotten, new-offset. A topic that is refused does not
 * keep the others from their turn. */
#ifndef ECHOLOG_CLI_GROUP_RESET_H
#define ECHOLOG_CLI_GROUP_RESET_H

#include "cli/tool_groups.h"

/* Without --execute nothing is changed: the places are worked out as GROUP SEEK would. */
void group_reset(struct tool *t, const struct groups_options *o, const char *group,
                 struct reply *rows);
/* The rows as lines of topic,partition,offset, as --from-file reads them. */
void group_reset_export(struct tool *t, const struct reply *rows);
void group_forget(struct tool *t, const struct groups_options *o, const char *group,
                  struct reply *rows);

#endif
