/* SPDX-License-Identifier: BSD-3-Clause */
/* What a topic keeps, and why, in a sentence. */
#ifndef ECHOLOG_COMMANDS_RETENTION_TEXT_H
#define ECHOLOG_COMMANDS_RETENTION_TEXT_H

#include "base/buf.h"
#include "topics/topic.h"

void retention_text(struct buf *b, const struct topic *t);

#endif
