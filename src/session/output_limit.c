/* SPDX-License-Identifier: BSD-3-Clause */
#include "session/output_limit.h"

#include "session/session.h"
#include "session/sessions.h"

static bool over_soft_limit_too_long(struct session *s, const struct config_output_limit *limit,
                                     size_t bytes)
{
    int64_t now = s->sessions->clock->mono_us;
    if (limit->soft_bytes == 0 || bytes < (size_t)limit->soft_bytes) {
        s->soft_limit_since_us = 0;
        return false;
    }
    if (s->soft_limit_since_us == 0) {
        s->soft_limit_since_us = now;
        return false;
    }
    return now - s->soft_limit_since_us > limit->soft_seconds * 1000000;
}

void output_limit_check(struct session *s)
{
    struct sessions *all = s->sessions;
    size_t bytes = session_output_bytes(s);
    if (bytes == 0) {
        s->soft_limit_since_us = 0;
        return;
    }
    const struct config_output_limit *limit = &all->config->output_limits[session_class(s)];
    bool hard = limit->hard_bytes != 0 && bytes >= (size_t)limit->hard_bytes;
    if (!over_soft_limit_too_long(s, limit, bytes) && !hard)
        return;
    all->stats.output_limit_disconnects++;
    all->stats.output_limit_dropped_bytes += bytes;
    TRACE_WARN(all->trace,
               "Client id=%llu addr=%s name=%s closed for overcoming of output buffer limits: "
               "%zu bytes waiting, %s limit",
               (unsigned long long)s->id, s->stream->peer, s->name, bytes, hard ? "hard" : "soft");
    session_close(s, NULL);
}
