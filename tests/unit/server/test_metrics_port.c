/* SPDX-License-Identifier: BSD-3-Clause */
/* The port from its opening, when there is nothing to tell yet, to its end. */
#include "broker_fixture.h"
#include "server/metrics_port.h"
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#ifdef ECHOLOG_METRICS

#define TURN_US 20000
#define ANSWER_BYTES_MAX (256 * 1024)

struct place {
    struct fixture f;
    struct reactor *reactor;
    struct metrics_port *port;
    int number; /* of it */
    char answer[ANSWER_BYTES_MAX];
};

static void open_place(struct place *p)
{
    struct buf why = {0};
    fixture_init(&p->f);
    fixture_settle(&p->f);
    cr_assert_eq(reactor_create(&p->reactor), ERR_OK);
    p->f.config.metrics_port = CONFIG_PORT_ANY;
    cr_assert_eq(metrics_port_open(p->reactor, &p->f.config, &p->port, &why), ERR_OK);
    /* All addresses get the one that was chosen for the first. */
    const char *first = strchr(metrics_port_addresses(p->port), ':');
    cr_assert_not_null(first);
    p->number = atoi(first + 1);
    buf_deinit(&why);
}

static void close_place(struct place *p)
{
    metrics_port_close(p->port);
    reactor_destroy(p->reactor);
    fixture_deinit(&p->f);
}

static int ask(const struct place *p, const char *path)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)p->number),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    char head[128];
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    cr_assert_eq(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
    int len = snprintf(head, sizeof(head), "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", path);
    cr_assert_eq(send(fd, head, (size_t)len, MSG_NOSIGNAL), len);
    return fd;
}

/* Turns until all has come that comes. */
static const char *hear(struct place *p, int fd)
{
    size_t len = 0;
    ssize_t n;
    while ((n = recv(fd, p->answer + len, sizeof(p->answer) - 1 - len, MSG_DONTWAIT)) != 0) {
        cr_assert(n > 0 || errno == EAGAIN);
        if (n > 0)
            len += (size_t)n;
        else
            reactor_wait(p->reactor, TURN_US);
    }
    p->answer[len] = '\0';
    close(fd);
    return p->answer;
}

static void expect(struct place *p, const char *path, int status, const char *words)
{
    char begin[32];
    const char *answer = hear(p, ask(p, path));
    snprintf(begin, sizeof(begin), "HTTP/1.1 %d ", status);
    cr_expect_eq(strncmp(answer, begin, strlen(begin)), 0, "%s: %s", path, answer);
    cr_expect_not_null(strstr(answer, words), "%s: '%s' is not in: %s", path, words, answer);
}

static struct place p;

Test(metrics_port, while_the_log_is_opened_it_is_alive_and_not_ready, .timeout = 60)
{
    open_place(&p);
    metrics_port_opening(p.port, 17);
    expect(&p, "/healthz", 200, "ok\n");
    expect(&p, "/readyz", 503, "opening the log: 17 partitions so far\n");
    expect(&p, "/metrics", 503, "opening the log");
    expect(&p, "/other", 404, "/metrics");
    metrics_port_serve(p.port, broker_services(p.f.broker));
    expect(&p, "/readyz", 200, "ok\n");
    expect(&p, "/metrics", 200, "echolog_http_requests_total{page=\"metrics\"} 1\n");
    close_place(&p);
}

Test(metrics_port, it_may_end_before_the_log_is_open, .timeout = 60)
{
    open_place(&p);
    int fd = ask(&p, "/healthz");
    close_place(&p);
    close(fd);
}

Test(metrics_port, who_waits_for_a_page_at_the_end_is_answered, .timeout = 60)
{
    open_place(&p);
    metrics_port_serve(p.port, broker_services(p.f.broker));
    int fd = ask(&p, "/metrics");
    close_place(&p);
    ssize_t n;
    while ((n = recv(fd, p.answer, sizeof(p.answer), 0)) > 0)
        ;
    cr_expect(n == 0 || errno == ECONNRESET);
    close(fd);
}

Test(metrics_port, zero_is_no_port_and_none_is_harmless)
{
    struct metrics_port *none = (struct metrics_port *)&p;
    struct buf why = {0};
    fixture_init(&p.f);
    fixture_settle(&p.f);
    cr_expect_eq(metrics_port_open(NULL, &p.f.config, &none, &why), ERR_OK);
    cr_expect_null(none);
    metrics_port_opening(none, 1);
    metrics_port_serve(none, NULL);
    metrics_port_close(none);
    cr_expect_str_eq(metrics_port_addresses(none), "");
    fixture_deinit(&p.f);
}

#else

Test(metrics_port, built_without_it_a_port_is_refused)
{
    struct config c;
    struct metrics_port *port;
    struct buf why = {0};
    config_init(&c);
    cr_expect_eq(metrics_port_open(NULL, &c, &port, &why), ERR_OK);
    c.metrics_port = 9464;
    cr_expect_eq(metrics_port_open(NULL, &c, &port, &why), ERR_UNSUPPORTED);
    cr_expect_gt(why.len, 0);
    buf_deinit(&why);
    config_deinit(&c);
}

#endif
