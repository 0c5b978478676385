/* SPDX-License-Identifier: BSD-3-Clause */
/* TLS of a client against OpenSSL's own server, over a pair of sockets: who turns when, and what is said when it does not
 * work. */
#include "cli/secure.h"
#include "support/certificates.h"
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#if ECHOLOG_TLS

#include <openssl/ssl.h>

#define TURNS_MAX 10000
#define LARGE_BYTES (4 * 1024 * 1024)

static char folder[64], paths[6][96];

static const char *path(int slot, const char *name)
{
    snprintf(paths[slot], sizeof(paths[slot]), "%s/%s", folder, name);
    return paths[slot];
}

struct pair {
    int fds[2]; /* the client's and the server's */
    struct secure *client;
    SSL_CTX *context;
    SSL *server;
    struct secure_options options;
    const char *why;
};

static void make_certificates(void)
{
    strcpy(folder, "/tmp/echolog-secure-XXXXXX");
    cr_assert_not_null(mkdtemp(folder));
    cr_assert(certificates_make(folder), "the openssl program makes certificates");
}

static void remove_certificates(void)
{
    certificates_remove(folder);
    rmdir(folder);
}

/* A server with a certificate, and the sockets; the client comes with pair_connect. */
static void pair_open(struct pair *p)
{
    *p = (struct pair){.options = {.on = true, .ca_file = path(0, "ca.crt")}};
    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, p->fds), 0);
    p->context = SSL_CTX_new(TLS_server_method());
    cr_assert_eq(SSL_CTX_use_certificate_chain_file(p->context, path(1, "server.crt")), 1);
    cr_assert_eq(SSL_CTX_use_PrivateKey_file(p->context, path(2, "server.key"), SSL_FILETYPE_PEM),
                 1);
    SSL_CTX_set_mode(p->context,
                     SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    p->server = SSL_new(p->context);
    SSL_set_fd(p->server, p->fds[1]);
    SSL_set_accept_state(p->server);
}

static void pair_connect(struct pair *p)
{
    char why[SECURE_WHY_BYTES];

    cr_assert_eq(secure_create(&p->options, p->fds[0], &p->client, why), ERR_OK, "%s", why);
}

static void pair_close(struct pair *p)
{
    secure_destroy(p->client);
    SSL_free(p->server);
    SSL_CTX_free(p->context);
    close(p->fds[0]);
    if (p->fds[1] >= 0)
        close(p->fds[1]);
}

/* Either takes its turn until the client's side is decided. */
static enum err shake_hands(struct pair *p)
{
    enum err err = ERR_AGAIN;

    for (int i = 0; i < TURNS_MAX && err == ERR_AGAIN; i++) {
        err = secure_handshake(p->client, &p->why);
        (void)SSL_do_handshake(p->server);
    }
    (void)SSL_do_handshake(p->server);
    return err;
}

static void hang_up(struct pair *p)
{
    close(p->fds[1]);
    p->fds[1] = -1;
}

static void expect_received(struct pair *p, const char *text)
{
    char got[64];
    size_t len = 0;

    cr_assert_eq(secure_receive(p->client, got, sizeof(got), &len, &p->why), ERR_OK);
    cr_expect_eq(len, strlen(text));
    cr_expect_eq(memcmp(got, text, len), 0);
}

static void serve(struct pair *p, const char *text)
{
    cr_assert_eq(SSL_write(p->server, text, (int)strlen(text)), (int)strlen(text));
}

TestSuite(secure, .init = make_certificates, .fini = remove_certificates);

Test(secure, text_goes_both_ways)
{
    struct pair p;
    size_t put = 0;
    char got[8];

    pair_open(&p);
    pair_connect(&p);
    cr_assert_eq(shake_hands(&p), ERR_OK);
    cr_expect_eq(secure_receive(p.client, got, sizeof(got), &put, &p.why), ERR_AGAIN);
    cr_expect(!secure_waits_to_write(p.client));
    cr_assert_eq(secure_send(p.client, "PING", 4, &put, &p.why), ERR_OK);
    cr_expect_eq(put, 4);
    cr_expect_eq(SSL_read(p.server, got, sizeof(got)), 4);
    serve(&p, "PONG");
    cr_expect(secure_alive(p.client));
    expect_received(&p, "PONG");
    pair_close(&p);
}

Test(secure, what_is_decrypted_and_not_yet_read_is_pending)
{
    struct pair p;
    char two[2];
    size_t got;

    pair_open(&p);
    pair_connect(&p);
    cr_assert_eq(shake_hands(&p), ERR_OK);
    cr_expect(!secure_has_pending(p.client));
    serve(&p, "abcd");
    cr_assert_eq(secure_receive(p.client, two, sizeof(two), &got, &p.why), ERR_OK);
    cr_expect(secure_has_pending(p.client));
    expect_received(&p, "cd");
    cr_expect(!secure_has_pending(p.client));
    pair_close(&p);
}

/* As much as goes in; then it is for room to write that it waits. */
Test(secure, a_full_socket_is_waited_for_and_nothing_is_lost)
{
    struct pair p;
    char *sent = malloc(LARGE_BYTES), *got = malloc(LARGE_BYTES);
    size_t at = 0, read_at = 0, part;
    bool waited = false;

    for (size_t i = 0; i < LARGE_BYTES; i++)
        sent[i] = (char)(i * 31 >> 3);
    pair_open(&p);
    pair_connect(&p);
    cr_assert_eq(shake_hands(&p), ERR_OK);
    while (read_at < LARGE_BYTES) {
        enum err err = ERR_OK;

        while (at < LARGE_BYTES && err == ERR_OK) {
            err = secure_send(p.client, sent + at, LARGE_BYTES - at, &part, &p.why);
            if (err == ERR_OK)
                at += part;
        }
        cr_assert(err == ERR_OK || err == ERR_AGAIN);
        if (err == ERR_AGAIN)
            waited = waited || secure_waits_to_write(p.client);
        while (read_at < LARGE_BYTES &&
               SSL_read_ex(p.server, got + read_at, LARGE_BYTES - read_at, &part) == 1)
            read_at += part;
    }
    cr_expect(waited);
    cr_expect_eq(memcmp(sent, got, LARGE_BYTES), 0);
    pair_close(&p);
    free(sent);
    free(got);
}

Test(secure, an_unknown_authority_is_refused_with_the_reason)
{
    struct pair p;

    pair_open(&p);
    p.options.ca_file = path(3, "stranger.crt"); /* signed nobody else */
    pair_connect(&p);
    cr_expect_eq(shake_hands(&p), ERR_CLOSED);
    cr_expect_str_eq(p.why,
                     "TLS: certificate verify failed: unable to get local issuer certificate");
    pair_close(&p);

    pair_open(&p);
    p.options.ca_file = path(3, "stranger.crt");
    p.options.insecure = true;
    pair_connect(&p);
    cr_expect_eq(shake_hands(&p), ERR_OK);
    pair_close(&p);
}

Test(secure, a_certificate_of_ones_own_is_shown)
{
    struct pair p;

    for (int with = 0; with < 2; with++) {
        char got[8];
        size_t len;

        pair_open(&p);
        SSL_set_verify(p.server, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
        cr_assert_eq(SSL_CTX_load_verify_file(p.context, path(0, "ca.crt")), 1);
        if (with) {
            p.options.cert = path(3, "client.crt");
            p.options.key = path(4, "client.key");
        }
        pair_connect(&p);
        /* Of TLS 1.3 the client's side is done before the server has looked. */
        enum err err = shake_hands(&p);
        if (err == ERR_OK)
            err = secure_receive(p.client, got, sizeof(got), &len, &p.why);
        cr_expect_eq(err, with ? ERR_AGAIN : ERR_CLOSED);
        if (!with)
            cr_expect(strstr(p.why, "certificate required") != NULL, "%s", p.why);
        pair_close(&p);
    }
}

Test(secure, the_name_is_asked_for_and_ciphers_are_kept)
{
    struct pair p;

    pair_open(&p);
    p.options.sni = "broker.example";
    p.options.ciphersuites = "TLS_AES_128_GCM_SHA256";
    pair_connect(&p);
    cr_assert_eq(shake_hands(&p), ERR_OK);
    cr_expect_str_eq(SSL_get_servername(p.server, TLSEXT_NAMETYPE_host_name), "broker.example");
    cr_expect_str_eq(SSL_get_cipher_name(p.server), "TLS_AES_128_GCM_SHA256");
    pair_close(&p);
}

Test(secure, an_end_is_told_with_or_without_a_goodbye)
{
    for (int goodbye = 0; goodbye < 2; goodbye++) {
        struct pair p;
        char got[8];
        size_t len;

        pair_open(&p);
        pair_connect(&p);
        cr_assert_eq(shake_hands(&p), ERR_OK);
        serve(&p, "last");
        if (goodbye)
            SSL_shutdown(p.server);
        hang_up(&p);
        cr_expect(secure_alive(p.client)); /* there is something to read */
        expect_received(&p, "last");
        cr_expect(!secure_alive(p.client));
        cr_expect_eq(secure_receive(p.client, got, sizeof(got), &len, &p.why), ERR_CLOSED);
        cr_expect_str_eq(p.why, "Server closed the connection");
        /* Nobody is there, and it does not end the program. */
        cr_expect_eq(secure_send(p.client, "x", 1, &len, &p.why), ERR_CLOSED);
        pair_close(&p);
    }
}

Test(secure, a_server_that_speaks_no_tls_is_an_error)
{
    struct pair p;

    pair_open(&p);
    pair_connect(&p);
    cr_expect_eq(secure_handshake(p.client, &p.why), ERR_AGAIN);
    cr_assert_eq(write(p.fds[1], "-ERR what is this\r\n", 19), 19);
    cr_expect_eq(secure_handshake(p.client, &p.why), ERR_CLOSED);
    cr_expect_str_eq(p.why, "TLS: wrong version number");
    pair_close(&p);
}

Test(secure, a_goodbye_is_said)
{
    struct pair p;
    char got[8];

    pair_open(&p);
    pair_connect(&p);
    cr_assert_eq(shake_hands(&p), ERR_OK);
    secure_destroy(p.client);
    p.client = NULL;
    cr_expect_eq(SSL_read(p.server, got, sizeof(got)), 0);
    cr_expect_eq(SSL_get_error(p.server, 0), SSL_ERROR_ZERO_RETURN);
    pair_close(&p);
    secure_destroy(NULL);
}

static void expect_refused(const struct secure_options *o, const char *begins)
{
    struct secure *s = NULL;
    char why[SECURE_WHY_BYTES] = "";

    cr_expect_eq(secure_create(o, -1, &s, why), ERR_INVALID);
    cr_expect_null(s);
    cr_expect_eq(strncmp(why, begins, strlen(begins)), 0, "%s", why);
}

Test(secure, what_cannot_be_used_is_named)
{
    const char *cert = path(0, "client.crt"), *key = path(1, "client.key");
    const char *other = path(2, "server.key");

    expect_refused(&(struct secure_options){.ca_file = "/none"},
                   "--cacert: No such file or directory");
    expect_refused(&(struct secure_options){.cert = "/none", .key = key}, "--cert: ");
    expect_refused(&(struct secure_options){.cert = cert, .key = cert}, "--key: ");
    expect_refused(&(struct secure_options){.cert = cert, .key = other},
                   "--key: key values mismatch");
    expect_refused(&(struct secure_options){.ciphers = "none"}, "--tls-ciphers: no cipher match");
    expect_refused(&(struct secure_options){.ciphersuites = "none"}, "--tls-ciphersuites: ");
}

#endif
