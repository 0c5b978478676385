/* SPDX-License-Identifier: BSD-3-Clause */
/* A line as a record with headers and a key, laid out as Kafka's console producer has it:
 *
 *   name:value,name:value<tab>key<tab>value
 *
 * Headers and key are there when they were asked for. A part that is the null marker is null. */
#ifndef ECHOLOG_CLI_PRODUCE_LINE_H
#define ECHOLOG_CLI_PRODUCE_LINE_H

#include "base/bytes.h"
#include "base/check.h"

#define PRODUCE_HEADERS_MAX 64 /* of a record */

struct produce_layout {
    bool headers, key;
    const char *headers_delimiter;     /* behind the headers */
    const char *headers_separator;     /* between two of them */
    const char *headers_key_separator; /* between name and value */
    const char *key_separator;         /* behind the key */
    const char *null_marker;           /* NULL: nothing is null */
};

/* Its bytes are those of the line. Null bytes: no key, or a tombstone. */
struct produce_line {
    struct bytes names[PRODUCE_HEADERS_MAX], values[PRODUCE_HEADERS_MAX];
    size_t header_count;
    struct bytes key, value;
};

/* False: *why says what is wrong with the line (static). */
MUST_CHECK
bool produce_line_parse(struct produce_line *l, struct bytes line,
                        const struct produce_layout *layout, const char **why);

#endif
