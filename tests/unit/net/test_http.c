/* SPDX-License-Identifier: BSD-3-Clause */
/* The HTTP server against plain client sockets on the loopback. Its clients wait in the same thread, so a test
 * turns the reactor until what it waits for is there. */
#ifdef ECHOLOG_METRICS

#include "net/http.h"
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#define TURN_US 20000
#define ANSWER_BYTES_MAX 4096

struct host {
    struct reactor *reactor;
    struct http *http;
    int port;
    bool later;       /* keep requests instead of answering them */
    struct list kept; /* of struct http_request */
    int asked, worked, work_left;
    char path[64], accept[64];
};

static struct http_page *page_of(struct host *h, const char *text)
{
    struct buf body = {0};
    buf_append_string(&body, text);
    return http_page_create(h->http, "text/plain", &body);
}

static void answer(struct host *h, struct http_request *r, unsigned status, const char *text)
{
    struct http_page *page = page_of(h, text);
    http_answer(r, status, page);
    http_page_unref(page);
}

static void on_asked(void *ctx, struct http_request *r)
{
    struct host *h = ctx;
    h->asked++;
    snprintf(h->path, sizeof(h->path), "%.*s", (int)r->path.len, r->path.data);
    snprintf(h->accept, sizeof(h->accept), "%.*s", (int)r->accept.len, r->accept.data);
    if (h->later)
        list_push_back(&h->kept, &r->link);
    else
        answer(h, r, 200, "here");
}

static bool on_work(void *ctx)
{
    struct host *h = ctx;
    h->worked++;
    return --h->work_left > 0;
}

static void host_open(struct host *h)
{
    *h = (struct host){0};
    list_init(&h->kept);
    cr_assert_eq(reactor_create(&h->reactor), ERR_OK);
    struct http_options options = {
        .reactor = h->reactor, .asked = on_asked, .work = on_work, .ctx = h};
    cr_assert_eq(http_create(&options, &h->http), ERR_OK);
    cr_assert_eq(http_listen(h->http, "127.0.0.1", &h->port), ERR_OK);
}

static void host_close(struct host *h)
{
    http_destroy(h->http);
    reactor_destroy(h->reactor);
}

static void answer_kept(struct host *h, const char *text)
{
    while (!list_empty(&h->kept)) {
        struct http_request *r = CONTAINER_OF(h->kept.next, struct http_request, link);
        list_remove(&r->link);
        answer(h, r, 200, text);
    }
}

/* Not blocking. */
static int connect_to(const struct host *h)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)h->port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    cr_assert_geq(fd, 0);
    int rc = connect(fd, (struct sockaddr *)&to, sizeof(to));
    cr_assert(rc == 0 || errno == EINPROGRESS);
    return fd;
}

static void say(struct host *h, int fd, const char *text)
{
    while (send(fd, text, strlen(text), MSG_NOSIGNAL) != (ssize_t)strlen(text))
        reactor_wait(h->reactor, TURN_US);
}

static int ask(struct host *h, const char *head)
{
    int fd = connect_to(h);
    say(h, fd, head);
    return fd;
}

/* All that comes until the end, NUL-terminated; closes. */
static void hear(struct host *h, int fd, char text[ANSWER_BYTES_MAX])
{
    size_t len = 0;
    for (;;) {
        ssize_t n = recv(fd, text + len, ANSWER_BYTES_MAX - 1 - len, 0);
        if (n == 0 || (n < 0 && errno != EAGAIN))
            break;
        if (n > 0)
            len += (size_t)n;
        else
            reactor_wait(h->reactor, TURN_US);
    }
    text[len] = '\0';
    close(fd);
}

static void expect_answer(struct host *h, int fd, const char *begin, const char *end)
{
    char text[ANSWER_BYTES_MAX];
    hear(h, fd, text);
    cr_expect_eq(strncmp(text, begin, strlen(begin)), 0, "%s", text);
    cr_expect(strlen(text) >= strlen(end), "%s", text);
    cr_expect_str_eq(text + strlen(text) - strlen(end), end);
}

#define GET(path) "GET " path " HTTP/1.1\r\nHost: x\r\n\r\n"

Test(http, an_answer_at_once)
{
    struct host h;
    host_open(&h);
    int fd = ask(&h, "GET /a%20b?q=1 HTTP/1.1\r\nHost: x\r\nAccept: text/plain\r\n\r\n");
    expect_answer(&h, fd, "HTTP/1.1 200 ", "\r\n\r\nhere");
    cr_expect_str_eq(h.path, "/a b");
    cr_expect_str_eq(h.accept, "text/plain");
    host_close(&h);
}

Test(http, an_answer_in_a_later_turn)
{
    struct host h;
    host_open(&h);
    h.later = true;
    int first = ask(&h, GET("/1")), second = ask(&h, GET("/2"));
    while (h.asked < 2)
        reactor_wait(h.reactor, TURN_US);
    answer_kept(&h, "later");
    expect_answer(&h, first, "HTTP/1.1 200 ", "later");
    expect_answer(&h, second, "HTTP/1.1 200 ", "later");
    host_close(&h);
}

Test(http, a_request_whose_client_is_gone_is_answered_like_any)
{
    struct host h;
    host_open(&h);
    h.later = true;
    int fd = ask(&h, GET("/"));
    while (h.asked < 1)
        reactor_wait(h.reactor, TURN_US);
    close(fd);
    reactor_wait(h.reactor, TURN_US);
    answer_kept(&h, "nobody");
    h.later = false;
    expect_answer(&h, ask(&h, GET("/")), "HTTP/1.1 200 ", "here");
    host_close(&h);
}

Test(http, head_has_no_body_and_a_body_is_passed_over)
{
    struct host h;
    host_open(&h);
    expect_answer(&h, ask(&h, "HEAD / HTTP/1.1\r\nHost: x\r\n\r\n"), "HTTP/1.1 200 ", "\r\n\r\n");
    h.later = true;
    int fd = ask(&h, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello");
    while (h.asked < 2)
        reactor_wait(h.reactor, TURN_US);
    answer_kept(&h, "posted");
    expect_answer(&h, fd, "HTTP/1.1 200 ", "posted");
    host_close(&h);
}

Test(http, more_connections_than_there_may_be_wait)
{
    struct host h;
    int idle[HTTP_CONNECTIONS_MAX];
    host_open(&h);
    for (size_t i = 0; i < COUNT_OF(idle); i++)
        idle[i] = connect_to(&h);
    for (size_t i = 0; i < COUNT_OF(idle); i++)
        say(&h, idle[i], "GET "); /* each is accepted when the next has said something */
    int waiting = ask(&h, GET("/"));
    for (int i = 0; i < 20; i++)
        reactor_wait(h.reactor, TURN_US);
    cr_expect_eq(h.asked, 0);
    close(idle[0]);
    expect_answer(&h, waiting, "HTTP/1.1 200 ", "here");
    for (size_t i = 1; i < COUNT_OF(idle); i++)
        close(idle[i]);
    host_close(&h);
}

Test(http, a_head_that_is_too_long_is_refused)
{
    struct host h;
    char text[ANSWER_BYTES_MAX];
    host_open(&h);
    int fd = ask(&h, "GET / HTTP/1.1\r\nHost: x\r\nX: ");
    memset(text, 'x', sizeof(text));
    for (size_t sent = 0; sent < 16 * HTTP_HEAD_BYTES_MAX; sent += sizeof(text)) {
        if (send(fd, text, sizeof(text), MSG_NOSIGNAL) < 0 && errno != EAGAIN)
            break;
        reactor_wait(h.reactor, 0);
    }
    hear(&h, fd, text);
    cr_expect(text[0] == '\0' || strncmp(text, "HTTP/1.1 4", 10) == 0, "%s", text);
    cr_expect_eq(h.asked, 0);
    host_close(&h);
}

Test(http, work_is_done_a_piece_per_turn)
{
    struct host h;
    host_open(&h);
    h.work_left = 3;
    http_work_soon(h.http);
    cr_expect_eq(h.worked, 0);
    for (int turn = 1; turn <= 3; turn++) {
        while (h.worked < turn)
            reactor_wait(h.reactor, -1);
        cr_expect_eq(h.worked, turn);
    }
    for (int i = 0; i < 5; i++)
        reactor_wait(h.reactor, TURN_US);
    cr_expect_eq(h.worked, 3);
    host_close(&h);
}

Test(http, a_port_in_use_is_told)
{
    struct host h;
    host_open(&h);
    cr_expect_eq(http_listen(h.http, "127.0.0.1", &h.port), ERR_EXISTS);
    int port = 0;
    cr_expect_eq(http_listen(h.http, "no address", &port), ERR_INVALID);
    host_close(&h);
}

Test(http, it_may_end_with_connections_at_every_stage)
{
    struct host h;
    host_open(&h);
    h.later = true;
    int silent = connect_to(&h), half = ask(&h, "GET / HT"), asked = ask(&h, GET("/"));
    while (h.asked < 1)
        reactor_wait(h.reactor, TURN_US);
    answer_kept(&h, "bye");
    host_close(&h);
    close(silent);
    close(half);
    close(asked);
}

#endif
