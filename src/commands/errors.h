/* SPDX-License-Identifier: BSD-3-Clause */
/* The one table that turns `enum err` into RESP errors, and the error texts that several commands use. */
#ifndef ECHOLOG_COMMANDS_ERRORS_H
#define ECHOLOG_COMMANDS_ERRORS_H

#include "base/buf.h"
#include "base/err.h"
#include "commands/command.h"

struct topic_partition;

/* The code for an error: "NOSPACE", "LOGERROR", "UNKNOWNTOPIC", … ; "ERR" when there is no own one. */
const char *error_code(enum err err);

/* The code for a change of the catalog that was refused at once, with a sentence of its own. */
const char *error_code_refused(enum err err);

/* The same for an error of src/groups. */
const char *error_code_group(enum err err);
/* An error of src/groups, whose sentence is in `why` (or, where that is empty, err_text). */
void write_group_error(struct writer *w, enum err err, const struct buf *why);

void reply_syntax_error(struct call *c);   /* ERR syntax error */
void reply_not_an_integer(struct call *c); /* ERR value is not an integer or out of range */
/* That there is no such topic; or that there is one, whose file cannot be read. */
void reply_unknown_topic(struct call *c, struct bytes name);
void write_unknown_topic(struct writer *w, bool unreadable, struct bytes name);
void reply_unknown_partition(struct call *c, struct bytes topic, int64_t partitions,
                             struct bytes given);
/* Why a record is refused that needs a batch of so many bytes. */
void reply_too_large(struct call *c, struct bytes topic, size_t batch_bytes, int64_t bytes_max);
/* Appends a whole error reply ("-NOSPACE topic 't' partition 0: …\r\n") for a failed append. */
void error_append_failed(struct buf *b, const struct topic_partition *tp, enum err err);
/* The same, of an append that failed at once. */
void reply_append_failed(struct call *c, const struct topic_partition *tp, enum err err);

#endif
