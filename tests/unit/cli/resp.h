/* SPDX-License-Identifier: BSD-3-Clause */
/* A reply from its RESP text, for tests of what is printed. */
#ifndef ECHOLOG_TESTS_CLI_RESP_H
#define ECHOLOG_TESTS_CLI_RESP_H

#include "base/buf.h"
#include "resp/reply.h"

/* The caller's, to be freed. The text must be one whole reply. */
struct reply *resp_reply(const char *text);
/* Whether `out` holds exactly that; it is emptied and freed. */
void resp_expect(struct buf *out, const char *expected);

#endif
