/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/scenario.h"

#include "bench/durable.h"
#include "bench/fanout.h"
#include "bench/group.h"
#include "bench/latency.h"
#include "bench/rate.h"
#include <stdio.h>
#include <string.h>

/* --- request rate --------------------------------------------------------------------------------- */

static bool run_command(struct run *run)
{
    const struct options *o = run->options;
    struct rate_plan plan = rate_plan_of(o);

    plan.requests.words = o->words;
    plan.requests.word_count = o->word_count;
    plan.count_at = (int)o->count_at;
    plan.one_by_one = o->count_at > 0;
    rate_title(run, &plan, "%s, %lld names, %lld keys", o->words[0], (long long)o->names,
               (long long)o->keys);
    return rate_run(run, &plan);
}

static bool run_ping(struct run *run)
{
    static const char *const words[] = {"PING"};
    struct rate_plan plan = rate_plan_of(run->options);

    plan.requests.words = words;
    plan.requests.word_count = COUNT_OF(words);
    plan.requests.size = 0;
    rate_title(run, &plan, "ping");
    return rate_run(run, &plan);
}

static bool run_publish(struct run *run)
{
    static const char *const words[] = {"PUBLISH", "echolog-bench:{i}", "{payload}"};
    struct rate_plan plan = rate_plan_of(run->options);

    plan.requests.words = words;
    plan.requests.word_count = COUNT_OF(words);
    rate_title(run, &plan, "publish, %lld channels", (long long)run->options->names);
    return rate_run(run, &plan);
}

/* --- the table ------------------------------------------------------------------------------------ */

static const struct {
    const char *name, *summary;
    bool (*run)(struct run *run);
} scenarios[] = {
    {"ping", "PING", run_ping},
    {"publish", "PUBLISH to --names channels without subscribers", run_publish},
    {"produce", "PRODUCE, or MPRODUCE of --batch values", durable_produce},
    {"xadd", "XADD of Redis", durable_xadd},
    {"fetch", "FETCH of --records by --count, from begin to end", durable_fetch},
    {"xread", "XREAD of Redis, the same", durable_xread},
    {"consume", "CONSUME of --records by a group of --members", group_run},
    {"fan-out", "PUBLISH to --subscribers of one channel: deliveries", fanout_run},
    {"latency", "from PRODUCE to a blocked FETCH, at --rate", latency_produce},
    {"latency-xadd", "from XADD to a blocked XREAD of Redis", latency_xadd},
    {"latency-publish", "from PUBLISH to a subscriber", latency_publish},
};

static int find(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(scenarios); i++)
        if (strcmp(scenarios[i].name, name) == 0)
            return (int)i;
    return -1;
}

bool scenario_exists(const char *name)
{
    return find(name) >= 0;
}

const char *scenario_name(size_t n)
{
    return n < COUNT_OF(scenarios) ? scenarios[n].name : NULL;
}

const char *scenario_summary(size_t n)
{
    return n < COUNT_OF(scenarios) ? scenarios[n].summary : NULL;
}

bool scenario_run(struct run *run)
{
    const char *name = run->options->scenario;

    return name == NULL ? run_command(run) : scenarios[find(name)].run(run);
}
