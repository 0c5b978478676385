/* SPDX-License-Identifier: BSD-3-Clause */
/* What the server is started with: `echolog-server [file] [--directive value ...] [-]`, the environment,
 * --check-config, --version, --help. */
#ifndef ECHOLOG_SERVER_OPTIONS_H
#define ECHOLOG_SERVER_OPTIONS_H

#include "config/config.h"

enum options_result {
    OPTIONS_RUN,  /* go on */
    OPTIONS_DONE, /* what was asked for is printed: end with success */
    OPTIONS_BAD,  /* what is wrong was printed to standard error, in lines: end with failure */
};

/* Reads the configuration file, if one is named, standard input, if asked to, the environment and then the
 * options into `config`, which holds the defaults. *file is the file's absolute path, or "" (the caller's,
 * mem_free). */
enum options_result options_read(int argc, char **argv, char *const *environment,
                                 struct config *config, char **file);

#endif
