/* SPDX-License-Identifier: BSD-3-Clause */
/* TLS (OpenSSL) as a stream over another stream. Nothing here blocks, and nothing here knows sockets.
 *
 * A context holds certificates and rules; each stream keeps the one it began with, so that a new context
 * concerns new connections only. A build without TLS (make TLS=no) has tls_none.c behind this header. */
#ifndef ECHOLOG_NET_TLS_H
#define ECHOLOG_NET_TLS_H

#include "base/buf.h"
#include "base/err.h"
#include "net/stream.h"
#include <stdint.h>

#define TLS_RECORD_BYTES_MAX 16384 /* small pieces are gathered up to this */

enum tls_auth_clients { TLS_AUTH_CLIENTS_NO, TLS_AUTH_CLIENTS_YES, TLS_AUTH_CLIENTS_OPTIONAL };

/* As the directives of the same names. Texts are never NULL; "" is not given. */
struct tls_settings {
    const char *cert_file;
    const char *key_file;
    const char *key_file_pass;
    const char *ca_cert_file;
    const char *ca_cert_dir;
    const char *dh_params_file;
    const char *protocols;
    const char *ciphers;
    const char *ciphersuites;
    enum tls_auth_clients auth_clients;
    bool prefer_server_ciphers;
    bool session_caching;
    int64_t session_cache_size;
    int64_t session_cache_timeout_s;
};

struct tls_context;

/* Reads the files. ERR_INVALID: *directive names the setting that is at fault ("tls-cert-file"), and `why`
 * says what OpenSSL says of it. ERR_UNSUPPORTED: this build has no TLS; `why` says so. */
MUST_CHECK
enum err tls_context_create(const struct tls_settings *settings, struct tls_context **context,
                            const char **directive, struct buf *why);
struct tls_context *tls_context_ref(struct tls_context *c);
void tls_context_unref(struct tls_context *c); /* goes when its last stream does */

/* A server's side of TLS over `inner`, which becomes the stream's own. Until the handshake is done it
 * reads and writes ERR_AGAIN. Cheap: cryptography begins with the client's first bytes. */
struct stream *tls_stream_create(struct tls_context *c, struct stream *inner);

/* Goes on with the handshake as far as it can. ERR_AGAIN: call again when tls_stream_wants_step. ERR_CLOSED:
 * it failed, `why` says how; close the stream. When it is done, `ready` is called in a later turn for what
 * has come meanwhile. */
MUST_CHECK
enum err tls_stream_handshake(struct stream *stream, struct buf *why);
/* Whether tls_stream_handshake has something to go on with. */
bool tls_stream_wants_step(struct stream *stream);

#endif
