/* SPDX-License-Identifier: BSD-3-Clause */
/* Between the HTTP driver and the pages. Built with METRICS=no it only refuses. */
#include "server/metrics_port.h"

#ifdef ECHOLOG_METRICS

#include "base/mem.h"
#include "metrics/pages.h"
#include "net/http.h"

struct metrics_port {
    struct http *http;      /* owned, as all */
    struct pages *pages;    /* NULL while the log is being opened */
    size_t partitions_open; /* until then */
    struct http_page *alive, *not_found, *method_refused;
    struct buf addresses;
};

/* A request for the page of metrics while it is being made. */
struct asked {
    struct page_request request;
    struct http_request *http; /* borrowed until it is answered */
};

/* --- answers -------------------------------------------------------------------------------- */

static struct http_page *text_page(struct metrics_port *port, const char *text)
{
    struct buf body = {0};
    buf_append_string(&body, text);
    return http_page_create(port->http, "text/plain; charset=utf-8", &body);
}

static void answer_ready(struct metrics_port *port, struct http_request *r)
{
    struct buf body = {0};
    unsigned status = pages_readyz(port->pages, &body);
    struct http_page *made = http_page_create(port->http, "text/plain; charset=utf-8", &body);
    http_answer(r, status, made);
    http_page_unref(made);
}

static void answer_all(struct list *requests, unsigned status, struct http_page *page)
{
    while (!list_empty(requests)) {
        struct asked *a = CONTAINER_OF(requests->next, struct asked, request.link);
        list_remove(&a->request.link);
        http_answer(a->http, status, page);
        mem_free(a);
    }
    http_page_unref(page);
}

static void on_ready(void *ctx, struct list *requests, enum exposition_format format,
                     struct buf *text)
{
    struct metrics_port *port = ctx;
    answer_all(requests, 200, http_page_create(port->http, exposition_content_type(format), text));
}

/* --- requests ------------------------------------------------------------------------------- */

static void ask_metrics(struct metrics_port *port, struct http_request *r)
{
    struct asked *a = mem_zalloc(1, sizeof(*a));
    a->request.format = route_format(r->accept);
    a->http = r;
    pages_ask(port->pages, &a->request);
    http_work_soon(port->http);
}

/* Nothing is there to be told of yet. */
static void answer_opening(struct metrics_port *port, struct http_request *r)
{
    struct buf body = {0};
    buf_printf(&body, "opening the log: %zu partitions so far\n", port->partitions_open);
    struct http_page *made = http_page_create(port->http, "text/plain; charset=utf-8", &body);
    http_answer(r, 503, made);
    http_page_unref(made);
}

static enum route route(struct metrics_port *port, const struct http_request *r)
{
    return port->pages == NULL ? route_of(r->method, r->path)
                               : pages_route(port->pages, r->method, r->path);
}

static void on_asked(void *ctx, struct http_request *r)
{
    struct metrics_port *port = ctx;
    switch (route(port, r)) {
    case ROUTE_METRICS:
        if (port->pages == NULL)
            answer_opening(port, r);
        else
            ask_metrics(port, r);
        break;
    case ROUTE_HEALTHZ:
        http_answer(r, 200, port->alive);
        break;
    case ROUTE_READYZ:
        if (port->pages == NULL)
            answer_opening(port, r);
        else
            answer_ready(port, r);
        break;
    case ROUTE_METHOD_REFUSED:
        http_answer(r, 405, port->method_refused);
        break;
    default:
        http_answer(r, 404, port->not_found);
    }
}

static bool on_work(void *ctx)
{
    struct metrics_port *port = ctx;
    return pages_work(port->pages);
}

/* --- opening and closing ---------------------------------------------------------------------- */

/* One address of metrics-bind. With "-" before it, it may be missing. *port is told when the system chose it. */
static enum err listen_on(struct metrics_port *p, const char *address, int *port, struct buf *why)
{
    bool optional = address[0] == '-';
    const char *name = address + optional;
    if (strcmp(name, "*") == 0)
        name = "0.0.0.0";
    else if (strcmp(name, "::*") == 0)
        name = "::";
    enum err err = http_listen(p->http, name, port);
    if (err != ERR_OK && optional && (err == ERR_INVALID || err == ERR_UNSUPPORTED))
        return ERR_OK;
    if (err != ERR_OK) {
        buf_printf(why, "cannot listen on %s port %d (metrics-port): %s", name, *port,
                   err == ERR_EXISTS ? "the port is in use" : err_text(err));
        return err;
    }
    buf_printf(&p->addresses, strchr(name, ':') != NULL ? "%s[%s]:%d" : "%s%s:%d",
               p->addresses.len == 0 ? "" : " ", name, *port);
    return ERR_OK;
}

static enum err listen_on_all(struct metrics_port *p, const struct config *config, struct buf *why)
{
    char *all = mem_strdup(config->metrics_bind), *rest = NULL;
    int port = config->metrics_port == CONFIG_PORT_ANY ? 0 : (int)config->metrics_port;
    enum err err = ERR_OK;
    for (char *address = strtok_r(all, " \t", &rest); address != NULL && err == ERR_OK;
         address = strtok_r(NULL, " \t", &rest))
        err = listen_on(p, address, &port, why);
    mem_free(all);
    if (err == ERR_OK && p->addresses.len == 0) {
        buf_append_string(why, "metrics-bind: no address to listen on");
        err = ERR_INVALID;
    }
    return err;
}

enum err metrics_port_open(struct reactor *r, const struct config *config,
                           struct metrics_port **port, struct buf *why)
{
    *port = NULL;
    if (config->metrics_port == 0)
        return ERR_OK;
    struct metrics_port *p = mem_zalloc(1, sizeof(*p));
    struct http_options options = {.reactor = r, .asked = on_asked, .work = on_work, .ctx = p};
    enum err err = http_create(&options, &p->http);
    if (err != ERR_OK) {
        buf_append_string(why, err == ERR_NOT_FOUND
                                   ? "metrics-port: libmicrohttpd is not installed "
                                     "(" ECHOLOG_MHD_LIBRARY ")"
                                   : "metrics: the system gives no descriptors");
        mem_free(p);
        return err;
    }
    p->alive = text_page(p, "ok\n");
    p->not_found = text_page(p, "There are /metrics, /healthz and /readyz.\n");
    p->method_refused = text_page(p, "Only GET and HEAD.\n");
    http_page_header(p->method_refused, "Allow", "GET, HEAD");
    err = listen_on_all(p, config, why);
    buf_append_char(&p->addresses, '\0');
    if (err == ERR_OK)
        *port = p;
    else
        metrics_port_close(p);
    return err;
}

void metrics_port_opening(struct metrics_port *port, size_t partitions)
{
    if (port != NULL)
        port->partitions_open = partitions;
}

void metrics_port_serve(struct metrics_port *port, struct services *sv)
{
    if (port != NULL)
        port->pages = pages_create(sv, on_ready, port);
}

/* Who still waits for a page gets none. */
static void end_pages(struct metrics_port *port)
{
    struct list left;
    list_init(&left);
    pages_give_up(port->pages, &left);
    answer_all(&left, 503, text_page(port, "stopping\n"));
    pages_destroy(port->pages);
}

void metrics_port_close(struct metrics_port *port)
{
    if (port == NULL)
        return;
    if (port->pages != NULL)
        end_pages(port);
    http_page_unref(port->alive);
    http_page_unref(port->not_found);
    http_page_unref(port->method_refused);
    http_destroy(port->http);
    buf_deinit(&port->addresses);
    mem_free(port);
}

const char *metrics_port_addresses(const struct metrics_port *port)
{
    return port == NULL ? "" : port->addresses.data;
}

#else

enum err metrics_port_open(struct reactor *r, const struct config *config,
                           struct metrics_port **port, struct buf *why)
{
    (void)r;
    *port = NULL;
    if (config->metrics_port == 0)
        return ERR_OK;
    buf_append_string(why, "metrics-port: this server was built without metrics (METRICS=no)");
    return ERR_UNSUPPORTED;
}

void metrics_port_opening(struct metrics_port *port, size_t partitions)
{
    (void)port;
    (void)partitions;
}

void metrics_port_serve(struct metrics_port *port, struct services *sv)
{
    (void)port;
    (void)sv;
}

void metrics_port_close(struct metrics_port *port)
{
    (void)port;
}

const char *metrics_port_addresses(const struct metrics_port *port)
{
    (void)port;
    return "";
}

#endif
