/* SPDX-License-Identifier: BSD-3-Clause */
/* How much memory single things take, for MEMORY USAGE, and what MEMORY DOCTOR says of the whole. */
#ifndef ECHOLOG_COMMANDS_MEMORY_USAGE_H
#define ECHOLOG_COMMANDS_MEMORY_USAGE_H

#include "commands/memory_overview.h"

/* The topic's own structures, and of each partition the descriptions of its segments, records that wait to be
 * written, and recent ones kept for readers. Not what is stored on disk. Up to `samples` partitions are looked at,
 * the others taken to be like them. */
size_t topic_memory(const struct topic *t, int64_t samples);
/* The group with its members, and per partition what is committed and who has it. `samples` as above. */
size_t group_memory(const struct group *g, int64_t samples);

void memory_report(struct buf *text, const struct process_figures *process,
                   const struct memory_overview *m, size_t clients);

#endif
