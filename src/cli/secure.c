/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/secure.h"

#include "base/mem.h"
#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

struct secure {
    SSL_CTX *context; /* owned */
    BIO_METHOD *method;
    SSL *ssl;
    int fd; /* borrowed */
    bool waits_to_write;
    bool over;
    char why[SECURE_WHY_BYTES];
};

/* --- the descriptor ----------------------------------------------------------------------------- */

/* OpenSSL's own way of writing would raise SIGPIPE. */
static int bio_write(BIO *bio, const char *data, int len)
{
    const struct secure *s = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    ssize_t put = send(s->fd, data, (size_t)len, MSG_NOSIGNAL);
    if (put < 0 && (errno == EAGAIN || errno == EINTR))
        BIO_set_retry_write(bio);
    return (int)put;
}

static int bio_read(BIO *bio, char *data, int len)
{
    struct secure *s = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    ssize_t got = recv(s->fd, data, (size_t)len, 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        BIO_set_retry_read(bio);
    if (got == 0)
        s->over = true;
    return (int)got;
}

static long bio_control(BIO *bio, int command, long number, void *pointer)
{
    const struct secure *s = BIO_get_data(bio);
    (void)number;
    (void)pointer;
    return command == BIO_CTRL_FLUSH || (command == BIO_CTRL_EOF && s->over);
}

static void attach(struct secure *s)
{
    s->method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "descriptor");
    BIO_meth_set_write(s->method, bio_write);
    BIO_meth_set_read(s->method, bio_read);
    BIO_meth_set_ctrl(s->method, bio_control);
    BIO *bio = BIO_new(s->method);
    ASSERT(bio != NULL);
    BIO_set_data(bio, s);
    BIO_set_init(bio, 1);
    SSL_set_bio(s->ssl, bio, bio);
    SSL_set_connect_state(s->ssl);
}

/* --- beginning ---------------------------------------------------------------------------------- */

static const char *reason_of(unsigned long code)
{
    const char *text =
        ERR_SYSTEM_ERROR(code) ? strerror(ERR_GET_REASON(code)) : ERR_reason_error_string(code);
    return text != NULL ? text : "unknown error";
}

/* What OpenSSL has against the value of an option; NULL: nothing. */
static const char *configure(SSL_CTX *c, const struct secure_options *o)
{
    SSL_CTX_set_verify(c, o->insecure ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, NULL);
    if (o->ca_file == NULL && o->ca_dir == NULL) {
        SSL_CTX_set_default_verify_paths(c);
        ERR_clear_error();
    }
    if (o->ca_file != NULL && SSL_CTX_load_verify_file(c, o->ca_file) != 1)
        return "--cacert";
    if (o->ca_dir != NULL && SSL_CTX_load_verify_dir(c, o->ca_dir) != 1)
        return "--cacertdir";
    if (o->cert != NULL && SSL_CTX_use_certificate_chain_file(c, o->cert) != 1)
        return "--cert";
    if (o->key != NULL && SSL_CTX_use_PrivateKey_file(c, o->key, SSL_FILETYPE_PEM) != 1)
        return "--key";
    if (o->ciphers != NULL && SSL_CTX_set_cipher_list(c, o->ciphers) != 1)
        return "--tls-ciphers";
    if (o->ciphersuites != NULL && SSL_CTX_set_ciphersuites(c, o->ciphersuites) != 1)
        return "--tls-ciphersuites";
    return NULL;
}

enum err secure_create(const struct secure_options *o, int fd, struct secure **secure,
                       char why[SECURE_WHY_BYTES])
{
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    ASSERT(context != NULL);
    ERR_clear_error();
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_options(context, SSL_OP_IGNORE_UNEXPECTED_EOF | SSL_OP_NO_RENEGOTIATION);
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    const char *wrong = configure(context, o);
    if (wrong != NULL) {
        snprintf(why, SECURE_WHY_BYTES, "%s: %s", wrong, reason_of(ERR_peek_error()));
        SSL_CTX_free(context);
        return ERR_INVALID;
    }
    struct secure *s = mem_zalloc(1, sizeof(*s));
    *s = (struct secure){.context = context, .ssl = SSL_new(context), .fd = fd};
    ASSERT(s->ssl != NULL);
    attach(s);
    if (o->sni != NULL)
        SSL_set_tlsext_host_name(s->ssl, o->sni);
    *secure = s;
    return ERR_OK;
}

void secure_destroy(struct secure *s)
{
    if (s == NULL)
        return;
    if (SSL_is_init_finished(s->ssl) && !s->over)
        (void)SSL_shutdown(s->ssl);
    SSL_free(s->ssl);
    SSL_CTX_free(s->context);
    BIO_meth_free(s->method);
    mem_free(s);
}

/* --- going on ----------------------------------------------------------------------------------- */

static enum err outcome(struct secure *s, int rc, const char **why)
{
    if (rc == 1)
        return ERR_OK;
    int error = SSL_get_error(s->ssl, rc);
    s->waits_to_write = error == SSL_ERROR_WANT_WRITE;
    if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE)
        return ERR_AGAIN;
    unsigned long code = ERR_peek_error();
    long verified = SSL_get_verify_result(s->ssl);
    s->over = true;
    if (error == SSL_ERROR_ZERO_RETURN || (code == 0 && error == SSL_ERROR_SYSCALL))
        snprintf(s->why, sizeof(s->why), "Server closed the connection");
    else if (verified != X509_V_OK && ERR_GET_REASON(code) == SSL_R_CERTIFICATE_VERIFY_FAILED)
        snprintf(s->why, sizeof(s->why), "TLS: %s: %s", reason_of(code),
                 X509_verify_cert_error_string(verified));
    else
        snprintf(s->why, sizeof(s->why), "TLS: %s", reason_of(code));
    *why = s->why;
    return ERR_CLOSED;
}

enum err secure_handshake(struct secure *s, const char **why)
{
    ERR_clear_error();
    return outcome(s, SSL_do_handshake(s->ssl), why);
}

enum err secure_send(struct secure *s, const void *data, size_t len, size_t *put, const char **why)
{
    ERR_clear_error();
    return outcome(s, SSL_write_ex(s->ssl, data, len, put), why);
}

enum err secure_receive(struct secure *s, void *data, size_t len, size_t *got, const char **why)
{
    ERR_clear_error();
    return outcome(s, SSL_read_ex(s->ssl, data, len, got), why);
}

bool secure_waits_to_write(const struct secure *s)
{
    return s->waits_to_write;
}

bool secure_has_pending(const struct secure *s)
{
    return SSL_pending(s->ssl) > 0;
}

bool secure_alive(struct secure *s)
{
    char byte;
    size_t got;
    const char *why;
    ERR_clear_error();
    return outcome(s, SSL_peek_ex(s->ssl, &byte, 1, &got), &why) != ERR_CLOSED;
}
