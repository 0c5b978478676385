/* SPDX-License-Identifier: BSD-3-Clause */
/* TLS over a connected descriptor, as a client (OpenSSL). In a build without TLS (make TLS=no)
 * secure_none.c is behind this header.
 *
 * The server's certificate must be signed by an authority of --cacert, --cacertdir or the system. Whom it is made
 * out to is not compared with the host, as redis-cli does not: an authority of one's own says who is meant. */
#ifndef ECHOLOG_CLI_SECURE_H
#define ECHOLOG_CLI_SECURE_H

#include "base/check.h"
#include "base/err.h"
#include <stdbool.h>
#include <stddef.h>

/* What is not given is NULL. */
struct secure_options {
    bool on;
    bool insecure; /* the certificate is not looked at */
    const char *ca_file, *ca_dir;
    const char *cert, *key;
    const char *sni;
    const char *ciphers, *ciphersuites;
};

struct secure;

#define SECURE_WHY_BYTES 256

/* Over `fd`, non-blocking and borrowed. ERR_INVALID: `why` says what cannot be used. */
MUST_CHECK
enum err secure_create(const struct secure_options *o, int fd, struct secure **secure,
                       char why[SECURE_WHY_BYTES]);
void secure_destroy(struct secure *s); /* says goodbye; NULL is harmless */

/* These answer ERR_AGAIN when the descriptor must first be ready, as secure_waits_to_write says, and ERR_CLOSED
 * when it is over: *why says how then. */
MUST_CHECK
enum err secure_handshake(struct secure *s, const char **why);
MUST_CHECK
enum err secure_send(struct secure *s, const void *data, size_t len, size_t *put, const char **why);
MUST_CHECK
enum err secure_receive(struct secure *s, void *data, size_t len, size_t *got, const char **why);
bool secure_waits_to_write(const struct secure *s);
/* Whether bytes are at hand that the descriptor will not tell of. */
bool secure_has_pending(const struct secure *s);
bool secure_alive(struct secure *s);

#endif
