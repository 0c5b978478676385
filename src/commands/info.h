/* SPDX-License-Identifier: BSD-3-Clause */
/* INFO: figures in sections, under Redis's names where Redis has the figure, so that what reads Redis's INFO reads
 * ours. What Redis counts and this server has nothing of is there with the value that is true: 0, mostly. */
#ifndef ECHOLOG_COMMANDS_INFO_H
#define ECHOLOG_COMMANDS_INFO_H

#include "base/buf.h"
#include "commands/memory_overview.h"
#include "commands/services.h"

/* What Redis this server speaks like: client libraries and tools read it from INFO to see what they may
 * use. The server's own version stands beside it. */
#define INFO_REDIS_LEVEL "7.0.15"

struct info {
    struct buf text;
    struct services *sv;
    struct process_figures process;
    struct clients_overview clients;
};

void info_field(struct info *i, const char *name, uint64_t value);
void info_text(struct info *i, const char *name, const char *value);
void info_ratio(struct info *i, const char *name, double value); /* two decimals */
/* Under the name, and as "1.42M" under the name with "_human" behind it. */
void info_bytes(struct info *i, const char *name, uint64_t bytes);

/* The sections. */
void info_server(struct info *i);
void info_clients(struct info *i);
void info_memory(struct info *i);
void info_persistence(struct info *i);
void info_stats(struct info *i);
void info_replication(struct info *i);
void info_cpu(struct info *i);
void info_modules(struct info *i);
void info_commandstats(struct info *i);
void info_errorstats(struct info *i);
void info_latencystats(struct info *i);
void info_cluster(struct info *i);
void info_keyspace(struct info *i);
void info_log(struct info *i);
void info_topics(struct info *i);
void info_groups(struct info *i);

#endif
