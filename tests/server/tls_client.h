/* SPDX-License-Identifier: BSD-3-Clause */
/* TLS for the tests' clients: a thread carries bytes between a TLS connection (OpenSSL's own client) and a plain
 * descriptor, so that everything that speaks over a descriptor speaks over TLS. */
#ifndef TESTS_SERVER_TLS_CLIENT_H
#define TESTS_SERVER_TLS_CLIENT_H

#include <stddef.h>

struct tls_client_options {
    const char *ca; /* NULL: the server's certificate is not looked at */
    const char *cert, *key;
    int version;  /* only this one, as TLS1_2_VERSION; 0: any */
    char *server; /* becomes the name in the server's certificate, if not NULL; room for 64 bytes */
};

/* A descriptor of the caller's, or -1 when the handshake failed. */
int tls_client_open(int port, const struct tls_client_options *options);

#endif
