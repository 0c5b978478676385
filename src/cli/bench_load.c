/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/bench_load.h"
#include "base/mem.h"
#include "cli/interrupt.h"
#include <errno.h>
#include <poll.h>
#include <time.h>

#define SECOND_NS INT64_C(1000000000)

/* A test under way. */
struct run {
    struct bench_load *load;       /* borrowed */
    const struct bench_test *test; /* borrowed */
    void *ctx;                     /* the test's */
    int64_t requests, in_flight;   /* as asked for */
    int64_t under_way;
    int64_t began_ns;
    struct pollfd *polled; /* owned: a client each, and the interrupt */
};

static int64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * SECOND_NS + now.tv_nsec;
}

/* --- replies -------------------------------------------------------------------------------------- */

static void run_take(struct run *r, struct bench_client *c, const struct reply *reply)
{
    struct bench_load *l = r->load;
    int64_t now = now_ns(), records = 0;
    int64_t sent_ns = c->sent_ns[c->answered++ % BENCH_IN_FLIGHT_MAX];

    r->under_way--;
    if (reply->kind != REPLY_ERROR)
        records = r->test->take(r->ctx, reply);
    else if (l->errors++ == 0)
        tool_refuse(l->tool, reply->text);
    if (records < 0)
        return;
    histogram_add(&l->latency, (uint64_t)(now - sent_ns));
    l->requests++;
    l->records += records;
    l->took_ns = now - r->began_ns;
}

static void run_interrupted(struct run *r)
{
    struct bench_load *l = r->load;

    interrupt_clear(l->tool->connection->interrupt_fd);
    l->tool->over = l->stopping;
    l->stopping = true;
}

static void run_lost(struct run *r, const struct connection *c)
{
    struct tool *t = r->load->tool;

    fprintf(t->report, "Error: %s\n", c->error);
    t->status = EXIT_STATUS_FAILED;
    t->over = true;
}

/* --- one client ----------------------------------------------------------------------------------- */

static void run_send(struct run *r, struct bench_client *c)
{
    while (!r->load->stopping && r->load->requests + r->under_way < r->requests &&
           c->sent - c->answered < r->in_flight) {
        c->sent_ns[c->sent++ % BENCH_IN_FLIGHT_MAX] = now_ns();
        r->under_way++;
        r->test->send(r->ctx, c);
    }
    connection_flush(c->connection);
}

/* Takes what is there and sends what may then be sent: once, since the others want their turn too. */
static void run_client(struct run *r, struct bench_client *c)
{
    enum connection_event event;
    struct reply *reply = NULL;

    while ((event = connection_wait(c->connection, -1, 0, &reply)) == CONNECTION_REPLY) {
        if (reply->kind != REPLY_PUSH)
            run_take(r, c, reply);
        reply_free(reply);
    }
    if (event == CONNECTION_INTERRUPTED)
        run_interrupted(r);
    else if (event == CONNECTION_LOST)
        run_lost(r, c->connection);
    else
        run_send(r, c);
}

/* --- all of them ---------------------------------------------------------------------------------- */

/* Waits until something is to be done; false when it cannot. */
static bool run_wait(struct run *r)
{
    struct bench_load *l = r->load;
    size_t count = l->client_count;

    for (size_t i = 0; i < count; i++) {
        const struct connection *c = l->clients[i].connection;
        bool queued = c->out_pos < c->out.len;

        r->polled[i] = (struct pollfd){.fd = c->fd, .events = queued ? POLLIN | POLLOUT : POLLIN};
    }
    r->polled[count] = (struct pollfd){.fd = l->tool->connection->interrupt_fd, .events = POLLIN};
    if (poll(r->polled, count + 1, -1) >= 0)
        return true;
    for (size_t i = 0; i <= count; i++)
        r->polled[i].revents = 0;
    return errno == EINTR;
}

static void run_turn(struct run *r)
{
    struct bench_load *l = r->load;

    if (!run_wait(r)) {
        l->tool->over = true;
        return;
    }
    if (r->polled[l->client_count].revents != 0)
        run_interrupted(r);
    for (size_t i = 0; i < l->client_count && !l->tool->over; i++)
        if (r->polled[i].revents != 0)
            run_client(r, &l->clients[i]);
}

void bench_load_run(struct bench_load *l, const struct bench_test *test, void *ctx,
                    int64_t requests, int64_t in_flight)
{
    struct run r = {.load = l,
                    .test = test,
                    .ctx = ctx,
                    .requests = requests,
                    .in_flight = test->waits ? 1 : in_flight,
                    .began_ns = now_ns()};

    l->requests = l->errors = l->records = l->took_ns = 0;
    histogram_deinit(&l->latency);
    r.polled = mem_zalloc(l->client_count + 1, sizeof(*r.polled));
    for (size_t i = 0; i < l->client_count; i++)
        run_send(&r, &l->clients[i]);
    while (!l->tool->over && r.under_way > 0)
        run_turn(&r);
    mem_free(r.polled);
}

/* --- life ----------------------------------------------------------------------------------------- */

bool bench_load_open(struct bench_load *l, struct tool *t, size_t connections)
{
    *l = (struct bench_load){.tool = t, .client_count = 1};
    l->others = mem_zalloc(connections, sizeof(*l->others));
    l->clients = mem_zalloc(connections, sizeof(*l->clients));
    l->clients[0].connection = t->connection;
    l->clients[0].sent_ns = mem_alloc(BENCH_IN_FLIGHT_MAX * sizeof(int64_t));
    for (; l->client_count < connections; l->client_count++) {
        struct bench_client *c = &l->clients[l->client_count];

        c->number = l->client_count;
        c->connection = &l->others[l->client_count];
        c->sent_ns = mem_alloc(BENCH_IN_FLIGHT_MAX * sizeof(int64_t));
        connection_init(c->connection, &t->connection->target, -1);
        if (connection_open(c->connection) == ERR_OK)
            continue;
        run_lost(&(struct run){.load = l}, c->connection);
        l->client_count++;
        return false;
    }
    return true;
}

void bench_load_close(struct bench_load *l)
{
    for (size_t i = 0; i < l->client_count; i++) {
        if (i > 0)
            connection_close(l->clients[i].connection);
        mem_free(l->clients[i].sent_ns);
    }
    mem_free(l->clients);
    mem_free(l->others);
    histogram_deinit(&l->latency);
}
