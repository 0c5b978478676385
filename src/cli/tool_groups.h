/* SPDX-License-Identifier: BSD-3-Clause */
/* echolog-cli groups: what Kafka's users do with kafka-consumer-groups, with its options. */
#ifndef ECHOLOG_CLI_TOOL_GROUPS_H
#define ECHOLOG_CLI_TOOL_GROUPS_H

#include "cli/tool.h"

/* Where --reset-offsets goes. */
enum groups_to {
    GROUPS_TO_EARLIEST,
    GROUPS_TO_LATEST,
    GROUPS_TO_OFFSET,
    GROUPS_TO_TIME,
    GROUPS_SHIFT,
    GROUPS_TO_CURRENT, /* what is committed, and the end where nothing is */
};

struct groups_place {
    enum groups_to to;
    int64_t value; /* the offset, the time in milliseconds, or how far to shift */
};

struct groups_options {
    bool list, describe, reset, forget, delete; /* exactly one */
    struct flag_list groups;
    bool all_groups;
    bool members, offsets, state, explain; /* of --describe: at most one; none: the lag */
    struct flag_list topics; /* to be moved or forgotten: name, or name:partition,partition */
    bool all_topics;         /* those that the group has committed offsets of */
    struct groups_place place;
    const char *from_file; /* places of their own: lines of topic,partition,offset; may be NULL */
    bool execute;
    bool export; /* print such lines */
    bool help;
};

/* argv begins behind the tool's name. False: `why` says what is wrong. */
MUST_CHECK
bool groups_options_parse(struct groups_options *o, int argc, char *const *argv,
                          char why[FLAGS_WHY_BYTES]);
/* Over the open connection. Returns the exit status. */
int groups_run(struct tool *t, const struct groups_options *o);

/* The whole tool, from its arguments to its exit status. */
int tool_groups(struct connection *c, const struct printer *printer, int argc, char *const *argv);

#endif
