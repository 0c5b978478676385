/* SPDX-License-Identifier: BSD-3-Clause */
#include "unit/net/tls_rig.h"

#include "support/certificates.h"
#include <criterion/criterion.h>
#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#if ECHOLOG_TLS

/* --- the wire --------------------------------------------------------------------------------- */

static struct wire *wire_of(struct stream *s)
{
    return CONTAINER_OF(s, struct wire, stream);
}

static enum err wire_read(struct stream *s, void *data, size_t len, size_t *got)
{
    struct wire *w = wire_of(s);
    if (w->visible == 0)
        return w->ended ? ERR_CLOSED : ERR_AGAIN;
    *got = w->visible < len ? w->visible : len;
    memcpy(data, w->incoming.data, *got);
    buf_consume(&w->incoming, *got);
    w->visible -= *got;
    if (*got < len && w->ended)
        w->rearmed = true;
    return ERR_OK;
}

static enum err wire_write(struct stream *s, const struct iovec *iov, int count, size_t *put)
{
    struct wire *w = wire_of(s);
    size_t total = 0;
    if (w->broken)
        return ERR_CLOSED;
    for (int i = 0; i < count && w->room > 0; i++) {
        size_t len = iov[i].iov_len < w->room ? iov[i].iov_len : w->room;
        buf_append(&w->outgoing, iov[i].iov_base, len);
        total += len;
        w->room -= w->room == RIG_ALL ? 0 : len;
    }
    if (total == 0)
        return ERR_AGAIN;
    *put = total;
    return ERR_OK;
}

static void wire_rearm(struct stream *s)
{
    wire_of(s)->rearmed = true;
}

static void wire_close(struct stream *s)
{
    wire_of(s)->closed = true;
}

void wire_init(struct wire *w)
{
    static const struct stream_ops ops = {wire_read, wire_write, wire_rearm, wire_close};
    *w = (struct wire){
        .stream = {.ops = &ops, .peer = "10.0.0.1:7", .local = "10.0.0.2:8", .fd = 77},
        .room = RIG_ALL};
}

void wire_deinit(struct wire *w)
{
    buf_deinit(&w->incoming);
    buf_deinit(&w->outgoing);
}

bool wire_deliver(struct wire *w, size_t len)
{
    size_t hidden = w->incoming.len - w->visible;
    if (hidden == 0)
        return false;
    w->visible += len < hidden ? len : hidden;
    w->stream.ready(&w->stream, STREAM_READABLE);
    return true;
}

bool wire_make_room(struct wire *w, size_t len)
{
    w->room = len == RIG_ALL ? RIG_ALL : w->room + len;
    w->stream.ready(&w->stream, STREAM_WRITABLE);
    return true;
}

void wire_turn(struct wire *w)
{
    if (!w->rearmed || w->closed)
        return;
    w->rearmed = false;
    w->stream.ready(&w->stream, (w->visible > 0 || w->ended ? STREAM_READABLE : 0) |
                                    (w->room > 0 ? STREAM_WRITABLE : 0) |
                                    (w->ended ? STREAM_ENDED : 0));
}

void wire_end(struct wire *w)
{
    w->ended = true;
    w->visible = w->incoming.len;
    w->stream.ready(&w->stream, STREAM_READABLE | STREAM_ENDED);
}

/* --- certificates ----------------------------------------------------------------------------- */

const char *credentials_path(struct credentials *c, int slot, const char *name)
{
    char *path = c->path[slot];
    size_t len = strlen(c->folder);
    cr_assert_lt(len + strlen(name) + 1, sizeof(c->path[slot]));
    memcpy(path, c->folder, len);
    path[len] = '/';
    strcpy(path + len + 1, name);
    return path;
}

void credentials_make(struct credentials *c)
{
    *c = (struct credentials){.folder = "/tmp/echolog-tls-XXXXXX"};
    cr_assert_not_null(mkdtemp(c->folder));
    cr_assert(certificates_make(c->folder), "the openssl program makes certificates");
    c->settings = (struct tls_settings){
        .cert_file = credentials_path(c, 0, "server.crt"),
        .key_file = credentials_path(c, 1, "server.key"),
        .key_file_pass = "",
        .ca_cert_file = credentials_path(c, 2, "ca.crt"),
        .ca_cert_dir = "",
        .dh_params_file = "",
        .protocols = "",
        .ciphers = "",
        .ciphersuites = "",
        .session_caching = true,
        .session_cache_size = 20480,
        .session_cache_timeout_s = 300,
    };
}

void credentials_remove(struct credentials *c)
{
    certificates_remove(c->folder);
    rmdir(c->folder);
}

/* --- the client ------------------------------------------------------------------------------- */

void client_init(struct client *c)
{
    *c = (struct client){.context = SSL_CTX_new(TLS_client_method())};
    SSL_CTX_set_mode(c->context, SSL_MODE_AUTO_RETRY);
}

void client_start(struct client *c, struct wire *w)
{
    c->ssl = SSL_new(c->context);
    c->from_server = BIO_new(BIO_s_mem());
    c->to_server = BIO_new(BIO_s_mem());
    BIO_set_mem_eof_return(c->from_server, -1);
    SSL_set_bio(c->ssl, c->from_server, c->to_server);
    SSL_set_connect_state(c->ssl);
    if (c->session != NULL)
        SSL_set_session(c->ssl, c->session);
    SSL_do_handshake(c->ssl);
    client_flush(c, w);
}

void client_deinit(struct client *c)
{
    SSL_free(c->ssl);
    SSL_CTX_free(c->context);
    ERR_clear_error();
}

void client_flush(struct client *c, struct wire *w)
{
    char data[4096];
    int n;
    while ((n = BIO_read(c->to_server, data, sizeof(data))) > 0)
        buf_append(&w->incoming, data, (size_t)n);
}

void client_take(struct client *c, struct wire *w, size_t len)
{
    if (len > w->outgoing.len)
        len = w->outgoing.len;
    if (len == 0)
        return;
    cr_assert_eq(BIO_write(c->from_server, w->outgoing.data, (int)len), (int)len);
    buf_consume(&w->outgoing, len);
}

/* --- the rig ---------------------------------------------------------------------------------- */

static void on_ready(struct stream *stream, unsigned readiness)
{
    struct rig *r = stream->owner;
    r->readable |= (readiness & STREAM_READABLE) != 0;
    r->writable |= (readiness & STREAM_WRITABLE) != 0;
    r->ended |= (readiness & STREAM_ENDED) != 0;
}

void rig_begin(struct rig *r)
{
    wire_init(&r->wire);
    r->server = tls_stream_create(r->context, &r->wire.stream);
    r->server->owner = r;
    r->server->ready = on_ready;
    r->handshake = ERR_AGAIN;
}

void rig_open_with(struct rig *r)
{
    const char *directive = "";
    enum err err = tls_context_create(&r->credentials.settings, &r->context, &directive, &r->why);
    cr_assert_eq(err, ERR_OK, "%s: %.*s", directive, (int)r->why.len, r->why.data);
    client_init(&r->client);
    rig_begin(r);
}

void rig_open(struct rig *r)
{
    *r = (struct rig){0};
    credentials_make(&r->credentials);
    rig_open_with(r);
}

void rig_close(struct rig *r)
{
    stream_close(r->server);
    cr_assert(r->wire.closed);
    tls_context_unref(r->context);
    client_deinit(&r->client);
    wire_deinit(&r->wire);
    buf_deinit(&r->why);
    credentials_remove(&r->credentials);
}

static void server_step(struct rig *r)
{
    if (r->handshake == ERR_AGAIN && tls_stream_wants_step(r->server))
        r->handshake = tls_stream_handshake(r->server, &r->why);
}

void rig_settle(struct rig *r, size_t len)
{
    bool moved = true;
    while (moved) {
        moved = false;
        if (!SSL_is_init_finished(r->client.ssl))
            SSL_do_handshake(r->client.ssl);
        client_flush(&r->client, &r->wire);
        while (wire_deliver(&r->wire, len)) {
            server_step(r);
            moved = true;
        }
        wire_turn(&r->wire);
        server_step(r);
        moved |= r->wire.outgoing.len > 0;
        client_take(&r->client, &r->wire, len);
    }
}

void rig_handshake(struct rig *r, size_t len)
{
    client_start(&r->client, &r->wire);
    rig_settle(r, len);
}

void rig_open_established(struct rig *r)
{
    rig_open(r);
    rig_handshake(r, RIG_ALL);
    cr_assert_eq(r->handshake, ERR_OK, "%.*s", (int)r->why.len, r->why.data);
    struct buf none = {0};
    rig_client_read(r, &none); /* tickets are taken */
    cr_assert_eq(none.len, 0);
    buf_deinit(&none);
    r->readable = r->writable = true;
}

enum err rig_read(struct rig *r, struct buf *into, size_t at_a_time)
{
    while (r->readable) {
        size_t got = 0;
        enum err err = stream_read(r->server, buf_reserve(into, at_a_time), at_a_time, &got);
        if (err != ERR_OK) {
            r->readable = false;
            return err;
        }
        cr_assert(got > 0 && got <= at_a_time);
        into->len += got;
        r->readable = got == at_a_time;
    }
    return ERR_AGAIN;
}

void rig_client_write(struct rig *r, const void *data, size_t len)
{
    size_t put = 0;
    cr_assert_eq(SSL_write_ex(r->client.ssl, data, len, &put), 1);
    cr_assert_eq(put, len);
    client_flush(&r->client, &r->wire);
}

size_t rig_client_read(struct rig *r, struct buf *into)
{
    size_t before = into->len, got;
    while (SSL_read_ex(r->client.ssl, buf_reserve(into, 65536), 65536, &got) == 1)
        into->len += got;
    client_flush(&r->client, &r->wire);
    return into->len - before;
}

#endif
