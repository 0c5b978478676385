/* SPDX-License-Identifier: BSD-3-Clause */
/* TLS streams over OpenSSL. A BIO of our own reads from and writes to the stream below, and remembers its
 * readiness, so that OpenSSL is asked until nothing more is there and no call is made in vain.
 *
 * OpenSSL never finds the way out blocked: what the stream below does not take waits here, sealed. (A record
 * that waits inside OpenSSL breaks the connection when the client asks for new keys meanwhile.) The bytes of a
 * record count as taken when all of it is out. */
#include "net/tls.h"

#include "base/mem.h"
#include "net/tls_context.h"
#include <openssl/err.h>

/* More than a record and what may be said beside it: only who asks without end gets there. */
#define SEALED_BYTES_MAX (4 * TLS_RECORD_BYTES_MAX)

struct tls_stream {
    struct stream stream;
    struct stream *inner;        /* owned */
    struct tls_context *context; /* counted */
    SSL *ssl;                    /* owned; NULL until the first bytes come */
    bool inner_readable, inner_writable;
    bool established;
    bool broken;       /* nothing goes any more */
    bool at_end;       /* the client said that it will send no more */
    bool unread;       /* to be told with the next readiness: look whether something is there */
    struct buf sealed; /* what is to go out */
    size_t sealed_pos; /* what of it is out */
    size_t taken;      /* bytes of the owner in `sealed` that it does not know to be taken */
};

static struct tls_stream *tls_stream_of(struct stream *stream)
{
    return CONTAINER_OF(stream, struct tls_stream, stream);
}

/* --- the stream below, as OpenSSL sees it ------------------------------------------------------ */

static int bio_read(BIO *bio, char *data, size_t len, size_t *got)
{
    struct tls_stream *s = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    enum err err = s->inner_readable ? stream_read(s->inner, data, len, got) : ERR_AGAIN;
    if (err == ERR_OK) {
        s->inner_readable = *got == len;
        return 1;
    }
    *got = 0;
    s->inner_readable = false;
    if (err == ERR_AGAIN)
        BIO_set_retry_read(bio);
    else
        s->at_end = true;
    return 0;
}

/* What the stream below takes now. */
static enum err write_inner(struct tls_stream *s, const char *data, size_t len, size_t *put)
{
    struct iovec iov = {.iov_base = (void *)(uintptr_t)data, .iov_len = len};
    enum err err = s->inner_writable ? stream_write(s->inner, &iov, 1, put) : ERR_AGAIN;
    if (err == ERR_AGAIN)
        s->inner_writable = false;
    return err;
}

/* ERR_AGAIN: some of what is sealed still waits. */
static enum err flush_sealed(struct tls_stream *s)
{
    while (s->sealed_pos < s->sealed.len) {
        size_t put = 0;
        enum err err =
            write_inner(s, s->sealed.data + s->sealed_pos, s->sealed.len - s->sealed_pos, &put);
        if (err == ERR_CLOSED)
            s->broken = true;
        if (err != ERR_OK)
            return err;
        s->sealed_pos += put;
    }
    buf_deinit(&s->sealed); /* idle streams hold nothing */
    s->sealed_pos = 0;
    return ERR_OK;
}

static int bio_write(BIO *bio, const char *data, size_t len, size_t *put)
{
    struct tls_stream *s = BIO_get_data(bio);
    size_t out = 0;
    BIO_clear_retry_flags(bio);
    *put = 0;
    if (s->sealed.len == 0 && write_inner(s, data, len, &out) == ERR_CLOSED)
        return 0;
    if (s->sealed.len - s->sealed_pos + len - out > SEALED_BYTES_MAX)
        return 0;
    if (out < len)
        buf_append(&s->sealed, data + out, len - out);
    *put = len;
    return 1;
}

static long bio_control(BIO *bio, int command, long number, void *pointer)
{
    const struct tls_stream *s = BIO_get_data(bio);
    (void)number;
    (void)pointer;
    switch (command) {
    case BIO_CTRL_FLUSH: /* nothing is kept here */
        return 1;
    case BIO_CTRL_EOF:
        return s->at_end;
    default:
        return 0;
    }
}

BIO_METHOD *tls_bio_method_create(void)
{
    BIO_METHOD *method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "stream");
    ASSERT(method != NULL);
    BIO_meth_set_read_ex(method, bio_read);
    BIO_meth_set_write_ex(method, bio_write);
    BIO_meth_set_ctrl(method, bio_control);
    return method;
}

/* Running out of memory ends the program elsewhere too. */
static void begin_ssl(struct tls_stream *s)
{
    s->ssl = SSL_new(s->context->ssl_context);
    BIO *bio = BIO_new(s->context->bio_method);
    ASSERT(s->ssl != NULL && bio != NULL);
    BIO_set_data(bio, s);
    BIO_set_init(bio, 1);
    SSL_set_bio(s->ssl, bio, bio);
    SSL_set_accept_state(s->ssl);
}

/* --- reading and writing ---------------------------------------------------------------------- */

/* What a call that did not succeed says. */
static enum err ssl_failed(struct tls_stream *s, int rc)
{
    int error = SSL_get_error(s->ssl, rc);
    if (error == SSL_ERROR_WANT_READ)
        return ERR_AGAIN;
    if (error == SSL_ERROR_ZERO_RETURN)
        s->at_end = true;
    else
        s->broken = true;
    return ERR_CLOSED;
}

/* The stream below is asked until it has nothing more, so a short read keeps the promise of stream_read.
 * When the end was found behind some bytes no edge will tell it: it is told by a readiness of our own. */
static enum err tls_stream_read(struct stream *stream, void *data, size_t len, size_t *got)
{
    struct tls_stream *s = tls_stream_of(stream);
    ASSERT(len > 0);
    if (!s->established)
        return ERR_AGAIN;
    if (s->broken)
        return ERR_CLOSED;
    enum err err = ERR_OK;
    size_t total = 0;
    ERR_clear_error();
    while (total < len && err == ERR_OK) {
        size_t n = 0;
        int rc = SSL_read_ex(s->ssl, (char *)data + total, len - total, &n);
        if (rc != 1)
            err = ssl_failed(s, rc);
        total += n;
    }
    if (total == 0)
        return err;
    if (err == ERR_CLOSED) {
        s->unread = true;
        s->inner->ops->rearm(s->inner);
    }
    *got = total;
    return ERR_OK;
}

/* Where a write stands in what it was given. */
struct gather {
    const struct iovec *iov;
    int count;
    size_t used; /* of the first */
};

static void gather_skip(struct gather *g, size_t len)
{
    g->used += len;
    while (g->count > 0 && g->used >= g->iov->iov_len) {
        g->used -= g->iov->iov_len;
        g->iov++;
        g->count--;
    }
}

/* The next record's bytes, in place when they stand together, else gathered. */
static const char *gather_record(const struct gather *g, char *room, size_t *len)
{
    const char *first = (const char *)g->iov->iov_base + g->used;
    size_t first_len = g->iov->iov_len - g->used;
    if (g->count == 1 || first_len >= TLS_RECORD_BYTES_MAX) {
        *len = first_len < TLS_RECORD_BYTES_MAX ? first_len : TLS_RECORD_BYTES_MAX;
        return first;
    }
    struct gather rest = *g;
    size_t filled = 0;
    while (rest.count > 0 && filled < TLS_RECORD_BYTES_MAX) {
        size_t piece = rest.iov->iov_len - rest.used;
        if (piece > TLS_RECORD_BYTES_MAX - filled)
            piece = TLS_RECORD_BYTES_MAX - filled;
        memcpy(room + filled, (const char *)rest.iov->iov_base + rest.used, piece);
        filled += piece;
        gather_skip(&rest, piece);
    }
    *len = filled;
    return room;
}

/* Seals and sends the records of what is offered, one by one, until one of them is not out at once. */
static enum err write_records(struct tls_stream *s, struct gather *g, size_t *total)
{
    enum err err = ERR_OK;
    while (g->count > 0 && err == ERR_OK) {
        size_t len, n = 0;
        const char *record = gather_record(g, s->context->record, &len);
        int rc = SSL_write_ex(s->ssl, record, len, &n);
        if (rc != 1)
            return ssl_failed(s, rc);
        err = flush_sealed(s);
        if (err != ERR_OK) {
            s->taken = n;
            return err;
        }
        *total += n;
        gather_skip(g, n);
    }
    return err;
}

static enum err tls_stream_write(struct stream *stream, const struct iovec *iov, int count,
                                 size_t *put)
{
    struct tls_stream *s = tls_stream_of(stream);
    ASSERT(count > 0 && count <= STREAM_IOV_MAX);
    if (!s->established)
        return ERR_AGAIN;
    if (s->broken)
        return ERR_CLOSED;
    struct gather g = {.iov = iov, .count = count};
    enum err err = flush_sealed(s);
    if (err != ERR_OK)
        return err;
    size_t total = s->taken;
    gather_skip(&g, s->taken);
    ASSERT(g.count > 0 || g.used == 0); /* as much is offered again as was */
    s->taken = 0;
    ERR_clear_error();
    err = write_records(s, &g, &total);
    if (total == 0 && err != ERR_OK)
        return err;
    *put = total;
    return ERR_OK;
}

static void tls_stream_rearm(struct stream *stream)
{
    struct tls_stream *s = tls_stream_of(stream);
    s->unread = true;
    s->inner->ops->rearm(s->inner);
}

/* Says goodbye if the socket takes it; nobody waits for an answer. */
static void tls_stream_close(struct stream *stream)
{
    struct tls_stream *s = tls_stream_of(stream);
    if (s->established && !s->broken)
        (void)SSL_shutdown(s->ssl);
    SSL_free(s->ssl);
    ERR_clear_error();
    if (!s->broken)
        (void)flush_sealed(s);
    buf_deinit(&s->sealed);
    stream_close(s->inner);
    tls_context_unref(s->context);
    mem_free(s);
}

/* The owner may close the stream in its `ready`: nothing of it is touched after that. */
static void inner_ready(struct stream *inner, unsigned readiness)
{
    struct tls_stream *s = inner->owner;
    ASSERT(s->stream.ready != NULL);
    unsigned told = readiness;
    if (readiness & STREAM_READABLE)
        s->inner_readable = true;
    if (readiness & STREAM_WRITABLE) {
        s->inner_writable = true;
        (void)flush_sealed(s); /* a failure is found by who reads or writes */
    }
    if (s->unread && s->established) {
        told |= STREAM_READABLE | (s->at_end || s->broken ? STREAM_ENDED : 0);
        s->unread = false;
    }
    s->stream.ready(&s->stream, told);
}

struct stream *tls_stream_create(struct tls_context *c, struct stream *inner)
{
    static const struct stream_ops ops = {
        .read = tls_stream_read,
        .write = tls_stream_write,
        .rearm = tls_stream_rearm,
        .close = tls_stream_close,
    };
    ASSERT(inner->ops->rearm != NULL);
    struct tls_stream *s = mem_zalloc(1, sizeof(*s));
    s->stream = *inner;
    s->stream.ops = &ops;
    s->stream.ready = NULL;
    s->stream.owner = NULL;
    s->stream.transport = STREAM_TLS;
    s->inner = inner;
    s->context = tls_context_ref(c);
    s->inner_writable = true;
    inner->owner = s;
    inner->ready = inner_ready;
    return &s->stream;
}

/* --- the handshake ---------------------------------------------------------------------------- */

static void say_why(struct tls_stream *s, int error, struct buf *why)
{
    unsigned long code = ERR_peek_error();
    long verified = SSL_get_verify_result(s->ssl);
    if (code != 0)
        tls_error_say(code, why);
    else if (error == SSL_ERROR_ZERO_RETURN || s->at_end)
        buf_append_string(why, "the client hung up");
    else
        buf_append_string(why, "the connection broke");
    if (verified != X509_V_OK)
        buf_printf(why, " (%s)", X509_verify_cert_error_string(verified));
}

bool tls_stream_wants_step(struct stream *stream)
{
    const struct tls_stream *s = tls_stream_of(stream);
    return s->inner_readable || s->broken;
}

enum err tls_stream_handshake(struct stream *stream, struct buf *why)
{
    struct tls_stream *s = tls_stream_of(stream);
    ASSERT(!s->established);
    if (s->ssl == NULL && !s->inner_readable)
        return ERR_AGAIN;
    if (s->ssl == NULL)
        begin_ssl(s);
    ERR_clear_error();
    int rc = s->broken ? -1 : SSL_do_handshake(s->ssl);
    if (rc == 1) {
        s->established = true;
        tls_stream_rearm(stream);
        return ERR_OK;
    }
    int error = s->broken ? SSL_ERROR_SYSCALL : SSL_get_error(s->ssl, rc);
    if (error == SSL_ERROR_WANT_READ)
        return ERR_AGAIN;
    s->broken = true;
    say_why(s, error, why);
    return ERR_CLOSED;
}
