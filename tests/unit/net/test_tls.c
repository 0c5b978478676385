/* SPDX-License-Identifier: BSD-3-Clause */
/* The TLS stream against OpenSSL's client, with bytes that come and go as the test wants. */
#include "net/tls_context.h"
#include "unit/base/seed.h"
#include "unit/net/tls_rig.h"
#include <criterion/criterion.h>
#include <openssl/err.h>

#if ECHOLOG_TLS

#define CHECK_OK(call) cr_assert_eq((call), ERR_OK, #call)
#define APPLICATION_DATA 23

static void expect_bytes(const struct buf *got, const char *expected)
{
    cr_assert_eq(got->len, strlen(expected), "%zu bytes came", got->len);
    cr_assert_arr_eq(got->data, expected, got->len);
}

static bool says(const struct buf *why, const char *words)
{
    return why->len > 0 && memmem(why->data, why->len, words, strlen(words)) != NULL;
}

/* How many records of application data lie in `wire`, as the world sees it. */
static int count_records(const struct buf *wire)
{
    int count = 0;
    for (size_t at = 0; at + 5 <= wire->len;) {
        const unsigned char *head = (const unsigned char *)wire->data + at;
        count += head[0] == APPLICATION_DATA;
        at += 5 + (size_t)(head[3] << 8 | head[4]);
    }
    return count;
}

static size_t write_text(struct rig *r, const char *text, enum err *err)
{
    struct iovec iov = {(void *)(uintptr_t)text, strlen(text)};
    size_t put = 0;
    *err = stream_write(r->server, &iov, 1, &put);
    return put;
}

/* --- the handshake ---------------------------------------------------------------------------- */

Test(tls, the_handshake_is_done_byte_by_byte)
{
    struct rig r;
    rig_open(&r);
    rig_handshake(&r, 1);
    cr_assert_eq(r.handshake, ERR_OK);
    cr_assert(SSL_is_init_finished(r.client.ssl));
    cr_assert_eq(r.server->transport, STREAM_TLS);
    cr_assert_str_eq(r.server->peer, "10.0.0.1:7");
    cr_assert_eq(r.server->fd, 77);
    rig_close(&r);
}

Test(tls, nothing_is_read_or_written_before_it)
{
    struct rig r;
    rig_open(&r);
    char byte;
    size_t got;
    enum err err;
    cr_assert_eq(stream_read(r.server, &byte, 1, &got), ERR_AGAIN);
    write_text(&r, "x", &err);
    cr_assert_eq(err, ERR_AGAIN);
    cr_assert_eq(r.wire.outgoing.len, 0);
    cr_assert(!tls_stream_wants_step(r.server));
    rig_close(&r);
}

Test(tls, it_goes_on_when_there_is_room_again_for_its_own_part)
{
    struct rig r;
    rig_open(&r);
    r.wire.room = 0;
    client_start(&r.client, &r.wire);
    for (int i = 0; i < 20000 && r.handshake == ERR_AGAIN; i++) {
        wire_make_room(&r.wire, 1);
        rig_settle(&r, RIG_ALL);
    }
    cr_assert_eq(r.handshake, ERR_OK);
    rig_close(&r);
}

Test(tls, what_came_behind_it_in_one_piece_is_told)
{
    struct rig r;
    rig_open(&r);
    client_start(&r.client, &r.wire);
    wire_deliver(&r.wire, RIG_ALL);
    cr_assert_eq(tls_stream_handshake(r.server, &r.why), ERR_AGAIN);
    client_take(&r.client, &r.wire, RIG_ALL);
    cr_assert_eq(SSL_do_handshake(r.client.ssl), 1);
    rig_client_write(&r, "hello", 5);
    wire_deliver(&r.wire, RIG_ALL);
    r.readable = false;
    CHECK_OK(tls_stream_handshake(r.server, &r.why));
    cr_assert(!r.readable, "not from inside the call");
    wire_turn(&r.wire);
    cr_assert(r.readable);
    struct buf got = {0};
    rig_read(&r, &got, 100);
    expect_bytes(&got, "hello");
    buf_deinit(&got);
    rig_close(&r);
}

Test(tls, a_client_that_vanishes_within_it_is_told_apart)
{
    struct rig r;
    rig_open(&r);
    client_start(&r.client, &r.wire);
    wire_deliver(&r.wire, 20);
    cr_assert_eq(tls_stream_handshake(r.server, &r.why), ERR_AGAIN);
    buf_clear(&r.wire.incoming);
    wire_end(&r.wire);
    cr_assert(tls_stream_wants_step(r.server));
    cr_assert_eq(tls_stream_handshake(r.server, &r.why), ERR_CLOSED);
    cr_assert(says(&r.why, "hung up"), "%.*s", (int)r.why.len, r.why.data);
    rig_close(&r);
}

static void expect_refused(const void *bytes, size_t len, const char *words)
{
    struct rig r;
    rig_open(&r);
    buf_append(&r.wire.incoming, bytes, len);
    wire_deliver(&r.wire, RIG_ALL);
    cr_assert_eq(tls_stream_handshake(r.server, &r.why), ERR_CLOSED);
    cr_assert(says(&r.why, words), "%.*s", (int)r.why.len, r.why.data);
    char byte;
    size_t got;
    cr_assert_neq(stream_read(r.server, &byte, 1, &got), ERR_OK);
    rig_close(&r);
}

Test(tls, what_is_no_hello_is_refused_with_a_reason)
{
    expect_refused("*1\r\n$4\r\nPING\r\n", 14, "wrong version number");
    expect_refused("GET / HTTP/1.1\r\n\r\n", 18, "http request");
    expect_refused("\x16\x03\x01\x00\x05\x02\x00\x00\x01\x00", 10, "");
    static const char zeros[64] = {0};
    expect_refused(zeros, sizeof(zeros), "");
}

Test(tls, random_bytes_instead_of_it_crash_nothing)
{
    struct random random;
    seed_test(&random);
    for (int round = 0; round < 300; round++) {
        struct rig r = {0};
        static struct credentials made;
        if (round == 0)
            credentials_make(&made);
        r.credentials = made;
        rig_open_with(&r);
        client_start(&r.client, &r.wire);
        struct buf *in = &r.wire.incoming;
        if (random_below(&random, 4) == 0)
            in->len = random_below(&random, in->len);
        for (uint64_t flips = random_below(&random, 20) + 1; flips > 0 && in->len > 0; flips--)
            in->data[random_below(&random, in->len)] ^= (char)(1 << random_below(&random, 8));
        rig_settle(&r, 1 + random_below(&random, 300));
        wire_end(&r.wire);
        if (r.handshake == ERR_AGAIN && tls_stream_wants_step(r.server))
            r.handshake = tls_stream_handshake(r.server, &r.why);
        cr_assert_neq(r.handshake, ERR_AGAIN);
        stream_close(r.server);
        tls_context_unref(r.context);
        client_deinit(&r.client);
        wire_deinit(&r.wire);
        buf_deinit(&r.why);
        if (round == 299)
            credentials_remove(&made);
    }
}

/* --- reading ---------------------------------------------------------------------------------- */

Test(tls, bytes_are_read_whole_however_they_are_split)
{
    struct rig r;
    rig_open_established(&r);
    struct buf got = {0};
    rig_client_write(&r, "one ", 4);
    rig_client_write(&r, "two", 3);
    while (wire_deliver(&r.wire, 1))
        rig_read(&r, &got, 100);
    expect_bytes(&got, "one two");
    buf_deinit(&got);
    rig_close(&r);
}

Test(tls, a_short_read_means_that_nothing_more_is_there)
{
    struct rig r;
    rig_open_established(&r);
    for (int i = 0; i < 50; i++)
        rig_client_write(&r, "0123456789", 10);
    wire_deliver(&r.wire, RIG_ALL);
    char data[600];
    size_t got = 0;
    CHECK_OK(stream_read(r.server, data, 300, &got));
    cr_assert_eq(got, 300, "many records fill one read");
    CHECK_OK(stream_read(r.server, data, sizeof(data), &got));
    cr_assert_eq(got, 200, "what OpenSSL had in hand is not left there");
    cr_assert_eq(stream_read(r.server, data, sizeof(data), &got), ERR_AGAIN);
    rig_close(&r);
}

Test(tls, a_goodbye_behind_bytes_is_told_by_itself)
{
    struct rig r;
    rig_open_established(&r);
    rig_client_write(&r, "last", 4);
    SSL_shutdown(r.client.ssl);
    client_flush(&r.client, &r.wire);
    wire_deliver(&r.wire, RIG_ALL);
    struct buf got = {0};
    cr_assert_eq(rig_read(&r, &got, 100), ERR_AGAIN);
    expect_bytes(&got, "last");
    cr_assert(!r.readable);
    wire_turn(&r.wire);
    cr_assert(r.readable && r.ended);
    cr_assert_eq(rig_read(&r, &got, 100), ERR_CLOSED);
    cr_assert_eq(rig_read(&r, &got, 100), ERR_AGAIN, "it was not readable");
    buf_deinit(&got);
    rig_close(&r);
}

Test(tls, one_who_said_goodbye_still_gets_its_answer)
{
    struct rig r;
    rig_open_established(&r);
    SSL_shutdown(r.client.ssl);
    client_flush(&r.client, &r.wire);
    wire_deliver(&r.wire, RIG_ALL);
    struct buf got = {0};
    cr_assert_eq(rig_read(&r, &got, 100), ERR_CLOSED);
    enum err err;
    cr_assert_eq(write_text(&r, "answer", &err), 6);
    rig_settle(&r, RIG_ALL);
    rig_client_read(&r, &got);
    expect_bytes(&got, "answer");
    buf_deinit(&got);
    rig_close(&r);
}

Test(tls, one_who_goes_without_a_goodbye_has_gone)
{
    struct rig r;
    rig_open_established(&r);
    rig_client_write(&r, "last", 4);
    wire_end(&r.wire);
    struct buf got = {0};
    while (r.readable) {
        rig_read(&r, &got, 100);
        wire_turn(&r.wire);
        if (got.len == 4 && r.readable) {
            cr_assert_eq(rig_read(&r, &got, 100), ERR_CLOSED);
            break;
        }
    }
    expect_bytes(&got, "last");
    enum err err;
    cr_assert_eq(write_text(&r, "answer", &err), 6, "it may have closed one direction only");
    buf_deinit(&got);
    rig_close(&r);
}

Test(tls, a_damaged_record_ends_the_stream)
{
    struct rig r;
    rig_open_established(&r);
    rig_client_write(&r, "good", 4);
    wire_deliver(&r.wire, RIG_ALL);
    rig_client_write(&r, "evil", 4);
    r.wire.incoming.data[r.wire.incoming.len - 1] ^= 1;
    wire_deliver(&r.wire, RIG_ALL);
    struct buf got = {0};
    cr_assert_eq(rig_read(&r, &got, 100), ERR_AGAIN);
    expect_bytes(&got, "good");
    wire_turn(&r.wire);
    cr_assert_eq(rig_read(&r, &got, 100), ERR_CLOSED);
    enum err err;
    write_text(&r, "x", &err);
    cr_assert_eq(err, ERR_CLOSED);
    buf_deinit(&got);
    rig_close(&r);
}

/* --- writing ---------------------------------------------------------------------------------- */

Test(tls, many_small_pieces_become_one_record)
{
    struct rig r;
    rig_open_established(&r);
    struct iovec iov[STREAM_IOV_MAX];
    for (int i = 0; i < STREAM_IOV_MAX; i++)
        iov[i] = (struct iovec){(void *)(uintptr_t) "0123456789", 10};
    size_t put = 0;
    CHECK_OK(stream_write(r.server, iov, STREAM_IOV_MAX, &put));
    cr_assert_eq(put, 10 * STREAM_IOV_MAX);
    cr_assert_eq(count_records(&r.wire.outgoing), 1);
    rig_settle(&r, RIG_ALL);
    struct buf got = {0};
    cr_assert_eq(rig_client_read(&r, &got), put);
    buf_deinit(&got);
    rig_close(&r);
}

Test(tls, large_pieces_become_full_records)
{
    struct rig r;
    rig_open_established(&r);
    static char large[10 * TLS_RECORD_BYTES_MAX - 50];
    struct iovec iov[] = {{large, 100}, {large, sizeof(large) - 100}};
    size_t put = 0;
    CHECK_OK(stream_write(r.server, iov, 2, &put));
    cr_assert_eq(put, sizeof(large));
    cr_assert_eq(count_records(&r.wire.outgoing), 10);
    rig_close(&r);
}

Test(tls, empty_pieces_are_passed_over)
{
    struct rig r;
    rig_open_established(&r);
    struct iovec iov[] = {{NULL, 0}, {(void *)(uintptr_t) "ab", 2}, {NULL, 0}, {NULL, 0}};
    size_t put = 0;
    CHECK_OK(stream_write(r.server, iov, 4, &put));
    cr_assert_eq(put, 2);
    rig_close(&r);
}

Test(tls, bytes_do_not_count_as_taken_before_their_record_is_out)
{
    struct rig r;
    rig_open_established(&r);
    r.wire.room = 10;
    enum err err;
    cr_assert_eq(write_text(&r, "the answer", &err), 0);
    cr_assert_eq(err, ERR_AGAIN);
    r.writable = false;
    wire_make_room(&r.wire, 5);
    cr_assert(r.writable);
    cr_assert_eq(write_text(&r, "the answer and more", &err), 0);
    wire_make_room(&r.wire, RIG_ALL);
    size_t put = write_text(&r, "the answer and more", &err);
    CHECK_OK(err);
    cr_assert_eq(put, 19);
    rig_settle(&r, RIG_ALL);
    struct buf got = {0};
    rig_client_read(&r, &got);
    expect_bytes(&got, "the answer and more");
    buf_deinit(&got);
    rig_close(&r);
}

Test(tls, a_peer_that_is_gone_ends_writing)
{
    struct rig r;
    rig_open_established(&r);
    r.wire.broken = true;
    enum err err;
    write_text(&r, "x", &err);
    cr_assert_eq(err, ERR_CLOSED);
    rig_close(&r);
}

Test(tls, closing_says_goodbye_when_there_is_room)
{
    struct rig r;
    rig_open_established(&r);
    stream_close(r.server);
    client_take(&r.client, &r.wire, RIG_ALL);
    char byte;
    cr_assert_eq(SSL_read(r.client.ssl, &byte, 1), 0);
    cr_assert_eq(SSL_get_error(r.client.ssl, 0), SSL_ERROR_ZERO_RETURN);
    wire_deinit(&r.wire);
    rig_begin(&r);
    rig_close(&r);
}

Test(tls, closing_waits_for_nobody)
{
    struct rig r;
    rig_open_established(&r);
    r.wire.room = 0;
    enum err err;
    write_text(&r, "x", &err);
    rig_close(&r);
}

/* --- both at once ----------------------------------------------------------------------------- */

#define TRANSFER_BYTES (600 * 1024)

struct transfer {
    char *bytes;
    size_t sent;
    struct buf got;
};

static void transfer_init(struct transfer *t, struct random *random)
{
    *t = (struct transfer){.bytes = malloc(TRANSFER_BYTES)};
    for (size_t i = 0; i < TRANSFER_BYTES; i++)
        t->bytes[i] = (char)random_below(random, 256);
}

static void transfer_check(struct transfer *t)
{
    cr_assert_eq(t->got.len, TRANSFER_BYTES);
    cr_assert(memcmp(t->got.data, t->bytes, TRANSFER_BYTES) == 0);
    free(t->bytes);
    buf_deinit(&t->got);
}

/* As a session: as long as it is writable, in pieces of a random size. */
static void server_sends(struct rig *r, struct transfer *t, struct random *random)
{
    while (r->writable && t->sent < TRANSFER_BYTES) {
        struct iovec iov[STREAM_IOV_MAX];
        int count = 0;
        size_t at = t->sent, put = 0;
        /* The pieces are cut as the queue is: the same each time. */
        while (count < STREAM_IOV_MAX && at < TRANSFER_BYTES) {
            size_t len = 1 + (at * 2654435761u >> 3) % 3000;
            if (len > TRANSFER_BYTES - at)
                len = TRANSFER_BYTES - at;
            iov[count++] = (struct iovec){t->bytes + at, len};
            at += len;
        }
        enum err err = stream_write(r->server, iov, count, &put);
        if (err == ERR_AGAIN) {
            r->writable = false;
            return;
        }
        CHECK_OK(err);
        t->sent += put;
        if (random_below(random, 8) == 0)
            return;
    }
}

static void client_sends(struct rig *r, struct transfer *t, struct random *random)
{
    if (t->sent == TRANSFER_BYTES || r->wire.incoming.len > 100000)
        return;
    size_t len = 1 + random_below(random, 20000);
    if (len > TRANSFER_BYTES - t->sent)
        len = TRANSFER_BYTES - t->sent;
    if (random_below(random, 20) == 0)
        SSL_key_update(r->client.ssl, SSL_KEY_UPDATE_REQUESTED);
    rig_client_write(r, t->bytes + t->sent, len);
    t->sent += len;
}

Test(tls, much_goes_both_ways_at_once_in_pieces_of_any_size)
{
    struct random random;
    seed_test(&random);
    struct rig r;
    rig_open_established(&r);
    struct transfer up, down;
    transfer_init(&up, &random);
    transfer_init(&down, &random);
    r.wire.room = 0;
    for (int turn = 0; up.got.len < TRANSFER_BYTES || down.got.len < TRANSFER_BYTES; turn++) {
        cr_assert_lt(turn, 10000000, "it does not go on: %zu up, %zu down", up.got.len,
                     down.got.len);
        client_sends(&r, &up, &random);
        wire_deliver(&r.wire, 1 + random_below(&random, random_below(&random, 2) ? 20 : 40000));
        rig_read(&r, &up.got, 1 + random_below(&random, 20000));
        server_sends(&r, &down, &random);
        if (random_below(&random, 2) == 0)
            wire_make_room(&r.wire, 1 + random_below(&random, 30000));
        wire_turn(&r.wire);
        client_take(&r.client, &r.wire, 1 + random_below(&random, 40000));
        rig_client_read(&r, &down.got);
    }
    transfer_check(&up);
    transfer_check(&down);
    rig_close(&r);
}

/* OpenSSL answers new keys while it reads, and breaks the connection when a record is in the way. */
Test(tls, new_keys_asked_for_while_a_write_waits_do_not_disturb_it)
{
    static char large[TLS_RECORD_BYTES_MAX];
    struct rig r;
    rig_open_established(&r);
    struct iovec iov = {large, sizeof(large)};
    struct buf got = {0};
    size_t put = 0;
    r.wire.room = 3;
    cr_assert_eq(stream_write(r.server, &iov, 1, &put), ERR_AGAIN);
    for (int i = 0; i < 5; i++) {
        buf_clear(&got);
        SSL_key_update(r.client.ssl, SSL_KEY_UPDATE_REQUESTED);
        rig_client_write(&r, "ask", 3);
        wire_deliver(&r.wire, RIG_ALL);
        rig_read(&r, &got, 100);
        expect_bytes(&got, "ask");
    }
    cr_assert_eq(stream_write(r.server, &iov, 1, &put), ERR_AGAIN);
    wire_make_room(&r.wire, RIG_ALL);
    CHECK_OK(stream_write(r.server, &iov, 1, &put));
    cr_assert_eq(put, sizeof(large));
    enum err err;
    cr_assert_eq(write_text(&r, "second", &err), 6);
    rig_settle(&r, RIG_ALL);
    buf_clear(&got);
    rig_client_read(&r, &got);
    cr_assert_eq(got.len, sizeof(large) + 6);
    cr_assert_arr_eq(got.data + sizeof(large), "second", 6);
    buf_deinit(&got);
    rig_close(&r);
}

Test(tls, a_client_cannot_handshake_anew)
{
    struct rig r;
    rig_open(&r);
    SSL_CTX_set_max_proto_version(r.client.context, TLS1_2_VERSION);
    rig_handshake(&r, RIG_ALL);
    CHECK_OK(r.handshake);
    cr_assert_eq(SSL_renegotiate(r.client.ssl), 1);
    SSL_do_handshake(r.client.ssl);
    client_flush(&r.client, &r.wire);
    r.readable = true;
    wire_deliver(&r.wire, RIG_ALL);
    struct buf got = {0};
    rig_read(&r, &got, 100);
    client_take(&r.client, &r.wire, RIG_ALL);
    cr_assert_neq(SSL_do_handshake(r.client.ssl), 1);
    cr_assert_eq(ERR_GET_REASON(ERR_peek_last_error()), SSL_R_NO_RENEGOTIATION);
    buf_deinit(&got);
    rig_close(&r);
}

/* --- who may come in -------------------------------------------------------------------------- */

static void use_certificate(struct rig *r, const char *name)
{
    char file[32];
    snprintf(file, sizeof(file), "%s.crt", name);
    const char *path = credentials_path(&r->credentials, 6, file);
    cr_assert_eq(SSL_CTX_use_certificate_chain_file(r->client.context, path), 1);
    snprintf(file, sizeof(file), "%s.key", name);
    path = credentials_path(&r->credentials, 7, file);
    cr_assert_eq(SSL_CTX_use_PrivateKey_file(r->client.context, path, SSL_FILETYPE_PEM), 1);
}

static enum err authenticate(enum tls_auth_clients auth, const char *certificate, const char *words)
{
    struct rig r = {0};
    credentials_make(&r.credentials);
    r.credentials.settings.auth_clients = auth;
    rig_open_with(&r);
    if (certificate != NULL)
        use_certificate(&r, certificate);
    rig_handshake(&r, RIG_ALL);
    enum err err = r.handshake;
    cr_assert(err == ERR_OK || says(&r.why, words), "%.*s", (int)r.why.len, r.why.data);
    rig_close(&r);
    return err;
}

Test(tls, clients_are_authenticated_as_the_setting_says)
{
    static const char none[] = "peer did not return a certificate";
    static const char bad[] = "certificate verify failed (self-signed certificate)";
    CHECK_OK(authenticate(TLS_AUTH_CLIENTS_NO, NULL, ""));
    CHECK_OK(authenticate(TLS_AUTH_CLIENTS_NO, "stranger", ""));
    cr_assert_eq(authenticate(TLS_AUTH_CLIENTS_YES, NULL, none), ERR_CLOSED);
    cr_assert_eq(authenticate(TLS_AUTH_CLIENTS_YES, "stranger", bad), ERR_CLOSED);
    CHECK_OK(authenticate(TLS_AUTH_CLIENTS_YES, "client", ""));
    CHECK_OK(authenticate(TLS_AUTH_CLIENTS_OPTIONAL, NULL, ""));
    CHECK_OK(authenticate(TLS_AUTH_CLIENTS_OPTIONAL, "client", ""));
    cr_assert_eq(authenticate(TLS_AUTH_CLIENTS_OPTIONAL, "stranger", bad), ERR_CLOSED);
}

/* The protocol that comes about, or 0. */
static int agree(const char *protocols, int from, int to)
{
    struct rig r = {0};
    credentials_make(&r.credentials);
    r.credentials.settings.protocols = protocols;
    rig_open_with(&r);
    SSL_CTX_set_min_proto_version(r.client.context, from);
    SSL_CTX_set_max_proto_version(r.client.context, to);
    rig_handshake(&r, RIG_ALL);
    int version = r.handshake == ERR_OK ? SSL_version(r.client.ssl) : 0;
    rig_close(&r);
    return version;
}

Test(tls, only_the_protocols_of_the_setting_are_spoken)
{
    cr_assert_eq(agree("", TLS1_2_VERSION, TLS1_3_VERSION), TLS1_3_VERSION);
    cr_assert_eq(agree("", TLS1_2_VERSION, TLS1_2_VERSION), TLS1_2_VERSION);
    cr_assert_eq(agree("", TLS1_VERSION, TLS1_1_VERSION), 0);
    cr_assert_eq(agree("TLSv1.3", TLS1_2_VERSION, TLS1_2_VERSION), 0);
    cr_assert_eq(agree(" tlsv1.2 ", TLS1_2_VERSION, TLS1_3_VERSION), TLS1_2_VERSION);
    cr_assert_eq(agree("TLSv1.2 TLSv1.3", TLS1_3_VERSION, TLS1_3_VERSION), TLS1_3_VERSION);
}

Test(tls, only_the_ciphers_of_the_setting_are_used)
{
    struct rig r = {0};
    credentials_make(&r.credentials);
    r.credentials.settings.ciphersuites = "TLS_CHACHA20_POLY1305_SHA256";
    rig_open_with(&r);
    rig_handshake(&r, RIG_ALL);
    CHECK_OK(r.handshake);
    cr_assert_str_eq(SSL_get_cipher_name(r.client.ssl), "TLS_CHACHA20_POLY1305_SHA256");
    rig_close(&r);
}

static const char *agreed_cipher(bool prefer_server_ciphers)
{
    struct rig r = {0};
    credentials_make(&r.credentials);
    r.credentials.settings.ciphersuites = "TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256";
    r.credentials.settings.prefer_server_ciphers = prefer_server_ciphers;
    rig_open_with(&r);
    SSL_CTX_set_ciphersuites(r.client.context,
                             "TLS_CHACHA20_POLY1305_SHA256:TLS_AES_256_GCM_SHA384");
    rig_handshake(&r, RIG_ALL);
    CHECK_OK(r.handshake);
    const char *name = SSL_CIPHER_get_name(SSL_get_current_cipher(r.client.ssl));
    rig_close(&r);
    return name;
}

Test(tls, the_order_of_ciphers_is_the_clients_or_the_servers)
{
    cr_assert_str_eq(agreed_cipher(false), "TLS_CHACHA20_POLY1305_SHA256");
    cr_assert_str_eq(agreed_cipher(true), "TLS_AES_256_GCM_SHA384");
}

static bool resumes(bool caching, int version)
{
    bool resumed = false;
    struct rig r = {0};
    credentials_make(&r.credentials);
    r.credentials.settings.session_caching = caching;
    rig_open_with(&r);
    SSL_CTX_set_max_proto_version(r.client.context, version);
    rig_handshake(&r, RIG_ALL);
    struct buf none = {0};
    rig_client_read(&r, &none);
    SSL_SESSION *session = SSL_get1_session(r.client.ssl);
    stream_close(r.server);
    SSL_shutdown(r.client.ssl);
    SSL_free(r.client.ssl);
    r.client.ssl = NULL;
    wire_deinit(&r.wire);
    rig_begin(&r);
    r.client.session = session;
    rig_handshake(&r, RIG_ALL);
    CHECK_OK(r.handshake);
    resumed = SSL_session_reused(r.client.ssl) == 1;
    SSL_SESSION_free(session);
    buf_deinit(&none);
    rig_close(&r);
    return resumed;
}

Test(tls, sessions_are_resumed_when_they_are_cached_and_only_then)
{
    cr_assert(resumes(true, TLS1_3_VERSION));
    cr_assert(resumes(true, TLS1_2_VERSION));
    cr_assert(!resumes(false, TLS1_3_VERSION));
    cr_assert(!resumes(false, TLS1_2_VERSION));
}

Test(tls, as_many_sessions_are_kept_for_as_long_as_the_settings_say)
{
    struct credentials c;
    credentials_make(&c);
    c.settings.session_cache_size = 77;
    c.settings.session_cache_timeout_s = 88;
    struct tls_context *context = NULL;
    const char *directive;
    struct buf why = {0};
    CHECK_OK(tls_context_create(&c.settings, &context, &directive, &why));
    cr_assert_eq(SSL_CTX_sess_get_cache_size(context->ssl_context), 77);
    cr_assert_eq(SSL_CTX_get_timeout(context->ssl_context), 88);
    tls_context_unref(context);
    credentials_remove(&c);
}

/* --- contexts --------------------------------------------------------------------------------- */

static void expect_fault(const struct tls_settings *settings, const char *directive,
                         const char *words)
{
    struct tls_context *context = NULL;
    const char *fault = "";
    struct buf why = {0};
    cr_assert_eq(tls_context_create(settings, &context, &fault, &why), ERR_INVALID, "%s",
                 directive);
    cr_assert_str_eq(fault, directive);
    cr_assert(says(&why, words), "'%s' is not in: %.*s", words, (int)why.len, why.data);
    buf_deinit(&why);
}

Test(tls, a_setting_that_cannot_be_is_named_with_the_reason)
{
    struct credentials c;
    credentials_make(&c);
    const struct tls_settings good = c.settings;
    struct tls_settings s = good;
    s.cert_file = "";
    expect_fault(&s, "tls-cert-file", "needs a certificate");
    s.cert_file = credentials_path(&c, 3, "nosuch");
    expect_fault(&s, "tls-cert-file", "nosuch': No such file or directory");
    s.cert_file = good.key_file;
    expect_fault(&s, "tls-cert-file", "no start line");
    s = good;
    s.key_file = "";
    expect_fault(&s, "tls-key-file", "private key");
    s.key_file = credentials_path(&c, 3, "other.key");
    expect_fault(&s, "tls-key-file", "key values mismatch");
    s.key_file = credentials_path(&c, 3, "locked.key");
    expect_fault(&s, "tls-key-file", "");
    s.key_file_pass = "simsim";
    expect_fault(&s, "tls-key-file", "bad decrypt");
    s = good;
    s.ca_cert_file = credentials_path(&c, 3, "nosuch");
    expect_fault(&s, "tls-ca-cert-file", "No such file or directory");
    s.ca_cert_file = "";
    s.auth_clients = TLS_AUTH_CLIENTS_OPTIONAL;
    expect_fault(&s, "tls-ca-cert-file", "tls-auth-clients");
    s = good;
    s.protocols = "TLSv1.2 SSLv3";
    expect_fault(&s, "tls-protocols", "TLSv1.3");
    s = good;
    s.ciphers = "nonsense";
    expect_fault(&s, "tls-ciphers", "no cipher match");
    s = good;
    s.ciphersuites = "nonsense";
    expect_fault(&s, "tls-ciphersuites", "");
    s = good;
    s.dh_params_file = good.cert_file;
    expect_fault(&s, "tls-dh-params-file", "");
    credentials_remove(&c);
}

Test(tls, a_key_behind_a_password_is_read_with_it)
{
    struct rig r = {0};
    credentials_make(&r.credentials);
    r.credentials.settings.key_file = credentials_path(&r.credentials, 3, "locked.key");
    r.credentials.settings.key_file_pass = "sesame";
    r.credentials.settings.ca_cert_file = "";
    r.credentials.settings.ca_cert_dir = r.credentials.folder;
    rig_open_with(&r);
    rig_handshake(&r, RIG_ALL);
    CHECK_OK(r.handshake);
    rig_close(&r);
}

Test(tls, a_stream_goes_on_when_its_context_is_replaced)
{
    struct rig r;
    rig_open_established(&r);
    tls_context_unref(r.context);
    enum err err;
    cr_assert_eq(write_text(&r, "still here", &err), 10);
    rig_settle(&r, RIG_ALL);
    struct buf got = {0};
    rig_client_read(&r, &got);
    expect_bytes(&got, "still here");
    buf_deinit(&got);
    const char *directive;
    CHECK_OK(tls_context_create(&r.credentials.settings, &r.context, &directive, &r.why));
    rig_close(&r);
}

Test(tls, contexts_may_be_replaced_often)
{
    struct credentials c;
    credentials_make(&c);
    for (int i = 0; i < 1000; i++) {
        struct tls_context *context = NULL;
        const char *directive;
        struct buf why = {0};
        CHECK_OK(tls_context_create(&c.settings, &context, &directive, &why));
        tls_context_unref(context);
    }
    credentials_remove(&c);
}

#endif
