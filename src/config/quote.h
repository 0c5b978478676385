/* SPDX-License-Identifier: BSD-3-Clause */
/* Showing what somebody typed inside a sentence of ours: on one line, and not too much of it. */
#ifndef ECHOLOG_CONFIG_QUOTE_H
#define ECHOLOG_CONFIG_QUOTE_H

#include "base/buf.h"
#include "base/bytes.h"

#define QUOTE_BYTES_MAX 128 /* of the original; what is cut off is shown as "..." */

/* Control bytes come out as \xHH. Brings no quotes of its own. */
void quote_append(struct buf *text, struct bytes typed);

#endif
