/* SPDX-License-Identifier: BSD-3-Clause */
#include "commands/insight.h"

#define NS_PER_US 1000
#define NS_PER_MS 1000000

static void read_counters(void *ctx, uint64_t counters[RATE_COUNT])
{
    const struct services *sv = ctx;
    const struct sessions_stats *s = &sv->sessions->stats;
    counters[RATE_COMMANDS] = s->commands;
    counters[RATE_BYTES_IN] = s->bytes_in;
    counters[RATE_BYTES_OUT] = s->bytes_out;
    if (sv->process != NULL) /* the same second's look at memory */
        insight_note_memory(sv->insight, sv->process->memory_allocated());
}

void insight_init(struct insight *in, struct services *sv)
{
    *in = (struct insight){.config = sv->config, .clock = sv->clock};
    slow_log_init(&in->slow_log);
    rates_init(&in->rates, sv->clock, sv->timers, read_counters, sv);
    if (sv->process != NULL)
        in->memory_startup = in->memory_peak = sv->process->memory_allocated();
    insight_configured(in);
}

void insight_note_memory(struct insight *in, size_t bytes)
{
    if (bytes > in->memory_peak)
        in->memory_peak = bytes;
}

void insight_deinit(struct insight *in)
{
    rates_deinit(&in->rates);
    latency_events_deinit(&in->latency);
    slow_log_deinit(&in->slow_log);
}

static int64_t threshold_ns(int64_t threshold, int64_t unit_ns)
{
    return threshold > INT64_MAX / unit_ns ? INT64_MAX : threshold * unit_ns;
}

void insight_configured(struct insight *in)
{
    int64_t slow_us = in->config->slowlog_log_slower_than_us;
    int64_t event_ms = in->config->latency_monitor_threshold_ms;
    in->slow_ns = slow_us >= 0 ? threshold_ns(slow_us, NS_PER_US) : INT64_MAX;
    if (event_ms > 0 && threshold_ns(event_ms, NS_PER_MS) < in->slow_ns)
        in->slow_ns = threshold_ns(event_ms, NS_PER_MS);
}

void insight_event(struct insight *in, enum latency_kind kind, int64_t ns)
{
    int64_t threshold_ms = in->config->latency_monitor_threshold_ms;
    if (threshold_ms > 0 && ns / NS_PER_MS >= threshold_ms)
        latency_events_add(&in->latency, kind, in->clock->wall_us / 1000000, ns / NS_PER_MS);
}
