/* SPDX-License-Identifier: BSD-3-Clause */
#include "commands/retention_text.h"

#include "base/check.h"

struct unit {
    int64_t ms;
    const char *name;
};

/* "7 days", "90 minutes": in the largest unit that divides it. */
static void duration_text(struct buf *b, int64_t ms)
{
    static const struct unit units[] = {{86400000, "day"},
                                        {3600000, "hour"},
                                        {60000, "minute"},
                                        {1000, "second"},
                                        {1, "millisecond"}};
    for (size_t i = 0; i < COUNT_OF(units); i++) {
        if (ms % units[i].ms != 0 || (ms == 0 && units[i].ms != 1000))
            continue;
        int64_t count = ms / units[i].ms;
        buf_printf(b, "%lld %s%s", (long long)count, units[i].name, count == 1 ? "" : "s");
        return;
    }
}

static void time_text(struct buf *b, const struct topic_config *config)
{
    if (config->retention_ms < 0) {
        buf_append_string(b, "records of any age (retention.ms -1)");
        return;
    }
    buf_append_string(b, "records of the last ");
    duration_text(b, config->retention_ms);
    buf_printf(b, " (retention.ms %lld)", (long long)config->retention_ms);
}

static void size_text(struct buf *b, const struct topic_config *config)
{
    if (config->retention_bytes < 0)
        buf_append_string(b, ", without a limit of size (retention.bytes -1)");
    else
        buf_printf(b, ", at most %lld bytes of each partition (retention.bytes)",
                   (long long)config->retention_bytes);
}

void retention_text(struct buf *b, const struct topic *t)
{
    const struct topic_config *config = &t->config;
    if (config->cleanup_policy & CLEANUP_COMPACT) {
        buf_append_string(b,
                          "the last record of each key (cleanup.policy compact), deletions for ");
        duration_text(b, config->delete_retention_ms);
        buf_append_string(b, " (delete.retention.ms)");
        if (!(config->cleanup_policy & CLEANUP_DELETE))
            return;
        buf_append_string(b, "; and of those ");
    }
    time_text(b, config);
    size_text(b, config);
}
