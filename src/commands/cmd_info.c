/* SPDX-License-Identifier: BSD-3-Clause */
/* INFO: figures in sections, under Redis's names where Redis has the figure. */
#include "commands/handlers.h"

#include "groups/lag.h"
#include <stdlib.h>

/* What Redis this server speaks like: client libraries and tools read it from INFO to see what they may
 * use. The server's own version stands beside it. */
#define REDIS_LEVEL "7.0.15"

struct info {
    struct buf text;
    struct services *sv;
    struct process_figures process;
};

static void field(struct info *i, const char *name, uint64_t value)
{
    buf_printf(&i->text, "%s:%llu\r\n", name, (unsigned long long)value);
}

static void field_text(struct info *i, const char *name, const char *value)
{
    buf_printf(&i->text, "%s:%s\r\n", name, value);
}

/* As "1.42M", under the name with "_human" behind it too. */
static void field_bytes(struct info *i, const char *name, uint64_t bytes)
{
    static const char units[] = "BKMGTP";
    double value = (double)bytes;
    size_t unit = 0;
    for (; value >= 1024 && unit + 2 < sizeof(units); unit++)
        value /= 1024;
    field(i, name, bytes);
    buf_printf(&i->text, "%s_human:%.*f%c\r\n", name, unit == 0 ? 0 : 2, value, units[unit]);
}

/* --- the process and its clients ------------------------------------------------------------- */

static void write_server(struct info *i)
{
    struct services *sv = i->sv;
    int64_t uptime_s = (sv->clock->mono_us - sv->started_us) / 1000000;
    field_text(i, "redis_version", REDIS_LEVEL);
    field_text(i, "server_name", "echolog");
    field_text(i, "echolog_version", ECHOLOG_VERSION);
    field_text(i, "redis_mode", "standalone");
    field_text(i, "os", i->process.os);
    field(i, "arch_bits", sizeof(void *) * 8);
    field_text(i, "multiplexing_api", "epoll");
    field_text(i, "gcc_version", __VERSION__);
    field(i, "process_id", (uint64_t)i->process.pid);
    field(i, "threads", (uint64_t)i->process.threads);
    field_text(i, "run_id", sv->run_id);
    field(i, "tcp_port", (uint64_t)sv->port);
    field(i, "server_time_usec", (uint64_t)sv->clock->wall_us);
    field(i, "started_time_ms", (uint64_t)sv->started_wall_ms);
    field(i, "uptime_in_seconds", (uint64_t)uptime_s);
    field(i, "uptime_in_days", (uint64_t)uptime_s / 86400);
    field(i, "loop_turns", sv->turns);
    field_text(i, "config_file", sv->config_file);
}

static void write_clients(struct info *i)
{
    const struct sessions *sessions = i->sv->sessions;
    size_t input_max = 0, output_max = 0, subscribers = 0;
    LIST_EACH (it, &sessions->all) {
        const struct session *s = CONTAINER_OF(it, struct session, in_all);
        if (session_input_bytes(s) > input_max)
            input_max = session_input_bytes(s);
        if (out_len(&s->out) > output_max)
            output_max = out_len(&s->out);
        subscribers += session_is_subscriber(s);
    }
    field(i, "connected_clients", sessions->count);
    field(i, "peak_clients", sessions->stats.peak_clients);
    field(i, "maxclients", (uint64_t)i->sv->config->maxclients);
    field(i, "client_recent_max_input_buffer", input_max);
    field(i, "client_recent_max_output_buffer", output_max);
    field(i, "blocked_clients", sessions->blocked + sessions->pause.postponed_count);
    field(i, "pubsub_clients", subscribers);
    field(i, "tracking_clients", sessions->tracking);
}

static struct recorder_stats recorded(const struct info *i)
{
    struct recorder_stats stats;
    recorder_stats(i->sv->recorder, &stats);
    return stats;
}

static void write_memory(struct info *i)
{
    const struct process_figures *p = &i->process;
    size_t used = p->memory_allocated > 0 ? p->memory_allocated : p->memory_resident;
    size_t clients = 0;
    LIST_EACH (it, &i->sv->sessions->all)
        clients += session_memory(CONTAINER_OF(it, struct session, in_all));
    field_bytes(i, "used_memory", used);
    field_bytes(i, "used_memory_rss", p->memory_resident);
    field_bytes(i, "used_memory_peak", p->memory_peak);
    field(i, "mem_clients_normal", clients);
    field(i, "mem_log_tail", storage_stats(i->sv->storage)->tail_bytes);
    field(i, "mem_log_pending", storage_stats(i->sv->storage)->pending_bytes);
    field(i, "mem_pubsub_waiting", recorded(i).waiting_bytes);
    field(i, "maxmemory", (uint64_t)i->sv->config->maxmemory);
    buf_printf(&i->text, "mem_fragmentation_ratio:%.2f\r\n",
               used > 0 ? (double)p->memory_resident / (double)used : 0.0);
    field_text(i, "mem_allocator", p->allocator);
}

static void write_persistence(struct info *i)
{
    field(i, "loading", 0);
    field(i, "async_loading", 0);
    field(i, "rdb_bgsave_in_progress", 0);
    field(i, "aof_enabled", 0);
    field(i, "aof_rewrite_in_progress", 0);
}

static void write_follow_stats(struct info *i)
{
    const struct follows_stats *s = follows_stats(i->sv->follows);
    field(i, "followed_partitions", follows_partition_count(i->sv->follows));
    field(i, "followed_records", s->records);
    field(i, "follow_reads", s->reads);
    field(i, "follow_frames_shared", s->frames_shared);
    field(i, "follow_stalls", s->stalls);
    field(i, "follow_lost_ranges", s->lost_ranges);
    field(i, "follow_lost_offsets", s->lost_offsets);
}

static void write_stats(struct info *i)
{
    const struct sessions_stats *s = &i->sv->sessions->stats;
    const struct pubsub_stats *p = pubsub_stats(i->sv->pubsub);
    field(i, "total_connections_received", s->connections);
    field(i, "total_commands_processed", s->commands);
    field(i, "total_net_input_bytes", s->bytes_in);
    field(i, "total_net_output_bytes", s->bytes_out);
    field(i, "rejected_connections", s->rejected);
    field(i, "evicted_clients", s->evicted);
    field(i, "pubsub_channels", pubsub_name_count(i->sv->pubsub, PUBSUB_CHANNEL));
    field(i, "pubsub_patterns",
          pubsub_pattern_count(i->sv->pubsub) + follows_pattern_count(i->sv->follows));
    field(i, "pubsubshard_channels", pubsub_name_count(i->sv->pubsub, PUBSUB_SHARD));
    field(i, "pubsub_messages", p->messages);
    field(i, "pubsub_deliveries", p->deliveries);
    field(i, "pubsub_recorded", recorded(i).records);
    field(i, "pubsub_withdrawn", recorded(i).withdrawn);
    write_follow_stats(i);
    field(i, "total_reads_processed", s->reads);
    field(i, "total_writes_processed", s->writes);
    field(i, "protocol_errors", s->protocol_errors);
    field(i, "client_query_buffer_limit_disconnections", s->query_limit_disconnects);
    field(i, "client_output_buffer_limit_disconnections", s->output_limit_disconnects);
    field(i, "client_output_buffer_limit_dropped_bytes", s->output_limit_dropped_bytes);
    field(i, "client_timeouts", s->timeouts);
    field(i, "block_timeouts", s->expired_blocks);
    field(i, "unseen_append_failures", s->unseen_failures);
}

static void write_replication(struct info *i)
{
    field_text(i, "role", "master");
    field(i, "connected_slaves", 0);
    field_text(i, "master_replid", i->sv->run_id);
    field(i, "master_repl_offset", 0);
}

static void write_cpu(struct info *i)
{
    buf_printf(&i->text, "used_cpu_sys:%.6f\r\n", i->process.cpu_sys);
    buf_printf(&i->text, "used_cpu_user:%.6f\r\n", i->process.cpu_user);
}

static void write_commandstats(struct info *i)
{
    struct command_table *t = i->sv->commands;
    for (size_t at = 0; at < command_table_count(t); at++) {
        const struct command *c = command_at(t, at);
        const struct command_stats *s = command_stats(t, c);
        if (s->calls > 0 || s->rejected > 0 || s->failed > 0)
            buf_printf(&i->text,
                       "cmdstat_%s:calls=%llu,usec=%llu,usec_per_call=%.2f,rejected_calls=%llu,"
                       "failed_calls=%llu\r\n",
                       c->name, (unsigned long long)s->calls, (unsigned long long)s->ran_ns / 1000,
                       s->calls > 0 ? (double)s->ran_ns / 1000 / (double)s->calls : 0.0,
                       (unsigned long long)s->rejected, (unsigned long long)s->failed);
    }
}

static void write_latency_of(struct info *i, const char *name, const struct histogram *h)
{
    buf_printf(&i->text, "latency_percentiles_usec_%s:", name);
    const char *at = i->sv->config->latency_percentiles;
    while (*at != '\0') {
        int len = (int)strcspn(at, " ");
        buf_printf(&i->text, "p%.*s=%.3f", len, at,
                   (double)histogram_percentile(h, strtod(at, NULL)) / 1000);
        at += len;
        if (*at == ' ') {
            at++;
            buf_append_char(&i->text, ',');
        }
    }
    buf_append_string(&i->text, "\r\n");
}

static void write_latencystats(struct info *i)
{
    struct command_table *t = i->sv->commands;
    for (size_t at = 0; i->sv->config->latency_tracking && at < command_table_count(t); at++) {
        const struct command *c = command_at(t, at);
        const struct command_stats *s = command_stats(t, c);
        if (s->latency != NULL)
            write_latency_of(i, c->name, s->latency);
    }
}

/* --- the log -------------------------------------------------------------------------------- */

static void write_log(struct info *i)
{
    const struct storage_stats *s = storage_stats(i->sv->storage);
    field(i, "topics", catalog_topic_count(i->sv->catalog));
    field(i, "partitions", catalog_partition_count(i->sv->catalog));
    field(i, "records_appended", s->records_appended);
    field(i, "batches_written", s->batches_written);
    field(i, "batches_refused", s->batches_refused);
    field(i, "log_bytes_written", s->bytes_written);
    field(i, "log_writes", s->writes);
    field(i, "log_write_errors", s->write_errors);
    field(i, "log_syncs", s->syncs);
    field(i, "log_sync_errors", s->sync_errors);
    field(i, "log_pending_bytes", s->pending_bytes);
    field(i, "log_tail_bytes", s->tail_bytes);
    field(i, "log_reads_tail", s->reads_tail);
    field(i, "log_reads_cached", s->reads_cached);
    field(i, "log_reads_cold", s->reads_cold);
    field(i, "log_corrupt_ranges", s->corrupt_ranges);
    field(i, "log_segments_removed", s->segments_removed);
    field(i, "log_compactions", s->compactions);
    field(i, "log_compaction_bytes_before", s->compaction_bytes_before);
    field(i, "log_compaction_bytes_after", s->compaction_bytes_after);
    field(i, "log_open_files", s->open_files);
}

static void write_topic(void *ctx, struct topic *t)
{
    struct info *i = ctx;
    uint64_t bytes = 0, offsets = 0, failed = 0;
    for (int32_t n = 0; n < t->partition_count; n++) {
        const struct topic_partition *tp = t->partitions[n];
        struct partition_info info = {.failed = tp->failed};
        if (tp->log != NULL)
            partition_describe(tp->log, &info);
        bytes += (uint64_t)info.bytes;
        offsets += (uint64_t)(info.next_offset - info.log_start);
        failed += info.failed != ERR_OK;
    }
    buf_printf(&i->text,
               "topic_%.*s:partitions=%d,offsets=%llu,bytes=%llu,failed_partitions=%llu\r\n",
               (int)t->name.len, t->name.data, t->partition_count, (unsigned long long)offsets,
               (unsigned long long)bytes, (unsigned long long)failed);
}

static void write_topics(struct info *i)
{
    catalog_each(i->sv->catalog, write_topic, i);
}

/* --- groups --------------------------------------------------------------------------------- */

/* Of groups that are listed; one by one and with all partitions they are in GROUP DESCRIBE and GROUP LAG. */
#define GROUPS_LISTED_MAX 100
#define GROUP_PARTITIONS_LISTED_MAX 10000

struct groups_listing {
    struct info *info;
    size_t groups, partitions, left_out;
};

static void write_group(void *ctx, struct group *g)
{
    struct groups_listing *l = ctx;
    int64_t lag = 0;
    size_t partitions = 0;
    if (l->groups >= GROUPS_LISTED_MAX || l->partitions >= GROUP_PARTITIONS_LISTED_MAX) {
        l->left_out++;
        return;
    }
    LIST_EACH (it, &g->topics) {
        const struct group_topic *gt = CONTAINER_OF(it, struct group_topic, in_group);
        for (int32_t n = 0; n < gt->partition_count; n++) {
            struct lag_part part;
            lag_of_partition(gt->partitions[n], &part);
            lag += part.records > 0 ? part.records : 0;
            partitions++;
        }
    }
    l->groups++;
    l->partitions += partitions;
    buf_printf(&l->info->text,
               "group_%.*s:state=%s,members=%zu,epoch=%d,partitions=%zu,unsettled=%zu,lag=%lld\r\n",
               (int)g->name.len, g->name.data, group_state_text(group_state(g)), g->member_count,
               g->epoch, partitions, g->unsettled, (long long)lag);
}

static void write_groups(struct info *i)
{
    const struct groups *gs = i->sv->groups;
    const struct groups_stats *s = &gs->stats;
    struct groups_listing listing = {.info = i};
    field(i, "groups", groups_count(gs));
    field(i, "group_members", gs->member_count);
    field(i, "group_joins", s->joins);
    field(i, "group_leaves", s->leaves);
    field(i, "group_kicks", s->kicks);
    field(i, "group_expired_sessions", s->expired_sessions);
    field(i, "group_rebalances", s->rebalances);
    field(i, "group_commits", s->commits);
    field(i, "group_commits_fenced", s->commits_fenced);
    field(i, "group_expired_offsets", s->expired_offsets);
    field(i, "group_lost_ranges", s->lost_ranges);
    field(i, "group_lost_records", s->lost_records);
    field(i, "group_offset_records_written", gs->store.records_written);
    field(i, "group_offset_write_failures", gs->store.failures);
    groups_each(gs, write_group, &listing);
    field(i, "groups_not_listed", listing.left_out);
}

static void write_keyspace(struct info *i)
{
    size_t topics = catalog_topic_count(i->sv->catalog);
    if (topics > 0)
        buf_printf(&i->text, "db0:keys=%zu,expires=0,avg_ttl=0\r\n", topics);
}

/* --- sections ------------------------------------------------------------------------------- */

struct section {
    const char *name;
    const char *title;
    void (*write)(struct info *i);
    bool usual; /* part of INFO without arguments */
};

static const struct section sections[] = {
    {"server", "Server", write_server, true},
    {"clients", "Clients", write_clients, true},
    {"memory", "Memory", write_memory, true},
    {"persistence", "Persistence", write_persistence, true},
    {"stats", "Stats", write_stats, true},
    {"replication", "Replication", write_replication, true},
    {"cpu", "CPU", write_cpu, true},
    {"commandstats", "Commandstats", write_commandstats, false},
    {"latencystats", "Latencystats", write_latencystats, false},
    {"log", "Log", write_log, true},
    {"topics", "Topics", write_topics, false},
    {"groups", "Groups", write_groups, false},
    {"keyspace", "Keyspace", write_keyspace, true},
};

static bool is_wanted(const struct call *c, const struct section *section)
{
    if (c->argc == 1)
        return section->usual;
    for (int i = 1; i < c->argc; i++) {
        struct bytes word = c->argv[i];
        if (bytes_is(word, section->name) || bytes_is(word, "all") || bytes_is(word, "everything"))
            return true;
        if (section->usual && bytes_is(word, "default"))
            return true;
    }
    return false;
}

void cmd_info(struct call *c)
{
    struct info info = {.sv = c->sv};
    c->sv->process_figures(c->sv, &info.process);
    for (size_t i = 0; i < COUNT_OF(sections); i++) {
        if (!is_wanted(c, &sections[i]))
            continue;
        if (info.text.len > 0)
            buf_append_string(&info.text, "\r\n");
        buf_printf(&info.text, "# %s\r\n", sections[i].title);
        sections[i].write(&info);
    }
    write_verbatim(&c->w, "txt", buf_bytes(&info.text));
    buf_deinit(&info.text);
}
