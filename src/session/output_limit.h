/* SPDX-License-Identifier: BSD-3-Clause */
/* The output limits of client classes, as Redis's client-output-buffer-limit: a receiver over the hard
 * limit, or over the soft one for so many seconds, is disconnected. */
#ifndef ECHOLOG_SESSION_OUTPUT_LIMIT_H
#define ECHOLOG_SESSION_OUTPUT_LIMIT_H

#include <stddef.h>

struct config;
struct session;

/* Closes the session when it is over its limit; counts and traces that. */
void output_limit_check(struct session *s);
/* The least of all limits there are; SIZE_MAX when there are none. */
size_t output_limit_least(const struct config *config);

#endif
