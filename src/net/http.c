/* SPDX-License-Identifier: BSD-3-Clause */
/* libmicrohttpd without threads of its own: the reactor watches the descriptor that it waits on, and a timer
 * stands for the time-outs it has. Connections are accepted here, so that too many of them wait in the
 * backlog, and one without a free descriptor does not spin.
 *
 * A request that is not answered at once is suspended: its connection is not looked at until then. */
#include "net/http.h"

#include "base/mem.h"
#include "net/mhd.h"
#include "net/tcp.h"
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define HTTP_LISTENERS_MAX 16
#define HTTP_BACKLOG 128
#define HTTP_SILENCE_S_MAX 5 /* of a connection */

struct http {
    struct http_options options;
    struct mhd mhd;
    struct MHD_Daemon *daemon;                      /* owned */
    struct reactor_watch events;                    /* of the daemon's descriptor */
    struct reactor_watch timer;                     /* of timer_fd */
    int timer_fd;                                   /* owned */
    struct listener *listeners[HTTP_LISTENERS_MAX]; /* owned */
    size_t listener_count;
    struct list connections; /* of struct connection, oldest first */
    size_t connection_count;
    bool work_wanted;
    bool closing;
};

struct connection {
    struct list link;
    int fd; /* the daemon's */
    int64_t ends_ms;
};

struct call {
    struct http_request request;
    struct http *http;         /* borrowed */
    struct MHD_Connection *of; /* borrowed; there until it was answered */
    struct http_page *page;    /* counted; the answer, when it is there */
    unsigned status;
    bool suspended;
    bool queued; /* the daemon has the answer */
};

struct http_page {
    struct http *http;             /* borrowed */
    struct MHD_Response *response; /* counted by the daemon too, while it is sent */
    unsigned refs;
};

/* --- pages ---------------------------------------------------------------------------------- */

static void free_body(void *body)
{
    mem_free(body);
}

void http_page_header(struct http_page *page, const char *name, const char *value)
{
    enum MHD_Result added = page->http->mhd.add_response_header(page->response, name, value);
    ASSERT(added == MHD_YES);
}

struct http_page *http_page_create(struct http *h, const char *type, struct buf *body)
{
    struct http_page *page = mem_zalloc(1, sizeof(*page));
    page->http = h;
    buf_reserve(body, 1); /* an empty one too has something to free */
    page->refs = 1;
    page->response = page->http->mhd.create_response_from_buffer_with_free_callback(
        body->len, body->data, free_body);
    *body = (struct buf){0};
    ASSERT(page->response != NULL); /* but for want of memory, which is fatal (base/mem.h) */
    http_page_header(page, MHD_HTTP_HEADER_CONTENT_TYPE, type);
    http_page_header(page, MHD_HTTP_HEADER_CONNECTION, "close");
    http_page_header(page, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    return page;
}

void http_page_unref(struct http_page *page)
{
    ASSERT(page->refs > 0);
    if (--page->refs > 0)
        return;
    page->http->mhd.destroy_response(page->response);
    mem_free(page);
}

/* --- time ----------------------------------------------------------------------------------- */

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* How long the driver may wait, or -1: for ever. */
static int64_t wait_ms(const struct http *h)
{
    if (h->work_wanted)
        return 0;
    int64_t wait = -1;
    MHD_UNSIGNED_LONG_LONG daemons;
    if (h->mhd.get_timeout(h->daemon, &daemons) == MHD_YES)
        wait = daemons < HTTP_CONNECTION_MS_MAX ? (int64_t)daemons : HTTP_CONNECTION_MS_MAX;
    if (!list_empty(&h->connections)) {
        int64_t left =
            CONTAINER_OF(h->connections.next, struct connection, link)->ends_ms - now_ms();
        if (wait < 0 || left < wait)
            wait = left > 0 ? left : 0;
    }
    return wait;
}

static void arm(struct http *h)
{
    int64_t wait = wait_ms(h);
    /* Zero disarms: "at once" is the shortest time there is. */
    struct itimerspec when = {
        .it_value = {.tv_sec = wait / 1000, .tv_nsec = wait % 1000 * 1000000 + (wait == 0)}};
    if (wait < 0)
        when = (struct itimerspec){0};
    int rc = timerfd_settime(h->timer_fd, 0, &when, NULL);
    ASSERT(rc == 0);
}

/* Connections whose time is up end like those whose client hangs up. */
static void cut_overdue(struct http *h)
{
    int64_t now = now_ms();
    LIST_EACH (it, &h->connections) {
        struct connection *c = CONTAINER_OF(it, struct connection, link);
        if (c->ends_ms > now)
            return;
        shutdown(c->fd, SHUT_RDWR);
        c->ends_ms = now + HTTP_CONNECTION_MS_MAX;
        list_remove(&c->link);
        list_push_back(&h->connections, &c->link);
    }
}

static void drive(struct http *h)
{
    h->mhd.run(h->daemon);
    cut_overdue(h);
    arm(h);
}

static void on_events(struct reactor_watch *watch, unsigned events)
{
    (void)events;
    drive(CONTAINER_OF(watch, struct http, events));
}

static void on_timer(struct reactor_watch *watch, unsigned events)
{
    (void)events;
    struct http *h = CONTAINER_OF(watch, struct http, timer);
    uint64_t expirations;
    if (read(h->timer_fd, &expirations, sizeof(expirations)) < 0)
        return;
    if (h->work_wanted)
        h->work_wanted = h->options.work(h->options.ctx);
    drive(h);
}

void http_work_soon(struct http *h)
{
    ASSERT(h->options.work != NULL);
    h->work_wanted = true;
    arm(h);
}

/* --- requests ------------------------------------------------------------------------------- */

static enum MHD_Result queue_answer(struct call *c)
{
    c->queued = true;
    return c->http->mhd.queue_response(c->of, c->status, c->page->response);
}

void http_answer(struct http_request *r, unsigned status, struct http_page *page)
{
    struct call *c = CONTAINER_OF(r, struct call, request);
    ASSERT(c->page == NULL);
    page->refs++;
    c->page = page;
    c->status = status;
    if (!c->suspended)
        return; /* on_request is below us, and goes on */
    c->suspended = false;
    c->http->mhd.resume_connection(c->of);
}

static struct call *call_create(struct http *h, struct MHD_Connection *of, const char *method,
                                const char *path)
{
    const char *accept =
        h->mhd.lookup_connection_value(of, MHD_HEADER_KIND, MHD_HTTP_HEADER_ACCEPT);
    struct call *c = mem_zalloc(1, sizeof(*c));
    c->http = h;
    c->of = of;
    c->request.method = bytes_of_string(method);
    c->request.path = bytes_of_string(path);
    c->request.accept = bytes_of_string(accept == NULL ? "" : accept);
    list_init(&c->request.link);
    return c;
}

/* Called when the head of a request is there, for each piece of its body (which nobody wants), and at its
 * end; also when a suspended connection goes on. */
static enum MHD_Result on_request(void *ctx, struct MHD_Connection *of, const char *path,
                                  const char *method, const char *version, const char *body,
                                  size_t *body_len, void **place)
{
    (void)version;
    (void)body;
    struct http *h = ctx;
    struct call *c = *place;
    *body_len = 0;
    if (c == NULL) {
        *place = c = call_create(h, of, method, path);
        h->options.asked(h->options.ctx, &c->request);
    }
    if (c->queued)
        return MHD_YES;
    if (c->page != NULL)
        return queue_answer(c);
    h->mhd.suspend_connection(of);
    c->suspended = true;
    return MHD_YES;
}

static void on_completed(void *ctx, struct MHD_Connection *of, void **place,
                         enum MHD_RequestTerminationCode why)
{
    (void)ctx;
    (void)of;
    (void)why;
    struct call *c = *place;
    if (c == NULL)
        return;
    ASSERT(!c->suspended && c->page != NULL);
    http_page_unref(c->page);
    mem_free(c);
    *place = NULL;
}

/* --- connections ---------------------------------------------------------------------------- */

/* Lets connections come, or wait, by how many there are. */
static void hold_listeners(struct http *h)
{
    for (size_t i = 0; i < h->listener_count; i++)
        listener_hold(h->listeners[i], h->connection_count >= HTTP_CONNECTIONS_MAX);
}

static void connection_began(struct http *h, struct MHD_Connection *of, void **place)
{
    const union MHD_ConnectionInfo *info =
        h->mhd.get_connection_info(of, MHD_CONNECTION_INFO_CONNECTION_FD);
    struct connection *c = mem_zalloc(1, sizeof(*c));
    c->fd = info->connect_fd;
    c->ends_ms = now_ms() + HTTP_CONNECTION_MS_MAX;
    list_push_back(&h->connections, &c->link);
    h->connection_count++;
    *place = c;
}

static void connection_ended(struct http *h, void **place)
{
    struct connection *c = *place;
    list_remove(&c->link);
    mem_free(c);
    *place = NULL;
    h->connection_count--;
    if (!h->closing)
        hold_listeners(h);
}

static void on_connection(void *ctx, struct MHD_Connection *of, void **place,
                          enum MHD_ConnectionNotificationCode what)
{
    if (what == MHD_CONNECTION_NOTIFY_STARTED)
        connection_began(ctx, of, place);
    else
        connection_ended(ctx, place);
}

/* The daemon closes the socket also when it does not take it. */
static void on_accepted(void *ctx, int fd)
{
    struct http *h = ctx;
    struct sockaddr_storage peer = {0};
    socklen_t len = sizeof(peer);
    if (getpeername(fd, (struct sockaddr *)&peer, &len) != 0) {
        close(fd);
        return;
    }
    (void)h->mhd.add_connection(h->daemon, fd, (struct sockaddr *)&peer, len);
    hold_listeners(h);
    arm(h);
}

enum err http_listen(struct http *h, const char *address, int *port)
{
    if (h->listener_count == HTTP_LISTENERS_MAX)
        return ERR_LIMIT;
    struct tcp_options options = {
        .address = address,
        .port = *port,
        .backlog = HTTP_BACKLOG,
        .owner = {.accepted_fd = on_accepted, .ctx = h},
    };
    enum err err = tcp_listen(h->options.reactor, &options, &h->listeners[h->listener_count]);
    if (err == ERR_OK)
        *port = listener_port(h->listeners[h->listener_count++]);
    return err;
}

/* --- life ----------------------------------------------------------------------------------- */

static struct MHD_Daemon *start_daemon(struct http *h)
{
    /* One more than we let in: what is refused is refused by us. */
    return h->mhd.start_daemon(
        MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL,
        on_request, h, MHD_OPTION_CONNECTION_LIMIT, (unsigned)HTTP_CONNECTIONS_MAX + 1,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HTTP_HEAD_BYTES_MAX,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)HTTP_SILENCE_S_MAX, MHD_OPTION_NOTIFY_COMPLETED,
        on_completed, h, MHD_OPTION_NOTIFY_CONNECTION, on_connection, h, MHD_OPTION_END);
}

static enum err watch_daemon(struct http *h)
{
    const union MHD_DaemonInfo *info = h->mhd.get_daemon_info(h->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    ASSERT(info != NULL);
    enum err err = reactor_watch(h->options.reactor, &h->events, info->epoll_fd, REACTOR_READ);
    if (err == ERR_OK)
        err = reactor_watch(h->options.reactor, &h->timer, h->timer_fd, REACTOR_READ);
    return err;
}

enum err http_create(const struct http_options *options, struct http **http)
{
    struct http *h = mem_zalloc(1, sizeof(*h));
    enum err err = mhd_load(&h->mhd);
    if (err != ERR_OK) {
        mem_free(h);
        return err;
    }
    err = ERR_LIMIT;
    h->options = *options;
    h->events = (struct reactor_watch){.fd = -1, .ready = on_events};
    h->timer = (struct reactor_watch){.fd = -1, .ready = on_timer};
    list_init(&h->connections);
    h->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    if (h->timer_fd >= 0)
        h->daemon = start_daemon(h);
    if (h->daemon != NULL)
        err = watch_daemon(h);
    if (err != ERR_OK) {
        http_destroy(h);
        return err;
    }
    *http = h;
    return ERR_OK;
}

void http_destroy(struct http *h)
{
    h->closing = true;
    for (size_t i = 0; i < h->listener_count; i++)
        listener_close(h->listeners[i]);
    if (h->daemon != NULL)
        h->mhd.run(h->daemon); /* sends what was just answered */
    if (h->timer.fd >= 0)
        reactor_unwatch(h->options.reactor, &h->timer);
    if (h->events.fd >= 0)
        reactor_unwatch(h->options.reactor, &h->events);
    if (h->daemon != NULL)
        h->mhd.stop_daemon(h->daemon);
    if (h->timer_fd >= 0)
        close(h->timer_fd);
    ASSERT(list_empty(&h->connections));
    mem_free(h);
}
