/* SPDX-License-Identifier: BSD-3-Clause */
/* Certificates and rules, from the settings to what OpenSSL works with. All of it is read at once: what is
 * refused here has changed nothing. */
#include "net/tls_context.h"

#include "base/mem.h"
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <strings.h>

/* --- saying what is wrong --------------------------------------------------------------------- */

void tls_error_say(unsigned long code, struct buf *why)
{
    const char *text =
        ERR_SYSTEM_ERROR(code) ? strerror(ERR_GET_REASON(code)) : ERR_reason_error_string(code);
    if (text != NULL)
        buf_append_string(why, text);
    else
        buf_printf(why, "error %lx of OpenSSL", code);
}

/* A setting in the making. */
struct making {
    const struct tls_settings *settings;
    SSL_CTX *ssl_context;
    const char *directive; /* what is at fault */
    struct buf *why;
};

static enum err fault(struct making *m, const char *directive, const char *why)
{
    m->directive = directive;
    buf_append_string(m->why, why);
    return ERR_INVALID;
}

/* The first error is the cause; those behind it say where it was noticed. */
static enum err fault_of_openssl(struct making *m, const char *directive, const char *value)
{
    m->directive = directive;
    buf_printf(m->why, "%s '%s': ", directive, value);
    tls_error_say(ERR_peek_error(), m->why);
    return ERR_INVALID;
}

/* --- protocols and ciphers -------------------------------------------------------------------- */

static const struct protocol {
    const char *name;
    uint64_t option; /* that turns it off */
} protocols[] = {
    {"TLSv1", SSL_OP_NO_TLSv1},
    {"TLSv1.1", SSL_OP_NO_TLSv1_1},
    {"TLSv1.2", SSL_OP_NO_TLSv1_2},
    {"TLSv1.3", SSL_OP_NO_TLSv1_3},
};

static const struct protocol *protocol_find(const char *name, size_t len)
{
    for (size_t i = 0; i < COUNT_OF(protocols); i++)
        if (strlen(protocols[i].name) == len && strncasecmp(protocols[i].name, name, len) == 0)
            return &protocols[i];
    return NULL;
}

static enum err set_protocols(struct making *m)
{
    const char *rest = m->settings->protocols;
    uint64_t off = SSL_OP_NO_TLSv1 | SSL_OP_NO_TLSv1_1 | SSL_OP_NO_TLSv1_2 | SSL_OP_NO_TLSv1_3;
    if (rest[strspn(rest, " \t")] == '\0')
        rest = "TLSv1.2 TLSv1.3";
    while (*(rest += strspn(rest, " \t")) != '\0') {
        size_t len = strcspn(rest, " \t");
        const struct protocol *p = protocol_find(rest, len);
        if (p == NULL)
            return fault(m, "tls-protocols",
                         "tls-protocols takes any of TLSv1, TLSv1.1, TLSv1.2 and TLSv1.3");
        off &= ~p->option;
        rest += len;
    }
    /* The library's own configuration may have a stricter minimum: what is asked for here counts. */
    SSL_CTX_set_min_proto_version(m->ssl_context, TLS1_VERSION);
    SSL_CTX_set_max_proto_version(m->ssl_context, 0);
    SSL_CTX_set_options(m->ssl_context, off);
    return ERR_OK;
}

static enum err set_ciphers(struct making *m)
{
    const struct tls_settings *s = m->settings;
    if (s->ciphers[0] != '\0' && SSL_CTX_set_cipher_list(m->ssl_context, s->ciphers) != 1)
        return fault_of_openssl(m, "tls-ciphers", s->ciphers);
    if (s->ciphersuites[0] != '\0' &&
        SSL_CTX_set_ciphersuites(m->ssl_context, s->ciphersuites) != 1)
        return fault_of_openssl(m, "tls-ciphersuites", s->ciphersuites);
    if (s->prefer_server_ciphers)
        SSL_CTX_set_options(m->ssl_context, SSL_OP_CIPHER_SERVER_PREFERENCE);
    return ERR_OK;
}

static enum err set_dh_params(struct making *m)
{
    const char *file = m->settings->dh_params_file;
    if (file[0] == '\0') {
        SSL_CTX_set_dh_auto(m->ssl_context, 1);
        return ERR_OK;
    }
    BIO *bio = BIO_new_file(file, "r");
    EVP_PKEY *params = bio == NULL ? NULL : PEM_read_bio_Parameters(bio, NULL);
    BIO_free(bio);
    if (params != NULL && SSL_CTX_set0_tmp_dh_pkey(m->ssl_context, params) == 1)
        return ERR_OK;
    EVP_PKEY_free(params);
    return fault_of_openssl(m, "tls-dh-params-file", file);
}

/* --- certificates ----------------------------------------------------------------------------- */

/* Never asks the terminal, as OpenSSL would. */
static int give_password(char *room, int size, int writing, void *password)
{
    (void)writing;
    size_t len = strlen(password);
    if (len == 0 || len > (size_t)size)
        return -1;
    memcpy(room, password, len);
    return (int)len;
}

static enum err set_certificate(struct making *m)
{
    const struct tls_settings *s = m->settings;
    if (s->cert_file[0] == '\0')
        return fault(m, "tls-cert-file", "TLS needs a certificate: tls-cert-file");
    if (s->key_file[0] == '\0')
        return fault(m, "tls-key-file", "TLS needs the certificate's private key: tls-key-file");
    SSL_CTX_set_default_passwd_cb(m->ssl_context, give_password);
    SSL_CTX_set_default_passwd_cb_userdata(m->ssl_context, (void *)(uintptr_t)s->key_file_pass);
    if (SSL_CTX_use_certificate_chain_file(m->ssl_context, s->cert_file) != 1)
        return fault_of_openssl(m, "tls-cert-file", s->cert_file);
    ERR_clear_error();
    if (SSL_CTX_use_PrivateKey_file(m->ssl_context, s->key_file, SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_check_private_key(m->ssl_context) != 1)
        return fault_of_openssl(m, "tls-key-file", s->key_file);
    SSL_CTX_set_default_passwd_cb_userdata(m->ssl_context, (void *)(uintptr_t) "");
    return ERR_OK;
}

static enum err set_authorities(struct making *m)
{
    const struct tls_settings *s = m->settings;
    bool has_file = s->ca_cert_file[0] != '\0', has_dir = s->ca_cert_dir[0] != '\0';
    if (has_file && SSL_CTX_load_verify_file(m->ssl_context, s->ca_cert_file) != 1)
        return fault_of_openssl(m, "tls-ca-cert-file", s->ca_cert_file);
    if (has_dir && SSL_CTX_load_verify_dir(m->ssl_context, s->ca_cert_dir) != 1)
        return fault_of_openssl(m, "tls-ca-cert-dir", s->ca_cert_dir);
    if (s->auth_clients != TLS_AUTH_CLIENTS_NO && !has_file && !has_dir)
        return fault(
            m, "tls-ca-cert-file",
            "clients are authenticated (tls-auth-clients), and neither tls-ca-cert-file nor "
            "tls-ca-cert-dir says by whose certificates");
    switch (s->auth_clients) {
    case TLS_AUTH_CLIENTS_NO:
        SSL_CTX_set_verify(m->ssl_context, SSL_VERIFY_NONE, NULL);
        break;
    case TLS_AUTH_CLIENTS_YES:
        SSL_CTX_set_verify(m->ssl_context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
        break;
    case TLS_AUTH_CLIENTS_OPTIONAL:
        SSL_CTX_set_verify(m->ssl_context, SSL_VERIFY_PEER, NULL);
        break;
    }
    return ERR_OK;
}

/* --- the rest --------------------------------------------------------------------------------- */

/* Without caching no session is resumed, by tickets neither. */
static void set_sessions(struct making *m)
{
    static const unsigned char id[] = "echolog";
    const struct tls_settings *s = m->settings;
    SSL_CTX_set_session_id_context(m->ssl_context, id, sizeof(id) - 1);
    if (!s->session_caching) {
        SSL_CTX_set_session_cache_mode(m->ssl_context, SSL_SESS_CACHE_OFF);
        SSL_CTX_set_options(m->ssl_context, SSL_OP_NO_TICKET);
        SSL_CTX_set_num_tickets(m->ssl_context, 0);
        return;
    }
    SSL_CTX_set_session_cache_mode(m->ssl_context, SSL_SESS_CACHE_SERVER);
    SSL_CTX_sess_set_cache_size(m->ssl_context, (long)s->session_cache_size);
    SSL_CTX_set_timeout(m->ssl_context, (long)s->session_cache_timeout_s);
}

/* Records are read as they come, many by one call; idle streams keep no buffers. Whoever goes without a
 * goodbye has gone all the same. */
static void set_behaviour(SSL_CTX *c)
{
    SSL_CTX_set_options(c, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_SINGLE_DH_USE |
                               SSL_OP_IGNORE_UNEXPECTED_EOF);
    SSL_CTX_set_mode(c, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                            SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_read_ahead(c, 1);
}

static enum err make(struct making *m)
{
    enum err err;
    set_behaviour(m->ssl_context);
    if ((err = set_protocols(m)) != ERR_OK || (err = set_certificate(m)) != ERR_OK ||
        (err = set_authorities(m)) != ERR_OK || (err = set_ciphers(m)) != ERR_OK ||
        (err = set_dh_params(m)) != ERR_OK)
        return err;
    set_sessions(m);
    return ERR_OK;
}

enum err tls_context_create(const struct tls_settings *settings, struct tls_context **context,
                            const char **directive, struct buf *why)
{
    struct making m = {
        .settings = settings, .ssl_context = SSL_CTX_new(TLS_server_method()), .why = why};
    ASSERT(m.ssl_context != NULL);
    ERR_clear_error();
    enum err err = make(&m);
    ERR_clear_error();
    if (err != ERR_OK) {
        SSL_CTX_free(m.ssl_context);
        *directive = m.directive;
        return err;
    }
    struct tls_context *c = mem_zalloc(1, sizeof(*c));
    c->refs = 1;
    c->ssl_context = m.ssl_context;
    c->bio_method = tls_bio_method_create();
    *context = c;
    return ERR_OK;
}

struct tls_context *tls_context_ref(struct tls_context *c)
{
    c->refs++;
    return c;
}

void tls_context_unref(struct tls_context *c)
{
    ASSERT(c->refs > 0);
    if (--c->refs > 0)
        return;
    SSL_CTX_free(c->ssl_context);
    BIO_meth_free(c->bio_method);
    mem_free(c);
}
