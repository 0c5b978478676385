/* SPDX-License-Identifier: BSD-3-Clause */
/* What took long, by kind of event: the samples behind LATENCY. As in Redis an event keeps its last samples, one per
 * second, the longest of it. It knows no clock. */
#ifndef ECHOLOG_COMMANDS_LATENCY_EVENTS_H
#define ECHOLOG_COMMANDS_LATENCY_EVENTS_H

#include "base/bytes.h"
#include <stdbool.h>
#include <stdint.h>

#define LATENCY_SAMPLES_MAX 160

enum latency_kind {
    LATENCY_COMMAND,      /* a command */
    LATENCY_FAST_COMMAND, /* one that should always be short */
    LATENCY_UNBLOCKING,   /* the answer to a client that waited */
    LATENCY_TICK,         /* a turn of the loop, with all in it */
    LATENCY_COMMIT,       /* the part of a turn that writes what was appended */
    LATENCY_DISK_WRITE,   /* one call that writes to a log file */
    LATENCY_DISK_SYNC,    /* a sync, from when it was asked for */
    LATENCY_KIND_COUNT
};

struct latency_sample {
    int64_t wall_s;
    int64_t ms;
};

struct latency_series {
    struct latency_sample samples[LATENCY_SAMPLES_MAX]; /* a ring */
    uint32_t next, count;
    int64_t max_ms; /* of all times */
};

struct latency_events {
    struct latency_series *series[LATENCY_KIND_COUNT]; /* owned; NULL until there is a sample */
};

/* What is said of the samples that are kept. */
struct latency_analysis {
    int64_t min_ms, max_ms, average_ms, deviation_ms;
    double period_s; /* between samples, on the average */
};

void latency_events_deinit(struct latency_events *e);
const char *latency_kind_name(enum latency_kind kind);
/* LATENCY_KIND_COUNT when there is none of that name. */
enum latency_kind latency_kind_of(struct bytes name);

void latency_events_add(struct latency_events *e, enum latency_kind kind, int64_t wall_s,
                        int64_t ms);
/* Whether it had samples. */
bool latency_events_reset(struct latency_events *e, enum latency_kind kind);

/* The i-th, oldest first. */
const struct latency_sample *latency_sample_at(const struct latency_series *s, uint32_t i);
struct latency_analysis latency_analyse(const struct latency_series *s, int64_t now_s);

#endif
