/* SPDX-License-Identifier: BSD-3-Clause */
/* How long commands take. One reading of the clock per command of a pipeline: where one ends the next begins, so
 * that reading its request is in its time. What a command waits for (more records, a commit) is not in it, as in
 * Redis.
 *
 * A reading costs more than some commands cost themselves to execute twice over. So commands that are known to be
 * short, the same one many times in a row, are timed TIMING_RUN_MAX at a time, and each counts with its part. */
#ifndef ECHOLOG_COMMANDS_TIMING_H
#define ECHOLOG_COMMANDS_TIMING_H

#include "commands/command.h"
#include "commands/slow_log.h"

#define TIMING_RUN_MAX 8
#define TIMING_SHORT_NS 1000 /* a command that took less the last time is short */

/* A command is about to run. */
void timing_before(struct services *sv, const struct session *s, const struct command *command);
/* The command has run; `stats` are its own. `from_ns` is what sessions->mark_ns was before. When it blocks its session, it is over only
 * with timing_unblocked. */
void timing_ran(struct call *c, struct command_stats *stats, int64_t from_ns);
/* No command follows at once: what ran until now is accounted for. */
void timing_pause(struct services *sv, const struct session *s);
/* What came since the last command is not to be in the time of the next. */
void timing_skip(struct services *sv, const struct session *s);
/* A command that blocked its session has answered now, since `from_ns`. Takes over `args`, which
 * are NULL when there was no slow log. */
void timing_unblocked(struct services *sv, const struct session *s, const struct command *command,
                      struct slow_args *args, int64_t from_ns);

#endif
