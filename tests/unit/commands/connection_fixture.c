/* SPDX-License-Identifier: BSD-3-Clause */
#include "connection_fixture.h"

#include "base/check.h"
#include "base/mem.h"
#include <stdio.h>

/* --- the stream ----------------------------------------------------------------------------- */

static struct fake_client *client_of(struct stream *s)
{
    return CONTAINER_OF(s, struct fake_client, stream);
}

static enum err fake_read(struct stream *s, void *data, size_t len, size_t *got)
{
    struct fake_client *client = client_of(s);
    if (client->incoming.len == 0)
        return ERR_AGAIN;
    *got = client->incoming.len < len ? client->incoming.len : len;
    memcpy(data, client->incoming.data, *got);
    buf_consume(&client->incoming, *got);
    return ERR_OK;
}

static enum err fake_write(struct stream *s, const struct iovec *iov, int count, size_t *put)
{
    *put = 0;
    for (int i = 0; i < count; i++) {
        buf_append(&client_of(s)->sent, iov[i].iov_base, iov[i].iov_len);
        *put += iov[i].iov_len;
    }
    return ERR_OK;
}

/* The fixture keeps the struct, so that a test can look at it after the end. */
static void fake_close(struct stream *s)
{
    client_of(s)->closed = true;
}

static const struct stream_ops fake_ops = {fake_read, fake_write, fake_close};

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
}

static void execute(void *ctx, struct session *s, int argc, struct bytes *argv)
{
    command_dispatch(&((struct fixture *)ctx)->sv, s, argc, argv);
}

static void ignore_session(void *ctx, struct session *s)
{
    (void)ctx;
    (void)s;
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
    f->sv.pubsub = pubsub_create(&f->hash_key);
    f->sv.commands = command_table_create(&f->hash_key);
    struct sessions_options options = {
        .owner = {f, execute, ignore_session, ignore_session, never_overloaded},
        .config = &f->config,
        .clock = &f->clock,
        .timers = &f->timers,
        .trace = &f->trace,
        .pubsub = f->sv.pubsub,
        .hash_key = &f->hash_key,
    };
    f->sv.sessions = sessions_create(&options);
    fixture_connect(f);
}

void fixture_deinit(struct fixture *f)
{
    sessions_destroy(f->sv.sessions);
    command_table_destroy(f->sv.commands);
    pubsub_destroy(f->sv.pubsub);
    timers_deinit(&f->timers);
    config_deinit(&f->config);
    for (int i = 0; i < f->client_count; i++) {
        buf_deinit(&f->clients[i]->incoming);
        buf_deinit(&f->clients[i]->sent);
        mem_free(f->clients[i]);
    }
}

int fixture_connect(struct fixture *f)
{
    ASSERT(f->client_count < CLIENTS_MAX);
    int number = f->client_count++;
    struct fake_client *client = mem_zalloc(1, sizeof(*client));
    client->stream.ops = &fake_ops;
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
    struct fake_client *c = f->clients[client];
    buf_append_string(&c->incoming, lines);
    buf_append_string(&c->incoming, "\n");
    buf_clear(&c->sent);
    if (!c->closed)
        c->stream.ready(&c->stream, STREAM_READABLE);
    run(f);
    buf_append_char(&c->sent, '\0');
    c->sent.len--;
    return c->sent.data;
}

const char *fixture_received(struct fixture *f, int client)
{
    struct buf *sent = &f->clients[client]->sent;
    buf_append_char(sent, '\0');
    buf_clear(sent);
    return sent->data;
}

struct session *fixture_session(struct fixture *f, int client)
{
    return f->clients[client]->stream.owner;
}
