/* SPDX-License-Identifier: BSD-3-Clause */
/* LATENCY: what took long inside the server, and how long commands take. */
#include "commands/handlers.h"
#include "commands/help.h"
#include "commands/insight.h"
#include "commands/latency_text.h"

/* The bounds of LATENCY HISTOGRAM, in nanoseconds: this, and twice as much each time. */
#define HISTOGRAM_FIRST_NS 1024

void cmd_latency_help(struct call *c)
{
    reply_help(c);
}

/* --- events --------------------------------------------------------------------------------- */

static const struct latency_series *series_named(const struct call *c, struct bytes name)
{
    enum latency_kind kind = latency_kind_of(name);
    return kind < LATENCY_KIND_COUNT ? c->sv->insight->latency.series[kind] : NULL;
}

void cmd_latency_latest(struct call *c)
{
    const struct latency_events *e = &c->sv->insight->latency;
    size_t count = 0;
    for (int kind = 0; kind < LATENCY_KIND_COUNT; kind++)
        count += e->series[kind] != NULL;
    write_array(&c->w, count);
    for (int kind = 0; kind < LATENCY_KIND_COUNT; kind++) {
        const struct latency_series *s = e->series[kind];
        if (s == NULL)
            continue;
        const struct latency_sample *last = latency_sample_at(s, s->count - 1);
        write_array(&c->w, 4);
        write_bulk_string(&c->w, latency_kind_name((enum latency_kind)kind));
        write_int(&c->w, last->wall_s);
        write_int(&c->w, last->ms);
        write_int(&c->w, s->max_ms);
    }
}

void cmd_latency_history(struct call *c)
{
    const struct latency_series *s = series_named(c, c->argv[2]);
    write_array(&c->w, s != NULL ? s->count : 0);
    for (uint32_t i = 0; s != NULL && i < s->count; i++) {
        write_array(&c->w, 2);
        write_int(&c->w, latency_sample_at(s, i)->wall_s);
        write_int(&c->w, latency_sample_at(s, i)->ms);
    }
}

void cmd_latency_reset(struct call *c)
{
    struct latency_events *e = &c->sv->insight->latency;
    int64_t count = 0;
    for (int kind = 0; c->argc == 2 && kind < LATENCY_KIND_COUNT; kind++)
        count += latency_events_reset(e, (enum latency_kind)kind);
    for (int i = 2; i < c->argc; i++) {
        enum latency_kind kind = latency_kind_of(c->argv[i]);
        count += kind < LATENCY_KIND_COUNT && latency_events_reset(e, kind);
    }
    write_int(&c->w, count);
}

void cmd_latency_graph(struct call *c)
{
    const struct latency_series *s = series_named(c, c->argv[2]);
    if (s == NULL) {
        write_error(&c->w, "ERR No samples available for event '%.*s'",
                    c->argv[2].len < 128 ? (int)c->argv[2].len : 128, c->argv[2].data);
        return;
    }
    struct buf text = {0};
    latency_graph(&text, latency_kind_name(latency_kind_of(c->argv[2])), s,
                  c->sv->clock->wall_us / 1000000);
    write_verbatim(&c->w, "txt", buf_bytes(&text));
    buf_deinit(&text);
}

void cmd_latency_doctor(struct call *c)
{
    struct buf text = {0};
    latency_report(&text, &c->sv->insight->latency, c->sv->config, c->sv->clock->wall_us / 1000000);
    write_verbatim(&c->w, "txt", buf_bytes(&text));
    buf_deinit(&text);
}

/* --- HISTOGRAM ------------------------------------------------------------------------------ */

/* Up to and with each bound, as far as there is something new to say. The writer is NULL to count the pairs. */
static size_t write_steps(struct writer *w, const struct histogram *h)
{
    size_t pairs = 0;
    uint64_t before = 0;
    for (uint64_t bound = HISTOGRAM_FIRST_NS; before < h->count; bound *= 2) {
        uint64_t end = histogram_step_end(bound);
        bool last = bound > HISTOGRAM_VALUE_MAX;
        uint64_t below = last ? h->count : histogram_count_below(h, end + 1);
        if (below == before)
            continue;
        before = below;
        pairs++;
        if (w == NULL)
            continue;
        write_int(w, (int64_t)(end / 1000));
        write_int(w, (int64_t)below);
    }
    return pairs;
}

static void write_histogram(struct call *c, const struct command *command)
{
    const struct histogram *h = command_stats(c->sv->commands, command)->latency;
    write_bulk_string(&c->w, command->name);
    write_map(&c->w, 2);
    write_bulk_string(&c->w, "calls");
    write_int(&c->w, (int64_t)h->count);
    write_bulk_string(&c->w, "histogram_usec");
    write_map(&c->w, write_steps(NULL, h));
    write_steps(&c->w, h);
}

/* Whether `command` is one of those that were named, or a sub-command of one. */
static bool is_named_by(const struct command *command, const struct command *named)
{
    return named != NULL && (command == named || command->parent == named);
}

/* Calls for each command asked for, in the order asked, that has a histogram; NULL to count. */
static size_t each_histogram(struct call *c, void (*fn)(struct call *, const struct command *))
{
    const struct command_table *t = c->sv->commands;
    size_t count = 0;
    for (int i = 2; i < c->argc || i == 2; i++) {
        const struct command *named = c->argc > 2 ? command_by_name(t, c->argv[i]) : NULL;
        for (size_t at = 0; at < command_table_count(t); at++) {
            const struct command *command = command_at(t, at);
            if (c->argc > 2 && !is_named_by(command, named))
                continue;
            if (command_stats(c->sv->commands, command)->latency == NULL)
                continue;
            count++;
            if (fn != NULL)
                fn(c, command);
        }
    }
    return count;
}

void cmd_latency_histogram(struct call *c)
{
    write_map(&c->w, each_histogram(c, NULL));
    each_histogram(c, write_histogram);
}
