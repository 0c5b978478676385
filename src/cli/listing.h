/* SPDX-License-Identifier: BSD-3-Clause */
/* Results that a tool works out itself, in the form in which the server would have sent them: an array of maps, with
 * the same names in each. So they can be printed as whatever the server says. */
#ifndef ECHOLOG_CLI_LISTING_H
#define ECHOLOG_CLI_LISTING_H

#include "resp/reply.h"

/* An empty one: the caller's, to be given to reply_free. */
struct reply *listing_create(void);
/* A new row, empty; valid until the next one is added. */
struct reply *listing_row(struct reply *listing);
void listing_text(struct reply *row, const char *name, struct bytes text);
void listing_number(struct reply *row, const char *name, int64_t number);
void listing_null(struct reply *row, const char *name);

#endif
