/* SPDX-License-Identifier: BSD-3-Clause */
/* The wiring of the server and the turn of its loop. It must not know how the machine is asked for
 * anything: that is main's. */
#include "server/broker.h"

#include "base/mem.h"
#include "commands/access_set.h"
#include "commands/append_hold.h"
#include "commands/client_describe.h"
#include "commands/command.h"
#include "commands/command_vocabulary.h"
#include "commands/follow_push.h"
#include "commands/insight.h"
#include "commands/timing.h"

/* How long an orderly end waits for replies that are still to be sent. */
#define STOP_WAIT_US (5 * 1000000)
#define LOCK_FILE "lock"
/* Fewer partitions that wait for a sync are synced one by one. */
#define JOURNAL_GROUP_MIN 2
#define JOURNAL_SKIP_BITS 40

struct broker {
    struct services services;
    struct insight insight;
    struct hash_key hash_key;
    struct random random;
    struct timers timers;
    struct access_vocabulary *vocabulary; /* owned */
    struct access_log access_log;
    struct clock *clock; /* borrowed, as all that the options name */
    struct disk *disk;
    int64_t log_files_max;
    unsigned journal_group_min;
    void (*configured)(void *ctx, const struct directive *d);
    void (*opening)(void *ctx, size_t partitions);
    void *ctx;
    struct broker_command executing;
    int64_t stop_deadline_us;
};

/* --- what the parts ask of the whole --------------------------------------------------------- */

static struct broker *broker_of(struct services *sv)
{
    return CONTAINER_OF(sv, struct broker, services);
}

static void execute(void *ctx, struct session *s, int argc, struct bytes *argv)
{
    struct broker *b = ctx;
    b->executing = (struct broker_command){.session = s, .argc = argc, .argv = argv};
    command_dispatch(&b->services, s, argc, argv);
    b->executing.session = NULL;
}

static void input_done(void *ctx, struct session *s)
{
    struct broker *b = ctx;
    timing_pause(&b->services, s);
}

static void ignore_session(void *ctx, struct session *s)
{
    (void)ctx;
    (void)s;
}

static void describe(void *ctx, const struct session *s, struct buf *user, struct buf *info)
{
    (void)ctx;
    buf_append_string(user, client_user(s));
    client_describe(info, NULL, s);
}

static bool overloaded(void *ctx)
{
    const struct broker *b = ctx;
    struct recorder_stats recorded;
    recorder_stats(b->services.recorder, &recorded);
    return storage_stats(b->services.storage)->pending_bytes + recorded.waiting_bytes >
           (size_t)b->services.config->pending_bytes_max;
}

static void on_storage_work(void *ctx, enum storage_work what, int64_t ns)
{
    struct broker *b = ctx;
    if (b->services.insight != NULL) /* not while the log is opened or closed */
        insight_event(&b->insight, what == STORAGE_SYNC ? LATENCY_DISK_SYNC : LATENCY_DISK_WRITE,
                      ns);
}

static void on_shutdown(struct services *sv)
{
    broker_stop(broker_of(sv));
}

static void on_configured(struct services *sv, const struct directive *d)
{
    struct broker *b = broker_of(sv);
    sv->trace->level = (enum trace_level)sv->config->loglevel;
    storage_set_tail_bytes_max(sv->storage, (size_t)sv->config->tail_cache_bytes);
    catalog_defaults_changed(sv->catalog);
    groups_configured(sv->groups);
    access_configured(sv, d);
    insight_configured(sv->insight);
    if (b->configured != NULL)
        b->configured(b->ctx, d);
}

/* --- life ----------------------------------------------------------------------------------- */

static void make_run_id(struct broker *b)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < sizeof(b->services.run_id) - 1; i++)
        b->services.run_id[i] = digits[random_below(&b->random, 16)];
    b->services.run_id[sizeof(b->services.run_id) - 1] = '\0';
}

static void trace_recovery(struct broker *b, const struct catalog_recovery *r, int64_t took_us)
{
    struct trace *t = b->services.trace;
    TRACE_NOTE(t, "Log open: %zu topics, %zu partitions in %.3f s", r->topics, r->partitions,
               (double)took_us / 1e6);
    if (r->partitions_scanned > 0)
        TRACE_NOTE(
            t,
            "The last stop was not clean: %zu partitions scanned, %llu bytes read (%.0f MB/s), "
            "%llu bytes of torn tails cut, %llu bytes taken over from the journal",
            r->partitions_scanned, (unsigned long long)r->bytes_scanned,
            (double)r->bytes_scanned / ((double)took_us + 1), (unsigned long long)r->bytes_cut,
            (unsigned long long)r->bytes_replayed);
    if (r->corrupt_ranges > 0)
        TRACE_WARN(t, "%llu damaged ranges were found; reading them answers -CORRUPT",
                   (unsigned long long)r->corrupt_ranges);
    if (r->partitions_failed > 0)
        TRACE_WARN(t, "%zu partitions could not be opened", r->partitions_failed);
}

static enum err open_log(struct broker *b)
{
    struct services *sv = &b->services;
    enum err err = disk_lock(b->disk, LOCK_FILE);
    if (err != ERR_OK) {
        TRACE_WARN(sv->trace, "Cannot lock the data directory '%s': %s", sv->config->dir,
                   err == ERR_BUSY ? "another server is using it" : err_text(err));
        return err;
    }
    struct storage_options storage_options = {
        .disk = b->disk,
        .clock = b->clock,
        .timers = &b->timers,
        .trace = sv->trace,
        .tail_bytes_max = (size_t)sv->config->tail_cache_bytes,
        .files_max = (unsigned)sv->config->open_files_max,
        .files_written_max = (unsigned)b->log_files_max,
        .journal_bytes_max = (uint64_t)sv->config->log_journal_max_bytes,
        .journal_group_min = b->journal_group_min,
        .journal_skip = random_next(&b->random) & (((uint64_t)1 << JOURNAL_SKIP_BITS) - 1),
        .timed = on_storage_work,
        .ctx = b,
    };
    sv->storage = storage_create(&storage_options);
    struct catalog_options catalog_options = {
        .storage = sv->storage,
        .disk = b->disk,
        .clock = b->clock,
        .timers = &b->timers,
        .trace = sv->trace,
        .random = &b->random,
        .hash_key = &b->hash_key,
        .config = sv->config,
        .opening = b->opening,
        .opening_ctx = b->ctx,
    };
    int64_t before_us = b->clock->mono_us;
    struct catalog_recovery recovery = {0};
    err = storage_load_journal(sv->storage);
    if (err == ERR_OK)
        err = catalog_open(&catalog_options, &recovery, &sv->catalog);
    clock_update(b->clock);
    if (err != ERR_OK) {
        TRACE_WARN(sv->trace, "Cannot open the log in '%s': %s", sv->config->dir, err_text(err));
        storage_destroy(sv->storage);
        return err;
    }
    trace_recovery(b, &recovery, b->clock->mono_us - before_us);
    storage_opened(sv->storage);
    storage_sweep(sv->storage);
    return ERR_OK;
}

static enum err open_groups(struct broker *b)
{
    struct services *sv = &b->services;
    struct groups_options options = {
        .catalog = sv->catalog,
        .config = sv->config,
        .clock = b->clock,
        .timers = &b->timers,
        .trace = sv->trace,
        .hash_key = &b->hash_key,
    };
    return groups_open(&options, &sv->groups);
}

/* Users from the configuration or from their own file, and what requirepass says of "default" before that. */
static enum err open_users(struct broker *b)
{
    struct services *sv = &b->services;
    struct buf why = {0};
    sv->commands = command_table_create();
    b->vocabulary = command_vocabulary_create(sv->commands);
    sv->users = users_create(b->vocabulary);
    access_log_init(&b->access_log);
    sv->access_log = &b->access_log;
    enum err err = access_open(sv, &why);
    if (err != ERR_OK)
        TRACE_WARN(sv->trace, "Cannot set up the users: %.*s", (int)why.len, buf_bytes(&why).data);
    buf_deinit(&why);
    return err;
}

static void close_users(struct broker *b)
{
    access_log_deinit(&b->access_log);
    users_destroy(b->services.users);
    command_vocabulary_destroy(b->vocabulary);
    command_table_destroy(b->services.commands);
}

static enum err close_log(struct broker *b)
{
    enum err err = catalog_close(b->services.catalog);
    storage_destroy(b->services.storage);
    return err;
}

enum err broker_create(const struct broker_options *options, struct broker **broker)
{
    struct broker *b = mem_zalloc(1, sizeof(*b));
    b->services.config = options->config;
    b->services.clock = b->clock = options->clock;
    b->services.timers = &b->timers;
    b->services.trace = options->trace;
    b->services.random = &b->random;
    b->services.config_file = options->config_file;
    b->services.config_files = options->config_files;
    b->services.started_us = options->clock->mono_us;
    b->services.started_wall_ms = options->clock->wall_ms;
    b->services.shutdown = on_shutdown;
    b->services.configured = on_configured;
    list_init(&b->services.config_parts);
    b->services.process_figures = options->process_figures;
    b->services.secret_bytes = options->secret_bytes;
    b->services.process = options->process;
    b->disk = options->disk;
    b->log_files_max = options->log_files_max;
    b->journal_group_min =
        options->journal_group_min > 0 ? options->journal_group_min : JOURNAL_GROUP_MIN;
    b->configured = options->configured;
    b->opening = options->opening;
    b->ctx = options->ctx;
    b->hash_key = options->hash_key;
    random_seed(&b->random, options->seed);
    timers_init(&b->timers);
    make_run_id(b);

    enum err err = open_users(b);
    if (err != ERR_OK)
        goto err_after_users;
    err = open_log(b);
    if (err != ERR_OK)
        goto err_after_users;
    err = open_groups(b);
    if (err != ERR_OK)
        goto err_after_log;
    b->services.pubsub = pubsub_create(&b->hash_key);
    b->services.follows = follows_create(b->services.catalog, &b->hash_key);
    b->services.recorder = recorder_create(b->services.catalog, b->services.pubsub, &b->hash_key);
    b->services.holds = append_holds_create();
    struct sessions_options sessions_options = {
        .owner = {.ctx = b,
                  .execute = execute,
                  .opened = ignore_session,
                  .closed = ignore_session,
                  .overloaded = overloaded,
                  .input_done = input_done,
                  .describe = describe},
        .config = options->config,
        .clock = options->clock,
        .timers = &b->timers,
        .trace = options->trace,
        .users = b->services.users,
        .pubsub = b->services.pubsub,
        .follows = b->services.follows,
        .follower_ops = &follow_push_ops,
        .hash_key = &b->hash_key,
    };
    b->services.sessions = sessions_create(&sessions_options);
    b->services.insight = &b->insight;
    insight_init(&b->insight, &b->services);
    *broker = b;
    return ERR_OK;

err_after_log:
    (void)close_log(b); /* the reason that counts is known */
err_after_users:
    close_users(b);
    timers_deinit(&b->timers);
    mem_free(b);
    return err;
}

enum err broker_destroy(struct broker *b)
{
    struct services *sv = &b->services;
    sessions_destroy(sv->sessions);
    sv->insight = NULL;
    insight_deinit(&b->insight);
    recorder_destroy(sv->recorder);
    follows_destroy(sv->follows);
    groups_close(sv->groups);
    enum err err = close_log(b);
    append_holds_destroy(sv->holds);
    close_users(b);
    pubsub_destroy(sv->pubsub);
    timers_deinit(&b->timers);
    mem_free(b);
    return err;
}

void broker_accept(struct broker *b, struct stream *stream)
{
    if (b->services.stopping)
        stream_close(stream);
    else
        sessions_accept(b->services.sessions, stream);
}

void broker_set_port(struct broker *b, int port)
{
    b->services.port = port;
}

void broker_set_tls_stats(struct broker *b, struct tls_handshakes_stats *stats)
{
    b->services.tls_stats = stats;
}

void broker_add_config_part(struct broker *b, struct config_part *part)
{
    list_push_back(&b->services.config_parts, &part->link);
}

struct services *broker_services(struct broker *b)
{
    return &b->services;
}

const struct broker_command *broker_executing(const struct broker *b)
{
    return &b->executing;
}

/* --- the turn ------------------------------------------------------------------------------- */

/* How long a part of the turn took, and the turn from its beginning, for whoever asked to know. */
static void note_time(struct broker *b, enum latency_kind kind, int64_t from_ns)
{
    if (insight_has_events(&b->insight))
        insight_event(&b->insight, kind, clock_now_ns(b->clock) - from_ns);
}

static void commit(struct broker *b)
{
    int64_t from_ns = insight_has_events(&b->insight) ? clock_now_ns(b->clock) : 0;
    groups_settle(b->services.groups);
    catalog_commit(b->services.catalog);
    recorder_turn(b->services.recorder);
    note_time(b, LATENCY_COMMIT, from_ns);
}

void broker_tick(struct broker *b)
{
    struct services *sv = &b->services;
    clock_update(b->clock);
    sv->turns++;
    catalog_begin_turn(sv->catalog);
    disk_reap(b->disk);
    timers_run(&b->timers, b->clock->mono_us);
    if (!b->services.stopping)
        sessions_turn(sv->sessions);
    commit(b);
    if (!b->services.stopping && !sessions_are_behind_with_followed(sv->sessions))
        follows_turn(sv->follows); /* behind the commit: what it wrote goes out in this turn */
    pubsub_end_turn(sv->pubsub);
    sessions_flush(sv->sessions);
    sessions_bury(sv->sessions);
    sessions_resume_paused(sv->sessions);
    rates_turn(&b->insight.rates, sv->sessions->stats.commands);
    note_time(b, LATENCY_TICK, b->clock->mono_us * 1000);
}

int64_t broker_wait_us(const struct broker *b)
{
    if (sessions_pending(b->services.sessions, !b->services.stopping) ||
        recorder_pending(b->services.recorder) ||
        groups_pending(b->services.groups)) /* of connections that ended behind the settling */
        return 0;
    if (!b->services.stopping && follows_pending(b->services.follows))
        return 0;
    int64_t next_us = timers_next(&b->timers);
    if (b->services.stopping && b->stop_deadline_us < next_us)
        next_us = b->stop_deadline_us;
    if (next_us == TIMERS_NONE)
        return -1;
    int64_t left_us = next_us - b->clock->mono_us;
    return left_us > 0 ? left_us : 0;
}

void broker_stop(struct broker *b)
{
    if (b->services.stopping)
        return;
    b->services.stopping = true;
    b->stop_deadline_us = b->clock->mono_us + STOP_WAIT_US;
    TRACE_NOTE(b->services.trace, "Stopping: finishing what was acknowledged or is under way");
}

bool broker_stopping(const struct broker *b)
{
    return b->services.stopping;
}

bool broker_stopped(const struct broker *b)
{
    return b->services.stopping &&
           (sessions_quiet(b->services.sessions) || b->clock->mono_us >= b->stop_deadline_us);
}
