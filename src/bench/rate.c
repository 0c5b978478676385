/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/rate.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define CONNECTIONS_DEFAULT 50
#define DEPTH_DEFAULT 16

struct rate {
    struct run *run; /* borrowed */
    struct requests requests;
    struct peers peers;
    int64_t depth;
    int64_t left; /* requests that are still to be sent */
    size_t busy;  /* connections with something under way */
    bool one_by_one;
};

/* As many as there is room for beside those under way. */
static bool rate_send(struct rate *r, struct peer *p)
{
    int64_t room = r->depth - (int64_t)p->waiting;
    size_t count = (size_t)(room < r->left ? room : r->left);

    if (count == 0)
        return true;
    r->left -= (int64_t)count;
    r->busy += p->waiting == 0;
    p->waiting += count;
    p->sent_ns = run_now_ns();
    return peer_send(&r->peers, p, requests_take(&r->requests, count));
}

static bool rate_on_bytes(void *context, struct peer *p, struct bytes data)
{
    struct rate *r = context;
    uint64_t before = p->scan.replies, came;

    if (!peers_scan(&r->peers, p, data))
        return false;
    came = p->scan.replies - before;
    if (came > p->waiting) {
        strcpy(r->peers.why, "more replies than requests");
        return false;
    }
    if (came == 0)
        return true;
    if (!r->one_by_one)
        histogram_add_many(&r->run->latency, (uint64_t)(run_now_ns() - p->sent_ns), came);
    p->waiting -= came;
    r->busy -= p->waiting == 0;
    if (p->waiting > 0 && (!r->one_by_one || p->sending.len > 0))
        return true;
    return rate_send(r, p);
}

static uint64_t rate_items(const struct rate *r)
{
    uint64_t items = 0;

    for (size_t i = 0; i < r->peers.count; i++)
        items += r->peers.items[i].scan.items;
    return items;
}

/* Goes on until all is answered, or for a time. */
static bool rate_until_done(struct rate *r)
{
    while (r->busy > 0)
        if (!peers_turn(&r->peers, -1, rate_on_bytes, r))
            return false;
    return true;
}

static bool rate_for(struct rate *r, int64_t us)
{
    int64_t end_ns = run_now_ns() + us * 1000;

    while (r->busy > 0) {
        int64_t left_ns = end_ns - run_now_ns();

        if (left_ns <= 0)
            break;
        if (!peers_turn(&r->peers, (int)(left_ns / 1000000) + 1, rate_on_bytes, r))
            return false;
    }
    return true;
}

static bool rate_send_all(struct rate *r)
{
    for (size_t i = 0; i < r->peers.count; i++)
        if (!rate_send(r, &r->peers.items[i]))
            return false;
    return true;
}

static bool rate_measure(struct rate *r, int64_t total)
{
    const struct options *o = r->run->options;
    uint64_t before = 0;

    r->left = total > 0 ? total : INT64_MAX;
    if (total > 0)
        run_begin(r->run);
    if (!rate_send_all(r))
        return false;
    if (total > 0) {
        if (!rate_until_done(r))
            return false;
    } else {
        if (!rate_for(r, o->warm_up_us))
            return false;
        before = rate_items(r);
        run_begin(r->run);
        if (!rate_for(r, o->seconds_us))
            return false;
    }
    run_end(r->run);
    r->run->messages = rate_items(r) - before;
    r->left = 0;
    return rate_until_done(r);
}

struct rate_plan rate_plan_of(const struct options *o)
{
    bool depth = o->depth != OPTIONS_SCENARIO_OWN;
    bool connections = o->connections != OPTIONS_SCENARIO_OWN;

    return (struct rate_plan){.requests = {.names = o->names,
                                           .keys = o->keys,
                                           .size = o->size,
                                           .depth = depth ? o->depth : DEPTH_DEFAULT},
                              .connections = connections ? o->connections : CONNECTIONS_DEFAULT,
                              .total = o->requests};
}

void rate_title(struct run *run, const struct rate_plan *plan, const char *format, ...)
{
    va_list args;
    int used;

    va_start(args, format);
    used = vsnprintf(run->title, RUN_TITLE_BYTES, format, args);
    va_end(args);
    if (used < RUN_TITLE_BYTES)
        snprintf(run->title + used, (size_t)(RUN_TITLE_BYTES - used),
                 ", %lld bytes, %lld connections, depth %lld", (long long)plan->requests.size,
                 (long long)plan->connections, (long long)plan->requests.depth);
}

bool rate_run(struct run *run, const struct rate_plan *plan)
{
    struct rate r = {.run = run, .depth = plan->requests.depth, .one_by_one = plan->one_by_one};
    const struct options *o = run->options;
    bool good;

    if (!requests_build(&r.requests, &plan->requests, run->why))
        return false;
    if (peers_open(&r.peers, o->host, o->port, (size_t)plan->connections)) {
        for (size_t i = 0; i < r.peers.count; i++)
            r.peers.items[i].scan.count_at = plan->count_at;
        (void)rate_measure(&r, plan->total); /* what went wrong stands with the peers */
    }
    good = run_close(run, &r.peers);
    requests_deinit(&r.requests);
    return good;
}
