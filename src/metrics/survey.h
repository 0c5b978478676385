/* SPDX-License-Identifier: BSD-3-Clause */
/* A look at all topics and groups, a little per turn, so that a hundred thousand partitions hold nobody up. The
 * largest topics and the groups that lag most are kept by name, so many as the directives say; all others are
 * one sum. What comes and goes meanwhile may be in it or not. */
#ifndef ECHOLOG_METRICS_SURVEY_H
#define ECHOLOG_METRICS_SURVEY_H

#include "base/roster.h"
#include "commands/services.h"
#include "metrics/ranking.h"

/* The name of what is summed up. A topic or group of that name is always among it. */
#define SURVEY_OTHER "_other"

struct topic_figures {
    struct ranked ranked; /* by bytes */
    uint64_t partitions, failed;
    uint64_t records_in;      /* ever: offsets that were given out */
    uint64_t records_removed; /* of those, before the start of the log */
    uint64_t bytes;           /* of the log */
    uint64_t bytes_in;        /* written in this run */
    uint64_t records_out, bytes_out;
    uint64_t segments;
};

struct group_figures {
    struct ranked ranked; /* by lag */
    uint64_t lag;
    uint64_t lag_max; /* of one partition */
    uint64_t members, partitions, unsettled, rebalances;
};

/* A group in a topic. */
struct group_topic_figures {
    struct ranked ranked;                /* by lag; named "group\0topic" */
    struct bytes group_name, topic_name; /* in that */
    uint64_t lag, partitions;
};

struct survey {
    /* What was found; of a survey that is done. In no order; the others' sums have no name. */
    struct ranking topics, groups, group_topics;
    struct topic_figures other_topics, all_topics;
    struct group_figures other_groups;
    struct group_topic_figures other_group_topics;
    uint64_t topics_left_out, groups_left_out, group_topics_left_out;

    /* Private: where it is. */
    const struct services *sv; /* borrowed */
    struct roster_walk walk;
    bool groups_begun;
    struct topic *topic;            /* counted; being looked at */
    struct topic_figures *of_topic; /* owned, as the next two */
    struct group_figures *of_group;
    struct group_topic_figures *of_group_topic;
    int32_t partition; /* the next of the topic, or of the group's topic */
};

void survey_begin(struct survey *s, const struct services *sv);
/* Looks at up to about `budget` partitions. True: there is more. */
bool survey_step(struct survey *s, size_t budget);
/* Done or not. */
void survey_end(struct survey *s);

#endif
