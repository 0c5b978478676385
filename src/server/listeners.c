/* SPDX-License-Identifier: BSD-3-Clause */
#include "server/listeners.h"

#include <string.h>

/* Redis's sentences: programs and people know them. */
#define CANNOT_BIND "Failed to bind to specified addresses."
#define CANNOT_LISTEN "Unable to listen on this port. Check server logs."
#define CANNOT_UPDATE_TLS "Unable to update TLS configuration. Check server logs."

/* --- connections ------------------------------------------------------------------------------ */

/* Connections that are no clients yet give way to those that come. */
static bool is_full(struct listeners *l)
{
    const struct listeners_options *o = &l->options;
    while (o->full(o->ctx, l->handshakes.count) && l->handshakes.count > 0)
        tls_handshakes_drop_oldest(&l->handshakes);
    return o->full(o->ctx, l->handshakes.count);
}

static void on_plain(void *ctx, struct stream *stream)
{
    struct listeners *l = ctx;
    (void)is_full(l);
    l->options.accepted(l->options.ctx, stream);
}

/* Where there is no room, the broker is asked at once: it refuses and counts. */
static void on_tls(void *ctx, struct stream *stream)
{
    struct listeners *l = ctx;
    if (is_full(l))
        l->options.accepted(l->options.ctx, tls_stream_create(l->context, stream));
    else
        tls_handshakes_begin(&l->handshakes, l->context, stream);
}

/* --- what the configuration asks for ------------------------------------------------------------- */

/* A server that nothing could reach would be of no use: then 0 is any port. */
static int wanted_port(const struct config *c)
{
    if (c->port == CONFIG_PORT_ANY)
        return PORTS_CHOOSE;
    if (c->port != 0)
        return (int)c->port;
    return c->tls_port == 0 && c->unixsocket[0] == '\0' ? PORTS_CHOOSE : PORTS_OFF;
}

static int wanted_tls_port(const struct config *c)
{
    if (c->tls_port == CONFIG_PORT_ANY)
        return PORTS_CHOOSE;
    return c->tls_port == 0 ? PORTS_OFF : (int)c->tls_port;
}

enum err listeners_open_context(const struct config *c, struct tls_context **context,
                                const char **directive, struct buf *why)
{
    struct tls_settings settings = {
        .cert_file = c->tls_cert_file,
        .key_file = c->tls_key_file,
        .key_file_pass = c->tls_key_file_pass,
        .ca_cert_file = c->tls_ca_cert_file,
        .ca_cert_dir = c->tls_ca_cert_dir,
        .dh_params_file = c->tls_dh_params_file,
        .protocols = c->tls_protocols,
        .ciphers = c->tls_ciphers,
        .ciphersuites = c->tls_ciphersuites,
        .auth_clients = (enum tls_auth_clients)c->tls_auth_clients,
        .prefer_server_ciphers = c->tls_prefer_server_ciphers,
        .session_caching = c->tls_session_caching,
        .session_cache_size = c->tls_session_cache_size,
        .session_cache_timeout_s = c->tls_session_cache_timeout_s,
    };
    return tls_context_create(&settings, context, directive, why);
}

/* A port that the system chose is kept. */
static enum err open_ports(struct listeners *l, const struct config *c, int port, bool was_chosen,
                           const struct listener_owner *owner, const struct ports *now,
                           struct ports *next, struct buf *why)
{
    struct ports_options options = {
        .reactor = l->options.reactor,
        .port = port == PORTS_CHOOSE && was_chosen ? now->port : port,
        .backlog = (int)c->tcp_backlog,
        .keepalive_s = (int)c->tcp_keepalive_s,
        .owner = *owner,
    };
    return ports_open(next, now, c->bind, &options, why);
}

static enum err open_tcp(struct listeners *l, const struct config *c, struct ports *next,
                         struct buf *why)
{
    struct listener_owner owner = {.accepted = on_plain, .ctx = l};
    bool was_chosen = wanted_port(l->options.config) == PORTS_CHOOSE && l->tcp.count > 0;
    return open_ports(l, c, wanted_port(c), was_chosen, &owner, &l->tcp, next, why);
}

static enum err open_tls(struct listeners *l, const struct config *c, struct ports *next,
                         struct buf *why)
{
    struct listener_owner owner = {
        .accepted = on_tls, .ctx = l, .accepts_per_turn = TLS_HANDSHAKE_ACCEPTS_PER_TURN};
    bool was_chosen = wanted_tls_port(l->options.config) == PORTS_CHOOSE && l->tls.count > 0;
    return open_ports(l, c, wanted_tls_port(c), was_chosen, &owner, &l->tls, next, why);
}

static enum err open_unix_socket(struct listeners *l, const struct config *c, struct buf *why)
{
    struct unix_socket_options options = {
        .path = c->unixsocket,
        .perm = (mode_t)c->unixsocketperm,
        .backlog = (int)c->tcp_backlog,
        .owner = {.accepted = on_plain, .ctx = l},
    };
    if (c->unixsocket[0] == '\0')
        return ERR_OK;
    enum err err = unix_socket_listen(l->options.reactor, &options, &l->unix_socket);
    switch (err) {
    case ERR_OK:
        return ERR_OK;
    case ERR_EXISTS:
        buf_printf(why, "unixsocket '%s': another server listens on it", c->unixsocket);
        return err;
    case ERR_INVALID:
        buf_printf(why, "unixsocket '%s': there is a file that is no socket", c->unixsocket);
        return err;
    case ERR_TOO_LARGE:
        buf_printf(why, "unixsocket '%s': the path is too long", c->unixsocket);
        return err;
    default:
        buf_printf(why, "unixsocket '%s': %s", c->unixsocket, err_text(err));
        return err;
    }
}

/* --- changes ---------------------------------------------------------------------------------- */

static bool concerns_tls(const struct config_change *change)
{
    for (size_t i = 0; i < change->changed_count; i++)
        if (strncmp(change->changed[i]->name, "tls-", 4) == 0)
            return true;
    return false;
}

static bool concerns_ports(const struct config_change *change)
{
    return config_change_has(change, "bind") || config_change_has(change, "port") ||
           config_change_has(change, "tls-port");
}

static void drop_change(struct listeners *l)
{
    ports_close(&l->next_tcp);
    ports_close(&l->next_tls);
    if (l->next_context != NULL)
        tls_context_unref(l->next_context);
    l->next_context = NULL;
    l->changes = false;
}

static enum err prepare_tls(struct listeners *l, struct config_change *change, struct buf *why)
{
    const char *directive = "tls-port";
    if (change->after->tls_port == 0)
        return ERR_OK;
    if (!concerns_tls(change)) {
        l->next_context = tls_context_ref(l->context);
        return ERR_OK;
    }
    if (listeners_open_context(change->after, &l->next_context, &directive, why) == ERR_OK)
        return ERR_OK;
    return config_change_refuse(change, directive, CANNOT_UPDATE_TLS " (%.*s)", (int)why->len,
                                why->data);
}

static enum err prepare_ports(struct listeners *l, struct config_change *change, struct buf *why)
{
    const char *directive = "port";
    enum err err = open_tcp(l, change->after, &l->next_tcp, why);
    if (err == ERR_OK) {
        directive = "tls-port";
        err = open_tls(l, change->after, &l->next_tls, why);
    }
    if (err == ERR_OK)
        return ERR_OK;
    if (config_change_has(change, "bind"))
        return config_change_refuse(change, "bind", CANNOT_BIND);
    return config_change_refuse(change, directive, CANNOT_LISTEN);
}

static enum err on_prepare(struct config_part *part, struct config_change *change)
{
    struct listeners *l = CONTAINER_OF(part, struct listeners, part);
    if (!concerns_ports(change) && !concerns_tls(change))
        return ERR_OK;
    struct buf why = {0};
    enum err err = prepare_tls(l, change, &why);
    if (err == ERR_OK)
        err = prepare_ports(l, change, &why);
    l->changes = err == ERR_OK;
    if (err != ERR_OK) {
        TRACE_WARN(l->options.trace, "CONFIG SET is refused, all stays as it was: %.*s",
                   (int)why.len, why.data);
        drop_change(l);
    }
    buf_deinit(&why);
    return err;
}

static void on_commit(struct config_part *part, const struct config_change *change)
{
    struct listeners *l = CONTAINER_OF(part, struct listeners, part);
    if (!l->changes)
        return;
    ports_replace(&l->tcp, &l->next_tcp);
    ports_replace(&l->tls, &l->next_tls);
    if (l->context != NULL)
        tls_context_unref(l->context);
    l->context = l->next_context;
    l->next_context = NULL;
    l->changes = false;
    l->options.moved(l->options.ctx);
    if (concerns_ports(change))
        listeners_trace(l);
    else
        TRACE_NOTE(l->options.trace, "New TLS connections get what was set now");
}

static void on_abandon(struct config_part *part, const struct config_change *change)
{
    (void)change;
    drop_change(CONTAINER_OF(part, struct listeners, part));
}

enum err listeners_reload(struct listeners *l, struct buf *why)
{
    const char *directive = "tls-port";
    struct tls_context *context = NULL;
    if (l->context == NULL)
        return ERR_OK;
    enum err err = listeners_open_context(l->options.config, &context, &directive, why);
    if (err != ERR_OK)
        return err;
    tls_context_unref(l->context);
    l->context = context;
    TRACE_NOTE(l->options.trace,
               "Certificates and keys are read anew: new TLS connections get them");
    return ERR_OK;
}

/* --- life ------------------------------------------------------------------------------------- */

enum err listeners_open(struct listeners *l, const struct listeners_options *options,
                        struct buf *why)
{
    const struct config *c = options->config;
    struct listener_owner owner = {.accepted = options->accepted, .ctx = options->ctx};
    *l = (struct listeners){
        .options = *options,
        .part = {.prepare = on_prepare, .commit = on_commit, .abandon = on_abandon},
    };
    tls_handshakes_init(&l->handshakes, options->clock, options->timers, options->trace, &owner);
    const char *directive;
    enum err err = ERR_OK;
    if (c->tls_port != 0)
        err = listeners_open_context(c, &l->context, &directive, why);
    if (err == ERR_OK)
        err = open_tcp(l, c, &l->tcp, why);
    if (err == ERR_OK)
        err = open_tls(l, c, &l->tls, why);
    if (err == ERR_OK)
        err = open_unix_socket(l, c, why);
    if (err != ERR_OK)
        listeners_close(l);
    return err;
}

void listeners_set_keepalive(struct listeners *l, int seconds)
{
    ports_set_keepalive(&l->tcp, seconds);
    ports_set_keepalive(&l->tls, seconds);
}

void listeners_close(struct listeners *l)
{
    if (l->options.reactor == NULL)
        return;
    ports_close(&l->tcp);
    ports_close(&l->tls);
    if (l->unix_socket != NULL)
        unix_socket_close(l->unix_socket);
    tls_handshakes_deinit(&l->handshakes);
    if (l->context != NULL)
        tls_context_unref(l->context);
    *l = (struct listeners){0};
}

void listeners_turn(struct listeners *l)
{
    tls_handshakes_turn(&l->handshakes);
}

bool listeners_pending(const struct listeners *l)
{
    return tls_handshakes_pending(&l->handshakes);
}

/* --- telling ---------------------------------------------------------------------------------- */

int listeners_port(const struct listeners *l)
{
    return l->tcp.port != 0 ? l->tcp.port : l->tls.port;
}

void listeners_say(const struct listeners *l, struct buf *text)
{
    if (l->tcp.count > 0)
        ports_say(&l->tcp, text);
    if (l->tls.count > 0) {
        buf_append_string(text, text->len > 0 ? " and with TLS " : "with TLS ");
        ports_say(&l->tls, text);
    }
    if (l->unix_socket != NULL)
        buf_printf(text, "%s%s", text->len > 0 ? " and " : "", l->options.config->unixsocket);
}

static void trace_ports(const struct listeners *l, const struct ports *p, const char *what)
{
    struct buf text = {0};
    ports_say(p, &text);
    if (p->count > 0)
        TRACE_NOTE(l->options.trace, "Ready to accept %s on %.*s", what, (int)text.len, text.data);
    buf_deinit(&text);
}

void listeners_trace(const struct listeners *l)
{
    if (l->unix_socket != NULL)
        TRACE_NOTE(l->options.trace, "Ready to accept connections at %s",
                   l->options.config->unixsocket);
    trace_ports(l, &l->tls, "TLS connections");
    trace_ports(l, &l->tcp, "connections");
}
