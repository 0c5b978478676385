/* SPDX-License-Identifier: BSD-3-Clause */
/* The sections of INFO about the process, its clients and its traffic. */
#include "commands/info.h"

#include "commands/insight.h"
#include "commands/memory_overview.h"

#define LRU_CLOCK_BITS 24

/* What stands there for things of Redis that this server does not have. */
static void write_zeros(struct info *i, const char *const *names, size_t count)
{
    for (size_t n = 0; n < count; n++)
        info_field(i, names[n], 0);
}

/* What a server that finds out by itself has found is not known here. */
static const char *supervision(const struct config *config)
{
    if (config->supervised == CONFIG_SUPERVISED_AUTO)
        return "unknown";
    return config->supervised == CONFIG_SUPERVISED_SYSTEMD ? "systemd" : "no";
}

/* --- server --------------------------------------------------------------------------------- */

void info_server(struct info *i)
{
    struct services *sv = i->sv;
    int64_t uptime_s = (sv->clock->mono_us - sv->started_us) / 1000000;
    info_text(i, "redis_version", INFO_REDIS_LEVEL);
    info_text(i, "server_name", "echolog");
    info_text(i, "echolog_version", ECHOLOG_VERSION);
    info_text(i, "redis_git_sha1", "00000000");
    info_field(i, "redis_git_dirty", 0);
    info_text(i, "redis_build_id", "echolog-" ECHOLOG_VERSION);
    info_text(i, "redis_mode", "standalone");
    info_text(i, "os", i->process.os);
    info_field(i, "arch_bits", sizeof(void *) * 8);
    info_text(i, "monotonic_clock", "POSIX clock_gettime");
    info_text(i, "multiplexing_api", "epoll");
    info_text(i, "atomicvar_api", "c11-builtin");
    info_text(i, "gcc_version", __VERSION__);
    info_field(i, "process_id", (uint64_t)i->process.pid);
    info_text(i, "process_supervised", supervision(sv->config));
    info_field(i, "threads", (uint64_t)i->process.threads);
    info_text(i, "run_id", sv->run_id);
    info_field(i, "tcp_port", (uint64_t)sv->port);
    info_field(i, "server_time_usec", (uint64_t)sv->clock->wall_us);
    info_field(i, "started_time_ms", (uint64_t)sv->started_wall_ms);
    info_field(i, "uptime_in_seconds", (uint64_t)uptime_s);
    info_field(i, "uptime_in_days", (uint64_t)uptime_s / 86400);
    info_field(i, "hz", 1);
    info_field(i, "configured_hz", 1);
    info_field(i, "lru_clock",
               (uint64_t)(sv->clock->wall_us / 1000000) & ((1u << LRU_CLOCK_BITS) - 1));
    info_field(i, "loop_turns", sv->turns);
    info_text(i, "executable", i->process.executable);
    info_text(i, "config_file", sv->config_file);
    info_field(i, "io_threads_active", 0);
}

/* --- clients -------------------------------------------------------------------------------- */

void info_clients(struct info *i)
{
    const struct sessions *sessions = i->sv->sessions;
    const struct clients_overview *o = &i->clients;
    info_field(i, "connected_clients", sessions->count);
    info_field(i, "peak_clients", sessions->stats.peak_clients);
    info_field(i, "cluster_connections", 0);
    info_field(i, "maxclients", (uint64_t)i->sv->config->maxclients);
    info_field(i, "client_recent_max_input_buffer", o->input_max);
    info_field(i, "client_recent_max_output_buffer", o->output_max);
    info_field(i, "blocked_clients", sessions->blocked + sessions->pause.postponed_count);
    info_field(i, "tracking_clients", sessions->tracking);
    info_field(i, "pubsub_clients", o->subscribers);
    info_field(i, "monitor_clients", o->monitors);
    info_field(i, "clients_in_timeout_table", 0);
}

/* --- memory --------------------------------------------------------------------------------- */

static struct recorder_stats recorded(const struct info *i)
{
    struct recorder_stats stats;
    recorder_stats(i->sv->recorder, &stats);
    return stats;
}

static double share(size_t part, size_t whole)
{
    return whole > 0 ? (double)part / (double)whole : 0;
}

static void write_allocator(struct info *i)
{
    const struct process_figures *p = &i->process;
    info_field(i, "allocator_allocated", p->memory_allocated);
    info_field(i, "allocator_active", p->memory_active);
    info_field(i, "allocator_resident", p->memory_mapped);
    info_bytes(i, "total_system_memory", p->memory_system);
}

static void write_fragmentation(struct info *i, const struct memory_overview *m)
{
    const struct process_figures *p = &i->process;
    info_ratio(i, "allocator_frag_ratio", share(p->memory_active, p->memory_allocated));
    info_field(i, "allocator_frag_bytes", p->memory_active - p->memory_allocated);
    info_ratio(i, "allocator_rss_ratio", share(p->memory_mapped, p->memory_active));
    info_field(i, "allocator_rss_bytes", p->memory_mapped - p->memory_active);
    info_ratio(i, "rss_overhead_ratio", share(p->memory_resident, p->memory_mapped));
    buf_printf(&i->text, "rss_overhead_bytes:%lld\r\n",
               (long long)p->memory_resident - (long long)p->memory_mapped);
    info_ratio(i, "mem_fragmentation_ratio", share(p->memory_resident, m->used));
    buf_printf(&i->text, "mem_fragmentation_bytes:%lld\r\n",
               (long long)p->memory_resident - (long long)m->used);
}

void info_memory(struct info *i)
{
    static const char *const lua[] = {"used_memory_lua",          "used_memory_vm_eval",
                                      "used_memory_scripts_eval", "number_of_cached_scripts",
                                      "number_of_functions",      "number_of_libraries",
                                      "used_memory_vm_functions", "used_memory_vm_total",
                                      "used_memory_functions",    "used_memory_scripts"};
    static const char *const none[] = {"mem_not_counted_for_evict", "mem_replication_backlog",
                                       "mem_total_replication_buffers", "mem_clients_slaves"};
    static const char *const upkeep[] = {"active_defrag_running", "lazyfree_pending_objects",
                                         "lazyfreed_objects"};
    struct memory_overview m;
    memory_overview(i->sv, &i->process, &i->clients, &m);
    info_bytes(i, "used_memory", m.used);
    info_bytes(i, "used_memory_rss", i->process.memory_resident);
    info_bytes(i, "used_memory_peak", m.peak);
    buf_printf(&i->text, "used_memory_peak_perc:%.2f%%\r\n", 100 * share(m.used, m.peak));
    info_field(i, "used_memory_overhead", m.overhead);
    info_field(i, "used_memory_startup", m.startup);
    info_field(i, "used_memory_dataset", m.dataset);
    buf_printf(&i->text, "used_memory_dataset_perc:%.2f%%\r\n",
               m.used > m.startup ? 100 * share(m.dataset, m.used - m.startup) : 0);
    write_allocator(i);
    write_zeros(i, lua, COUNT_OF(lua));
    info_text(i, "used_memory_lua_human", "0B");
    info_text(i, "used_memory_vm_total_human", "0B");
    info_text(i, "used_memory_scripts_human", "0B");
    info_bytes(i, "maxmemory", (uint64_t)i->sv->config->maxmemory);
    info_text(i, "maxmemory_policy", "noeviction");
    write_fragmentation(i, &m);
    write_zeros(i, none, COUNT_OF(none));
    info_field(i, "mem_clients_normal", m.clients);
    info_field(i, "mem_cluster_links", 0);
    info_field(i, "mem_aof_buffer", 0);
    info_field(i, "mem_log_tail", m.log_tail);
    info_field(i, "mem_log_pending", m.log_pending);
    info_field(i, "mem_pubsub_waiting", m.pubsub_waiting);
    info_text(i, "mem_allocator", i->process.allocator);
    write_zeros(i, upkeep, COUNT_OF(upkeep));
}

/* --- persistence ------------------------------------------------------------------------------ */

/* Redis's two forms of it, which this server has not; the log is in a section of its own. */
void info_persistence(struct info *i)
{
    static const char *const before[] = {"loading", "async_loading", "current_cow_peak",
                                         "current_cow_size", "current_cow_size_age"};
    static const char *const after[] = {"current_save_keys_processed", "current_save_keys_total",
                                        "rdb_changes_since_last_save", "rdb_bgsave_in_progress"};
    static const char *const rdb[] = {"rdb_saves",
                                      "rdb_last_cow_size",
                                      "rdb_last_load_keys_expired",
                                      "rdb_last_load_keys_loaded",
                                      "aof_enabled",
                                      "aof_rewrite_in_progress",
                                      "aof_rewrite_scheduled"};
    static const char *const fork[] = {"aof_last_cow_size", "module_fork_in_progress",
                                       "module_fork_last_cow_size"};
    write_zeros(i, before, COUNT_OF(before));
    info_ratio(i, "current_fork_perc", 0);
    write_zeros(i, after, COUNT_OF(after));
    info_field(i, "rdb_last_save_time", (uint64_t)i->sv->started_wall_ms / 1000);
    info_text(i, "rdb_last_bgsave_status", "ok");
    info_text(i, "rdb_last_bgsave_time_sec", "-1");
    info_text(i, "rdb_current_bgsave_time_sec", "-1");
    write_zeros(i, rdb, COUNT_OF(rdb));
    info_text(i, "aof_last_rewrite_time_sec", "-1");
    info_text(i, "aof_current_rewrite_time_sec", "-1");
    info_text(i, "aof_last_bgrewrite_status", "ok");
    info_field(i, "aof_rewrites", 0);
    info_field(i, "aof_rewrites_consecutive_failures", 0);
    info_text(i, "aof_last_write_status", "ok");
    write_zeros(i, fork, COUNT_OF(fork));
}

/* --- stats ---------------------------------------------------------------------------------- */

static void write_follow_stats(struct info *i)
{
    const struct follows_stats *s = follows_stats(i->sv->follows);
    info_field(i, "followed_partitions", follows_partition_count(i->sv->follows));
    info_field(i, "followed_records", s->records);
    info_field(i, "follow_reads", s->reads);
    info_field(i, "follow_frames_shared", s->frames_shared);
    info_field(i, "follow_stalls", s->stalls);
    info_field(i, "follow_lost_ranges", s->lost_ranges);
    info_field(i, "follow_lost_offsets", s->lost_offsets);
}

static void write_tls_handshakes(struct info *i)
{
    static const struct tls_handshakes_stats none;
    const struct tls_handshakes_stats *s = i->sv->tls_stats != NULL ? i->sv->tls_stats : &none;
    info_field(i, "tls_handshakes", s->done);
    info_field(i, "tls_handshake_failures", s->failed);
    info_field(i, "tls_handshake_timeouts", s->expired);
    info_field(i, "tls_handshakes_dropped", s->dropped);
}

static void write_traffic(struct info *i)
{
    const struct sessions_stats *s = &i->sv->sessions->stats;
    const struct rates *r = &i->sv->insight->rates;
    info_field(i, "total_connections_received", s->connections);
    info_field(i, "total_commands_processed", s->commands);
    buf_printf(&i->text, "instantaneous_ops_per_sec:%.0f\r\n", rates_per_second(r, RATE_COMMANDS));
    info_field(i, "total_net_input_bytes", s->bytes_in);
    info_field(i, "total_net_output_bytes", s->bytes_out);
    info_field(i, "total_net_repl_input_bytes", 0);
    info_field(i, "total_net_repl_output_bytes", 0);
    info_ratio(i, "instantaneous_input_kbps", rates_per_second(r, RATE_BYTES_IN) / 1024);
    info_ratio(i, "instantaneous_output_kbps", rates_per_second(r, RATE_BYTES_OUT) / 1024);
    info_ratio(i, "instantaneous_input_repl_kbps", 0);
    info_ratio(i, "instantaneous_output_repl_kbps", 0);
    info_field(i, "rejected_connections", s->rejected);
    write_tls_handshakes(i);
}

static void write_pubsub(struct info *i)
{
    const struct pubsub *ps = i->sv->pubsub;
    const struct pubsub_stats *p = pubsub_stats(ps);
    info_field(i, "pubsub_channels", pubsub_name_count(ps, PUBSUB_CHANNEL));
    info_field(i, "pubsub_patterns",
               pubsub_name_count(ps, PUBSUB_PATTERN) + follows_pattern_count(i->sv->follows));
    info_field(i, "pubsubshard_channels", pubsub_name_count(ps, PUBSUB_SHARD));
    info_field(i, "pubsub_messages", p->messages);
    info_field(i, "pubsub_deliveries", p->deliveries);
    info_field(i, "pubsub_recorded", recorded(i).records);
    info_field(i, "pubsub_withdrawn", recorded(i).withdrawn);
}

static void write_limits(struct info *i)
{
    const struct sessions_stats *s = &i->sv->sessions->stats;
    info_field(i, "protocol_errors", s->protocol_errors);
    info_field(i, "client_query_buffer_limit_disconnections", s->query_limit_disconnects);
    info_field(i, "client_output_buffer_limit_disconnections", s->output_limit_disconnects);
    info_field(i, "client_output_buffer_limit_dropped_bytes", s->output_limit_dropped_bytes);
    info_field(i, "client_timeouts", s->timeouts);
    info_field(i, "block_timeouts", s->expired_blocks);
    info_field(i, "unseen_append_failures", s->unseen_failures);
}

void info_stats(struct info *i)
{
    static const char *const keys[] = {"sync_full", "sync_partial_ok", "sync_partial_err",
                                       "expired_keys"};
    static const char *const expiry[] = {"expired_time_cap_reached_count",
                                         "expire_cycle_cpu_milliseconds", "evicted_keys"};
    static const char *const eviction[] = {"total_eviction_exceeded_time",
                                           "current_eviction_exceeded_time", "keyspace_hits",
                                           "keyspace_misses"};
    static const char *const upkeep[] = {"latest_fork_usec",         "total_forks",
                                         "migrate_cached_sockets",   "slave_expires_tracked_keys",
                                         "active_defrag_hits",       "active_defrag_misses",
                                         "active_defrag_key_hits",   "active_defrag_key_misses",
                                         "total_active_defrag_time", "current_active_defrag_time",
                                         "tracking_total_keys",      "tracking_total_items",
                                         "tracking_total_prefixes",  "unexpected_error_replies"};
    static const char *const threads[] = {"io_threaded_reads_processed",
                                          "io_threaded_writes_processed", "reply_buffer_shrinks",
                                          "reply_buffer_expands"};
    const struct sessions *sessions = i->sv->sessions;
    write_traffic(i);
    write_zeros(i, keys, COUNT_OF(keys));
    info_ratio(i, "expired_stale_perc", 0);
    write_zeros(i, expiry, COUNT_OF(expiry));
    info_field(i, "evicted_clients", sessions->stats.evicted);
    write_zeros(i, eviction, COUNT_OF(eviction));
    write_pubsub(i);
    write_follow_stats(i);
    write_zeros(i, upkeep, COUNT_OF(upkeep));
    info_field(i, "total_error_replies", sessions->errors.total);
    info_field(i, "dump_payload_sanitizations", 0);
    info_field(i, "total_reads_processed", sessions->stats.reads);
    info_field(i, "total_writes_processed", sessions->stats.writes);
    write_zeros(i, threads, COUNT_OF(threads));
    write_limits(i);
    info_field(i, "trace_lines_lost", i->sv->trace->lost);
}

/* --- the rest ------------------------------------------------------------------------------- */

void info_replication(struct info *i)
{
    info_text(i, "role", "master");
    info_field(i, "connected_slaves", 0);
    info_text(i, "master_failover_state", "no-failover");
    info_text(i, "master_replid", i->sv->run_id);
    info_text(i, "master_replid2", "0000000000000000000000000000000000000000");
    info_field(i, "master_repl_offset", 0);
    info_text(i, "second_repl_offset", "-1");
    info_field(i, "repl_backlog_active", 0);
    info_field(i, "repl_backlog_size", 0);
    info_field(i, "repl_backlog_first_byte_offset", 0);
    info_field(i, "repl_backlog_histlen", 0);
}

static void write_seconds(struct info *i, const char *name, double seconds)
{
    buf_printf(&i->text, "%s:%.6f\r\n", name, seconds);
}

void info_cpu(struct info *i)
{
    write_seconds(i, "used_cpu_sys", i->process.cpu_sys);
    write_seconds(i, "used_cpu_user", i->process.cpu_user);
    write_seconds(i, "used_cpu_sys_children", 0);
    write_seconds(i, "used_cpu_user_children", 0);
    write_seconds(i, "used_cpu_sys_main_thread", i->process.cpu_sys_main);
    write_seconds(i, "used_cpu_user_main_thread", i->process.cpu_user_main);
}

void info_modules(struct info *i)
{
    (void)i; /* there are none */
}

void info_cluster(struct info *i)
{
    info_field(i, "cluster_enabled", 0);
}

/* Topics are what DBSIZE counts. */
void info_keyspace(struct info *i)
{
    size_t topics = catalog_topic_count(i->sv->catalog);
    if (topics > 0)
        buf_printf(&i->text, "db0:keys=%zu,expires=0,avg_ttl=0\r\n", topics);
}
