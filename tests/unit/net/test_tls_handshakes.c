/* SPDX-License-Identifier: BSD-3-Clause */
/* Handshakes under way: their time, their number, their share of a turn. */
#include "base/mem.h"
#include "net/tls_handshakes.h"
#include "unit/net/tls_rig.h"
#include <criterion/criterion.h>

#if ECHOLOG_TLS

#define SECOND_US INT64_C(1000000)

struct gate {
    struct credentials credentials;
    struct tls_context *context;
    struct clock clock;
    struct timers timers;
    struct trace trace;
    struct tls_handshakes handshakes;
    int lines;
    char line[TRACE_LINE_BYTES_MAX]; /* the last traced */
    int accepted;
    struct stream *stream; /* the last accepted */
    bool close_in_accepted;
};

static void clock_stands(struct clock *clock)
{
    (void)clock;
}

static void on_line(struct trace *trace, enum trace_level level, const char *line)
{
    struct gate *g = CONTAINER_OF(trace, struct gate, trace);
    cr_assert_eq(level, TRACE_WARNING);
    g->lines++;
    snprintf(g->line, sizeof(g->line), "%s", line);
}

static void on_accepted(void *ctx, struct stream *stream)
{
    struct gate *g = ctx;
    g->accepted++;
    g->stream = stream;
    if (g->close_in_accepted)
        stream_close(stream);
}

static void gate_open(struct gate *g)
{
    *g = (struct gate){.clock = {.update = clock_stands, .mono_us = SECOND_US},
                       .trace = {.level = TRACE_DEBUG, .sink = on_line}};
    credentials_make(&g->credentials);
    const char *directive;
    struct buf why = {0};
    cr_assert_eq(tls_context_create(&g->credentials.settings, &g->context, &directive, &why),
                 ERR_OK);
    timers_init(&g->timers);
    struct listener_owner owner = {.accepted = on_accepted, .ctx = g};
    tls_handshakes_init(&g->handshakes, &g->clock, &g->timers, &g->trace, &owner);
}

static void gate_close(struct gate *g)
{
    tls_handshakes_deinit(&g->handshakes);
    timers_deinit(&g->timers);
    tls_context_unref(g->context);
    credentials_remove(&g->credentials);
}

static void gate_begin(struct gate *g, struct wire *w)
{
    wire_init(w);
    tls_handshakes_begin(&g->handshakes, g->context, &w->stream);
}

static void gate_pass_time(struct gate *g, int64_t us)
{
    g->clock.mono_us += us;
    timers_run(&g->timers, g->clock.mono_us);
}

static void gate_send(struct wire *w, const char *text)
{
    buf_append_string(&w->incoming, text);
    wire_deliver(w, RIG_ALL);
}

Test(tls_handshakes, a_stream_is_handed_on_when_its_handshake_is_done)
{
    struct gate g;
    gate_open(&g);
    struct wire w;
    struct client client;
    gate_begin(&g, &w);
    cr_assert_eq(g.handshakes.count, 1);
    client_init(&client);
    client_start(&client, &w);
    while (g.accepted == 0) {
        SSL_do_handshake(client.ssl);
        client_flush(&client, &w);
        wire_deliver(&w, 7);
        tls_handshakes_turn(&g.handshakes);
        client_take(&client, &w, RIG_ALL);
    }
    cr_assert_eq(g.handshakes.count, 0);
    cr_assert_eq(g.handshakes.stats.done, 1);
    cr_assert(!tls_handshakes_pending(&g.handshakes));
    gate_pass_time(&g, 100 * SECOND_US);
    cr_assert(!w.closed, "its time does not run any more");
    stream_close(g.stream);
    cr_assert(w.closed);
    client_deinit(&client);
    wire_deinit(&w);
    gate_close(&g);
}

Test(tls_handshakes, one_who_is_handed_a_stream_may_close_it_at_once)
{
    struct gate g;
    gate_open(&g);
    g.close_in_accepted = true;
    struct wire w;
    struct client client;
    gate_begin(&g, &w);
    client_init(&client);
    client_start(&client, &w);
    while (g.accepted == 0) {
        SSL_do_handshake(client.ssl);
        client_flush(&client, &w);
        wire_deliver(&w, RIG_ALL);
        tls_handshakes_turn(&g.handshakes);
        client_take(&client, &w, RIG_ALL);
    }
    cr_assert(w.closed);
    client_deinit(&client);
    wire_deinit(&w);
    gate_close(&g);
}

Test(tls_handshakes, each_has_its_time)
{
    struct gate g;
    gate_open(&g);
    struct wire early, late;
    gate_begin(&g, &early);
    gate_pass_time(&g, 4 * SECOND_US);
    gate_begin(&g, &late);
    gate_pass_time(&g, (TLS_HANDSHAKE_S_MAX - 4) * SECOND_US - 1);
    cr_assert(!early.closed);
    gate_pass_time(&g, 1);
    cr_assert(early.closed);
    cr_assert(!late.closed);
    cr_assert_not_null(strstr(g.line, "took too long (addr=10.0.0.1:7"), "%s", g.line);
    gate_pass_time(&g, 4 * SECOND_US);
    cr_assert(late.closed);
    cr_assert_eq(g.handshakes.stats.expired, 2);
    cr_assert_eq(g.handshakes.count, 0);
    wire_deinit(&early);
    wire_deinit(&late);
    gate_close(&g);
}

Test(tls_handshakes, bytes_do_not_buy_more_time)
{
    struct gate g;
    gate_open(&g);
    struct wire w;
    struct client client;
    gate_begin(&g, &w);
    client_init(&client);
    client_start(&client, &w);
    for (int i = 0; i < TLS_HANDSHAKE_S_MAX; i++) {
        cr_assert(!w.closed);
        wire_deliver(&w, 1);
        tls_handshakes_turn(&g.handshakes);
        gate_pass_time(&g, SECOND_US);
    }
    cr_assert(w.closed);
    client_deinit(&client);
    wire_deinit(&w);
    gate_close(&g);
}

Test(tls_handshakes, beyond_the_most_the_oldest_gives_way)
{
    struct gate g;
    gate_open(&g);
    size_t count = TLS_HANDSHAKES_MAX + 2;
    struct wire *wires = mem_zalloc(count, sizeof(*wires));
    for (size_t i = 0; i < count; i++)
        gate_begin(&g, &wires[i]);
    cr_assert_eq(g.handshakes.count, TLS_HANDSHAKES_MAX);
    cr_assert(wires[0].closed && wires[1].closed && !wires[2].closed);
    cr_assert_eq(g.handshakes.stats.dropped, 2);
    tls_handshakes_drop_oldest(&g.handshakes);
    cr_assert(wires[2].closed);
    gate_close(&g);
    for (size_t i = 0; i < count; i++) {
        cr_assert(wires[i].closed);
        wire_deinit(&wires[i]);
    }
    mem_free(wires);
}

Test(tls_handshakes, a_turn_does_a_limited_number_of_steps)
{
    struct gate g;
    gate_open(&g);
    struct wire wires[TLS_HANDSHAKE_STEPS_PER_TURN + 3];
    for (size_t i = 0; i < COUNT_OF(wires); i++) {
        gate_begin(&g, &wires[i]);
        gate_send(&wires[i], "garbage that is no hello");
    }
    tls_handshakes_turn(&g.handshakes);
    cr_assert_eq(g.handshakes.stats.failed, TLS_HANDSHAKE_STEPS_PER_TURN);
    cr_assert(tls_handshakes_pending(&g.handshakes));
    tls_handshakes_turn(&g.handshakes);
    cr_assert_eq(g.handshakes.stats.failed, COUNT_OF(wires));
    cr_assert(!tls_handshakes_pending(&g.handshakes));
    for (size_t i = 0; i < COUNT_OF(wires); i++) {
        cr_assert(wires[i].closed);
        wire_deinit(&wires[i]);
    }
    gate_close(&g);
}

Test(tls_handshakes, failures_are_traced_once_a_second_with_their_number)
{
    struct gate g;
    gate_open(&g);
    for (int i = 0; i < 5; i++) {
        struct wire w;
        gate_begin(&g, &w);
        gate_send(&w, "GET / HTTP/1.1\r\n");
        tls_handshakes_turn(&g.handshakes);
        wire_deinit(&w);
    }
    cr_assert_eq(g.lines, 1);
    cr_assert_str_eq(g.line, "Error accepting a client connection: http request "
                             "(addr=10.0.0.1:7 laddr=10.0.0.2:8)");
    gate_pass_time(&g, SECOND_US);
    struct wire w;
    gate_begin(&g, &w);
    gate_send(&w, "GET / HTTP/1.1\r\n");
    tls_handshakes_turn(&g.handshakes);
    wire_deinit(&w);
    cr_assert_eq(g.lines, 2);
    cr_assert_not_null(strstr(g.line, "and 4 more before it"), "%s", g.line);
    gate_close(&g);
}

Test(tls_handshakes, a_silent_connection_costs_no_step)
{
    struct gate g;
    gate_open(&g);
    struct wire w;
    gate_begin(&g, &w);
    wire_make_room(&w, RIG_ALL);
    cr_assert(!tls_handshakes_pending(&g.handshakes));
    wire_end(&w);
    cr_assert(tls_handshakes_pending(&g.handshakes));
    tls_handshakes_turn(&g.handshakes);
    cr_assert(w.closed);
    wire_deinit(&w);
    gate_close(&g);
}

#endif
