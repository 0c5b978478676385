/* SPDX-License-Identifier: BSD-3-Clause */
/* What a run of the simulator has: the disk, the clock, the partitions with their models, the chance that
 * everything is drawn from, and the weather on the disk. */
#ifndef ECHOLOG_TESTS_SIM_WORLD_H
#define ECHOLOG_TESTS_SIM_WORLD_H

#include "base/random.h"
#include "sim/sim_log.h"

#define PARTS_MAX 3

struct world;

struct part {
    struct world *w;
    char dir[32];
    struct partition *p; /* NULL between runs */
    struct partition_config config;
    uint64_t keys; /* that records have, but for some */
    struct model model;
    char id[24];
    bool made; /* it was told to be on the disk */
    struct list flights;
    unsigned flight_count;
    struct list trims;
    unsigned trim_count;
    uint64_t sync_wanted; /* the batch up to which a sync was asked for */
    bool cut_told;        /* by the last opening */
    bool opened_clean;
    int64_t configured_us;
    uint32_t segments_seen;
    bool failed_seen;
    enum model_end end; /* the worst since the last audit */
    int64_t start_max;  /* retention may have moved the log start so far since the last event */
};

struct world {
    const struct sim_options *options;
    struct sim_report *report;
    struct random random;
    struct sim_disk *disk;
    struct clock clock;
    struct timers timers;
    struct trace trace;
    struct storage *st; /* NULL between runs */
    struct part parts[PARTS_MAX];
    size_t part_count;
    uint64_t id_next;  /* of records */
    uint64_t log_next; /* of logs */
    uint64_t step;
    bool stormy;      /* the disk may answer with errors */
    bool unsettled;   /* it did, and what it did then may not be over */
    int64_t storm_us; /* when it last did */
    bool suffered;    /* reads may have failed, and what that led to may not be over */
    uint64_t sync_errors_heard;
    bool muted; /* events are of a run that has ended */
};

uint64_t world_below(struct world *w, uint64_t bound);
bool world_one_in(struct world *w, uint64_t n);
/* A number in [low, high], evenly over its magnitude. */
int64_t world_spread(struct world *w, int64_t low, int64_t high);

void world_deed(struct world *w, enum sim_deed what);
/* Says it when asked to be verbose. */
void world_tell(struct world *w, const char *format, ...) PRINTF_LIKE(2, 3);

/* A time before which records are too old; INT64_MIN when they may get as old as they like. */
int64_t part_cutoff_ms(const struct part *part);
/* Whether reads may fail. */
bool world_reads_suffer(const struct world *w);
/* Whether the run is over, though what ran in it does not know yet. */
bool world_gone(const struct world *w);

void world_calm(struct world *w);    /* the disk is in order and has space */
void world_weather(struct world *w); /* or not, from now on */

void world_settle(struct world *w); /* jobs run to their end */
void world_pass(struct world *w, int64_t ms);

void world_trace_sink(struct trace *trace, enum trace_level level, const char *line);

#endif
