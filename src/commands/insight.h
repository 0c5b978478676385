/* SPDX-License-Identifier: BSD-3-Clause */
/* What the server notes about its own work: slow commands, latency events, rates. */
#ifndef ECHOLOG_COMMANDS_INSIGHT_H
#define ECHOLOG_COMMANDS_INSIGHT_H

#include "commands/latency_events.h"
#include "commands/rates.h"
#include "commands/services.h"
#include "commands/slow_log.h"

/* Calls of one command, one behind the other, whose time is still to be taken; see timing.h. */
struct timing_run {
    const struct command *command; /* borrowed */
    unsigned count;
};

struct insight {
    const struct config *config; /* borrowed */
    const struct clock *clock;   /* borrowed */
    struct slow_log slow_log;
    struct latency_events latency;
    struct rates rates;
    /* A command that took less is no one's concern: the smaller of the two thresholds. */
    int64_t slow_ns;
    struct timing_run run;
    size_t memory_startup,
        memory_peak; /* allocated: at the start, and at most as far as was seen */
};

void insight_init(struct insight *in, struct services *sv);
void insight_deinit(struct insight *in);
/* So much is allocated now. */
void insight_note_memory(struct insight *in, size_t bytes);
/* A directive was changed. */
void insight_configured(struct insight *in);

/* Notes an event that took `ns`, when that reaches the threshold. */
void insight_event(struct insight *in, enum latency_kind kind, int64_t ns);
static inline bool insight_has_events(const struct insight *in)
{
    return in->config->latency_monitor_threshold_ms > 0;
}

#endif
