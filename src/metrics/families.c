/* SPDX-License-Identifier: BSD-3-Clause */
/* The table of metrics, in the order of the page. docs/metrics.md lists the same for people. */
#include "commands/command.h"
#include "metrics/page.h"

/* --- where fields are ------------------------------------------------------------------------- */

static const void *of_sessions(const struct page *p)
{
    return p->sv->sessions;
}

static const void *of_config(const struct page *p)
{
    return p->sv->config;
}

static const void *of_services(const struct page *p)
{
    return p->sv;
}

static const void *of_process(const struct page *p)
{
    return &p->process;
}

static const void *of_pubsub(const struct page *p)
{
    return pubsub_stats(p->sv->pubsub);
}

static const void *of_recorder(const struct page *p)
{
    return &p->recorded;
}

static const void *of_follows(const struct page *p)
{
    return follows_stats(p->sv->follows);
}

static const void *of_storage(const struct page *p)
{
    return storage_stats(p->sv->storage);
}

static const void *of_catalog(const struct page *p)
{
    return catalog_stats(p->sv->catalog);
}

static const void *of_groups(const struct page *p)
{
    return p->sv->groups;
}

static const void *of_survey(const struct page *p)
{
    return p->survey;
}

/* --- computed numbers ------------------------------------------------------------------------- */

static double uptime(const struct page *p)
{
    return (double)(p->sv->clock->mono_us - p->sv->started_us) / 1e6;
}

static double start_time(const struct page *p)
{
    return (double)p->sv->started_wall_ms / 1e3;
}

static double cpu(const struct page *p)
{
    return p->process.cpu_user + p->process.cpu_sys;
}

/* Those whose command waits for the end of CLIENT PAUSE too, as INFO has it. */
static double blocked(const struct page *p)
{
    return (double)(p->sv->sessions->blocked + p->sv->sessions->pause.postponed_count);
}

static double channels(const struct page *p)
{
    return (double)pubsub_name_count(p->sv->pubsub, PUBSUB_CHANNEL);
}

static double patterns(const struct page *p)
{
    return (double)pubsub_name_count(p->sv->pubsub, PUBSUB_PATTERN);
}

static double shard_channels(const struct page *p)
{
    return (double)pubsub_name_count(p->sv->pubsub, PUBSUB_SHARD);
}

static double follow_patterns(const struct page *p)
{
    return (double)follows_pattern_count(p->sv->follows);
}

static double follow_partitions(const struct page *p)
{
    return (double)follows_partition_count(p->sv->follows);
}

static double topics(const struct page *p)
{
    return (double)catalog_topic_count(p->sv->catalog);
}

static double partitions(const struct page *p)
{
    return (double)catalog_partition_count(p->sv->catalog);
}

static double failed_partitions(const struct page *p)
{
    return (double)(storage_stats(p->sv->storage)->partitions_failed +
                    catalog_stats(p->sv->catalog)->partitions_unopened);
}

static double sync_time(const struct page *p)
{
    return (double)storage_stats(p->sv->storage)->sync_us / 1e6;
}

static double out_of_space(const struct page *p)
{
    return storage_stats(p->sv->storage)->no_space_us != 0;
}

static double groups(const struct page *p)
{
    return (double)groups_count(p->sv->groups);
}

/* --- rows ----------------------------------------------------------------------------------- */

static size_t one_row(const struct page *p)
{
    (void)p;
    return 1;
}

static void build_row(const struct page *p, struct exposition *e, const struct metric *m, size_t i)
{
    (void)m;
    (void)i;
    const struct label labels[] = {{"version", BYTES_LITERAL(ECHOLOG_VERSION)},
                                   {"allocator", bytes_of_string(p->process.allocator)}};
    exposition_count(e, labels, COUNT_OF(labels), 1);
}

/* A row of one label with a word of ours. */
static void word_row(struct exposition *e, const char *label, const char *word, uint64_t value)
{
    const struct label labels[] = {{label, bytes_of_string(word)}};
    exposition_count(e, labels, COUNT_OF(labels), value);
}

static size_t route_rows(const struct page *p)
{
    (void)p;
    return ROUTE_COUNT;
}

static void route_row(const struct page *p, struct exposition *e, const struct metric *m, size_t i)
{
    static const char *const words[ROUTE_COUNT] = {
        [ROUTE_METRICS] = "metrics",
        [ROUTE_HEALTHZ] = "healthz",
        [ROUTE_READYZ] = "readyz",
        [ROUTE_NOT_FOUND] = "not_found",
        [ROUTE_METHOD_REFUSED] = "method_refused",
    };
    (void)m;
    word_row(e, "page", words[i], p->requests[i]);
}

#define CPU_ROWS 2

static size_t cpu_rows(const struct page *p)
{
    (void)p;
    return CPU_ROWS;
}

static void cpu_row(const struct page *p, struct exposition *e, const struct metric *m, size_t i)
{
    (void)m;
    const struct label labels[] = {{"mode", bytes_of_string(i == 0 ? "user" : "system")}};
    exposition_real(e, labels, COUNT_OF(labels), i == 0 ? p->process.cpu_user : p->process.cpu_sys);
}

#define LIMIT_ROWS 4

static size_t limit_rows(const struct page *p)
{
    (void)p;
    return LIMIT_ROWS;
}

static void limit_row(const struct page *p, struct exposition *e, const struct metric *m, size_t i)
{
    const struct sessions_stats *s = &p->sv->sessions->stats;
    const char *const words[LIMIT_ROWS] = {"output_buffer", "query_buffer", "memory", "idle"};
    const uint64_t counts[LIMIT_ROWS] = {s->output_limit_disconnects, s->query_limit_disconnects,
                                         s->evicted, s->timeouts};
    (void)m;
    word_row(e, "limit", words[i], counts[i]);
}

static size_t denial_rows(const struct page *p)
{
    (void)p;
    return ACCESS_REASON_COUNT;
}

static void denial_row(const struct page *p, struct exposition *e, const struct metric *m, size_t i)
{
    (void)m;
    word_row(e, "reason", access_reason_word((enum access_reason)i), p->sv->access_log->denied[i]);
}

static size_t error_rows(const struct page *p)
{
    return p->sv->sessions->errors.item_count;
}

static void error_row(const struct page *p, struct exposition *e, const struct metric *m, size_t i)
{
    const struct error_counts *errors = &p->sv->sessions->errors;
    (void)m;
    word_row(e, "code", errors->items[i].code, errors->items[i].count);
}

#define HANDSHAKE_ROWS 4

/* None where TLS cannot be. */
static size_t handshake_rows(const struct page *p)
{
    return p->sv->tls_stats != NULL ? HANDSHAKE_ROWS : 0;
}

static void handshake_row(const struct page *p, struct exposition *e, const struct metric *m,
                          size_t i)
{
    const struct tls_handshakes_stats *s = p->sv->tls_stats;
    const char *const words[HANDSHAKE_ROWS] = {"done", "failed", "timeout", "dropped"};
    const uint64_t counts[HANDSHAKE_ROWS] = {s->done, s->failed, s->expired, s->dropped};
    (void)m;
    word_row(e, "outcome", words[i], counts[i]);
}

#define READ_ROWS 3

static size_t read_rows(const struct page *p)
{
    (void)p;
    return READ_ROWS;
}

static void read_row(const struct page *p, struct exposition *e, const struct metric *m, size_t i)
{
    const struct storage_stats *s = storage_stats(p->sv->storage);
    const char *const words[READ_ROWS] = {"memory", "page_cache", "disk"};
    const uint64_t counts[READ_ROWS] = {s->reads_tail, s->reads_cached, s->reads_cold};
    (void)m;
    word_row(e, "from", words[i], counts[i]);
}

static size_t kind_rows(const struct page *p)
{
    (void)p;
    return PUBSUB_KIND_COUNT;
}

static void kind_row(const struct page *p, struct exposition *e, const struct metric *m, size_t i)
{
    static const char *const words[PUBSUB_KIND_COUNT] = {
        [PUBSUB_CHANNEL] = "channel", [PUBSUB_PATTERN] = "pattern", [PUBSUB_SHARD] = "shard"};
    (void)m;
    word_row(e, "kind", words[i], pubsub_stats(p->sv->pubsub)->subscriptions[i]);
}

static size_t command_rows(const struct page *p)
{
    return p->command_count;
}

static uint64_t count_at(const void *from, size_t offset)
{
    uint64_t value;
    memcpy(&value, (const char *)from + offset, sizeof(value));
    return value;
}

static void command_row(const struct page *p, struct exposition *e, const struct metric *m,
                        size_t i)
{
    const struct command *c = p->commands[i];
    word_row(e, "command", c->name, count_at(command_stats(p->sv->commands, c), m->offset));
}

/* Powers of two, which the histogram knows exactly: from a microsecond to a second. */
static const unsigned char bound_bits[] = {10, 11, 12, 13, 14, 15, 16, 17, 18,
                                           19, 20, 21, 22, 23, 24, 26, 28, 30};

static size_t latency_rows(const struct page *p)
{
    return p->timed_count;
}

static void latency_row(const struct page *p, struct exposition *e, const struct metric *m,
                        size_t i)
{
    const struct command *c = p->timed[i];
    static const struct histogram none;
    const struct histogram *h = command_stats(p->sv->commands, c)->latency;
    if (h == NULL) /* CONFIG RESETSTAT, since the page was begun */
        h = &none;
    const struct label labels[] = {{"command", bytes_of_string(c->name)}};
    double bounds[COUNT_OF(bound_bits)];
    uint64_t counts[COUNT_OF(bound_bits)];
    uint64_t below = 0;
    (void)m;
    for (size_t k = 0; k < COUNT_OF(bound_bits); k++) {
        uint64_t so_far = histogram_count_below(h, UINT64_C(1) << bound_bits[k]);
        bounds[k] = (double)(UINT64_C(1) << bound_bits[k]) / 1e9;
        counts[k] = so_far - below;
        below = so_far;
    }
    exposition_histogram(e, labels, COUNT_OF(labels), bounds, counts, COUNT_OF(bounds), h->count,
                         (double)h->sum / 1e9);
}

/* Those that were kept, and one row for all others when there are any. */
static size_t topic_rows(const struct page *p)
{
    return p->survey->topics.count + (p->survey->topics_left_out > 0);
}

static void topic_row(const struct page *p, struct exposition *e, const struct metric *m, size_t i)
{
    const struct ranking *kept = &p->survey->topics;
    const struct topic_figures *f = &p->survey->other_topics;
    struct bytes name = BYTES_LITERAL(SURVEY_OTHER);
    if (i < kept->count) {
        f = CONTAINER_OF(kept->items[i], struct topic_figures, ranked);
        name = f->ranked.name;
    }
    const struct label labels[] = {{"topic", name}};
    exposition_count(e, labels, COUNT_OF(labels), count_at(f, m->offset));
}

static size_t group_rows(const struct page *p)
{
    return p->survey->groups.count + (p->survey->groups_left_out > 0);
}

static void group_row(const struct page *p, struct exposition *e, const struct metric *m, size_t i)
{
    const struct ranking *kept = &p->survey->groups;
    const struct group_figures *f = &p->survey->other_groups;
    struct bytes name = BYTES_LITERAL(SURVEY_OTHER);
    if (i < kept->count) {
        f = CONTAINER_OF(kept->items[i], struct group_figures, ranked);
        name = f->ranked.name;
    }
    const struct label labels[] = {{"group", name}};
    exposition_count(e, labels, COUNT_OF(labels), count_at(f, m->offset));
}

static size_t group_topic_rows(const struct page *p)
{
    return p->survey->group_topics.count + (p->survey->group_topics_left_out > 0);
}

static void group_topic_row(const struct page *p, struct exposition *e, const struct metric *m,
                            size_t i)
{
    const struct ranking *kept = &p->survey->group_topics;
    const struct group_topic_figures *f = &p->survey->other_group_topics;
    struct bytes group = BYTES_LITERAL(SURVEY_OTHER), topic = BYTES_LITERAL(SURVEY_OTHER);
    if (i < kept->count) {
        f = CONTAINER_OF(kept->items[i], struct group_topic_figures, ranked);
        group = f->group_name;
        topic = f->topic_name;
    }
    const struct label labels[] = {{"group", group}, {"topic", topic}};
    exposition_count(e, labels, COUNT_OF(labels), count_at(f, m->offset));
}

/* --- the table ------------------------------------------------------------------------------ */

/* clang-format off */
#define FIELD(kind, member) \
    .offset = offsetof(struct kind, member), .size = sizeof(((struct kind *)0)->member)
#define COUNTER(name, unit, help) .family = {name, FAMILY_COUNTER, unit, help}
#define GAUGE(name, unit, help) .family = {name, FAMILY_GAUGE, unit, help}
#define ROWS(which) .rows = which##_rows, .row = which##_row
/* Rows of what may not be there at all. */
#define SOME(which, kind, member) ROWS(which), FIELD(kind, member), .optional = true

const struct metric metrics_table[] = {
    /* the process */
    {.family = {"echolog_build", FAMILY_INFO, NULL, "Version of this server, and what it was built with."},
     .rows = one_row, .row = build_row},
    {GAUGE("echolog_uptime_seconds", "seconds", "Time since the start."), .number = uptime},
    {COUNTER("echolog_cpu_seconds", "seconds", "CPU time used, by mode."), ROWS(cpu)},
    {GAUGE("echolog_threads", NULL, "Threads: the reactor and the disk workers."),
     .source = of_process, FIELD(process_figures, threads)},
    {GAUGE("echolog_memory_resident_bytes", "bytes", "Resident memory."),
     .source = of_process, FIELD(process_figures, memory_resident)},
    {GAUGE("echolog_memory_peak_bytes", "bytes", "The most resident memory since the start."),
     .source = of_process, FIELD(process_figures, memory_peak)},
    {GAUGE("echolog_memory_allocated_bytes", "bytes", "Memory in use as the allocator has it; 0 when it does not say."),
     .source = of_process, FIELD(process_figures, memory_allocated)},
    {COUNTER("echolog_loop_turns", NULL, "Turns of the server's loop."),
     .source = of_services, FIELD(services, turns)},
    {COUNTER("process_cpu_seconds", "seconds", "Total user and system CPU time spent in seconds."), .number = cpu},
    {GAUGE("process_resident_memory_bytes", "bytes", "Resident memory size in bytes."),
     .source = of_process, FIELD(process_figures, memory_resident)},
    {GAUGE("process_start_time_seconds", "seconds", "Start time of the process since unix epoch in seconds."),
     .number = start_time},
    {COUNTER("echolog_http_requests", NULL, "Requests to this HTTP port, by page."), ROWS(route)},

    /* clients */
    {GAUGE("echolog_clients", NULL, "Clients that are connected."),
     .source = of_sessions, FIELD(sessions, count)},
    {GAUGE("echolog_clients_max", NULL, "Clients that may be connected (maxclients)."),
     .source = of_config, FIELD(config, maxclients)},
    {GAUGE("echolog_clients_peak", NULL, "The most clients at a time since the start."),
     .source = of_sessions, FIELD(sessions, stats.peak_clients)},
    {GAUGE("echolog_clients_blocked", NULL, "Clients that wait in a blocking command, or for the end of a pause."), .number = blocked},
    {COUNTER("echolog_connections", NULL, "Connections that were accepted."),
     .source = of_sessions, FIELD(sessions, stats.connections)},
    {COUNTER("echolog_connections_rejected", NULL, "Connections refused because of maxclients."),
     .source = of_sessions, FIELD(sessions, stats.rejected)},
    {COUNTER("echolog_tls_handshakes", NULL, "TLS handshakes, by what came of them."), ROWS(handshake)},
    {COUNTER("echolog_clients_disconnected", NULL, "Clients disconnected because of a limit, by limit."), ROWS(limit)},
    {COUNTER("echolog_output_dropped_bytes", "bytes", "Output that was waiting for clients disconnected because of it."),
     .source = of_sessions, FIELD(sessions, stats.output_limit_dropped_bytes)},
    {COUNTER("echolog_network_received_bytes", "bytes", "Bytes received from clients."),
     .source = of_sessions, FIELD(sessions, stats.bytes_in)},
    {COUNTER("echolog_network_sent_bytes", "bytes", "Bytes sent to clients."),
     .source = of_sessions, FIELD(sessions, stats.bytes_out)},
    {COUNTER("echolog_network_reads", NULL, "Reads from sockets of clients."),
     .source = of_sessions, FIELD(sessions, stats.reads)},
    {COUNTER("echolog_network_writes", NULL, "Writes to sockets of clients."),
     .source = of_sessions, FIELD(sessions, stats.writes)},
    {COUNTER("echolog_protocol_errors", NULL, "Connections closed because what came was no RESP."),
     .source = of_sessions, FIELD(sessions, stats.protocol_errors)},

    /* commands */
    {COUNTER("echolog_commands", NULL, "Commands executed, of all kinds."),
     .source = of_sessions, FIELD(sessions, stats.commands)},
    {COUNTER("echolog_command_calls", NULL, "Calls, by command."), SOME(command, command_stats, calls)},
    {COUNTER("echolog_command_failures", NULL, "Calls answered with an error, by command."),
     SOME(command, command_stats, failed)},
    {COUNTER("echolog_command_rejections", NULL, "Calls refused before they ran, by command."),
     SOME(command, command_stats, rejected)},
    {.family = {"echolog_command_duration_seconds", FAMILY_HISTOGRAM, "seconds",
                "Time spent in calls, by command; without the time in which they waited (latency-tracking)."},
     ROWS(latency), .optional = true},
    {COUNTER("echolog_error_replies", NULL, "Error replies, by code."), ROWS(error), .optional = true},
    {COUNTER("echolog_access_denials", NULL, "What users were not permitted, by what it was about."), ROWS(denial)},
    {COUNTER("echolog_block_timeouts", NULL, "Blocking commands whose time ran out."),
     .source = of_sessions, FIELD(sessions, stats.expired_blocks)},
    {COUNTER("echolog_unseen_append_failures", NULL, "Records that were not written and whose client did not hear of it."),
     .source = of_sessions, FIELD(sessions, stats.unseen_failures)},

    /* echo */
    {COUNTER("echolog_echo_messages", NULL, "Messages published."),
     .source = of_pubsub, FIELD(pubsub_stats, messages)},
    {COUNTER("echolog_echo_deliveries", NULL, "Messages handed to subscribers: each to each."),
     .source = of_pubsub, FIELD(pubsub_stats, deliveries)},
    {GAUGE("echolog_echo_channels", NULL, "Channels that have subscribers."), .number = channels},
    {GAUGE("echolog_echo_patterns", NULL, "Distinct patterns that have subscribers."), .number = patterns},
    {GAUGE("echolog_echo_shard_channels", NULL, "Shard channels that have subscribers."), .number = shard_channels},
    {GAUGE("echolog_echo_subscribers", NULL, "Clients with at least one subscription."),
     .source = of_pubsub, FIELD(pubsub_stats, subscribers)},
    {GAUGE("echolog_echo_subscriptions", NULL, "Subscriptions, by kind."), ROWS(kind)},
    {COUNTER("echolog_echo_recorded", NULL, "Records made of published messages (record.channels)."),
     .source = of_recorder, FIELD(recorder_stats, records)},
    {COUNTER("echolog_echo_withdrawn", NULL, "Messages not delivered since their record could not be written."),
     .source = of_recorder, FIELD(recorder_stats, withdrawn)},
    {GAUGE("echolog_echo_waiting_bytes", "bytes", "Messages that wait for their record before they are delivered."),
     .source = of_recorder, FIELD(recorder_stats, waiting_bytes)},

    /* followers */
    {GAUGE("echolog_follow_partitions", NULL, "Partitions being followed: each by each follower."), .number = follow_partitions},
    {GAUGE("echolog_follow_patterns", NULL, "Distinct patterns that follow topics."), .number = follow_patterns},
    {COUNTER("echolog_follow_records", NULL, "Records pushed to followers: each to each."),
     .source = of_follows, FIELD(follows_stats, records)},
    {COUNTER("echolog_follow_stalls", NULL, "Times that a follower was too slow and had to be waited for."),
     .source = of_follows, FIELD(follows_stats, stalls)},
    {COUNTER("echolog_follow_lost_ranges", NULL, "Ranges of offsets that followers were told are lost."),
     .source = of_follows, FIELD(follows_stats, lost_ranges)},
    {COUNTER("echolog_follow_lost_offsets", NULL, "Offsets in those ranges."),
     .source = of_follows, FIELD(follows_stats, lost_offsets)},

    /* the log */
    {GAUGE("echolog_log_topics", NULL, "Topics."), .number = topics},
    {GAUGE("echolog_log_partitions", NULL, "Partitions of all topics."), .number = partitions},
    {GAUGE("echolog_log_failed_partitions", NULL, "Partitions that take no writes: after an error, or because they could not be opened."),
     .number = failed_partitions},
    {GAUGE("echolog_log_out_of_space", NULL, "1 when the last write found no space on the device."), .number = out_of_space},
    {GAUGE("echolog_log_size_bytes", "bytes", "All log files."),
     .source = of_survey, FIELD(survey, all_topics.bytes)},
    {GAUGE("echolog_log_segments", NULL, "Segments of all logs."),
     .source = of_survey, FIELD(survey, all_topics.segments)},
    {COUNTER("echolog_log_appended_records", NULL, "Records appended."),
     .source = of_storage, FIELD(storage_stats, records_appended)},
    {COUNTER("echolog_log_written_bytes", "bytes", "Bytes of batches written to log files."),
     .source = of_storage, FIELD(storage_stats, bytes_written)},
    {COUNTER("echolog_log_written_batches", NULL, "Batches written to log files."),
     .source = of_storage, FIELD(storage_stats, batches_written)},
    {COUNTER("echolog_log_refused_batches", NULL, "Batches that were not written, or not synced: their clients got errors."),
     .source = of_storage, FIELD(storage_stats, batches_refused)},
    {COUNTER("echolog_log_read_records", NULL, "Records given to readers: fetched, consumed, followed."),
     .source = of_catalog, FIELD(catalog_stats, records_read)},
    {COUNTER("echolog_log_read_bytes", "bytes", "Bytes of replies and pushes with those records."),
     .source = of_catalog, FIELD(catalog_stats, bytes_read)},
    {COUNTER("echolog_log_reads", NULL, "Reads of batches, by where they were found."), ROWS(read)},
    {COUNTER("echolog_log_writes", NULL, "Write calls on log files."),
     .source = of_storage, FIELD(storage_stats, writes)},
    {COUNTER("echolog_log_write_errors", NULL, "Writes that failed."),
     .source = of_storage, FIELD(storage_stats, write_errors)},
    {COUNTER("echolog_log_syncs", NULL, "Syncs of log files."),
     .source = of_storage, FIELD(storage_stats, syncs)},
    {COUNTER("echolog_log_sync_seconds", "seconds", "Time that syncs took, until the loop heard of them."), .number = sync_time},
    {COUNTER("echolog_log_sync_errors", NULL, "Syncs that failed; each fails its partition."),
     .source = of_storage, FIELD(storage_stats, sync_errors)},
    {COUNTER("echolog_log_journal_syncs", NULL, "Syncs of the journal, each of the records of many partitions."),
     .source = of_storage, FIELD(storage_stats, journal_syncs)},
    {COUNTER("echolog_log_journal_bytes", "bytes", "Written to the journal."),
     .source = of_storage, FIELD(storage_stats, journal_bytes)},
    {GAUGE("echolog_log_pending_bytes", "bytes", "Appended and not written yet."),
     .source = of_storage, FIELD(storage_stats, pending_bytes)},
    {GAUGE("echolog_log_tail_bytes", "bytes", "The newest batches, in memory for readers."),
     .source = of_storage, FIELD(storage_stats, tail_bytes)},
    {GAUGE("echolog_log_open_files", NULL, "Log files that are open."),
     .source = of_storage, FIELD(storage_stats, open_files)},
    {COUNTER("echolog_log_damaged_ranges", NULL, "Damaged ranges met while reading or at the start."),
     .source = of_storage, FIELD(storage_stats, corrupt_ranges)},
    {COUNTER("echolog_log_removed_segments", NULL, "Segments that retention removed."),
     .source = of_storage, FIELD(storage_stats, segments_removed)},
    {COUNTER("echolog_log_compactions", NULL, "Compactions that went through."),
     .source = of_storage, FIELD(storage_stats, compactions)},
    {COUNTER("echolog_log_compaction_read_bytes", "bytes", "Segments that compaction went over, before it."),
     .source = of_storage, FIELD(storage_stats, compaction_bytes_before)},
    {COUNTER("echolog_log_compaction_written_bytes", "bytes", "What it left of them."),
     .source = of_storage, FIELD(storage_stats, compaction_bytes_after)},

    /* topics */
    {GAUGE("echolog_topics_left_out", NULL, "Topics that have no series of their own (metrics-topics-max)."),
     .source = of_survey, FIELD(survey, topics_left_out)},
    {GAUGE("echolog_topic_partitions", NULL, "Partitions, by topic."), SOME(topic, topic_figures, partitions)},
    {GAUGE("echolog_topic_failed_partitions", NULL, "Partitions that take no writes, by topic."), SOME(topic, topic_figures, failed)},
    {COUNTER("echolog_topic_appended_records", NULL, "Records ever appended (offsets given out), by topic."), SOME(topic, topic_figures, records_in)},
    {COUNTER("echolog_topic_removed_records", NULL, "Of those, before the start of the log: removed by retention or trimmed."), SOME(topic, topic_figures, records_removed)},
    {COUNTER("echolog_topic_written_bytes", "bytes", "Bytes of batches written, by topic."), SOME(topic, topic_figures, bytes_in)},
    {COUNTER("echolog_topic_read_records", NULL, "Records given to readers, by topic."), SOME(topic, topic_figures, records_out)},
    {COUNTER("echolog_topic_read_bytes", "bytes", "Bytes of replies and pushes with those records, by topic."), SOME(topic, topic_figures, bytes_out)},
    {GAUGE("echolog_topic_size_bytes", "bytes", "Log files, by topic."), SOME(topic, topic_figures, bytes)},
    {GAUGE("echolog_topic_segments", NULL, "Segments, by topic."), SOME(topic, topic_figures, segments)},

    /* groups */
    {GAUGE("echolog_groups", NULL, "Consumer groups."), .number = groups},
    {GAUGE("echolog_groups_left_out", NULL, "Groups that have no series of their own (metrics-groups-max)."),
     .source = of_survey, FIELD(survey, groups_left_out)},
    {GAUGE("echolog_group_topics_left_out", NULL, "Groups' topics that have no series of their own (metrics-groups-max)."),
     .source = of_survey, FIELD(survey, group_topics_left_out)},
    {GAUGE("echolog_groups_members", NULL, "Members of all groups."), .source = of_groups, FIELD(groups, member_count)},
    {COUNTER("echolog_groups_joins", NULL, "Members that joined."), .source = of_groups, FIELD(groups, stats.joins)},
    {COUNTER("echolog_groups_leaves", NULL, "Members that left."), .source = of_groups, FIELD(groups, stats.leaves)},
    {COUNTER("echolog_groups_kicks", NULL, "Members that were kicked."), .source = of_groups, FIELD(groups, stats.kicks)},
    {COUNTER("echolog_groups_expired_sessions", NULL, "Members whose session ran out."),
     .source = of_groups, FIELD(groups, stats.expired_sessions)},
    {COUNTER("echolog_groups_rebalances", NULL, "New assignments of partitions."), .source = of_groups, FIELD(groups, stats.rebalances)},
    {COUNTER("echolog_groups_commits", NULL, "Offsets committed."), .source = of_groups, FIELD(groups, stats.commits)},
    {COUNTER("echolog_groups_fenced_commits", NULL, "Commits refused since the partition is another member's."),
     .source = of_groups, FIELD(groups, stats.commits_fenced)},
    {COUNTER("echolog_groups_expired_offsets", NULL, "Committed offsets forgotten (offsets-retention-ms)."),
     .source = of_groups, FIELD(groups, stats.expired_offsets)},
    {COUNTER("echolog_groups_lost_records", NULL, "Records that retention took before a group had read them."),
     .source = of_groups, FIELD(groups, stats.lost_records)},
    {COUNTER("echolog_groups_offset_write_failures", NULL, "Committed offsets that could not be written."),
     .source = of_groups, FIELD(groups, store.failures)},
    {GAUGE("echolog_group_members", NULL, "Members, by group."), SOME(group, group_figures, members)},
    {GAUGE("echolog_group_partitions", NULL, "Partitions it reads, by group."), SOME(group, group_figures, partitions)},
    {GAUGE("echolog_group_unsettled_partitions", NULL, "Partitions on their way from one member to another, by group."),
     SOME(group, group_figures, unsettled)},
    {COUNTER("echolog_group_rebalances", NULL, "New assignments of partitions, by group."), SOME(group, group_figures, rebalances)},
    {GAUGE("echolog_group_lag_records", NULL, "Records not committed yet, by group."), SOME(group, group_figures, lag)},
    {GAUGE("echolog_group_partition_lag_max_records", NULL, "Records not committed yet of its worst partition, by group."),
     SOME(group, group_figures, lag_max)},
    {GAUGE("echolog_group_topic_lag_records", NULL, "Records not committed yet, by group and topic."),
     SOME(group_topic, group_topic_figures, lag)},
};
/* clang-format on */

size_t metrics_count(void)
{
    return COUNT_OF(metrics_table);
}
