/* SPDX-License-Identifier: BSD-3-Clause */
/* How long commands take. One reading of the clock per command of a pipeline: where one ends the next begins, so
 * that reading its request is in its time. What a command waits for (more records, a commit) is not in it, as in
 * Redis. */
#ifndef ECHOLOG_COMMANDS_TIMING_H
#define ECHOLOG_COMMANDS_TIMING_H

#include "commands/command.h"
#include "commands/slow_log.h"

/* The command has run. `from_ns` is what sessions->mark_ns was before. When it blocks its session, it is over only
 * with timing_unblocked. */
void timing_ran(struct call *c, int64_t from_ns);
/* What came since the last command is not to be in the time of the next. */
void timing_skip(struct services *sv);
/* A command that blocked its session has answered now, since `from_ns`. Takes over `args`, which
 * are NULL when there was no slow log. */
void timing_unblocked(struct services *sv, const struct session *s, const struct command *command,
                      struct slow_args *args, int64_t from_ns);

#endif
