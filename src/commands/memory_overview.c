/* SPDX-License-Identifier: BSD-3-Clause */
#include "commands/memory_overview.h"

#include "commands/command.h"
#include "commands/insight.h"

void clients_overview(const struct sessions *sessions, struct clients_overview *o)
{
    *o = (struct clients_overview){0};
    LIST_EACH (it, &sessions->all) {
        const struct session *s = CONTAINER_OF(it, struct session, in_all);
        if (session_input_bytes(s) > o->input_max)
            o->input_max = session_input_bytes(s);
        if (out_len(&s->out) > o->output_max)
            o->output_max = out_len(&s->out);
        o->subscribers += session_is_subscriber(s);
        o->monitors += session_is_monitor(s);
        o->memory += session_memory(s);
    }
}

static size_t histograms_memory(struct command_table *t)
{
    size_t bytes = 0;
    for (size_t i = 0; i < command_table_count(t); i++) {
        const struct histogram *h = command_stats(t, command_at(t, i))->latency;
        bytes += h != NULL ? histogram_memory(h) : 0;
    }
    return bytes;
}

void memory_overview(struct services *sv, const struct process_figures *figures,
                     const struct clients_overview *clients, struct memory_overview *m)
{
    struct recorder_stats recorded;
    recorder_stats(sv->recorder, &recorded);
    *m = (struct memory_overview){
        .used = process_memory_used(figures),
        .startup = sv->insight->memory_startup,
        .clients = clients->memory,
        .pubsub_waiting = recorded.waiting_bytes,
        .insight = histograms_memory(sv->commands),
    };
    if (sv->storage != NULL) { /* commands may run without a log */
        m->log_tail = storage_stats(sv->storage)->tail_bytes;
        m->log_pending = storage_stats(sv->storage)->pending_bytes;
    }
    insight_note_memory(sv->insight, m->used);
    m->peak = sv->insight->memory_peak;
    m->overhead = m->startup + m->clients + m->insight;
    if (m->overhead > m->used)
        m->overhead = m->used; /* what was there at the start has been given back since */
    m->dataset = m->used - m->overhead;
}
