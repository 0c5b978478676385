/* SPDX-License-Identifier: BSD-3-Clause */
/* What --check-config finds out beyond the values themselves: whether this machine has what they name.
 * Nothing is started, made or changed. */
#ifndef ECHOLOG_SERVER_CONFIG_CHECK_H
#define ECHOLOG_SERVER_CONFIG_CHECK_H

#include "config/config_source.h"

/* Adds a problem to `s` for each value that a start with this configuration would fail on. */
void config_check(struct config_source *s);

#endif
