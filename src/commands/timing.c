/* SPDX-License-Identifier: BSD-3-Clause */
#include "commands/timing.h"

#include "base/mem.h"
#include "commands/insight.h"
#include "commands/secrets.h"

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

static bool belongs_in_slow_log(const struct services *sv, int64_t took_ns)
{
    int64_t slow_us = sv->config->slowlog_log_slower_than_us;
    return slow_us >= 0 && took_ns / 1000 >= slow_us;
}

static void add_slow(struct services *sv, const struct session *s, struct slow_args *args,
                     int64_t took_ns)
{
    slow_log_add(&sv->insight->slow_log, args, sv->clock->wall_us / 1000000, took_ns / 1000,
                 s->stream->peer, s->name, (size_t)sv->config->slowlog_max_len);
}

static void note_slow(struct call *c, int64_t took_ns)
{
    insight_event(c->sv->insight,
                  c->command->flags & CMD_FAST ? LATENCY_FAST_COMMAND : LATENCY_COMMAND, took_ns);
    if (belongs_in_slow_log(c->sv, took_ns) && !(c->command->flags & CMD_SKIP_SLOWLOG))
        add_slow(c->sv, c->session, slow_args_create(c->argc, c->argv, argument_is_secret, c),
                 took_ns);
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
    if (UNLIKELY(took_ns >= c->sv->insight->slow_ns) && c->session->blocker == NULL)
        note_slow(c, took_ns);
}

void timing_skip(struct services *sv)
{
    sv->sessions->mark_ns = clock_now_ns(sv->clock);
}

void timing_unblocked(struct services *sv, const struct session *s, const struct command *command,
                      struct slow_args *args, int64_t from_ns)
{
    struct command_stats *stats = command_stats(sv->commands, command);
    int64_t now_ns;
    int64_t took_ns = since(sv, from_ns, &now_ns);
    stats->ran_ns += (uint64_t)took_ns;
    add_latency(sv, stats, s->ran_ns + took_ns);
    insight_event(sv->insight, LATENCY_UNBLOCKING, took_ns);
    if (args != NULL && belongs_in_slow_log(sv, s->ran_ns + took_ns))
        add_slow(sv, s, args, s->ran_ns + took_ns);
    else
        slow_args_destroy(args);
}
