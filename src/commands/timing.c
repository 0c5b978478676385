/* SPDX-License-Identifier: BSD-3-Clause */
#include "commands/timing.h"

#include "base/mem.h"
#include "commands/insight.h"
#include "commands/secrets.h"
#include <stdio.h>

/* While less than this is called slow, each command is timed by itself. */
#define SLOW_NS_MIN 1000000
#define BLAME_BYTES_MAX 64

/* Readings on both sides of an update of the clock may be in the wrong order by a little. */
static int64_t since(const struct services *sv, int64_t from_ns, int64_t *now_ns)
{
    *now_ns = clock_now_ns(sv->clock);
    return *now_ns > from_ns ? *now_ns - from_ns : 0;
}

static void add_latency(const struct services *sv, struct command_stats *stats, int64_t took_ns,
                        unsigned count)
{
    if (!sv->config->latency_tracking)
        return;
    if (UNLIKELY(stats->latency == NULL))
        stats->latency = mem_zalloc(1, sizeof(*stats->latency));
    histogram_add_many(stats->latency, (uint64_t)took_ns, count);
}

/* --- the slow ------------------------------------------------------------------------------- */

static bool belongs_in_slow_log(const struct services *sv, int64_t took_ns)
{
    int64_t slow_us = sv->config->slowlog_log_slower_than_us;
    return slow_us >= 0 && took_ns / 1000 >= slow_us;
}

RARE static void add_slow(struct services *sv, const struct session *s, struct slow_args *args,
                          int64_t took_ns)
{
    slow_log_add(&sv->insight->slow_log, args, sv->clock->wall_us / 1000000, took_ns / 1000,
                 s->stream->peer, s->name, (size_t)sv->config->slowlog_max_len);
}

RARE static void note_event(struct services *sv, const struct command *command, int64_t took_ns)
{
    insight_event(sv->insight, command->flags & CMD_FAST ? LATENCY_FAST_COMMAND : LATENCY_COMMAND,
                  took_ns);
}

RARE static void note_slow(struct call *c, int64_t took_ns)
{
    note_event(c->sv, c->command, took_ns);
    if (belongs_in_slow_log(c->sv, took_ns) && !(c->command->flags & CMD_SKIP_SLOWLOG))
        add_slow(c->sv, c->session, slow_args_create(c->argc, c->argv, argument_is_secret, c),
                 took_ns);
}

static bool no_secret(const void *ctx, int i)
{
    (void)ctx;
    (void)i;
    return false;
}

/* Of a run of short ones that were held up, nobody knows which it was. */
RARE static void note_slow_run(struct services *sv, const struct session *s,
                               const struct command *command, unsigned count, int64_t took_ns)
{
    char blame[BLAME_BYTES_MAX];
    snprintf(blame, sizeof(blame), "(one of %u in a row)", count);
    struct bytes words[] = {bytes_of_string(command->name), bytes_of_string(blame)};
    note_event(sv, command, took_ns);
    if (belongs_in_slow_log(sv, took_ns))
        add_slow(sv, s, slow_args_create(COUNT_OF(words), words, no_secret, NULL), took_ns);
}

/* --- runs of short commands --------------------------------------------------------------------- */

/* Whether the reading can wait for more of the same. */
static inline bool can_wait(const struct call *c, const struct command_stats *stats)
{
    return stats->is_short && !c->heavy && c->sv->insight->slow_ns >= SLOW_NS_MIN &&
           c->session->blocker == NULL && !c->session->transaction.running;
}

OUT_OF_LINE static void account(const struct services *sv, struct command_stats *stats,
                                int64_t took_ns, unsigned count)
{
    int64_t each_ns = took_ns / count;
    stats->ran_ns += (uint64_t)took_ns;
    stats->is_short = each_ns < TIMING_SHORT_NS;
    add_latency(sv, stats, each_ns, count);
}

void timing_pause(struct services *sv, const struct session *s)
{
    struct timing_run run = sv->insight->run;
    if (run.count == 0)
        return;
    sv->insight->run.count = 0;
    int64_t took_ns = since(sv, sv->sessions->mark_ns, &sv->sessions->mark_ns);
    account(sv, command_stats(sv->commands, run.command), took_ns, run.count);
    if (UNLIKELY(took_ns >= sv->insight->slow_ns))
        note_slow_run(sv, s, run.command, run.count, took_ns);
}

void timing_before(struct services *sv, const struct session *s, const struct command *command)
{
    if (sv->insight->run.command != command)
        timing_pause(sv, s);
}

void timing_skip(struct services *sv, const struct session *s)
{
    timing_pause(sv, s);
    sv->sessions->mark_ns = clock_now_ns(sv->clock);
}

/* --- a command ------------------------------------------------------------------------------ */

/* The run, or the one command, is over: its time is taken. */
OUT_OF_LINE static void take_time(struct call *c, struct command_stats *stats, int64_t from_ns)
{
    struct services *sv = c->sv;
    unsigned count = sv->insight->run.count;
    sv->insight->run.count = 0;
    int64_t took_ns = since(sv, from_ns, &sv->sessions->mark_ns);
    if (UNLIKELY(c->session->blocker != NULL)) {
        stats->ran_ns += (uint64_t)took_ns;
        c->session->ran_ns = took_ns;
        return;
    }
    account(sv, stats, took_ns, count);
    if (LIKELY(took_ns < sv->insight->slow_ns))
        return;
    if (count == 1 || c->heavy)
        note_slow(c, took_ns);
    else
        note_slow_run(sv, c->session, c->command, count, took_ns);
}

void timing_ran(struct call *c, struct command_stats *stats, int64_t from_ns)
{
    struct timing_run *run = &c->sv->insight->run;
    run->command = c->command;
    if (UNLIKELY(++run->count == TIMING_RUN_MAX || !can_wait(c, stats)))
        take_time(c, stats, from_ns);
}

void timing_unblocked(struct services *sv, const struct session *s, const struct command *command,
                      struct slow_args *args, int64_t from_ns)
{
    struct command_stats *stats = command_stats(sv->commands, command);
    int64_t now_ns;
    int64_t took_ns = since(sv, from_ns, &now_ns);
    stats->ran_ns += (uint64_t)took_ns;
    add_latency(sv, stats, s->ran_ns + took_ns, 1);
    insight_event(sv->insight, LATENCY_UNBLOCKING, took_ns);
    if (args != NULL && belongs_in_slow_log(sv, s->ran_ns + took_ns))
        add_slow(sv, s, args, s->ran_ns + took_ns);
    else
        slow_args_destroy(args);
}
