/* SPDX-License-Identifier: BSD-3-Clause */
#include "session/output_limit.h"

#include "session/session.h"
#include "session/sessions.h"

/* The time over the soft limit begins, goes on, or ends; sessions over it are looked at once a second also when
 * nothing is written for them. */
static bool over_soft_limit_too_long(struct session *s, const struct config_output_limit *limit,
                                     size_t bytes)
{
    int64_t now = s->sessions->clock->mono_us;
    if (limit->soft_bytes == 0 || bytes < (size_t)limit->soft_bytes) {
        list_remove(&s->in_over_soft);
        return false;
    }
    if (list_empty(&s->in_over_soft)) {
        list_push_back(&s->sessions->over_soft, &s->in_over_soft);
        s->soft_limit_since_us = now;
        sessions_sweep_soon(s->sessions);
        return false;
    }
    return now - s->soft_limit_since_us > limit->soft_seconds * 1000000;
}

static void cut_off(struct session *s, bool hard, const struct config_output_limit *limit,
                    size_t bytes)
{
    struct sessions *all = s->sessions;
    all->stats.output_limit_disconnects++;
    all->stats.output_limit_dropped_bytes += bytes;
    if (hard)
        client_log_add(s, CUT_OFF_OUTPUT_HARD, "%zu bytes wait, %lld is the limit", bytes,
                       (long long)limit->hard_bytes);
    else
        client_log_add(s, CUT_OFF_OUTPUT_SOFT, "%zu bytes wait, for %lld s more than %lld", bytes,
                       (long long)(all->clock->mono_us - s->soft_limit_since_us) / 1000000,
                       (long long)limit->soft_bytes);
    session_close(s, NULL);
}

void output_limit_check(struct session *s)
{
    const struct sessions *all = s->sessions;
    size_t bytes = session_output_bytes(s);
    if (bytes < all->output_limit_least && list_empty(&s->in_over_soft))
        return;
    const struct config_output_limit *limit = &all->config->output_limits[session_class(s)];
    bool soft = over_soft_limit_too_long(s, limit, bytes);
    bool hard = limit->hard_bytes != 0 && bytes >= (size_t)limit->hard_bytes;
    if (soft || hard)
        cut_off(s, hard, limit, bytes);
}

static void lower(size_t *least, int64_t limit)
{
    if (limit != 0 && (size_t)limit < *least)
        *least = (size_t)limit;
}

size_t output_limit_least(const struct config *config)
{
    size_t least = SIZE_MAX;
    for (int i = 0; i < CONFIG_CLASS_COUNT; i++) {
        lower(&least, config->output_limits[i].hard_bytes);
        lower(&least, config->output_limits[i].soft_bytes);
    }
    return least;
}
