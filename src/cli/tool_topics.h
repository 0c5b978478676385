/* SPDX-License-Identifier: BSD-3-Clause */
/* echolog-cli topics: what Kafka's users do with kafka-topics, with its options. */
#ifndef ECHOLOG_CLI_TOOL_TOPICS_H
#define ECHOLOG_CLI_TOOL_TOPICS_H

#include "cli/tool.h"

struct topics_options {
    bool create, list, describe, alter, delete; /* exactly one */
    struct flag_list topics;
    int64_t partitions;              /* 0: not given */
    struct flag_list configs;        /* name=value */
    struct flag_list delete_configs; /* names */
    bool if_not_exists, if_exists;
    bool exclude_internal;
    bool unavailable;   /* of --describe: only partitions that cannot be used */
    bool replicas_only; /* only those that lack replicas: there are none */
    bool remap;         /* keys may move to other partitions */
    bool help;
};

/* argv begins behind the tool's name. False: `why` says what is wrong. */
MUST_CHECK
bool topics_options_parse(struct topics_options *o, int argc, char *const *argv,
                          char why[FLAGS_WHY_BYTES]);
/* Over the open connection. Topics stand for themselves: one that is refused does not keep the others from their
 * turn. Returns the exit status. */
int topics_run(struct tool *t, const struct topics_options *o);

/* The whole tool, from its arguments to its exit status. */
int tool_topics(struct connection *c, const struct printer *printer, int argc, char *const *argv);

#endif
