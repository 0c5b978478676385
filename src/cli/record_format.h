/* SPDX-License-Identifier: BSD-3-Clause */
/* A record as the consumer prints it: a line, as Kafka's console consumer lays it out,
 *
 *   CreateTime:1000<tab>Partition:0<tab>Offset:7<tab>name:value,name:value<tab>key<tab>value
 *
 * of which everything but the value has to be asked for; or an object of JSON with topic, partition, offset, timestamp,
 * key, value and headers (json_print.h says how bytes are written); or partition, offset, timestamp, key, value, and
 * names and values of headers as CSV. */
#ifndef ECHOLOG_CLI_RECORD_FORMAT_H
#define ECHOLOG_CLI_RECORD_FORMAT_H

#include "base/buf.h"
#include "base/check.h"
#include "resp/reply.h"

enum record_form { RECORD_TEXT, RECORD_JSON, RECORD_CSV };

struct record_format {
    enum record_form form;
    const char *topic; /* borrowed; for JSON */
    /* The rest is of RECORD_TEXT. */
    bool timestamp;
    bool partition;
    bool offset;
    bool headers; /* without any: NO_HEADERS */
    bool key;
    bool no_value;
    const char *key_separator;     /* borrowed; between all parts */
    const char *headers_separator; /* borrowed; NULL: a comma */
    const char *null_literal;      /* borrowed; NULL: null */
};

/* A property as Kafka's users give it: print.key=true, key.separator=: and so on. Its texts are borrowed. False: there
 * is no such one, or its value makes no sense. */
MUST_CHECK
bool record_format_set(struct record_format *format, const char *property);

/* A record of FETCH's reply: offset, timestamp, key, value, headers. */
bool record_is(const struct reply *record);
int64_t record_offset(const struct reply *record);
/* Appends the line. The bytes of keys, values and headers come as they are in RECORD_TEXT. */
void record_print(struct buf *out, const struct record_format *format, int64_t partition,
                  const struct reply *record);

#endif
