/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/run.h"

#include "bench/requests.h"
#include "bench/usage.h"
#include <stdio.h>
#include <string.h>
#include <time.h>

int64_t run_now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

void run_begin(struct run *run)
{
    histogram_deinit(&run->latency);
    run->server_began_ns = usage_cpu_ns(run->options->pid);
    run->own_began_ns = usage_own_cpu_ns();
    run->began_ns = run_now_ns();
}

void run_end(struct run *run)
{
    int64_t server_ns = usage_cpu_ns(run->options->pid);

    run->took_ns = run_now_ns() - run->began_ns;
    run->own_ns = usage_own_cpu_ns() - run->own_began_ns;
    run->server_ns = server_ns < 0 ? -1 : server_ns - run->server_began_ns;
    run->peak_kib = usage_peak_kib(run->options->pid);
}

bool run_close(struct run *run, struct peers *ps)
{
    struct peers_errors errors;
    bool good = ps->why[0] == '\0';

    peers_take_errors(ps, &errors);
    if (run->errors == 0)
        memcpy(run->first_error, errors.first, SCAN_ERROR_BYTES);
    run->errors += errors.count;
    if (!good)
        memcpy(run->why, ps->why, sizeof(ps->why));
    peers_close(ps);
    return good;
}

static bool on_answer(void *context, struct peer *p, struct bytes data)
{
    return peers_scan(context, p, data);
}

/* Sends the one request and waits for its reply. */
static bool ask_one(struct peers *ps, const struct options *o, struct bytes request)
{
    if (!peers_open(ps, o->host, o->port, 1) || !peer_send(ps, ps->items, request))
        return false;
    while (ps->items->scan.replies == 0)
        if (!peers_turn(ps, -1, on_answer, ps))
            return false;
    return true;
}

bool run_ask(struct run *run, bool may_fail, const char *const *words, size_t count)
{
    const struct request_plan plan = {
        .words = words, .word_count = count, .names = 1, .keys = 1, .depth = 1};
    struct requests requests;
    struct peers ps;
    bool good = false;

    if (!requests_build(&requests, &plan, run->why))
        return false;
    if (!ask_one(&ps, run->options, requests_take(&requests, 1)))
        memcpy(run->why, ps.why, sizeof(ps.why));
    else if (ps.items->scan.errors > 0 && !may_fail)
        snprintf(run->why, RUN_WHY_BYTES, "%.64s: the server says: %s", words[0],
                 ps.items->scan.first_error);
    else
        good = true;
    peers_close(&ps);
    requests_deinit(&requests);
    return good;
}

void run_deinit(struct run *run)
{
    histogram_deinit(&run->latency);
}
