/* SPDX-License-Identifier: BSD-3-Clause */
/* MEMORY: what memory is used for. */
#include "commands/errors.h"
#include "commands/handlers.h"
#include "commands/help.h"
#include "commands/insight.h"
#include "commands/memory_overview.h"
#include "commands/memory_usage.h"

#include "base/num.h"

#define SAMPLES_DEFAULT 5

void cmd_memory_help(struct call *c)
{
    reply_help(c);
}

/* --- USAGE ---------------------------------------------------------------------------------- */

static bool read_samples(struct call *c, int64_t *samples)
{
    *samples = SAMPLES_DEFAULT;
    for (int i = 3; i < c->argc; i += 2) {
        if (!bytes_is(c->argv[i], "samples") || i + 1 == c->argc) {
            reply_syntax_error(c);
            return false;
        }
        if (!num_parse_i64(c->argv[i + 1], samples)) {
            reply_not_an_integer(c);
            return false;
        }
        if (*samples < 0) {
            reply_syntax_error(c);
            return false;
        }
    }
    if (*samples == 0)
        *samples = INT64_MAX;
    return true;
}

/* A topic and a group of one name are counted together. */
void cmd_memory_usage(struct call *c)
{
    int64_t samples;
    if (!read_samples(c, &samples))
        return;
    const struct topic *t = catalog_find(c->sv->catalog, c->argv[2]);
    const struct group *g = groups_find(c->sv->groups, c->argv[2]);
    if (t == NULL && g == NULL) {
        write_null(&c->w);
        return;
    }
    size_t bytes = t != NULL ? topic_memory(t, samples) : 0;
    bytes += g != NULL ? group_memory(g, samples) : 0;
    write_int(&c->w, (int64_t)bytes);
}

/* --- STATS ---------------------------------------------------------------------------------- */

struct stats {
    struct process_figures process;
    struct memory_overview m;
};

static void read_stats(struct call *c, struct stats *s)
{
    *s = (struct stats){0};
    struct clients_overview clients;
    c->sv->process_figures(c->sv, &s->process);
    clients_overview(c->sv->sessions, &clients);
    memory_overview(c->sv, &s->process, &clients, &s->m);
}

static void write_bytes(struct writer *w, const char *name, size_t bytes)
{
    write_bulk_string(w, name);
    write_int(w, (int64_t)bytes);
}

static void write_difference(struct writer *w, const char *name, size_t more, size_t less)
{
    write_bulk_string(w, name);
    write_int(w, (int64_t)more - (int64_t)less);
}

static void write_ratio(struct writer *w, const char *name, size_t part, size_t whole, int scale)
{
    write_bulk_string(w, name);
    write_double(w, whole > 0 ? (double)part / (double)whole * scale : 0);
}

static void write_uses(struct writer *w, const struct memory_overview *m, size_t topics)
{
    write_bytes(w, "peak.allocated", m->peak);
    write_bytes(w, "total.allocated", m->used);
    write_bytes(w, "startup.allocated", m->startup);
    write_bytes(w, "replication.backlog", 0);
    write_bytes(w, "clients.slaves", 0);
    write_bytes(w, "clients.normal", m->clients);
    write_bytes(w, "cluster.links", 0);
    write_bytes(w, "aof.buffer", 0);
    write_bytes(w, "lua.caches", 0);
    write_bytes(w, "functions.caches", 0);
    write_bytes(w, "log.tail", m->log_tail);
    write_bytes(w, "log.pending", m->log_pending);
    write_bytes(w, "pubsub.waiting", m->pubsub_waiting);
    write_bytes(w, "latency.histograms", m->insight);
    write_bytes(w, "overhead.total", m->overhead);
    write_bytes(w, "keys.count", topics);
    write_bytes(w, "keys.bytes-per-key", topics > 0 ? m->dataset / topics : 0);
    write_bytes(w, "dataset.bytes", m->dataset);
    write_ratio(w, "dataset.percentage", m->dataset,
                m->used > m->startup ? m->used - m->startup : 0, 100);
    write_ratio(w, "peak.percentage", m->used, m->peak, 100);
}

#define USES 20

static void write_allocator(struct writer *w, const struct process_figures *p, size_t used)
{
    write_bytes(w, "allocator.allocated", p->memory_allocated);
    write_bytes(w, "allocator.active", p->memory_active);
    write_bytes(w, "allocator.resident", p->memory_mapped);
    write_ratio(w, "allocator-fragmentation.ratio", p->memory_active, p->memory_allocated, 1);
    write_difference(w, "allocator-fragmentation.bytes", p->memory_active, p->memory_allocated);
    write_ratio(w, "allocator-rss.ratio", p->memory_mapped, p->memory_active, 1);
    write_difference(w, "allocator-rss.bytes", p->memory_mapped, p->memory_active);
    write_ratio(w, "rss-overhead.ratio", p->memory_resident, p->memory_mapped, 1);
    write_difference(w, "rss-overhead.bytes", p->memory_resident, p->memory_mapped);
    write_ratio(w, "fragmentation", p->memory_resident, used, 1);
    write_difference(w, "fragmentation.bytes", p->memory_resident, used);
}

#define ALLOCATOR_FIGURES 11

void cmd_memory_stats(struct call *c)
{
    struct stats s;
    read_stats(c, &s);
    write_map(&c->w, USES + ALLOCATOR_FIGURES);
    write_uses(&c->w, &s.m, catalog_topic_count(c->sv->catalog));
    write_allocator(&c->w, &s.process, s.m.used);
}

/* --- the allocator -------------------------------------------------------------------------- */

void cmd_memory_doctor(struct call *c)
{
    struct stats s;
    struct buf text = {0};
    read_stats(c, &s);
    memory_report(&text, &s.process, &s.m, c->sv->sessions->count);
    write_verbatim(&c->w, "txt", buf_bytes(&text));
    buf_deinit(&text);
}

void cmd_memory_purge(struct call *c)
{
    if (c->sv->process == NULL || !c->sv->process->purge())
        write_error(&c->w, "ERR Error purging dirty pages");
    else
        write_ok(&c->w);
}

void cmd_memory_malloc_stats(struct call *c)
{
    struct buf text = {0};
    if (c->sv->process != NULL && c->sv->process->malloc_report(&text))
        write_verbatim(&c->w, "txt", buf_bytes(&text));
    else
        write_bulk_string(&c->w, "Stats not supported for the current allocator");
    buf_deinit(&text);
}
