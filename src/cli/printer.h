/* SPDX-License-Identifier: BSD-3-Clause */
/* Lays replies out: in redis-cli's two forms, as JSON, as CSV, and for people at a prompt, for whom records and
 * descriptions are tables. */
#ifndef ECHOLOG_CLI_PRINTER_H
#define ECHOLOG_CLI_PRINTER_H

#include "base/buf.h"
#include "cli/style.h"
#include "resp/reply.h"

enum printer_form {
    PRINTER_TERMINAL, /* types named, items numbered, strings quoted */
    PRINTER_RAW,      /* the bytes as they are */
    PRINTER_JSON,     /* a line of JSON: json_print.h */
    PRINTER_CSV,      /* a line of comma-separated values: csv_print.h */
};

/* Zero-initialised is valid: PRINTER_TERMINAL, plain. */
struct printer {
    enum printer_form form;
    bool tables; /* of PRINTER_TERMINAL: records and descriptions as tables */
    struct style style;
};

/* Appends the whole reply with its line end. */
void printer_reply(const struct printer *p, struct buf *out, const struct reply *reply);
/* Appends text that was made for reading (INFO, CLIENT LIST …) as it is, when the reply is text. */
void printer_document(const struct printer *p, struct buf *out, const struct reply *reply);

#endif
