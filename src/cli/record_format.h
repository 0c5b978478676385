/* SPDX-License-Identifier: BSD-3-Clause */
/* A record as the consumer prints it: a line, as Kafka's console consumer lays it out. */
#ifndef ECHOLOG_CLI_RECORD_FORMAT_H
#define ECHOLOG_CLI_RECORD_FORMAT_H

#include "base/buf.h"
#include "resp/reply.h"

struct record_format {
    bool partition;
    bool offset;
    bool key;
    const char *key_separator; /* borrowed; between all parts */
};

/* A record of FETCH's reply: offset, timestamp, key, value, headers. */
bool record_is(const struct reply *record);
int64_t record_offset(const struct reply *record);
/* Appends the line. The bytes of key and value come as they are; a null one reads "null". */
void record_print(struct buf *out, const struct record_format *format, int64_t partition,
                  const struct reply *record);

#endif
