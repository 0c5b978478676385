/* SPDX-License-Identifier: BSD-3-Clause */
#include "connection_fixture.h"

#include "base/check.h"
#include "commands/access_set.h"
#include "commands/client_describe.h"
#include "commands/command_vocabulary.h"
#include "commands/timing.h"
#include <stdio.h>

/* --- what commands ask of the server --------------------------------------------------------- */

static struct fixture *fixture_of(struct services *sv)
{
    return CONTAINER_OF(sv, struct fixture, sv);
}

static void on_shutdown(struct services *sv)
{
    fixture_of(sv)->shutdowns++;
}

static void on_configured(struct services *sv, const struct directive *d)
{
    snprintf(fixture_of(sv)->changed, sizeof(fixture_of(sv)->changed), "%s", d->name);
    insight_configured(sv->insight);
    access_configured(sv, d);
}

static void execute(void *ctx, struct session *s, int argc, struct bytes *argv)
{
    command_dispatch(&((struct fixture *)ctx)->sv, s, argc, argv);
}

static void input_done(void *ctx, struct session *s)
{
    timing_pause(&((struct fixture *)ctx)->sv, s);
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

static bool never_overloaded(void *ctx)
{
    (void)ctx;
    return false;
}

static void no_sink(struct trace *t, enum trace_level level, const char *line)
{
    (void)t;
    (void)level;
    (void)line;
}

/* --- the fixture ---------------------------------------------------------------------------- */

void fixture_init(struct fixture *f)
{
    memset(f, 0, sizeof(*f));
    config_init(&f->config);
    timers_init(&f->timers);
    f->trace = (struct trace){.level = TRACE_WARNING, .sink = no_sink};
    f->clock.mono_us = 10 * 1000000;
    f->clock.wall_us = 1700000000123456;
    f->sv.config = &f->config;
    f->sv.clock = &f->clock;
    f->sv.timers = &f->timers;
    f->sv.trace = &f->trace;
    f->sv.config_file = "";
    f->sv.shutdown = on_shutdown;
    f->sv.configured = on_configured;
    list_init(&f->sv.config_parts);
    f->sv.pubsub = pubsub_create(&f->hash_key);
    f->sv.recorder = recorder_create(NULL, f->sv.pubsub, &f->hash_key);
    f->sv.commands = command_table_create();
    f->vocabulary = command_vocabulary_create(f->sv.commands);
    f->sv.users = users_create(f->vocabulary);
    access_log_init(&f->access_log);
    f->sv.access_log = &f->access_log;
    struct sessions_options options = {
        .owner = {f, execute, ignore_session, ignore_session, never_overloaded, describe,
                  input_done},
        .config = &f->config,
        .clock = &f->clock,
        .timers = &f->timers,
        .trace = &f->trace,
        .users = f->sv.users,
        .pubsub = f->sv.pubsub,
        .hash_key = &f->hash_key,
    };
    f->sv.sessions = sessions_create(&options);
    f->sv.insight = &f->insight;
    insight_init(&f->insight, &f->sv);
    fixture_connect(f);
}

void fixture_deinit(struct fixture *f)
{
    sessions_destroy(f->sv.sessions);
    insight_deinit(&f->insight);
    recorder_destroy(f->sv.recorder);
    access_log_deinit(&f->access_log);
    users_destroy(f->sv.users);
    command_vocabulary_destroy(f->vocabulary);
    command_table_destroy(f->sv.commands);
    pubsub_destroy(f->sv.pubsub);
    timers_deinit(&f->timers);
    config_deinit(&f->config);
    for (int i = 0; i < f->client_count; i++)
        memory_client_destroy(f->clients[i]);
}

int fixture_connect(struct fixture *f)
{
    ASSERT(f->client_count < CLIENTS_MAX);
    int number = f->client_count++;
    struct memory_client *client = memory_client_create();
    client->stream.fd = 10 + number;
    snprintf(client->stream.peer, sizeof(client->stream.peer), "127.0.0.1:%d", 1001 + number);
    snprintf(client->stream.local, sizeof(client->stream.local), "127.0.0.1:3246");
    f->clients[number] = client;
    sessions_accept(f->sv.sessions, &client->stream);
    return number;
}

static void run(struct fixture *f)
{
    while (sessions_pending(f->sv.sessions, true)) {
        sessions_turn(f->sv.sessions);
        sessions_flush(f->sv.sessions);
        sessions_bury(f->sv.sessions);
    }
}

const char *fixture_say(struct fixture *f, int client, const char *lines)
{
    struct memory_client *c = f->clients[client];
    memory_client_send(c, lines);
    memory_client_send(c, "\n");
    run(f);
    return memory_client_received(c);
}

void fixture_pass(struct fixture *f, int64_t ms)
{
    f->clock.mono_us += ms * 1000;
    timers_run(&f->timers, f->clock.mono_us);
    run(f);
}

const char *fixture_received(struct fixture *f, int client)
{
    return memory_client_received(f->clients[client]);
}

struct session *fixture_session(struct fixture *f, int client)
{
    return f->clients[client]->stream.owner;
}
