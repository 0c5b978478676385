/* SPDX-License-Identifier: BSD-3-Clause */
/* Configuration files on this machine: reading them, and replacing one. */
#ifndef ECHOLOG_SERVER_CONFIG_FILES_H
#define ECHOLOG_SERVER_CONFIG_FILES_H

#include "config/config_source.h"

/* Longer ones are refused. */
#define CONFIG_FILE_BYTES_MAX (1024 * 1024)

extern const struct config_files config_files;

/* All of standard input; ERR_INVALID with the reason in `why`. */
MUST_CHECK
enum err config_files_read_stdin(struct buf *text, struct buf *why);

#endif
