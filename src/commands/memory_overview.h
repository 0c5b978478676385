/* SPDX-License-Identifier: BSD-3-Clause */
/* What the memory of the process is used for, as far as it is counted: for INFO and the MEMORY family. */
#ifndef ECHOLOG_COMMANDS_MEMORY_OVERVIEW_H
#define ECHOLOG_COMMANDS_MEMORY_OVERVIEW_H

#include "commands/services.h"

/* All connections at a glance: a walk through them. */
struct clients_overview {
    size_t input_max, output_max; /* bytes, of one connection */
    size_t subscribers, monitors;
    size_t memory; /* of all their buffers */
};

void clients_overview(const struct sessions *sessions, struct clients_overview *o);

struct memory_overview {
    size_t used;    /* allocated; resident where the allocator does not say */
    size_t peak;    /* the most that `used` was seen to be */
    size_t startup; /* what it was when the server began to serve */
    size_t clients; /* all buffers of connections */
    size_t log_tail, log_pending;
    size_t pubsub_waiting; /* messages that wait until they are recorded */
    size_t insight;        /* histograms */
    size_t overhead;       /* startup, clients and insight */
    size_t dataset;        /* the rest: topics, groups, subscriptions, records in memory */
};

void memory_overview(struct services *sv, const struct process_figures *figures,
                     const struct clients_overview *clients, struct memory_overview *m);

#endif
