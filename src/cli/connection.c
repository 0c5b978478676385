/* SPDX-License-Identifier: BSD-3-Clause */
/* The connection, on a non-blocking socket. */
#include "cli/connection.h"
#include "base/num.h"
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

void connection_init(struct connection *c, const struct connection_target *target, int interrupt_fd)
{
    *c = (struct connection){.target = *target, .interrupt_fd = interrupt_fd, .fd = -1};
}

void connection_say_target(const struct connection_target *t, char *text, size_t room)
{
    if (t->socket != NULL)
        snprintf(text, room, "%s", t->socket);
    else
        snprintf(text, room, "%s:%d", t->host, t->port);
}

void connection_close(struct connection *c)
{
    secure_destroy(c->secure);
    c->secure = NULL;
    if (c->fd >= 0)
        close(c->fd);
    c->fd = -1;
    buf_deinit(&c->in);
    buf_deinit(&c->out);
    c->in_pos = c->out_pos = 0;
    c->reader = (struct reply_reader){0};
}

void connection_attach(struct connection *c, int fd)
{
    int on = 1;

    connection_close(c);
    c->fd = fd;
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)); /* matters for TCP only */
}

static enum connection_event connection_lost(struct connection *c, const char *why)
{
    snprintf(c->error, sizeof(c->error), "%s", why);
    connection_close(c);
    return CONNECTION_LOST;
}

/* --- opening -------------------------------------------------------------------------------------- */

/* A connected descriptor, or -1 with *why. */
static int connect_to(const struct addrinfo *address, const char **why)
{
    int fd = socket(address->ai_family, address->ai_socktype | SOCK_CLOEXEC, address->ai_protocol);

    if (fd >= 0 && connect(fd, address->ai_addr, address->ai_addrlen) == 0)
        return fd;
    *why = strerror(errno);
    if (fd >= 0)
        close(fd);
    return -1;
}

static int connect_to_host(const struct connection_target *t, const char **why)
{
    const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    char port[NUM_TEXT_BYTES_MAX + 1];
    int fd = -1;

    *why = "no address";
    snprintf(port, sizeof(port), "%d", t->port);
    int failed = getaddrinfo(t->host, port, &hints, &found);
    if (failed != 0)
        *why = gai_strerror(failed);
    for (const struct addrinfo *a = failed ? NULL : found; a != NULL && fd < 0; a = a->ai_next)
        fd = connect_to(a, why);
    if (!failed)
        freeaddrinfo(found);
    return fd;
}

static int connect_to_socket(const char *path, const char **why)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    const struct addrinfo address = {.ai_family = AF_UNIX,
                                     .ai_socktype = SOCK_STREAM,
                                     .ai_addr = (struct sockaddr *)&name,
                                     .ai_addrlen = sizeof(name)};

    if (strlen(path) >= sizeof(name.sun_path)) {
        *why = strerror(ENAMETOOLONG);
        return -1;
    }
    strcpy(name.sun_path, path);
    return connect_to(&address, why);
}

/* TLS begins; an interrupt ends the wait. */
static bool connection_secure(struct connection *c, const char **why)
{
    enum err err;

    if (secure_create(&c->target.secure, c->fd, &c->secure, c->secure_why) != ERR_OK) {
        *why = c->secure_why;
        return false;
    }
    while ((err = secure_handshake(c->secure, why)) == ERR_AGAIN) {
        struct pollfd polled[] = {
            {.fd = c->fd, .events = secure_waits_to_write(c->secure) ? POLLOUT : POLLIN},
            {.fd = c->interrupt_fd, .events = POLLIN}};

        if (poll(polled, COUNT_OF(polled), -1) > 0 && polled[1].revents != 0) {
            *why = "interrupted while connecting";
            return false;
        }
    }
    return err == ERR_OK;
}

static enum err connection_connect(struct connection *c)
{
    const struct connection_target *t = &c->target;
    const char *why = "";
    int fd = t->socket != NULL ? connect_to_socket(t->socket, &why) : connect_to_host(t, &why);

    if (fd >= 0) {
        connection_attach(c, fd);
        if (!t->secure.on || connection_secure(c, &why))
            return ERR_OK;
    }
    char name[CONNECTION_ERROR_BYTES / 2];
    connection_say_target(t, name, sizeof(name));
    snprintf(c->error, sizeof(c->error), "Could not connect to Echolog at %s: %s", name, why);
    connection_close(c);
    return ERR_IO;
}

/* Waits for the reply to the command that was queued last, which `what` names. */
static enum err connection_greet(struct connection *c, const char *what)
{
    struct reply *reply = NULL;
    enum err err = ERR_OK;

    switch (connection_wait(c, -1, CONNECTION_FOREVER, &reply)) {
    case CONNECTION_REPLY:
        if (reply->kind == REPLY_ERROR) {
            snprintf(c->error, sizeof(c->error), "%s failed: %.*s", what, (int)reply->text.len,
                     reply->text.data);
            err = ERR_ACCESS;
        }
        reply_free(reply);
        return err;
    case CONNECTION_INTERRUPTED:
        connection_lost(c, "interrupted while connecting");
        return ERR_IO;
    default:
        return ERR_IO;
    }
}

enum err connection_hello(struct connection *c)
{
    if (c->target.proto == 0)
        return ERR_OK;
    connection_begin_command(c, 2);
    connection_add_string(c, "HELLO");
    connection_add_number(c, c->target.proto);
    return connection_greet(c, "HELLO");
}

enum err connection_open(struct connection *c)
{
    const struct connection_target *t = &c->target;
    enum err err;

    connection_close(c);
    err = connection_connect(c);
    if (err == ERR_OK && t->password != NULL) {
        connection_begin_command(c, t->user != NULL ? 3 : 2);
        connection_add_string(c, "AUTH");
        if (t->user != NULL)
            connection_add_string(c, t->user);
        connection_add_string(c, t->password);
        err = connection_greet(c, "AUTH");
    }
    return err == ERR_OK ? connection_hello(c) : err;
}

bool connection_open_or_say(struct connection *c)
{
    if (connection_open(c) == ERR_OK)
        return true;
    fprintf(stderr, "%s\n", c->error);
    return false;
}

bool connection_alive(struct connection *c)
{
    char byte;

    if (c->fd < 0)
        return false;
    if (c->secure != NULL)
        return secure_alive(c->secure);
    ssize_t got = recv(c->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR));
}

/* --- commands ------------------------------------------------------------------------------------- */

void connection_begin_command(struct connection *c, size_t words)
{
    ASSERT(words > 0);
    buf_printf(&c->out, "*%zu\r\n", words);
}

void connection_add_word(struct connection *c, struct bytes word)
{
    char head[NUM_TEXT_BYTES_MAX + 3];
    size_t len = 1 + num_format_u64(head + 1, word.len);

    head[0] = '$';
    head[len++] = '\r';
    head[len++] = '\n';
    buf_append(&c->out, head, len);
    buf_append_bytes(&c->out, word);
    buf_append(&c->out, "\r\n", 2);
}

void connection_add_string(struct connection *c, const char *word)
{
    connection_add_word(c, bytes_of_string(word));
}

void connection_add_number(struct connection *c, int64_t number)
{
    char digits[NUM_TEXT_BYTES_MAX];

    connection_add_word(c, bytes_of(digits, num_format_i64(digits, number)));
}

void connection_add_raw(struct connection *c, struct bytes resp)
{
    buf_append_bytes(&c->out, resp);
}

/* --- waiting -------------------------------------------------------------------------------------- */

static enum err socket_error(const char **why)
{
    *why = strerror(errno);
    return errno == EAGAIN || errno == EINTR ? ERR_AGAIN : ERR_CLOSED;
}

static enum err connection_put(struct connection *c, size_t *put, const char **why)
{
    const char *data = c->out.data + c->out_pos;
    size_t len = c->out.len - c->out_pos;

    if (c->secure != NULL)
        return secure_send(c->secure, data, len, put, why);
    ssize_t sent = send(c->fd, data, len, MSG_NOSIGNAL);
    if (sent < 0)
        return socket_error(why);
    *put = (size_t)sent;
    return ERR_OK;
}

static enum err connection_get(struct connection *c, size_t len, size_t *got, const char **why)
{
    char *place = buf_reserve(&c->in, len);

    if (c->secure != NULL)
        return secure_receive(c->secure, place, len, got, why);
    ssize_t received = recv(c->fd, place, len, 0);
    if (received < 0)
        return socket_error(why);
    *got = (size_t)received;
    *why = "Server closed the connection";
    return received > 0 ? ERR_OK : ERR_CLOSED;
}

/* Sends what the socket takes. False: the connection is lost, *why says why. */
static bool connection_send(struct connection *c, const char **why)
{
    while (c->out_pos < c->out.len) {
        size_t put = 0;
        enum err err = connection_put(c, &put, why);

        if (err != ERR_OK)
            return err == ERR_AGAIN;
        c->out_pos += put;
    }
    buf_clear(&c->out);
    c->out_pos = 0;
    return true;
}

void connection_flush(struct connection *c)
{
    const char *why = NULL;

    (void)connection_send(c, &why);
}

/* Reads once. False: the connection is lost, and *why says why. */
static bool connection_receive(struct connection *c, const char **why)
{
    size_t want = CONNECTION_READ_BYTES, got = 0;

    buf_consume(&c->in, c->in_pos);
    c->in_pos = 0;
    if (c->reader.bytes_wanted > c->in.len + want)
        want = c->reader.bytes_wanted - c->in.len;
    enum err err = connection_get(c, want, &got, why);
    c->in.len += got;
    return err != ERR_CLOSED;
}

static enum err connection_read_reply(struct connection *c, struct reply **reply, const char **why)
{
    struct bytes rest = bytes_of(c->in.data + c->in_pos, c->in.len - c->in_pos);
    size_t consumed = 0;

    if (rest.len == 0)
        return ERR_AGAIN;
    enum err err = reply_reader_read(&c->reader, rest, reply, &consumed, why);
    if (err == ERR_OK)
        c->in_pos += consumed;
    return err;
}

int64_t connection_now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int time_left(int64_t deadline_ms)
{
    if (deadline_ms < 0)
        return CONNECTION_FOREVER;
    int64_t left = deadline_ms - connection_now_ms();
    return left < 0 ? 0 : (int)left;
}

/* One poll and what it asks for. False: nothing to tell, look for a reply and come again. */
static bool connection_turn(struct connection *c, int input_fd, int timeout_ms,
                            enum connection_event *event)
{
    struct pollfd polled[] = {{.fd = c->fd, .events = POLLIN},
                              {.fd = c->interrupt_fd, .events = POLLIN},
                              {.fd = input_fd, .events = POLLIN}};
    const char *why = NULL;

    if (c->out_pos < c->out.len)
        polled[0].events |= POLLOUT;
    if (c->out.len - c->out_pos > CONNECTION_QUEUED_BYTES_MAX)
        polled[2].fd = -1;
    bool pending = c->secure != NULL && secure_has_pending(c->secure);
    int ready = poll(polled, COUNT_OF(polled), pending ? 0 : timeout_ms);
    if (ready < 0 && errno == EINTR)
        return false;
    if (pending && ready >= 0) {
        polled[0].revents |= POLLIN;
        ready = 1;
    }
    if (ready < 0)
        *event = connection_lost(c, strerror(errno));
    else if (ready == 0)
        *event = CONNECTION_TIMEOUT;
    else if (polled[1].revents != 0)
        *event = CONNECTION_INTERRUPTED;
    /* What the server still said before it went is read before a failure to send counts. */
    else if ((polled[0].revents & ~POLLOUT) != 0 && !connection_receive(c, &why))
        *event = connection_lost(c, why);
    else if ((polled[0].revents & ~POLLOUT) != 0)
        return false;
    else if ((polled[0].revents & POLLOUT) != 0 && !connection_send(c, &why))
        *event = connection_lost(c, why);
    else if (polled[2].revents != 0)
        *event = CONNECTION_INPUT;
    else
        return false;
    return true;
}

enum connection_event connection_wait(struct connection *c, int input_fd, int timeout_ms,
                                      struct reply **reply)
{
    int64_t deadline_ms = timeout_ms < 0 ? -1 : connection_now_ms() + timeout_ms;
    const char *why = NULL;

    if (c->fd < 0)
        return connection_lost(c, "not connected");
    /* Most of the time the socket takes all at once. A failure is not looked at here: what the server
     * still said is read first. */
    connection_flush(c);
    for (;;) {
        enum connection_event event;
        enum err err = connection_read_reply(c, reply, &why);

        if (err == ERR_OK)
            return CONNECTION_REPLY;
        if (err != ERR_AGAIN)
            return connection_lost(c, why);
        if (connection_turn(c, input_fd, time_left(deadline_ms), &event))
            return event;
    }
}
