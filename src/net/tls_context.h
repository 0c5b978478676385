/* SPDX-License-Identifier: BSD-3-Clause */
/* What tls.c and tls_context.c share. */
#ifndef ECHOLOG_NET_TLS_CONTEXT_H
#define ECHOLOG_NET_TLS_CONTEXT_H

#include "net/tls.h"
#include <openssl/ssl.h>

struct tls_context {
    size_t refs;
    SSL_CTX *ssl_context;              /* owned */
    BIO_METHOD *bio_method;            /* owned */
    char record[TLS_RECORD_BYTES_MAX]; /* where the pieces of a record are gathered */
};

BIO_METHOD *tls_bio_method_create(void); /* in tls.c */

/* OpenSSL's words for an error, or the system's where that is where it comes from. */
void tls_error_say(unsigned long code, struct buf *why);

#endif
