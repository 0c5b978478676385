/* SPDX-License-Identifier: BSD-3-Clause */
/* TLS: all that goes over it, who is let in, and certificates that change. */
#include "server/tls_client.h"
#include "server/way.h"
#include "support/certificates.h"
#include <arpa/inet.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#if ECHOLOG_TLS

#define ROOM 8192

static char folder[] = "/tmp/echolog-cert-XXXXXX";

static const char *file(const char *name)
{
    static char paths[16][64];
    static int next;
    char *path = paths[next++ % 16];
    snprintf(path, sizeof(paths[0]), "%s/%s", folder, name);
    return path;
}

static void prepare(void)
{
    cr_assert_not_null(mkdtemp(folder));
    cr_assert(certificates_make(folder));
}

static void end(struct server *s)
{
    server_end(s);
    certificates_remove(folder);
    cr_assert_eq(rmdir(folder), 0);
}

/* A server that asks no client for a certificate. */
static struct server start_open(void)
{
    prepare();
    return server_start("--port", "any", "--tls-port", "any", "--tls-cert-file", file("server.crt"),
                        "--tls-key-file", file("server.key"), "--tls-auth-clients", "no", NULL);
}

static redisContext *open_client(const struct way *way)
{
    struct tls_client_options options = {.ca = file("ca.crt")};
    return client_over(tls_client_open(way->port, &options));
}

static int open_raw(const struct way *way)
{
    struct tls_client_options options = {.ca = file("ca.crt")};
    int fd = tls_client_open(way->port, &options);
    cr_assert_geq(fd, 0);
    return fd;
}

static void carries(void (*what)(const struct way *))
{
    struct server s = start_open();
    struct way w = {
        .open = open_client, .open_raw = open_raw, .server = &s, .port = server_tls_port(&s)};
    what(&w);
    end(&s);
}

Test(tls, carries_pubsub)
{
    carries(way_carries_pubsub);
}

Test(tls, carries_blocking_reads)
{
    carries(way_carries_blocking_reads);
}

Test(tls, carries_follows)
{
    carries(way_carries_follows);
}

Test(tls, carries_large_arguments)
{
    carries(way_carries_large_arguments);
}

Test(tls, carries_long_pipelines)
{
    carries(way_carries_long_pipelines);
}

Test(tls, carries_both_ways_at_once)
{
    carries(way_carries_both_ways_at_once);
}

Test(tls, tells_that_a_blocked_client_left)
{
    carries(way_tells_that_a_blocked_client_left);
}

/* --- who is let in ------------------------------------------------------------------------------ */

/* Whether a client with these credentials gets an answer. In TLS 1.3 a refusal comes behind the
 * handshake, as the client sees it. */
static bool gets_in(const struct server *s, const char *certificate, int version)
{
    char cert[32] = "", key[32] = "";
    struct tls_client_options options = {.ca = file("ca.crt"), .version = version};
    if (certificate != NULL) {
        snprintf(cert, sizeof(cert), "%s.crt", certificate);
        snprintf(key, sizeof(key), "%s.key", certificate);
        options.cert = file(cert);
        options.key = file(key);
    }
    int fd = tls_client_open(server_tls_port(s), &options);
    if (fd < 0)
        return false;
    redisContext *c = client_over(fd);
    char *text = client_ask(c, "PING");
    bool in = strcmp(text, "+PONG") == 0;
    free(text);
    redisFree(c);
    return in;
}

Test(tls, clients_need_a_certificate_by_default)
{
    prepare();
    struct server s = server_start("--port", "any", "--tls-port", "any", "--tls-cert-file",
                                   file("server.crt"), "--tls-key-file", file("server.key"),
                                   "--tls-ca-cert-file", file("ca.crt"), NULL);
    cr_assert(!gets_in(&s, NULL, 0));
    cr_assert(!gets_in(&s, "stranger", 0));
    cr_assert(!gets_in(&s, "stranger", TLS1_2_VERSION));
    cr_assert(gets_in(&s, "client", 0));
    cr_assert(gets_in(&s, "client", TLS1_2_VERSION));
    redisContext *c = client_open(&s);
    EXPECT_LIKE(c, "*tls_handshakes:2\\x0d\\x0atls_handshake_failures:3\\x0d*", "INFO stats");
    cr_assert(server_has_printed(&s, "Error accepting a client connection: peer did not return a "
                                     "certificate (addr=127.0.0.1:"));
    EXPECT(c, "+OK", "CONFIG SET tls-auth-clients optional");
    cr_assert(gets_in(&s, NULL, 0));
    cr_assert(!gets_in(&s, "stranger", 0));
    cr_assert(gets_in(&s, "client", 0));
    EXPECT(c, "+OK", "CONFIG SET tls-auth-clients no");
    cr_assert(gets_in(&s, NULL, 0));
    cr_assert(gets_in(&s, "stranger", 0));
    EXPECT(c, "+OK", "CONFIG RESETSTAT");
    EXPECT_LIKE(c, "*tls_handshakes:0\\x0d\\x0atls_handshake_failures:0\\x0d*", "INFO stats");
    redisFree(c);
    end(&s);
}

Test(tls, protocols_that_are_not_named_are_refused)
{
    struct server s = start_open();
    redisContext *c = client_open(&s);
    EXPECT(c, "+OK", "CONFIG SET tls-protocols TLSv1.3");
    cr_assert(!gets_in(&s, NULL, TLS1_2_VERSION));
    cr_assert(gets_in(&s, NULL, TLS1_3_VERSION));
    EXPECT(c, "+OK", "CONFIG SET tls-protocols TLSv1.2");
    cr_assert(gets_in(&s, NULL, TLS1_2_VERSION));
    cr_assert(!gets_in(&s, NULL, TLS1_3_VERSION));
    EXPECT(c, "+OK", "CONFIG SET tls-ciphers ECDHE-ECDSA-AES256-GCM-SHA384");
    cr_assert(gets_in(&s, NULL, TLS1_2_VERSION));
    EXPECT(c, "+OK", "CONFIG SET tls-ciphers ECDHE-RSA-AES256-GCM-SHA384");
    cr_assert(!gets_in(&s, NULL, TLS1_2_VERSION), "the certificate has no RSA key");
    redisFree(c);
    end(&s);
}

/* --- certificates that change -------------------------------------------------------------------- */

/* Whose certificate the server shows. */
static void expect_shown(const struct server *s, const char *name)
{
    char shown[64];
    struct tls_client_options options = {.ca = file("ca.crt"), .server = shown};
    int fd = tls_client_open(server_tls_port(s), &options);
    cr_assert_geq(fd, 0);
    cr_assert_str_eq(shown, name);
    close(fd);
}

static void copy(const char *from, const char *to)
{
    char command[512];
    snprintf(command, sizeof(command), "cp '%s' '%s'", file(from), file(to));
    cr_assert_eq(system(command), 0);
}

Test(tls, certificates_change_under_open_connections)
{
    struct server s = start_open();
    struct way w = {.port = server_tls_port(&s)};
    redisContext *old = open_client(&w), *c = client_open(&s);
    expect_shown(&s, "server");
    EXPECT(c, "+OK", "CONFIG SET tls-cert-file %s tls-key-file %s", file("other.crt"),
           file("other.key"));
    expect_shown(&s, "other");
    EXPECT(old, "+PONG", "PING");
    copy("server.crt", "other.crt");
    copy("server.key", "other.key");
    expect_shown(&s, "other");
    EXPECT(c, "+OK", "CONFIG SET tls-cert-file %s", file("other.crt"));
    expect_shown(&s, "server");
    EXPECT(old, "+PONG", "PING");
    redisFree(old);
    redisFree(c);
    end(&s);
}

/* SIGHUP, and the line that says what came of it. */
static void hang_up(const struct server *s, const char *line)
{
    redisContext *c = client_open(s);
    kill(s->pid, SIGHUP);
    while (!server_has_printed(s, line))
        EXPECT(c, "+PONG", "PING");
    redisFree(c);
}

Test(tls, a_hangup_reads_certificates_anew)
{
    struct server s = start_open();
    struct way w = {.port = server_tls_port(&s)};
    redisContext *old = open_client(&w);
    expect_shown(&s, "server");
    copy("server.crt", "kept.crt");
    copy("other.crt", "server.crt"); /* and not its key */
    hang_up(&s, "TLS goes on as it was: ");
    expect_shown(&s, "server");
    copy("server.key", "kept.key");
    copy("other.key", "server.key");
    hang_up(&s, "Certificates and keys are read anew");
    expect_shown(&s, "other");
    EXPECT(old, "+PONG", "PING");
    redisFree(old);
    unlink(file("kept.crt"));
    unlink(file("kept.key"));
    end(&s);
}

Test(tls, what_cannot_be_used_changes_nothing)
{
    static const char failed[] = "-ERR CONFIG SET failed (possibly related to argument '%s') - "
                                 "Unable to update TLS configuration. Check server logs. (*%s*)";
    static const struct {
        const char *directive, *value, *words;
    } bad[] = {
        {"tls-cert-file", "nosuch.crt", "No such file or directory"},
        {"tls-cert-file", "server.key", "no start line"},
        {"tls-key-file", "other.key", "key values mismatch"},
        {"tls-ca-cert-file", "nosuch.crt", "No such file or directory"},
    };
    struct server s = start_open();
    redisContext *c = client_open(&s);
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        char expected[512];
        snprintf(expected, sizeof(expected), failed, bad[i].directive, bad[i].words);
        EXPECT_LIKE(c, expected, "CONFIG SET maxclients 5 %s %s", bad[i].directive,
                    file(bad[i].value));
        expect_shown(&s, "server");
    }
    EXPECT(c, "(\"maxclients\", \"10000\")", "CONFIG GET maxclients");
    EXPECT_LIKE(c, "-ERR*argument 'tls-ciphers'*(tls-ciphers 'nonsense': no cipher match)",
                "CONFIG SET tls-ciphers nonsense");
    EXPECT_LIKE(c, "-ERR*argument 'tls-auth-clients'*neither tls-ca-cert-file nor*",
                "CONFIG SET tls-auth-clients yes");
    EXPECT_LIKE(c, "-ERR*argument 'tls-port'*Unable to listen on this port. Check server logs.",
                "CONFIG SET tls-port %d", s.port);
    expect_shown(&s, "server");
    redisFree(c);
    end(&s);
}

Test(tls, its_port_opens_and_closes_while_the_server_runs)
{
    prepare();
    struct server s = server_start("--port", "any", NULL);
    redisContext *c = client_open(&s);
    EXPECT_LIKE(c, "-ERR*'tls-port'*Unable to update TLS configuration.*needs a certificate*",
                "CONFIG SET tls-port any");
    EXPECT(c, "+OK", "CONFIG SET tls-port any tls-cert-file %s tls-key-file %s tls-auth-clients no",
           file("server.crt"), file("server.key"));
    expect_shown(&s, "server");
    struct way w = {.port = server_tls_port(&s)};
    redisContext *over_tls = open_client(&w);
    EXPECT(over_tls, "+OK", "CONFIG SET port 0");
    redisContext *refused = redisConnect("127.0.0.1", s.port);
    cr_assert_neq(refused->err, 0, "the plain port is still open");
    redisFree(refused);
    EXPECT(over_tls, "+OK", "CONFIG SET port %d tls-port 0", s.port);
    redisContext *plain = client_open(&s);
    EXPECT(plain, "+PONG", "PING");
    EXPECT(over_tls, "+PONG", "PING");
    redisFree(over_tls);
    redisFree(plain);
    redisFree(c);
    end(&s);
}

Test(tls, a_start_that_cannot_have_it_says_why)
{
    char output[ROOM], dir[64];
    prepare();
    snprintf(dir, sizeof(dir), "%s/data", folder);
    int status = server_run(output, ROOM, "--dir", dir, "--tls-port", "any", NULL);
    cr_assert_neq(status, 0);
    cr_assert_not_null(strstr(output, "TLS needs a certificate: tls-cert-file"), "%s", output);
    status = server_run(output, ROOM, "--dir", dir, "--tls-port", "any", "--tls-cert-file",
                        file("server.crt"), "--tls-key-file", file("locked.key"), NULL);
    cr_assert_neq(status, 0);
    cr_assert_not_null(strstr(output, "tls-key-file '"), "%s", output);
    /* So does a check, also of files that are not in use. */
    status = server_run(output, ROOM, "--dir", dir, "--tls-port", "any", "--tls-cert-file",
                        file("server.crt"), "--tls-key-file", file("locked.key"), "--check-config",
                        NULL);
    cr_assert_eq(status, 1);
    cr_assert_not_null(strstr(output, "tls-key-file"), "%s", output);
    status = server_run(output, ROOM, "--dir", dir, "--tls-cert-file", file("nosuch.crt"),
                        "--check-config", NULL);
    cr_assert_eq(status, 1);
    cr_assert_not_null(strstr(output, "tls-cert-file '"), "%s", output);
    snprintf(output, sizeof(output), "rm -r '%s'", folder);
    cr_assert_eq(system(output), 0);
}

/* --- those who do not mean well ------------------------------------------------------------------- */

static int half_open(int port)
{
    struct server s = {.port = port};
    return raw_open(&s);
}

Test(tls, connections_that_are_half_open_keep_nobody_out)
{
    prepare();
    struct server s = server_start("--port", "any", "--tls-port", "any", "--tls-cert-file",
                                   file("server.crt"), "--tls-key-file", file("server.key"),
                                   "--tls-auth-clients", "no", "--maxclients", "20", NULL);
    struct way w = {.port = server_tls_port(&s)};
    int fds[60];
    for (size_t i = 0; i < sizeof(fds) / sizeof(*fds); i++) {
        fds[i] = half_open(w.port);
        if (i % 2 == 0)
            RAW_SEND(fds[i], "\x16\x03\x01\x02\x00\x01");
    }
    redisContext *plain[10], *over_tls[10];
    for (int i = 0; i < 10; i++) {
        plain[i] = client_open(&s);
        EXPECT(plain[i], "+PONG", "PING");
        over_tls[i] = open_client(&w);
        EXPECT(over_tls[i], "+PONG", "PING");
    }
    EXPECT_LIKE(plain[0], "*connected_clients:20\\x0d*", "INFO clients");
    redisContext *refused = client_open(&s);
    EXPECT_NEXT(refused, "-ERR max number of clients reached");
    redisFree(refused);
    struct tls_client_options options = {0};
    cr_assert_eq(tls_client_open(w.port, &options), -1, "there is no room");
    EXPECT_LIKE(plain[0], "*rejected_connections:2\\x0d*", "INFO stats");
    for (int i = 0; i < 10; i++) {
        redisFree(plain[i]);
        redisFree(over_tls[i]);
    }
    for (size_t i = 0; i < sizeof(fds) / sizeof(*fds); i++)
        close(fds[i]);
    end(&s);
}

Test(tls, random_bytes_crash_nothing)
{
    struct server s = start_open();
    int port = server_tls_port(&s);
    for (int i = 0; i < 500; i++) {
        char bytes[700];
        int fd = half_open(port);
        cr_assert_eq(getrandom(bytes, sizeof(bytes), 0), (ssize_t)sizeof(bytes));
        if (i % 2 == 0)
            memcpy(bytes, "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
                   11); /* a hello begins so */
        send(fd, bytes, sizeof(bytes), MSG_NOSIGNAL);
        close(fd);
    }
    struct way w = {.port = port};
    redisContext *c = open_client(&w);
    EXPECT(c, "+PONG", "PING");
    redisFree(c);
    end(&s);
}

#endif
