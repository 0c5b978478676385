/* SPDX-License-Identifier: BSD-3-Clause */
/* What stands on echolog-cli's command line before the command or tool. */
#ifndef ECHOLOG_CLI_OPTIONS_H
#define ECHOLOG_CLI_OPTIONS_H

#include "base/flags.h"
#include "cli/connection.h"
#include "cli/uri.h"
#include <stdio.h>

#define OPTIONS_HOST_DEFAULT "127.0.0.1"
#define OPTIONS_PORT_DEFAULT 3246
#define OPTIONS_PASSWORD_VARIABLE "ECHOLOGCLI_AUTH"
#define OPTIONS_REDIS_PASSWORD_VARIABLE "REDISCLI_AUTH" /* where the first is not set */

struct options {
    struct connection_target target; /* borrowed from argv, the environment and `uri` */
    struct uri uri;                  /* owned; of -u */
    char *server;                    /* owned; the host of --bootstrap-server, or NULL */
    char **tool_words; /* owned; what is left of `rest` without that option, or NULL */
    bool server_named; /* by -h, -p, -s, -u or --bootstrap-server: it is not the default one */
    bool askpass;      /* the password is to be asked for */
    bool raw;          /* --raw, --no-raw: neither means as standard output asks */
    bool no_raw;
    bool json, csv;
    bool last_from_input; /* -x */
    int64_t repeat;       /* -r; 1 unless given, -1: for ever */
    int64_t interval_us;  /* -i */
    bool mass;            /* --pipe */
    int64_t mass_timeout_s;
    bool help;
    bool version;
    char *const *rest; /* borrowed: the command or tool with its arguments */
    int rest_count;
};

/* argv begins behind the program's name. False: `why` says what is wrong, and there is nothing to deinit. */
MUST_CHECK
bool options_parse(struct options *o, int argc, char *const *argv, char why[FLAGS_WHY_BYTES]);
void options_deinit(struct options *o);
/* Of a tool, whose users have --bootstrap-server behind its name: takes that out of `rest` to `target`. False: as
 * above, but for options_deinit. */
MUST_CHECK
bool options_take_server(struct options *o, char why[FLAGS_WHY_BYTES]);
void options_print_help(FILE *to);
/* A tool's name stands first, in lower case, and nothing or an option follows it. */
bool options_is_tool(const struct options *o, const char *tool);
/* The course: it takes words behind its name, which no command has. */
bool options_is_lab(const struct options *o);

#endif
