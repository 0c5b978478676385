/* SPDX-License-Identifier: BSD-3-Clause */
/* The command line: `echolog-server [file] [--directive value ...]`, --version, --help. */
#ifndef ECHOLOG_SERVER_OPTIONS_H
#define ECHOLOG_SERVER_OPTIONS_H

#include "config/config.h"

enum options_result {
    OPTIONS_RUN,  /* go on */
    OPTIONS_DONE, /* what was asked for is printed: end with success */
    OPTIONS_BAD,  /* one line was printed to standard error: end with failure */
};

/* Reads the configuration file, if one is named, and then the options into `config`, which holds the
 * defaults. *file is the file's absolute path, or "" (the caller's, mem_free). */
enum options_result options_read(int argc, char **argv, struct config *config, char **file);

#endif
