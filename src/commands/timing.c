/* SPDX-License-Identifier: BSD-3-Clause */
#include "commands/timing.h"

#include "base/mem.h"

/* Readings on both sides of an update of the clock may be in the wrong order by a little. */
static int64_t since(const struct services *sv, int64_t from_ns, int64_t *now_ns)
{
    *now_ns = clock_now_ns(sv->clock);
    return *now_ns > from_ns ? *now_ns - from_ns : 0;
}

static void add_latency(const struct services *sv, struct command_stats *stats, int64_t took_ns)
{
    if (!sv->config->latency_tracking)
        return;
    if (UNLIKELY(stats->latency == NULL))
        stats->latency = mem_zalloc(1, sizeof(*stats->latency));
    histogram_add(stats->latency, (uint64_t)took_ns);
}

void timing_ran(struct call *c, int64_t from_ns)
{
    struct command_stats *stats = command_stats(c->sv->commands, c->command);
    int64_t took_ns = since(c->sv, from_ns, &c->sv->sessions->mark_ns);
    stats->ran_ns += (uint64_t)took_ns;
    if (UNLIKELY(c->session->blocker != NULL))
        c->session->ran_ns = took_ns;
    else
        add_latency(c->sv, stats, took_ns);
}

void timing_skip(struct services *sv)
{
    sv->sessions->mark_ns = clock_now_ns(sv->clock);
}

void timing_unblocked(struct services *sv, const struct session *s, const struct command *command,
                      int64_t from_ns)
{
    struct command_stats *stats = command_stats(sv->commands, command);
    int64_t now_ns;
    int64_t took_ns = since(sv, from_ns, &now_ns);
    stats->ran_ns += (uint64_t)took_ns;
    add_latency(sv, stats, s->ran_ns + took_ns);
}
