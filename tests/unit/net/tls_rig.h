/* SPDX-License-Identifier: BSD-3-Clause */
/* A TLS stream of the server over a wire in memory, and OpenSSL's own client at its other end. What arrives,
 * and when, and how much may be written, is the test's to say. */
#ifndef ECHOLOG_TESTS_UNIT_NET_TLS_RIG_H
#define ECHOLOG_TESTS_UNIT_NET_TLS_RIG_H

#include "base/buf.h"
#include "base/random.h"
#include "net/tls.h"
#include <openssl/ssl.h>

#define RIG_ALL SIZE_MAX

/* The stream below. It keeps the promises of a socket's. */
struct wire {
    struct stream stream;
    struct buf incoming; /* what the client sent and the stream has not read */
    size_t visible;      /* of it: what is there to be read */
    struct buf outgoing; /* what the client has not got */
    size_t room;         /* for writing */
    bool ended;          /* nothing comes behind `incoming` */
    bool broken;         /* a write finds nobody */
    bool rearmed;
    bool closed;
};

void wire_init(struct wire *w);
void wire_deinit(struct wire *w);
/* Makes `len` more bytes of the incoming visible, and room for as much outgoing, and tells. Whether there was
 * anything to tell. */
bool wire_deliver(struct wire *w, size_t len);
bool wire_make_room(struct wire *w, size_t len);
/* What a turn of the reactor would tell because it was asked for. */
void wire_turn(struct wire *w);
void wire_end(struct wire *w);

/* The folder of certificates of a test, and its settings. */
struct credentials {
    char folder[64];
    char path[8][128];
    struct tls_settings settings; /* server.crt, no authentication of clients */
};

void credentials_make(struct credentials *c);
void credentials_remove(struct credentials *c);
const char *credentials_path(struct credentials *c, int slot, const char *name);

struct client {
    SSL_CTX *context;
    SSL *ssl;
    BIO *from_server, *to_server;
    SSL_SESSION *session; /* borrowed; to be resumed, or NULL */
};

void client_init(struct client *c);
void client_start(struct client *c, struct wire *w); /* begins the handshake */
void client_deinit(struct client *c);
/* Bytes from the client's library to the wire, and from the wire to it. */
void client_flush(struct client *c, struct wire *w);
void client_take(struct client *c, struct wire *w, size_t len);

struct rig {
    struct credentials credentials;
    struct tls_context *context;
    struct wire wire;
    struct stream *server;
    bool readable, writable, ended; /* as the stream told */
    struct client client;
    enum err handshake; /* where it stands */
    struct buf why;
};

void rig_open(struct rig *r); /* nothing has been sent */
/* The same with the settings as they are in r->credentials by now. */
void rig_open_with(struct rig *r);
void rig_close(struct rig *r);
void rig_begin(struct rig *r); /* another connection, when the last is closed */
/* Handshakes until one side says it is over; in pieces of `len` bytes. */
void rig_handshake(struct rig *r, size_t len);
/* A rig with the handshake behind it. */
void rig_open_established(struct rig *r);
void rig_settle(struct rig *r, size_t len); /* everything under way arrives */

/* Reads all that is there, as a session does; ERR_AGAIN or ERR_CLOSED. */
enum err rig_read(struct rig *r, struct buf *into, size_t at_a_time);
void rig_client_write(struct rig *r, const void *data, size_t len);
size_t rig_client_read(struct rig *r, struct buf *into);

#endif
