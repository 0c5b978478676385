/* SPDX-License-Identifier: BSD-3-Clause */
/* Listeners and streams against plain blocking client sockets on the loopback. */
#include "net/tcp.h"
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define CHECK_OK(call) cr_assert_eq((call), ERR_OK, #call)
#define STREAMS_MAX 64

struct host {
    struct reactor *reactor;
    struct listener *listener;
    struct stream *streams[STREAMS_MAX]; /* accepted; NULL when closed again */
    unsigned readiness[STREAMS_MAX];     /* the last reported */
    int calls[STREAMS_MAX];
    int count;
    bool close_in_accepted, close_in_ready, close_listener_in_accepted;
};

static void stream_ready(struct stream *stream, unsigned readiness)
{
    struct host *h = stream->owner;
    int i = 0;
    while (h->streams[i] != stream)
        i++;
    h->readiness[i] = readiness;
    h->calls[i]++;
    if (h->close_in_ready) {
        h->streams[i] = NULL;
        stream_close(stream);
    }
}

static void accepted(void *ctx, struct stream *stream)
{
    struct host *h = ctx;
    cr_assert_lt(h->count, STREAMS_MAX);
    stream->ready = stream_ready;
    stream->owner = h;
    h->streams[h->count++] = stream;
    if (h->close_listener_in_accepted) {
        listener_close(h->listener);
        h->listener = NULL;
    }
    if (h->close_in_accepted) {
        h->streams[h->count - 1] = NULL;
        stream_close(stream);
    }
}

static struct tcp_options options_of(struct host *h)
{
    return (struct tcp_options){
        .address = "127.0.0.1", .backlog = 511, .keepalive_s = 300, .owner = {accepted, h}};
}

static void host_open(struct host *h)
{
    *h = (struct host){0};
    CHECK_OK(reactor_create(&h->reactor));
    struct tcp_options options = options_of(h);
    CHECK_OK(tcp_listen(h->reactor, &options, &h->listener));
}

static void host_close(struct host *h)
{
    for (int i = 0; i < h->count; i++) {
        if (h->streams[i] != NULL)
            stream_close(h->streams[i]);
    }
    if (h->listener != NULL)
        listener_close(h->listener);
    reactor_destroy(h->reactor);
}

static int connect_to(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert_geq(fd, 0);
    cr_assert_eq(connect(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}

/* A client's descriptor and the server's stream, with the first turns behind them. */
static int host_connect(struct host *h, struct stream **stream)
{
    int before = h->count;
    int fd = connect_to(listener_port(h->listener));
    while (h->count == before)
        reactor_wait(h->reactor, -1);
    *stream = h->streams[before];
    while (*stream != NULL && h->calls[before] == 0)
        reactor_wait(h->reactor, -1);
    return fd;
}

static void put(int fd, const char *text)
{
    cr_assert_eq(send(fd, text, strlen(text), 0), (ssize_t)strlen(text));
}

/* The next event of stream `i`. */
static unsigned next_readiness(struct host *h, int i)
{
    int before = h->calls[i];
    while (h->calls[i] == before)
        reactor_wait(h->reactor, -1);
    return h->readiness[i];
}

/* --- listening -------------------------------------------------------------------------------- */

Test(tcp, port_zero_gets_a_free_port_and_each_its_own)
{
    struct host a, b;
    host_open(&a);
    host_open(&b);
    cr_assert_gt(listener_port(a.listener), 0);
    cr_assert_neq(listener_port(a.listener), listener_port(b.listener));
    host_close(&a);
    host_close(&b);
}

Test(tcp, a_port_that_is_taken_exists)
{
    struct host h;
    host_open(&h);
    struct tcp_options options = options_of(&h);
    options.port = listener_port(h.listener);
    struct listener *second;
    cr_assert_eq(tcp_listen(h.reactor, &options, &second), ERR_EXISTS);
    host_close(&h);
}

Test(tcp, a_port_is_free_again_after_close_even_with_connections_left)
{
    struct host h;
    host_open(&h);
    struct stream *stream;
    int fd = host_connect(&h, &stream);
    struct tcp_options options = options_of(&h);
    options.port = listener_port(h.listener);
    listener_close(h.listener);
    stream_close(stream); /* the server closes first: its port waits in TIME_WAIT */
    h.streams[0] = NULL;
    CHECK_OK(tcp_listen(h.reactor, &options, &h.listener));
    close(fd);
    host_close(&h);
}

Test(tcp, what_is_no_address_of_ours_is_invalid)
{
    struct host h;
    host_open(&h);
    static const char *const addresses[] = {"",          "localhost", "127.0.0.1:80",
                                            "300.0.0.1", "[::1]",     "192.0.2.1"};
    for (size_t i = 0; i < COUNT_OF(addresses); i++) {
        struct tcp_options options = options_of(&h);
        options.address = addresses[i];
        struct listener *other;
        cr_assert_eq(tcp_listen(h.reactor, &options, &other), ERR_INVALID, "%s", addresses[i]);
    }
    static const int ports[] = {-1, 65536};
    for (size_t i = 0; i < COUNT_OF(ports); i++) {
        struct tcp_options options = options_of(&h);
        options.port = ports[i];
        struct listener *other;
        cr_assert_eq(tcp_listen(h.reactor, &options, &other), ERR_INVALID, "%d", ports[i]);
    }
    host_close(&h);
}

Test(tcp, ipv6_is_spoken_beside_ipv4_on_one_port)
{
    struct host h;
    host_open(&h);
    struct tcp_options options = options_of(&h);
    options.address = "::1";
    options.port = listener_port(h.listener);
    struct listener *six;
    enum err err = tcp_listen(h.reactor, &options, &six);
    if (err == ERR_UNSUPPORTED || err == ERR_INVALID)
        cr_skip_test("no IPv6 here");
    CHECK_OK(err);
    struct sockaddr_in6 address = {.sin6_family = AF_INET6,
                                   .sin6_port = htons((uint16_t)options.port),
                                   .sin6_addr = in6addr_loopback};
    int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert_eq(connect(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    while (h.count == 0)
        reactor_wait(h.reactor, -1);
    char expected[STREAM_ADDRESS_BYTES_MAX];
    snprintf(expected, sizeof(expected), "[::1]:%d", options.port);
    cr_assert_str_eq(h.streams[0]->local, expected);
    cr_assert_eq(strncmp(h.streams[0]->peer, "[::1]:", 6), 0);
    close(fd);
    listener_close(six);
    host_close(&h);
}

Test(tcp, many_connections_are_accepted)
{
    struct host h;
    host_open(&h);
    int fds[STREAMS_MAX];
    for (int i = 0; i < STREAMS_MAX; i++)
        fds[i] = connect_to(listener_port(h.listener));
    while (h.count < STREAMS_MAX)
        reactor_wait(h.reactor, -1);
    for (int i = 0; i < STREAMS_MAX; i++)
        close(fds[i]);
    host_close(&h);
}

Test(tcp, the_listener_may_be_closed_while_it_accepts)
{
    struct host h;
    host_open(&h);
    int port = listener_port(h.listener);
    int one = connect_to(port), two = connect_to(port);
    h.close_listener_in_accepted = true;
    while (h.count == 0)
        reactor_wait(h.reactor, -1);
    reactor_wait(h.reactor, 0);
    cr_assert_eq(h.count, 1, "the second one is turned away");
    close(one);
    close(two);
    host_close(&h);
}

/* Others may be open above it: those that the test's runner left. */
static int lowest_free_fd(void)
{
    int fd = dup(STDIN_FILENO);
    cr_assert_geq(fd, 0);
    close(fd);
    return fd;
}

Test(tcp, accepting_goes_on_when_there_are_descriptors_again, .timeout = 30)
{
    struct host h;
    host_open(&h);
    int clients[3];
    for (size_t i = 0; i < COUNT_OF(clients); i++)
        clients[i] = connect_to(listener_port(h.listener));
    struct rlimit before, few;
    getrlimit(RLIMIT_NOFILE, &before);
    few = before;
    few.rlim_cur = (rlim_t)lowest_free_fd() + 1; /* room for one */
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
    while (h.count == 0)
        reactor_wait(h.reactor, -1);
    reactor_wait(h.reactor, 0);
    cr_assert_eq(h.count, 1);
    stream_close(h.streams[0]);
    h.streams[0] = NULL;
    while (h.count == 1)
        reactor_wait(h.reactor, -1);
    cr_assert_eq(h.count, 2);
    setrlimit(RLIMIT_NOFILE, &before);
    while (h.count == 2)
        reactor_wait(h.reactor, -1);
    for (size_t i = 0; i < COUNT_OF(clients); i++)
        close(clients[i]);
    host_close(&h);
}

Test(tcp, a_paused_listener_can_be_closed)
{
    struct host h;
    host_open(&h);
    int client = connect_to(listener_port(h.listener));
    struct rlimit before, none;
    getrlimit(RLIMIT_NOFILE, &before);
    none = before;
    none.rlim_cur = 0;
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
    reactor_wait(h.reactor, -1);
    cr_assert_eq(h.count, 0);
    setrlimit(RLIMIT_NOFILE, &before);
    close(client);
    host_close(&h);
}

/* --- streams ---------------------------------------------------------------------------------- */

Test(tcp, a_stream_knows_both_its_ends)
{
    struct host h;
    host_open(&h);
    struct stream *stream;
    int fd = host_connect(&h, &stream);
    struct sockaddr_in address;
    socklen_t len = sizeof(address);
    cr_assert_eq(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    char expected[STREAM_ADDRESS_BYTES_MAX];
    snprintf(expected, sizeof(expected), "127.0.0.1:%u", ntohs(address.sin_port));
    cr_assert_str_eq(stream->peer, expected);
    snprintf(expected, sizeof(expected), "127.0.0.1:%d", listener_port(h.listener));
    cr_assert_str_eq(stream->local, expected);
    close(fd);
    host_close(&h);
}

static int option(const struct stream *stream, int level, int name)
{
    int value = -1;
    socklen_t len = sizeof(value);
    cr_assert_eq(getsockopt(stream->fd, level, name, &value, &len), 0);
    return value;
}

Test(tcp, a_stream_sends_at_once_and_notices_dead_peers)
{
    struct host h;
    host_open(&h);
    struct stream *stream;
    int fd = host_connect(&h, &stream);
    cr_assert_eq(option(stream, IPPROTO_TCP, TCP_NODELAY), 1);
    cr_assert_eq(option(stream, SOL_SOCKET, SO_KEEPALIVE), 1);
    cr_assert_eq(option(stream, IPPROTO_TCP, TCP_KEEPIDLE), 300);
    cr_assert_eq(option(stream, IPPROTO_TCP, TCP_KEEPINTVL), 100);
    cr_assert_eq(option(stream, IPPROTO_TCP, TCP_KEEPCNT), 3);
    cr_assert(fcntl(stream->fd, F_GETFL) & O_NONBLOCK);
    cr_assert(fcntl(stream->fd, F_GETFD) & FD_CLOEXEC);
    close(fd);
    host_close(&h);
}

Test(tcp, keepalive_can_be_off)
{
    struct host h;
    host_open(&h);
    listener_close(h.listener);
    struct tcp_options options = options_of(&h);
    options.keepalive_s = 0;
    CHECK_OK(tcp_listen(h.reactor, &options, &h.listener));
    struct stream *stream;
    int fd = host_connect(&h, &stream);
    cr_assert_eq(option(stream, SOL_SOCKET, SO_KEEPALIVE), 0);
    close(fd);
    host_close(&h);
}

Test(tcp, keepalive_may_be_changed_for_connections_to_come)
{
    struct host h;
    host_open(&h);
    struct stream *before, *after;
    int fd_before = host_connect(&h, &before);
    tcp_set_keepalive(h.listener, 60);
    int fd_after = host_connect(&h, &after);
    cr_assert_eq(option(before, IPPROTO_TCP, TCP_KEEPIDLE), 300);
    cr_assert_eq(option(after, IPPROTO_TCP, TCP_KEEPIDLE), 60);
    cr_assert_eq(option(after, IPPROTO_TCP, TCP_KEEPINTVL), 20);
    close(fd_after);
    tcp_set_keepalive(h.listener, 0);
    fd_after = host_connect(&h, &after);
    cr_assert_eq(option(after, SOL_SOCKET, SO_KEEPALIVE), 0);
    tcp_set_keepalive(h.listener, 1000000); /* more than the system takes */
    close(fd_after);
    fd_after = host_connect(&h, &after);
    cr_assert_eq(option(after, SOL_SOCKET, SO_KEEPALIVE), 1);
    close(fd_before);
    close(fd_after);
    host_close(&h);
}

Test(tcp, bytes_go_both_ways)
{
    struct host h;
    host_open(&h);
    struct stream *stream;
    int fd = host_connect(&h, &stream);
    cr_assert(h.readiness[0] & STREAM_WRITABLE);
    char data[16];
    size_t got = 99;
    cr_assert_eq(stream_read(stream, data, sizeof(data), &got), ERR_AGAIN);
    cr_assert_eq(got, 99);
    put(fd, "hello");
    cr_assert(next_readiness(&h, 0) & STREAM_READABLE);
    CHECK_OK(stream_read(stream, data, 3, &got));
    cr_assert_eq(got, 3);
    CHECK_OK(stream_read(stream, data + 3, sizeof(data) - 3, &got));
    cr_assert_eq(got, 2);
    cr_assert_arr_eq(data, "hello", 5);
    cr_assert_eq(stream_read(stream, data, sizeof(data), &got), ERR_AGAIN);

    char one[] = "wo", two[] = "rld";
    struct iovec iov[] = {{one, 2}, {two, 3}};
    size_t sent;
    CHECK_OK(stream_write(stream, iov, 2, &sent));
    cr_assert_eq(sent, 5);
    cr_assert_eq(recv(fd, data, 5, MSG_WAITALL), 5);
    cr_assert_arr_eq(data, "world", 5);
    close(fd);
    host_close(&h);
}

Test(tcp, a_full_stream_says_again_and_reports_when_there_is_room)
{
    struct host h;
    host_open(&h);
    struct stream *stream;
    int fd = host_connect(&h, &stream);
    size_t len = 1 << 20, total = 0, sent;
    char *block = calloc(1, len);
    struct iovec iov = {block, len};
    enum err err;
    while ((err = stream_write(stream, &iov, 1, &sent)) == ERR_OK)
        total += sent;
    cr_assert_eq(err, ERR_AGAIN);
    for (size_t taken = 0; taken < total;) {
        ssize_t n = recv(fd, block, len, 0);
        cr_assert_gt(n, 0);
        taken += (size_t)n;
    }
    cr_assert(next_readiness(&h, 0) & STREAM_WRITABLE);
    CHECK_OK(stream_write(stream, &iov, 1, &sent));
    free(block);
    close(fd);
    host_close(&h);
}

Test(tcp, a_closed_peer_is_readable_and_reads_closed)
{
    struct host h;
    host_open(&h);
    struct stream *stream;
    int fd = host_connect(&h, &stream);
    close(fd);
    cr_assert(next_readiness(&h, 0) & STREAM_READABLE);
    char data[16];
    size_t got;
    cr_assert_eq(stream_read(stream, data, sizeof(data), &got), ERR_CLOSED);
    host_close(&h);
}

Test(tcp, a_reset_connection_is_closed_for_reading_and_writing)
{
    struct host h;
    host_open(&h);
    struct stream *stream;
    int fd = host_connect(&h, &stream);
    struct linger reset = {.l_onoff = 1};
    cr_assert_eq(setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)), 0);
    close(fd);
    cr_assert(next_readiness(&h, 0) & STREAM_READABLE);
    char data[16] = {0};
    size_t n;
    cr_assert_eq(stream_read(stream, data, sizeof(data), &n), ERR_CLOSED);
    struct iovec iov = {data, sizeof(data)};
    cr_assert_eq(stream_write(stream, &iov, 1, &n), ERR_CLOSED, "and no SIGPIPE");
    host_close(&h);
}

Test(tcp, the_end_is_reported_again_when_the_last_bytes_came_with_it, .timeout = 30)
{
    struct host h;
    host_open(&h);
    struct stream *stream;
    int fd = host_connect(&h, &stream);
    put(fd, "last");
    close(fd);
    /* The end may come in an event of its own; make sure that it is there before the bytes are read. */
    char data[16];
    while (recv(stream->fd, data, sizeof(data), MSG_PEEK | MSG_WAITALL) < 0)
        cr_assert_eq(errno, EAGAIN);
    struct tcp_info info;
    do {
        socklen_t len = sizeof(info);
        cr_assert_eq(getsockopt(stream->fd, IPPROTO_TCP, TCP_INFO, &info, &len), 0);
    } while (info.tcpi_state != TCP_CLOSE_WAIT);
    unsigned both = STREAM_READABLE | STREAM_ENDED;
    cr_assert_eq(next_readiness(&h, 0) & both, both, "the end is told before all is read");
    size_t got;
    CHECK_OK(stream_read(stream, data, sizeof(data), &got));
    cr_assert_eq(got, 4, "a short read: the owner waits for the next report");
    cr_assert(next_readiness(&h, 0) & STREAM_READABLE);
    cr_assert_eq(stream_read(stream, data, sizeof(data), &got), ERR_CLOSED);
    host_close(&h);
}

Test(tcp, a_half_closed_peer_still_gets_its_answer)
{
    struct host h;
    host_open(&h);
    struct stream *stream;
    int fd = host_connect(&h, &stream);
    put(fd, "ask");
    cr_assert_eq(shutdown(fd, SHUT_WR), 0);
    cr_assert(next_readiness(&h, 0) & STREAM_READABLE);
    char data[16] = "answer";
    struct iovec iov = {data, 6};
    size_t sent;
    CHECK_OK(stream_write(stream, &iov, 1, &sent));
    cr_assert_eq(recv(fd, data + 8, 6, MSG_WAITALL), 6);
    cr_assert_arr_eq(data + 8, "answer", 6);
    close(fd);
    host_close(&h);
}

Test(tcp, a_stream_may_be_closed_inside_its_own_ready)
{
    struct host h;
    host_open(&h);
    h.close_in_ready = true;
    int fd = connect_to(listener_port(h.listener));
    while (h.count == 0 || h.streams[0] != NULL)
        reactor_wait(h.reactor, -1);
    cr_assert_eq(h.calls[0], 1);
    char c;
    cr_assert_eq(recv(fd, &c, 1, 0), 0, "the peer sees the end");
    close(fd);
    host_close(&h);
}

Test(tcp, a_stream_may_be_closed_inside_accepted)
{
    struct host h;
    host_open(&h);
    h.close_in_accepted = true;
    struct stream *stream;
    int fd = host_connect(&h, &stream);
    cr_assert_null(stream);
    char c;
    cr_assert_eq(recv(fd, &c, 1, 0), 0);
    cr_assert_eq(h.calls[0], 0);
    close(fd);
    host_close(&h);
}

static void close_all_ready(struct stream *stream, unsigned readiness)
{
    (void)readiness;
    struct host *h = stream->owner;
    h->calls[0]++;
    for (int i = 0; i < h->count; i++) {
        stream_close(h->streams[i]);
        h->streams[i] = NULL;
    }
}

Test(tcp, a_stream_may_close_others_whose_events_are_still_to_come_this_turn)
{
    struct host h;
    host_open(&h);
    struct stream *one, *two;
    int fd1 = host_connect(&h, &one), fd2 = host_connect(&h, &two);
    reactor_wait(h.reactor, 0);
    one->ready = two->ready = close_all_ready;
    h.calls[0] = 0;
    put(fd1, "x");
    put(fd2, "x");
    reactor_wait(h.reactor, -1);
    reactor_wait(h.reactor, 0);
    cr_assert_eq(h.calls[0], 1);
    close(fd1);
    close(fd2);
    host_close(&h);
}

Test(tcp, streams_go_on_after_their_listener_is_closed)
{
    struct host h;
    host_open(&h);
    struct stream *stream;
    int fd = host_connect(&h, &stream);
    listener_close(h.listener);
    h.listener = NULL;
    put(fd, "x");
    cr_assert(next_readiness(&h, 0) & STREAM_READABLE);
    char c;
    size_t got;
    CHECK_OK(stream_read(stream, &c, 1, &got));
    close(fd);
    host_close(&h);
}

Test(tcp, a_loopback_peer_is_from_here)
{
    struct host h;
    host_open(&h);
    struct stream *stream;
    int fd = host_connect(&h, &stream);
    cr_assert(stream->from_here);
    cr_assert_eq(stream->transport, STREAM_TCP);
    close(fd);
    host_close(&h);
}
