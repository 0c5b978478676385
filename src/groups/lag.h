/* SPDX-License-Identifier: BSD-3-Clause */
/* How far behind a group is, in records and in time. Records are counted as Kafka does, by offsets: from the
 * committed one (or, with none, from where the group would begin) to the end of the log. */
#ifndef ECHOLOG_GROUPS_LAG_H
#define ECHOLOG_GROUPS_LAG_H

#include "groups/groups.h"
#include "topics/fetch.h"

struct lag_part {
    struct group_partition *gp;
    int64_t log_start, end;
    int64_t records; /* -1: the partition's log cannot be read */
    int64_t ms; /* age of the oldest record not committed; 0 when there is none; -1 not known */
};

/* GROUP LAG's question. The time of a record is read from the log, so it may take a worker. */
struct lag_query {
    struct groups *groups; /* in */
    struct group *group;
    void (*done)(struct lag_query *q);

    struct lag_part *parts; /* out: owned; by topic name and number; valid while `done` runs */
    size_t part_count;
    int64_t records, records_max, ms_max; /* total and greatest */

    size_t cursor; /* private */
    struct fetch fetch;
    struct fetch_part fetch_part;
    bool fetching;
};
/* ERR_OK now; ERR_AGAIN `done` will be called. Reads at most one batch of each partition that lags. */
MUST_CHECK
enum err lag_query_start(struct lag_query *q);
void lag_query_end(struct lag_query *q); /* cancels what is under way, frees */

/* Without the time, at once: for metrics and explanations. */
void lag_of_partition(const struct group_partition *gp, struct lag_part *part);

#endif
