/* SPDX-License-Identifier: BSD-3-Clause */
#include "server/tls_client.h"
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#if ECHOLOG_TLS

#define ROOM (64 * 1024)

/* Bytes on their way in one direction. */
struct lane {
    char bytes[ROOM];
    size_t at, len;
};

struct carrier {
    SSL_CTX *context;
    SSL *ssl;
    int outside; /* the socket */
    int inside;  /* our end of the pair */
    struct lane up, down;
    bool read_wants_write, write_wants_read;
};

static bool later(const struct carrier *c, int rc)
{
    int error = SSL_get_error(c->ssl, rc);
    return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE;
}

/* From the server to the test. False: it is over. */
static bool carry_down(struct carrier *c)
{
    struct lane *l = &c->down;
    for (;;) {
        if (l->at == l->len) {
            size_t got = 0;
            ERR_clear_error();
            int rc = SSL_read_ex(c->ssl, l->bytes, ROOM, &got);
            if (rc != 1)
                return later(c, rc);
            l->at = 0;
            l->len = got;
        }
        ssize_t put = send(c->inside, l->bytes + l->at, l->len - l->at, MSG_NOSIGNAL);
        if (put < 0)
            return errno == EAGAIN;
        l->at += (size_t)put;
    }
}

static bool carry_up(struct carrier *c)
{
    struct lane *l = &c->up;
    for (;;) {
        if (l->at == l->len) {
            ssize_t got = recv(c->inside, l->bytes, ROOM, 0);
            if (got <= 0)
                return got < 0 && errno == EAGAIN;
            l->at = 0;
            l->len = (size_t)got;
        }
        size_t put = 0;
        ERR_clear_error();
        int rc = SSL_write_ex(c->ssl, l->bytes + l->at, l->len - l->at, &put);
        if (rc != 1)
            return later(c, rc);
        l->at += put;
    }
}

static void *carry(void *arg)
{
    struct carrier *c = arg;
    while (carry_down(c) && carry_up(c)) {
        bool down_waits = c->down.at < c->down.len, up_waits = c->up.at < c->up.len;
        struct pollfd polled[] = {
            {.fd = c->outside,
             .events = (short)((down_waits ? 0 : POLLIN) | (up_waits ? POLLIN | POLLOUT : 0))},
            {.fd = c->inside,
             .events = (short)((up_waits ? 0 : POLLIN) | (down_waits ? POLLOUT : 0))},
        };
        poll(polled, 2, -1);
    }
    SSL_shutdown(c->ssl);
    SSL_free(c->ssl);
    SSL_CTX_free(c->context);
    close(c->outside);
    close(c->inside);
    free(c);
    return NULL;
}

static int connect_to(int port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons((uint16_t)port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert_geq(fd, 0);
    cr_assert_eq(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0, "%s",
                 strerror(errno));
    return fd;
}

static SSL_CTX *make_context(const struct tls_client_options *o)
{
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    if (o->version != 0) {
        SSL_CTX_set_min_proto_version(context, o->version);
        SSL_CTX_set_max_proto_version(context, o->version);
    }
    if (o->ca != NULL) {
        cr_assert_eq(SSL_CTX_load_verify_file(context, o->ca), 1);
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    }
    if (o->cert != NULL) {
        cr_assert_eq(SSL_CTX_use_certificate_chain_file(context, o->cert), 1);
        cr_assert_eq(SSL_CTX_use_PrivateKey_file(context, o->key, SSL_FILETYPE_PEM), 1);
    }
    return context;
}

static void set_nonblocking(int fd)
{
    cr_assert_eq(fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK), 0);
}

int tls_client_open(int port, const struct tls_client_options *options)
{
    struct carrier *c = calloc(1, sizeof(*c));
    signal(SIGPIPE, SIG_IGN); /* OpenSSL writes to sockets as to files */
    c->context = make_context(options);
    c->ssl = SSL_new(c->context);
    c->outside = connect_to(port);
    SSL_set_fd(c->ssl, c->outside);
    if (SSL_connect(c->ssl) != 1) {
        SSL_free(c->ssl);
        SSL_CTX_free(c->context);
        close(c->outside);
        free(c);
        return -1;
    }
    if (options->server != NULL) {
        X509 *certificate = SSL_get1_peer_certificate(c->ssl);
        X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName,
                                  options->server, 64);
        X509_free(certificate);
    }
    int ends[2];
    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    c->inside = ends[0];
    set_nonblocking(c->inside);
    set_nonblocking(c->outside);
    pthread_t thread;
    cr_assert_eq(pthread_create(&thread, NULL, carry, c), 0);
    pthread_detach(thread);
    return ends[1];
}

#endif
