/* SPDX-License-Identifier: BSD-3-Clause */
/* What the console tools share: they ask the server one thing after the other, and print what it says for people or
 * for programs. */
#ifndef ECHOLOG_CLI_TOOL_H
#define ECHOLOG_CLI_TOOL_H

#include "base/flags.h"
#include "cli/connection.h"
#include "cli/exit_status.h"
#include "cli/printer.h"
#include <stdio.h>

struct tool {
    struct connection *connection; /* borrowed; open */
    const struct printer *printer; /* borrowed */
    FILE *out;                     /* borrowed: what was asked for */
    FILE *report;                  /* borrowed: what people should know */
    enum exit_status status;
    bool over; /* interrupted, or the connection is lost */
};

/* Queues a command of words that all are strings. */
void tool_send(struct tool *t, const char *const *words, size_t count);
#define TOOL_SEND(t, ...) \
    tool_send(t, (const char *const[]){__VA_ARGS__}, COUNT_OF(((const char *const[]){__VA_ARGS__})))

/* The reply to the command that was queued last, which may be an error: the caller's. Pushes are left out. NULL: it
 * is over; why is said. */
struct reply *tool_ask(struct tool *t);
/* The same, but an error reply is said to be one, and NULL too. */
struct reply *tool_ask_good(struct tool *t);
/* Says the error, and has the run end with EXIT_STATUS_REFUSED. */
void tool_refuse(struct tool *t, struct bytes why);

/* Prints maps: as JSON or CSV where that was asked for, else as a sheet, which is the same on a terminal and in a
 * pipe but for its headings' colour. Anything else as the printer does. */
void tool_print(struct tool *t, const struct reply *reply);
/* The value of a map (RESP3) or of a flat array of pairs (RESP2); NULL when the name is not there. */
const struct reply *tool_field(const struct reply *map, const char *name);
/* The same as a number; `otherwise` when it is none. */
int64_t tool_field_number(const struct reply *map, const char *name, int64_t otherwise);

/* Nothing may stand behind the options. */
MUST_CHECK
bool tool_flags(const struct flag *flags, size_t count, int argc, char *const *argv, char *why);
/* Says what is wrong with the command line; returns the exit status. */
int tool_usage(const char *tool, const char *why);

#endif
