/* SPDX-License-Identifier: BSD-3-Clause */
/* The file that says which process the server is. */
#ifndef ECHOLOG_SERVER_PIDFILE_H
#define ECHOLOG_SERVER_PIDFILE_H

#include "base/check.h"
#include <stdbool.h>

/* Puts our number there, in the place of whatever was there before; the file is whole for whoever reads it.
 * False with errno set. */
MUST_CHECK
bool pidfile_write(const char *path);
/* Removes the file if it still names us. */
void pidfile_remove(const char *path);

#endif
