/* SPDX-License-Identifier: BSD-3-Clause */
/* How far behind a group is, in records and in time. Records are counted as Kafka does, by offsets: from the
 * committed one (or, with none, from where the group would begin) to the end of the log; the query, which
 * looks at the log, leaves out offsets without a record before the first one that waits. */
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

/* The oldest record of a partition that is not committed; private. */
struct lag_probe {
    struct topic_partition *tp; /* its topic is counted */
    int64_t from;               /* what was committed when it was looked at, or the log's start */
    int64_t at;                 /* how far the search is */
    int64_t timestamp_ms;       /* found; -1: not known */
    bool nothing;               /* there is no record */
};

/* GROUP LAG's question. The time of a record is read from the log, so it may take a worker. What was appended
 * before is written first, so one's own records count. */
struct lag_query {
    struct groups *groups; /* in */
    struct group *group;   /* in, looked at by lag_query_start only; it may be gone later */
    void (*done)(struct lag_query *q);

    bool gone;              /* out: the group was deleted meanwhile; no parts */
    struct lag_part *parts; /* owned; by topic name and number; valid while `done` runs */
    size_t part_count;
    int64_t records, records_max, ms_max; /* total and greatest; of time, -1: of none is it known */

    char *name; /* private, owned: of the group */
    size_t name_len;
    struct lag_probe *probes; /* owned; in the order of parts */
    size_t probe_count;
    size_t cursor;
    struct fetch fetch;
    struct fetch_part fetch_part;
};
/* ERR_OK now, and `done` is not called; ERR_AGAIN `done` will be called. Reads about one batch of each
 * partition that lags. */
MUST_CHECK
enum err lag_query_start(struct lag_query *q);
void lag_query_end(struct lag_query *q); /* cancels what is under way, frees */

/* Without the time, at once: for explanations. What is not written yet does not count. */
void lag_of_partition(const struct group_partition *gp, struct lag_part *part);
/* The same as of the last time that retention was applied, without any work: for metrics. */
void lag_estimate(const struct group_partition *gp, struct lag_part *part);

#endif
