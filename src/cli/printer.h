/* SPDX-License-Identifier: BSD-3-Clause */
/* Lays replies out for reading, in redis-cli's two forms. */
#ifndef ECHOLOG_CLI_PRINTER_H
#define ECHOLOG_CLI_PRINTER_H

#include "base/buf.h"
#include "resp/reply.h"

enum printer_form {
    PRINTER_TERMINAL, /* types named, items numbered, strings quoted */
    PRINTER_RAW,      /* the bytes as they are */
};

/* Appends the whole reply with its line end. */
void printer_reply(struct buf *out, const struct reply *reply, enum printer_form form);
/* Appends text that was made for reading (INFO, CLIENT LIST …) as it is, when the reply is text. */
void printer_document(struct buf *out, const struct reply *reply, enum printer_form form);
/* Appends the bytes in quotes, with everything that is not printable ASCII escaped. */
void printer_quoted(struct buf *out, struct bytes text);

#endif
