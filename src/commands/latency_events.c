/* SPDX-License-Identifier: BSD-3-Clause */
#include "commands/latency_events.h"

#include "base/check.h"
#include "base/mem.h"

static const char *const names[LATENCY_KIND_COUNT] = {
    [LATENCY_COMMAND] = "command",
    [LATENCY_FAST_COMMAND] = "fast-command",
    [LATENCY_UNBLOCKING] = "command-unblocking",
    [LATENCY_TICK] = "tick",
    [LATENCY_COMMIT] = "commit",
    [LATENCY_DISK_WRITE] = "disk-write",
    [LATENCY_DISK_SYNC] = "disk-sync",
};

void latency_events_deinit(struct latency_events *e)
{
    for (int kind = 0; kind < LATENCY_KIND_COUNT; kind++)
        latency_events_reset(e, (enum latency_kind)kind);
}

const char *latency_kind_name(enum latency_kind kind)
{
    ASSERT(kind < LATENCY_KIND_COUNT);
    return names[kind];
}

enum latency_kind latency_kind_of(struct bytes name)
{
    int kind = 0;
    while (kind < LATENCY_KIND_COUNT && !bytes_equal(name, bytes_of_string(names[kind])))
        kind++;
    return (enum latency_kind)kind;
}

void latency_events_add(struct latency_events *e, enum latency_kind kind, int64_t wall_s,
                        int64_t ms)
{
    if (e->series[kind] == NULL)
        e->series[kind] = mem_zalloc(1, sizeof(*e->series[kind]));
    struct latency_series *s = e->series[kind];
    if (ms > s->max_ms)
        s->max_ms = ms;
    if (s->count > 0) {
        struct latency_sample *last =
            &s->samples[(s->next + LATENCY_SAMPLES_MAX - 1) % LATENCY_SAMPLES_MAX];
        if (last->wall_s == wall_s) {
            if (ms > last->ms)
                last->ms = ms;
            return;
        }
    }
    s->samples[s->next] = (struct latency_sample){.wall_s = wall_s, .ms = ms};
    s->next = (s->next + 1) % LATENCY_SAMPLES_MAX;
    if (s->count < LATENCY_SAMPLES_MAX)
        s->count++;
}

bool latency_events_reset(struct latency_events *e, enum latency_kind kind)
{
    bool had = e->series[kind] != NULL;
    mem_free(e->series[kind]);
    e->series[kind] = NULL;
    return had;
}

const struct latency_sample *latency_sample_at(const struct latency_series *s, uint32_t i)
{
    ASSERT(i < s->count);
    return &s->samples[(s->next + LATENCY_SAMPLES_MAX - s->count + i) % LATENCY_SAMPLES_MAX];
}

struct latency_analysis latency_analyse(const struct latency_series *s, int64_t now_s)
{
    struct latency_analysis a = {.min_ms = INT64_MAX};
    int64_t sum = 0, off = 0;
    for (uint32_t i = 0; i < s->count; i++) {
        int64_t ms = latency_sample_at(s, i)->ms;
        sum += ms;
        a.min_ms = ms < a.min_ms ? ms : a.min_ms;
        a.max_ms = ms > a.max_ms ? ms : a.max_ms;
    }
    ASSERT(s->count > 0);
    a.average_ms = sum / s->count;
    for (uint32_t i = 0; i < s->count; i++) {
        int64_t ms = latency_sample_at(s, i)->ms;
        off += ms > a.average_ms ? ms - a.average_ms : a.average_ms - ms;
    }
    a.deviation_ms = off / s->count;
    a.period_s = (double)(now_s - latency_sample_at(s, 0)->wall_s) / s->count;
    return a;
}
