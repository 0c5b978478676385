/* SPDX-License-Identifier: BSD-3-Clause */
/* Who shall read what: a pure function from members, their subscriptions and what each has now to a
 * target for every partition. It knows nothing of groups, names or time, and the same input gives the same
 * output.
 *
 *   STICKY      balanced: as even as the subscriptions allow (with equal subscriptions, within one
 *               partition); of all such assignments one that moves few partitions
 *   RANGE       topic by topic, each member that subscribes takes consecutive partitions, the first ones
 *               one more (Kafka's RangeAssignor)
 *   ROUNDROBIN  all partitions of all topics in order, in turn to the members that subscribe (Kafka's
 *               RoundRobinAssignor)
 * https://kafka.apache.org/documentation/#consumerconfigs_partition.assignment.strategy */
#ifndef ECHOLOG_GROUPS_ASSIGNOR_H
#define ECHOLOG_GROUPS_ASSIGNOR_H

#include <stddef.h>
#include <stdint.h>

enum assignor { ASSIGNOR_STICKY, ASSIGNOR_RANGE, ASSIGNOR_ROUNDROBIN };

#define ASSIGNOR_NOBODY (-1)

struct assignor_topic {
    int32_t partition_count;
    const int32_t *subscribers; /* borrowed: numbers of members, ascending */
    size_t subscriber_count;
};

struct assignor_input {
    enum assignor kind;
    int32_t member_count;                /* numbered in the order of their names */
    const struct assignor_topic *topics; /* borrowed; in the order of their names */
    size_t topic_count;
    /* Per partition, topics back to back: the member that has it or is to get it now, or
     * ASSIGNOR_NOBODY. STICKY keeps what it can of it; one that does not subscribe any more has lost it. */
    const int32_t *current;
};

/* Fills `targets` (as many as `current`): a member, or ASSIGNOR_NOBODY where no one subscribes. Time about
 * linear in partitions and subscriptions, times a logarithm. */
void assignor_run(const struct assignor_input *in, int32_t *targets);

/* "sticky", … */
const char *assignor_name(enum assignor kind);

#endif
