/* SPDX-License-Identifier: BSD-3-Clause */
/* A reply as a line of JSON, for programs. What a reply becomes is a promise:
 *
 *   text, a status               "text"; bytes that are no UTF-8: {"base64": "..."}
 *   an integer, a double         a number; what JSON has no number for (infinity) and big numbers: a string
 *   null, true, false            the same
 *   an array, a set, a push      [ ... ]
 *   a map (RESP3)                { ... }, in the server's order; a key that is no text is written as text
 *   an error                     {"error": "CODE message"} */
#ifndef ECHOLOG_CLI_JSON_PRINT_H
#define ECHOLOG_CLI_JSON_PRINT_H

#include "base/buf.h"
#include "resp/reply.h"

/* Appends the line with its end. */
void json_print(struct buf *out, const struct reply *reply);

#endif
